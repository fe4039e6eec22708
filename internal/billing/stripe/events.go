package stripe

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/stripe/stripe-go/v86/webhook"

	"clientele/internal/billing"
)

// tolerance is how old a signature may be, so that an event that somebody recorded cannot be sent again later.
const tolerance = 5 * time.Minute

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

// ParseEvent takes the Stripe-Signature header as the signature.
func (p *Provider) ParseEvent(payload []byte, signature string) (billing.Event, error) {
	if err := p.verify(payload, signature); err != nil {
		return billing.Event{}, billing.ErrBadSignature
	}
	var envelope struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Type    string `json:"type"`
		Created int64  `json:"created"`
		Data    struct {
			Object   json.RawMessage `json:"object"`
			Previous struct {
				Customer expandable `json:"customer"`
			} `json:"previous_attributes"`
		} `json:"data"`
	}
	if json.Unmarshal(payload, &envelope) != nil ||
		envelope.Object != "event" || envelope.ID == "" || envelope.Created <= 0 {
		return billing.Event{}, billing.ErrBadEvent
	}
	event := billing.Event{ID: envelope.ID, CreatedAt: time.Unix(envelope.Created, 0).UTC()}
	switch kind := eventKinds[envelope.Type]; kind {
	case billing.Ignored:
		return event, nil
	case billing.CustomerUpdated, billing.CustomerDeleted:
		var customer customerObject
		if json.Unmarshal(envelope.Data.Object, &customer) != nil || customer.ID == "" {
			return billing.Event{}, billing.ErrBadEvent
		}
		event.Kind, event.CustomerID = kind, customer.ID
		if kind == billing.CustomerUpdated {
			event.Customer = customer.facts()
		}
	default:
		var object paymentMethodObject
		if json.Unmarshal(envelope.Data.Object, &object) != nil || object.ID == "" {
			return billing.Event{}, billing.ErrBadEvent
		}
		// A detached method is nobody's; whose it was is said apart.
		event.CustomerID = object.Customer.id
		if event.CustomerID == "" {
			event.CustomerID = envelope.Data.Previous.Customer.id
		}
		if event.CustomerID == "" {
			return event, nil // about a method that no customer has
		}
		event.Kind = kind
		event.PaymentMethods = []billing.PaymentMethod{{ID: object.ID}}
		if kind != billing.PaymentMethodDetached {
			event.PaymentMethods[0] = readPaymentMethod(envelope.Data.Object)
		}
	}
	return event, nil
}

func (p *Provider) verify(payload []byte, signature string) error {
	err := errors.New("no secret is known to verify with")
	for _, secret := range p.webhookSecrets {
		if secret == "" {
			continue // anybody can sign with nothing
		}
		if err = webhook.ValidatePayloadWithTolerance(payload, signature, secret, tolerance); err == nil {
			return nil
		}
	}
	return err
}
