package domain

import (
	"slices"
	"time"
)

// SubscriptionStatus is how far a subscription is.
type SubscriptionStatus string

// The statuses.
const (
	PaymentPending SubscriptionStatus = "PAYMENT_PENDING"
	Active         SubscriptionStatus = "ACTIVE"
	Expired        SubscriptionStatus = "EXPIRED"
	InTrial        SubscriptionStatus = "IN_TRIAL"
	Canceled       SubscriptionStatus = "CANCELED"
	NotStarted     SubscriptionStatus = "NOT_STARTED"
)

// SubscriptionStatuses are all of them.
var SubscriptionStatuses = []SubscriptionStatus{PaymentPending, Active, Expired, InTrial, Canceled, NotStarted}

// CancelReason is why a subscription ended.
type CancelReason string

// The reasons that this server gives.
const (
	ReasonTrialEnded       CancelReason = "TrialEnded"
	ReasonCustomerArchived CancelReason = "CustomerArchived"
)

// TrialEndBehavior is what happens at the end of a trial.
type TrialEndBehavior string

// The behaviours.
const (
	ConvertToPaid      TrialEndBehavior = "CONVERT_TO_PAID"
	CancelSubscription TrialEndBehavior = "CANCEL_SUBSCRIPTION"
)

// Phase is a period of a subscription's life. Future phases are stored when they are decided, so that a status is looked
// up by the clock and no job has to run on time.
type Phase struct {
	Status SubscriptionStatus `bson:"status"`
	From   time.Time          `bson:"from"`
	// Until is the From of the next phase; nil in the last one.
	Until *time.Time `bson:"until"`
	// Reason is why a phase that is an end came to be.
	Reason *CancelReason `bson:"reason"`
}

// Subscription is what a customer has of a product. It lives in the customer's document, and holds a copy of
// the prices and entitlements that were subscribed to, so that a change of the catalogue does not touch it.
type Subscription struct {
	ID             string `bson:"id"` // a UUID
	SubscriptionID string `bson:"subscriptionId"`
	// ProductID, PlanID and the ids of add-ons and features are RefIDs.
	ProductID               string               `bson:"productId"`
	PlanID                  string               `bson:"planId"`
	PlanUUID                string               `bson:"planUuid"`
	PlanVersion             int                  `bson:"planVersion"`
	PricingType             PricingType          `bson:"pricingType"`
	ResourceID              *string              `bson:"resourceId"`
	BillingPeriod           *BillingPeriod       `bson:"billingPeriod"`
	BillingCountryCode      *string              `bson:"billingCountryCode"`
	PaymentCollectionMethod string               `bson:"paymentCollectionMethod"` // CHARGE, INVOICE, NONE
	Addons                  []SubscriptionAddon  `bson:"addons"`
	Charges                 []Charge             `bson:"charges"`
	Entitlements            []PackageEntitlement `bson:"entitlements"`
	// Coupon is the subscription's own; without one the customer's applies.
	Coupon *AppliedCoupon `bson:"coupon"`
	// PromotionCode is the code that led to Coupon, and ReservationID its redemption.
	PromotionCode *string  `bson:"promotionCode"`
	ReservationID *string  `bson:"reservationId"`
	MinimumSpend  *Decimal `bson:"minimumSpend"`
	Budget        *Budget  `bson:"budget"`
	// Phases are in order, without gaps, and never empty.
	Phases             []Phase           `bson:"phases"`
	StartDate          time.Time         `bson:"startDate"`
	EndDate            *time.Time        `bson:"endDate"`
	TrialEndDate       *time.Time        `bson:"trialEndDate"`
	TrialEndBehavior   *TrialEndBehavior `bson:"trialEndBehavior"`
	CancellationDate   *time.Time        `bson:"cancellationDate"`
	BillingCycleAnchor time.Time         `bson:"billingCycleAnchor"`
	BillingID          *string           `bson:"billingId"`
	SalesforceID       *string           `bson:"salesforceId"`
	Metadata           Metadata          `bson:"metadata"`
	CreatedAt          time.Time         `bson:"createdAt"`
}

// SubscriptionAddon is an add-on that a subscription has.
type SubscriptionAddon struct {
	ID       string `bson:"id"` // a UUID
	AddonID  string `bson:"addonId"`
	Version  int    `bson:"version"`
	Quantity int64  `bson:"quantity"`
}

// Charge is a price that a subscription pays, for so many units.
type Charge struct {
	ID string `bson:"id"` // a UUID
	// AddonID is the add-on that is paid for; nil is the plan.
	AddonID  *string `bson:"addonId"`
	Price    Price   `bson:"price"`
	Quantity int64   `bson:"quantity"`
	// Times is how often the price is paid: the quantity of the add-on, else 1.
	Times int64 `bson:"times"`
}

// Total is what the charge costs per billing period.
func (c *Charge) Total() Decimal {
	return c.Price.Total(c.Quantity).Times(WholeDecimal(max(c.Times, 1)))
}

func (s *Subscription) phase(at time.Time) Phase {
	for _, phase := range slices.Backward(s.Phases) {
		if !at.Before(phase.From) {
			return phase
		}
	}
	return s.Phases[0]
}

// Status is the status at a time.
func (s *Subscription) Status(at time.Time) SubscriptionStatus { return s.phase(at).Status }

// Running reports whether the subscription grants what it is for at a time.
func (s *Subscription) Running(at time.Time) bool {
	status := s.Status(at)
	return status == Active || status == InTrial
}

// Ended is when and why the subscription ended; nil while it has not.
func (s *Subscription) Ended(at time.Time) (*time.Time, *CancelReason) {
	if len(s.Phases) == 0 {
		return nil, nil
	}
	if phase := s.phase(at); phase.Status == Expired || phase.Status == Canceled {
		return &phase.From, phase.Reason
	}
	return nil, nil
}

// WasInTrial reports whether a trial has begun by a time.
func (s *Subscription) WasInTrial(at time.Time) bool {
	return slices.ContainsFunc(s.Phases, func(p Phase) bool { return p.Status == InTrial && !at.Before(p.From) })
}

// Cancel ends the subscription at a time, unless it has ended before. It reports whether it did.
func (s *Subscription) Cancel(at time.Time, reason CancelReason) bool {
	if ended, _ := s.Ended(at); ended != nil {
		return false
	}
	current := s.phase(at)
	kept := s.Phases[:0:0]
	for _, phase := range s.Phases {
		if phase.From.Before(at) {
			kept = append(kept, phase)
		}
	}
	if len(kept) > 0 {
		kept[len(kept)-1].Until = &at
	}
	s.Phases = append(kept, Phase{Status: Canceled, From: at, Reason: &reason})
	if current.Status == InTrial {
		s.TrialEndDate = &at
	}
	s.CancellationDate, s.EndDate = &at, &at
	return true
}

// Activate ends the wait for a payment, now or later, because there is a payment method from a time on. It reports
// whether that changes anything.
func (s *Subscription) Activate(at time.Time) bool {
	last := &s.Phases[len(s.Phases)-1]
	switch {
	case last.Status != PaymentPending:
		return false
	case !at.After(last.From):
		last.Status = Active
	default:
		last.Until = &at
		s.Phases = append(s.Phases, Phase{Status: Active, From: at})
	}
	return true
}

// TotalPrice is what a subscription costs per billing period, in one currency.
type TotalPrice struct {
	Currency string
	// SubTotal is before the discount, AddonsTotal the part of it that add-ons cost, Total after the discount.
	SubTotal, AddonsTotal, Total Decimal
}

// TotalPrice adds up what the subscription costs at a time with the coupon that applies, or none; nil if it
// has no price. What is paid once belongs to the first billing period. Amounts are rounded to the currency's smallest unit.
func (s *Subscription) TotalPrice(coupon *AppliedCoupon, at time.Time) *TotalPrice {
	if len(s.Charges) == 0 {
		return nil
	}
	if at.Before(s.BillingCycleAnchor) {
		at = s.BillingCycleAnchor // What will be paid first.
	}
	total := &TotalPrice{Currency: s.Charges[0].Price.Currency}
	for i := range s.Charges {
		if s.Charges[i].Price.Cadence == OneOff && s.paidBefore(at) {
			continue
		}
		cost := s.Charges[i].Total()
		total.SubTotal = total.SubTotal.Plus(cost)
		if s.Charges[i].AddonID != nil {
			total.AddonsTotal = total.AddonsTotal.Plus(cost)
		}
	}
	places := MinorUnitPlaces(total.Currency)
	total.SubTotal, total.AddonsTotal = total.SubTotal.Round(places), total.AddonsTotal.Round(places)
	total.Total = total.SubTotal
	if coupon != nil {
		total.Total = total.SubTotal.Minus(coupon.Discount(Money{Amount: total.SubTotal, Currency: total.Currency}, at))
	}
	if s.MinimumSpend != nil {
		total.Total = slices.MaxFunc([]Decimal{total.Total, s.MinimumSpend.Round(places)}, Decimal.Compare)
	}
	return total
}

// paidBefore reports whether a time is after the first billing period.
func (s *Subscription) paidBefore(at time.Time) bool {
	return s.BillingPeriod != nil && !at.Before(AddMonths(s.BillingCycleAnchor, s.BillingPeriod.Months()))
}

// BillingPeriodAt is the billing period that a time is in, counted from the anchor; nil if nothing is paid
// periodically, before the anchor, and once the subscription has ended.
func (s *Subscription) BillingPeriodAt(at time.Time) (start, end *time.Time) {
	if ended, _ := s.Ended(at); ended != nil || s.BillingPeriod == nil || at.Before(s.BillingCycleAnchor) {
		return nil, nil
	}
	months := s.BillingPeriod.Months()
	anchor := s.BillingCycleAnchor
	n := ((at.Year()-anchor.Year())*12 + int(at.Month()) - int(anchor.Month())) / months
	for at.Before(AddMonths(anchor, n*months)) {
		n--
	}
	from, until := AddMonths(anchor, n*months), AddMonths(anchor, (n+1)*months)
	return &from, &until
}

// SubscriptionClaim reserves a subscription's id for one customer, so that the id is unique in its environment and leads
// to the customer. Its RefID is the subscription's id.
type SubscriptionClaim struct {
	Record `bson:",inline"`
	// CustomerID is who the id is for.
	CustomerID string `bson:"customerId"`
}

// TrialedPlan is a plan that a customer has tried.
type TrialedPlan struct {
	ProductID   string `bson:"productId"`
	ProductUUID string `bson:"productUuid"`
	PlanID      string `bson:"planId"`
	PlanUUID    string `bson:"planUuid"`
}
