package subscriptions

import (
	"encoding/json"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// Input is what a request says of a new customer's initial subscription.
type Input struct {
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
	// SubscriptionID and its deprecated twin RefID name the subscription; without either an id is generated.
	SubscriptionID *string
	RefID          *string
	ResourceID     *string
	Metadata       domain.Change[json.RawMessage]
	// AwaitPayment is whether a paid subscription waits for its first payment.
	AwaitPayment bool
	// BillingInformation is checked and not stored.
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
	Coupon                  *Coupon
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

// Coupon is a coupon for one subscription: one of CouponID, PromotionCode and Discount.
type Coupon struct {
	CouponID      *string
	PromotionCode *string
	Discount      *Discount
	// StartDate is the subscription's when nil.
	StartDate *time.Time
}

// Discount is a coupon that only this subscription has.
type Discount struct {
	Name *string
	// Description is checked and not stored.
	Description      *string
	DurationInMonths *float64
	PercentOff       *domain.Decimal
	AmountsOff       []Amount
}

// maxItems bounds each list of an input.
const maxItems = 100

// check refuses what is wrong whatever the catalogue has, and brings the country code into its stored form.
func (in *Input) check(checkBilling billingCheck) error {
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
	for _, date := range in.dates() {
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
		if err := checkBilling("subscriptionParams.billingInformation", *in.BillingInformation); err != nil {
			return err
		}
	}
	if max(len(in.Addons), len(in.BillableFeatures), len(in.Entitlements), len(in.PriceOverrides)) > maxItems {
		return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams",
			"must have at most %d add-ons, billable features, entitlements and price overrides each", maxItems)
	}
	return nil
}

type date struct {
	field string
	value *time.Time
}

func (in *Input) dates() []date {
	dates := []date{{"subscriptionParams.startDate", in.StartDate}}
	if in.Trial != nil {
		dates = append(dates, date{"subscriptionParams.trialOverrideConfiguration.trialEndDate", in.Trial.EndDate})
	}
	if in.Coupon != nil {
		dates = append(dates, date{"subscriptionParams.appliedCoupon.configuration.startDate", in.Coupon.StartDate})
	}
	return dates
}

// promotionCode is the code that the input gives, nil for none, and where. Errors: BadUserInput for two that differ.
func (in *Input) promotionCode() (code *string, field string, err error) {
	const own, applied = "subscriptionParams.promotionCode", "subscriptionParams.appliedCoupon.promotionCode"
	if in.Coupon == nil || in.Coupon.PromotionCode == nil {
		return in.PromotionCode, own, nil
	}
	if in.PromotionCode != nil && !strings.EqualFold(*in.PromotionCode, *in.Coupon.PromotionCode) {
		err = domain.FieldErrorf(domain.BadUserInput, applied, "must not differ from %s", own)
	}
	return in.Coupon.PromotionCode, applied, err
}

func (in *Input) addonIDs() []string {
	ids := make([]string, len(in.Addons))
	for i, addon := range in.Addons {
		ids[i] = addon.AddonID
	}
	return ids
}

// featureIDs are the features that the input pays for or is entitled to.
func (in *Input) featureIDs() []string {
	var ids []string
	for _, feature := range in.BillableFeatures {
		ids = append(ids, feature.FeatureID)
	}
	for _, entitlement := range in.Entitlements {
		ids = append(ids, entitlement.FeatureID)
	}
	return ids
}
