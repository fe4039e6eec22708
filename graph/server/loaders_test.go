package server

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/persistence"
)

// calls counts the calls that a store gets, by collection and method.
type calls struct {
	mu sync.Mutex
	of map[string]int
}

func (c *calls) count(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[name]++
}

// countingStore is a store that counts what is read.
type countingStore struct {
	persistence.Store

	calls *calls
}

// countingDocuments is the part of a countingStore that is one collection.
type countingDocuments[T any] struct {
	persistence.Documents[T]

	name  string
	calls *calls
}

func (d countingDocuments[T]) Get(ctx context.Context, ref domain.Ref) (*T, error) {
	d.calls.count(d.name + ".Get")
	return d.Documents.Get(ctx, ref)
}

func (d countingDocuments[T]) GetMany(ctx context.Context, environmentID string, refIDs []string) (map[string]*T, error) {
	d.calls.count(d.name + ".GetMany")
	return d.Documents.GetMany(ctx, environmentID, refIDs)
}

func (d countingDocuments[T]) List(ctx context.Context, query persistence.Query) (persistence.Page[T], error) {
	d.calls.count(d.name + ".List")
	return d.Documents.List(ctx, query)
}

func (d countingDocuments[T]) Count(ctx context.Context, environmentID string, filter persistence.Filter) (int, error) {
	d.calls.count(d.name + ".Count")
	return d.Documents.Count(ctx, environmentID, filter)
}

func (s countingStore) Products() persistence.Documents[domain.Product] {
	return countingDocuments[domain.Product]{s.Store.Products(), "products", s.calls}
}

func (s countingStore) Plans() persistence.Documents[domain.Plan] {
	return countingDocuments[domain.Plan]{s.Store.Plans(), "plans", s.calls}
}

func (s countingStore) PlanVersions() persistence.Documents[domain.Plan] {
	return countingDocuments[domain.Plan]{s.Store.PlanVersions(), "planVersions", s.calls}
}

func (s countingStore) Addons() persistence.Documents[domain.Addon] {
	return countingDocuments[domain.Addon]{s.Store.Addons(), "addons", s.calls}
}

func (s countingStore) AddonVersions() persistence.Documents[domain.Addon] {
	return countingDocuments[domain.Addon]{s.Store.AddonVersions(), "addonVersions", s.calls}
}

func (s countingStore) Features() persistence.Documents[domain.Feature] {
	return countingDocuments[domain.Feature]{s.Store.Features(), "features", s.calls}
}

func (s countingStore) Coupons() persistence.Documents[domain.Coupon] {
	return countingDocuments[domain.Coupon]{s.Store.Coupons(), "coupons", s.calls}
}

func (s countingStore) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	s.calls.count("customers.Get")
	return s.Store.LiveCustomer(ctx, ref)
}

func (s countingStore) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	s.calls.count("customers.Get")
	return s.Store.AnyCustomer(ctx, ref)
}

func (s countingStore) ListCustomers(ctx context.Context, query persistence.Query) (persistence.Page[domain.Customer], error) {
	s.calls.count("customers.List")
	return s.Store.ListCustomers(ctx, query)
}

func (s countingStore) CountCustomers(ctx context.Context, environmentID string, filter persistence.Filter) (int, error) {
	s.calls.count("customers.Count")
	return s.Store.CountCustomers(ctx, environmentID, filter)
}

// manyOfEach fills a store so that what is at the same place of two responses is rarely the same document.
func manyOfEach(t *testing.T, store persistence.Store) {
	t.Helper()
	price := func(refID string) domain.Price {
		return domain.Price{
			ID: "price-" + refID, Model: domain.PerUnit, Period: domain.Monthly, Cadence: "RECURRING", Currency: "USD",
			FeatureID: new(refID), Amount: new(domain.Decimal("1")),
		}
	}
	for i := range 6 {
		put(t, store.Products(), &domain.Product{Record: record(fmt.Sprint("product-", i), noon)})
		put(t, store.Coupons(), &domain.Coupon{
			Record: record(fmt.Sprint("coupon-", i), noon), Type: domain.CouponPercentage, PercentOff: new(domain.Decimal("5")),
			Status: domain.CouponActive, Source: domain.CouponSource,
		})
		for _, kind := range []string{"granted", "priced", "bought"} {
			put(t, store.Features(), &domain.Feature{Record: record(fmt.Sprint(kind, "-", i), noon), Type: domain.FeatureNumber, Status: "ACTIVE"})
		}
		addon := domain.Addon{
			Package:       domain.Package{Record: record(fmt.Sprint("addon-", i), noon), PricingType: domain.PricingFree, VersionNumber: 1},
			DependencyIDs: []string{fmt.Sprint("needed-", i)},
		}
		needed := domain.Addon{Package: domain.Package{Record: record(fmt.Sprint("needed-", i), noon), PricingType: domain.PricingFree, VersionNumber: 1}}
		put(t, store.Addons(), &addon, &needed)
		version := addon
		version.Record = record(domain.VersionRef(addon.RefID, 1), noon)
		put(t, store.AddonVersions(), &version)
	}
	for i := range 20 {
		plan := domain.Plan{
			Package: domain.Package{
				Record: record(fmt.Sprintf("plan-%02d", i), noon), ProductID: fmt.Sprint("product-", i%6), PricingType: domain.PricingPaid, VersionNumber: 1,
				Entitlements: []domain.PackageEntitlement{
					{ID: "a", FeatureID: fmt.Sprint("granted-", i%6)}, {ID: "b", FeatureID: fmt.Sprint("granted-", (i+1)%6)},
				},
				Prices: []domain.Price{price(fmt.Sprint("priced-", i%6)), price(fmt.Sprint("priced-", (i+1)%6))},
			},
			CompatibleAddonIDs: []string{fmt.Sprint("addon-", i%6), fmt.Sprint("addon-", (i+1)%6)},
		}
		if i > 0 {
			plan.BasePlanID = new(fmt.Sprintf("plan-%02d", i-1))
		}
		put(t, store.Plans(), &plan)
		version := plan
		version.Record = record(domain.VersionRef(plan.RefID, 1), noon)
		put(t, store.PlanVersions(), &version)
	}
	for i := range 10 {
		customer := bare(fmt.Sprint("customer-", i), noon)
		customer.CouponID, customer.CouponAppliedAt = new(fmt.Sprint("coupon-", i%6)), &noon
		for j := range 2 {
			customer.Subscriptions = append(customer.Subscriptions, domain.Subscription{
				ID: fmt.Sprint("uuid-", i, j), SubscriptionID: fmt.Sprint("sub-", i, j), PlanID: fmt.Sprintf("plan-%02d", 2*i+j), PlanVersion: 1,
				PricingType: domain.PricingPaid, PaymentCollectionMethod: "CHARGE",
				Addons:  []domain.SubscriptionAddon{{ID: "a", AddonID: fmt.Sprint("addon-", (i+j)%6), Version: 1, Quantity: 1}},
				Charges: []domain.Charge{{ID: "c", Price: price(fmt.Sprint("bought-", (i+j)%6)), Quantity: 1, Times: 1}},
				Phases:  []domain.Phase{{Status: domain.Active, From: noon}}, StartDate: noon, BillingCycleAnchor: noon, CreatedAt: noon,
			})
		}
		customer.SubscribedAt = &noon
		insertCustomers(t, store, customer)
	}
}

// servingSlowly is the handler with a long LoaderWait, so that everything that can be one call is.
func servingSlowly(t *testing.T, store persistence.Store) http.Handler {
	t.Helper()
	useCases := resolver.NewUseCases(store, billingtest.Rules().Check, atNoon)
	useCases.LoaderWait = 300 * time.Millisecond
	return servingUseCases(useCases, environment, t.Output())
}

// TestOneCallForEachKindAndLevel counts the calls of operations that look up something of everything in a page.
func TestOneCallForEachKindAndLevel(t *testing.T) {
	store := newStore(t)
	manyOfEach(t, store)
	for name, c := range map[string]struct {
		operation string
		want      map[string]int
		// holds is how often the response contains a text, so that nothing was left out.
		holds map[string]int
	}{
		"a page of plans": {
			`{ plans(paging: { first: 20 }) { edges { node {
				product { refId } basePlan { billingId } compatibleAddons { billingId dependencies { versionNumber } }
				entitlements { feature { featureType } } prices { feature { featureStatus } }
			} } } }`,
			// Features: those of the entitlements, then those of the prices.
			map[string]int{"plans.List": 1, "products.GetMany": 1, "plans.GetMany": 1, "addons.GetMany": 2, "features.GetMany": 2},
			map[string]int{"refId": 20, `"basePlan":{`: 19, `"billingId"`: 59, "versionNumber": 40, "featureType": 40, "featureStatus": 40},
		},
		"a page of customers": {
			`{ customers { edges { node { coupon { status } subscriptions {
				plan { pricingType product { createdAt } } addons { addon { versionNumber } } prices { price { feature { featureType } } }
			} } } } }`,
			map[string]int{
				"customers.List": 1, "coupons.GetMany": 1, "planVersions.GetMany": 1, "products.GetMany": 1, "addonVersions.GetMany": 1, "features.GetMany": 1,
			},
			map[string]int{`"status"`: 10, "pricingType": 20, "createdAt": 20, "versionNumber": 20, "featureType": 20},
		},
		"a page of coupons": {
			`{ coupons { edges { node { refId customers { customerId } } } } }`,
			map[string]int{"coupons.List": 1, "customers.List": 1},
			map[string]int{"refId": 6, `"customerId":"customer-`: 10},
		},
		"a page of coupons, asked in two ways": {
			`{ coupons { edges { node {
				some: customers(filter: { customerId: { in: ["customer-1", "customer-2"] } }) { customerId }
				others: customers(filter: { customerId: { gt: "customer-2" } }) { customerId }
			} } } }`,
			map[string]int{"coupons.List": 1, "customers.List": 2},
			map[string]int{`"customerId":"customer-`: 9},
		},
		"the plans of two lists": {
			`{ plans(paging: { first: 5 }) { edges { node { product { refId } } } } more: plans(paging: { last: 5 }) { edges { node { product { refId } } } } }`,
			map[string]int{"plans.List": 2, "products.GetMany": 1},
			map[string]int{"refId": 10},
		},
		"what customers may still try": {
			`{ customers { edges { node { eligibleForTrial { productRefId eligible } } } } }`,
			map[string]int{"customers.List": 1, "products.List": 1},
			map[string]int{"productRefId": 60},
		},
		"what every subscription costs": {
			`{ customers { edges { node { subscriptions { totalPrice { total { amount } } coupon { refId } coupons { refId } } } } } }`,
			map[string]int{"customers.List": 1, "coupons.GetMany": 1},
			map[string]int{`"amount":0.95`: 20, `"refId":"coupon-`: 40},
		},
		"nothing but what is there": {
			`{ customers { edges { node { customerId subscriptions { subscriptionId } promotionalEntitlements { id } statistics { activeSubscriptionsByPricingType { totalCount } } } } } }`,
			map[string]int{"customers.List": 1},
			map[string]int{"subscriptionId": 20},
		},
		"a count is made when it is asked for": {
			`{ plans { totalCount } customers { totalCount } }`,
			map[string]int{"plans.List": 1, "plans.Count": 1, "customers.List": 1, "customers.Count": 1},
			map[string]int{`"totalCount":20`: 1, `"totalCount":10`: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // The look-ups wait most of the time.
			counted := &calls{of: map[string]int{}}
			got := ask(t.Context(), t, servingSlowly(t, countingStore{store, counted}), c.operation)
			if len(got.Errors) > 0 {
				t.Fatal(got.body)
			}
			for text, times := range c.holds {
				if n := strings.Count(got.body, text); n != times {
					t.Errorf("the response holds %s %d times, not %d: %s", text, n, times, got.body)
				}
			}
			if !maps.Equal(counted.of, c.want) {
				t.Errorf("the calls are %v, not %v", counted.of, c.want)
			}
		})
	}
}

// TestFieldsOfAMutationSeeEachOther: a field does not return what the previous one loaded.
func TestFieldsOfAMutationSeeEachOther(t *testing.T) {
	store := newStore(t)
	manyOfEach(t, store)
	data := must(t, servingAt(t, store, atNoon), `mutation {
		a: setCouponOnCustomer(input: { id: "customer-0", relationId: "coupon-3" }) { coupon { name customers { customerId } } }
		b: updateOneCoupon(input: { refId: "coupon-3", name: "New" }) { name }
		c: setCouponOnCustomer(input: { id: "customer-1", relationId: "coupon-3" }) { coupon { name customers(sorting: [{ field: customerId, direction: ASC }]) { customerId } } }
	}`)
	if before, after := at(data, "a.coupon.name"), at(data, "c.coupon.name"); before[0] != "" || after[0] != "New" {
		t.Errorf("the coupon is called %q, then %q", before, after)
	}
	if got := strings.Join(at(data, "c.coupon.customers.customerId"), " "); got != "customer-0 customer-1 customer-3 customer-9" {
		t.Errorf("the coupon's customers are %s", got)
	}
}

// TestWhatIsNotThere: a document that names another which is not there is returned as far as the schema allows.
func TestWhatIsNotThere(t *testing.T) {
	store := newStore(t)
	put(t, store.Plans(), &domain.Plan{
		Package: domain.Package{
			Record: record("plan", noon), ProductID: "gone", Entitlements: []domain.PackageEntitlement{{ID: "e", FeatureID: "gone"}},
		},
		BasePlanID: new("gone"), CompatibleAddonIDs: []string{"gone"},
	})
	customer := bare("one", noon)
	customer.CouponID, customer.SubscribedAt = new("gone"), &noon
	customer.Subscriptions = []domain.Subscription{{
		ID: "s", SubscriptionID: "s", PlanID: "plan", PlanVersion: 7, Addons: []domain.SubscriptionAddon{{ID: "a", AddonID: "gone", Version: 1}},
		Phases: []domain.Phase{{Status: domain.Active, From: noon}}, StartDate: noon, CreatedAt: noon,
	}}
	insertCustomers(t, store, customer)
	handler := servingAt(t, store, atNoon)
	for name, c := range map[string]struct{ operation, want, code string }{
		"a coupon":                            {`{ getCustomerByRefId(input: { customerId: "one" }) { coupon { refId } } }`, `"coupon":null`, ""},
		"a subscription's coupon":             {`{ getCustomerByRefId(input: { customerId: "one" }) { subscriptions { coupon { refId } coupons { refId } } } }`, `"coupon":null,"coupons":[]`, ""},
		"a base plan":                         {`{ plans { edges { node { basePlan { refId } inheritedEntitlements { id } } } } }`, `"basePlan":null,"inheritedEntitlements":[]`, ""},
		"an add-on":                           {`{ plans { edges { node { compatibleAddons { refId } } } } }`, `"compatibleAddons":[]`, ""},
		"a version of a plan is as it is":     {`{ getCustomerByRefId(input: { customerId: "one" }) { subscriptions { plan { refId } } } }`, `"plan":{"refId":"plan"}`, ""},
		"a product, which a plan has to have": {`{ plans { edges { node { product { refId } } } } }`, `"data":null`, "ProductNotFoundError"},
		"a feature":                           {`{ plans { edges { node { entitlements { feature { refId } } } } } }`, `"entitlements":null`, "FeatureNotFound"},
		"an add-on of a subscription":         {`{ getCustomerByRefId(input: { customerId: "one" }) { subscriptions { addons { addon { refId } } } } }`, `"addons":null`, "AddonNotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(t.Context(), t, handler, c.operation); !strings.Contains(got.body, c.want) || got.code() != c.code {
				t.Errorf("want %s and the code %q: %s", c.want, c.code, got.body)
			}
		})
	}
}
