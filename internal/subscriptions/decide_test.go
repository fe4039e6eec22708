package subscriptions

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele/internal/domain"
)

var noon = time.Date(2024, time.January, 31, 12, 0, 0, 0, time.UTC)

// request is an input, with what the catalogue offers.
type request struct {
	offer   *offer
	input   Input
	payment Payment
}

func record(id string) domain.Record {
	return domain.NewRecord(domain.Ref{EnvironmentID: "production", RefID: id}, "uuid-of-"+id, noon)
}

func flat(amount domain.Decimal, currency string, country *string) domain.Price {
	return domain.Price{Model: domain.FlatFee, Period: domain.Monthly, Currency: currency, CountryCode: country, Amount: &amount}
}

// requesting is a request for 5 seats of the paid plan "pro" by the month, of a product that has a free plan "free" and an
// add-on "extra" too. change is what differs; nil is nothing.
func requesting(change func(*request)) *request {
	seat := domain.Price{
		Model: domain.PerUnit, Period: domain.Monthly, Currency: "USD", FeatureID: new("seats"), Amount: new(domain.Decimal("2")),
		MinUnits: new(int64(3)), MaxUnits: new(int64(50)),
	}
	product := &domain.Product{Record: record("product"), Journey: domain.Journey{Start: domain.StartPlanSelection, End: domain.EndCancel}}
	pro := &domain.Plan{Package: domain.Package{
		Record: record("pro"), ProductID: "product", PricingType: domain.PricingPaid, Published: true,
		Prices: []domain.Price{flat("10", "USD", nil), seat},
	}, CompatibleAddonIDs: []string{"extra"}}
	free := &domain.Plan{Package: domain.Package{Record: record("free"), ProductID: "product", PricingType: domain.PricingFree, Published: true}}
	extra := &domain.Addon{Package: domain.Package{
		Record: record("extra"), ProductID: "product", PricingType: domain.PricingPaid, Published: true, Prices: []domain.Price{flat("1", "USD", nil)},
	}, MaxQuantity: new(int64(4))}
	month := domain.Monthly
	d := &request{
		offer: &offer{
			plans: map[string]*domain.Plan{"pro": pro, "free": free}, product: product,
			addons:   map[string]*domain.Addon{"extra": extra},
			features: map[string]*domain.Feature{"seats": {Record: record("seats"), Type: domain.FeatureNumber}},
			coupons:  map[string]*domain.Coupon{"third": {Record: record("third"), PercentOff: new(domain.Decimal("33")), Status: domain.CouponActive}},
		},
		input: Input{
			PlanID: "pro", BillingPeriod: &month, UnitQuantity: new(5.0), PaymentCollectionMethod: "CHARGE",
		},
	}
	if change != nil {
		change(d)
	}
	return d
}

// decide decides at noon for the customer "ada", who has no subscription yet.
func (c *request) decide() (*domain.Customer, *draft, error) {
	n := 0
	next := func(prefix string) func() string {
		return func() string { n++; return fmt.Sprint(prefix, n) }
	}
	d := &draft{
		customer: &domain.Customer{EnvironmentID: "production", CustomerID: "ada"}, input: c.input, offer: c.offer, payment: c.payment,
		now: noon, start: noon, newID: next("uuid-"), newRef: next("subscription-"),
	}
	if c.input.StartDate != nil {
		d.start = *c.input.StartDate
	}
	_, err := d.decide()
	return d.customer, d, err
}

// mustDecide returns the customer's first subscription.
func (c *request) mustDecide(t *testing.T) domain.Subscription {
	t.Helper()
	customer, _, err := c.decide()
	if err != nil {
		t.Fatal(err)
	}
	return customer.Subscriptions[0]
}

func (c *request) requireRefused(t *testing.T, kind domain.Kind, field string) {
	t.Helper()
	customer, _, err := c.decide()
	refusal, ok := errors.AsType[*domain.Error](err)
	if !ok || refusal.Kind != kind || refusal.Facts["field"] != "subscriptionParams"+field {
		t.Errorf("got %v, want a refusal of kind %s about %s", err, kind, field)
	}
	if len(customer.Subscriptions) > 0 {
		t.Error("the refused subscription was added")
	}
}

func total(s domain.Subscription) string {
	price := s.TotalPrice(s.Coupon, noon)
	if price == nil {
		return "nothing"
	}
	return string(price.Total) + " " + price.Currency
}

// startWith lets the journey start every customer with a plan.
func startWith(setup domain.StartSetup, planID string) func(*request) {
	return func(d *request) { d.offer.product.Journey.Start, d.offer.product.Journey.StartPlanID = setup, &planID }
}

func TestTheJourneyDecidesOnThePlan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*request)
		decision Decision
		want     string
	}{
		"the plan asked for":                  {nil, RequestedPlan, "pro 20 USD"},
		"a free plan to start with":           {startWith(domain.StartFreePlan, "free"), FreePlanDecided, "free nothing"},
		"the start plan is the one asked for": {startWith(domain.StartFreePlan, "pro"), FreePlanDecided, "pro 20 USD"},
		"a trial pays the least, by the first price": {func(d *request) {
			startWith(domain.StartTrialPeriod, "pro")(d)
			d.input = Input{PlanID: "free"}
			d.offer.plans["pro"].Trial = &domain.TrialDefault{Units: "DAY", Duration: 7, EndBehavior: domain.ConvertToPaid}
		}, TrialPlanDecided, "pro 16 USD"},
	} {
		t.Run(name, func(t *testing.T) {
			customer, draft, err := requesting(c.change).decide()
			if err != nil {
				t.Fatal(err)
			}
			s := customer.Subscriptions[0]
			if got := s.PlanID + " " + total(s); got != c.want || draft.decision != c.decision {
				t.Errorf("got %s by %s, want %s by %s", got, draft.decision, c.want, c.decision)
			}
		})
	}
}

func TestWhatTheCatalogueLacksIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*request)
		kind   domain.Kind
		field  string
	}{
		"the plan":            {func(d *request) { delete(d.offer.plans, "pro") }, domain.PlanNotFound, ".planId"},
		"the product":         {func(d *request) { d.offer.product = nil }, domain.ProductNotFound, ".planId"},
		"a published plan":    {func(d *request) { d.offer.plans["pro"].Published = false }, domain.UnpublishedPackage, ".planId"},
		"the start plan":      {startWith(domain.StartFreePlan, "gone"), domain.PlanNotFound, ".planId"},
		"a named start plan":  {func(d *request) { d.offer.product.Journey.Start = domain.StartFreePlan }, domain.PlanNotFound, ".planId"},
		"the base plan":       {func(d *request) { d.offer.plans["pro"].BasePlanID = new("gone") }, domain.PlanNotFound, ".planId"},
		"a resource":          {func(d *request) { d.offer.product.MultipleSubscriptions = true }, domain.BadUserInput, ".resourceId"},
		"an add-on":           {func(d *request) { d.input.Addons = []AddonQuantity{{"gone", 1}} }, domain.AddonNotFound, ".addons[0].addonId"},
		"a coupon":            {func(d *request) { d.input.Coupon = &Coupon{CouponID: new("gone")} }, domain.CouponNotFound, ".appliedCoupon.couponId"},
		"a promotion code":    {func(d *request) { d.input.PromotionCode = new("GONE") }, domain.PromotionCodeNotFound, ".promotionCode"},
		"a code of no form":   {func(d *request) { d.input.PromotionCode = new(" ") }, domain.BadUserInput, ".promotionCode"},
		"an entitled feature": {func(d *request) { d.input.Entitlements = []domain.PackageEntitlement{{FeatureID: "gone"}} }, domain.FeatureNotFound, ".entitlements"},
		"a feature to pay for": {func(d *request) {
			d.input.BillableFeatures = []FeatureQuantity{{"subscriptionParams.charges[0]", "gone", 1}}
		}, domain.FeatureNotFound, ".charges[0]"},
		"an add-on, start plan": {func(d *request) {
			startWith(domain.StartFreePlan, "free")(d)
			d.input.Addons = []AddonQuantity{{"gone", 1}}
		}, domain.AddonNotFound, ".addons[0].addonId"},
	} {
		t.Run(name, func(t *testing.T) { requesting(c.change).requireRefused(t, c.kind, c.field) })
	}
}

func TestPricesOfTheCountryAndCurrency(t *testing.T) {
	t.Parallel()
	prices := func(d *request) {
		d.input.UnitQuantity = nil
		d.offer.plans["pro"].Prices = []domain.Price{
			flat("10", "USD", nil), flat("9", "EUR", nil), flat("70", "DKK", new("DK")), flat("8", "EUR", new("DK")),
			{Model: domain.FlatFee, Period: domain.Annually, Currency: "USD", Amount: new(domain.Decimal("100"))},
		}
	}
	annually := domain.Annually
	for name, c := range map[string]struct {
		change func(*request)
		want   string
	}{
		"the first currency, without another":     {func(*request) {}, "10 USD"},
		"the customer's currency":                 {func(d *request) { d.payment.Currency = new("EUR") }, "9 EUR"},
		"the country's own prices":                {func(d *request) { d.input.BillingCountryCode = new("DK") }, "70 DKK"},
		"the country's own price in the currency": {func(d *request) { d.input.BillingCountryCode, d.payment.Currency = new("DK"), new("EUR") }, "8 EUR"},
		"a currency that the country has none in": {func(d *request) { d.input.BillingCountryCode, d.payment.Currency = new("DK"), new("USD") }, "10 USD"},
		"a country without prices of its own":     {func(d *request) { d.input.BillingCountryCode = new("SE") }, "10 USD"},
		"the period asked for":                    {func(d *request) { d.input.BillingPeriod = &annually }, "100 USD"},
		"a coupon of the subscription":            {func(d *request) { d.input.Coupon = &Coupon{CouponID: new("third")} }, "6.7 USD"},
		"add-ons, as many as there are":           {func(d *request) { d.input.Addons = []AddonQuantity{{"extra", 4}} }, "14 USD"},
		"a minimum that is more":                  {func(d *request) { d.input.MinimumSpend = &Amount{Amount: "12"} }, "12 USD"},
		"a price of its own":                      {func(d *request) { d.input.PriceOverrides = []PriceOverride{{Amount: &Amount{Amount: "3"}}} }, "3 USD"},
		"a discount of its own, in its currency":  {func(d *request) { d.input.Coupon = &Coupon{Discount: &Discount{AmountsOff: []Amount{{Amount: "4"}}}} }, "6 USD"},
	} {
		t.Run(name, func(t *testing.T) {
			d := requesting(prices)
			c.change(d)
			if got := total(d.mustDecide(t)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestQuantitiesOfUnits(t *testing.T) {
	t.Parallel()
	units := func(n float64) func(*request) { return func(d *request) { d.input.UnitQuantity = &n } }
	for n, quantity := range map[float64]int64{3: 3, 50: 50} {
		s := requesting(units(n)).mustDecide(t)
		if got := s.Charges[1].Quantity; got != quantity {
			t.Errorf("%v became %d", n, got)
		}
		if e := s.Entitlements[0]; e.FeatureID != "seats" || *e.UsageLimit != n {
			t.Errorf("%v units entitle to %+v", n, e)
		}
	}
	for _, n := range []float64{2, 51, 3.5, -3} {
		requesting(units(n)).requireRefused(t, domain.InvalidQuantity, ".unitQuantity")
	}
	for name, c := range map[string]struct {
		change func(*request)
		kind   domain.Kind
		field  string
	}{
		"none":                      {func(d *request) { d.input.UnitQuantity = nil }, domain.BadUserInput, ".billableFeatures"},
		"given twice":               {func(d *request) { d.input.BillableFeatures = []FeatureQuantity{{".x", "seats", 3}} }, domain.BadUserInput, ".unitQuantity"},
		"more add-ons than allowed": {func(d *request) { d.input.Addons = []AddonQuantity{{"extra", 5}} }, domain.InvalidQuantity, ".addons[0].quantity"},
		"no add-on":                 {func(d *request) { d.input.Addons = []AddonQuantity{{"extra", 0}} }, domain.InvalidQuantity, ".addons[0].quantity"},
		"an add-on in two entries":  {func(d *request) { d.input.Addons = []AddonQuantity{{"extra", 1}, {"extra", 1}} }, domain.BadUserInput, ".addons[1].addonId"},
		"an incompatible add-on": {func(d *request) {
			d.offer.plans["pro"].CompatibleAddonIDs = nil
			d.input.Addons = []AddonQuantity{{"extra", 1}}
		}, domain.IncompatibleAddon, ".addons[0].addonId"},
		"an add-on without another": {func(d *request) {
			d.offer.addons["extra"].DependencyIDs = []string{"base"}
			d.input.Addons = []AddonQuantity{{"extra", 1}}
		}, domain.IncompatibleAddon, ".addons[0].addonId"},
		"no billing period":          {func(d *request) { d.input.BillingPeriod = nil }, domain.BillingPeriodMissing, ".billingPeriod"},
		"a cost that is too high":    {func(d *request) { d.input.UnitAmount = new(domain.MaxAmount) }, domain.AmountTooLarge, ""},
		"a minimum in another money": {func(d *request) { d.input.MinimumSpend = &Amount{"1", new("EUR")} }, domain.BadUserInput, ".minimumSpend.minimum.currency"},
	} {
		t.Run(name, func(t *testing.T) { requesting(c.change).requireRefused(t, c.kind, c.field) })
	}
}

// phases are the subscription's phases with the days from noon on which they begin.
func phases(s domain.Subscription) string {
	var out []string
	for _, phase := range s.Phases {
		out = append(out, fmt.Sprint(phase.Status, " ", phase.From.Sub(noon).Hours()/24))
	}
	return strings.Join(out, ", ")
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	trial := func(behavior domain.TrialEndBehavior) func(*request) {
		return func(d *request) {
			d.input.Trial = &Trial{IsTrial: true}
			d.offer.plans["pro"].Trial = &domain.TrialDefault{Units: "MONTH", Duration: 1, EndBehavior: behavior}
		}
	}
	for name, c := range map[string]struct {
		change func(*request)
		want   string
	}{
		"it begins at once":                  {nil, "ACTIVE 0"},
		"it waits for a payment":             {func(d *request) { d.input.AwaitPayment = true }, "PAYMENT_PENDING 0"},
		"with a good payment method":         {func(d *request) { d.input.AwaitPayment, d.payment.Confirmed = true, true }, "ACTIVE 0"},
		"an invoice is not waited for":       {func(d *request) { d.input.AwaitPayment, d.input.PaymentCollectionMethod = true, "INVOICE" }, "ACTIVE 0"},
		"it begins in two days":              {func(d *request) { d.input.StartDate = new(noon.AddDate(0, 0, 2)) }, "NOT_STARTED 0, ACTIVE 2"},
		"a trial of a month ends it":         {trial(domain.CancelSubscription), "IN_TRIAL 0, EXPIRED 29"},
		"a trial of a month goes on as paid": {trial(domain.ConvertToPaid), "IN_TRIAL 0, ACTIVE 29"},
		"a trial with an end of its own": {func(d *request) {
			trial(domain.ConvertToPaid)(d)
			d.input.Trial.EndDate = new(noon.AddDate(0, 0, 3))
		}, "IN_TRIAL 0, ACTIVE 3"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := phases(requesting(c.change).mustDecide(t)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	requesting(func(d *request) { d.input.Trial = &Trial{IsTrial: true} }).
		requireRefused(t, domain.BadUserInput, ".trialOverrideConfiguration.trialEndDate")
	requesting(func(d *request) { d.input.Trial = &Trial{IsTrial: true, EndDate: &noon} }).
		requireRefused(t, domain.BadUserInput, ".trialOverrideConfiguration.trialEndDate")
}

// TestADowngradeTakesOver: where the journey says so, a free subscription begins when the trial ends.
func TestADowngradeTakesOver(t *testing.T) {
	t.Parallel()
	end := noon.AddDate(0, 0, 3)
	customer, _, err := requesting(func(d *request) {
		d.offer.product.Journey.End, d.offer.product.Journey.DowngradePlanID = domain.EndDowngrade, new("free")
		d.input.Trial = &Trial{IsTrial: true, EndDate: &end}
	}).decide()
	if err != nil || len(customer.Subscriptions) != 2 {
		t.Fatalf("%d subscriptions, %v", len(customer.Subscriptions), err)
	}
	if got := customer.Subscriptions[1].PlanID + ": " + phases(customer.Subscriptions[1]); got != "free: NOT_STARTED 0, ACTIVE 3" {
		t.Errorf("got %s", got)
	}
	if !customer.HasTried("product") {
		t.Error("the trial is not recorded")
	}
}
