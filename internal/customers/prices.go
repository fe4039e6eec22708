package customers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// maxQuantity bounds how many units of anything a subscription pays.
const maxQuantity = 1_000_000_000

// addAddonsAndPrices adds what was asked for beside the plan itself, and what all of it costs.
// Errors: AddonNotFound, UnpublishedPackage, IncompatibleAddon, InvalidQuantity, FeatureNotFound,
// BillingPeriodMissing, AmountTooLarge, BadUserInput.
func (b *subscriber) addAddonsAndPrices(ctx context.Context, s *domain.Subscription) error {
	addons, err := b.addons(ctx)
	if err != nil {
		return err
	}
	paid := b.plan.PricingType == domain.PricingPaid
	for i, addon := range addons {
		paid = paid || addon.PricingType == domain.PricingPaid
		quantity := b.input.Addons[i].Quantity
		s.Addons = append(s.Addons, domain.SubscriptionAddon{
			ID: b.service.newID(), AddonID: addon.RefID, Version: addon.VersionNumber, Quantity: quantity,
		})
	}
	s.BillingCountryCode = b.input.BillingCountryCode
	if paid {
		if s.PricingType != domain.PricingCustom {
			s.PricingType = domain.PricingPaid
		}
		if err := b.addCharges(s, addons); err != nil {
			return err
		}
	}
	if err := b.setQuantities(ctx, s); err != nil {
		return err
	}
	for i, addon := range addons {
		s.Entitlements = domain.WithAddon(s.Entitlements, addon.Entitlements, b.input.Addons[i].Quantity)
	}
	if err := b.overridePrices(s); err != nil {
		return err
	}
	if total := s.TotalPrice(nil, b.now); total != nil && total.SubTotal.Compare(domain.MaxAmount) > 0 {
		return domain.FieldErrorf(domain.AmountTooLarge, "subscriptionParams", "would cost more than %s in one billing period", domain.MaxAmount)
	}
	return nil
}

// addons are the add-ons that were asked for, in that order.
func (b *subscriber) addons(ctx context.Context) ([]*domain.Addon, error) {
	if len(b.input.Addons) == 0 {
		return nil, nil
	}
	ids := make([]string, len(b.input.Addons))
	for i, addon := range b.input.Addons {
		ids[i] = addon.AddonID
	}
	found, err := b.service.store.Addons().GetMany(ctx, b.customer.EnvironmentID, ids)
	if err != nil {
		return nil, err
	}
	addons := make([]*domain.Addon, len(ids))
	for i, asked := range b.input.Addons {
		field := fmt.Sprintf("subscriptionParams.addons[%d]", i)
		addon := found[asked.AddonID]
		switch {
		case addon == nil:
			return nil, addonNotFound(i, asked.AddonID)
		case !addon.Published:
			return nil, domain.FieldErrorf(domain.UnpublishedPackage, field+".addonId", "is an add-on that was not published").
				With("entityName", "Addon").With("identifier", asked.AddonID)
		case slices.Index(ids, asked.AddonID) != i:
			return nil, domain.FieldErrorf(domain.BadUserInput, field+".addonId", "must not be there twice; say how many with quantity")
		case !slices.Contains(b.plan.CompatibleAddonIDs, addon.RefID):
			return nil, domain.FieldErrorf(domain.IncompatibleAddon, field+".addonId", "is an add-on that does not go with the plan")
		case asked.Quantity < 1 || asked.Quantity > maxQuantity:
			return nil, domain.FieldErrorf(domain.InvalidQuantity, field+".quantity", "must be from 1 to %d", maxQuantity)
		case addon.MaxQuantity != nil && asked.Quantity > *addon.MaxQuantity:
			return nil, domain.FieldErrorf(domain.InvalidQuantity, field+".quantity", "must be at most %d for this add-on", *addon.MaxQuantity)
		}
		for _, needed := range addon.DependencyIDs {
			if !slices.Contains(ids, needed) {
				return nil, domain.FieldErrorf(domain.IncompatibleAddon, field+".addonId", "is an add-on that needs the add-on %q", needed)
			}
		}
		addons[i] = addon
	}
	return addons, nil
}

func addonNotFound(i int, addonID string) error {
	return domain.FieldErrorf(domain.AddonNotFound, fmt.Sprintf("subscriptionParams.addons[%d].addonId", i),
		"is no add-on of this environment: Addon not found").With("entityName", "Addon").With("identifier", addonID)
}

// addCharges chooses the prices of the plan and of the add-ons, all in one currency.
func (b *subscriber) addCharges(s *domain.Subscription, addons []*domain.Addon) error {
	period, err := b.billingPeriod(addons)
	if err != nil {
		return err
	}
	s.BillingPeriod = &period
	currency := b.currency
	if b.plan.PricingType == domain.PricingPaid {
		prices := choosePrices(b.plan.Prices, period, b.input.BillingCountryCode, currency)
		if len(prices) == 0 {
			return domain.FieldErrorf(domain.BadUserInput, "billingInformation.currency", "must be a currency that the plan has a price in")
		}
		currency = &prices[0].Currency
		b.charge(s, prices, nil, 1)
	}
	for i, addon := range addons {
		if addon.PricingType != domain.PricingPaid {
			continue
		}
		prices := choosePrices(addon.Prices, period, b.input.BillingCountryCode, currency)
		if len(prices) == 0 {
			return domain.FieldErrorf(domain.IncompatibleAddon, fmt.Sprintf("subscriptionParams.addons[%d].addonId", i),
				"is an add-on without a price in the billing period and currency of the subscription")
		}
		currency = &prices[0].Currency
		b.charge(s, prices, &addon.RefID, b.input.Addons[i].Quantity)
	}
	return nil
}

func (b *subscriber) charge(s *domain.Subscription, prices []domain.Price, addonID *string, times int64) {
	for _, price := range prices {
		if least := price.Amount; price.Model == domain.MinimumSpend && least != nil && (s.MinimumSpend == nil || least.Compare(*s.MinimumSpend) > 0) {
			s.MinimumSpend = least
		}
		s.Charges = append(s.Charges, domain.Charge{
			ID: b.service.newID(), AddonID: addonID, Price: price, Quantity: 1, Times: times,
		})
	}
}

// billingPeriod is the period that was asked for. Errors: BillingPeriodMissing, BadUserInput.
func (b *subscriber) billingPeriod(addons []*domain.Addon) (domain.BillingPeriod, error) {
	const field = "subscriptionParams.billingPeriod"
	offered := b.plan.Prices
	if b.plan.PricingType != domain.PricingPaid {
		for _, addon := range addons {
			offered = slices.Concat(offered, addon.Prices)
		}
	}
	asked := b.input.BillingPeriod
	switch {
	case asked == nil && b.decision == TrialPlanDecided && len(offered) > 0:
		return offered[0].Period, nil
	case asked == nil:
		return "", domain.FieldErrorf(domain.BillingPeriodMissing, field, "must be given, because the subscription is paid")
	case !slices.ContainsFunc(offered, func(p domain.Price) bool { return p.Period == *asked }):
		return "", domain.FieldErrorf(domain.BadUserInput, field, "must be a billing period that the plan has a price for")
	}
	return *asked, nil
}

// choosePrices are the prices of a package for a period: those of the country if it has any of its own, else
// those for everywhere; in the currency, or without one in the currency that is listed first. The catalogue
// makes sure that each such set is complete. None: there is no price like that.
func choosePrices(prices []domain.Price, period domain.BillingPeriod, country, currency *string) []domain.Price {
	inCountry := func(p domain.Price) bool { return p.CountryCode != nil && country != nil && *p.CountryCode == *country }
	everywhere := func(p domain.Price) bool { return p.CountryCode == nil }
	for _, where := range []func(domain.Price) bool{inCountry, everywhere} {
		var chosen []domain.Price
		wanted := currency
		for _, p := range prices {
			if p.Period != period || !where(p) || wanted != nil && p.Currency != *wanted {
				continue
			}
			wanted = &p.Currency
			chosen = append(chosen, p)
		}
		if len(chosen) > 0 {
			return chosen
		}
	}
	return nil
}

// defaultPrices are those of a start plan, which nobody asked for: with its first billing period, and the
// least quantities that can be had.
func (b *subscriber) defaultPrices(s *domain.Subscription) error {
	if b.plan.PricingType != domain.PricingPaid {
		return nil
	}
	if len(b.plan.Prices) == 0 {
		return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.planId", "leads to a start plan that has no price")
	}
	period := b.plan.Prices[0].Period
	s.BillingPeriod = &period
	b.charge(s, choosePrices(b.plan.Prices, period, b.input.BillingCountryCode, nil), nil, 1)
	for i := range s.Charges {
		if price := &s.Charges[i].Price; price.Model == domain.PerUnit && price.MinUnits != nil {
			s.Charges[i].Quantity = *price.MinUnits
		}
	}
	return nil
}

// setQuantities says how many units of each per-unit price are paid.
func (b *subscriber) setQuantities(ctx context.Context, s *domain.Subscription) error {
	const field = "subscriptionParams.billableFeatures"
	asked := map[string]FeatureQuantity{}
	for _, quantity := range b.input.BillableFeatures {
		if _, twice := asked[quantity.FeatureID]; twice {
			return domain.FieldErrorf(domain.BadUserInput, quantity.Field, "must not name a feature twice")
		}
		asked[quantity.FeatureID] = quantity
	}
	if units := b.input.UnitQuantity; units != nil {
		charge := b.onlyPerUnit(s)
		if charge == nil {
			return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.unitQuantity", "needs a plan with exactly one per-unit price")
		}
		if _, twice := asked[*charge.Price.FeatureID]; twice {
			return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.unitQuantity", "must not be given together with billableFeatures for the same feature")
		}
		asked[*charge.Price.FeatureID] = FeatureQuantity{
			Field: "subscriptionParams.unitQuantity", FeatureID: *charge.Price.FeatureID, Quantity: *units,
		}
	}
	used := map[string]bool{}
	for i := range s.Charges {
		charge := &s.Charges[i]
		if charge.Price.Model != domain.PerUnit {
			continue
		}
		quantity, given := asked[*charge.Price.FeatureID]
		if !given {
			if b.decision != TrialPlanDecided {
				return domain.FieldErrorf(domain.BadUserInput, field, "must give the quantity of the feature %q, which is paid per unit", *charge.Price.FeatureID).
					With("featureId", *charge.Price.FeatureID)
			}
			if charge.Price.MinUnits != nil {
				charge.Quantity = *charge.Price.MinUnits
			}
			continue
		}
		used[quantity.FeatureID] = true
		units, err := checkQuantity(quantity, charge.Price)
		if err != nil {
			return err
		}
		charge.Quantity = units
		if charge.AddonID == nil {
			// What is paid for is what may be used.
			s.Entitlements = domain.WithUnits(s.Entitlements, b.service.newID(), quantity.FeatureID, charge.Quantity)
		}
	}
	for _, quantity := range b.input.BillableFeatures {
		if used[quantity.FeatureID] {
			continue
		}
		if _, err := b.service.requireFeatures(ctx, b.customer.EnvironmentID, quantity.Field, []string{quantity.FeatureID}); err != nil {
			return err
		}
		return domain.FieldErrorf(domain.BadUserInput, quantity.Field, "must be a feature that the subscription pays per unit")
	}
	return nil
}

func checkQuantity(quantity FeatureQuantity, price domain.Price) (int64, error) {
	lowest, highest := int64(0), int64(maxQuantity)
	if price.MinUnits != nil {
		lowest = *price.MinUnits
	}
	if price.MaxUnits != nil {
		highest = *price.MaxUnits
	}
	n, err := validate.WholeNumber(domain.InvalidQuantity, quantity.Field, quantity.Quantity, lowest, highest)
	if refusal, ok := errors.AsType[*domain.Error](err); ok {
		return 0, refusal.With("featureId", quantity.FeatureID)
	}
	return n, nil
}

// onlyPerUnit is the plan's charge per unit, if there is exactly one.
func (b *subscriber) onlyPerUnit(s *domain.Subscription) *domain.Charge {
	var only *domain.Charge
	for i := range s.Charges {
		if c := &s.Charges[i]; c.AddonID == nil && c.Price.Model == domain.PerUnit {
			if only != nil {
				return nil
			}
			only = c
		}
	}
	return only
}

// overridePrices lets the input's prices stand in place of the catalogue's.
func (b *subscriber) overridePrices(s *domain.Subscription) error {
	if amount := b.input.UnitAmount; amount != nil {
		const field = "subscriptionParams.priceUnitAmount"
		charge := b.onlyPerUnit(s)
		if charge == nil {
			return domain.FieldErrorf(domain.BadUserInput, field, "needs a plan with exactly one per-unit price")
		}
		if err := validate.Amount(field, *amount); err != nil {
			return err
		}
		charge.Price.Amount, charge.Price.Tiers, charge.Price.TiersMode = amount, nil, nil
	}
	for i, override := range b.input.PriceOverrides {
		field := fmt.Sprintf("subscriptionParams.priceOverrides[%d]", i)
		at := slices.IndexFunc(s.Charges, func(c domain.Charge) bool { return override.isFor(c) })
		if at < 0 {
			return domain.FieldErrorf(domain.BadUserInput, field, "must be for a price that the subscription has")
		}
		if err := override.apply(field, &s.Charges[at].Price); err != nil {
			return err
		}
	}
	if minimum := b.input.MinimumSpend; minimum != nil {
		const field = "subscriptionParams.minimumSpend.minimum"
		if len(s.Charges) == 0 {
			return domain.FieldErrorf(domain.BadUserInput, field, "needs a subscription that is paid")
		}
		amount, err := minimum.in(field, s.Charges[0].Price.Currency)
		if err != nil {
			return err
		}
		s.MinimumSpend = amount
	}
	return nil
}

func (o PriceOverride) isFor(c domain.Charge) bool {
	if o.FeatureID == nil && c.Price.Model != domain.FlatFee {
		return false
	}
	return sameText(o.AddonID, c.AddonID) && sameText(o.FeatureID, c.Price.FeatureID)
}

func (o PriceOverride) apply(field string, price *domain.Price) error {
	counted := price.Model == domain.PerUnit || price.Model == domain.UsageBased
	switch tiered := len(o.Tiers) > 0; {
	case o.Amount == nil && o.BlockSize == nil && !tiered:
		return domain.FieldErrorf(domain.BadUserInput, field, "must give a price, a blockSize or tiers")
	case o.Amount != nil && tiered:
		return domain.FieldErrorf(domain.BadUserInput, field+".tiers", "must not be given together with a price")
	case o.BlockSize != nil && (!counted || tiered || o.Amount == nil && len(price.Tiers) > 0):
		return domain.FieldErrorf(domain.BadUserInput, field+".blockSize", "is for a price of units without tiers")
	}
	if o.Amount != nil {
		amount, err := o.Amount.in(field+".price", price.Currency)
		if err != nil {
			return err
		}
		price.Amount, price.Tiers, price.TiersMode = amount, nil, nil
	}
	if o.BlockSize != nil {
		size, err := validate.WholeNumber(domain.InvalidQuantity, field+".blockSize", *o.BlockSize, 1, maxQuantity)
		if err != nil {
			return err
		}
		price.BlockSize = &size
	}
	if len(o.Tiers) == 0 {
		return nil
	}
	if price.Model == domain.FlatFee {
		return domain.FieldErrorf(domain.BadUserInput, field+".tiers", "must not be given for a flat fee")
	}
	if len(o.Tiers) > maxSubscriptionItems {
		return domain.FieldErrorf(domain.BadUserInput, field+".tiers", "must have at most %d tiers", maxSubscriptionItems)
	}
	tiers := make([]domain.PriceTier, len(o.Tiers))
	below := 0.0
	for i, tier := range o.Tiers {
		at := fmt.Sprintf("%s.tiers[%d]", field, i)
		last := i == len(o.Tiers)-1
		switch {
		case last != (tier.UpTo == nil):
			return domain.FieldErrorf(domain.BadUserInput, at+".upTo", "must be given in every tier but the last")
		case tier.UpTo != nil && (*tier.UpTo <= below || *tier.UpTo != math.Trunc(*tier.UpTo) || *tier.UpTo > maxQuantity):
			return domain.FieldErrorf(domain.BadUserInput, at+".upTo", "must be a whole number above that of the tier before")
		case tier.UpTo != nil:
			below = *tier.UpTo
			upTo := int64(below)
			tiers[i].UpTo = &upTo
		}
		if tier.UnitAmount == nil && tier.FlatAmount == nil {
			return domain.FieldErrorf(domain.BadUserInput, at, "must give a unitPrice, a flatPrice or both")
		}
		var err error
		if tier.UnitAmount != nil {
			if tiers[i].UnitAmount, err = tier.UnitAmount.in(at+".unitPrice", price.Currency); err != nil {
				return err
			}
		}
		if tier.FlatAmount != nil {
			if tiers[i].FlatAmount, err = tier.FlatAmount.in(at+".flatPrice", price.Currency); err != nil {
				return err
			}
		}
	}
	if price.TiersMode == nil {
		mode := domain.TiersVolume
		price.TiersMode = &mode
	}
	price.Amount, price.Tiers = nil, tiers
	return nil
}

// in is the amount, which has to be in the currency. Errors: AmountTooLarge, BadUserInput.
func (a Amount) in(field, currency string) (*domain.Decimal, error) {
	if a.Currency != nil && *a.Currency != currency {
		return nil, domain.FieldErrorf(domain.BadUserInput, field+".currency", "must be %s, the currency of the subscription", currency)
	}
	return &a.Amount, validate.Amount(field+".amount", a.Amount)
}

// requireFeatures answers features by their ids. Errors: FeatureNotFound.
func (s *Service) requireFeatures(ctx context.Context, environmentID, field string, ids []string) (map[string]*domain.Feature, error) {
	found, err := s.store.Features().GetMany(ctx, environmentID, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if found[id] == nil {
			return nil, domain.FieldErrorf(domain.FeatureNotFound, field, "names a feature that this environment does not have: Feature not found").
				With("entityName", "Feature").With("identifier", id)
		}
	}
	return found, nil
}

// getCoupon answers a coupon, archived or not. Errors: CouponNotFound.
func (s *Service) getCoupon(ctx context.Context, environmentID, field, couponID string) (*domain.Coupon, error) {
	coupon, err := s.store.Coupons().Get(ctx, domain.Ref{EnvironmentID: environmentID, RefID: couponID})
	if errors.Is(err, persistence.ErrNotFound) {
		err = domain.FieldErrorf(domain.CouponNotFound, field, "is no coupon of this environment: Coupon not found").
			With("entityName", "Coupon").With("identifier", couponID)
	}
	return coupon, err
}

// checkGivable refuses a coupon that nobody can be given any more. Errors: CouponIsArchived.
func checkGivable(field string, coupon *domain.Coupon) error {
	if !coupon.Archived() {
		return nil
	}
	return domain.FieldErrorf(domain.CouponIsArchived, field, "is an archived coupon, which cannot be applied").
		With("entityName", "Coupon").With("identifier", coupon.RefID)
}
