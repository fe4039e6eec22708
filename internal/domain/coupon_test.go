package domain

import "testing"

func TestAnArchivedCouponCannotBeGiven(t *testing.T) {
	t.Parallel()
	coupon := Coupon{Record: Record{RefID: "tenth"}, Status: CouponActive}
	if err := coupon.RequireActive("couponId"); err != nil {
		t.Error(err)
	}
	coupon.Status = CouponArchived
	err := coupon.RequireActive("couponId")
	requireFieldRefusal(t, err, CouponIsArchived, "couponId")
	if facts := err.(*Error).Facts; facts["entityName"] != "Coupon" || facts["identifier"] != "tenth" {
		t.Errorf("the refusal does not name the coupon: %v", facts)
	}
}

func TestTheCurrenciesThatACouponDiscounts(t *testing.T) {
	t.Parallel()
	percentage, amounts := AppliedCoupon{PercentOff: new(Decimal("10"))}, AppliedCoupon{AmountsOff: []Money{{"5", "EUR"}, {"6", "USD"}}}
	for _, currency := range []string{"EUR", "USD"} {
		if !percentage.DiscountsIn(currency) || !amounts.DiscountsIn(currency) {
			t.Errorf("nothing is taken off in %s", currency)
		}
	}
	if !percentage.DiscountsIn("DKK") || amounts.DiscountsIn("DKK") {
		t.Error("in DKK, a percentage discounts and amounts in other currencies do not")
	}
}
