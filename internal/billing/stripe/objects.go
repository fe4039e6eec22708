package stripe

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

// The objects below are read from responses and from events alike. Events have the version of the API that their
// endpoint was made with, so only such fields are read as have been there for years, and each by itself.

// customerObject is a customer at Stripe.
type customerObject struct {
	ID              string `json:"id"`
	Currency        string `json:"currency"`
	InvoiceSettings struct {
		DefaultPaymentMethod expandable `json:"default_payment_method"`
	} `json:"invoice_settings"`
	DefaultSource expandable `json:"default_source"`
	// These two are what default_source was called before version 2015-02-18, and before 2013-07-05.
	DefaultCard expandable        `json:"default_card"`
	ActiveCard  expandable        `json:"active_card"`
	Metadata    map[string]string `json:"metadata"`
}

// charged is the method that is charged: a payment method, or else a source of the time before them.
func (c customerObject) charged() expandable {
	for _, method := range []expandable{c.InvoiceSettings.DefaultPaymentMethod, c.DefaultSource, c.DefaultCard} {
		if method.id != "" {
			return method
		}
	}
	return c.ActiveCard
}

func (c customerObject) facts() billing.CustomerFacts {
	facts := billing.CustomerFacts{Currency: strings.ToUpper(c.Currency), DefaultPaymentMethodID: c.charged().id}
	if asked := c.Metadata[currencyKey]; facts.Currency == "" && domain.IsCurrency(asked) {
		facts.Currency = asked
	}
	return facts
}

// expandable is an object that Stripe gives by its id, or whole.
type expandable struct {
	id    string
	whole json.RawMessage // nil if only the id was given
}

func (e *expandable) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &e.id) == nil {
		return nil
	}
	var object struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	e.id, e.whole = object.ID, bytes.Clone(raw)
	return nil
}

// paymentMethodObject is a payment method, or one of the sources of the time before them.
type paymentMethodObject struct {
	ID       string     `json:"id"`
	Object   string     `json:"object"`
	Type     string     `json:"type"`
	Customer expandable `json:"customer"`
	paymentMethodDetails
}

type paymentMethodDetails struct {
	Last4           string `json:"last4"`
	ExpirationMonth int    `json:"exp_month"`
	ExpirationYear  int    `json:"exp_year"`
}

var paymentMethodTypes = map[string]domain.PaymentMethodType{
	"card":            domain.PaymentMethodCard,
	"cashapp":         domain.PaymentMethodCashApp,
	"bank_account":    domain.PaymentMethodBank,
	"us_bank_account": domain.PaymentMethodBank,
	"nz_bank_account": domain.PaymentMethodBank,
	"sepa_debit":      domain.PaymentMethodBank,
	"bacs_debit":      domain.PaymentMethodBank,
	"acss_debit":      domain.PaymentMethodBank,
	"au_becs_debit":   domain.PaymentMethodBank,
}

// withoutType are the objects that are the payment method themselves. The type of old cards is their brand.
var withoutType = []string{"card", "bank_account"}

// readPaymentMethod reads what is there and leaves the rest empty. Stripe gives the details under the name of
// the type, and those of old sources in the object itself.
func readPaymentMethod(raw json.RawMessage) billing.PaymentMethod {
	var object paymentMethodObject
	_ = json.Unmarshal(raw, &object)
	kind, details := object.Object, object.paymentMethodDetails
	if object.Type != "" && !slices.Contains(withoutType, object.Object) {
		kind = object.Type
		var byType map[string]json.RawMessage
		if json.Unmarshal(raw, &byType) == nil && byType[kind] != nil {
			_ = json.Unmarshal(byType[kind], &details)
		}
	}
	return billing.PaymentMethod{ID: object.ID, Details: domain.PaymentMethodDetails{
		Type: paymentMethodTypes[kind], Last4: details.Last4,
		ExpirationMonth: details.ExpirationMonth, ExpirationYear: details.ExpirationYear,
	}}
}
