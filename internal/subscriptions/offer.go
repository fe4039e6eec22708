package subscriptions

import (
	"context"
	"errors"
	"strings"

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// offer is what the catalogue has of all that an input names or leads to. What does not exist is nil, or not in a map.
type offer struct {
	plans map[string]*domain.Plan
	// product is that of the plan asked for.
	product  *domain.Product
	addons   map[string]*domain.Addon
	features map[string]*domain.Feature
	coupons  map[string]*domain.Coupon
	code     *domain.PromotionCode
}

// loader reads an offer. Its methods return nil without an error for what does not exist.
type loader struct {
	catalog       persistence.Catalog
	environmentID string
	offer         offer
}

func load(ctx context.Context, catalog persistence.Catalog, environmentID string, in *Input) (*offer, error) {
	l := loader{catalog, environmentID, offer{plans: map[string]*domain.Plan{}, coupons: map[string]*domain.Coupon{}}}
	if err := l.loadPlans(ctx, in); err != nil || l.offer.product == nil {
		return &l.offer, err
	}
	var err error
	if l.offer.addons, err = getMany(ctx, catalog.Addons(), environmentID, in.addonIDs()); err != nil {
		return nil, err
	}
	if l.offer.features, err = getMany(ctx, catalog.Features(), environmentID, in.featureIDs()); err != nil {
		return nil, err
	}
	return &l.offer, l.loadCoupons(ctx, in)
}

// loadPlans reads the plan asked for, its product, and the plans that the product's journey leads to.
func (l *loader) loadPlans(ctx context.Context, in *Input) error {
	requested, err := l.loadPlan(ctx, in.PlanID)
	if err != nil || requested == nil {
		return err
	}
	if l.offer.product, err = get(ctx, l.catalog.Products(), l.environmentID, requested.ProductID); err != nil || l.offer.product == nil {
		return err
	}
	journey := l.offer.product.Journey
	chosen := requested
	if _, starts := startDecision(journey); starts && journey.StartPlanID != nil {
		if chosen, err = l.loadPlan(ctx, *journey.StartPlanID); err != nil {
			return err
		}
	}
	if err := l.loadBases(ctx, chosen); err != nil {
		return err
	}
	mayTry := journey.Start == domain.StartTrialPeriod || in.Trial != nil && in.Trial.IsTrial
	if !mayTry || journey.End != domain.EndDowngrade || journey.DowngradePlanID == nil {
		return nil
	}
	downgrade, err := l.loadPlan(ctx, *journey.DowngradePlanID)
	if err != nil {
		return err
	}
	return l.loadBases(ctx, downgrade)
}

func (l *loader) loadPlan(ctx context.Context, planID string) (*domain.Plan, error) {
	if plan := l.offer.plans[planID]; plan != nil {
		return plan, nil
	}
	plan, err := get(ctx, l.catalog.Plans(), l.environmentID, planID)
	if plan != nil {
		l.offer.plans[planID] = plan
	}
	return plan, err
}

// loadBases reads the plans that a plan is based on.
func (l *loader) loadBases(ctx context.Context, plan *domain.Plan) (err error) {
	for n := 0; plan != nil && plan.BasePlanID != nil && n < domain.MaxBasePlans && err == nil; n++ {
		plan, err = l.loadPlan(ctx, *plan.BasePlanID)
	}
	return err
}

// loadCoupons reads the coupon and the promotion code that are given, and the coupon that the code leads to.
func (l *loader) loadCoupons(ctx context.Context, in *Input) (err error) {
	var ids []string
	if in.Coupon != nil && in.Coupon.CouponID != nil {
		ids = append(ids, *in.Coupon.CouponID)
	}
	// A code of another form is refused before it is looked up.
	if code, field, _ := in.promotionCode(); code != nil && validate.ID(field, *code) == nil {
		if l.offer.code, err = l.findCode(ctx, *code); err != nil {
			return err
		}
		if l.offer.code != nil {
			ids = append(ids, l.offer.code.CouponID)
		}
	}
	for _, id := range ids {
		if l.offer.coupons[id], err = get(ctx, l.catalog.Coupons(), l.environmentID, id); err != nil {
			return err
		}
	}
	return nil
}

// findCode looks a promotion code up in any case of its letters.
func (l *loader) findCode(ctx context.Context, text string) (*domain.PromotionCode, error) {
	codes := l.catalog.PromotionCodes()
	// As it was sent comes first: codes that differ in case alone may be left from before the catalogue refused them.
	spellings := []string{text, strings.ToUpper(text), strings.ToLower(text)}
	found, err := codes.GetMany(ctx, l.environmentID, spellings)
	if err != nil {
		return nil, err
	}
	for _, spelling := range spellings {
		if found[spelling] != nil {
			return found[spelling], nil
		}
	}
	// A code of mixed case, which no index leads to.
	page, err := codes.List(ctx, persistence.Query{
		EnvironmentID: l.environmentID,
		Filter: persistence.Condition{
			Field: persistence.FieldRefID, Op: persistence.ILike, Operands: []persistence.Value{persistence.Text(persistence.Escape(text))},
		},
		Page: persistence.PageRequest{Limit: 1},
	})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	return page.Items[0].Document, nil
}

func get[T any](ctx context.Context, documents persistence.Documents[T], environmentID, refID string) (*T, error) {
	document, err := documents.Get(ctx, domain.Ref{EnvironmentID: environmentID, RefID: refID})
	if errors.Is(err, persistence.ErrNotFound) {
		return nil, nil
	}
	return document, err
}

func getMany[T any](ctx context.Context, documents persistence.Documents[T], environmentID string, refIDs []string) (map[string]*T, error) {
	if len(refIDs) == 0 {
		return nil, nil
	}
	return documents.GetMany(ctx, environmentID, refIDs)
}
