package customers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// addCoupon gives the subscription a coupon of its own, if the input names one. The answer is the redemption
// of a promotion code, if that is how.
// Errors: CouponNotFound, CouponIsArchived, those of PromotionCode.Check, BadUserInput.
func (b *subscriber) addCoupon(ctx context.Context, s *domain.Subscription) (*redemption, error) {
	code, field := b.input.PromotionCode, "subscriptionParams.promotionCode"
	start := b.start
	var discount *Discount
	var couponID *string
	if applied := b.input.Coupon; applied != nil {
		couponID, discount = applied.CouponID, applied.Discount
		if applied.StartDate != nil {
			start = domain.Timestamp(*applied.StartDate)
		}
		if applied.PromotionCode != nil {
			if code != nil && !strings.EqualFold(*code, *applied.PromotionCode) {
				return nil, domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.appliedCoupon.promotionCode",
					"must not differ from subscriptionParams.promotionCode")
			}
			code, field = applied.PromotionCode, "subscriptionParams.appliedCoupon.promotionCode"
		}
	}
	if given(code != nil)+given(couponID != nil)+given(discount != nil) > 1 {
		return nil, domain.FieldErrorf(domain.BadUserInput, "subscriptionParams.appliedCoupon",
			"must give one of couponId, promotionCode and discount")
	}
	var err error
	switch {
	case code != nil:
		return b.addCodesCoupon(ctx, s, field, *code, start)
	case couponID != nil:
		var coupon *domain.Coupon
		const field = "subscriptionParams.appliedCoupon.couponId"
		if coupon, err = b.service.getCoupon(ctx, b.customer.EnvironmentID, field, *couponID); err != nil {
			return nil, err
		}
		if err := checkGivable(field, coupon); err != nil {
			return nil, err
		}
		s.Coupon = coupon.Applied(start)
	case discount != nil:
		if s.Coupon, err = b.discountCoupon(s, *discount, start); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	return nil, b.checkCurrency("subscriptionParams.appliedCoupon", s)
}

func given(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// checkCurrency refuses a coupon that takes nothing off.
func (b *subscriber) checkCurrency(field string, s *domain.Subscription) error {
	if total := s.TotalPrice(nil, b.now); total != nil && !s.Coupon.DiscountsIn(total.Currency) {
		return domain.FieldErrorf(domain.BadUserInput, field, "must be a coupon with an amount in %s, the currency of the subscription", total.Currency)
	}
	return nil
}

func (b *subscriber) addCodesCoupon(ctx context.Context, s *domain.Subscription, field, text string, start time.Time) (*redemption, error) {
	code, err := b.getCode(ctx, field, text)
	if err != nil {
		return nil, err
	}
	var cost *domain.Money
	if total := s.TotalPrice(nil, b.now); total != nil {
		cost = &domain.Money{Amount: total.SubTotal, Currency: total.Currency}
	}
	// As the customer is before this subscription.
	before := *b.customer
	check := func(code *domain.PromotionCode) error {
		err := code.Check(&before, cost, b.now)
		if refusal, ok := errors.AsType[*domain.Error](err); ok {
			return domain.FieldErrorf(refusal.Kind, field, "is refused: %s", refusal.Message)
		}
		return err
	}
	if err := check(code); err != nil {
		return nil, err
	}
	coupon, err := b.service.store.Coupons().Get(ctx, b.ref(code.CouponID))
	if errors.Is(err, persistence.ErrNotFound) || err == nil && coupon.Archived() {
		return nil, domain.FieldErrorf(domain.PromotionCodeNotActive, field, "is refused: the coupon of the promotion code was archived")
	}
	if err != nil {
		return nil, err
	}
	s.Coupon = coupon.Applied(start)
	if err := b.checkCurrency(field, s); err != nil {
		return nil, err
	}
	id := b.service.newID()
	s.PromotionCode, s.ReservationID = &code.RefID, &id
	return &redemption{
		service: b.service, ref: code.Ref(), field: field, check: check,
		reservation: domain.Reservation{ID: id, CustomerID: b.customer.CustomerID, At: b.now},
	}, nil
}

// getCode returns a promotion code, found in any case of its letters. Errors: PromotionCodeNotFound, BadUserInput.
func (b *subscriber) getCode(ctx context.Context, field, text string) (*domain.PromotionCode, error) {
	if err := validate.ID(field, text); err != nil {
		return nil, err
	}
	codes := b.service.store.PromotionCodes()
	// As it was sent comes first: codes that differ in case alone may be left from before the catalogue refused them.
	spellings := []string{text, strings.ToUpper(text), strings.ToLower(text)}
	found, err := codes.GetMany(ctx, b.customer.EnvironmentID, spellings)
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
		EnvironmentID: b.customer.EnvironmentID,
		Filter: persistence.Condition{
			Field: persistence.FieldRefID, Op: persistence.ILike, Operands: []persistence.Value{persistence.Text(persistence.Escape(text))},
		},
		Page: persistence.PageRequest{Limit: 1},
	})
	if err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		return nil, domain.FieldErrorf(domain.PromotionCodeNotFound, field, "is no promotion code of this environment: Promotion code not found")
	}
	return page.Items[0].Document, nil
}

// discountCoupon is a coupon for this subscription alone. Errors: BadUserInput, AmountTooLarge.
func (b *subscriber) discountCoupon(s *domain.Subscription, discount Discount, start time.Time) (*domain.AppliedCoupon, error) {
	const field = "subscriptionParams.appliedCoupon.discount"
	coupon := &domain.AppliedCoupon{ID: b.service.newID(), Name: "Discount", StartDate: start, PercentOff: discount.PercentOff}
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
			if total := s.TotalPrice(nil, b.now); total != nil {
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
