package customers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// Subscribe is what an input says of a new customer's initial subscription.
type Subscribe struct {
	PlanID        string
	BillingPeriod *domain.BillingPeriod
	// UnitQuantity is the quantity of the plan's only per-unit price; nil leaves it to BillableFeatures.
	UnitQuantity *float64
	// UnitAmount replaces the unit price of the plan's only per-unit price.
	UnitAmount       *domain.Decimal
	Addons           []AddonQuantity
	BillableFeatures []FeatureQuantity
	// StartDate is now when nil.
	StartDate *time.Time
	// SubscriptionID and its deprecated twin RefID name the subscription; without either an id is made up.
	SubscriptionID *string
	RefID          *string
	ResourceID     *string
	Metadata       domain.Change[json.RawMessage]
	// AwaitPayment is whether a paid subscription waits for its first payment.
	AwaitPayment bool
	// BillingInformation is checked and let go.
	BillingInformation      *domain.BillingInformation
	BillingID               *string
	SalesforceID            *string
	PromotionCode           *string
	BillingCountryCode      *string
	Entitlements            []domain.PackageEntitlement
	Trial                   *Trial
	Budget                  *domain.Budget
	MinimumSpend            *Amount
	PriceOverrides          []PriceOverride
	PaymentCollectionMethod string // CHARGE, INVOICE, NONE
	Coupon                  *SubscriptionCoupon
}

// AddonQuantity is an add-on and how many of it.
type AddonQuantity struct {
	AddonID  string
	Quantity int64
}

// FeatureQuantity is how many units of a feature are paid. Field is where the input says so.
type FeatureQuantity struct {
	Field     string
	FeatureID string
	Quantity  float64
}

// Trial is a trial that differs from the plan's.
type Trial struct {
	IsTrial     bool
	EndDate     *time.Time
	EndBehavior *domain.TrialEndBehavior
}

// Amount is an amount of money whose currency, if it is not given, is that of the subscription.
type Amount struct {
	Amount   domain.Decimal
	Currency *string
}

// PriceOverride is a price that differs from the plan's or an add-on's: its base charge or that for a feature.
type PriceOverride struct {
	FeatureID *string
	AddonID   *string
	Amount    *Amount
	BlockSize *float64
	Tiers     []TierOverride
}

// TierOverride is a tier of a price that differs.
type TierOverride struct {
	UpTo       *float64
	UnitAmount *Amount
	FlatAmount *Amount
}

// SubscriptionCoupon is a coupon for one subscription: one of CouponID, PromotionCode and Discount.
type SubscriptionCoupon struct {
	CouponID      *string
	PromotionCode *string
	Discount      *Discount
	// StartDate is the subscription's when nil.
	StartDate *time.Time
}

// Discount is a coupon that is nobody else's.
type Discount struct {
	Name *string
	// Description is checked, and not stored.
	Description      *string
	DurationInMonths *float64
	PercentOff       *domain.Decimal
	AmountsOff       []Amount
}

// Decision is why a new customer has the subscription that it has.
type Decision string

// The decisions.
const (
	FreePlanDecided  Decision = "PREDEFINED_FREE_PLAN"
	TrialPlanDecided Decision = "PREDEFINED_TRIAL_PLAN"
	RequestedPlan    Decision = "REQUESTED_PLAN"
	NoSubscription   Decision = "SKIPPED_SUBSCRIPTION_CREATION"
)

// subscriber is about to give a new customer its initial subscription.
type subscriber struct {
	service  *Service
	customer *domain.Customer
	input    Subscribe
	now      time.Time
	start    time.Time
	// currency is what the customer is to be charged in; nil leaves it to the plan.
	currency *string
	// payable is whether a payment method came with the customer that counts by itself.
	payable bool

	product  *domain.Product
	plan     *domain.Plan
	decision Decision
	trial    bool
	// asked is whether the plan is the one that was asked for. Otherwise what the input says of prices,
	// add-ons and coupons was meant for another plan and does not apply.
	asked bool
}

// subscribe decides on the customer's initial subscription and adds it. It writes nothing. The answer is the
// decision and the redemption of a promotion code that the subscription needs, if it needs one.
func (b *subscriber) subscribe(ctx context.Context) (*redemption, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	if err := b.choosePlan(ctx); err != nil {
		return nil, err
	}
	subscription := &domain.Subscription{
		ID: b.service.newID(), SubscriptionID: b.subscriptionID(),
		ProductID: b.product.RefID, PlanID: b.plan.RefID, PlanUUID: b.plan.ID, PlanVersion: b.plan.VersionNumber,
		PricingType: b.plan.PricingType, ResourceID: b.input.ResourceID,
		PaymentCollectionMethod: b.input.PaymentCollectionMethod, Budget: b.input.Budget,
		StartDate: b.start, BillingCycleAnchor: b.start,
		BillingID: b.input.BillingID, SalesforceID: b.input.SalesforceID, CreatedAt: b.now,
	}
	var err error
	if subscription.Metadata, err = b.metadata(); err != nil {
		return nil, err
	}
	if subscription.Entitlements, err = b.service.planEntitlements(ctx, b.plan); err != nil {
		return nil, err
	}
	var redemption *redemption
	if b.asked {
		if err := b.addAddonsAndPrices(ctx, subscription); err != nil {
			return nil, err
		}
		if redemption, err = b.addCoupon(ctx, subscription); err != nil {
			return nil, err
		}
	} else {
		if err := b.checkNames(ctx); err != nil {
			return nil, err
		}
		if err := b.defaultPrices(subscription); err != nil {
			return nil, err
		}
	}
	if err := b.overrideEntitlements(ctx, subscription); err != nil {
		return nil, err
	}
	if err := b.schedule(subscription); err != nil {
		return nil, err
	}
	b.customer.Subscriptions = append(b.customer.Subscriptions, *subscription)
	b.customer.SubscribedAt = &b.now
	if b.trial {
		b.customer.TrialedPlans = append(b.customer.TrialedPlans, domain.TrialedPlan{
			ProductID: b.product.RefID, ProductUUID: b.product.ID, PlanID: b.plan.RefID, PlanUUID: b.plan.ID,
		})
		return redemption, b.addDowngrade(ctx, subscription)
	}
	return redemption, nil
}

// checkNames refuses what does not exist of all that was said of the plan asked for, although none of it applies
// to the one that the customer gets.
func (b *subscriber) checkNames(ctx context.Context) error {
	ids := make([]string, len(b.input.Addons))
	for i, addon := range b.input.Addons {
		ids[i] = addon.AddonID
	}
	found, err := b.service.store.Addons().GetMany(ctx, b.customer.EnvironmentID, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if found[id] == nil {
			return addonNotFound(i, id)
		}
	}
	for _, feature := range b.input.BillableFeatures {
		if _, err := b.service.requireFeatures(ctx, b.customer.EnvironmentID, feature.Field, []string{feature.FeatureID}); err != nil {
			return err
		}
	}
	code, field := b.input.PromotionCode, "subscriptionParams.promotionCode"
	if applied := b.input.Coupon; applied != nil {
		if applied.PromotionCode != nil {
			code, field = applied.PromotionCode, "subscriptionParams.appliedCoupon.promotionCode"
		}
		if applied.CouponID != nil {
			if _, err := b.service.getCoupon(ctx, b.customer.EnvironmentID, "subscriptionParams.appliedCoupon.couponId", *applied.CouponID); err != nil {
				return err
			}
		}
	}
	if code != nil {
		_, err = b.getCode(ctx, field, *code)
	}
	return err
}

// check judges what needs no catalogue.
func (b *subscriber) check() error {
	in := &b.input
	if in.SubscriptionID != nil && in.RefID != nil && *in.SubscriptionID != *in.RefID {
		return domain.FieldErrorf(domain.IDMismatch, "subscriptionParams.subscriptionId", "and refId differ; give one of them, or both alike")
	}
	for _, id := range []struct {
		field string
		value *string
	}{
		{"subscriptionParams.planId", &in.PlanID},
		{"subscriptionParams.subscriptionId", in.SubscriptionID},
		{"subscriptionParams.refId", in.RefID},
		{"subscriptionParams.resourceId", in.ResourceID},
		{"subscriptionParams.billingId", in.BillingID},
		{"subscriptionParams.salesforceId", in.SalesforceID},
	} {
		if id.value != nil {
			if err := validate.ID(id.field, *id.value); err != nil {
				return err
			}
		}
	}
	for _, date := range b.dates() {
		if date.value != nil {
			if err := validate.Date(date.field, *date.value); err != nil {
				return err
			}
		}
	}
	if in.BillingCountryCode != nil {
		code, known := domain.Country(*in.BillingCountryCode)
		if !known {
			return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.billingCountryCode",
				"must be the ISO 3166-1 alpha-2 code of a country, such as DK")
		}
		in.BillingCountryCode = &code
	}
	if in.Budget != nil {
		if err := validate.Amount("subscriptionParams.budget.limit", in.Budget.Limit); err != nil {
			return err
		}
	}
	if in.BillingInformation != nil {
		if err := b.service.checkBilling("subscriptionParams.billingInformation", *in.BillingInformation); err != nil {
			return err
		}
	}
	if len(in.Addons) > maxSubscriptionItems || len(in.BillableFeatures) > maxSubscriptionItems ||
		len(in.Entitlements) > maxSubscriptionItems || len(in.PriceOverrides) > maxSubscriptionItems {
		return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams",
			"must have at most %d add-ons, billable features, entitlements and price overrides each", maxSubscriptionItems)
	}
	return nil
}

type inputDate struct {
	field string
	value *time.Time
}

// dates are the dates of the input.
func (b *subscriber) dates() []inputDate {
	dates := []inputDate{{"subscriptionParams.startDate", b.input.StartDate}}
	if b.input.Trial != nil {
		dates = append(dates, inputDate{"subscriptionParams.trialOverrideConfiguration.trialEndDate", b.input.Trial.EndDate})
	}
	if b.input.Coupon != nil {
		dates = append(dates, inputDate{"subscriptionParams.appliedCoupon.configuration.startDate", b.input.Coupon.StartDate})
	}
	return dates
}

// maxSubscriptionItems bounds each list of a subscription.
const maxSubscriptionItems = 100

func (b *subscriber) metadata() (domain.Metadata, error) {
	if b.input.Metadata.Value == nil {
		return nil, nil
	}
	return domain.Metadata(nil).Merge("subscriptionParams.additionalMetaData", *b.input.Metadata.Value)
}

func (b *subscriber) subscriptionID() string {
	switch {
	case b.input.SubscriptionID != nil:
		return *b.input.SubscriptionID
	case b.input.RefID != nil:
		return *b.input.RefID
	default:
		return b.service.newSubscriptionRef()
	}
}

// choosePlan lets the product's Customer Journey decide on the plan.
func (b *subscriber) choosePlan(ctx context.Context) error {
	requested, err := b.getPlan(ctx, "subscriptionParams.planId", b.input.PlanID)
	if err != nil {
		return err
	}
	b.product, err = b.service.store.Products().Get(ctx, b.ref(requested.ProductID))
	if errors.Is(err, persistence.ErrNotFound) {
		return domain.FieldErrorf(domain.ProductNotFound, "subscriptionParams.planId", "is of a product that does not exist")
	}
	if err != nil {
		return err
	}
	if b.product.MultipleSubscriptions && b.input.ResourceID == nil {
		return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.resourceId",
			"must be given, because the product allows several subscriptions, one a resource")
	}
	b.plan, b.decision = requested, RequestedPlan
	switch start := b.product.Journey.Start; start {
	case domain.StartFreePlan, domain.StartTrialPeriod:
		if b.product.Journey.StartPlanID == nil {
			return domain.FieldErrorf(domain.PlanNotFound, "subscriptionParams.planId", "is of a product whose start plan does not exist")
		}
		if b.plan, err = b.getPlan(ctx, "subscriptionParams.planId", *b.product.Journey.StartPlanID); err != nil {
			return err
		}
		b.decision = FreePlanDecided
		if start == domain.StartTrialPeriod {
			b.decision, b.trial = TrialPlanDecided, true
		}
	default:
	}
	b.asked = b.plan.RefID == requested.RefID
	return b.decideTrial()
}

func (b *subscriber) ref(refID string) domain.Ref {
	return domain.Ref{EnvironmentID: b.customer.EnvironmentID, RefID: refID}
}

// getPlan answers a published plan. Errors: PlanNotFound, UnpublishedPackage.
func (b *subscriber) getPlan(ctx context.Context, field, planID string) (*domain.Plan, error) {
	plan, err := b.service.store.Plans().Get(ctx, b.ref(planID))
	if errors.Is(err, persistence.ErrNotFound) {
		return nil, domain.FieldErrorf(domain.PlanNotFound, field, "is no plan of this environment: Plan not found").
			With("entityName", "Plan").With("identifier", planID)
	}
	if err == nil && !plan.Published {
		err = domain.FieldErrorf(domain.UnpublishedPackage, field, "is a plan that was not published").
			With("entityName", "Plan").With("identifier", planID)
	}
	return plan, err
}

// planEntitlements are those of a plan and of the plans that it is based on.
func (s *Service) planEntitlements(ctx context.Context, plan *domain.Plan) ([]domain.PackageEntitlement, error) {
	chain := []*domain.Plan{plan}
	for plan.BasePlanID != nil && len(chain) <= domain.MaxBasePlans {
		base, err := s.store.Plans().Get(ctx, domain.Ref{EnvironmentID: plan.EnvironmentID, RefID: *plan.BasePlanID})
		if errors.Is(err, persistence.ErrNotFound) {
			return nil, domain.FieldErrorf(domain.PlanNotFound, "subscriptionParams.planId", "is based on a plan that does not exist: Plan not found").
				With("entityName", "Plan").With("identifier", *plan.BasePlanID)
		}
		if err != nil {
			return nil, err
		}
		chain = append(chain, base)
		plan = base
	}
	var entitlements []domain.PackageEntitlement
	for _, plan := range slices.Backward(chain) {
		entitlements = domain.Inherited(entitlements, plan.Entitlements)
	}
	return entitlements, nil
}

// decideTrial settles whether there is a trial. Errors: BadUserInput.
func (b *subscriber) decideTrial() error {
	override := b.input.Trial
	if override == nil {
		return nil
	}
	const field = "subscriptionParams.trialOverrideConfiguration"
	switch {
	case b.decision == TrialPlanDecided && !override.IsTrial:
		return domain.FieldErrorf(domain.BadUserInput, field+".isTrial", "must be true, because the product starts every customer with a trial")
	case b.decision == FreePlanDecided:
		return nil
	case override.IsTrial && b.plan.PricingType == domain.PricingFree:
		return domain.FieldErrorf(domain.BadUserInput, field+".isTrial", "must be false for a free plan")
	case override.IsTrial && override.EndDate == nil && b.plan.Trial == nil:
		return domain.FieldErrorf(domain.BadUserInput, field+".trialEndDate", "must be given, because the plan has no trial of its own")
	case override.IsTrial && override.EndDate != nil && !override.EndDate.After(b.start):
		return domain.FieldErrorf(domain.BadUserInput, field+".trialEndDate", "must be after the start of the subscription")
	}
	b.trial = override.IsTrial
	return nil
}

// schedule writes down what the subscription's life will be. Errors: BadUserInput.
func (b *subscriber) schedule(s *domain.Subscription) error {
	var phases []domain.Phase
	begin := func(status domain.SubscriptionStatus, from time.Time, reason *domain.CancelReason) {
		if n := len(phases); n > 0 {
			phases[n-1].Until = &from
		}
		phases = append(phases, domain.Phase{Status: status, From: from, Reason: reason})
	}
	if b.start.After(b.now) {
		begin(domain.NotStarted, b.now, nil)
	}
	from := b.start
	if b.trial {
		end, behavior, err := b.trialEnd()
		if err != nil {
			return err
		}
		begin(domain.InTrial, b.start, nil)
		s.TrialEndDate, s.TrialEndBehavior = &end, &behavior
		// A trial is in no billing period.
		s.BillingCycleAnchor, from = end, end
		if behavior == domain.CancelSubscription {
			reason := domain.ReasonTrialEnded
			begin(domain.Expired, end, &reason)
			s.EndDate = &end
			s.Phases = phases
			return nil
		}
	}
	begin(b.paidStatus(s), from, nil)
	s.Phases = phases
	if s.Coupon != nil && (b.input.Coupon == nil || b.input.Coupon.StartDate == nil) {
		// A coupon discounts what is paid, so it begins when payment does.
		s.Coupon.StartDate = s.BillingCycleAnchor
	}
	return nil
}

func (b *subscriber) trialEnd() (time.Time, domain.TrialEndBehavior, error) {
	end, behavior := b.start, domain.CancelSubscription
	if trial := b.plan.Trial; trial != nil {
		behavior = trial.EndBehavior
		if trial.Units == "MONTH" {
			end = domain.AddMonths(b.start, trial.Duration)
		} else {
			end = b.start.AddDate(0, 0, trial.Duration)
		}
	}
	if override := b.input.Trial; override != nil {
		if override.EndDate != nil {
			end = domain.Timestamp(*override.EndDate)
		}
		if override.EndBehavior != nil {
			behavior = *override.EndBehavior
		}
	}
	if !end.After(b.start) {
		return end, behavior, domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.trialOverrideConfiguration.trialEndDate",
			"must be after the start of the subscription")
	}
	return end, behavior, nil
}

// paidStatus is the status of a subscription that has begun and is not in trial.
func (b *subscriber) paidStatus(s *domain.Subscription) domain.SubscriptionStatus {
	if s.PricingType == domain.PricingPaid && b.input.AwaitPayment && !b.payable && s.PaymentCollectionMethod == "CHARGE" {
		return domain.PaymentPending
	}
	return domain.Active
}

// addDowngrade adds the free subscription that takes over when a trial ends without being paid, if the
// product's journey has one.
func (b *subscriber) addDowngrade(ctx context.Context, trial *domain.Subscription) error {
	journey := b.product.Journey
	if *trial.TrialEndBehavior != domain.CancelSubscription || journey.End != domain.EndDowngrade || journey.DowngradePlanID == nil {
		return nil
	}
	plan, err := b.getPlan(ctx, "subscriptionParams.planId", *journey.DowngradePlanID)
	if err != nil {
		return err
	}
	entitlements, err := b.service.planEntitlements(ctx, plan)
	if err != nil {
		return err
	}
	from := *trial.TrialEndDate
	b.customer.Subscriptions = append(b.customer.Subscriptions, domain.Subscription{
		ID: b.service.newID(), SubscriptionID: b.service.newSubscriptionRef(),
		ProductID: plan.ProductID, PlanID: plan.RefID, PlanUUID: plan.ID, PlanVersion: plan.VersionNumber,
		PricingType: plan.PricingType, ResourceID: trial.ResourceID, PaymentCollectionMethod: "CHARGE",
		Entitlements: entitlements, StartDate: from, BillingCycleAnchor: from, CreatedAt: b.now,
		Phases: []domain.Phase{
			{Status: domain.NotStarted, From: b.now, Until: &from}, {Status: domain.Active, From: from},
		},
	})
	return nil
}

// overrideEntitlements lets the input's entitlements stand in place of the plan's.
// Errors: FeatureNotFound, InvalidResetPeriod, BadUserInput.
func (b *subscriber) overrideEntitlements(ctx context.Context, s *domain.Subscription) error {
	if len(b.input.Entitlements) == 0 {
		return nil
	}
	const field = "subscriptionParams.entitlements"
	ids := make([]string, len(b.input.Entitlements))
	for i := range b.input.Entitlements {
		ids[i] = b.input.Entitlements[i].FeatureID
		b.input.Entitlements[i].ID = b.service.newID()
		b.input.Entitlements[i].IsCustom = true
	}
	features, err := b.service.requireFeatures(ctx, b.customer.EnvironmentID, field, ids)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, e := range b.input.Entitlements {
		if e.Description != nil {
			if err := validate.Description(fmt.Sprintf("subscriptionParams.subscriptionEntitlements[%d].description", i), *e.Description); err != nil {
				return err
			}
		}
		if seen[e.FeatureID] {
			return domain.FieldErrorf(domain.BadUserInput, field, "must not name a feature twice")
		}
		seen[e.FeatureID] = true
		if err := validate.Entitlement(field, features[e.FeatureID], e.UsageLimit, e.Unlimited, e.EnumValues); err != nil {
			return err
		}
	}
	s.Entitlements = domain.Inherited(s.Entitlements, b.input.Entitlements)
	return nil
}
