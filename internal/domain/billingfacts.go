package domain

import (
	"slices"
	"time"
)

// BillingFacts is what the billing provider has reported of a customer: how it can be charged, and whether the provider
// still has it. It is the one part of billing that is stored. Only billing.Apply changes it; its marks make the result
// independent of the order of events.
type BillingFacts struct {
	// Deleted is for good. Nothing else is known of a customer that the provider deleted.
	Deleted bool `bson:"deleted"`
	// Currency is the ISO 4217 code of what the provider charges in, "" if it has not chosen one.
	Currency string `bson:"currency"`
	// DefaultPaymentMethodID is the method that is charged, "" if there is none.
	DefaultPaymentMethodID string `bson:"defaultPaymentMethodId"`
	// Mark says how Currency and DefaultPaymentMethodID are known.
	Mark FactMark `bson:"mark"`
	// PaymentMethods are sorted by ID.
	PaymentMethods []PaymentMethodFacts `bson:"paymentMethods"`
	// RetrievedAt is the time of the last whole snapshot; nothing older says anything new. Zero without one.
	RetrievedAt time.Time `bson:"retrievedAt"`
}

// PaymentMethodFacts is what is known of one payment method.
type PaymentMethodFacts struct {
	ID string `bson:"id"`
	// Detached is for good: a payment method that was detached never comes back under its id. Then Details
	// are empty, and the entry is there only to outlast older news.
	Detached bool                 `bson:"detached"`
	Details  PaymentMethodDetails `bson:"details"`
	Mark     FactMark             `bson:"mark"`
}

// PaymentMethodDetails is what may be shown of a payment method. What the provider does not say is empty.
type PaymentMethodDetails struct {
	Type            PaymentMethodType `bson:"type"`
	Last4           string            `bson:"last4"`
	ExpirationMonth int               `bson:"expirationMonth"`
	ExpirationYear  int               `bson:"expirationYear"`
}

// PaymentMethodType is a kind of payment method. "" is a kind that the API has no word for.
type PaymentMethodType string

// The kinds of payment method.
const (
	PaymentMethodCard    PaymentMethodType = "CARD"
	PaymentMethodBank    PaymentMethodType = "BANK"
	PaymentMethodCashApp PaymentMethodType = "CASH_APP"
)

// FactMark says from when a fact is, by the provider's clock, and from which of its events.
type FactMark struct {
	At      time.Time `bson:"at"`
	EventID string    `bson:"eventId"`
	// Tied is that another event of the same time said something else, so that the fact is one of the two
	// until the provider was asked.
	Tied bool `bson:"tied"`
}

// HasPaymentMethod reports whether any payment method is attached.
func (f BillingFacts) HasPaymentMethod() bool {
	return slices.ContainsFunc(f.PaymentMethods, func(m PaymentMethodFacts) bool { return !m.Detached })
}

// DefaultPaymentMethod is the method that is charged; false if there is none, or if it is not known yet.
func (f BillingFacts) DefaultPaymentMethod() (PaymentMethodFacts, bool) {
	method, known := f.paymentMethod(f.DefaultPaymentMethodID)
	if !known || method.Detached {
		return PaymentMethodFacts{}, false
	}
	return method, true
}

// maxPaymentMethods bounds the list between two whole snapshots, each of which drops what was detached.
const maxPaymentMethods = 50

// NeedsRefetch reports whether the provider must be asked for the whole snapshot: two events of the same second
// disagree, the default payment method is unheard of, or the list has grown long.
func (f BillingFacts) NeedsRefetch() bool {
	_, known := f.paymentMethod(f.DefaultPaymentMethodID)
	return f.Mark.Tied || f.DefaultPaymentMethodID != "" && !known || len(f.PaymentMethods) > maxPaymentMethods ||
		slices.ContainsFunc(f.PaymentMethods, func(m PaymentMethodFacts) bool { return m.Mark.Tied })
}

func (f BillingFacts) paymentMethod(id string) (PaymentMethodFacts, bool) {
	i := slices.IndexFunc(f.PaymentMethods, func(m PaymentMethodFacts) bool { return m.ID == id })
	if i < 0 {
		return PaymentMethodFacts{}, false
	}
	return f.PaymentMethods[i], true
}
