package catalog

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"clientele/internal/domain"
)

// subscriptionStart is the default start of a reset period.
const subscriptionStart = "SubscriptionStart"

// periodStarts lists when a reset period can start, by its length; the first one is the default.
var periodStarts = map[string][]string{
	"YEAR":  {subscriptionStart},
	"MONTH": {subscriptionStart, "StartOfTheMonth"},
	"WEEK": {
		subscriptionStart, "EverySunday", "EveryMonday", "EveryTuesday", "EveryWednesday", "EveryThursday", "EveryFriday", "EverySaturday",
	},
}

func (b builder) entitlement(at fieldPath, e entitlement, behavior domain.Behavior) domain.PackageEntitlement {
	built := domain.PackageEntitlement{
		FeatureID: e.Feature, UsageLimit: e.Limit, Unlimited: e.Unlimited, SoftLimit: e.Soft, EnumValues: e.Values,
		Behavior: cmp.Or(e.Behavior, behavior), IsCustom: e.Custom, Description: optional(e.Description),
		DisplayNameOverride: optional(e.Name), HiddenFromWidgets: e.HiddenFromWidgets,
	}
	b.rejectDuplicateTexts(at.child("values"), e.Values)
	b.rejectDuplicateTexts(at.child("hiddenFromWidgets"), e.HiddenFromWidgets)
	b.rejectIf(at, "soft", e.Soft && e.Limit == nil, "needs a limit")
	if r := e.Reset; r != nil {
		built.Reset = &domain.ResetPeriod{Unit: r.Every}
		if starts := periodStarts[r.Every]; starts != nil {
			built.Reset.AccordingTo = new(cmp.Or(r.AccordingTo, starts[0]))
			b.rejectIf(at.child("reset"), "accordingTo", !slices.Contains(starts, *built.Reset.AccordingTo),
				"must be one of "+strings.Join(starts, " ")+" for a "+r.Every)
		} else {
			b.rejectIf(at.child("reset"), "accordingTo", r.AccordingTo != "", "is only allowed for a YEAR, MONTH or WEEK")
		}
	}
	return built
}

func (b builder) price(at fieldPath, p price) domain.Price {
	built := domain.Price{
		Model: cmp.Or(p.Model, domain.FlatFee), Period: p.Period, Cadence: cmp.Or(p.Cadence, recurring),
		CountryCode: optional(p.Country), Currency: p.Currency, FeatureID: optional(p.Feature),
		Amount: b.optionalAmount(at.child("amount"), p.Amount), BlockSize: p.Block, MinUnits: p.Min, MaxUnits: p.Max,
		Tiers: b.tiers(at.child("tiers"), p.Tiers),
	}
	if p.TiersMode != "" {
		built.TiersMode = &p.TiersMode
	}
	model, perUnit := string(built.Model), built.Model == domain.PerUnit
	counted, tiered := perUnit || built.Model == domain.UsageBased, p.Tiers != nil
	countedOnly := "is only allowed for the models PER_UNIT and USAGE_BASED, not " + model
	perUnitOnly := "is only allowed for the model PER_UNIT, not " + model
	b.rejectIf(at, "country", p.Country != "" && !domain.IsCountry(p.Country), "is not an ISO 3166-1 country")
	b.currency(at.child("currency"), p.Currency)
	b.rejectIf(at, "feature", counted && p.Feature == "", "is missing: "+model+" needs one")
	b.rejectIf(at, "feature", !counted && p.Feature != "", countedOnly)
	b.rejectIf(at, "amount", p.Amount == nil && !tiered, "is missing")
	b.rejectIf(at, "amount", p.Amount != nil && tiered, "cannot be combined with tiers")
	b.rejectIf(at, "block", p.Block != nil && !counted, countedOnly)
	b.rejectIf(at, "block", p.Block != nil && tiered, "cannot be combined with tiers")
	b.rejectIf(at, "tiers", tiered && !counted, countedOnly)
	b.rejectIf(at, "tiersMode", tiered && p.TiersMode == "", "is missing: tiers need one")
	b.rejectIf(at, "tiersMode", !tiered && p.TiersMode != "", "needs tiers")
	b.rejectIf(at, "min", p.Min != nil && !perUnit, perUnitOnly)
	b.rejectIf(at, "max", p.Max != nil && !perUnit, perUnitOnly)
	b.rejectIf(at, "max", p.Min != nil && p.Max != nil && *p.Min > *p.Max, "must be at least min")
	b.rejectIf(at, "cadence", built.Cadence == domain.OneOff && (built.Model == domain.UsageBased || built.Model == domain.MinimumSpend),
		"cannot be ONE_OFF for "+model)
	return built
}

func (b builder) tiers(at fieldPath, tiers []tier) []domain.PriceTier {
	var built []domain.PriceTier
	var below int64
	for i, t := range tiers {
		in, last := at.item(i), i == len(tiers)-1
		b.rejectIf(in, "upTo", last && t.UpTo != nil, "must be left out in the last tier, which has no upper bound")
		b.rejectIf(in, "upTo", !last && t.UpTo == nil, "is missing: only the last tier has none")
		if t.UpTo != nil {
			b.rejectIf(in, "upTo", *t.UpTo <= below, "must be more than in the tier before")
			below = *t.UpTo
		}
		if t.Unit == nil && t.Flat == nil {
			b.problems.add(in, "needs unit or flat, or both")
		}
		built = append(built, domain.PriceTier{
			UpTo: t.UpTo, UnitAmount: b.optionalAmount(in.child("unit"), t.Unit), FlatAmount: b.optionalAmount(in.child("flat"), t.Flat),
		})
	}
	return built
}

// group identifies the prices of a package that a customer pays together.
type group struct {
	period            domain.BillingPeriod
	country, currency string
}

func groupOf(p domain.Price) group {
	return group{period: p.Period, country: text(p.CountryCode), currency: p.Currency}
}

// String is part of the ids of prices, so it must not change.
func (g group) String() string {
	if g.country == "" {
		return string(g.period) + " in " + g.currency
	}
	return string(g.period) + " in " + g.currency + " for " + g.country
}

const differentCharges = "%s is missing for %s, but there is one for %s; each country and currency of a period needs the same charges"

// requireSameCharges checks that a package charges for the same things in every country and currency.
func (b builder) requireSameCharges(at fieldPath, prices []domain.Price) {
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
		if earlier, duplicate := groups[g][p.Charge()]; duplicate {
			b.problems.add(at.item(i), "is already in prices[%d]: %s %s", earlier, p.Charge(), g)
			continue
		}
		groups[g][p.Charge()] = i
	}
	for _, g := range order {
		model := first[g.period]
		for _, charge := range slices.Sorted(maps.Keys(groups[model])) {
			if _, found := groups[g][charge]; !found {
				b.problems.add(at, differentCharges, charge, g, model)
			}
		}
		for _, charge := range slices.Sorted(maps.Keys(groups[g])) {
			if _, found := groups[model][charge]; !found {
				b.problems.add(at.item(groups[g][charge]), differentCharges, charge, model, g)
			}
		}
	}
}

func (b builder) moneyList(at fieldPath, list []money) []domain.Money {
	var built []domain.Money
	rejectDuplicates(b, at, list, func(m money) string { return m.Currency }, "currency")
	for i, m := range list {
		in := at.item(i)
		b.currency(in.child("currency"), m.Currency)
		built = append(built, domain.Money{Currency: m.Currency, Amount: b.amount(in.child("amount"), m.Amount)})
	}
	return built
}

func (b builder) currency(at fieldPath, code string) {
	if !domain.IsCurrency(code) {
		b.problems.add(at, "is not a known currency")
	}
}

// amount returns the amount as it is stored. The schema does not check the range of an amount written as text.
func (b builder) amount(at fieldPath, a amount) domain.Decimal {
	built := domain.Decimal(a).Kept()
	if built.Sign() < 0 || built.Compare(domain.MaxAmount) > 0 {
		b.problems.add(at, "must be from 0 to %s", domain.MaxAmount)
	}
	return built
}

func (b builder) optionalAmount(at fieldPath, a *amount) *domain.Decimal {
	if a == nil {
		return nil
	}
	return new(b.amount(at, *a))
}
