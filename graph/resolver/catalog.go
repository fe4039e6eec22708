package resolver

import (
	"cmp"
	"context"

	"clientele/graph/model"
	"clientele/internal/catalog"
	"clientele/internal/domain"
	"clientele/persistence"
)

// each maps a list.
func each[From, To any](list []From, convert func(From) To) []To {
	out := make([]To, len(list))
	for i, from := range list {
		out[i] = convert(from)
	}
	return out
}

// enum converts between enums of the domain and of the schema, whose values are spelled alike.
func enum[To, From ~string](from *From) *To {
	if from == nil {
		return nil
	}
	to := To(*from)
	return &to
}

func enums[To ~string](from []string) []To {
	if from == nil {
		return nil
	}
	return each(from, func(s string) To { return To(s) })
}

// float is for whole numbers where the schema has a Float.
func float[N ~int | ~int64](n *N) *float64 {
	if n == nil {
		return nil
	}
	f := float64(*n)
	return &f
}

func toMoney(amount domain.Decimal, currency string) *model.Money {
	return &model.Money{Amount: amount.Float(), Currency: model.Currency(currency)}
}

func toMoneyOrNull(amount *domain.Decimal, currency string) *model.Money {
	if amount == nil {
		return nil
	}
	return toMoney(*amount, currency)
}

func toFeature(f *domain.Feature) *model.Feature {
	out := &model.Feature{
		ID: f.ID, RefID: f.RefID, DisplayName: f.DisplayName, Description: f.Description,
		FeatureUnits: f.Units, FeatureUnitsPlural: f.UnitsPlural,
		FeatureType: model.FeatureType(f.Type), MeterType: enum[model.MeterType](f.MeterType),
		FeatureStatus: model.FeatureStatus(f.Status), EnvironmentID: f.EnvironmentID,
		AdditionalMetaData: f.Metadata.JSON(), CreatedAt: &f.CreatedAt, UpdatedAt: f.UpdatedAt,
	}
	if f.Type == domain.FeatureEnum {
		out.EnumConfiguration = each(f.EnumValues, func(v domain.EnumValue) *model.FeatureEnumValue {
			return &model.FeatureEnumValue{Value: v.Value, DisplayName: v.DisplayName}
		})
	}
	return out
}

func toEntitlementFeature(f *domain.Feature) *model.EntitlementFeature {
	return &model.EntitlementFeature{
		ID: f.ID, RefID: f.RefID, DisplayName: f.DisplayName, Description: f.Description,
		FeatureUnits: f.Units, FeatureUnitsPlural: f.UnitsPlural,
		FeatureType: model.FeatureType(f.Type), MeterType: enum[model.MeterType](f.MeterType),
		AdditionalMetaData: f.Metadata.JSON(),
	}
}

func toProduct(p *domain.Product) *model.Product {
	return &model.Product{
		ID: p.ID, RefID: p.RefID, DisplayName: p.DisplayName, Description: p.Description,
		ProductSettings: &model.ProductSettings{
			SubscriptionStartSetup:       model.SubscriptionStartSetup(p.Journey.Start),
			SubscriptionEndSetup:         model.SubscriptionEndSetup(p.Journey.End),
			SubscriptionCancellationTime: model.SubscriptionCancellationTime(p.Journey.CancellationTime),
			Source:                       p,
		},
		AdditionalMetaData: p.Metadata.JSON(), AWSMarketplaceProductID: p.AWSMarketplaceProductID,
		MultipleSubscriptions: p.MultipleSubscriptions, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, Source: p,
	}
}

func toPackageStatus(p *domain.Package) model.PackageStatus {
	if p.Published {
		return model.PackageStatusPublished
	}
	return model.PackageStatusDraft
}

func toPlan(p *domain.Plan) *model.Plan {
	return &model.Plan{
		ID: p.ID, RefID: p.RefID, DisplayName: p.DisplayName, Description: p.Description, BillingID: p.BillingID,
		PricingType: enum[model.PricingType](&p.PricingType), Status: toPackageStatus(&p.Package),
		VersionNumber: p.VersionNumber, AdditionalMetaData: p.Metadata.JSON(),
		HiddenFromWidgets:   enums[model.WidgetType](p.HiddenFromWidgets),
		Entitlements:        toPackageEntitlements(&p.Package),
		PackageEntitlements: toPackageEntitlementUnions(&p.Package),
		Prices:              toPrices(p.Prices, &p.Package), OveragePrices: []*model.Price{},
		DefaultTrialConfig: toTrialConfig(p.Trial), AWSMarketplacePlanDimension: p.AWSMarketplaceDimension,
		CompatiblePackageGroups: []*model.PlanCompatiblePackageGroups{},
		CreatedAt:               &p.CreatedAt, UpdatedAt: &p.UpdatedAt, Source: p,
	}
}

func toAddon(a *domain.Addon) *model.Addon {
	return &model.Addon{
		ID: a.ID, RefID: a.RefID, DisplayName: a.DisplayName, Description: a.Description, BillingID: a.BillingID,
		PricingType: enum[model.PricingType](&a.PricingType), Status: toPackageStatus(&a.Package),
		VersionNumber: a.VersionNumber, AdditionalMetaData: a.Metadata.JSON(),
		HiddenFromWidgets:   enums[model.WidgetType](a.HiddenFromWidgets),
		Entitlements:        toPackageEntitlements(&a.Package),
		PackageEntitlements: toPackageEntitlementUnions(&a.Package),
		OveragePrices:       []*model.Price{}, MaxQuantity: float(a.MaxQuantity),
		CreatedAt: &a.CreatedAt, UpdatedAt: &a.UpdatedAt, Source: a,
	}
}

func toTrialConfig(t *domain.TrialDefault) *model.DefaultTrialConfig {
	if t == nil {
		return nil
	}
	return &model.DefaultTrialConfig{
		Units: model.TrialPeriodUnits(t.Units), Duration: float64(t.Duration), Budget: toBudget(t.Budget),
		TrialEndBehavior: enum[model.TrialEndBehavior](&t.EndBehavior),
	}
}

func toBudget(b *domain.Budget) *model.BudgetConfiguration {
	if b == nil {
		return nil
	}
	return &model.BudgetConfiguration{Limit: b.Limit.Float(), HasSoftLimit: b.SoftLimit}
}

func toResetPeriod(r *domain.ResetPeriod) *model.EntitlementResetPeriod {
	if r == nil {
		return nil
	}
	return enum[model.EntitlementResetPeriod](&r.Unit)
}

func toResetConfiguration(r *domain.ResetPeriod) model.ResetPeriodConfiguration {
	if r == nil || r.AccordingTo == nil {
		return nil
	}
	switch r.Unit {
	case "YEAR":
		return &model.YearlyResetPeriodConfig{YearlyAccordingTo: enum[model.YearlyAccordingTo](r.AccordingTo)}
	case "MONTH":
		return &model.MonthlyResetPeriodConfig{MonthlyAccordingTo: enum[model.MonthlyAccordingTo](r.AccordingTo)}
	case "WEEK":
		return &model.WeeklyResetPeriodConfig{WeeklyAccordingTo: enum[model.WeeklyAccordingTo](r.AccordingTo)}
	default:
		return nil
	}
}

func toPackageEntitlements(p *domain.Package) []*model.PackageEntitlement {
	return each(p.Entitlements, func(e domain.PackageEntitlement) *model.PackageEntitlement {
		return &model.PackageEntitlement{
			ID: e.ID, FeatureID: e.FeatureID, UsageLimit: e.UsageLimit, HasUnlimitedUsage: &e.Unlimited, HasSoftLimit: &e.SoftLimit,
			IsCustom: &e.IsCustom, ResetPeriod: toResetPeriod(e.Reset), HiddenFromWidgets: enums[model.WidgetType](e.HiddenFromWidgets),
			DisplayNameOverride: e.DisplayNameOverride, EnumValues: e.EnumValues, IsGranted: true,
			CreatedAt: &p.CreatedAt, UpdatedAt: &p.UpdatedAt,
		}
	})
}

func toPackageEntitlementUnions(p *domain.Package) []model.PackageEntitlementUnion {
	return each(p.Entitlements, func(e domain.PackageEntitlement) model.PackageEntitlementUnion {
		return &model.PackageFeatureEntitlement{
			ID: e.ID, FeatureID: e.FeatureID, UsageLimit: e.UsageLimit, HasUnlimitedUsage: &e.Unlimited, HasSoftLimit: &e.SoftLimit,
			IsCustom: &e.IsCustom, ResetPeriod: toResetPeriod(e.Reset), HiddenFromWidgets: enums[model.WidgetType](e.HiddenFromWidgets),
			DisplayNameOverride: e.DisplayNameOverride, Description: e.Description, EnumValues: e.EnumValues, IsGranted: true,
			Behavior: model.EntitlementBehavior(cmp.Or(e.Behavior, domain.BehaviorIncrement)), CreatedAt: &p.CreatedAt, UpdatedAt: &p.UpdatedAt,
		}
	})
}

// toPrices converts the prices of a package, which are as old as its version.
func toPrices(prices []domain.Price, p *domain.Package) []*model.Price {
	return each(prices, func(price domain.Price) *model.Price {
		out := toPrice(price)
		out.CreatedAt = &p.UpdatedAt
		return out
	})
}

func toPrice(p domain.Price) *model.Price {
	price := &model.Price{
		ID: p.ID, BillingPeriod: model.BillingPeriod(p.Period), BillingModel: model.BillingModel(p.Model),
		BillingCadence: model.BillingCadence(p.Cadence), TiersMode: enum[model.TiersMode](p.TiersMode),
		Price: toMoneyOrNull(p.Amount, p.Currency), BlockSize: float(p.BlockSize), BillingCountryCode: p.CountryCode,
		MinUnitQuantity: float(p.MinUnits), MaxUnitQuantity: float(p.MaxUnits), FeatureID: p.FeatureID,
	}
	for _, tier := range p.Tiers {
		price.Tiers = append(price.Tiers, &model.PriceTier{
			UpTo: float(tier.UpTo), UnitPrice: toMoneyOrNull(tier.UnitAmount, p.Currency), FlatPrice: toMoneyOrNull(tier.FlatAmount, p.Currency),
		})
	}
	return price
}

// featureByID returns the feature of a package, a price or an entitlement. Errors: FeatureNotFound.
func featureByID(ctx context.Context, refID string) (*model.Feature, error) {
	return orError(toFeature, notFound(domain.FeatureNotFound, "Feature", refID))(load(ctx, loadersOf(ctx).features, refID))
}

// planOrNull returns the plan with an id, if there is an id.
func planOrNull(ctx context.Context, refID *string) (*model.Plan, error) {
	if refID == nil {
		return nil, nil
	}
	return orNull(toPlan)(load(ctx, loadersOf(ctx).plans, *refID))
}

// orNull converts what a use case or a loader returned; nil becomes null.
func orNull[From, To any](convert func(*From) *To) func(*From, error) (*To, error) {
	return orError(convert, nil)
}

// orError is orNull with an error for nil, because the field is not nullable.
func orError[From, To any](convert func(*From) *To, missing error) func(*From, error) (*To, error) {
	return func(found *From, err error) (*To, error) {
		switch {
		case err != nil:
			return nil, err
		case found == nil:
			return nil, missing
		default:
			return convert(found), nil
		}
	}
}

func notFound(kind domain.Kind, entity, refID string) *domain.Error {
	return domain.Errorf(kind, "%s not found", entity).With("entityName", entity).With("identifier", refID)
}

// basePlans returns the plans that a plan is based on, the nearest first.
func basePlans(ctx context.Context, plan *domain.Plan) ([]*domain.Plan, error) {
	var bases []*domain.Plan
	for plan.BasePlanID != nil && len(bases) < domain.MaxBasePlans {
		base, err := load(ctx, loadersOf(ctx).plans, *plan.BasePlanID)
		if base == nil || err != nil {
			return bases, err
		}
		bases = append(bases, base)
		plan = base
	}
	return bases, nil
}

// inherited returns the base plans, the nearest first, each with the entitlements that no nearer plan overrides, or with
// all of them.
func inherited(ctx context.Context, plan *domain.Plan, all bool) (out []domain.Package, err error) {
	bases, err := basePlans(ctx, plan)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, e := range plan.Entitlements {
		seen[e.FeatureID] = true
	}
	for _, base := range bases {
		kept := base.Package
		kept.Entitlements = nil
		for _, e := range base.Entitlements {
			if all || !seen[e.FeatureID] {
				kept.Entitlements = append(kept.Entitlements, e)
			}
			seen[e.FeatureID] = true
		}
		out = append(out, kept)
	}
	return out, nil
}

// list returns a page of a reader's documents. err is the error of reading the query.
func list[T, Node, Edge any](
	ctx context.Context, reader catalog.Reader[T], query persistence.Query, err error, convert func(*T) Node, edge func(Node, string) *Edge,
) (model.Page[Edge], error) {
	if err != nil {
		return model.Page[Edge]{}, err
	}
	page, err := reader.List(ctx, ActorOf(ctx), query)
	if err != nil {
		return model.Page[Edge]{}, err
	}
	return toPage(page, convert, edge, func(ctx context.Context) (int, error) {
		return reader.Count(ctx, ActorOf(ctx), query.Filter)
	}), nil
}

func toPage[T, Node, Edge any](
	page persistence.Page[T], convert func(*T) Node, edge func(Node, string) *Edge, count func(context.Context) (int, error),
) model.Page[Edge] {
	out := model.Page[Edge]{
		PageInfo: &model.PageInfo{HasNextPage: &page.HasNext, HasPreviousPage: &page.HasPrevious},
		Edges:    make([]*Edge, len(page.Items)), Count: count,
	}
	for i, item := range page.Items {
		out.Edges[i] = edge(convert(item.Document), item.Cursor)
	}
	if n := len(page.Items); n > 0 {
		out.PageInfo.StartCursor, out.PageInfo.EndCursor = &page.Items[0].Cursor, &page.Items[n-1].Cursor
	}
	return out
}
