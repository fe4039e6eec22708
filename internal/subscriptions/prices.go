package subscriptions

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// maxQuantity bounds how many units of anything a subscription pays.
const maxQuantity = 1_000_000_000

// addAddonsAndPrices adds what was asked for beside the plan itself, and what all of it costs.
// Errors: AddonNotFound, UnpublishedPackage, IncompatibleAddon, InvalidQuantity, FeatureNotFound,
// BillingPeriodMissing, AmountTooLarge, BadUserInput.
func (d *draft) addAddonsAndPrices(s *domain.Subscription) error {
	addons, err := d.addons()
	if err != nil {
		return err
	}
	paid := d.plan.PricingType == domain.PricingPaid
	for i, addon := range addons {
		paid = paid || addon.PricingType == domain.PricingPaid
		quantity := d.input.Addons[i].Quantity
		s.Addons = append(s.Addons, domain.SubscriptionAddon{
			ID: d.newID(), AddonID: addon.RefID, Version: addon.VersionNumber, Quantity: quantity,
		})
	}
	s.BillingCountryCode = d.input.BillingCountryCode
	if paid {
		if s.PricingType != domain.PricingCustom {
			s.PricingType = domain.PricingPaid
		}
		if err := d.addCharges(s, addons); err != nil {
			return err
		}
	}
	if err := d.setQuantities(s); err != nil {
		return err
	}
	for i, addon := range addons {
		s.Entitlements = domain.WithAddon(s.Entitlements, addon.Entitlements, d.input.Addons[i].Quantity)
	}
	if err := d.overridePrices(s); err != nil {
		return err
	}
	if total := s.TotalPrice(nil, d.now); total != nil && total.SubTotal.Compare(domain.MaxAmount) > 0 {
		return domain.FieldErrorf(domain.AmountTooLarge, "subscriptionParams", "would cost more than %s in one billing period", domain.MaxAmount)
	}
	return nil
}

// addons are the add-ons that were asked for, in that order.
func (d *draft) addons() ([]*domain.Addon, error) {
	ids := d.input.addonIDs()
	addons := make([]*domain.Addon, len(ids))
	for i, asked := range d.input.Addons {
		field := fmt.Sprintf("subscriptionParams.addons[%d]", i)
		addon := d.offer.addons[asked.AddonID]
		switch {
		case addon == nil:
			return nil, addonNotFound(i, asked.AddonID)
		case !addon.Published:
			return nil, domain.FieldErrorf(domain.UnpublishedPackage, field+".addonId", "is an add-on that was not published").About("Addon", asked.AddonID)
		case slices.Index(ids, asked.AddonID) != i:
			return nil, domain.FieldErrorf(domain.BadUserInput, field+".addonId", "must not be there twice; say how many with quantity")
		case !slices.Contains(d.plan.CompatibleAddonIDs, addon.RefID):
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
	return domain.NotFound(domain.AddonNotFound, fmt.Sprintf("subscriptionParams.addons[%d].addonId", i), "Addon", addonID)
}

// addCharges chooses the prices of the plan and of the add-ons, all in one currency.
func (d *draft) addCharges(s *domain.Subscription, addons []*domain.Addon) error {
	period, err := d.billingPeriod(addons)
	if err != nil {
		return err
	}
	s.BillingPeriod = &period
	currency := d.payment.Currency
	if d.plan.PricingType == domain.PricingPaid {
		prices := choosePrices(d.plan.Prices, period, d.input.BillingCountryCode, currency)
		if len(prices) == 0 {
			return domain.FieldErrorf(domain.BadUserInput, "billingInformation.currency", "must be a currency that the plan has a price in")
		}
		currency = &prices[0].Currency
		d.charge(s, prices, nil, 1)
	}
	for i, addon := range addons {
		if addon.PricingType != domain.PricingPaid {
			continue
		}
		prices := choosePrices(addon.Prices, period, d.input.BillingCountryCode, currency)
		if len(prices) == 0 {
			return domain.FieldErrorf(domain.IncompatibleAddon, fmt.Sprintf("subscriptionParams.addons[%d].addonId", i),
				"is an add-on without a price in the billing period and currency of the subscription")
		}
		currency = &prices[0].Currency
		d.charge(s, prices, &addon.RefID, d.input.Addons[i].Quantity)
	}
	return nil
}

func (d *draft) charge(s *domain.Subscription, prices []domain.Price, addonID *string, times int64) {
	for _, price := range prices {
		if least := price.Amount; price.Model == domain.MinimumSpend && least != nil && (s.MinimumSpend == nil || least.Compare(*s.MinimumSpend) > 0) {
			s.MinimumSpend = least
		}
		s.Charges = append(s.Charges, domain.Charge{
			ID: d.newID(), AddonID: addonID, Price: price, Quantity: 1, Times: times,
		})
	}
}

// billingPeriod is the period that was asked for. Errors: BillingPeriodMissing, BadUserInput.
func (d *draft) billingPeriod(addons []*domain.Addon) (domain.BillingPeriod, error) {
	const field = "subscriptionParams.billingPeriod"
	offered := d.plan.Prices
	if d.plan.PricingType != domain.PricingPaid {
		for _, addon := range addons {
			offered = slices.Concat(offered, addon.Prices)
		}
	}
	asked := d.input.BillingPeriod
	switch {
	case asked == nil && d.decision == TrialPlanDecided && len(offered) > 0:
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
func (d *draft) defaultPrices(s *domain.Subscription) error {
	if d.plan.PricingType != domain.PricingPaid {
		return nil
	}
	if len(d.plan.Prices) == 0 {
		return domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.planId", "leads to a start plan that has no price")
	}
	period := d.plan.Prices[0].Period
	s.BillingPeriod = &period
	d.charge(s, choosePrices(d.plan.Prices, period, d.input.BillingCountryCode, nil), nil, 1)
	for i := range s.Charges {
		if price := &s.Charges[i].Price; price.Model == domain.PerUnit && price.MinUnits != nil {
			s.Charges[i].Quantity = *price.MinUnits
		}
	}
	return nil
}

// setQuantities says how many units of each per-unit price are paid.
func (d *draft) setQuantities(s *domain.Subscription) error {
	const field = "subscriptionParams.billableFeatures"
	asked := map[string]FeatureQuantity{}
	for _, quantity := range d.input.BillableFeatures {
		if _, twice := asked[quantity.FeatureID]; twice {
			return domain.FieldErrorf(domain.BadUserInput, quantity.Field, "must not name a feature twice")
		}
		asked[quantity.FeatureID] = quantity
	}
	if units := d.input.UnitQuantity; units != nil {
		charge := d.onlyPerUnit(s)
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
			if d.decision != TrialPlanDecided {
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
			s.Entitlements = domain.WithUnits(s.Entitlements, d.newID(), quantity.FeatureID, charge.Quantity)
		}
	}
	for _, quantity := range d.input.BillableFeatures {
		if used[quantity.FeatureID] {
			continue
		}
		if err := d.requireFeature(quantity.Field, quantity.FeatureID); err != nil {
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
func (d *draft) onlyPerUnit(s *domain.Subscription) *domain.Charge {
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
func (d *draft) overridePrices(s *domain.Subscription) error {
	if amount := d.input.UnitAmount; amount != nil {
		const field = "subscriptionParams.priceUnitAmount"
		charge := d.onlyPerUnit(s)
		if charge == nil {
			return domain.FieldErrorf(domain.BadUserInput, field, "needs a plan with exactly one per-unit price")
		}
		if err := validate.Amount(field, *amount); err != nil {
			return err
		}
		charge.Price.Amount, charge.Price.Tiers, charge.Price.TiersMode = amount, nil, nil
	}
	for i, override := range d.input.PriceOverrides {
		field := fmt.Sprintf("subscriptionParams.priceOverrides[%d]", i)
		at := slices.IndexFunc(s.Charges, func(c domain.Charge) bool { return override.isFor(c) })
		if at < 0 {
			return domain.FieldErrorf(domain.BadUserInput, field, "must be for a price that the subscription has")
		}
		if err := override.apply(field, &s.Charges[at].Price); err != nil {
			return err
		}
	}
	if minimum := d.input.MinimumSpend; minimum != nil {
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
	return domain.SameText(o.AddonID, c.AddonID) && domain.SameText(o.FeatureID, c.Price.FeatureID)
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
	if len(o.Tiers) > maxItems {
		return domain.FieldErrorf(domain.BadUserInput, field+".tiers", "must have at most %d tiers", maxItems)
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
