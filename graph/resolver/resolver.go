package resolver

import (
	"time"

	"clientele/internal/auth"
	"clientele/internal/catalog"
	"clientele/internal/coupons"
	"clientele/internal/customers"
	"clientele/internal/domain"
)

// Resolver answers the fields that need more than the value they are a field of. A resolver takes the
// actor, calls one use case and shapes the answer.
type Resolver struct {
	UseCases
}

// UseCases are what the API can do.
type UseCases struct {
	Customers     *customers.Service
	CouponChanges *coupons.Service
	// Keys are managed by the service that recognises them.
	Keys          *auth.Service
	Products      catalog.Reader[domain.Product]
	Plans         catalog.Reader[domain.Plan]
	PlanVersions  catalog.Reader[domain.Plan]
	Addons        catalog.Reader[domain.Addon]
	AddonVersions catalog.Reader[domain.Addon]
	Features      catalog.Reader[domain.Feature]
	Coupons       catalog.Reader[domain.Coupon]
	// LoaderWait is how long the look-ups of one level of an answer wait for each other: long enough for the
	// objects of one list, which are resolved at the same time.
	LoaderWait time.Duration
}

// loaderWait is the LoaderWait of a server.
const loaderWait = time.Millisecond

// NewUseCases makes all that the API can do over a store, but for Keys.
func NewUseCases(
	store customers.Store, checkBilling customers.BillingCheck, now func() time.Time, options ...customers.Option,
) UseCases {
	return UseCases{
		Customers:     customers.New(store, checkBilling, append(options, customers.WithClock(now))...),
		CouponChanges: coupons.New(store.Coupons(), coupons.WithClock(now)),
		Products:      catalog.NewReader(store.Products()),
		Plans:         catalog.NewReader(store.Plans()),
		PlanVersions:  catalog.NewReader(store.PlanVersions()),
		Addons:        catalog.NewReader(store.Addons()),
		AddonVersions: catalog.NewReader(store.AddonVersions()),
		Features:      catalog.NewReader(store.Features()),
		Coupons:       catalog.NewReader(store.Coupons()),
		LoaderWait:    loaderWait,
	}
}
