package resolver

import (
	"context"
	"time"

	"clientele/graph/model"
	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// customerOf converts the customer that a use case returned; nil is null.
func customerOf(ctx context.Context) func(*domain.Customer, error) (*model.Customer, error) {
	return orNull(func(c *domain.Customer) *model.Customer { return toCustomer(c, nowOf(ctx)) })
}

// toCustomer converts a customer as it is at a time.
func toCustomer(c *domain.Customer, at time.Time) *model.Customer {
	out := &model.Customer{
		ID:                       c.ID,
		CustomerID:               c.CustomerID,
		RefID:                    c.CustomerID,
		Name:                     c.Name,
		Email:                    c.Email,
		EnvironmentID:            c.EnvironmentID,
		CreatedAt:                &c.CreatedAt,
		UpdatedAt:                c.UpdatedAt,
		Version:                  int(c.EditVersion()),
		DeletedAt:                c.ArchivedAt,
		AdditionalMetaData:       c.Metadata.JSON(),
		BillingID:                c.BillingID,
		CrmID:                    c.CRMID,
		SalesforceID:             c.SalesforceID,
		AWSMarketplaceCustomerID: c.AWSMarketplaceCustomerID,
		ExcludeFromExperiment:    &c.ExcludeFromExperiment,
		SyncStates:               []*model.SyncState{syncStateOf(c)},
		BillingLinkURL:           c.BillingLinkURL,
		Environment:              toEnvironment(c.EnvironmentID),
		TrialedPlans: each(c.TrialedPlans, func(t domain.TrialedPlan) *model.TrialedPlan {
			return &model.TrialedPlan{ProductID: &t.ProductUUID, ProductRefID: &t.ProductID, PlanID: &t.PlanUUID, PlanRefID: &t.PlanID}
		}),
		Source: c,
	}
	setPaymentMethod(out, c.Facts())
	running := map[domain.PricingType]float64{}
	for i := range c.Subscriptions {
		s := &c.Subscriptions[i]
		if s.Running(at) {
			running[s.PricingType]++
			out.TotalActiveSubscription++
			out.HasActiveSubscription = true
			out.HasActiveResource = out.HasActiveResource || s.ResourceID != nil
		}
	}
	out.Statistics = &model.CustomerStatistics{ActiveSubscriptionsByPricingType: []*model.SubscriptionPricingTypeStatistics{}}
	for _, pricing := range []domain.PricingType{domain.PricingFree, domain.PricingPaid, domain.PricingCustom} {
		if running[pricing] > 0 {
			out.Statistics.ActiveSubscriptionsByPricingType = append(out.Statistics.ActiveSubscriptionsByPricingType,
				&model.SubscriptionPricingTypeStatistics{PricingType: model.PricingType(pricing), TotalCount: running[pricing]})
		}
	}
	for i := range c.PromotionalEntitlements {
		if c.PromotionalEntitlements[i].Grants(at) {
			out.TotalActivePromotionalEntitlements++
		}
	}
	return out
}

func toEnvironment(id string) *model.Environment {
	return &model.Environment{ID: id, Slug: id, DisplayName: id}
}

func customerConnection(ctx context.Context, page persistence.Page[domain.Customer], count func(context.Context) (int, error)) *model.CustomerConnection {
	now := nowOf(ctx)
	return &model.CustomerConnection{Page: toPage(page,
		func(c *domain.Customer) *model.Customer { return toCustomer(c, now) },
		func(c *model.Customer, cursor string) *model.CustomerEdge {
			return &model.CustomerEdge{Node: c, Cursor: cursor}
		}, count)}
}

// provisioned converts the result of a provision and adds the customer's entitlements.
func (r *Resolver) provisioned(ctx context.Context, p customers.Provisioned) (*model.ProvisionedCustomer, error) {
	entitlements, err := r.Customers.EntitlementsOf(ctx, p.Customer, nil)
	if err != nil {
		return nil, err
	}
	now := nowOf(ctx)
	out := &model.ProvisionedCustomer{
		Customer:                     toCustomer(p.Customer, now),
		SubscriptionStrategyDecision: model.SubscriptionDecisionStrategy(p.Decision),
		SubscriptionDecisionStrategy: model.SubscriptionDecisionStrategy(p.Decision),
		Entitlements:                 each(entitlements, toEntitlement),
		EntitlementsV2:               each(entitlements, toEntitlementUnion),
	}
	if p.Subscription != nil {
		out.Subscription = toSubscription(p.Customer, p.Subscription, now)
	}
	return out, nil
}

// eligibleForTrial lists for each product whether the customer may try it: a customer may try a product once.
func eligibleForTrial(ctx context.Context, customer *domain.Customer) ([]*model.EligibleForTrial, error) {
	products, err := loadersOf(ctx).allProducts()
	if err != nil {
		return nil, err
	}
	return each(products, func(p *domain.Product) *model.EligibleForTrial {
		return &model.EligibleForTrial{ProductID: &p.ID, ProductRefID: &p.RefID, Eligible: !customer.HasTried(p.RefID)}
	}), nil
}
