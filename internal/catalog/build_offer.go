package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"clientele/internal/domain"
)

// subscriptionStart is where a period starts that says nothing else.
const subscriptionStart = "SubscriptionStart"

// periodStarts are the ways in which a period can start, by its length; the first one is the default.
var periodStarts = map[string][]string{
	"YEAR":  {subscriptionStart},
	"MONTH": {subscriptionStart, "StartOfTheMonth"},
	"WEEK": {
		subscriptionStart, "EverySunday", "EveryMonday", "EveryTuesday", "EveryWednesday", "EveryThursday", "EveryFriday", "EverySaturday",
	},
}

func (b builder) entitlement(at []string, e entitlement, behavior domain.Behavior) domain.PackageEntitlement {
	built := domain.PackageEntitlement{
		FeatureID: e.Feature, UsageLimit: e.Limit, Unlimited: e.Unlimited, SoftLimit: e.Soft, EnumValues: e.Values,
		Behavior: orElse(e.Behavior, behavior), IsCustom: e.Custom, Description: optional(e.Description),
		DisplayNameOverride: optional(e.Name), HiddenFromWidgets: e.HiddenFromWidgets,
	}
	b.noneTwice(step(at, "values"), e.Values)
	b.noneTwice(step(at, "hiddenFromWidgets"), e.HiddenFromWidgets)
	b.refuse(at, "soft", e.Soft && e.Limit == nil, "needs a limit")
	if e.Reset != nil {
		starts := periodStarts[e.Reset.Every]
		switch {
		case len(starts) == 0:
			b.refuse(step(at, "reset"), "accordingTo", e.Reset.AccordingTo != "", "is for a YEAR, MONTH or WEEK")
		case e.Reset.AccordingTo != "" && !slices.Contains(starts, e.Reset.AccordingTo):
			b.problems.add(step(at, "reset", "accordingTo"), "must be one of %s for a %s", strings.Join(starts, " "), e.Reset.Every)
		}
		built.Reset = &domain.ResetPeriod{Unit: e.Reset.Every}
		if len(starts) > 0 {
			built.Reset.AccordingTo = new(orElse(e.Reset.AccordingTo, starts[0]))
		}
	}
	return built
}

// entitlementsTogether checks what the entitlements of a package say of each other.
func (b builder) entitlementsTogether(at []string, entitlements []domain.PackageEntitlement) {
	first := map[string]int{}
	for i, e := range entitlements {
		if earlier, twice := first[e.FeatureID]; twice {
			b.problems.add(step(at, strconv.Itoa(i), "feature"), "is the feature of entitlements[%d] already", earlier)
			continue
		}
		first[e.FeatureID] = i
	}
}

func (b builder) price(at []string, p price) domain.Price {
	built := domain.Price{
		Model: orElse(p.Model, domain.FlatFee), Period: p.Period, Cadence: orElse(p.Cadence, recurring),
		CountryCode: optional(p.Country), Currency: p.Currency, FeatureID: optional(p.Feature),
		BlockSize: p.Block, MinUnits: p.Min, MaxUnits: p.Max,
	}
	if p.Amount != nil {
		built.Amount = new(b.amount(step(at, "amount"), *p.Amount))
	}
	if p.TiersMode != "" {
		built.TiersMode = &p.TiersMode
	}
	b.refuse(at, "country", p.Country != "" && !domain.IsCountry(p.Country), "is no country of ISO 3166-1")
	b.currency(step(at, "currency"), p.Currency)
	counted := built.Model == domain.PerUnit || built.Model == domain.UsageBased
	model := string(built.Model)
	b.refuse(at, "feature", counted && p.Feature == "", "is missing: "+model+" counts one")
	b.refuse(at, "feature", !counted && p.Feature != "", "is for the models PER_UNIT and USAGE_BASED, this is "+model)
	b.refuse(at, "amount", p.Amount == nil && p.Tiers == nil, "is missing")
	b.refuse(at, "amount", p.Amount != nil && p.Tiers != nil, "does not go together with tiers")
	b.refuse(at, "block", p.Block != nil && !counted, "is for the models PER_UNIT and USAGE_BASED, this is "+model)
	b.refuse(at, "block", p.Block != nil && p.Tiers != nil, "does not go together with tiers")
	b.refuse(at, "tiers", p.Tiers != nil && !counted, "is for the models PER_UNIT and USAGE_BASED, this is "+model)
	b.refuse(at, "tiersMode", p.Tiers != nil && p.TiersMode == "", "is missing: tiers need one")
	b.refuse(at, "tiersMode", p.Tiers == nil && p.TiersMode != "", "needs tiers")
	b.refuse(at, "min", p.Min != nil && built.Model != domain.PerUnit, "is for the model PER_UNIT, this is "+model)
	b.refuse(at, "max", p.Max != nil && built.Model != domain.PerUnit, "is for the model PER_UNIT, this is "+model)
	b.refuse(at, "max", p.Min != nil && p.Max != nil && *p.Min > *p.Max, "must be at least min")
	b.refuse(at, "cadence", built.Cadence == domain.OneOff && (built.Model == domain.UsageBased || built.Model == domain.MinimumSpend),
		"cannot be ONE_OFF for "+model)
	built.Tiers = b.tiers(step(at, "tiers"), p.Tiers)
	return built
}

func (b builder) tiers(at []string, tiers []tier) []domain.PriceTier {
	var built []domain.PriceTier
	var below int64
	for i, t := range tiers {
		here := step(at, strconv.Itoa(i))
		last := i == len(tiers)-1
		b.refuse(here, "upTo", last && t.UpTo != nil, "must be left out in the last tier, which is for all that is above")
		b.refuse(here, "upTo", !last && t.UpTo == nil, "is missing: only the last tier has none")
		if t.UpTo != nil {
			b.refuse(here, "upTo", *t.UpTo <= below, "must be more than that of the tier before")
			below = *t.UpTo
		}
		if t.Unit == nil && t.Flat == nil {
			b.problems.add(here, "needs unit or flat, or both")
		}
		tier := domain.PriceTier{UpTo: t.UpTo}
		if t.Unit != nil {
			tier.UnitAmount = new(b.amount(step(here, "unit"), *t.Unit))
		}
		if t.Flat != nil {
			tier.FlatAmount = new(b.amount(step(here, "flat"), *t.Flat))
		}
		built = append(built, tier)
	}
	return built
}

// group is the prices of a package that are chosen together.
type group struct {
	period            domain.BillingPeriod
	country, currency string
}

func groupOf(p domain.Price) group {
	g := group{period: p.Period, currency: p.Currency}
	if p.CountryCode != nil {
		g.country = *p.CountryCode
	}
	return g
}

// String names the group by what it is for.
func (g group) String() string {
	if g.country == "" {
		return string(g.period) + " in " + g.currency
	}
	return string(g.period) + " in " + g.currency + " for " + g.country
}

const sameCharges = "all countries and currencies of a period need the same charges"

// pricesTogether checks that whoever pays, in whichever country and currency, is charged for the same things.
func (b builder) pricesTogether(at []string, prices []domain.Price) {
	groups := map[group]map[string]int{}
	first := map[domain.BillingPeriod]group{}
	var order []group
	for i, p := range prices {
		g := groupOf(p)
		if groups[g] == nil {
			groups[g] = map[string]int{}
			order = append(order, g)
			if _, found := first[g.period]; !found {
				first[g.period] = g
			}
		}
		if earlier, twice := groups[g][p.Charge()]; twice {
			b.problems.add(step(at, strconv.Itoa(i)), "charges %s %s, as prices[%d] does already", p.Charge(), g, earlier)
			continue
		}
		groups[g][p.Charge()] = i
	}
	for _, g := range order {
		model := first[g.period]
		for _, missing := range slices.Sorted(maps.Keys(groups[model])) {
			if _, found := groups[g][missing]; !found {
				b.problems.add(at, "charge %s %s, but not %s; %s", missing, model, g, sameCharges)
			}
		}
		for _, extra := range slices.Sorted(maps.Keys(groups[g])) {
			if _, found := groups[model][extra]; !found {
				b.problems.add(step(at, strconv.Itoa(groups[g][extra])), "charges %s %s, but nothing does %s; %s", extra, g, model, sameCharges)
			}
		}
	}
}

func (b builder) moneyList(at []string, list []money) []domain.Money {
	var built []domain.Money
	seen := map[string]bool{}
	for i, m := range list {
		here := step(at, strconv.Itoa(i))
		b.currency(step(here, "currency"), m.Currency)
		b.refuse(here, "currency", seen[m.Currency], "is there twice")
		seen[m.Currency] = true
		built = append(built, domain.Money{Currency: m.Currency, Amount: b.amount(step(here, "amount"), m.Amount)})
	}
	return built
}

func (b builder) currency(at []string, code string) {
	if !domain.IsCurrency(code) {
		b.problems.add(at, "is no currency that the API knows")
	}
}

// amount is the amount as it is kept. It checks what the schema cannot: text is bounded like a number.
func (b builder) amount(at []string, a amount) domain.Decimal {
	built := domain.Decimal(a).Kept()
	if built.Sign() < 0 || built.Compare(domain.MaxAmount) > 0 {
		b.problems.add(at, "must be from 0 to %s", domain.MaxAmount)
	}
	return built
}
