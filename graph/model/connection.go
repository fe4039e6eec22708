package model

import "context"

// Page is the common part of the connections.
type Page[E any] struct {
	PageInfo *PageInfo
	Edges    []*E
	// Count counts the elements of all pages. It runs only if totalCount is selected.
	Count func(context.Context) (int, error)
}

// Enclose sets the cursors at which a page begins and ends.
func Enclose[E any](info *PageInfo, edges []*E, cursor func(*E) *string) {
	info.StartCursor, info.EndCursor = nil, nil
	if n := len(edges); n > 0 {
		info.StartCursor, info.EndCursor = cursor(edges[0]), cursor(edges[n-1])
	}
}

// TotalCount resolves the field of that name.
func (p *Page[E]) TotalCount(ctx context.Context) (int, error) { return p.Count(ctx) }

type (
	// CustomerConnection is a page of customers.
	CustomerConnection struct{ Page[CustomerEdge] }
	// PromotionalEntitlementConnection is a page of promotional entitlements.
	PromotionalEntitlementConnection struct {
		Page[PromotionalEntitlementEdge]
	}
	// CouponConnection is a page of coupons.
	CouponConnection struct{ Page[CouponEdge] }
	// ProductConnection is a page of products.
	ProductConnection struct{ Page[ProductEdge] }
	// PlanConnection is a page of plans.
	PlanConnection struct{ Page[PlanEdge] }
	// AddonConnection is a page of add-ons.
	AddonConnection struct{ Page[AddonEdge] }
	// FeatureConnection is a page of features.
	FeatureConnection struct{ Page[FeatureEdge] }
)
