package server

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/persistence"
)

// TestAResponseIsOfOneTime runs a query while the clock advances an hour with every reading. All parts of the response agree
// on what began or ended in between.
func TestAResponseIsOfOneTime(t *testing.T) {
	store := newStore(t)
	customer := bare("one", noon)
	for i := range 20 {
		id := "s" + string(rune('a'+i))
		customer.Subscriptions = append(customer.Subscriptions, domain.Subscription{
			ID: id, SubscriptionID: id, PlanID: "plan", StartDate: noon, CreatedAt: noon,
			Phases: []domain.Phase{{Status: domain.Active, From: noon}, {Status: domain.Expired, From: hours(i)}},
		})
	}
	customer.SubscribedAt = &noon
	insertCustomers(t, store, customer)
	for name, operation := range map[string]string{
		"a query":    `{ a: getCustomerByRefId(input: { customerId: "one" }) { ...C } b: getCustomerByRefId(input: { customerId: "one" }) { ...C } }`,
		"a mutation": `mutation { a: updateOneCustomer(input: { customerId: "one", name: "A" }) { ...C } }`,
	} {
		t.Run(name, func(t *testing.T) {
			var looks atomic.Int64
			clock := func() time.Time { return hours(int(looks.Add(1))) }
			data := must(t, servingAt(t, store, clock), operation+` fragment C on Customer { totalActiveSubscription
				subscriptions { status customer { totalActiveSubscription subscriptions { status } } } }`)
			for _, root := range data {
				customer := root.(map[string]any)
				totals := append(at(customer, "totalActiveSubscription"), at(customer, "subscriptions.customer.totalActiveSubscription")...)
				statuses := at(customer, "subscriptions.status")
				active := strings.Count(strings.Join(statuses, " "), "ACTIVE")
				all := strings.Count(strings.Join(at(customer, "subscriptions.customer.subscriptions.status"), " "), "ACTIVE")
				for _, total := range totals {
					if total != at(data, "a.totalActiveSubscription")[0] {
						t.Errorf("the totals are %v", totals)
						break
					}
				}
				if all != len(statuses)*active || active == 0 || active == 20 {
					t.Errorf("%d subscriptions are active, and %d where they are told %d times", active, all, len(statuses))
				}
			}
		})
	}
}

// TestAResponseIsNotOlderThanItsChange: what a mutation began has begun, although the clock goes on.
func TestAResponseIsNotOlderThanItsChange(t *testing.T) {
	store := newStore(t)
	put(t, store.Features(), &domain.Feature{Record: record("feature", noon), Type: domain.FeatureBoolean})
	insertCustomers(t, store, bare("one", noon))
	var looks atomic.Int64
	data := must(t, servingAt(t, store, func() time.Time { return hours(int(looks.Add(1))) }), `mutation {
		a: grantPromotionalEntitlements(input: { customerId: "one", promotionalEntitlements: [{ featureId: "feature", period: ONE_MONTH }] }) {
			status customer { totalActivePromotionalEntitlements }
		} }`)
	if got := strings.Join(append(at(data, "a.status"), at(data, "a.customer.totalActivePromotionalEntitlements")...), " "); got != "Active 1" {
		t.Errorf("the promotion is %s", got)
	}
}

// shortPages is a store whose pages of products are short.
type shortPages struct{ persistence.Store }

func (s shortPages) Products() persistence.Documents[domain.Product] {
	return shortProducts{s.Store.Products()}
}

type shortProducts struct {
	persistence.Documents[domain.Product]
}

func (p shortProducts) List(ctx context.Context, query persistence.Query) (persistence.Page[domain.Product], error) {
	query.Page.Limit = 3
	return p.Documents.List(ctx, query)
}

// TestTrialsOfMoreProductsThanAPage: each product is in the response, however many there are.
func TestTrialsOfMoreProductsThanAPage(t *testing.T) {
	store := newStore(t)
	for _, id := range strings.Split("abcdefgh", "") {
		put(t, store.Products(), &domain.Product{Record: record(id, noon)})
	}
	insertCustomers(t, store, bare("one", noon))
	data := must(t, servingAt(t, shortPages{store}, atNoon), `{ getCustomerByRefId(input: { customerId: "one" }) { eligibleForTrial { productRefId } } }`)
	if got := strings.Join(at(data, "getCustomerByRefId.eligibleForTrial.productRefId"), ""); len(got) != 8 {
		t.Errorf("the products are %s", got)
	}
}

// panickingStore is a store whose look-ups panic.
type panickingStore struct{ persistence.Store }

func (s panickingStore) Coupons() persistence.Documents[domain.Coupon] {
	return panickingCoupons{s.Store.Coupons()}
}

type panickingCoupons struct {
	persistence.Documents[domain.Coupon]
}

func (panickingCoupons) GetMany(context.Context, string, []string) (map[string]*domain.Coupon, error) {
	panic("SecretMark: out of range")
}

// TestPanicsOfLookUpsAreLoggedWithTheirStack although they happen on a goroutine that is not the resolver's.
func TestPanicsOfLookUpsAreLoggedWithTheirStack(t *testing.T) {
	store := newStore(t)
	customer := bare("one", noon)
	customer.CouponID = new("coupon")
	insertCustomers(t, store, customer)
	var log strings.Builder
	handler := servingUseCases(resolver.NewUseCases(panickingStore{store}, billingtest.Rules().Check, atNoon), environment, &log)
	got := ask(t.Context(), t, handler, `{ getCustomerByRefId(input: { customerId: "one" }) { coupon { refId } } }`)
	if got.code() != "UnexpectedError" || strings.Contains(got.body, "SecretMark") {
		t.Errorf("the response is %s", got.body)
	}
	mustHold(t, log.String(), "SecretMark: out of range", "panickingCoupons.GetMany", "the-request")
}
