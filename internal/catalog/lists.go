package catalog

import (
	"cmp"
	"slices"

	"clientele/internal/domain"
	"clientele/persistence"
)

// pointer is a pointer to one of the catalogue's documents.
type pointer[T any] interface {
	*T
	Head() *domain.Record
}

// list describes one list of a catalogue file: F is an item in the file, T the stored document.
type list[F, T any, D pointer[T]] struct {
	// name is the list's field in the file; noun names one item in errors.
	name, noun string
	documents  func(persistence.Catalog) persistence.Documents[T]
	// build and show translate between an item and its document.
	build func(builder, fieldPath, F) D
	show  func(D) F
	// merge sets in next what the file does not own; stored is nil for a new item. It may be nil.
	merge func(next, stored D)
	// versions and pack are set for plans and add-ons, whose published versions are stored too.
	versions func(persistence.Catalog) persistence.Documents[T]
	pack     func(D) *domain.Package
}

var (
	featureList = list[feature, domain.Feature, *domain.Feature]{
		name: "features", noun: "feature", documents: persistence.Catalog.Features, build: builder.feature, show: showFeature,
	}
	productList = list[product, domain.Product, *domain.Product]{
		name: "products", noun: "product", documents: persistence.Catalog.Products, build: builder.product, show: showProduct,
	}
	addonList = list[addon, domain.Addon, *domain.Addon]{
		name: "addons", noun: "add-on", documents: persistence.Catalog.Addons, build: builder.addon, show: showAddon,
		versions: persistence.Catalog.AddonVersions, pack: func(a *domain.Addon) *domain.Package { return &a.Package },
	}
	planList = list[plan, domain.Plan, *domain.Plan]{
		name: "plans", noun: "plan", documents: persistence.Catalog.Plans, build: builder.plan, show: showPlan,
		versions: persistence.Catalog.PlanVersions, pack: func(p *domain.Plan) *domain.Package { return &p.Package },
	}
	couponList = list[coupon, domain.Coupon, *domain.Coupon]{
		name: "coupons", noun: "coupon", documents: persistence.Catalog.Coupons, build: builder.coupon, show: showCoupon,
		merge: mergeCoupon,
	}
	codeList = list[promotionCode, domain.PromotionCode, *domain.PromotionCode]{
		name: "promotionCodes", noun: "promotion code", documents: persistence.Catalog.PromotionCodes,
		build: builder.promotionCode, show: showPromotionCode, merge: mergePromotionCode,
	}
)

// items are the documents of a catalogue; those built from a file are in the file's order.
type items struct {
	features []*domain.Feature
	products []*domain.Product
	addons   []*domain.Addon
	plans    []*domain.Plan
	coupons  []*domain.Coupon
	codes    []*domain.PromotionCode
}

func mergeCoupon(next, stored *domain.Coupon) {
	if stored == nil {
		next.Status = cmp.Or(next.Status, domain.CouponActive)
		return
	}
	next.BillingID, next.Source = stored.BillingID, stored.Source
	// A file without `archived` does not restore a coupon that was archived since.
	next.Status = cmp.Or(next.Status, stored.Status)
}

func mergePromotionCode(next, stored *domain.PromotionCode) {
	if stored != nil {
		next.Redeemed, next.Reserved = stored.Redeemed, stored.Reserved
	}
}

// mergePackage sets the version of a package and the ids of its parts. A draft has the number that it will be
// published with; the number goes up when a published package changes.
func mergePackage(next, stored *domain.Package) {
	next.VersionNumber = 1
	if stored != nil {
		next.BillingID, next.VersionNumber = stored.BillingID, stored.VersionNumber
		if stored.Published {
			next.VersionNumber++
		}
	}
	next.Entitlements, next.Prices = slices.Clone(next.Entitlements), slices.Clone(next.Prices)
	for i := range next.Entitlements {
		e := &next.Entitlements[i]
		e.ID = newID(next.ID, "entitlement", e.FeatureID)
	}
	for i := range next.Prices {
		p := &next.Prices[i]
		p.ID = newID(next.ID, "price", p.Charge(), groupOf(*p).String())
	}
}
