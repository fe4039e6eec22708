package persistencetest

import (
	"context"
	"maps"
	"slices"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// records is what the suite knows of a kind of document that a Documents keeps.
type records[D any] struct {
	kind[D]

	of     func(persistence.Store) persistence.Documents[D]
	head   func(*D) *domain.Record
	filled func(environment, id string) *D
}

// recordsOf completes what the suite knows of a kind: what all records have in common.
func recordsOf[D any](
	collection persistence.Collection, of func(persistence.Store) persistence.Documents[D], head func(*D) *domain.Record,
	filled func(environment, id string) *D, own kind[D],
) records[D] {
	k := own
	k.Collection = collection
	k.values = map[persistence.Field]func(*D) persistence.Value{
		persistence.FieldID:            func(d *D) persistence.Value { return persistence.Text(head(d).ID) },
		persistence.FieldRefID:         func(d *D) persistence.Value { return persistence.Text(head(d).RefID) },
		persistence.FieldEnvironmentID: func(d *D) persistence.Value { return persistence.Text(head(d).EnvironmentID) },
		persistence.FieldCreatedAt:     func(d *D) persistence.Value { return persistence.Time(head(d).CreatedAt) },
		persistence.FieldUpdatedAt:     func(d *D) persistence.Value { return persistence.Time(head(d).UpdatedAt) },
	}
	maps.Copy(k.values, own.values)
	for field := range k.values {
		k.shape.fields = append(k.shape.fields, field)
	}
	slices.Sort(k.shape.fields)
	k.sparse = func(environment, id string) *D {
		d := new(D)
		*head(d) = domain.NewRecord(domain.Ref{EnvironmentID: environment, RefID: id}, uuid(id), noon)
		return d
	}
	k.vary = func(d *D, text func() *string, at func() *time.Time) {
		head(d).CreatedAt, head(d).UpdatedAt = orNoon(at()), orNoon(at())
		if own.vary != nil {
			own.vary(d, text, at)
		}
	}
	k.insertOne = func(ctx context.Context, store persistence.Store, d *D) error { return of(store).Insert(ctx, d) }
	k.replaceOne = func(ctx context.Context, store persistence.Store, d *D) error { return of(store).Replace(ctx, d) }
	k.listPage = func(ctx context.Context, store persistence.Store, query persistence.Query) (persistence.Page[D], error) {
		return of(store).List(ctx, query)
	}
	k.countAll = func(ctx context.Context, store persistence.Store, environment string, filter persistence.Filter) (int, error) {
		return of(store).Count(ctx, environment, filter)
	}
	k.version = func(d *D) *int64 { return &head(d).Version }
	return records[D]{kind: k, of: of, head: head, filled: filled}
}

// The kinds of records that walks and filters are tried on; the others differ in nothing but their names.
var (
	planRecords = recordsOf(persistence.Plans, persistence.Store.Plans, (*domain.Plan).Head, filledPlan, kind[domain.Plan]{
		values: map[persistence.Field]func(*domain.Plan) persistence.Value{
			persistence.FieldDisplayName: func(p *domain.Plan) persistence.Value { return persistence.Text(p.DisplayName) },
			persistence.FieldProductID:   func(p *domain.Plan) persistence.Value { return persistence.Text(p.ProductID) },
			// There is no index by these.
			persistence.FieldDescription: func(p *domain.Plan) persistence.Value { return persistence.NullableText(p.Description) },
			persistence.FieldBillingID:   func(p *domain.Plan) persistence.Value { return persistence.NullableText(p.BillingID) },
		},
		vary: func(p *domain.Plan, text func() *string, _ func() *time.Time) {
			p.DisplayName, p.ProductID, p.Description, p.BillingID = orEmpty(text()), orEmpty(text()), text(), text()
		},
	})
	couponRecords = recordsOf(persistence.Coupons, persistence.Store.Coupons, (*domain.Coupon).Head, filledCoupon, kind[domain.Coupon]{
		values: map[persistence.Field]func(*domain.Coupon) persistence.Value{
			persistence.FieldName:        func(c *domain.Coupon) persistence.Value { return persistence.Text(c.Name) },
			persistence.FieldDescription: func(c *domain.Coupon) persistence.Value { return persistence.NullableText(c.Description) },
			persistence.FieldType:        func(c *domain.Coupon) persistence.Value { return persistence.Text(string(c.Type)) },
			persistence.FieldStatus:      func(c *domain.Coupon) persistence.Value { return persistence.Text(c.Status) },
			persistence.FieldSource:      func(c *domain.Coupon) persistence.Value { return persistence.Text(c.Source) },
			persistence.FieldBillingID:   func(c *domain.Coupon) persistence.Value { return persistence.NullableText(c.BillingID) },
		},
		vary: func(c *domain.Coupon, text func() *string, _ func() *time.Time) {
			c.Name, c.Description, c.Type = orEmpty(text()), text(), domain.CouponType(orEmpty(text()))
			c.Status, c.Source, c.BillingID = orEmpty(text()), orEmpty(text()), text()
		},
	})
	productRecords = recordsOf(persistence.Products, persistence.Store.Products, (*domain.Product).Head, filledProduct, kind[domain.Product]{
		values: map[persistence.Field]func(*domain.Product) persistence.Value{
			persistence.FieldDisplayName: func(p *domain.Product) persistence.Value { return persistence.NullableText(p.DisplayName) },
		},
		vary: func(p *domain.Product, text func() *string, _ func() *time.Time) { p.DisplayName = text() },
	})
	addonRecords = recordsOf(persistence.Addons, persistence.Store.Addons, (*domain.Addon).Head, filledAddon, kind[domain.Addon]{
		values: map[persistence.Field]func(*domain.Addon) persistence.Value{
			persistence.FieldDisplayName: func(a *domain.Addon) persistence.Value { return persistence.Text(a.DisplayName) },
			persistence.FieldProductID:   func(a *domain.Addon) persistence.Value { return persistence.Text(a.ProductID) },
		},
		vary: func(a *domain.Addon, text func() *string, _ func() *time.Time) {
			a.DisplayName, a.ProductID = orEmpty(text()), orEmpty(text())
		},
	})
	featureRecords = recordsOf(persistence.Features, persistence.Store.Features, (*domain.Feature).Head, filledFeature, kind[domain.Feature]{
		values: map[persistence.Field]func(*domain.Feature) persistence.Value{
			persistence.FieldDisplayName: func(f *domain.Feature) persistence.Value { return persistence.Text(f.DisplayName) },
		},
		vary: func(f *domain.Feature, text func() *string, _ func() *time.Time) { f.DisplayName = orEmpty(text()) },
	})
	planVersionRecords = recordsOf(
		persistence.PlanVersions, persistence.Store.PlanVersions, (*domain.Plan).Head, filledPlan, kind[domain.Plan]{})
	addonVersionRecords = recordsOf(
		persistence.AddonVersions, persistence.Store.AddonVersions, (*domain.Addon).Head, filledAddon, kind[domain.Addon]{})
	codeRecords = recordsOf(
		persistence.PromotionCodes, persistence.Store.PromotionCodes, (*domain.PromotionCode).Head, filledCode, kind[domain.PromotionCode]{})
	claimRecords = recordsOf(
		persistence.SubscriptionClaims, persistence.Store.SubscriptionClaims, (*domain.SubscriptionClaim).Head, filledClaim,
		kind[domain.SubscriptionClaim]{})
)

func newRecord(environment, id string) domain.Record {
	record := domain.NewRecord(domain.Ref{EnvironmentID: environment, RefID: id}, uuid(environment+"/"+id), noon)
	record.UpdatedAt = noon.Add(time.Millisecond)
	return record
}

// The filled records have a value in every field. Their decimals are none that a binary float could hold.

func filledProduct(environment, id string) *domain.Product {
	return &domain.Product{
		Record: newRecord(environment, id), DisplayName: new("Product " + id), Description: new("What it is"), AWSMarketplaceProductID: new("aws-1"),
		Metadata: domain.Metadata{{Key: "a", Value: "1.0"}}, MultipleSubscriptions: true,
		Journey: domain.Journey{
			Start: domain.StartTrialPeriod, StartPlanID: new("plan-1"), End: domain.EndDowngrade, DowngradePlanID: new("plan-2"),
			CancellationTime: "IMMEDIATE",
		},
	}
}

func filledPlan(environment, id string) *domain.Plan {
	plan := &domain.Plan{
		Package: filledPackage(environment + "/" + id), BasePlanID: new("plan-0"),
		Trial: &domain.TrialDefault{
			Units: "DAY", Duration: 14, EndBehavior: domain.ConvertToPaid, Budget: &domain.Budget{Limit: "99999999999999999999.01", SoftLimit: true},
		},
		CompatibleAddonIDs: []string{"addon-1", ""}, AWSMarketplaceDimension: new("dimension"),
	}
	plan.Record = newRecord(environment, id)
	return plan
}

func filledAddon(environment, id string) *domain.Addon {
	addon := &domain.Addon{
		Package: filledPackage(environment + "/" + id), MaxQuantity: new(int64(1 << 40)), DependencyIDs: []string{"addon-2", "addon-1"},
	}
	addon.Record = newRecord(environment, id)
	return addon
}

func filledPackage(of string) domain.Package {
	decimal := func(text string) *domain.Decimal { return new(domain.Decimal(text)) }
	return domain.Package{
		Record: newRecord(production, of), DisplayName: "Package of " + of, Description: new("What it is"), ProductID: "product-1",
		PricingType: domain.PricingPaid, Published: true, VersionNumber: 7, BillingID: new("prod_1"), HiddenFromWidgets: []string{"PAYWALL"},
		Entitlements: []domain.PackageEntitlement{{
			ID: uuid(of + " entitlement"), FeatureID: "feature-1", UsageLimit: new(1e15 + 0.5), Unlimited: true, SoftLimit: true,
			Reset: &domain.ResetPeriod{Unit: "YEAR", AccordingTo: new("SubscriptionStart")}, EnumValues: []string{"a"},
			Behavior: domain.BehaviorOverride, IsCustom: true, Description: new("More"), DisplayNameOverride: new("Other"),
			HiddenFromWidgets: []string{"CUSTOMER_PORTAL"},
		}},
		Prices: []domain.Price{{
			ID: uuid(of + " price"), Model: domain.PerUnit, Period: domain.Annually, Cadence: "RECURRING", CountryCode: new("DE"), Currency: "EUR",
			FeatureID: new("feature-1"), Amount: decimal("19.99"), BlockSize: new(int64(100)), TiersMode: new(domain.TiersGraduated),
			Tiers: []domain.PriceTier{
				{UpTo: new(int64(10)), UnitAmount: decimal("0.1"), FlatAmount: decimal("-0.3")},
				{UpTo: new(int64(11)), UnitAmount: decimal("0.10"), FlatAmount: decimal("123456789012345678901234567890.123456789")},
			},
			MinUnits: new(int64(1)), MaxUnits: new(int64(1 << 40)),
		}},
		Metadata: domain.Metadata{{Key: "$a", Value: `{"b":null}`}},
	}
}

func filledFeature(environment, id string) *domain.Feature {
	return &domain.Feature{
		Record: newRecord(environment, id), DisplayName: "Feature " + id, Description: new("What it is"), Type: domain.FeatureEnum,
		MeterType: new("Incremental"), Status: "ACTIVE", Units: new("seat"), UnitsPlural: new("seats"),
		EnumValues: []domain.EnumValue{{Value: "a", DisplayName: "A"}, {Value: "b", DisplayName: "B"}},
		Metadata:   domain.Metadata{{Key: "a", Value: "1"}},
	}
}

func filledCoupon(environment, id string) *domain.Coupon {
	return &domain.Coupon{
		Record: newRecord(environment, id), Name: "Coupon " + id, Description: new("A present"), Type: domain.CouponFixed,
		Status: domain.CouponActive, Source: domain.CouponSource, PercentOff: new(domain.Decimal("33.3333333333333333333")),
		AmountsOff:       []domain.Money{{Amount: "0.1", Currency: "EUR"}, {Amount: "100", Currency: "JPY"}},
		DurationInMonths: new(3), BillingID: new("co_1"), Metadata: domain.Metadata{{Key: "a", Value: "1"}},
	}
}

func filledCode(environment, id string) *domain.PromotionCode {
	return &domain.PromotionCode{
		Record: newRecord(environment, id), CouponID: "coupon-1", Active: true, StartsAt: new(noon), ExpiresAt: new(noon.AddDate(1, 0, 0)),
		CustomerID: new("customer-1"), MaxRedemptions: new(int64(1 << 40)), MinimumAmounts: []domain.Money{{Amount: "0.30", Currency: "EUR"}},
		FirstPurchaseOnly: true, Redeemed: 1 << 33, Reserved: []domain.Reservation{{ID: uuid(id), CustomerID: "customer-2", At: noon}},
	}
}

func filledClaim(environment, id string) *domain.SubscriptionClaim {
	return &domain.SubscriptionClaim{Record: newRecord(environment, id), CustomerID: "customer-1"}
}
