package resolver

import (
	"time"

	"clientele/internal/auth"
	"clientele/internal/catalog"
	"clientele/internal/coupons"
	"clientele/internal/customers"
	"clientele/internal/domain"
)

// Resolver resolves the fields that need more than the value of their parent.
type Resolver struct {
	UseCases
}

// UseCases are what the resolvers call.
type UseCases struct {
	Customers     *customers.Service
	CouponChanges *coupons.Service
	// Keys also authenticates requests.
	Keys          *auth.Service
	Products      catalog.Reader[domain.Product]
	Plans         catalog.Reader[domain.Plan]
	PlanVersions  catalog.Reader[domain.Plan]
	Addons        catalog.Reader[domain.Addon]
	AddonVersions catalog.Reader[domain.Addon]
	Features      catalog.Reader[domain.Feature]
	Coupons       catalog.Reader[domain.Coupon]
	// LoaderWait is how long a loader collects ids before it reads them: long enough for the elements of one list,
	// which are resolved at the same time.
	LoaderWait time.Duration
}

// NewUseCases returns the use cases over a store, except Keys.
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
		LoaderWait:    time.Millisecond,
	}
}
