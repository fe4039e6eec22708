package domain

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number, kept as its shortest text: "19.99", "-0.5", "0". The zero value is 0.
// Amounts of money are decimals in here and on the disk; computing never goes through a binary float.
type Decimal string

// maxDecimalLength bounds what is parsed, in bytes.
const maxDecimalLength = 64

var decimalForm = regexp.MustCompile(`^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$`)

// ParseDecimal reads a number as JSON writes one. Errors: BadUserInput.
func ParseDecimal(text string) (Decimal, error) {
	if len(text) > maxDecimalLength || !decimalForm.MatchString(text) {
		return "", Errorf(BadUserInput, "must be a decimal number of at most %d characters, as in 19.99", maxDecimalLength)
	}
	return fromRat(Decimal(text).rat()), nil
}

// floatDigits is how many significant digits a float keeps of every decimal; what is behind them is noise.
const floatDigits = 15

// DecimalOf is the amount or percentage that a client meant, given the float that a decoder made of it: the shortest
// decimal that reads as this float, rounded to floatDigits and to MaxAmountPlaces. So what clients computed with floats,
// such as 0.1 + 0.2, becomes what they meant. The float must be finite.
func DecimalOf(f float64) Decimal {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	whole, _, _ := strings.Cut(text, ".")
	places := floatDigits - len(strings.TrimLeft(whole, "-0"))
	return Decimal(text).Round(max(0, min(places, MaxAmountPlaces)))
}

// WholeDecimal is a whole number as a decimal.
func WholeDecimal(n int64) Decimal { return Decimal(strconv.FormatInt(n, 10)) }

func fromRat(value *big.Rat) Decimal {
	// Sums and products of decimals are decimals, so the digits are exact.
	digits, _ := value.FloatPrec()
	return Decimal(value.FloatString(digits))
}

func (d Decimal) rat() *big.Rat {
	value, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return new(big.Rat)
	}
	return value
}

// Plus is the sum.
func (d Decimal) Plus(other Decimal) Decimal { return fromRat(new(big.Rat).Add(d.rat(), other.rat())) }

// Minus is the difference.
func (d Decimal) Minus(other Decimal) Decimal { return fromRat(new(big.Rat).Sub(d.rat(), other.rat())) }

// Times is the product.
func (d Decimal) Times(other Decimal) Decimal { return fromRat(new(big.Rat).Mul(d.rat(), other.rat())) }

// Percent is so many hundredths of the number.
func (d Decimal) Percent(percent Decimal) Decimal {
	return fromRat(new(big.Rat).Mul(new(big.Rat).Mul(d.rat(), percent.rat()), big.NewRat(1, 100)))
}

// Compare is negative, zero or positive as the number is less than, equal to or greater than the other.
func (d Decimal) Compare(other Decimal) int { return d.rat().Cmp(other.rat()) }

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int { return d.rat().Sign() }

// Round is the number with at most so many digits behind the point; halves go away from zero.
func (d Decimal) Round(places int) Decimal {
	value, _ := new(big.Rat).SetString(d.rat().FloatString(places))
	return fromRat(value)
}

// Kept is the number as amounts and percentages are kept: rounded to MaxAmountPlaces.
func (d Decimal) Kept() Decimal {
	if d.Places() <= MaxAmountPlaces {
		return d
	}
	return d.Round(MaxAmountPlaces)
}

// Float is the number for a response that has floats; nothing is computed with it.
func (d Decimal) Float() float64 {
	f, _ := d.rat().Float64()
	return f
}

// Places is how many digits stand behind the point.
func (d Decimal) Places() int {
	_, fraction, _ := strings.Cut(string(d), ".")
	return len(fraction)
}
