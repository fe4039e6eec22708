package domain

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseDecimal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Decimal{
		strings.Repeat("1", 64): Decimal(strings.Repeat("1", 64)), "0": "0", "-0": "0", "007": "7", "19.99": "19.99", "19.990": "19.99", "+1.5": "1.5", "-0.50": "-0.5",
		"1e2": "100", "1.5E-3": "0.0015", "0.1": "0.1",
		"123456789012345678901234567890.12345": "123456789012345678901234567890.12345",
	} {
		if got, err := ParseDecimal(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "1,5", "1.", ".5", "0x10", "1/3", "NaN", "Inf", "1e100", "--1", "1 ", "1_000",
		"11111111111111111111111111111111111111111111111111111111111111111",
	} {
		if got, err := ParseDecimal(text); !IsKind(err, BadUserInput) {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

// What a client writes is what is kept, although a decoder makes a float of it on the way. What it computed with floats is
// rounded to 15 digits, and to 12 behind the point.
func TestDecimalOf(t *testing.T) {
	t.Parallel()
	tenth, fifth := 0.1, 0.2
	for f, want := range map[float64]Decimal{
		0.1: "0.1", 19.99: "19.99", 1e6: "1000000", -2.5: "-2.5", 0: "0", 1e12: "1000000000000", 0.000000000001: "0.000000000001",
		999999999999.99: "999999999999.99", 123456789.123456: "123456789.123456", 12.345678901234: "12.345678901234",
		tenth + fifth: "0.3", 0.30000000000000004: "0.3", 1.1 * 3 * fifth: "0.66", 33.333333333333336: "33.333333333333", 100.0 / 3 * 2: "66.666666666667",
		1000000.2999999999: "1000000.3", 4.35 * 100: "435", 0.0000000000004: "0", 0.0000000000005: "0.000000000001", -0.0000000000005: "-0.000000000001",
		9999.95555555555: "9999.95555555555", -9999.95555555555: "-9999.95555555555", -0.0000000000004: "0", 1e300: Decimal("1" + strings.Repeat("0", 300)),
	} {
		if got := DecimalOf(f); got != want {
			t.Errorf("%v: got %q, want %q", f, got, want)
		}
	}
}

func TestDecimalArithmetic(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want Decimal }{
		"floats would say 0.30000000000000004": {Decimal("0.1").Plus("0.2"), "0.3"},
		"a difference below zero":              {Decimal("0.1").Minus("0.3"), "-0.2"},
		"a product":                            {Decimal("19.99").Times("3"), "59.97"},
		"a product of small parts":             {Decimal("0.01").Times("0.01"), "0.0001"},
		"a percentage":                         {Decimal("59.97").Percent("12.5"), "7.49625"},
		"the zero value is zero":               {Decimal("").Plus("1"), "1"},
		"rounding down":                        {Decimal("7.494").Round(2), "7.49"},
		"halves go away from zero":             {Decimal("7.495").Round(2), "7.5"},
		"halves go away from zero, below":      {Decimal("-7.495").Round(2), "-7.5"},
		"rounding to whole":                    {Decimal("1.5").Round(0), "2"},
		"rounding what is short":               {Decimal("3").Round(2), "3"},
		"a whole number":                       {WholeDecimal(-12), "-12"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
	if n := Decimal("0.250").Places(); n != 3 {
		t.Errorf("0.250 has %d places", n)
	}
}

func TestDecimalAsKept(t *testing.T) {
	t.Parallel()
	for d, want := range map[Decimal]Decimal{
		"0": "0", "": "", "19.99": "19.99", "0.30000000000000004": "0.3", "33.333333333333336": "33.333333333333", "1.999999999999": "1.999999999999",
		"0.0000000000005": "0.000000000001", "-0.0000000000005": "-0.000000000001", "0.0000000000004999": "0", "99.9999999999999": "100",
		"1000000.299999999999": "1000000.299999999999",
	} {
		if got := d.Kept(); got != want {
			t.Errorf("%s is kept as %s, want %s", d, got, want)
		}
	}
}

// TestDecimalIsExact compares random sums, products and percentages with fractions.
func TestDecimalIsExact(t *testing.T) {
	t.Parallel()
	number := rapid.Custom(func(t *rapid.T) Decimal {
		d, err := ParseDecimal(rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,8})?`).Draw(t, "number"))
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
	fraction := func(d Decimal) *big.Rat {
		r, ok := new(big.Rat).SetString(string(d))
		if !ok {
			t.Fatalf("%q is no number", d)
		}
		return r
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		for name, c := range map[string]struct {
			got  Decimal
			want *big.Rat
		}{
			"plus":    {a.Plus(b), new(big.Rat).Add(fraction(a), fraction(b))},
			"minus":   {a.Minus(b), new(big.Rat).Sub(fraction(a), fraction(b))},
			"times":   {a.Times(b), new(big.Rat).Mul(fraction(a), fraction(b))},
			"percent": {a.Percent(b), new(big.Rat).Quo(new(big.Rat).Mul(fraction(a), fraction(b)), big.NewRat(100, 1))},
		} {
			if fraction(c.got).Cmp(c.want) != 0 {
				t.Errorf("%s of %s and %s is %s", name, a, b, c.got)
			}
		}
		if a.Compare(b) != fraction(a).Cmp(fraction(b)) || a.Plus(b).Minus(b) != a {
			t.Errorf("%s and %s are not ordered, or do not cancel", a, b)
		}
	})
}
