package catalog

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"clientele/internal/domain"
)

// entry is an item of the catalogue as it would be.
type entry[T any] struct {
	item *T
	// at is where the file has it; nil for an item that is only stored.
	at []string
}

// entries are the items of one kind, those of the file in place of those that are stored.
func entries[T any, D pointer[T]](list string, fromFile, stored []*T) map[string]entry[T] {
	all := make(map[string]entry[T], len(fromFile)+len(stored))
	for _, item := range stored {
		all[D(item).Head().RefID] = entry[T]{item: item}
	}
	for i, item := range fromFile {
		all[D(item).Head().RefID] = entry[T]{item: item, at: []string{list, strconv.Itoa(i)}}
	}
	return all
}

// checker judges what items of the catalogue, as it would be, say of each other.
type checker struct {
	problems *problems
	features map[string]entry[domain.Feature]
	products map[string]entry[domain.Product]
	plans    map[string]entry[domain.Plan]
	addons   map[string]entry[domain.Addon]
	coupons  map[string]entry[domain.Coupon]
	codes    map[string]entry[domain.PromotionCode]
}

// check notes what is wrong with the catalogue that the file would make of what is stored.
func check(file, stored items, found *problems) {
	c := checker{
		problems: found,
		features: entries(features, file.features, stored.features),
		products: entries(products, file.products, stored.products),
		plans:    entries(plans, file.plans, stored.plans),
		addons:   entries(addons, file.addons, stored.addons),
		coupons:  entries(coupons, file.coupons, stored.coupons),
		codes:    entries(promotionCodes, file.codes, stored.codes),
	}
	for _, id := range slices.Sorted(maps.Keys(c.products)) {
		c.product(place{c.products[id].at, "the stored product " + id}, c.products[id].item)
	}
	for _, id := range slices.Sorted(maps.Keys(c.plans)) {
		c.plan(place{c.plans[id].at, "the stored plan " + id}, c.plans[id].item)
	}
	for _, id := range slices.Sorted(maps.Keys(c.addons)) {
		c.addon(place{c.addons[id].at, "the stored add-on " + id}, c.addons[id].item)
	}
	for _, was := range stored.features {
		if next := c.features[was.RefID]; next.at != nil && next.item.Type != was.Type {
			c.problems.add(step(next.at, "type"), "differs from %s, which is stored; customers have the feature, so make another one", was.Type)
		}
	}
	for _, was := range stored.coupons {
		c.coupon(was)
	}
	c.spellings(stored.codes)
	for _, id := range slices.Sorted(maps.Keys(c.codes)) {
		at := place{c.codes[id].at, "the stored promotion code " + id}
		if coupon := c.codes[id].item.CouponID; c.coupons[coupon].item == nil {
			c.add(at, []string{"coupon"}, "names the coupon %s, which does not exist", coupon)
		}
	}
}

// spellings refuses a new code that differs from another one in case alone: customers may send either. Two that are
// stored stay, and a file may name them: no file could remove one.
func (c checker) spellings(stored []*domain.PromotionCode) {
	taken := make(map[string]string, len(c.codes))
	known := make(map[string]bool, len(stored))
	for _, code := range stored {
		known[code.RefID], taken[strings.ToLower(code.RefID)] = true, code.RefID
	}
	for _, id := range slices.Sorted(maps.Keys(c.codes)) {
		if known[id] {
			continue
		}
		folded := strings.ToLower(id)
		if other, is := taken[folded]; is {
			c.problems.add(step(c.codes[id].at, "id"), "differs from the promotion code %s in case alone; codes are found in any case", other)
			continue
		}
		taken[folded] = id
	}
}

// place is where an item stands: at a path of the file, or among what is stored.
type place struct {
	at     []string
	stored string
}

// add notes a problem with a field of an item.
func (c checker) add(at place, field []string, format string, args ...any) {
	if at.at != nil {
		c.problems.add(step(at.at, field...), format, args...)
		return
	}
	// The file breaks what is only stored, so there is no line to point at.
	path := at.stored
	for _, name := range field {
		path += " " + name
	}
	c.problems.addAt(0, path, format, args...)
}

// coupon refuses another discount for a coupon that is stored: those who have it keep what they were given.
func (c checker) coupon(stored *domain.Coupon) {
	next := c.coupons[stored.RefID]
	if next.at == nil {
		return
	}
	was, will := showCoupon(stored), showCoupon(next.item)
	for field, changed := range map[string]bool{
		"percent": !reflect.DeepEqual(was.Percent, will.Percent),
		"amounts": !reflect.DeepEqual(was.Amounts, will.Amounts),
		"months":  !reflect.DeepEqual(was.Months, will.Months),
	} {
		if changed {
			c.problems.add(step(next.at, field), "differs from what is stored; a discount never changes, so make another coupon")
		}
	}
}

func (c checker) product(at place, p *domain.Product) {
	if start := p.Journey.StartPlanID; start != nil {
		field := []string{"journey", "startPlan"}
		switch plan := c.plans[*start].item; {
		case plan == nil:
			c.add(at, field, "names the plan %s, which does not exist", *start)
		case plan.ProductID != p.RefID:
			c.add(at, field, "names the plan %s of the product %s; it must be of this product", *start, plan.ProductID)
		case !plan.Published:
			c.add(at, field, "names the plan %s, which is not published", *start)
		case p.Journey.Start == domain.StartFreePlan && plan.PricingType != domain.PricingFree:
			c.add(at, field, "names the plan %s, which is %s; FREE_PLAN starts with one that is FREE", *start, plan.PricingType)
		case p.Journey.Start == domain.StartTrialPeriod && plan.Trial == nil:
			c.add(at, field, "names the plan %s, which has no trial; TRIAL_PERIOD starts with one", *start)
		case p.Journey.Start == domain.StartTrialPeriod && plan.PricingType == domain.PricingFree:
			c.add(at, field, "names the plan %s, which is FREE; there is nothing to try", *start)
		}
	}
	if down := p.Journey.DowngradePlanID; down != nil {
		field := []string{"journey", "downgradePlan"}
		switch plan := c.plans[*down].item; {
		case plan == nil:
			c.add(at, field, "names the plan %s, which does not exist", *down)
		case plan.ProductID != p.RefID:
			c.add(at, field, "names the plan %s of the product %s; it must be of this product", *down, plan.ProductID)
		case !plan.Published:
			c.add(at, field, "names the plan %s, which is not published", *down)
		case plan.PricingType != domain.PricingFree:
			c.add(at, field, "names the plan %s, which is %s; DOWNGRADE_TO_FREE leads to one that is FREE", *down, plan.PricingType)
		}
	}
}

func (c checker) plan(at place, p *domain.Plan) {
	c.pack(at, &p.Package)
	for i, id := range p.CompatibleAddonIDs {
		c.addonOf(at, []string{"addons", strconv.Itoa(i)}, p.ProductID, id)
	}
	if p.BasePlanID == nil {
		return
	}
	seen := []string{p.RefID}
	for next := p.BasePlanID; next != nil; {
		base := c.plans[*next].item
		switch {
		case base == nil:
			if len(seen) == 1 {
				c.add(at, []string{"base"}, "names the plan %s, which does not exist", *next)
			}
			return
		case slices.Contains(seen, base.RefID):
			c.add(at, []string{"base"}, "leads in a circle: %s is based on itself", base.RefID)
			return
		case base.ProductID != p.ProductID:
			c.add(at, []string{"base"}, "names the plan %s of the product %s; it must be of the same product", base.RefID, base.ProductID)
			return
		case len(seen) > domain.MaxBasePlans:
			c.add(at, []string{"base"}, "is based on more than %d plans, one on the other", domain.MaxBasePlans)
			return
		}
		seen = append(seen, base.RefID)
		next = base.BasePlanID
	}
}

func (c checker) addon(at place, a *domain.Addon) {
	c.pack(at, &a.Package)
	for i, id := range a.DependencyIDs {
		field := []string{"dependencies", strconv.Itoa(i)}
		if id == a.RefID {
			c.add(at, field, "names the add-on itself")
			continue
		}
		c.addonOf(at, field, a.ProductID, id)
	}
}

func (c checker) addonOf(at place, field []string, productID, addonID string) {
	switch addon := c.addons[addonID].item; {
	case addon == nil:
		c.add(at, field, "names the add-on %s, which does not exist", addonID)
	case addon.ProductID != productID:
		c.add(at, field, "names the add-on %s of the product %s; it must be of the same product", addonID, addon.ProductID)
	}
}

func (c checker) pack(at place, p *domain.Package) {
	if c.products[p.ProductID].item == nil {
		c.add(at, []string{"product"}, "names the product %s, which does not exist", p.ProductID)
	}
	for i, e := range p.Entitlements {
		c.entitlement(at, []string{"entitlements", strconv.Itoa(i)}, e)
	}
	for i, price := range p.Prices {
		if price.FeatureID == nil {
			continue
		}
		field := []string{"prices", strconv.Itoa(i), "feature"}
		switch feature := c.features[*price.FeatureID].item; {
		case feature == nil:
			c.add(at, field, "names the feature %s, which does not exist", *price.FeatureID)
		case feature.Type != domain.FeatureNumber:
			c.add(at, field, "names the feature %s, which is %s; only a NUMBER can be counted", *price.FeatureID, feature.Type)
		}
	}
}

func (c checker) entitlement(at place, field []string, e domain.PackageEntitlement) {
	feature := c.features[e.FeatureID].item
	if feature == nil {
		c.add(at, step(field, "feature"), "names the feature %s, which does not exist", e.FeatureID)
		return
	}
	limits := 0
	for _, given := range []bool{e.UsageLimit != nil, e.Unlimited, e.IsCustom} {
		if given {
			limits++
		}
	}
	switch feature.Type {
	case domain.FeatureNumber:
		if limits != 1 {
			c.add(at, field, "needs one of limit, unlimited and custom: %s is a NUMBER", e.FeatureID)
		}
	case domain.FeatureEnum:
		if len(e.EnumValues) == 0 {
			c.add(at, step(field, "values"), "is missing: %s is an ENUM", e.FeatureID)
		}
	default:
	}
	if feature.Type != domain.FeatureNumber && (limits > 0 || e.Reset != nil) {
		c.add(at, field, "must have no limit and no reset: %s is %s", e.FeatureID, feature.Type)
	}
	if feature.Type != domain.FeatureEnum && len(e.EnumValues) > 0 {
		c.add(at, step(field, "values"), "is for features of the type ENUM, %s is %s", e.FeatureID, feature.Type)
		return
	}
	for i, value := range e.EnumValues {
		if !slices.ContainsFunc(feature.EnumValues, func(v domain.EnumValue) bool { return v.Value == value }) {
			c.add(at, step(field, "values", strconv.Itoa(i)), "is no value of %s", e.FeatureID)
		}
	}
}
