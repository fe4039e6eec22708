package resolver

import (
	"cmp"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/internal/subscriptions"
)

// fromSubscriptionParams reads the first subscription; no input is none. Errors: UnsupportedParameter,
// InvalidResetPeriod, BadUserInput.
func fromSubscriptionParams(in *model.ProvisionCustomerSubscriptionInput) (*subscriptions.Input, error) {
	if in == nil {
		return nil, nil
	}
	const path = "subscriptionParams"
	subscribe := &subscriptions.Input{
		PlanID: in.PlanID, BillingPeriod: enum[domain.BillingPeriod](in.BillingPeriod.Value()), UnitAmount: fromFloat(in.PriceUnitAmount.Value()),
		StartDate: in.StartDate.Value(), SubscriptionID: in.SubscriptionID.Value(), RefID: notEmpty(in.RefID),
		ResourceID: in.ResourceID.Value(), Metadata: jsonChangeOf(in.AdditionalMetaData), AwaitPayment: true,
		BillingInformation: fromSubscriptionBillingInfo(in.BillingInformation.Value()),
		BillingID:          in.BillingID.Value(), SalesforceID: in.SalesforceID.Value(), PromotionCode: notEmpty(in.PromotionCode),
		BillingCountryCode: in.BillingCountryCode.Value(), PaymentCollectionMethod: "CHARGE",
	}
	if await := in.AwaitPaymentConfirmation.Value(); await != nil {
		subscribe.AwaitPayment = *await
	}
	if method := in.PaymentCollectionMethod.Value(); method != nil {
		subscribe.PaymentCollectionMethod = method.String()
	}
	// -1 is the schema's default, for "not set".
	if units := in.UnitQuantity.Value(); units != nil && *units != -1 {
		subscribe.UnitQuantity = units
	}
	for _, addon := range in.Addons.Value() {
		quantity := int64(1)
		if q := addon.Quantity.Value(); q != nil {
			quantity = int64(*q)
		}
		subscribe.Addons = append(subscribe.Addons, subscriptions.AddonQuantity{AddonID: addon.AddonID, Quantity: quantity})
	}
	for i, feature := range in.BillableFeatures.Value() {
		subscribe.BillableFeatures = append(subscribe.BillableFeatures, subscriptions.FeatureQuantity{
			Field: fmt.Sprintf("%s.billableFeatures[%d]", path, i), FeatureID: feature.FeatureID, Quantity: feature.Quantity,
		})
	}
	for i, charge := range in.Charges.Value() {
		field := fmt.Sprintf("%s.charges[%d]", path, i)
		if err := unsupported(field+".type", charge.Type != model.ChargeTypeFeature); err != nil {
			return nil, err
		}
		subscribe.BillableFeatures = append(subscribe.BillableFeatures, subscriptions.FeatureQuantity{
			Field: field, FeatureID: charge.ID, Quantity: charge.Quantity,
		})
	}
	if trial := in.TrialOverrideConfiguration.Value(); trial != nil {
		subscribe.Trial = &subscriptions.Trial{
			IsTrial: trial.IsTrial, EndDate: trial.TrialEndDate.Value(), EndBehavior: enum[domain.TrialEndBehavior](trial.TrialEndBehavior.Value()),
		}
	}
	if budget := in.Budget.Value(); budget != nil {
		subscribe.Budget = &domain.Budget{Limit: domain.DecimalOf(budget.Limit), SoftLimit: budget.HasSoftLimit}
	}
	if minimum := in.MinimumSpend.Value(); minimum != nil {
		subscribe.MinimumSpend = fromMoney(minimum.Minimum.Value())
	}
	if coupon := in.AppliedCoupon.Value(); coupon != nil {
		if err := unsupported(path+".appliedCoupon.billingCouponId", coupon.BillingCouponID.Value() != nil); err != nil {
			return nil, err
		}
		subscribe.Coupon = fromSubscriptionCoupon(coupon)
	}
	return subscribe, cmp.Or(addPriceOverrides(path, subscribe, in), addEntitlements(path, subscribe, in))
}

func fromMoney(money *model.MoneyInputDto) *subscriptions.Amount {
	if money == nil {
		return nil
	}
	return &subscriptions.Amount{Amount: domain.DecimalOf(money.Amount), Currency: enum[string](money.Currency.Value())}
}

func fromSubscriptionCoupon(in *model.SubscriptionCouponInput) *subscriptions.Coupon {
	coupon := &subscriptions.Coupon{CouponID: in.CouponID.Value(), PromotionCode: notEmpty(in.PromotionCode)}
	if configuration := in.Configuration.Value(); configuration != nil {
		coupon.StartDate = configuration.StartDate.Value()
	}
	if discount := in.Discount.Value(); discount != nil {
		coupon.Discount = &subscriptions.Discount{
			Name: discount.Name.Value(), Description: discount.Description.Value(), DurationInMonths: discount.DurationInMonths.Value(), PercentOff: fromFloat(discount.PercentOff.Value()),
		}
		for _, off := range discount.AmountsOff.Value() {
			coupon.Discount.AmountsOff = append(coupon.Discount.AmountsOff, *fromMoney(off))
		}
	}
	return coupon
}

func addPriceOverrides(path string, subscribe *subscriptions.Input, in *model.ProvisionCustomerSubscriptionInput) error {
	for i, override := range in.PriceOverrides.Value() {
		field := fmt.Sprintf("%s.priceOverrides[%d]", path, i)
		err := cmp.Or(
			unsupported(field+".creditRate", override.CreditRate.Value() != nil),
			unsupported(field+".creditGrantCadence", override.CreditGrantCadence.Value() != nil),
			unsupported(field+".currencyId", override.CurrencyID.Value() != nil),
		)
		if err != nil {
			return err
		}
		if isTrue(override.BaseCharge) == (override.FeatureID.Value() != nil) {
			return domain.FieldErrorf(domain.BadUserInput, field, "must be for either the baseCharge or a featureId")
		}
		out := subscriptions.PriceOverride{
			FeatureID: override.FeatureID.Value(), AddonID: override.AddonID.Value(),
			Amount: fromMoney(override.Price.Value()), BlockSize: override.BlockSize.Value(),
		}
		for _, tier := range override.Tiers.Value() {
			out.Tiers = append(out.Tiers, subscriptions.TierOverride{
				UpTo: tier.UpTo.Value(), UnitAmount: fromMoney(tier.UnitPrice.Value()), FlatAmount: fromMoney(tier.FlatPrice.Value()),
			})
		}
		subscribe.PriceOverrides = append(subscribe.PriceOverrides, out)
	}
	return nil
}

// addEntitlements reads both forms of entitlements, the older and the newer.
func addEntitlements(path string, subscribe *subscriptions.Input, in *model.ProvisionCustomerSubscriptionInput) error {
	add := func(field, featureID string, reset resetInput, e domain.PackageEntitlement) error {
		var err error
		e.FeatureID = featureID
		if e.Reset, err = reset.read(field); err != nil {
			return err
		}
		subscribe.Entitlements = append(subscribe.Entitlements, e)
		return nil
	}
	for i, e := range in.SubscriptionEntitlements.Value() {
		err := add(fmt.Sprintf("%s.subscriptionEntitlements[%d]", path, i), e.FeatureID,
			resetInput{e.ResetPeriod, e.YearlyResetPeriodConfiguration, e.MonthlyResetPeriodConfiguration, e.WeeklyResetPeriodConfiguration},
			domain.PackageEntitlement{
				Description: e.Description.Value(), UsageLimit: e.UsageLimit.Value(),
				Unlimited: isTrue(e.HasUnlimitedUsage), SoftLimit: isTrue(e.HasSoftLimit),
			})
		if err != nil {
			return err
		}
	}
	for i, union := range in.Entitlements.Value() {
		field := fmt.Sprintf("%s.entitlements[%d]", path, i)
		if err := unsupported(field+".credit", union.Credit.Value() != nil); err != nil {
			return err
		}
		e := union.Feature.Value()
		if e == nil {
			return domain.FieldErrorf(domain.BadUserInput, field+".feature", "must be given")
		}
		if err := unsupported(field+".feature.featureGroupId", e.FeatureGroupID.Value() != nil); err != nil {
			return err
		}
		err := add(field+".feature", e.FeatureID,
			resetInput{e.ResetPeriod, e.YearlyResetPeriodConfiguration, e.MonthlyResetPeriodConfiguration, e.WeeklyResetPeriodConfiguration},
			domain.PackageEntitlement{
				UsageLimit: e.UsageLimit.Value(), Unlimited: isTrue(e.HasUnlimitedUsage), SoftLimit: isTrue(e.HasSoftLimit), EnumValues: e.EnumValues.Value(),
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// fromSubscriptionBillingInfo converts the billing information of a subscription to that of a customer, so that the same
// rules check it.
func fromSubscriptionBillingInfo(in *model.SubscriptionBillingInfo) *domain.BillingInformation {
	if in == nil {
		return nil
	}
	info := &domain.BillingInformation{
		Metadata: in.Metadata.Value(), IntegrationID: in.IntegrationID.Value(), TaxIDs: fromTaxIDs(in.TaxIds),
	}
	if address := in.BillingAddress.Value(); address != nil {
		info.BillingAddress = &domain.Address{
			Country: address.Country.Value(), State: address.State.Value(), City: address.City.Value(), PostalCode: address.PostalCode.Value(),
			AddressLine1: address.Line1.Value(), AddressLine2: address.Line2.Value(),
		}
	}
	return info
}

// fromTaxIDs keeps the difference between omitted, which is nil, and an empty list.
func fromTaxIDs(ids graphql.Omittable[[]*model.TaxExempt]) []domain.TaxID {
	if ids.Value() == nil {
		return nil
	}
	return each(ids.Value(), func(id *model.TaxExempt) domain.TaxID { return domain.TaxID{Type: id.Type, Value: id.Value} })
}
