package resolver

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"clientele/graph/model"
	"clientele/internal/coupons"
	"clientele/internal/domain"
	"clientele/persistence"
)

func toCoupon(c *domain.Coupon) *model.Coupon {
	return &model.Coupon{
		ID: c.ID, RefID: c.RefID, Name: c.Name, Description: c.Description,
		Type: model.CouponType(c.Type), Status: model.CouponStatus(c.Status), Origin: model.CouponSource(c.Source),
		DiscountValue: discountValue(c.PercentOff, c.AmountsOff), PercentOff: toFloat(c.PercentOff), AmountsOff: toAmounts(c.AmountsOff),
		DurationInMonths: float(c.DurationInMonths), AdditionalMetaData: c.Metadata.JSON(), BillingID: c.BillingID,
		EnvironmentID: c.EnvironmentID, Environment: toEnvironment(c.EnvironmentID),
		SyncStates: []*model.SyncState{unsynced}, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, Version: int(c.Version), Source: c,
	}
}

// discountValue is the deprecated single number of a discount: the per cent, or the first amount.
func discountValue(percent *domain.Decimal, amounts []domain.Money) float64 {
	if percent != nil {
		return percent.Float()
	}
	if len(amounts) > 0 {
		return amounts[0].Amount.Float()
	}
	return 0
}

func toFloat(d *domain.Decimal) *float64 {
	if d == nil {
		return nil
	}
	f := d.Float()
	return &f
}

func toAmounts(amounts []domain.Money) []*model.Money {
	if amounts == nil {
		return nil
	}
	return each(amounts, func(m domain.Money) *model.Money { return toMoney(m.Amount, m.Currency) })
}

func fromCreateCouponInput(input model.CreateCouponInput) coupons.Create {
	create := coupons.Create{
		EnvironmentID: input.EnvironmentID.Value(), RefID: input.RefID, Name: input.Name, Description: input.Description.Value(),
		DiscountValue: fromFloat(input.DiscountValue.Value()), PercentOff: fromFloat(input.PercentOff.Value()),
		DurationInMonths: input.DurationInMonths.Value(), Metadata: input.AdditionalMetaData.Value(),
		Type: enum[domain.CouponType](input.Type.Value()),
	}
	for _, off := range input.AmountsOff.Value() {
		create.AmountsOff = append(create.AmountsOff, coupons.Amount{
			Amount: domain.DecimalOf(off.Amount), Currency: enum[string](off.Currency.Value()),
		})
	}
	return create
}

func fromUpdateCouponInput(input model.UpdateCouponInput) coupons.Update {
	return coupons.Update{
		EnvironmentID: input.EnvironmentID.Value(), RefID: input.RefID, Name: changeOf(input.Name),
		Description: changeOf(input.Description), Metadata: jsonChangeOf(input.AdditionalMetaData),
		IfVersion: fromVersion(input.IfVersion),
	}
}

// fromFloat keeps the decimal digits that a client sent.
func fromFloat(f *float64) *domain.Decimal {
	if f == nil {
		return nil
	}
	d := domain.DecimalOf(*f)
	return &d
}

// couponUsers loads the customers of coupons. It has a loader for each filter and order, because these are arguments of
// the field, so that all coupons of one list take one call to the store.
type couponUsers struct {
	mu      sync.Mutex
	loaders map[string]*loader[[]*domain.Customer]
}

func (u *couponUsers) load(
	ctx context.Context, r *Resolver, couponID string, filter persistence.Filter, order []persistence.Order,
) ([]*domain.Customer, error) {
	found, err := load(ctx, u.loader(ctx, r, filter, order), couponID)
	if found == nil || err != nil {
		return nil, err
	}
	return *found, nil
}

func (u *couponUsers) loader(
	ctx context.Context, r *Resolver, filter persistence.Filter, order []persistence.Order,
) *loader[[]*domain.Customer] {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := fmt.Sprintf("%#v %#v", filter, order)
	if u.loaders == nil {
		u.loaders = map[string]*loader[[]*domain.Customer]{}
	}
	if u.loaders[key] == nil {
		actor := ActorOf(ctx)
		u.loaders[key] = newMappedLoader(r, func(ctx context.Context, couponIDs []string) (map[string]*[]*domain.Customer, error) {
			found, err := r.Customers.WithCoupons(ctx, actor, slices.Clone(couponIDs), filter, order)
			out := map[string]*[]*domain.Customer{}
			for id, customers := range found {
				out[id] = &customers
			}
			return out, err
		})
	}
	return u.loaders[key]
}
