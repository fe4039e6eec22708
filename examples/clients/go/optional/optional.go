// Package optional has a type for GraphQL input fields that can be left out, null or a value.
package optional

import "encoding/json"

// Value is left out (nil), null, or a value. It is a slice because omitempty of encoding/json leaves out empty slices,
// but not structs.
type Value[T any] []*T

// Of returns a Value with v.
func Of[T any](v T) Value[T] { return Value[T]{&v} }

// Null returns a Value that is null.
func Null[T any]() Value[T] { return Value[T]{nil} }

// Get returns the value; false if it is left out or null.
func (v Value[T]) Get() (T, bool) {
	if len(v) == 0 || v[0] == nil {
		var none T
		return none, false
	}
	return *v[0], true
}

// MarshalJSON also writes null for a value that is left out, so mark fields omitempty.
func (v Value[T]) MarshalJSON() ([]byte, error) {
	if len(v) == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(v[0])
}

// UnmarshalJSON reads a value or null.
func (v *Value[T]) UnmarshalJSON(text []byte) error {
	var read *T
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*v = Value[T]{read}
	return nil
}
