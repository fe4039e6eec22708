package stripe

import (
	"testing"

	"clientele/internal/domain"
)

func TestMinorUnits(t *testing.T) {
	for _, test := range []struct {
		amount   domain.Decimal
		currency string
		want     int64 // 0 is that there is none
	}{
		{"5", "USD", 500}, {"5.5", "USD", 550}, {"0.01", "EUR", 1}, {"0.005", "EUR", 0}, {"0", "EUR", 0}, {"-1", "EUR", 0},
		{"500", "JPY", 500}, {"0.5", "JPY", 0}, {"7", "MGA", 7},
		{"5", "ISK", 500}, {"5.5", "ISK", 0}, {"5", "UGX", 500},
		{"1.25", "KWD", 1250}, {"1.255", "KWD", 0},
		{"1000000000000", "USD", 100000000000000},
	} {
		got, ok := minorUnits(domain.Money{Amount: test.amount, Currency: test.currency})
		if got != test.want || ok != (test.want != 0) {
			t.Errorf("%s %s: %d, %t, want %d", test.amount, test.currency, got, ok, test.want)
		}
	}
}
