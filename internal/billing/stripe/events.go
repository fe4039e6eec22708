package stripe

import (
	"cmp"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v86/webhook"

	"clientele/internal/billing"
)

// The events that mean something here; an endpoint at Stripe needs no others. customer.source is what payment
// methods were called before.
var eventKinds = map[string]billing.EventKind{
	"customer.created":                     billing.CustomerUpdated,
	"customer.updated":                     billing.CustomerUpdated,
	"customer.deleted":                     billing.CustomerDeleted,
	"payment_method.attached":              billing.PaymentMethodAttached,
	"payment_method.updated":               billing.PaymentMethodUpdated,
	"payment_method.automatically_updated": billing.PaymentMethodUpdated,
	"payment_method.detached":              billing.PaymentMethodDetached,
	"customer.source.created":              billing.PaymentMethodAttached,
	"customer.source.updated":              billing.PaymentMethodUpdated,
	"customer.source.expiring":             billing.PaymentMethodExpiring,
	"customer.source.deleted":              billing.PaymentMethodDetached,
}

// renamed are the names that events have in older versions of the API: before 2015-02-18, and before 2020-08-27.
var renamed = map[string]string{
	"customer.card.created":                     "customer.source.created",
	"customer.card.updated":                     "customer.source.updated",
	"customer.card.deleted":                     "customer.source.deleted",
	"customer.bank_account.created":             "customer.source.created",
	"customer.bank_account.updated":             "customer.source.updated",
	"customer.bank_account.deleted":             "customer.source.deleted",
	"payment_method.card_automatically_updated": "payment_method.automatically_updated",
}

// The objects that an event can be.
const (
	snapshotEvent = "event"
	thinEvent     = "v2.core.event"
)

// thinTypes is the form of the types of thin events, as in v2.core.account[configuration.customer].updated.
var thinTypes = regexp.MustCompile(`^[a-z0-9_.\[\]]{1,120}$`)

type envelope struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	Type   string `json:"type"`
	// Created is in seconds; of a thin event it is a text.
	Created json.RawMessage `json:"created"`
	Data    json.RawMessage `json:"data"`
}

// ParseEvent takes the Stripe-Signature header as the signature.
func (p *Provider) ParseEvent(payload []byte, signature string) (billing.Event, error) {
	if err := p.verify(payload, signature); err != nil {
		return billing.Event{}, billing.ErrBadSignature
	}
	latest := time.Now().Add(billing.ClockTolerance)
	if signedAt(signature) > latest.Unix() {
		return billing.Event{}, billing.ErrFutureSignature
	}
	var e envelope
	if json.Unmarshal(payload, &e) != nil || e.ID == "" {
		return billing.Event{}, billing.ErrBadEvent
	}
	switch e.Object {
	case snapshotEvent:
		return e.snapshot(latest)
	case thinEvent:
		return e.thin(latest)
	default:
		return billing.Event{}, billing.ErrBadEvent
	}
}

// thin reads an event that carries no object. What else is in it is of no interest.
func (e envelope) thin(latest time.Time) (billing.Event, error) {
	var created time.Time
	if json.Unmarshal(e.Created, &created) == nil && created.After(latest) {
		return billing.Event{}, billing.ErrFutureEvent
	}
	event := billing.Event{ID: e.ID, ThinType: "other"}
	if thinTypes.MatchString(e.Type) {
		event.ThinType = e.Type
	}
	return event, nil
}

func (e envelope) snapshot(latest time.Time) (billing.Event, error) {
	var created int64
	if json.Unmarshal(e.Created, &created) != nil || created <= 0 {
		return billing.Event{}, billing.ErrBadEvent
	}
	if created > latest.Unix() {
		return billing.Event{}, billing.ErrFutureEvent
	}
	event := billing.Event{ID: e.ID, CreatedAt: time.Unix(created, 0).UTC()}
	name := e.Type
	if now, older := renamed[name]; older {
		name = now
	}
	kind := eventKinds[name]
	if kind == billing.Ignored {
		return event, nil
	}
	var data struct {
		Object   json.RawMessage `json:"object"`
		Previous struct {
			Customer expandable `json:"customer"`
		} `json:"previous_attributes"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return billing.Event{}, billing.ErrBadEvent
	}
	if kind == billing.CustomerUpdated || kind == billing.CustomerDeleted {
		var customer customerObject
		if json.Unmarshal(data.Object, &customer) != nil || customer.ID == "" {
			return billing.Event{}, billing.ErrBadEvent
		}
		event.Kind, event.CustomerID = kind, customer.ID
		if kind == billing.CustomerUpdated {
			event.Customer = customer.facts()
		}
		return event, nil
	}
	var object paymentMethodObject
	if json.Unmarshal(data.Object, &object) != nil || object.ID == "" {
		return billing.Event{}, billing.ErrBadEvent
	}
	// A detached method is nobody's; whose it was is said apart.
	event.CustomerID = cmp.Or(object.Customer.id, data.Previous.Customer.id)
	if event.CustomerID == "" {
		return event, nil // about a method that no customer has
	}
	event.Kind = kind
	event.PaymentMethods = []billing.PaymentMethod{{ID: object.ID}}
	if kind != billing.PaymentMethodDetached {
		event.PaymentMethods[0] = readPaymentMethod(data.Object)
	}
	return event, nil
}

// signedAt is the time in a signature that was verified, in seconds. Of several, the last one is what was signed.
func signedAt(signature string) int64 {
	var at int64
	for part := range strings.SplitSeq(signature, ",") {
		if text, found := strings.CutPrefix(part, "t="); found {
			at, _ = strconv.ParseInt(text, 10, 64)
		}
	}
	return at
}

// verify proves who sent an event. A signature counts for ClockTolerance, so that nobody sends a recorded event again.
func (p *Provider) verify(payload []byte, signature string) error {
	err := errors.New("no secret is known to verify with")
	for _, secret := range p.webhookSecrets {
		if secret == "" {
			continue // anybody can sign with nothing
		}
		if err = webhook.ValidatePayloadWithTolerance(payload, signature, secret, billing.ClockTolerance); err == nil {
			return nil
		}
	}
	return err
}
