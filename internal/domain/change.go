package domain

// Change is what an input says of one field: nothing (the zero Change), null (Given without a Value), or a
// new value.
type Change[T any] struct {
	Given bool
	Value *T
}

// SetTo is a change to the value.
func SetTo[T any](value T) Change[T] { return Change[T]{Given: true, Value: &value} }

// SameText reports whether two texts are equal, or both nil.
func SameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Cleared is a change to null.
func Cleared[T any]() Change[T] { return Change[T]{Given: true} }
