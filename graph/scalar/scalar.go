// Package scalar reads and writes the API's scalars. It knows no other type of the schema.
package scalar

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"clientele/internal/domain"
)

const dateTimeLayout = "2006-01-02T15:04:05.000Z"

// rfc3339 is the form of a time; the parser takes others as well, such as hours of one digit.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$`)

// FormatDateTime is a time as the API writes it.
func FormatDateTime(t time.Time) string { return t.UTC().Format(dateTimeLayout) }

// MarshalDateTime writes a time in RFC 3339, in UTC with milliseconds.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, `"`+FormatDateTime(t)+`"`)
	})
}

// UnmarshalDateTime reads a time in RFC 3339 with any offset. Years beyond 9999 have no RFC 3339 form.
// Errors: BadUserInput.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, _ := v.(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if at = domain.Timestamp(at); !rfc3339.MatchString(text) || err != nil || at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}, domain.Errorf(domain.BadUserInput,
			"must be a DateTime, which is a text in RFC 3339, as in 2026-01-31T09:30:00Z")
	}
	return at, nil
}

// MarshalJSON writes JSON text as it is; nil is null.
func MarshalJSON(v json.RawMessage) graphql.Marshaler {
	if v == nil {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(v) })
}

// UnmarshalJSON takes any JSON value, as text with sorted keys. Errors: BadUserInput.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, domain.Errorf(domain.BadUserInput, "must be a value that JSON can express")
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
