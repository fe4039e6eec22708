package catalog

import (
	"cmp"
	"encoding/json"
	"errors"
	"time"

	"clientele/internal/domain"
)

// builder turns the items of a file into documents and checks each item by itself.
type builder struct {
	problems *problemList
}

// build returns the documents of a file. Of their records only the RefID is set.
func build(file File, problems *problemList) items {
	b, content := builder{problems}, file.content
	return items{
		features: buildList(b, featureList, content.Features),
		products: buildList(b, productList, content.Products),
		addons:   buildList(b, addonList, content.Addons),
		plans:    buildList(b, planList, content.Plans),
		coupons:  buildList(b, couponList, content.Coupons),
		codes:    buildList(b, codeList, content.PromotionCodes),
	}
}

func buildList[F, T any, D pointer[T]](b builder, l list[F, T, D], from []F) []D {
	built, root := make([]D, len(from)), fieldPath{l.name}
	for i, item := range from {
		built[i] = l.build(b, root.item(i), item)
	}
	rejectDuplicates(b, root, built, func(d D) string { return d.Head().RefID }, "id")
	return built
}

func (b builder) feature(at fieldPath, f feature) *domain.Feature {
	built := &domain.Feature{
		Record: domain.Record{RefID: f.ID}, DisplayName: f.Name, Description: optional(f.Description), Type: f.Type,
		Status: cmp.Or(f.Status, featureActive), Metadata: b.metadata(at, f.Metadata),
	}
	isNumber, isEnum := f.Type == domain.FeatureNumber, f.Type == domain.FeatureEnum
	if isNumber {
		built.MeterType = new(cmp.Or(f.Meter, meterNone))
	}
	if f.Units != nil {
		built.Units, built.UnitsPlural = &f.Units.One, &f.Units.Many
	}
	b.rejectIf(at, "meter", !isNumber && f.Meter != "", "is only allowed for features of type NUMBER")
	b.rejectIf(at, "units", !isNumber && f.Units != nil, "is only allowed for features of type NUMBER")
	b.rejectIf(at, "values", isEnum && f.Values == nil, "is missing: a feature of type ENUM needs values")
	b.rejectIf(at, "values", !isEnum && f.Values != nil, "is only allowed for features of type ENUM")
	rejectDuplicates(b, at.child("values"), f.Values, func(v enumValue) string { return v.Value })
	for _, value := range f.Values {
		built.EnumValues = append(built.EnumValues, domain.EnumValue{Value: value.Value, DisplayName: cmp.Or(value.Name, value.Value)})
	}
	return built
}

func (b builder) product(at fieldPath, p product) *domain.Product {
	j := journey{}
	if p.Journey != nil {
		j = *p.Journey
	}
	j.Start, j.End = cmp.Or(j.Start, domain.StartPlanSelection), cmp.Or(j.End, domain.EndCancel)
	startsWithPlan, downgrades, in := j.Start != domain.StartPlanSelection, j.End == domain.EndDowngrade, at.child("journey")
	b.rejectIf(in, "startPlan", startsWithPlan && j.StartPlan == "", "is missing: "+string(j.Start)+" needs a plan")
	b.rejectIf(in, "startPlan", !startsWithPlan && j.StartPlan != "", "is only allowed when start is FREE_PLAN or TRIAL_PERIOD")
	b.rejectIf(in, "downgradePlan", downgrades && j.DowngradePlan == "", "is missing: DOWNGRADE_TO_FREE needs a plan")
	b.rejectIf(in, "downgradePlan", !downgrades && j.DowngradePlan != "", "is only allowed when end is DOWNGRADE_TO_FREE")
	return &domain.Product{
		Record: domain.Record{RefID: p.ID}, DisplayName: optional(p.Name), Description: optional(p.Description),
		AWSMarketplaceProductID: optional(p.AWSMarketplaceProduct), Metadata: b.metadata(at, p.Metadata),
		MultipleSubscriptions: p.MultipleSubscriptions,
		Journey: domain.Journey{
			Start: j.Start, StartPlanID: optional(j.StartPlan), End: j.End, DowngradePlanID: optional(j.DowngradePlan),
			CancellationTime: cmp.Or(j.Cancellation, endOfBillingPeriod),
		},
	}
}

func (b builder) plan(at fieldPath, p plan) *domain.Plan {
	built := &domain.Plan{
		Package: b.pack(at, p.heading, p.offer, domain.BehaviorOverride), BasePlanID: optional(p.Base),
		CompatibleAddonIDs: p.Addons, AWSMarketplaceDimension: optional(p.AWSMarketplaceDimension),
	}
	for i, e := range p.Entitlements {
		b.rejectIf(at.child("entitlements").item(i), "behavior", e.Behavior != "",
			"is only allowed for add-ons; a plan's entitlement always replaces the one of its base plan")
	}
	b.rejectDuplicateTexts(at.child("addons"), p.Addons)
	if t := p.Trial; t != nil {
		in := at.child("trial")
		built.Trial = &domain.TrialDefault{Units: trialDays, Duration: t.Days, EndBehavior: cmp.Or(t.End, domain.CancelSubscription)}
		if t.Months > 0 {
			built.Trial.Units, built.Trial.Duration = trialMonths, t.Months
		}
		if (t.Days > 0) == (t.Months > 0) {
			b.problems.add(in, "needs either days or months")
		}
		if t.Budget != nil {
			built.Trial.Budget = &domain.Budget{Limit: b.amount(in.child("budget", "limit"), t.Budget.Limit), SoftLimit: t.Budget.Soft}
		}
	}
	return built
}

func (b builder) addon(at fieldPath, a addon) *domain.Addon {
	b.rejectDuplicateTexts(at.child("dependencies"), a.Dependencies)
	return &domain.Addon{
		Package:     b.pack(at, a.heading, a.offer, domain.BehaviorIncrement),
		MaxQuantity: a.MaxQuantity, DependencyIDs: a.Dependencies,
	}
}

// pack builds what plans and add-ons have in common.
func (b builder) pack(at fieldPath, h heading, o offer, behavior domain.Behavior) domain.Package {
	built := domain.Package{
		Record: domain.Record{RefID: h.ID}, DisplayName: h.Name, Description: optional(h.Description), ProductID: h.Product,
		PricingType: h.Pricing, Published: h.Published == nil || *h.Published, HiddenFromWidgets: h.HiddenFromWidgets,
		Metadata: b.metadata(at, o.Metadata),
	}
	b.rejectDuplicateTexts(at.child("hiddenFromWidgets"), h.HiddenFromWidgets)
	for i, e := range o.Entitlements {
		built.Entitlements = append(built.Entitlements, b.entitlement(at.child("entitlements").item(i), e, behavior))
	}
	rejectDuplicates(b, at.child("entitlements"), o.Entitlements, func(e entitlement) string { return e.Feature }, "feature")
	before := len(b.problems.all)
	for i, p := range o.Prices {
		built.Prices = append(built.Prices, b.price(at.child("prices").item(i), p))
	}
	if len(b.problems.all) == before {
		// An invalid price would also differ from the others: one problem is enough.
		b.requireSameCharges(at.child("prices"), built.Prices)
	}
	isPaid := h.Pricing == domain.PricingPaid
	b.rejectIf(at, "prices", !isPaid && len(o.Prices) > 0, "is only allowed when pricing is PAID, not "+string(h.Pricing))
	b.rejectIf(at, "prices", isPaid && built.Published && len(o.Prices) == 0, "is missing: a published PAID plan or add-on needs a price")
	return built
}

func (b builder) coupon(at fieldPath, c coupon) *domain.Coupon {
	built := &domain.Coupon{
		Record: domain.Record{RefID: c.ID}, Name: c.Name, Description: optional(c.Description), Type: domain.CouponFixed,
		Source: domain.CouponSource, DurationInMonths: c.Months, Metadata: b.metadata(at, c.Metadata),
		AmountsOff: b.moneyList(at.child("amounts"), c.Amounts),
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
		b.rejectIf(at, "percent", percent.Sign() <= 0 || percent.Compare("100") > 0, "must be more than 0 and at most 100")
		built.Type, built.PercentOff = domain.CouponPercentage, &percent
	}
	for i, m := range built.AmountsOff {
		b.rejectIf(at.child("amounts").item(i), "amount", m.Amount.Sign() == 0, "must be more than 0")
	}
	return built
}

func (b builder) promotionCode(at fieldPath, c promotionCode) *domain.PromotionCode {
	built := &domain.PromotionCode{
		Record: domain.Record{RefID: c.ID}, CouponID: c.Coupon, Active: c.Active == nil || *c.Active,
		StartsAt: b.time(at.child("starts"), c.Starts), ExpiresAt: b.time(at.child("expires"), c.Expires),
		CustomerID: optional(c.Customer), MaxRedemptions: c.MaxRedemptions, FirstPurchaseOnly: c.FirstPurchaseOnly,
		MinimumAmounts: b.moneyList(at.child("minimumAmounts"), c.MinimumAmounts),
	}
	b.rejectIf(at, "expires", built.StartsAt != nil && built.ExpiresAt != nil && !built.StartsAt.Before(*built.ExpiresAt), "must be after starts")
	return built
}

// rejectIf adds a problem with a field if the condition holds.
func (b builder) rejectIf(at fieldPath, field string, condition bool, text string) {
	if condition {
		b.problems.add(at.child(field), "%s", text)
	}
}

// rejectDuplicates adds a problem for each item with the same key as an earlier one. The key is in the given field of
// the item, or the item itself.
func rejectDuplicates[T any](b builder, at fieldPath, list []T, key func(T) string, field ...string) {
	first := make(map[string]int, len(list))
	for i, item := range list {
		earlier, duplicate := first[key(item)]
		if !duplicate {
			first[key(item)] = i
			continue
		}
		line, path := locate(b.problems.root, at.item(earlier).child(field...))
		b.problems.add(at.item(i).child(field...), "is a duplicate of %s in line %d", path, line)
	}
}

func (b builder) rejectDuplicateTexts(at fieldPath, texts []string) {
	rejectDuplicates(b, at, texts, func(text string) string { return text })
}

func (b builder) metadata(at fieldPath, text json.RawMessage) domain.Metadata {
	metadata, err := domain.Metadata(nil).Merge("metadata", text)
	if invalid, ok := errors.AsType[*domain.Error](err); ok {
		b.problems.add(at.child("metadata"), "%s", invalid.Message)
	}
	return metadata
}

func (b builder) time(at fieldPath, text string) *time.Time {
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

// optional returns nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Values of the API that the domain has no names for.
const (
	featureActive      = "ACTIVE"
	meterNone          = "None"
	endOfBillingPeriod = "END_OF_BILLING_PERIOD"
	trialDays          = "DAY"
	trialMonths        = "MONTH"
	recurring          = "RECURRING"
)
