package persistence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// A cursor is, in URL-safe base 64: one byte of format version, a checksum, and the sort values of the
// item it stands at, as JSON. The checksum covers the scope and order as well, so it refuses damage and
// foreign cursors alike. It is no secret: what a cursor can reach, its query could reach without.
const (
	cursorVersion  = 1
	checksumLength = 8
	// maxCursorLength is well above what the longest values make: every text of a customer, each with 255
	// characters that JSON writes in six bytes.
	maxCursorLength = 32 << 10
)

// Scope is what the result of a query depends on, apart from its order and page.
type Scope struct {
	// Collection is its name.
	Collection    string
	EnvironmentID string
	Filter        Filter
}

// binding is a text that differs for every two scopes and orders with different results.
func (s Scope) binding(order []Order) []byte {
	return fmt.Appendf(nil, "%q %q %#v %#v", s.Collection, s.EnvironmentID, s.Filter, order)
}

func checksum(binding, payload []byte) []byte {
	sum := sha256.Sum256(bytes.Join([][]byte{{cursorVersion}, binding, payload}, []byte{0}))
	return sum[:checksumLength]
}

func encodeCursor(binding []byte, values []Value) string {
	payload, err := json.Marshal(values)
	if err != nil {
		// Texts, numbers and nulls always encode.
		panic(fmt.Errorf("encode cursor: %w", err))
	}
	out := append([]byte{cursorVersion}, checksum(binding, payload)...)
	return base64.RawURLEncoding.EncodeToString(append(out, payload...))
}

// decodeCursor reads the values of a cursor, one for each of count fields. Errors: ErrInvalidCursor.
func decodeCursor(binding []byte, cursor string, count int) ([]Value, error) {
	// The decoder skips the ends of lines, wherever they are.
	if len(cursor) > maxCursorLength || strings.ContainsAny(cursor, "\r\n") {
		return nil, ErrInvalidCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < 1+checksumLength || raw[0] != cursorVersion {
		return nil, ErrInvalidCursor
	}
	payload := raw[1+checksumLength:]
	if !bytes.Equal(raw[1:1+checksumLength], checksum(binding, payload)) {
		return nil, ErrInvalidCursor
	}
	var values []Value
	if json.Unmarshal(payload, &values) != nil || len(values) != count {
		return nil, ErrInvalidCursor
	}
	return values, nil
}

// MarshalJSON writes null, a string, or a time as its milliseconds since 1970 in a number.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case textKind:
		return json.Marshal(v.text)
	case timeKind:
		return json.Marshal(v.ms)
	default:
		return []byte("null"), nil
	}
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(raw []byte) error {
	*v = Value{}
	if len(raw) > 0 && raw[0] == '"' {
		v.kind = textKind
		return json.Unmarshal(raw, &v.text)
	}
	if string(raw) == "null" {
		return nil
	}
	v.kind = timeKind
	return json.Unmarshal(raw, &v.ms)
}
