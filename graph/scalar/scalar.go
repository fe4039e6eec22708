// Package scalar reads and writes the API's scalars. It must not know any other type of the schema.
package scalar

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"clientele/internal/domain"
)

const dateTimeLayout = "2006-01-02T15:04:05.000Z"

// rfc3339 is stricter than the parser of package time, which takes hours of one digit. RFC 3339 allows lower case, a leap
// second, and a space instead of the T.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$`)

const (
	separatorAt = len("2026-01-31")
	secondAt    = len("2026-01-31T09:30:")
)

// FormatDateTime formats a time as MarshalDateTime does, without quotation marks.
func FormatDateTime(t time.Time) string { return t.UTC().Format(dateTimeLayout) }

// MarshalDateTime writes a time in RFC 3339, in UTC with milliseconds.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, `"`+FormatDateTime(t)+`"`)
	})
}

// UnmarshalDateTime reads a time in RFC 3339 with any offset; digits beyond milliseconds are dropped. A leap second is
// the second after it, as in the POSIX time that is stored. Years beyond 9999 have no RFC 3339 form.
// Errors: BadUserInput.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, _ := v.(string)
	if !rfc3339.MatchString(text) {
		return time.Time{}, domain.Errorf(domain.BadUserInput,
			"must be a DateTime, which is a text in RFC 3339, as in 2026-01-31T09:30:00Z")
	}
	form := []byte(strings.ToUpper(text))
	form[separatorAt] = 'T'
	leap := string(form[secondAt:secondAt+2]) == "60"
	if leap {
		copy(form[secondAt:], "59")
	}
	at, err := time.Parse(time.RFC3339Nano, string(form))
	if leap {
		at = at.Add(time.Second)
	}
	at = domain.Timestamp(at)
	if err != nil || at.Year() < 1 || at.Year() > 9999 || leap && !endsHalfYear(at) {
		return time.Time{}, domain.Errorf(domain.BadUserInput,
			"must be a DateTime, which is a text in RFC 3339, of a day and time that there are, in the years 0001 to 9999 of UTC")
	}
	return at, nil
}

// endsHalfYear reports whether a time is in the first second of January or July, which is when a leap second ends. Which
// half-years have one is announced at most six months ahead, so any may.
func endsHalfYear(at time.Time) bool {
	second := at.UTC().Truncate(time.Second)
	return second.Equal(time.Date(second.Year(), time.January, 1, 0, 0, 0, 0, time.UTC)) ||
		second.Equal(time.Date(second.Year(), time.July, 1, 0, 0, 0, 0, time.UTC))
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
