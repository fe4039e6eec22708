package subscriptions

import (
	"slices"

	"clientele/internal/domain"
)

const planField = "subscriptionParams.planId"

// startDecision is the decision of a journey that starts every customer with a plan of its own, and whether it does.
func startDecision(journey domain.Journey) (decision Decision, starts bool) {
	switch journey.Start {
	case domain.StartFreePlan:
		return FreePlanDecided, true
	case domain.StartTrialPeriod:
		return TrialPlanDecided, true
	default:
		return RequestedPlan, false
	}
}

// choosePlan lets the product's Customer Journey decide on the plan.
// Errors: PlanNotFound, UnpublishedPackage, ProductNotFound, BadUserInput.
func (d *draft) choosePlan() error {
	requested, err := d.getPlan(d.input.PlanID)
	if err != nil {
		return err
	}
	d.product = d.offer.product
	if d.product == nil {
		return domain.FieldErrorf(domain.ProductNotFound, planField, "is of a product that does not exist")
	}
	if d.product.MultipleSubscriptions && d.input.ResourceID == nil {
		return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.resourceId",
			"must be given, because the product allows several subscriptions, one a resource")
	}
	d.plan = requested
	var starts bool
	if d.decision, starts = startDecision(d.product.Journey); starts {
		if d.product.Journey.StartPlanID == nil {
			return domain.FieldErrorf(domain.PlanNotFound, planField, "is of a product whose start plan does not exist")
		}
		if d.plan, err = d.getPlan(*d.product.Journey.StartPlanID); err != nil {
			return err
		}
	}
	d.asked = d.plan.RefID == requested.RefID
	return d.decideTrial()
}

// getPlan is a published plan. Errors: PlanNotFound, UnpublishedPackage.
func (d *draft) getPlan(planID string) (*domain.Plan, error) {
	plan := d.offer.plans[planID]
	if plan == nil {
		return nil, domain.NotFound(domain.PlanNotFound, planField, "Plan", planID)
	}
	if !plan.Published {
		return nil, domain.FieldErrorf(domain.UnpublishedPackage, planField, "is a plan that was not published").About("Plan", planID)
	}
	return plan, nil
}

// planEntitlements are those of a plan and of the plans that it is based on. Errors: PlanNotFound.
func (d *draft) planEntitlements(plan *domain.Plan) ([]domain.PackageEntitlement, error) {
	chain := []*domain.Plan{plan}
	for plan.BasePlanID != nil && len(chain) <= domain.MaxBasePlans {
		base := d.offer.plans[*plan.BasePlanID]
		if base == nil {
			return nil, domain.FieldErrorf(domain.PlanNotFound, planField, "is based on a plan that does not exist: Plan not found").
				About("Plan", *plan.BasePlanID)
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

// decideTrial decides whether there is a trial. Errors: BadUserInput.
func (d *draft) decideTrial() error {
	d.trial = d.decision == TrialPlanDecided
	override := d.input.Trial
	if override == nil {
		return nil
	}
	const field = "subscriptionParams.trialOverrideConfiguration"
	switch {
	case d.decision == TrialPlanDecided && !override.IsTrial:
		return domain.FieldErrorf(domain.BadUserInput, field+".isTrial", "must be true, because the product starts every customer with a trial")
	case d.decision == FreePlanDecided:
		return nil
	case override.IsTrial && d.plan.PricingType == domain.PricingFree:
		return domain.FieldErrorf(domain.BadUserInput, field+".isTrial", "must be false for a free plan")
	case override.IsTrial && override.EndDate == nil && d.plan.Trial == nil:
		return domain.FieldErrorf(domain.BadUserInput, field+".trialEndDate", "must be given, because the plan has no trial of its own")
	case override.IsTrial && override.EndDate != nil && !override.EndDate.After(d.start):
		return domain.FieldErrorf(domain.BadUserInput, field+".trialEndDate", "must be after the start of the subscription")
	}
	d.trial = override.IsTrial
	return nil
}
