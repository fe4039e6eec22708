package catalog

import (
	"time"

	"clientele/internal/domain"
)

// The functions below are the inverse of build.go: they return a document in the form of a file. They show every
// field that a file owns and no other, so they are also used to compare documents.

func showFeature(f *domain.Feature) feature {
	shown := feature{
		ID: f.RefID, Name: f.DisplayName, Description: text(f.Description), Type: f.Type, Meter: unless(text(f.MeterType), meterNone),
		Status: unless(f.Status, featureActive), Metadata: f.Metadata.JSON(),
	}
	if f.Units != nil {
		shown.Units = &units{One: *f.Units, Many: text(f.UnitsPlural)}
	}
	for _, v := range f.EnumValues {
		shown.Values = append(shown.Values, enumValue{Value: v.Value, Name: unless(v.DisplayName, v.Value)})
	}
	return shown
}

func showProduct(p *domain.Product) product {
	shown := product{
		ID: p.RefID, Name: text(p.DisplayName), Description: text(p.Description), MultipleSubscriptions: p.MultipleSubscriptions,
		AWSMarketplaceProduct: text(p.AWSMarketplaceProductID), Metadata: p.Metadata.JSON(),
	}
	j := journey{
		Start: unless(p.Journey.Start, domain.StartPlanSelection), StartPlan: text(p.Journey.StartPlanID),
		End: unless(p.Journey.End, domain.EndCancel), DowngradePlan: text(p.Journey.DowngradePlanID),
		Cancellation: unless(p.Journey.CancellationTime, endOfBillingPeriod),
	}
	if j != (journey{}) {
		shown.Journey = &j
	}
	return shown
}

func showPlan(p *domain.Plan) plan {
	shown := plan{
		heading: showHeading(&p.Package), Base: text(p.BasePlanID), Addons: p.CompatibleAddonIDs,
		AWSMarketplaceDimension: text(p.AWSMarketplaceDimension), offer: showOffer(&p.Package, domain.BehaviorOverride),
	}
	if t := p.Trial; t != nil {
		shown.Trial = &trial{End: unless(t.EndBehavior, domain.CancelSubscription)}
		if t.Units == trialMonths {
			shown.Trial.Months = t.Duration
		} else {
			shown.Trial.Days = t.Duration
		}
		if t.Budget != nil {
			shown.Trial.Budget = &budget{Limit: amount(t.Budget.Limit), Soft: t.Budget.SoftLimit}
		}
	}
	return shown
}

func showAddon(a *domain.Addon) addon {
	return addon{
		heading: showHeading(&a.Package), MaxQuantity: a.MaxQuantity, Dependencies: a.DependencyIDs,
		offer: showOffer(&a.Package, domain.BehaviorIncrement),
	}
}

func showHeading(p *domain.Package) heading {
	return heading{
		ID: p.RefID, Product: p.ProductID, Name: p.DisplayName, Description: text(p.Description), Pricing: p.PricingType,
		Published: unlessTrue(p.Published), HiddenFromWidgets: p.HiddenFromWidgets,
	}
}

func showOffer(p *domain.Package, behavior domain.Behavior) offer {
	shown := offer{Metadata: p.Metadata.JSON()}
	for _, e := range p.Entitlements {
		one := entitlement{
			Feature: e.FeatureID, Limit: e.UsageLimit, Unlimited: e.Unlimited, Custom: e.IsCustom, Soft: e.SoftLimit,
			Values: e.EnumValues, Behavior: unless(e.Behavior, behavior), Name: text(e.DisplayNameOverride),
			Description: text(e.Description), HiddenFromWidgets: e.HiddenFromWidgets,
		}
		if e.Reset != nil {
			one.Reset = &reset{Every: e.Reset.Unit, AccordingTo: unless(text(e.Reset.AccordingTo), subscriptionStart)}
		}
		shown.Entitlements = append(shown.Entitlements, one)
	}
	for _, p := range p.Prices {
		one := price{
			Period: p.Period, Country: text(p.CountryCode), Currency: p.Currency, Cadence: unless(p.Cadence, recurring),
			Model: unless(p.Model, domain.FlatFee), Feature: text(p.FeatureID), Amount: (*amount)(p.Amount),
			Block: p.BlockSize, Min: p.MinUnits, Max: p.MaxUnits,
		}
		if p.TiersMode != nil {
			one.TiersMode = *p.TiersMode
		}
		for _, t := range p.Tiers {
			one.Tiers = append(one.Tiers, tier{UpTo: t.UpTo, Unit: (*amount)(t.UnitAmount), Flat: (*amount)(t.FlatAmount)})
		}
		shown.Prices = append(shown.Prices, one)
	}
	return shown
}

func showCoupon(c *domain.Coupon) coupon {
	shown := coupon{
		ID: c.RefID, Name: c.Name, Description: text(c.Description), Percent: (*amount)(c.PercentOff),
		Amounts: showMoney(c.AmountsOff), Months: c.DurationInMonths, Metadata: c.Metadata.JSON(),
	}
	if c.Archived() {
		shown.Archived = new(true)
	}
	return shown
}

func showPromotionCode(c *domain.PromotionCode) promotionCode {
	return promotionCode{
		ID: c.RefID, Coupon: c.CouponID, Active: unlessTrue(c.Active), Starts: showTime(c.StartsAt), Expires: showTime(c.ExpiresAt),
		Customer: text(c.CustomerID), MaxRedemptions: c.MaxRedemptions, MinimumAmounts: showMoney(c.MinimumAmounts),
		FirstPurchaseOnly: c.FirstPurchaseOnly,
	}
}

func showMoney(list []domain.Money) []money {
	var shown []money
	for _, m := range list {
		shown = append(shown, money{Currency: m.Currency, Amount: amount(m.Amount)})
	}
	return shown
}

// showTime writes milliseconds only if they are not zero.
func showTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

// text returns an empty string for nil.
func text(t *string) string {
	if t == nil {
		return ""
	}
	return *t
}

// unless returns the value, or an empty one if it is the default.
func unless[T ~string](value, byDefault T) T {
	if value == byDefault {
		return ""
	}
	return value
}

func unlessTrue(value bool) *bool {
	if value {
		return nil
	}
	return &value
}
