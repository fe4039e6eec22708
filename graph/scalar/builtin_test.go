package scalar

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clientele/internal/domain"
)

// Values come as the transport decodes them: numbers of variables as json.Number, literals of the document
// as int64 and float64, defaults of the schema as int.

// kinds are values of every kind that an input may have, by what they are.
var kinds = map[string]any{
	"null":              nil,
	"a text":            "1",
	"the empty text":    "",
	"the text true":     "true",
	"true":              true,
	"false":             false,
	"a variable":        json.Number("1"),
	"a fraction":        json.Number("1.5"),
	"a literal":         int64(1),
	"a literal, 1.5":    1.5,
	"a default":         1,
	"a list":            []any{"1"},
	"an object":         map[string]any{"a": "1"},
	"not a number":      json.Number("one"),
	"an empty number":   json.Number(""),
	"more than a float": json.Number("1e400"),
}

// requireOnly checks that a scalar takes the kinds in want, as what it says there, and refuses all others.
func requireOnly[T comparable](t *testing.T, unmarshal func(any) (T, error), says string, want map[string]T) {
	t.Helper()
	for name := range want {
		if _, ok := kinds[name]; !ok {
			t.Errorf("there is no kind %q", name)
		}
	}
	for name, value := range kinds {
		got, err := unmarshal(value)
		wanted, ok := want[name]
		switch {
		case ok && (err != nil || got != wanted):
			t.Errorf("%s: got %v, %v", name, got, err)
		case !ok && (!domain.IsKind(err, domain.BadUserInput) || !strings.Contains(err.Error(), says)):
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		var zero T
		if !ok && got != zero {
			t.Errorf("%s: the refusal comes with %v", name, got)
		}
	}
}

func TestUnmarshalString(t *testing.T) {
	t.Parallel()
	requireOnly(t, UnmarshalString, "String", map[string]string{"a text": "1", "the empty text": "", "the text true": "true"})
}

func TestUnmarshalBoolean(t *testing.T) {
	t.Parallel()
	requireOnly(t, UnmarshalBoolean, "Boolean", map[string]bool{"true": true, "false": false})
}

func TestUnmarshalInt(t *testing.T) {
	t.Parallel()
	requireOnly(t, UnmarshalInt, "Int", map[string]int{"a variable": 1, "a literal": 1, "a default": 1})
}

func TestUnmarshalFloat(t *testing.T) {
	t.Parallel()
	requireOnly(t, UnmarshalFloat, "Float", map[string]float64{
		"a variable": 1, "a fraction": 1.5, "a literal": 1, "a literal, 1.5": 1.5, "a default": 1,
	})
}

func TestUnmarshalIntBounds(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		value   any
		want    int
		refused bool
	}{
		"zero":                             {json.Number("0"), 0, false},
		"minus zero":                       {json.Number("-0"), 0, false},
		"the largest of 32 bits":           {json.Number("2147483647"), math.MaxInt32, false},
		"the smallest of 32 bits":          {json.Number("-2147483648"), math.MinInt32, false},
		"the largest literal":              {int64(math.MaxInt32), math.MaxInt32, false},
		"whole although written otherwise": {json.Number("1e3"), 1000, false},
		"whole with a fraction of zero":    {json.Number("2.0"), 2, false},
		"one more than 32 bits":            {json.Number("2147483648"), 0, true},
		"one less than 32 bits":            {json.Number("-2147483649"), 0, true},
		"a literal beyond 32 bits":         {int64(math.MaxInt32) + 1, 0, true},
		"far beyond 64 bits":               {json.Number("100000000000000000000"), 0, true},
		"a little more than the largest":   {json.Number("2147483647.5"), 0, true},
		"a fraction":                       {json.Number("0.5"), 0, true},
		"a negative fraction":              {-0.5, 0, true},
		"not a number":                     {math.NaN(), 0, true},
		"infinite":                         {math.Inf(1), 0, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := UnmarshalInt(c.value)
			if got != c.want || c.refused != domain.IsKind(err, domain.BadUserInput) || !c.refused && err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
}

func TestBuiltInScalarsSurviveTheWayOutAndIn(t *testing.T) {
	t.Parallel()
	// decode reads JSON as the transport does.
	decode := func(t *rapid.T, text string) any {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var v any
		if err := decoder.Decode(&v); err != nil {
			t.Fatalf("%s is not JSON: %v", text, err)
		}
		return v
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if got, err := UnmarshalString(decode(t, written(MarshalString(text)))); err != nil || got != text {
			t.Fatalf("%q became %q, %v", text, got, err)
		}
		truth := rapid.Bool().Draw(t, "truth")
		if got, err := UnmarshalBoolean(decode(t, written(MarshalBoolean(truth)))); err != nil || got != truth {
			t.Fatalf("%t became %t, %v", truth, got, err)
		}
		whole := int(rapid.Int32().Draw(t, "whole"))
		if got, err := UnmarshalInt(decode(t, written(MarshalInt(whole)))); err != nil || got != whole {
			t.Fatalf("%d became %d, %v", whole, got, err)
		}
		number := rapid.Float64().Draw(t, "number")
		if got, err := UnmarshalFloat(decode(t, written(MarshalFloat(number)))); err != nil || got != number {
			t.Fatalf("%v became %v, %v", number, got, err)
		}
	})
}
