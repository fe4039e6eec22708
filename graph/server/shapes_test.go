package server

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"clientele/internal/domain"
	"clientele/persistence"
)

// TestCurrenciesAreThoseOfTheSchema: the catalogue is read by the domain's list, and returned by the schema's.
func TestCurrenciesAreThoseOfTheSchema(t *testing.T) {
	var codes []string
	for _, value := range schemaOf(t).Types["Currency"].EnumValues {
		codes = append(codes, value.Name)
		if !domain.IsCurrency(value.Name) {
			t.Errorf("%s is a currency of the schema only", value.Name)
		}
	}
	for _, code := range domain.Currencies() {
		if !slices.Contains(codes, code) {
			t.Errorf("%s is a currency of the domain only", code)
		}
	}
	for _, code := range []string{"", "usd", "USDX", "XXX"} {
		if domain.IsCurrency(code) {
			t.Errorf("%q is a currency", code)
		}
	}
}

// TestNullsAreAsTheSchemaSays: what the schema says is null in one case and not in another.
func TestNullsAreAsTheSchemaSays(t *testing.T) {
	store := newStore(t)
	customer := subscriber()
	paid := &customer.Subscriptions[0]
	paid.BillingPeriod = new(domain.Monthly)
	paid.Charges = []domain.Charge{
		{ID: "unit", Quantity: 3, Times: 1, Price: domain.Price{ID: "a", Model: domain.PerUnit, Currency: "USD", Amount: new(domain.Decimal("2"))}},
		{ID: "base", Quantity: 1, Times: 1, Price: domain.Price{ID: "b", Model: domain.FlatFee, Currency: "USD", Amount: new(domain.Decimal("1"))}},
	}
	insertCustomers(t, store, customer)
	for _, s := range customer.Subscriptions {
		put(t, store.SubscriptionClaims(), &domain.SubscriptionClaim{Record: record(s.SubscriptionID, noon), CustomerID: customer.CustomerID})
	}
	put(t, store.Features(),
		&domain.Feature{Record: record("flag", noon), Type: domain.FeatureBoolean, Status: "ACTIVE"},
		&domain.Feature{Record: record("list", noon), Type: domain.FeatureEnum, Status: "ACTIVE", EnumValues: []domain.EnumValue{{Value: "a", DisplayName: "A"}}},
	)
	handler := servingAt(t, store, atNoon)
	subscription := func(id, fields string) string {
		return `{ getSubscription(input: { subscriptionId: "` + id + `" }) { ` + fields + ` } }`
	}
	feature := func(refID string) string {
		return `{ features(filter: { refId: { eq: "` + refID + `" } }) { edges { node { enumConfiguration { value } } } } }`
	}
	for name, c := range map[string]struct{ operation, want string }{
		"the values of a feature that has none":       {feature("flag"), `"enumConfiguration":null`},
		"the values of a feature":                     {feature("list"), `"enumConfiguration":[{"value":"a"}]`},
		"the anchor of what is not paid":              {subscription("trial", "billingCycleAnchor currentBillingPeriodEnd"), `{"billingCycleAnchor":null,"currentBillingPeriodEnd":null}`},
		"the anchor of what is paid":                  {subscription("active", "billingCycleAnchor"), `"billingCycleAnchor":"2024-02-29T02:00:00`},
		"the end of what goes on":                     {subscription("active", "endDate effectiveEndDate cancellationDate cancelReason"), `{"endDate":null,"effectiveEndDate":null,"cancellationDate":null,"cancelReason":null}`},
		"the end of what is going to end":             {subscription("trial", "effectiveEndDate cancelReason"), `{"effectiveEndDate":"2024-02-29T17:00:00.000Z","cancelReason":null}`},
		"the end of what ended":                       {subscription("canceled", "effectiveEndDate"), `{"effectiveEndDate":"2024-02-29T10:00:00.000Z"}`},
		"the resource of a customer as a whole":       {subscription("canceled", "resource { resourceId }"), `"resource":null`},
		"the resource":                                {subscription("active", "resource { resourceId }"), `"resource":{"resourceId":"seat-1"}`},
		"what is due of what has no price":            {subscription("trial", "totalPrice { total { amount } } prices { id }"), `{"totalPrice":null,"prices":[]}`},
		"what is due":                                 {subscription("active", "totalPrice { total { amount } }"), `"totalPrice":{"total":{"amount":7}}`},
		"how many units of what is not paid by units": {subscription("active", "prices { id usageLimit }"), `[{"id":"base","usageLimit":null},{"id":"unit","usageLimit":3}]`},
		"the payment that is awaited":                 {subscription("pending", "paymentCollection"), `"PROCESSING"`},
		"the payment that is not":                     {subscription("active", "paymentCollection"), `"NOT_REQUIRED"`},
		"whether it was a trial":                      {subscription("expired", "wasInTrial"), `"wasInTrial":true`},
		"whether it was none":                         {subscription("active", "wasInTrial trialConfiguration { trialEndBehavior }"), `"wasInTrial":false,"trialConfiguration":null`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(t.Context(), t, handler, c.operation); !strings.Contains(got.body, c.want) {
				t.Errorf("want %s: %s", c.want, got.body)
			}
		})
	}
}

// brokenLookUps is a store in which features cannot be looked up.
type brokenLookUps struct {
	persistence.Store

	instead func() error
}

type brokenFeatures struct {
	persistence.Documents[domain.Feature]

	instead func() error
}

func (s brokenLookUps) Features() persistence.Documents[domain.Feature] {
	return brokenFeatures{s.Store.Features(), s.instead}
}

func (f brokenFeatures) GetMany(context.Context, string, []string) (map[string]*domain.Feature, error) {
	return nil, f.instead()
}

// TestFailuresOfLookUpsAreMasked: look-ups run beside the request, where a panic that nobody recovers would end the
// process.
func TestFailuresOfLookUpsAreMasked(t *testing.T) {
	store := newStore(t)
	put(t, store.Plans(), &domain.Plan{Package: domain.Package{Record: record("plan", noon), Entitlements: []domain.PackageEntitlement{{ID: "e", FeatureID: "f"}}}})
	insertCustomers(t, store, whole("one"))
	for name, instead := range map[string]func() error{
		"an error": func() error { return errors.New("SecretMark: the disk is full") },
		"a panic":  func() error { panic("SecretMark: out of range") },
	} {
		for _, operation := range []string{
			`{ plans { edges { node { packageEntitlements { ... on PackageFeatureEntitlement { feature { id } } } } } } }`,
			`{ cachedEntitlements(query: { customerId: "one" }) { isGranted } }`,
		} {
			t.Run(name+", "+operation[2:20], func(t *testing.T) {
				var log bytes.Buffer
				handler := serving(brokenLookUps{store, instead}, &log)
				mustBeMasked(t, ask(t.Context(), t, handler, operation))
				mustHold(t, log.String(), "SecretMark", "requestId=the-request", "level=ERROR")
			})
		}
	}
}
