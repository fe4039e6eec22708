package subscriptions

import (
	"errors"
	"fmt"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// addCoupon gives the subscription a coupon of its own, if the input names one. It returns the redemption of a promotion
// code, if the coupon comes from one.
// Errors: CouponNotFound, CouponIsArchived, PromotionCodeNotFound, those of PromotionCode.Check, AmountTooLarge,
// BadUserInput.
func (d *draft) addCoupon(s *domain.Subscription) (*redemption, error) {
	applied := d.input.Coupon
	if applied == nil {
		applied = &Coupon{}
	}
	start := d.start
	if applied.StartDate != nil {
		start = domain.Timestamp(*applied.StartDate)
	}
	code, field, err := d.input.promotionCode()
	if err != nil {
		return nil, err
	}
	switch couponID, discount := applied.CouponID, applied.Discount; {
	case code != nil && (couponID != nil || discount != nil), couponID != nil && discount != nil:
		return nil, domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.appliedCoupon",
			"must give one of couponId, promotionCode and discount")
	case code != nil:
		return d.addCodesCoupon(s, field, *code, start)
	case couponID != nil:
		coupon, err := d.coupon(*couponID)
		if err != nil {
			return nil, err
		}
		if err := coupon.RequireActive(couponField); err != nil {
			return nil, err
		}
		s.Coupon = coupon.Applied(start)
	case discount != nil:
		if s.Coupon, err = d.discountCoupon(s, *discount, start); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	return nil, d.checkCurrency("subscriptionParams.appliedCoupon", s)
}

// checkCurrency refuses a coupon that takes nothing off.
func (d *draft) checkCurrency(field string, s *domain.Subscription) error {
	if total := s.TotalPrice(nil, d.now); total != nil && !s.Coupon.DiscountsIn(total.Currency) {
		return domain.FieldErrorf(domain.BadUserInput, field, "must be a coupon with an amount in %s, the currency of the subscription", total.Currency)
	}
	return nil
}

func (d *draft) addCodesCoupon(s *domain.Subscription, field, text string, start time.Time) (*redemption, error) {
	if err := d.requireCode(field, text); err != nil {
		return nil, err
	}
	code := d.offer.code
	var cost *domain.Money
	if total := s.TotalPrice(nil, d.now); total != nil {
		cost = &domain.Money{Amount: total.SubTotal, Currency: total.Currency}
	}
	// As the customer is before this subscription.
	before := *d.customer
	check := func(code *domain.PromotionCode) error { return refusedAt(field, code.Check(&before, cost, d.now)) }
	if err := check(code); err != nil {
		return nil, err
	}
	coupon := d.offer.coupons[code.CouponID]
	if coupon == nil || coupon.Archived() {
		return nil, domain.FieldErrorf(domain.PromotionCodeNotActive, field, "is refused: the coupon of the promotion code was archived")
	}
	s.Coupon = coupon.Applied(start)
	if err := d.checkCurrency(field, s); err != nil {
		return nil, err
	}
	id := d.newID()
	s.PromotionCode, s.ReservationID = &code.RefID, &id
	return &redemption{
		ref: code.Ref(), field: field, check: check,
		reservation: domain.Reservation{ID: id, CustomerID: d.customer.CustomerID, At: d.now},
	}, nil
}

// refusedAt is an error about a promotion code with the field that gives the code.
func refusedAt(field string, err error) error {
	if refusal, ok := errors.AsType[*domain.Error](err); ok {
		return domain.FieldErrorf(refusal.Kind, field, "is refused: %s", refusal.Message)
	}
	return err
}

// discountCoupon is a coupon for this subscription alone. Errors: BadUserInput, AmountTooLarge.
func (d *draft) discountCoupon(s *domain.Subscription, discount Discount, start time.Time) (*domain.AppliedCoupon, error) {
	const field = "subscriptionParams.appliedCoupon.discount"
	coupon := &domain.AppliedCoupon{ID: d.newID(), Name: "Discount", StartDate: start, PercentOff: discount.PercentOff}
	coupon.RefID = coupon.ID
	if discount.Name != nil {
		if err := validate.Name(field+".name", *discount.Name); err != nil {
			return nil, err
		}
		coupon.Name = *discount.Name
	}
	if discount.Description != nil {
		if err := validate.Description(field+".description", *discount.Description); err != nil {
			return nil, err
		}
	}
	var err error
	if coupon.DurationInMonths, err = validate.Months(field+".durationInMonths", discount.DurationInMonths); err != nil {
		return nil, err
	}
	for i, off := range discount.AmountsOff {
		at := fmt.Sprintf("%s.amountsOff[%d]", field, i)
		if off.Currency == nil {
			if total := s.TotalPrice(nil, d.now); total != nil {
				off.Currency = &total.Currency
			} else {
				return nil, domain.FieldErrorf(domain.BadUserInput, at+".currency", "must be given")
			}
		}
		if err := validate.Amount(at+".amount", off.Amount); err != nil {
			return nil, err
		}
		coupon.AmountsOff = append(coupon.AmountsOff, domain.Money{Amount: off.Amount, Currency: *off.Currency})
	}
	coupon.Type = domain.CouponFixed
	if coupon.PercentOff != nil {
		coupon.Type = domain.CouponPercentage
	}
	return coupon, validate.Discount(field+".", coupon.PercentOff, coupon.AmountsOff)
}
