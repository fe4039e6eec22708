package scalar

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"clientele/internal/domain"
)

func written(m graphql.Marshaler) string {
	var out bytes.Buffer
	m.MarshalGQL(&out)
	return out.String()
}

func TestMarshalDateTime(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		at   time.Time
		want string
	}{
		"milliseconds are always there":  {time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC), `"2026-01-31T09:30:00.000Z"`},
		"milliseconds are kept":          {time.Date(2026, 1, 31, 9, 30, 0, 120e6, time.UTC), `"2026-01-31T09:30:00.120Z"`},
		"less than a millisecond is cut": {time.Date(2026, 1, 31, 23, 59, 59, 999_999_999, time.UTC), `"2026-01-31T23:59:59.999Z"`},
		"an offset becomes UTC":          {time.Date(2026, 1, 1, 0, 30, 0, 0, time.FixedZone("CET", 3600)), `"2025-12-31T23:30:00.000Z"`},
		"the first year":                 {time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), `"0001-01-01T00:00:00.000Z"`},
		"the last year":                  {time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), `"9999-12-31T23:59:59.999Z"`},
		"before 1970":                    {time.Date(1969, 12, 31, 23, 59, 59, 1e6, time.UTC), `"1969-12-31T23:59:59.001Z"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := written(MarshalDateTime(c.at)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestUnmarshalDateTime(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text string
		want time.Time
	}{
		"UTC":                             {"2026-01-31T09:30:00Z", time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)},
		"an offset east becomes UTC":      {"2026-01-01T00:30:00+01:00", time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC)},
		"an offset west becomes UTC":      {"2025-12-31T23:30:00-05:30", time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC)},
		"the largest offset":              {"2026-01-02T00:00:00+23:59", time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC)},
		"an unknown offset is UTC":        {"2026-01-31T09:30:00-00:00", time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)},
		"tenths":                          {"2026-01-31T09:30:00.5Z", time.Date(2026, 1, 31, 9, 30, 0, 500e6, time.UTC)},
		"milliseconds":                    {"2026-01-31T09:30:00.123Z", time.Date(2026, 1, 31, 9, 30, 0, 123e6, time.UTC)},
		"less than a millisecond is cut":  {"2026-01-31T09:30:00.999999999Z", time.Date(2026, 1, 31, 9, 30, 0, 999e6, time.UTC)},
		"more than nanoseconds are cut":   {"2026-01-31T09:30:00.1239999999999Z", time.Date(2026, 1, 31, 9, 30, 0, 123e6, time.UTC)},
		"a leap day":                      {"2024-02-29T00:00:00Z", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		"the first instant":               {"0001-01-01T00:00:00Z", time.Time{}},
		"the first instant, by an offset": {"0000-12-31T23:00:00-01:00", time.Time{}},
		"small letters":                   {"2026-01-31t09:30:00z", time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)},
		"a small t":                       {"2026-01-31t09:30:00+01:00", time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)},
		"a small z":                       {"2026-01-31T09:30:00.5z", time.Date(2026, 1, 31, 9, 30, 0, 500e6, time.UTC)},
		"a space for the T":               {"2026-01-31 09:30:00Z", time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)},
		"as Python writes it":             {"2026-01-31 09:30:00.123456+00:00", time.Date(2026, 1, 31, 9, 30, 0, 123e6, time.UTC)},
		"a leap second":                   {"2016-12-31T23:59:60Z", time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)},
		"a leap second of June":           {"2015-06-30T23:59:60.75z", time.Date(2015, 7, 1, 0, 0, 0, 750e6, time.UTC)},
		"a leap second by an offset":      {"1990-12-31T15:59:60-08:00", time.Date(1991, 1, 1, 0, 0, 0, 0, time.UTC)},
		"a leap second of the next day":   {"2017-01-01T00:59:60+01:00", time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)},
		"a hundred digits":                {"2026-01-31T09:30:00." + strings.Repeat("9", 100) + "Z", time.Date(2026, 1, 31, 9, 30, 0, 999e6, time.UTC)},
		"the smallest offset":             {"2026-01-01T00:00:00-23:59", time.Date(2026, 1, 1, 23, 59, 0, 0, time.UTC)},
		"the last instant":                {"9999-12-31T23:59:59.9999Z", time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := UnmarshalDateTime(c.text)
			if err != nil {
				t.Fatal(err)
			}
			// Equality with == finds a zone that was left behind.
			if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestUnmarshalDateTimeRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]any{
		"a date":                           "2026-01-31",
		"no offset":                        "2026-01-31T09:30:00",
		"no seconds":                       "2026-01-31T09:30Z",
		"two spaces for the T":             "2026-01-31  09:30:00Z",
		"an underscore for the T":          "2026-01-31_09:30:00Z",
		"a space before the offset":        "2026-01-31T09:30:00 Z",
		"a tab for the T":                  "2026-01-31\t09:30:00Z",
		"an offset without a colon":        "2026-01-31T09:30:00+0100",
		"an offset of hours":               "2026-01-31T09:30:00+01",
		"a point without digits":           "2026-01-31T09:30:00.Z",
		"the 13th month":                   "2026-13-01T00:00:00Z",
		"the 29th of a common February":    "2026-02-29T00:00:00Z",
		"the 24th hour":                    "2026-01-31T24:00:00Z",
		"the 60th minute":                  "2026-01-31T09:60:00Z",
		"a leap second of January":         "2026-01-31T23:59:60Z",
		"a leap second at noon":            "2016-12-31T12:59:60Z",
		"a leap second of the zone":        "2016-12-31T23:59:60+01:00",
		"a leap second a day early":        "2016-12-30T23:59:60Z",
		"the 61st second":                  "2016-12-31T23:59:61Z",
		"the 60th second of a minute":      "2016-12-31T23:58:60Z",
		"a leap second of the last year":   "9999-12-31T23:59:60Z",
		"five digits of a year":            "12026-01-31T09:30:00Z",
		"a year with a sign":               "+2026-01-31T09:30:00Z",
		"one digit of a month":             "2026-1-31T09:30:00Z",
		"white space in front":             " 2026-01-31T09:30:00Z",
		"a newline behind":                 "2026-01-31T09:30:00Z\n",
		"two times":                        "2026-01-31T09:30:00Z2026-01-31T09:30:00Z",
		"words":                            "yesterday",
		"the empty text":                   "",
		"before the first year":            "0000-12-31T23:59:59Z",
		"before it, by an offset":          "0001-01-01T00:00:00+00:01",
		"after the last year":              "9999-12-31T23:59:59-00:01",
		"seconds since 1970 as a number":   1769851800,
		"seconds since 1970 as a JSON":     json.Number("1769851800"),
		"a fraction":                       1.5,
		"true":                             true,
		"null":                             nil,
		"a list":                           []any{"2026-01-31T09:30:00Z"},
		"a time, which no client can send": time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC),
	}
	for name, v := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireDateTimeRefusal(t, v)
		})
	}
}

// time.Parse takes these for RFC 3339, which they are not (go.dev/issue/54580).
func TestUnmarshalDateTimeRefusesWhatGoLetsPass(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"one digit of an hour":        "2026-01-31T9:30:00Z",
		"a comma":                     "2026-01-31T09:30:00,5Z",
		"an offset of 24 hours":       "2026-01-31T09:30:00+24:00",
		"an offset of 60 minutes":     "2026-01-31T09:30:00+01:60",
		"an offset of minus 24 hours": "2026-01-31T09:30:00-24:00",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireDateTimeRefusal(t, text)
		})
	}
}

func requireDateTimeRefusal(t *testing.T, v any) {
	t.Helper()
	got, err := UnmarshalDateTime(v)
	if !domain.IsKind(err, domain.BadUserInput) || !strings.Contains(err.Error(), "RFC 3339") {
		t.Errorf("got %v, %v", got, err)
	}
	if !got.IsZero() {
		t.Errorf("the refusal comes with %v", got)
	}
}

func TestDateTimeSurvivesTheWayOutAndIn(t *testing.T) {
	t.Parallel()
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	last := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(first, last).Draw(t, "milliseconds")).UTC()
		var text string
		if err := json.Unmarshal([]byte(written(MarshalDateTime(at))), &text); err != nil {
			t.Fatal(err)
		}
		if got, err := UnmarshalDateTime(text); err != nil || got != at {
			t.Fatalf("%v became %v, %v", at, got, err)
		}
	})
}

// TestDateTimeIsReadInEachForm writes times in all the forms of RFC 3339.
func TestDateTimeIsReadInEachForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(-62_000_000_000_000, 253_000_000_000_000).Draw(t, "milliseconds"))
		offset := time.Duration(rapid.IntRange(-23*60-59, 23*60+59).Draw(t, "offset")) * time.Minute
		zone := time.FixedZone("", int(offset.Seconds()))
		text := at.In(zone).Format("2006-01-02T15:04:05.000Z07:00")
		digits := rapid.StringMatching(`[0-9]{0,20}`).Draw(t, "more digits")
		text = text[:len("2006-01-02T15:04:05.000")] + digits + text[len("2006-01-02T15:04:05.000"):]
		if rapid.Bool().Draw(t, "small letters") {
			text = strings.ToLower(text)
		}
		if rapid.Bool().Draw(t, "a space") {
			text = text[:len("2006-01-02")] + " " + text[len("2006-01-02T"):]
		}
		if got, err := UnmarshalDateTime(text); err != nil || got != at.UTC() {
			t.Fatalf("%s became %v, %v", text, got, err)
		}
	})
}

func FuzzDateTime(f *testing.F) {
	for _, text := range []string{"2026-01-31T09:30:00Z", "2016-12-31 23:59:60.5z", "2026-01-31t09:30:00.1239999999999-23:59", "0000-12-31T23:00:00-01:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := UnmarshalDateTime(text)
		if err != nil {
			if !domain.IsKind(err, domain.BadUserInput) || !at.IsZero() {
				t.Fatalf("%q: %v, %v", text, at, err)
			}
			return
		}
		if again, err := UnmarshalDateTime(FormatDateTime(at)); err != nil || again != at {
			t.Fatalf("%q is %v, which is written as %s and read as %v, %v", text, at, FormatDateTime(at), again, err)
		}
	})
}

func TestMarshalJSON(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		value json.RawMessage
		want  string
	}{
		"nil is null":           {nil, "null"},
		"an object goes as is":  {json.RawMessage(`{"b":1,"a":{"c":[]}}`), `{"b":1,"a":{"c":[]}}`},
		"a number goes as is":   {json.RawMessage(`1E+400`), `1E+400`},
		"markup goes as is":     {json.RawMessage(`"<&>"`), `"<&>"`},
		"an empty object stays": {json.RawMessage(`{}`), `{}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := written(MarshalJSON(c.value)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The values are those that the transport decodes out of variables, numbers as json.Number, and those of
// literals in the query.
func TestUnmarshalJSON(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		value any
		want  string
	}{
		"null":                        {nil, `null`},
		"a text":                      {"a", `"a"`},
		"a word":                      {true, `true`},
		"a whole number of a literal": {int64(math.MaxInt64), `9223372036854775807`},
		"a fraction of a literal":     {1.5, `1.5`},
		"a big number to the digit":   {json.Number("123456789012345678901234567890.10"), `123456789012345678901234567890.10`},
		"an exponent as it was sent":  {json.Number("1E+400"), `1E+400`},
		"a list":                      {[]any{nil, json.Number("1"), []any{}}, `[null,1,[]]`},
		"keys are sorted":             {map[string]any{"b": nil, "a": map[string]any{"d": "", "c": false}}, `{"a":{"c":false,"d":""},"b":null}`},
		"keys are any text":           {map[string]any{"a.b": "$", "\x00": "ключ"}, `{"\u0000":"ключ","a.b":"$"}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := UnmarshalJSON(c.value)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The metadata's limit counts these characters, and the response repeats them: written as \u003c, one
// character counts for six, and a value of 100 of them is refused as too long.
func TestUnmarshalJSONKeepsMarkup(t *testing.T) {
	t.Parallel()
	got, err := UnmarshalJSON(map[string]any{"<&>": "<&>"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"<&>":"<&>"}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	long, err := UnmarshalJSON(map[string]any{"html": strings.Repeat("<", 498)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := domain.Metadata(nil).Merge("additionalMetaData", long); err != nil {
		t.Errorf("a value of 500 characters: %v", err)
	}
}

func TestUnmarshalJSONRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]any{
		"what is not a number":   math.NaN(),
		"an infinite number":     math.Inf(1),
		"a function":             func() {},
		"a number that is wrong": json.Number("1,5"),
	}
	for name, v := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := UnmarshalJSON(v); !domain.IsKind(err, domain.BadUserInput) || got != nil {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestJSONSurvivesTheWayInAndOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.MapOf(rapid.String(), rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }),
			rapid.Map(rapid.Bool(), func(b bool) any { return b }),
			rapid.Map(rapid.StringMatching(`-?[1-9][0-9]{0,40}`), func(n string) any { return json.Number(n) }),
			rapid.Map(rapid.SliceOf(rapid.String()), func(list []string) any {
				out := make([]any, len(list))
				for i, text := range list {
					out[i] = text
				}
				return out
			}),
		)).Draw(t, "sent")
		text, err := UnmarshalJSON(sent)
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(strings.NewReader(written(MarshalJSON(text))))
		decoder.UseNumber()
		var got map[string]any
		if err := decoder.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, sent) {
			t.Fatalf("sent %v, got %v", sent, got)
		}
	})
}
