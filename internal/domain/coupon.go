package domain

import (
	"slices"
	"time"
)

// Coupon is a discount: a percentage, or an amount in one or more currencies.
type Coupon struct {
	Record      `bson:",inline"`
	Name        string     `bson:"name"`
	Description *string    `bson:"description"`
	Type        CouponType `bson:"type"`
	// Status is ACTIVE or ARCHIVED. An archived coupon still discounts customers who have it.
	Status string `bson:"status"`
	// Source is STIGG, the API's word for a coupon that was made here.
	Source     string   `bson:"source"`
	PercentOff *Decimal `bson:"percentOff"`
	AmountsOff []Money  `bson:"amountsOff"`
	// DurationInMonths is how long a subscription is discounted; nil is for ever.
	DurationInMonths *int     `bson:"durationInMonths"`
	BillingID        *string  `bson:"billingId"`
	Metadata         Metadata `bson:"metadata"`
}

// CouponType is how a coupon discounts.
type CouponType string

// The coupon types.
const (
	CouponFixed      CouponType = "FIXED"
	CouponPercentage CouponType = "PERCENTAGE"
)

// The statuses and the source of a coupon.
const (
	CouponActive   = "ACTIVE"
	CouponArchived = "ARCHIVED"
	CouponSource   = "STIGG"
)

// Archived reports whether the coupon can no longer be given.
func (c *Coupon) Archived() bool { return c.Status == CouponArchived }

// RequireActive refuses an archived coupon. Errors: CouponIsArchived.
func (c *Coupon) RequireActive(field string) error {
	if !c.Archived() {
		return nil
	}
	return FieldErrorf(CouponIsArchived, field, "is an archived coupon, which cannot be applied").About("Coupon", c.RefID)
}

// Applied is the coupon as a subscription has it from a time on.
func (c *Coupon) Applied(from time.Time) *AppliedCoupon {
	return &AppliedCoupon{
		ID: c.ID, RefID: c.RefID, Name: c.Name, Type: c.Type, PercentOff: c.PercentOff, AmountsOff: c.AmountsOff,
		DurationInMonths: c.DurationInMonths, StartDate: from,
	}
}

// AppliedCoupon is a coupon as it was when a subscription got it.
type AppliedCoupon struct {
	ID               string     `bson:"id"`
	RefID            string     `bson:"refId"`
	Name             string     `bson:"name"`
	Type             CouponType `bson:"type"`
	PercentOff       *Decimal   `bson:"percentOff"`
	AmountsOff       []Money    `bson:"amountsOff"`
	DurationInMonths *int       `bson:"durationInMonths"`
	StartDate        time.Time  `bson:"startDate"`
}

// ExpiresAt is when the coupon discounts no more; nil is never.
func (a *AppliedCoupon) ExpiresAt() *time.Time {
	if a.DurationInMonths == nil {
		return nil
	}
	at := AddMonths(a.StartDate, *a.DurationInMonths)
	return &at
}

// Discount is what the coupon takes off an amount at a time: never more than the amount, nothing in a
// currency that the coupon has no amount in, rounded to the currency's smallest unit.
func (a *AppliedCoupon) Discount(of Money, at time.Time) Decimal {
	if expires := a.ExpiresAt(); at.Before(a.StartDate) || expires != nil && !at.Before(*expires) {
		return "0"
	}
	off := Decimal("0")
	if a.PercentOff != nil {
		off = of.Amount.Percent(*a.PercentOff)
	} else if amount, found := amountIn(a.AmountsOff, of.Currency); found {
		off = amount
	}
	off = off.Round(MinorUnitPlaces(of.Currency))
	return slices.MinFunc([]Decimal{off, of.Amount}, Decimal.Compare)
}

// DiscountsIn reports whether the coupon takes anything off in the currency.
func (a *AppliedCoupon) DiscountsIn(currency string) bool {
	_, found := amountIn(a.AmountsOff, currency)
	return a.PercentOff != nil || found
}

// AddMonths is the same day so many months later, or the last day of that month if it is shorter.
func AddMonths(t time.Time, months int) time.Time {
	out := t.AddDate(0, months, 0)
	if out.Day() != t.Day() {
		return out.AddDate(0, 0, -out.Day())
	}
	return out
}
