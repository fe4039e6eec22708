package billing

import (
	"time"

	"clientele/internal/domain"
)

// EventKind is what an event is about.
type EventKind string

// The kinds of event. All but CustomerRetrieved come from the provider by themselves, in any order, more than
// once, and late.
const (
	// Ignored says nothing of interest, and Apply leaves everything as it is.
	Ignored EventKind = ""
	// PaymentMethodAttached, PaymentMethodUpdated and PaymentMethodExpiring carry the payment method whole.
	PaymentMethodAttached EventKind = "PaymentMethodAttached"
	PaymentMethodUpdated  EventKind = "PaymentMethodUpdated"
	PaymentMethodExpiring EventKind = "PaymentMethodExpiring"
	// PaymentMethodDetached carries the payment method's ID, which never comes back.
	PaymentMethodDetached EventKind = "PaymentMethodDetached"
	// CustomerUpdated carries the customer's facts whole; a creation is an update too.
	CustomerUpdated EventKind = "CustomerUpdated"
	// CustomerDeleted is the customer's end.
	CustomerDeleted EventKind = "CustomerDeleted"
	// CustomerRetrieved is a Snapshot: the customer's facts, and all payment methods that are attached.
	CustomerRetrieved EventKind = "CustomerRetrieved"
)

// EventKinds are all kinds of news that come from a provider by themselves.
func EventKinds() []EventKind {
	return []EventKind{
		PaymentMethodAttached, PaymentMethodUpdated, PaymentMethodExpiring, PaymentMethodDetached, CustomerUpdated, CustomerDeleted,
	}
}

// Event is something that the provider said of a customer. It holds what Apply needs and nothing of what the
// provider knows besides.
type Event struct {
	// ID is unique among all events and snapshots.
	ID string
	// CreatedAt is from when the news is, by the provider's clock. Providers count in seconds.
	CreatedAt time.Time
	Kind      EventKind
	// CustomerID is the provider's id of the customer. It is "" if Ignored.
	CustomerID     string
	Customer       CustomerFacts
	PaymentMethods []PaymentMethod // one, but for CustomerRetrieved
	// ThinType is the provider's type of a thin event, "" of any other. A thin event names the object that changed and
	// does not carry it, so it is Ignored.
	ThinType string
}

// CustomerFacts is what a provider keeps with the customer itself.
type CustomerFacts struct {
	// Currency is the ISO 4217 code of what the provider charges in, or else of what it was asked to, or "".
	Currency               string
	DefaultPaymentMethodID string
}

// PaymentMethod is a payment method at the provider.
type PaymentMethod struct {
	ID      string
	Details domain.PaymentMethodDetails
}
