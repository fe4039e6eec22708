package customers

import (
	"context"
	"errors"
	"slices"

	"clientele/internal/domain"
	"clientele/persistence"
)

// SetCoupon gives a customer a coupon in place of the one it has. Customer and coupon are given by UUID, or by the id
// that the owner chose.
// Errors: IdentityForbidden, CustomerNotFound, CouponNotFound, CouponIsArchived, Conflict.
func (s *Service) SetCoupon(ctx context.Context, actor domain.Actor, customer, coupon string) (*domain.Customer, error) {
	ref, found, err := s.relation(ctx, actor, customer, coupon)
	if err != nil {
		return nil, err
	}
	return s.changeLive(ctx, ref, func(customer *domain.Customer) (bool, error) {
		if domain.SameText(customer.CouponID, &found.RefID) {
			return false, nil
		}
		if err := found.RequireActive("relationId"); err != nil {
			return false, err
		}
		customer.UpdatedAt = s.Now()
		return setCoupon(customer, &found.RefID, customer.UpdatedAt), nil
	})
}

// RemoveCoupon removes a coupon from a customer. A customer who does not have that coupon stays unchanged.
// Errors: IdentityForbidden, CustomerNotFound, CouponNotFound, Conflict.
func (s *Service) RemoveCoupon(ctx context.Context, actor domain.Actor, customer, coupon string) (*domain.Customer, error) {
	ref, found, err := s.relation(ctx, actor, customer, coupon)
	if err != nil {
		return nil, err
	}
	return s.changeLive(ctx, ref, func(customer *domain.Customer) (bool, error) {
		if !domain.SameText(customer.CouponID, &found.RefID) {
			return false, nil
		}
		customer.UpdatedAt = s.Now()
		return setCoupon(customer, nil, customer.UpdatedAt), nil
	})
}

// relation finds a customer and a coupon. Errors: IdentityForbidden, CustomerNotFound, CouponNotFound.
func (s *Service) relation(ctx context.Context, actor domain.Actor, customer, coupon string) (domain.CustomerRef, *domain.Coupon, error) {
	var ref domain.CustomerRef
	if err := actor.AuthorizeWrite(); err != nil {
		return ref, nil, err
	}
	ref.EnvironmentID = actor.EnvironmentID
	ref.CustomerID = customer
	byUUID, err := s.store.ListCustomers(ctx, persistence.Query{
		EnvironmentID: actor.EnvironmentID,
		Filter:        persistence.Condition{Field: persistence.FieldID, Op: persistence.Equal, Operands: []persistence.Value{persistence.Text(customer)}},
		Page:          persistence.PageRequest{Limit: 1},
	})
	if err != nil {
		return ref, nil, err
	}
	if len(byUUID.Items) > 0 {
		ref.CustomerID = byUUID.Items[0].Document.CustomerID
	}
	found, err := persistence.Find(ctx, s.store.Coupons(), actor.EnvironmentID, coupon)
	if errors.Is(err, persistence.ErrNotFound) {
		err = domain.NotFound(domain.CouponNotFound, "relationId", "Coupon", coupon)
	}
	return ref, found, err
}

// MaxCouponCustomers bounds how many customers WithCoupons returns.
const MaxCouponCustomers = 100

// WithCoupons returns the live customers that match a filter and have one of the coupons, by coupon, each list
// in the given order, in one call to the store. Errors: BadUserInput for more than MaxCouponCustomers.
func (s *Service) WithCoupons(
	ctx context.Context, actor domain.Actor, couponIDs []string, filter persistence.Filter, order []persistence.Order,
) (map[string][]*domain.Customer, error) {
	operands := make([]persistence.Value, len(couponIDs))
	for i, id := range couponIDs {
		operands[i] = persistence.Text(id)
	}
	wanted := persistence.And{persistence.Condition{Field: persistence.FieldCouponID, Op: persistence.In, Operands: operands}}
	if filter != nil {
		wanted = append(wanted, filter)
	}
	page, err := s.store.ListCustomers(ctx, persistence.Query{
		EnvironmentID: actor.EnvironmentID, Filter: wanted, Order: order,
		Page: persistence.PageRequest{Limit: MaxCouponCustomers},
	})
	if err != nil {
		return nil, err
	}
	if page.HasNext {
		return nil, domain.Errorf(domain.BadUserInput,
			"customers of coupons must be at most %d in one response; read them with customers(filter: { couponId: … })", MaxCouponCustomers)
	}
	out := map[string][]*domain.Customer{}
	for _, item := range page.Items {
		out[*item.Document.CouponID] = append(out[*item.Document.CouponID], item.Document)
	}
	return out, nil
}

// CouponsOf returns the ids of the coupons of the live customers that match a filter.
// Errors: BadUserInput for more than MaxCouponCustomers customers.
func (s *Service) CouponsOf(ctx context.Context, actor domain.Actor, filter persistence.Filter) ([]string, error) {
	page, err := s.store.ListCustomers(ctx, persistence.Query{
		EnvironmentID: actor.EnvironmentID,
		Filter:        persistence.And{persistence.Condition{Field: persistence.FieldCouponID, Op: persistence.NotNull}, filter},
		Page:          persistence.PageRequest{Limit: MaxCouponCustomers},
	})
	if err != nil {
		return nil, err
	}
	if page.HasNext {
		return nil, domain.FieldErrorf(domain.BadUserInput, "filter.customers", "must match at most %d customers", MaxCouponCustomers)
	}
	seen := map[string]bool{}
	ids := []string{}
	for _, item := range page.Items {
		// The store returns no archived customers. If it did, the coupon would reveal one.
		if id := *item.Document.CouponID; !seen[id] && !item.Document.Archived() {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	// Sorted, so that a cursor is valid for the same set of coupons.
	slices.Sort(ids)
	return ids, nil
}
