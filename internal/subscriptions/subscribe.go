package subscriptions

import (
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// draft is an initial subscription that is being decided on, without a store and without a clock.
type draft struct {
	customer *domain.Customer
	input    Input
	offer    *offer
	payment  Payment
	now      time.Time
	start    time.Time
	// newID makes UUIDs, newRef ids for subscriptions that were given none.
	newID, newRef func() string

	product  *domain.Product
	plan     *domain.Plan
	decision Decision
	trial    bool
	// asked is whether the plan is the one that was asked for. Otherwise what the input says of prices, add-ons and
	// coupons was meant for another plan and does not apply.
	asked bool
}

// decide adds the initial subscription to the customer. It returns the redemption of a promotion code that the
// subscription needs, if it needs one.
func (d *draft) decide() (*redemption, error) {
	if err := d.choosePlan(); err != nil {
		return nil, err
	}
	s := &domain.Subscription{
		ID: d.newID(), SubscriptionID: d.subscriptionID(),
		ProductID: d.product.RefID, PlanID: d.plan.RefID, PlanUUID: d.plan.ID, PlanVersion: d.plan.VersionNumber,
		PricingType: d.plan.PricingType, ResourceID: d.input.ResourceID,
		PaymentCollectionMethod: d.input.PaymentCollectionMethod, Budget: d.input.Budget,
		StartDate: d.start, BillingCycleAnchor: d.start,
		BillingID: d.input.BillingID, SalesforceID: d.input.SalesforceID, CreatedAt: d.now,
	}
	var err error
	if d.input.Metadata.Value != nil {
		if s.Metadata, err = domain.Metadata(nil).Merge("subscriptionParams.additionalMetaData", *d.input.Metadata.Value); err != nil {
			return nil, err
		}
	}
	if s.Entitlements, err = d.planEntitlements(d.plan); err != nil {
		return nil, err
	}
	var redemption *redemption
	if d.asked {
		if err := d.addAddonsAndPrices(s); err != nil {
			return nil, err
		}
		if redemption, err = d.addCoupon(s); err != nil {
			return nil, err
		}
	} else {
		if err := d.checkNames(); err != nil {
			return nil, err
		}
		if err := d.defaultPrices(s); err != nil {
			return nil, err
		}
	}
	if err := d.overrideEntitlements(s); err != nil {
		return nil, err
	}
	if err := d.schedule(s); err != nil {
		return nil, err
	}
	d.customer.Subscriptions = append(d.customer.Subscriptions, *s)
	d.customer.SubscribedAt = &d.now
	if d.trial {
		d.customer.TrialedPlans = append(d.customer.TrialedPlans, domain.TrialedPlan{
			ProductID: d.product.RefID, ProductUUID: d.product.ID, PlanID: d.plan.RefID, PlanUUID: d.plan.ID,
		})
		return redemption, d.addDowngrade(s)
	}
	return redemption, nil
}

func (d *draft) subscriptionID() string {
	switch {
	case d.input.SubscriptionID != nil:
		return *d.input.SubscriptionID
	case d.input.RefID != nil:
		return *d.input.RefID
	default:
		return d.newRef()
	}
}

// checkNames refuses what does not exist of all that was said of the plan asked for, although none of it applies to
// the plan that the customer gets.
func (d *draft) checkNames() error {
	for i, addon := range d.input.Addons {
		if d.offer.addons[addon.AddonID] == nil {
			return addonNotFound(i, addon.AddonID)
		}
	}
	for _, feature := range d.input.BillableFeatures {
		if err := d.requireFeature(feature.Field, feature.FeatureID); err != nil {
			return err
		}
	}
	if applied := d.input.Coupon; applied != nil && applied.CouponID != nil {
		if _, err := d.coupon(*applied.CouponID); err != nil {
			return err
		}
	}
	if code, field, _ := d.input.promotionCode(); code != nil {
		return d.requireCode(field, *code)
	}
	return nil
}

func (d *draft) requireFeature(field, featureID string) error {
	if d.offer.features[featureID] == nil {
		return domain.NotFound(domain.FeatureNotFound, field, "Feature", featureID)
	}
	return nil
}

// requireCode refuses a promotion code that the catalogue does not have. Errors: PromotionCodeNotFound, BadUserInput.
func (d *draft) requireCode(field, code string) error {
	if err := validate.ID(field, code); err != nil {
		return err
	}
	if d.offer.code == nil {
		return domain.FieldErrorf(domain.PromotionCodeNotFound, field, "is no promotion code of this environment: Promotion code not found")
	}
	return nil
}

// couponField is where an input names a coupon.
const couponField = "subscriptionParams.appliedCoupon.couponId"

// coupon is a coupon of the catalogue, archived or not. Errors: CouponNotFound.
func (d *draft) coupon(couponID string) (*domain.Coupon, error) {
	if coupon := d.offer.coupons[couponID]; coupon != nil {
		return coupon, nil
	}
	return nil, domain.NotFound(domain.CouponNotFound, couponField, "Coupon", couponID)
}
