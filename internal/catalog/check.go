package catalog

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"clientele/internal/domain"
)

// location is where an item is: in the file or, with a nil path, only in the store.
type location struct {
	path fieldPath
	// stored names the item in errors, as in "the stored plan pro".
	stored string
}

// entry is an item of the catalogue that an apply would result in.
type entry[D any] struct {
	item D
	location
}

// entries returns the items of the file, and the stored ones that the file does not contain.
func entries[F, T any, D pointer[T]](l list[F, T, D], fromFile, stored []D) map[string]entry[D] {
	all := make(map[string]entry[D], len(fromFile)+len(stored))
	for _, item := range stored {
		id := item.Head().RefID
		all[id] = entry[D]{item, location{stored: "the stored " + l.noun + " " + id}}
	}
	for i, item := range fromFile {
		all[item.Head().RefID] = entry[D]{item, location{path: fieldPath{l.name}.item(i)}}
	}
	return all
}

// checker checks references between the items of the resulting catalogue.
type checker struct {
	problems *problemList
	features map[string]entry[*domain.Feature]
	products map[string]entry[*domain.Product]
	plans    map[string]entry[*domain.Plan]
	addons   map[string]entry[*domain.Addon]
	coupons  map[string]entry[*domain.Coupon]
	codes    map[string]entry[*domain.PromotionCode]
}

// check adds the problems of the catalogue that results when the file is applied to what is stored.
func check(file, stored items, problems *problemList) {
	c := checker{
		problems: problems,
		features: entries(featureList, file.features, stored.features),
		products: entries(productList, file.products, stored.products),
		plans:    entries(planList, file.plans, stored.plans),
		addons:   entries(addonList, file.addons, stored.addons),
		coupons:  entries(couponList, file.coupons, stored.coupons),
		codes:    entries(codeList, file.codes, stored.codes),
	}
	for _, p := range c.products {
		c.product(p)
	}
	for _, p := range c.plans {
		c.plan(p)
	}
	for _, a := range c.addons {
		c.addon(a)
	}
	for _, code := range c.codes {
		referenced(c, code.location, fieldPath{"coupon"}, "coupon", code.item.CouponID, c.coupons)
	}
	for _, before := range stored.features {
		if next := c.features[before.RefID]; next.path != nil && next.item.Type != before.Type {
			problems.add(next.path.child("type"), "cannot change: the feature is stored as %s; create another feature", before.Type)
		}
	}
	for _, before := range stored.coupons {
		c.sameDiscount(before)
	}
	c.uniqueIgnoringCase(stored.codes)
}

// add adds a problem with a field of an item.
func (c checker) add(at location, field fieldPath, format string, args ...any) {
	if at.path != nil {
		c.problems.add(at.path.child(field...), format, args...)
		return
	}
	// The file makes a stored item invalid, so there is no line.
	c.problems.addAt(0, strings.Join(append([]string{at.stored}, field...), " "), format, args...)
}

// referenced returns the item with an id; nil, with a problem, if there is none.
func referenced[T any](c checker, at location, field fieldPath, noun, id string, among map[string]entry[*T]) *T {
	item := among[id].item
	if item == nil {
		c.add(at, field, "names the %s %s, which does not exist", noun, id)
	}
	return item
}

// sameProduct reports whether a referenced plan or add-on belongs to the product, and adds a problem if not.
func (c checker) sameProduct(at location, field fieldPath, noun string, pack *domain.Package, productID string) bool {
	same := pack.ProductID == productID
	if !same {
		c.add(at, field, "names the %s %s of the product %s; it must be of the same product", noun, pack.RefID, pack.ProductID)
	}
	return same
}

// uniqueIgnoringCase rejects a new code that differs from another one only in case, because customers may send
// either. Stored ones are accepted: a file cannot remove them.
func (c checker) uniqueIgnoringCase(stored []*domain.PromotionCode) {
	taken := make(map[string]string, len(c.codes))
	isStored := make(map[string]bool, len(stored))
	for _, code := range stored {
		isStored[code.RefID], taken[strings.ToLower(code.RefID)] = true, code.RefID
	}
	for _, id := range slices.Sorted(maps.Keys(c.codes)) {
		folded := strings.ToLower(id)
		if other, found := taken[folded]; found && !isStored[id] {
			c.problems.add(c.codes[id].path.child("id"), "differs from the promotion code %s only in case; codes are case-insensitive", other)
			continue
		}
		taken[folded] = id
	}
}

// sameDiscount rejects a changed discount of a stored coupon: customers keep the discount that they were given.
func (c checker) sameDiscount(stored *domain.Coupon) {
	next := c.coupons[stored.RefID]
	if next.path == nil {
		return
	}
	before, after := showCoupon(stored), showCoupon(next.item)
	for field, changed := range map[string]bool{
		"percent": !reflect.DeepEqual(before.Percent, after.Percent),
		"amounts": !reflect.DeepEqual(before.Amounts, after.Amounts),
		"months":  !reflect.DeepEqual(before.Months, after.Months),
	} {
		if changed {
			c.problems.add(next.path.child(field), "cannot change: a stored coupon keeps its discount; create another coupon")
		}
	}
}

func (c checker) product(p entry[*domain.Product]) {
	j := p.item.Journey
	start, startField := c.journeyPlan(p, "startPlan", j.StartPlanID)
	switch {
	case start == nil:
	case j.Start == domain.StartFreePlan && start.PricingType != domain.PricingFree:
		c.add(p.location, startField, "names the plan %s, which is %s; FREE_PLAN needs a FREE plan", start.RefID, start.PricingType)
	case j.Start == domain.StartTrialPeriod && start.Trial == nil:
		c.add(p.location, startField, "names the plan %s, which has no trial; TRIAL_PERIOD needs one", start.RefID)
	case j.Start == domain.StartTrialPeriod && start.PricingType == domain.PricingFree:
		c.add(p.location, startField, "names the plan %s, which is FREE; TRIAL_PERIOD needs a plan that is not", start.RefID)
	}
	if down, field := c.journeyPlan(p, "downgradePlan", j.DowngradePlanID); down != nil && down.PricingType != domain.PricingFree {
		c.add(p.location, field, "names the plan %s, which is %s; DOWNGRADE_TO_FREE needs a FREE plan", down.RefID, down.PricingType)
	}
}

// journeyPlan returns a plan of a product's journey; nil if none is named or it cannot be used at all.
func (c checker) journeyPlan(p entry[*domain.Product], name string, id *string) (*domain.Plan, fieldPath) {
	field := fieldPath{"journey", name}
	if id == nil {
		return nil, field
	}
	plan := referenced(c, p.location, field, "plan", *id, c.plans)
	switch {
	case plan == nil, !c.sameProduct(p.location, field, "plan", &plan.Package, p.item.RefID):
		return nil, field
	case !plan.Published:
		c.add(p.location, field, "names the plan %s, which is not published", *id)
		return nil, field
	}
	return plan, field
}

func (c checker) plan(p entry[*domain.Plan]) {
	c.pack(p.location, &p.item.Package)
	for i, id := range p.item.CompatibleAddonIDs {
		c.addonOf(p.location, fieldPath{"addons"}.item(i), p.item.ProductID, id)
	}
	field := fieldPath{"base"}
	chain := []string{p.item.RefID}
	for next := p.item.BasePlanID; next != nil; {
		base := c.plans[*next].item
		switch {
		case base == nil:
			// A missing base further down is a problem of the plan that names it.
			if len(chain) == 1 {
				referenced(c, p.location, field, "plan", *next, c.plans)
			}
			return
		case slices.Contains(chain, base.RefID):
			c.add(p.location, field, "is a cycle: %s is based on itself", base.RefID)
			return
		case !c.sameProduct(p.location, field, "plan", &base.Package, p.item.ProductID):
			return
		case len(chain) > domain.MaxBasePlans:
			c.add(p.location, field, "is a chain of more than %d plans", domain.MaxBasePlans)
			return
		}
		chain = append(chain, base.RefID)
		next = base.BasePlanID
	}
}

func (c checker) addon(a entry[*domain.Addon]) {
	c.pack(a.location, &a.item.Package)
	for i, id := range a.item.DependencyIDs {
		field := fieldPath{"dependencies"}.item(i)
		if id == a.item.RefID {
			c.add(a.location, field, "names the add-on itself")
			continue
		}
		c.addonOf(a.location, field, a.item.ProductID, id)
	}
}

func (c checker) addonOf(at location, field fieldPath, productID, addonID string) {
	if addon := referenced(c, at, field, "add-on", addonID, c.addons); addon != nil {
		c.sameProduct(at, field, "add-on", &addon.Package, productID)
	}
}

func (c checker) pack(at location, p *domain.Package) {
	referenced(c, at, fieldPath{"product"}, "product", p.ProductID, c.products)
	for i, e := range p.Entitlements {
		c.entitlement(at, fieldPath{"entitlements"}.item(i), e)
	}
	for i, price := range p.Prices {
		if price.FeatureID == nil {
			continue
		}
		field := fieldPath{"prices"}.item(i).child("feature")
		feature := referenced(c, at, field, "feature", *price.FeatureID, c.features)
		if feature != nil && feature.Type != domain.FeatureNumber {
			c.add(at, field, "names the feature %s, which is %s; only a NUMBER can be counted", feature.RefID, feature.Type)
		}
	}
}

func (c checker) entitlement(at location, field fieldPath, e domain.PackageEntitlement) {
	feature := referenced(c, at, field.child("feature"), "feature", e.FeatureID, c.features)
	if feature == nil {
		return
	}
	limits := 0
	for _, given := range []bool{e.UsageLimit != nil, e.Unlimited, e.IsCustom} {
		if given {
			limits++
		}
	}
	isNumber, isEnum := feature.Type == domain.FeatureNumber, feature.Type == domain.FeatureEnum
	switch {
	case isNumber && limits != 1:
		c.add(at, field, "needs one of limit, unlimited and custom: %s is a NUMBER", e.FeatureID)
	case !isNumber && (limits > 0 || e.Reset != nil):
		c.add(at, field, "must have no limit and no reset: %s is %s", e.FeatureID, feature.Type)
	}
	switch {
	case isEnum && len(e.EnumValues) == 0:
		c.add(at, field.child("values"), "is missing: %s is an ENUM", e.FeatureID)
	case !isEnum && len(e.EnumValues) > 0:
		c.add(at, field.child("values"), "is only allowed for features of type ENUM; %s is %s", e.FeatureID, feature.Type)
		return
	}
	for i, value := range e.EnumValues {
		if !slices.ContainsFunc(feature.EnumValues, func(v domain.EnumValue) bool { return v.Value == value }) {
			c.add(at, field.child("values").item(i), "is not a value of %s", e.FeatureID)
		}
	}
}
