package domain

import (
	"fmt"
	"testing"
	"time"
)

func TestPromotionCodeCheck(t *testing.T) {
	t.Parallel()
	bought := &Customer{CustomerID: "ada", Subscriptions: []Subscription{{PricingType: PricingPaid}}}
	free := &Customer{CustomerID: "ada", Subscriptions: []Subscription{{PricingType: PricingFree}}}
	ada := &Customer{CustomerID: "ada"}
	minimums := []Money{{"10", "USD"}, {"70", "DKK"}}
	for name, c := range map[string]struct {
		code     PromotionCode
		customer *Customer
		cost     *Money
		want     Kind
	}{
		"a code without limits":                      {PromotionCode{Active: true}, ada, nil, ""},
		"an inactive one":                            {PromotionCode{}, ada, nil, PromotionCodeNotActive},
		"one that starts now":                        {PromotionCode{Active: true, StartsAt: &start}, ada, nil, ""},
		"one that has not started":                   {PromotionCode{Active: true, StartsAt: new(start.Add(time.Second))}, ada, nil, PromotionCodeNotActive},
		"one that ends in a moment":                  {PromotionCode{Active: true, ExpiresAt: new(start.Add(time.Second))}, ada, nil, ""},
		"one that ends now":                          {PromotionCode{Active: true, ExpiresAt: &start}, ada, nil, PromotionCodeNotActive},
		"the customer's own":                         {PromotionCode{Active: true, CustomerID: new("ada")}, ada, nil, ""},
		"another customer's":                         {PromotionCode{Active: true, CustomerID: new("Ada")}, ada, nil, PromotionCodeNotForCustomer},
		"for a first purchase, which it is":          {PromotionCode{Active: true, FirstPurchaseOnly: true}, free, nil, ""},
		"for a first purchase, which it is not":      {PromotionCode{Active: true, FirstPurchaseOnly: true}, bought, nil, PromotionCodeNotFirstPurchase},
		"exactly the minimum":                        {PromotionCode{Active: true, MinimumAmounts: minimums}, ada, &Money{"10.00", "USD"}, ""},
		"the minimum of the subscription's currency": {PromotionCode{Active: true, MinimumAmounts: minimums}, ada, &Money{"69.99", "DKK"}, PromotionCodeBelowMinimum},
		"a currency without a minimum":               {PromotionCode{Active: true, MinimumAmounts: minimums}, ada, &Money{"100", "EUR"}, PromotionCodeBelowMinimum},
		"below the minimum":                          {PromotionCode{Active: true, MinimumAmounts: minimums}, ada, &Money{"9.99", "USD"}, PromotionCodeBelowMinimum},
		"a minimum for what is free":                 {PromotionCode{Active: true, MinimumAmounts: minimums}, ada, nil, PromotionCodeBelowMinimum},
	} {
		err := c.code.Check(c.customer, c.cost, start)
		if c.want == "" && err != nil || c.want != "" && !IsKind(err, c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestReservationsCountUntilTheyAreFinished(t *testing.T) {
	t.Parallel()
	code := PromotionCode{MaxRedemptions: new(int64(3)), Redeemed: 1}
	for i := range 2 {
		if err := code.Reserve(Reservation{ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := code.Reserve(Reservation{ID: "2"}); !IsKind(err, PromotionCodeExhausted) {
		t.Fatalf("a fourth redemption of three: %v", err)
	}
	if !code.Finish("0", false) || code.Finish("0", true) {
		t.Error("a reservation is not finished exactly once")
	}
	if code.Redeemed != 1 || len(code.Reserved) != 1 || code.Reserved[0].ID != "1" {
		t.Errorf("given back: %d redeemed, %d reserved", code.Redeemed, len(code.Reserved))
	}
	if err := code.Reserve(Reservation{ID: "2"}); err != nil {
		t.Errorf("what was given back cannot be had: %v", err)
	}
	if !code.Finish("1", true) || code.Redeemed != 2 {
		t.Errorf("%d redeemed", code.Redeemed)
	}
	unlimited := PromotionCode{Redeemed: 1 << 40}
	if err := unlimited.Reserve(Reservation{}); err != nil {
		t.Error(err)
	}
}
