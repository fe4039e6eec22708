package catalog

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"clientele/internal/domain"
)

// The lists of a catalogue, as a file calls them.
const (
	features       = "features"
	products       = "products"
	addons         = "addons"
	plans          = "plans"
	coupons        = "coupons"
	promotionCodes = "promotionCodes"
)

// document is one of the catalogue's nouns.
type document interface{ Head() *domain.Record }

// items are the documents of a catalogue, those of a file in the file's order.
type items struct {
	features []*domain.Feature
	products []*domain.Product
	addons   []*domain.Addon
	plans    []*domain.Plan
	coupons  []*domain.Coupon
	codes    []*domain.PromotionCode
}

func (i items) empty() bool {
	return len(i.features)+len(i.products)+len(i.addons)+len(i.plans)+len(i.coupons)+len(i.codes) == 0
}

// builder makes documents of what a file says, and notes what is wrong with an item by itself.
type builder struct {
	problems *problems
}

// build answers the documents of a file. Of their records they have the RefID; Service gives them the rest.
func build(file File, found *problems) items {
	b := builder{problems: found}
	content := file.content
	return items{
		features: buildAll(b, features, content.Features, b.feature),
		products: buildAll(b, products, content.Products, b.product),
		addons:   buildAll(b, addons, content.Addons, b.addon),
		plans:    buildAll(b, plans, content.Plans, b.plan),
		coupons:  buildAll(b, coupons, content.Coupons, b.coupon),
		codes:    buildAll(b, promotionCodes, content.PromotionCodes, b.promotionCode),
	}
}

func buildAll[F any, D document](b builder, list string, from []F, build func([]string, F) D) []D {
	built := make([]D, len(from))
	first := make(map[string]int, len(from))
	for i, item := range from {
		at := []string{list, strconv.Itoa(i)}
		built[i] = build(at, item)
		id := built[i].Head().RefID
		if earlier, twice := first[id]; twice {
			line, _ := locate(b.problems.root, []string{list, strconv.Itoa(earlier), "id"})
			b.problems.add(step(at, "id"), "%s is the id of %s[%d] in line %d already", id, list, earlier, line)
			continue
		}
		first[id] = i
	}
	return built
}

func (b builder) feature(at []string, f feature) *domain.Feature {
	built := &domain.Feature{
		Record: domain.Record{RefID: f.ID}, DisplayName: f.Name, Description: optional(f.Description), Type: f.Type,
		Status: orElse(f.Status, featureActive), Metadata: b.metadata(at, f.Metadata),
	}
	switch f.Type {
	case domain.FeatureNumber:
		built.MeterType = new(orElse(f.Meter, meterNone))
	default:
		b.refuse(at, "meter", f.Meter != "", "is for features of the type NUMBER")
	}
	if f.Units != nil {
		b.refuse(at, "units", f.Type != domain.FeatureNumber, "is for features of the type NUMBER")
		built.Units, built.UnitsPlural = &f.Units.One, &f.Units.Many
	}
	b.refuse(at, "values", f.Type == domain.FeatureEnum && f.Values == nil, "is missing: a feature of the type ENUM has values")
	b.refuse(at, "values", f.Type != domain.FeatureEnum && f.Values != nil, "is for features of the type ENUM")
	seen := map[string]bool{}
	for i, value := range f.Values {
		if seen[value.Value] {
			b.problems.add(step(at, "values", strconv.Itoa(i)), "is there twice")
		}
		seen[value.Value] = true
		built.EnumValues = append(built.EnumValues, domain.EnumValue{Value: value.Value, DisplayName: orElse(value.Name, value.Value)})
	}
	return built
}

func (b builder) product(at []string, p product) *domain.Product {
	j := journey{}
	if p.Journey != nil {
		j = *p.Journey
	}
	j.Start, j.End = orElse(j.Start, domain.StartPlanSelection), orElse(j.End, domain.EndCancel)
	startsWithPlan, downgrades := j.Start != domain.StartPlanSelection, j.End == domain.EndDowngrade
	b.refuse(step(at, "journey"), "startPlan", startsWithPlan && j.StartPlan == "", "is missing: "+string(j.Start)+" starts with a plan")
	b.refuse(step(at, "journey"), "startPlan", !startsWithPlan && j.StartPlan != "", "is for the starts FREE_PLAN and TRIAL_PERIOD")
	b.refuse(step(at, "journey"), "downgradePlan", downgrades && j.DowngradePlan == "", "is missing: DOWNGRADE_TO_FREE leads to a plan")
	b.refuse(step(at, "journey"), "downgradePlan", !downgrades && j.DowngradePlan != "", "is for the end DOWNGRADE_TO_FREE")
	return &domain.Product{
		Record: domain.Record{RefID: p.ID}, DisplayName: optional(p.Name), Description: optional(p.Description),
		AWSMarketplaceProductID: optional(p.AWSMarketplaceProduct), Metadata: b.metadata(at, p.Metadata),
		MultipleSubscriptions: p.MultipleSubscriptions,
		Journey: domain.Journey{
			Start: j.Start, StartPlanID: optional(j.StartPlan), End: j.End, DowngradePlanID: optional(j.DowngradePlan),
			CancellationTime: orElse(j.Cancellation, endOfBillingPeriod),
		},
	}
}

func (b builder) plan(at []string, p plan) *domain.Plan {
	built := &domain.Plan{
		Package: b.pack(at, p.heading, p.offer, domain.BehaviorOverride), BasePlanID: optional(p.Base),
		CompatibleAddonIDs: p.Addons, AWSMarketplaceDimension: optional(p.AWSMarketplaceDimension),
	}
	for i, e := range p.Entitlements {
		b.refuse(step(at, "entitlements", strconv.Itoa(i)), "behavior", e.Behavior != "", "is for add-ons; a plan's entitlement always takes the place of its base plan's")
	}
	b.noneTwice(step(at, "addons"), p.Addons)
	if t := p.Trial; t != nil {
		built.Trial = &domain.TrialDefault{Units: trialDays, Duration: t.Days, EndBehavior: orElse(t.End, domain.CancelSubscription)}
		if t.Months > 0 {
			built.Trial.Units, built.Trial.Duration = trialMonths, t.Months
		}
		if (t.Days > 0) == (t.Months > 0) {
			b.problems.add(step(at, "trial"), "needs either days or months")
		}
		if t.Budget != nil {
			limit := b.amount(step(at, "trial", "budget", "limit"), t.Budget.Limit)
			built.Trial.Budget = &domain.Budget{Limit: limit, SoftLimit: t.Budget.Soft}
		}
	}
	return built
}

func (b builder) addon(at []string, a addon) *domain.Addon {
	b.noneTwice(step(at, "dependencies"), a.Dependencies)
	return &domain.Addon{
		Package:     b.pack(at, a.heading, a.offer, domain.BehaviorIncrement),
		MaxQuantity: a.MaxQuantity, DependencyIDs: a.Dependencies,
	}
}

// pack is what plans and add-ons have in common.
func (b builder) pack(at []string, h heading, o offer, behavior domain.Behavior) domain.Package {
	built := domain.Package{
		Record: domain.Record{RefID: h.ID}, DisplayName: h.Name, Description: optional(h.Description), ProductID: h.Product,
		PricingType: h.Pricing, Published: h.Published == nil || *h.Published, HiddenFromWidgets: h.HiddenFromWidgets,
		Metadata: b.metadata(at, o.Metadata),
	}
	b.noneTwice(step(at, "hiddenFromWidgets"), h.HiddenFromWidgets)
	for i, e := range o.Entitlements {
		built.Entitlements = append(built.Entitlements, b.entitlement(step(at, "entitlements", strconv.Itoa(i)), e, behavior))
	}
	b.entitlementsTogether(step(at, "entitlements"), built.Entitlements)
	soFar := len(b.problems.found)
	for i, p := range o.Prices {
		built.Prices = append(built.Prices, b.price(step(at, "prices", strconv.Itoa(i)), p))
	}
	if len(b.problems.found) == soFar {
		// A price that is wrong by itself would also differ from the others, which helps nobody.
		b.pricesTogether(step(at, "prices"), built.Prices)
	}
	b.refuse(at, "prices", h.Pricing != domain.PricingPaid && len(o.Prices) > 0, "is for the pricing PAID, this is "+string(h.Pricing))
	b.refuse(at, "prices", h.Pricing == domain.PricingPaid && built.Published && len(o.Prices) == 0, "is missing: what is PAID and published has a price")
	return built
}

func (b builder) coupon(at []string, c coupon) *domain.Coupon {
	built := &domain.Coupon{
		Record: domain.Record{RefID: c.ID}, Name: c.Name, Description: optional(c.Description), Type: domain.CouponFixed,
		Source: domain.CouponSource, DurationInMonths: c.Months, Metadata: b.metadata(at, c.Metadata),
		AmountsOff: b.moneyList(step(at, "amounts"), c.Amounts),
	}
	if c.Archived != nil {
		built.Status = domain.CouponActive
		if *c.Archived {
			built.Status = domain.CouponArchived
		}
	}
	if (c.Percent != nil) == (len(c.Amounts) > 0) {
		b.problems.add(at, "needs either percent or amounts")
	}
	if c.Percent != nil {
		percent := domain.Decimal(*c.Percent).Kept()
		if percent.Sign() <= 0 || percent.Compare("100") > 0 {
			b.problems.add(step(at, "percent"), "must be more than 0 and at most 100")
		}
		built.Type, built.PercentOff = domain.CouponPercentage, &percent
	}
	for i, m := range built.AmountsOff {
		b.refuse(step(at, "amounts", strconv.Itoa(i)), "amount", m.Amount.Sign() == 0, "must be more than 0")
	}
	return built
}

func (b builder) promotionCode(at []string, c promotionCode) *domain.PromotionCode {
	built := &domain.PromotionCode{
		Record: domain.Record{RefID: c.ID}, CouponID: c.Coupon, Active: c.Active == nil || *c.Active,
		StartsAt: b.time(step(at, "starts"), c.Starts), ExpiresAt: b.time(step(at, "expires"), c.Expires),
		CustomerID: optional(c.Customer), MaxRedemptions: c.MaxRedemptions, FirstPurchaseOnly: c.FirstPurchaseOnly,
		MinimumAmounts: b.moneyList(step(at, "minimumAmounts"), c.MinimumAmounts),
	}
	b.refuse(at, "expires", built.StartsAt != nil && built.ExpiresAt != nil && !built.StartsAt.Before(*built.ExpiresAt), "must be after starts")
	return built
}

// refuse notes a problem with a field if there is one.
func (b builder) refuse(at []string, field string, wrong bool, text string) {
	if wrong {
		b.problems.add(step(at, field), "%s", text)
	}
}

func (b builder) noneTwice(at []string, ids []string) {
	for i, id := range ids {
		if slices.Index(ids, id) != i {
			b.problems.add(step(at, strconv.Itoa(i)), "%s is there twice", id)
		}
	}
}

func (b builder) metadata(at []string, text json.RawMessage) domain.Metadata {
	metadata, err := domain.Metadata(nil).Merge("metadata", text)
	if refusal, ok := errors.AsType[*domain.Error](err); ok {
		b.problems.add(step(at, "metadata"), "%s", refusal.Message)
	}
	return metadata
}

func (b builder) time(at []string, text string) *time.Time {
	if text == "" {
		return nil
	}
	parsed, err := time.Parse(time.DateOnly, text)
	if err != nil {
		parsed, err = time.Parse(time.RFC3339, text)
	}
	parsed = domain.Timestamp(parsed)
	if err != nil || parsed.Year() < 1 || parsed.Year() > 9999 {
		b.problems.add(at, "%s", patternRules["time"])
	}
	return &parsed
}

// optional is nil for a text that was left out.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// orElse is the value, or its default if it was left out.
func orElse[T ~string](value, otherwise T) T {
	if value == "" {
		return otherwise
	}
	return value
}

// The words of the API that the domain has no names for.
const (
	featureActive      = "ACTIVE"
	meterNone          = "None"
	endOfBillingPeriod = "END_OF_BILLING_PERIOD"
	trialDays          = "DAY"
	trialMonths        = "MONTH"
	recurring          = "RECURRING"
)
