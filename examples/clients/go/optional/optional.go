// Package optional has the values of a GraphQL API that need not be there. It knows no API.
package optional

import "encoding/json"

// Value is left out (nil), null, or a value. It is a slice because encoding/json leaves empty slices out, but no
// structs, where the tag says omitempty.
type Value[T any] []*T

// Of is a value.
func Of[T any](v T) Value[T] { return Value[T]{&v} }

// Null is null.
func Null[T any]() Value[T] { return Value[T]{nil} }

// Get is the value, if there is one: neither left out nor null.
func (v Value[T]) Get() (T, bool) {
	if len(v) == 0 || v[0] == nil {
		var none T
		return none, false
	}
	return *v[0], true
}

// MarshalJSON writes null for what is left out too, so mark fields omitempty.
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
