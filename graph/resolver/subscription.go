package resolver

import (
	"context"
	"slices"
	"time"

	"clientele/graph/model"
	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// toSubscription converts a customer's subscription as it is at a time.
func toSubscription(c *domain.Customer, s *domain.Subscription, at time.Time) *model.CustomerSubscription {
	_, reason := s.Ended(at)
	status, tried := s.Status(at), s.WasInTrial(at)
	start, end := s.BillingPeriodAt(at)
	collection := model.PaymentCollectionNotRequired
	if status == domain.PaymentPending {
		collection = model.PaymentCollectionProcessing
	}
	custom := s.PricingType == domain.PricingCustom
	out := &model.CustomerSubscription{
		ID: s.ID, SubscriptionID: s.SubscriptionID, RefID: s.SubscriptionID,
		CustomerID: &c.CustomerID, PayingCustomerID: &c.CustomerID, ResourceID: s.ResourceID, EnvironmentID: c.EnvironmentID,
		Status: model.SubscriptionStatus(status), PricingType: model.PricingType(s.PricingType),
		BillingPeriod: enum[model.BillingPeriod](s.BillingPeriod), CancelReason: enum[model.SubscriptionCancelReason](reason),
		PaymentCollection:       collection,
		PaymentCollectionMethod: enum[model.PaymentCollectionMethod](&s.PaymentCollectionMethod),
		WasInTrial:              &tried, IsCustomPriceSubscription: &custom,
		StartDate: s.StartDate, EndDate: s.EndDate, TrialEndDate: s.TrialEndDate, CancellationDate: s.CancellationDate,
		EffectiveEndDate:          s.EndDate,
		CurrentBillingPeriodStart: start, CurrentBillingPeriodEnd: end, CreatedAt: &s.CreatedAt,
		BillingID: s.BillingID, SalesforceID: s.SalesforceID, AdditionalMetaData: s.Metadata.JSON(),
		OutdatedPricePackages: []string{}, Budget: toBudget(s.Budget),
		ScheduledUpdates: []*model.SubscriptionScheduledUpdate{}, FutureUpdates: []*model.SubscriptionFutureUpdate{},
		SyncStates: []*model.SyncState{unsynced}, Environment: toEnvironment(c.EnvironmentID),
		Of: c, Source: s,
	}
	if s.BillingPeriod != nil {
		out.BillingCycleAnchor = &s.BillingCycleAnchor
	}
	if s.ResourceID != nil {
		out.Resource = &model.CustomerResource{ResourceID: *s.ResourceID, CreatedAt: firstFor(c, *s.ResourceID)}
	}
	if s.TrialEndBehavior != nil {
		out.TrialConfiguration = &model.TrialConfiguration{TrialEndBehavior: model.TrialEndBehavior(*s.TrialEndBehavior)}
	}
	return out
}

// firstFor is the time of a customer's first subscription for a resource.
func firstFor(c *domain.Customer, resourceID string) time.Time {
	first := time.Time{}
	for _, s := range c.Subscriptions {
		if s.ResourceID != nil && *s.ResourceID == resourceID && (first.IsZero() || s.CreatedAt.Before(first)) {
			first = s.CreatedAt
		}
	}
	return first
}

func toSubscriptions(subscribed []customers.Subscribed, at time.Time) []*model.CustomerSubscription {
	return each(subscribed, func(s customers.Subscribed) *model.CustomerSubscription {
		return toSubscription(s.Customer, s.Subscription, at)
	})
}

// subscriptionRow has the fields of a subscription at a time, for filters and orders.
func subscriptionRow(c *domain.Customer, s *domain.Subscription, at time.Time) persistence.Row {
	return persistence.Row{
		persistence.FieldID:            persistence.Text(s.ID),
		fieldSubscriptionID:            persistence.Text(s.SubscriptionID),
		persistence.FieldCustomerID:    persistence.Text(c.CustomerID),
		fieldResourceID:                persistence.NullableText(s.ResourceID),
		persistence.FieldEnvironmentID: persistence.Text(c.EnvironmentID),
		persistence.FieldStatus:        persistence.Text(string(s.Status(at))),
		persistence.FieldBillingID:     persistence.NullableText(s.BillingID),
		persistence.FieldCreatedAt:     persistence.Time(s.CreatedAt),
		fieldStartDate:                 persistence.Time(s.StartDate),
		persistence.FieldEndDate:       nullableTime(s.EndDate),
		fieldTrialEndDate:              nullableTime(s.TrialEndDate),
		fieldCancellationDate:          nullableTime(s.CancellationDate),
		fieldEffectiveEndDate:          nullableTime(s.EndDate),
		fieldPlanUUID:                  persistence.Text(s.PlanUUID),
		fieldPlanID:                    persistence.Text(s.PlanID),
		persistence.FieldProductID:     persistence.Text(s.ProductID),
	}
}

func nullableTime(t *time.Time) persistence.Value {
	if t == nil {
		return persistence.Value{}
	}
	return persistence.Time(*t)
}

// chosen returns the elements of a list inside a document that match a filter, in an order; the tie-breaker is the id.
func chosen[T any](elements []T, row func(*T) persistence.Row, filter persistence.Filter, order []persistence.Order) []*T {
	type pair struct {
		persistence.Row
		element *T
	}
	var rows []pair
	compiled := persistence.Compiled(filter)
	for i := range elements {
		if r := row(&elements[i]); compiled.Matches(r) {
			rows = append(rows, pair{r, &elements[i]})
		}
	}
	rows = persistence.Sorted(rows, append(slices.Clone(order), persistence.Order{Field: persistence.FieldID}))
	return each(rows, func(p pair) *T { return p.element })
}

// appliedCoupon is the coupon of a subscription: its own, else the customer's; nil is none.
func appliedCoupon(ctx context.Context, c *domain.Customer, s *domain.Subscription) (*domain.AppliedCoupon, error) {
	if s.Coupon != nil || c.CouponID == nil {
		return s.Coupon, nil
	}
	coupon, err := load(ctx, loadersOf(ctx).coupons, *c.CouponID)
	if coupon == nil || err != nil {
		return nil, err
	}
	from := s.BillingCycleAnchor
	if c.CouponAppliedAt != nil && c.CouponAppliedAt.After(from) {
		from = *c.CouponAppliedAt
	}
	applied := coupon.Applied(from)
	if len(s.Charges) > 0 && !applied.DiscountsIn(s.Charges[0].Price.Currency) {
		return nil, nil // It has no amount in this currency.
	}
	return applied, nil
}

func toSubscriptionCoupon(a *domain.AppliedCoupon, environmentID string, at time.Time) *model.SubscriptionCoupon {
	status := model.SubscriptionCouponStatusActive
	expires := a.ExpiresAt()
	if expires != nil && !at.Before(*expires) {
		status = model.SubscriptionCouponStatusExpired
	}
	return &model.SubscriptionCoupon{
		ID: a.ID, Name: a.Name, RefID: a.RefID, EnvironmentID: environmentID, Type: model.CouponType(a.Type),
		DiscountValue: discountValue(a.PercentOff, a.AmountsOff), PercentOff: toFloat(a.PercentOff), AmountsOff: toAmounts(a.AmountsOff),
		Status: status, DurationInMonths: float(a.DurationInMonths), StartDate: &a.StartDate, ExpirationDate: expires,
	}
}

func toTotalPrice(t *domain.TotalPrice) *model.CustomerSubscriptionTotalPrice {
	if t == nil {
		return nil
	}
	return &model.CustomerSubscriptionTotalPrice{
		SubTotal: toMoney(t.SubTotal, t.Currency), Total: toMoney(t.Total, t.Currency), AddonsTotal: toMoney(t.AddonsTotal, t.Currency),
	}
}

func toSubscriptionAddon(s *domain.Subscription, a *domain.SubscriptionAddon) *model.SubscriptionAddon {
	return &model.SubscriptionAddon{ID: a.ID, Quantity: float64(a.Quantity), CreatedAt: &s.CreatedAt, UpdatedAt: s.CreatedAt, Source: a}
}

// toSubscriptionPrice converts a charge. Its price is a copy from the time of the subscription.
func toSubscriptionPrice(s *domain.Subscription, c *domain.Charge) *model.SubscriptionPrice {
	price := toPrice(c.Price)
	price.CreatedAt = &s.CreatedAt
	out := &model.SubscriptionPrice{
		ID: c.ID, BillingModel: enum[model.BillingModel](&c.Price.Model), Price: price, CreatedAt: &s.CreatedAt, UpdatedAt: s.CreatedAt,
	}
	if c.Price.Model == domain.PerUnit {
		out.UsageLimit = float(&c.Quantity)
	}
	return out
}

// partRow is the row of a part of a subscription, which is as old as the subscription.
func partRow(id string, s *domain.Subscription) persistence.Row {
	return persistence.Row{
		persistence.FieldID:        persistence.Text(id),
		persistence.FieldCreatedAt: persistence.Time(s.CreatedAt),
		persistence.FieldUpdatedAt: persistence.Time(s.CreatedAt),
	}
}

func chargeRow(s *domain.Subscription, c *domain.Charge) persistence.Row {
	row := partRow(c.ID, s)
	row[fieldFeatureID] = persistence.NullableText(c.Price.FeatureID)
	row[fieldBillingModel] = persistence.Text(string(c.Price.Model))
	return row
}

// priceRow is the row of a price of a package, which is as old as the package's version.
func priceRow(p *domain.Price, at time.Time) persistence.Row {
	return persistence.Row{
		persistence.FieldID:        persistence.Text(p.ID),
		persistence.FieldCreatedAt: persistence.Time(at),
		fieldBillingModel:          persistence.Text(string(p.Model)),
	}
}

func addonRow(a *domain.Addon) persistence.Row {
	return persistence.Row{
		persistence.FieldID:          persistence.Text(a.ID),
		persistence.FieldRefID:       persistence.Text(a.RefID),
		persistence.FieldDisplayName: persistence.Text(a.DisplayName),
		persistence.FieldProductID:   persistence.Text(a.ProductID),
		persistence.FieldCreatedAt:   persistence.Time(a.CreatedAt),
		persistence.FieldUpdatedAt:   persistence.Time(a.UpdatedAt),
	}
}

// fromResources are the resources whose subscriptions are requested; none is all.
func fromResources(input model.GetActiveSubscriptionsInput) []string {
	resources := input.ResourceIds.Value()
	if id := input.ResourceID.Value(); id != nil {
		resources = append(slices.Clone(resources), *id)
	}
	return resources
}
