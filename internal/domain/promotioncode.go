package domain

import (
	"slices"
	"time"
)

// PromotionCode is a text that gives a coupon, within limits. Its RefID is the code.
type PromotionCode struct {
	Record   `bson:",inline"`
	CouponID string `bson:"couponId"` // the coupon's RefID
	Active   bool   `bson:"active"`
	// StartsAt and ExpiresAt are the window in which the code is good; nil is open.
	StartsAt  *time.Time `bson:"startsAt"`
	ExpiresAt *time.Time `bson:"expiresAt"`
	// CustomerID is the only customer who may use the code; nil is all.
	CustomerID *string `bson:"customerId"`
	// MaxRedemptions is how often the code can be used in all; nil is any number.
	MaxRedemptions *int64 `bson:"maxRedemptions"`
	// MinimumAmounts are what a subscription has to cost before the discount, one a currency.
	MinimumAmounts []Money `bson:"minimumAmounts"`
	// FirstPurchaseOnly is whether the customer must not have had a paid subscription before.
	FirstPurchaseOnly bool `bson:"firstPurchaseOnly"`

	// Redeemed counts the redemptions whose customers were written.
	Redeemed int64 `bson:"redeemed"`
	// Reserved are redemptions whose customers are being written, or were when a process died.
	Reserved []Reservation `bson:"reserved"`
}

// Reservation is a redemption that is under way.
type Reservation struct {
	// ID is a UUID; the customer's subscription has it too once it is written.
	ID         string    `bson:"id"`
	CustomerID string    `bson:"customerId"`
	At         time.Time `bson:"at"`
}

// Check refuses the code for a subscription of a customer that costs the given amount, or nothing. It leaves
// the number of redemptions to Reserve.
// Errors: PromotionCodeNotActive, PromotionCodeNotForCustomer, PromotionCodeBelowMinimum,
// PromotionCodeNotFirstPurchase.
func (c *PromotionCode) Check(customer *Customer, cost *Money, at time.Time) error {
	switch {
	case !c.Active, c.StartsAt != nil && at.Before(*c.StartsAt), c.ExpiresAt != nil && !at.Before(*c.ExpiresAt):
		return Errorf(PromotionCodeNotActive, "the promotion code is not active")
	case c.CustomerID != nil && *c.CustomerID != customer.CustomerID:
		return Errorf(PromotionCodeNotForCustomer, "the promotion code is for another customer")
	case c.FirstPurchaseOnly && customer.HasPurchased():
		return Errorf(PromotionCodeNotFirstPurchase, "the promotion code is for a first purchase, and the customer has bought before")
	case len(c.MinimumAmounts) == 0:
		return nil
	}
	if cost != nil {
		if minimum, found := amountIn(c.MinimumAmounts, cost.Currency); found && cost.Amount.Compare(minimum) >= 0 {
			return nil
		}
	}
	return Errorf(PromotionCodeBelowMinimum, "the subscription costs less than the promotion code asks for")
}

// Reserve adds a reservation. Errors: PromotionCodeExhausted.
func (c *PromotionCode) Reserve(reservation Reservation) error {
	if c.MaxRedemptions != nil && c.Redeemed+int64(len(c.Reserved)) >= *c.MaxRedemptions {
		return Errorf(PromotionCodeExhausted, "the promotion code was used as often as it can be")
	}
	c.Reserved = append(c.Reserved, reservation)
	return nil
}

// Finish ends a reservation: it counts if the customer was written. It reports whether there was one.
func (c *PromotionCode) Finish(reservationID string, written bool) bool {
	i := slices.IndexFunc(c.Reserved, func(r Reservation) bool { return r.ID == reservationID })
	if i < 0 {
		return false
	}
	c.Reserved = slices.Delete(c.Reserved, i, i+1)
	if written {
		c.Redeemed++
	}
	return true
}
