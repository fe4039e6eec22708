package stripe_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v86/webhook"

	"clientele/internal/billing"
	"clientele/internal/billing/stripe"
	"clientele/internal/domain"
)

// signed is the header that Stripe's own library makes.
func signed(payload, secret string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{
		Payload: []byte(payload), Secret: secret, Timestamp: at,
	}).Header
}

func receiver(t testing.TB, secrets ...string) *stripe.Provider {
	t.Helper()
	p, err := stripe.New(stripe.Config{SecretKey: "sk", APIBase: stripe.APIBase, WebhookSecrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseEvent(t *testing.T) {
	const created = 1777636800
	event := func(kind, data string) string {
		return fmt.Sprintf(`{"id":"evt_1","object":"event","api_version":"2019-02-19","created":%d,"type":%q,"data":%s}`,
			created, kind, data)
	}
	read := func(kind billing.EventKind, customer billing.CustomerFacts, methods ...billing.PaymentMethod) billing.Event {
		e := billing.Event{
			ID: "evt_1", CreatedAt: time.Unix(created, 0).UTC(), Kind: kind, CustomerID: "cus_1", Customer: customer,
			PaymentMethods: methods,
		}
		if kind == billing.Ignored {
			e.CustomerID = ""
		}
		return e
	}
	visa := billing.PaymentMethod{ID: "pm_1", Details: domain.PaymentMethodDetails{
		Type: domain.PaymentMethodCard, Last4: "4242", ExpirationMonth: 1, ExpirationYear: 2031,
	}}
	const card = `"card":{"last4":"4242","exp_month":1,"exp_year":2031,"networks":{"available":["visa"]}}`
	none := billing.CustomerFacts{}

	tests := map[string]struct {
		payload string
		want    billing.Event
	}{
		"a method is attached": {
			event("payment_method.attached", `{"object":{"id":"pm_1","object":"payment_method","type":"card",`+card+`,"customer":"cus_1"}}`),
			read(billing.PaymentMethodAttached, none, visa),
		},
		"its customer is given whole": {
			event("payment_method.updated", `{"object":{"id":"pm_1","type":"card",`+card+`,"customer":{"id":"cus_1","email":7}}}`),
			read(billing.PaymentMethodUpdated, none, visa),
		},
		"the network renews a card": {
			event("payment_method.automatically_updated", `{"object":{"id":"pm_1","type":"card",`+card+`,"customer":"cus_1"}}`),
			read(billing.PaymentMethodUpdated, none, visa),
		},
		"a detached method was somebody's": {
			event("payment_method.detached", `{"object":{"id":"pm_1","type":"card",`+card+`,"customer":null},"previous_attributes":{"customer":"cus_1"}}`),
			read(billing.PaymentMethodDetached, none, billing.PaymentMethod{ID: "pm_1"}),
		},
		"a method is nobody's": {
			event("payment_method.updated", `{"object":{"id":"pm_1","type":"card",`+card+`,"customer":null}}`),
			read(billing.Ignored, none),
		},
		"an old card expires": {
			event("customer.source.expiring", `{"object":{"id":"pm_1","object":"card","last4":"4242","exp_month":1,"exp_year":2031,"customer":"cus_1"}}`),
			read(billing.PaymentMethodExpiring, none, visa),
		},
		"details have another form": {
			event("payment_method.attached", `{"object":{"id":"pm_1","type":"card","card":["new"],"customer":"cus_1"}}`),
			read(billing.PaymentMethodAttached, none, billing.PaymentMethod{
				ID: "pm_1", Details: domain.PaymentMethodDetails{Type: domain.PaymentMethodCard},
			}),
		},
		"a type is unheard of": {
			event("payment_method.attached", `{"object":{"id":"pm_1","type":"telepathy","customer":"cus_1"}}`),
			read(billing.PaymentMethodAttached, none, billing.PaymentMethod{ID: "pm_1"}),
		},
		"a customer has a currency and a method": {
			event("customer.updated", `{"object":{"id":"cus_1","currency":"eur","invoice_settings":{"default_payment_method":"pm_1"},"metadata":{"clientele_currency":"USD"}}}`),
			read(billing.CustomerUpdated, billing.CustomerFacts{Currency: "EUR", DefaultPaymentMethodID: "pm_1"}),
		},
		"a currency was asked for": {
			event("customer.created", `{"object":{"id":"cus_1","currency":null,"metadata":{"clientele_currency":"USD"}}}`),
			read(billing.CustomerUpdated, billing.CustomerFacts{Currency: "USD"}),
		},
		"something else was asked for": {
			event("customer.created", `{"object":{"id":"cus_1","metadata":{"clientele_currency":"Doubloons"}}}`),
			read(billing.CustomerUpdated, none),
		},
		"an old source is charged": {
			event("customer.updated", `{"object":{"id":"cus_1","default_source":"card_1","invoice_settings":{}}}`),
			read(billing.CustomerUpdated, billing.CustomerFacts{DefaultPaymentMethodID: "card_1"}),
		},
		"a customer is deleted": {
			event("customer.deleted", `{"object":{"id":"cus_1","object":"customer","currency":"eur"}}`),
			read(billing.CustomerDeleted, none),
		},
		"something else happened": {event("invoice.paid", `{"object":{"id":"in_1"}}`), read(billing.Ignored, none)},
	}
	p := receiver(t, "whsec")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := p.ParseEvent([]byte(test.payload), signed(test.payload, "whsec", time.Now()))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}

	for name, payload := range map[string]string{
		"no json":                 `secret`,
		"an array":                `[]`,
		"no event":                `{"id":"evt_1","object":"customer","created":1}`,
		"no id":                   `{"object":"event","created":1,"type":"invoice.paid"}`,
		"no time":                 `{"id":"evt_1","object":"event","type":"invoice.paid"}`,
		"a customer without id":   event("customer.updated", `{"object":{}}`),
		"a method without id":     event("payment_method.attached", `{"object":{"customer":"cus_1"}}`),
		"no object":               event("customer.updated", `{}`),
		"an object of other form": event("customer.updated", `{"object":"secret"}`),
	} {
		t.Run(name, func(t *testing.T) {
			if e, err := p.ParseEvent([]byte(payload), signed(payload, "whsec", time.Now())); !errors.Is(err, billing.ErrBadEvent) {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestSignatures(t *testing.T) {
	const payload = `{"id":"evt_1","object":"event","created":1,"type":"invoice.paid"}`
	now := time.Now()
	both := signed(payload, "old", now) + "," + signed(payload, "new", now)[len(fmt.Sprintf("t=%d,", now.Unix())):]
	tests := map[string]struct {
		secrets   []string
		signature string
		want      error
	}{
		"the secret":                      {[]string{"new"}, signed(payload, "new", now), nil},
		"a secret that is being replaced": {[]string{"old", "new"}, signed(payload, "old", now), nil},
		"and the one in its place":        {[]string{"old", "new"}, signed(payload, "new", now), nil},
		"signed with both":                {[]string{"new"}, both, nil},
		"almost too old":                  {[]string{"new"}, signed(payload, "new", now.Add(-5*time.Minute+10*time.Second)), nil},
		"too old":                         {[]string{"new"}, signed(payload, "new", now.Add(-5*time.Minute-time.Second)), billing.ErrBadSignature},
		"another secret":                  {[]string{"new"}, signed(payload, "old", now), billing.ErrBadSignature},
		"no secret":                       {nil, signed(payload, "", now), billing.ErrBadSignature},
		"an empty secret":                 {[]string{""}, signed(payload, "", now), billing.ErrBadSignature},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := receiver(t, test.secrets...).ParseEvent([]byte(payload), test.signature); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add(`{"id":"evt_1","object":"event","created":1,"type":"customer.updated","data":{"object":{"id":"cus_1","currency":"eur"}}}`)
	f.Add(`{"id":"evt_1","object":"event","created":1,"type":"payment_method.attached","data":{"object":{"id":"pm_1","type":"card","card":{"last4":"4242"},"customer":"cus_1"}}}`)
	f.Add(`{"id":"evt_1","object":"event","created":1,"type":"payment_method.detached","data":{"object":{"id":"pm_1"},"previous_attributes":{"customer":{"id":"cus_1"}}}}`)
	p := receiver(f, "whsec")
	f.Fuzz(func(t *testing.T, payload string) {
		e, err := p.ParseEvent([]byte(payload), signed(payload, "whsec", time.Now()))
		if err != nil && !errors.Is(err, billing.ErrBadEvent) {
			t.Errorf("%v", err)
		}
		if e.Kind != billing.Ignored && (e.ID == "" || e.CustomerID == "") {
			t.Errorf("%+v", e)
		}
		billing.Apply(domain.BillingFacts{}, e)
	})
}
