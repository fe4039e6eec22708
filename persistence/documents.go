package persistence

import (
	"context"
	"fmt"

	"clientele/internal/domain"
)

// AllDocuments has the Documents of each Collection of a store.
type AllDocuments struct {
	Customers          Documents[domain.Customer]
	Products           Documents[domain.Product]
	Plans              Documents[domain.Plan]
	PlanVersions       Documents[domain.Plan]
	Addons             Documents[domain.Addon]
	AddonVersions      Documents[domain.Addon]
	Features           Documents[domain.Feature]
	Coupons            Documents[domain.Coupon]
	PromotionCodes     Documents[domain.PromotionCode]
	SubscriptionClaims Documents[domain.SubscriptionClaim]
}

// Views implements Customers and Catalog over AllDocuments. Engines and decorators embed it.
type Views struct{ all AllDocuments }

var (
	_ Customers = Views{}
	_ Catalog   = Views{}
)

// NewViews makes the Views of documents.
func NewViews(all AllDocuments) Views { return Views{all} }

// AllDocuments implements Store.
func (v Views) AllDocuments() AllDocuments { return v.all }

// InsertCustomer implements Customers.
func (v Views) InsertCustomer(ctx context.Context, customer *domain.Customer) error {
	return v.all.Customers.Insert(ctx, customer)
}

// ReplaceCustomer implements Customers.
func (v Views) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	return v.all.Customers.Replace(ctx, customer)
}

// LiveCustomer implements Customers.
func (v Views) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	customer, err := v.AnyCustomer(ctx, ref)
	if err == nil && customer.Archived() {
		return nil, fmt.Errorf("get from customers: %w", ErrNotFound)
	}
	return customer, err
}

// AnyCustomer implements Customers.
func (v Views) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return v.all.Customers.Get(ctx, domain.Ref{EnvironmentID: ref.EnvironmentID, RefID: ref.CustomerID})
}

// ListCustomers implements Customers.
func (v Views) ListCustomers(ctx context.Context, query Query) (Page[domain.Customer], error) {
	return v.all.Customers.List(ctx, query)
}

// CountCustomers implements Customers.
func (v Views) CountCustomers(ctx context.Context, environmentID string, filter Filter) (int, error) {
	return v.all.Customers.Count(ctx, environmentID, filter)
}

// Products implements Catalog, as the methods after it do.
func (v Views) Products() Documents[domain.Product] { return v.all.Products }

// Plans implements Catalog.
func (v Views) Plans() Documents[domain.Plan] { return v.all.Plans }

// PlanVersions implements Catalog.
func (v Views) PlanVersions() Documents[domain.Plan] { return v.all.PlanVersions }

// Addons implements Catalog.
func (v Views) Addons() Documents[domain.Addon] { return v.all.Addons }

// AddonVersions implements Catalog.
func (v Views) AddonVersions() Documents[domain.Addon] { return v.all.AddonVersions }

// Features implements Catalog.
func (v Views) Features() Documents[domain.Feature] { return v.all.Features }

// Coupons implements Catalog.
func (v Views) Coupons() Documents[domain.Coupon] { return v.all.Coupons }

// PromotionCodes implements Catalog.
func (v Views) PromotionCodes() Documents[domain.PromotionCode] { return v.all.PromotionCodes }

// SubscriptionClaims implements Catalog.
func (v Views) SubscriptionClaims() Documents[domain.SubscriptionClaim] {
	return v.all.SubscriptionClaims
}
