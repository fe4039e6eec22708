package domain

import "slices"

// Money is an amount in a currency.
type Money struct {
	Amount   Decimal `bson:"amount"`
	Currency string  `bson:"currency"` // ISO 4217
}

// MaxAmount bounds every amount of money, and MaxAmountPlaces is how many digits behind the point of an amount or a
// percentage are kept.
const (
	MaxAmount       Decimal = "1000000000000"
	MaxAmountPlaces int     = 12
)

// withoutMinorUnit are the currencies of ISO 4217 that have no smaller unit, of those that the API knows. The
// others have hundredths.
var withoutMinorUnit = []string{
	"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
}

// MinorUnitPlaces is how many digits behind the point an amount to pay in the currency has.
func MinorUnitPlaces(currency string) int {
	if slices.Contains(withoutMinorUnit, currency) {
		return 0
	}
	return 2
}

// amountIn is the amount of a list that is in the currency.
func amountIn(amounts []Money, currency string) (Decimal, bool) {
	for _, m := range amounts {
		if m.Currency == currency {
			return m.Amount, true
		}
	}
	return "", false
}
