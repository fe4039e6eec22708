package subscriptions

import (
	"time"

	"clientele/internal/domain"
)

// schedule sets all phases of the subscription's life. Errors: BadUserInput.
func (d *draft) schedule(s *domain.Subscription) error {
	var phases []domain.Phase
	begin := func(status domain.SubscriptionStatus, from time.Time, reason *domain.CancelReason) {
		if n := len(phases); n > 0 {
			phases[n-1].Until = &from
		}
		phases = append(phases, domain.Phase{Status: status, From: from, Reason: reason})
	}
	if d.start.After(d.now) {
		begin(domain.NotStarted, d.now, nil)
	}
	from := d.start
	if d.trial {
		end, behavior, err := d.trialEnd()
		if err != nil {
			return err
		}
		begin(domain.InTrial, d.start, nil)
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
	begin(d.paidStatus(s), from, nil)
	s.Phases = phases
	if s.Coupon != nil && (d.input.Coupon == nil || d.input.Coupon.StartDate == nil) {
		// A coupon discounts what is paid, so it begins when payment does.
		s.Coupon.StartDate = s.BillingCycleAnchor
	}
	return nil
}

func (d *draft) trialEnd() (time.Time, domain.TrialEndBehavior, error) {
	end, behavior := d.start, domain.CancelSubscription
	if trial := d.plan.Trial; trial != nil {
		behavior = trial.EndBehavior
		if trial.Units == "MONTH" {
			end = domain.AddMonths(d.start, trial.Duration)
		} else {
			end = d.start.AddDate(0, 0, trial.Duration)
		}
	}
	if override := d.input.Trial; override != nil {
		if override.EndDate != nil {
			end = domain.Timestamp(*override.EndDate)
		}
		if override.EndBehavior != nil {
			behavior = *override.EndBehavior
		}
	}
	if !end.After(d.start) {
		return end, behavior, domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.trialOverrideConfiguration.trialEndDate",
			"must be after the start of the subscription")
	}
	return end, behavior, nil
}

// paidStatus is the status of a subscription that has begun and is not in trial.
func (d *draft) paidStatus(s *domain.Subscription) domain.SubscriptionStatus {
	if s.PricingType == domain.PricingPaid && d.input.AwaitPayment && !d.payment.Confirmed && s.PaymentCollectionMethod == "CHARGE" {
		return domain.PaymentPending
	}
	return domain.Active
}

// addDowngrade adds the free subscription that takes over when a trial ends without being paid, if the product's journey
// has one. Errors: PlanNotFound, UnpublishedPackage.
func (d *draft) addDowngrade(trial *domain.Subscription) error {
	journey := d.product.Journey
	if *trial.TrialEndBehavior != domain.CancelSubscription || journey.End != domain.EndDowngrade || journey.DowngradePlanID == nil {
		return nil
	}
	plan, err := d.getPlan(*journey.DowngradePlanID)
	if err != nil {
		return err
	}
	entitlements, err := d.planEntitlements(plan)
	if err != nil {
		return err
	}
	from := *trial.TrialEndDate
	d.customer.Subscriptions = append(d.customer.Subscriptions, domain.Subscription{
		ID: d.newID(), SubscriptionID: d.newRef(),
		ProductID: plan.ProductID, PlanID: plan.RefID, PlanUUID: plan.ID, PlanVersion: plan.VersionNumber,
		PricingType: plan.PricingType, ResourceID: trial.ResourceID, PaymentCollectionMethod: "CHARGE",
		Entitlements: entitlements, StartDate: from, BillingCycleAnchor: from, CreatedAt: d.now,
		Phases: []domain.Phase{
			{Status: domain.NotStarted, From: d.now, Until: &from}, {Status: domain.Active, From: from},
		},
	})
	return nil
}
