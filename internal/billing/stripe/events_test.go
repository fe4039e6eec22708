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
		"a card is renewed, by the name of before 2020-08-27": {
			event("payment_method.card_automatically_updated", `{"object":{"id":"pm_1","type":"card",`+card+`,"customer":"cus_1"}}`),
			read(billing.PaymentMethodUpdated, none, visa),
		},
		"a card is added, by the name of before 2015-02-18": {
			event("customer.card.created", `{"object":{"id":"pm_1","object":"card","last4":"4242","exp_month":1,"exp_year":2031,"customer":"cus_1"}}`),
			read(billing.PaymentMethodAttached, none, visa),
		},
		"a card is changed, by the name of before 2015-02-18": {
			event("customer.card.updated", `{"object":{"id":"pm_1","object":"card","last4":"4242","exp_month":1,"exp_year":2031,"customer":"cus_1"}}`),
			read(billing.PaymentMethodUpdated, none, visa),
		},
		"a card is removed, by the name of before 2015-02-18": {
			event("customer.card.deleted", `{"object":{"id":"pm_1","object":"card","last4":"4242","customer":"cus_1"}}`),
			read(billing.PaymentMethodDetached, none, billing.PaymentMethod{ID: "pm_1"}),
		},
		"a bank account is added, by its older name": {
			event("customer.bank_account.created", `{"object":{"id":"ba_1","object":"bank_account","last4":"6789","customer":"cus_1"}}`),
			read(billing.PaymentMethodAttached, none, billing.PaymentMethod{
				ID: "ba_1", Details: domain.PaymentMethodDetails{Type: domain.PaymentMethodBank, Last4: "6789"},
			}),
		},
		"a bank account is changed, by its older name": {
			event("customer.bank_account.updated", `{"object":{"id":"ba_1","object":"bank_account","last4":"6789","customer":"cus_1"}}`),
			read(billing.PaymentMethodUpdated, none, billing.PaymentMethod{
				ID: "ba_1", Details: domain.PaymentMethodDetails{Type: domain.PaymentMethodBank, Last4: "6789"},
			}),
		},
		"a bank account is removed, by its older name": {
			event("customer.bank_account.deleted", `{"object":{"id":"ba_1","object":"bank_account","customer":"cus_1"}}`),
			read(billing.PaymentMethodDetached, none, billing.PaymentMethod{ID: "ba_1"}),
		},
		"the type of an old card is its brand": {
			event("customer.source.created", `{"object":{"id":"pm_1","object":"card","type":"Visa","last4":"4242","exp_month":1,"exp_year":2031,"customer":"cus_1"}}`),
			read(billing.PaymentMethodAttached, none, visa),
		},
		"a source of a type": {
			event("customer.source.created", `{"object":{"id":"pm_1","object":"source","type":"card",`+card+`,"customer":"cus_1"}}`),
			read(billing.PaymentMethodAttached, none, visa),
		},
		"the default card of before 2015-02-18": {
			event("customer.updated", `{"object":{"id":"cus_1","object":"customer","default_card":"card_1","cards":{"data":[{"id":"card_1"}]}}}`),
			read(billing.CustomerUpdated, billing.CustomerFacts{DefaultPaymentMethodID: "card_1"}),
		},
		"the active card of before 2013-07-05": {
			event("customer.updated", `{"object":{"id":"cus_1","object":"customer","active_card":{"id":"card_1","last4":"4242"}}}`),
			read(billing.CustomerUpdated, billing.CustomerFacts{DefaultPaymentMethodID: "card_1"}),
		},
		"old and new names of the default": {
			event("customer.updated", `{"object":{"id":"cus_1","default_card":"card_2","default_source":"card_1","invoice_settings":null,"metadata":null}}`),
			read(billing.CustomerUpdated, billing.CustomerFacts{DefaultPaymentMethodID: "card_1"}),
		},
		"defaults that are given whole": {
			event("customer.updated", `{"object":{"id":"cus_1","default_source":{"id":"card_1"},"invoice_settings":{"default_payment_method":{"id":"pm_1","type":"card"}}}}`),
			read(billing.CustomerUpdated, billing.CustomerFacts{DefaultPaymentMethodID: "pm_1"}),
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

func TestThinEventsAreIgnored(t *testing.T) {
	const thin = `{"id":"evt_1","object":"v2.core.event","type":%s,"livemode":true,"created":%s,"context":null,` +
		`"related_object":{"id":"cus_1","type":"customer","url":"/v1/customers/cus_1"}}`
	for name, c := range map[string]struct{ payload, thinType string }{
		"of the newer API":          {fmt.Sprintf(thin, `"v2.core.account[configuration.customer].updated"`, `"2026-05-01T12:00:00.000Z"`), "v2.core.account[configuration.customer].updated"},
		"of what has a snapshot":    {fmt.Sprintf(thin, `"v1.customer.updated"`, `"2026-05-01T12:00:00.000Z"`), "v1.customer.updated"},
		"a type of no known form":   {fmt.Sprintf(thin, `"Secret!"`, `"2026-05-01T12:00:00.000Z"`), "other"},
		"a date of no known form":   {fmt.Sprintf(thin, `"v1.customer.updated"`, `"yesterday"`), "v1.customer.updated"},
		"a date in seconds":         {fmt.Sprintf(thin, `"v1.customer.updated"`, `1777636800`), "v1.customer.updated"},
		"data of no known form":     {`{"id":"evt_1","object":"v2.core.event","type":"v1.customer.updated","data":[1]}`, "v1.customer.updated"},
		"a test of the destination": {`{"id":"evt_1","object":"v2.core.event","type":"v2.core.event_destination.ping"}`, "v2.core.event_destination.ping"},
	} {
		t.Run(name, func(t *testing.T) {
			want := billing.Event{ID: "evt_1", ThinType: c.thinType}
			got, err := receiver(t, "whsec").ParseEvent([]byte(c.payload), signed(c.payload, "whsec", time.Now()))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

func TestNoEventIsFromTheFuture(t *testing.T) {
	now := time.Now()
	const tooFar = billing.ClockTolerance + time.Minute
	snapshot := func(kind string, created int64) string {
		return fmt.Sprintf(`{"id":"evt_1","object":"event","created":%d,"type":%q,"data":{"object":{"id":"cus_1"}}}`, created, kind)
	}
	thin := func(created time.Time) string {
		return fmt.Sprintf(`{"id":"evt_1","object":"v2.core.event","created":%q,"type":"v1.customer.updated"}`, created.Format(time.RFC3339Nano))
	}
	for name, c := range map[string]struct {
		payload  string
		signedAt time.Time
		want     error
	}{
		"dated now":                       {snapshot("customer.updated", now.Unix()), now, nil},
		"of a clock that is a little off": {snapshot("customer.updated", now.Add(4*time.Minute).Unix()), now.Add(4 * time.Minute), nil},
		"dated tomorrow":                  {snapshot("customer.updated", now.Add(24*time.Hour).Unix()), now, billing.ErrFutureEvent},
		"dated just beyond the tolerance": {snapshot("customer.updated", now.Add(tooFar).Unix()), now, billing.ErrFutureEvent},
		"a deletion dated tomorrow":       {snapshot("customer.deleted", now.Add(24*time.Hour).Unix()), now, billing.ErrFutureEvent},
		"of no interest, dated tomorrow":  {snapshot("invoice.paid", now.Add(24*time.Hour).Unix()), now, billing.ErrFutureEvent},
		"an older name, dated tomorrow":   {snapshot("customer.card.updated", now.Add(24*time.Hour).Unix()), now, billing.ErrFutureEvent},
		"dated in milliseconds":           {snapshot("customer.updated", now.UnixMilli()), now, billing.ErrFutureEvent},
		"the largest date":                {snapshot("customer.updated", 1<<63-1), now, billing.ErrFutureEvent},
		"thin, dated now":                 {thin(now), now, nil},
		"thin, dated tomorrow":            {thin(now.Add(24 * time.Hour)), now, billing.ErrFutureEvent},
		"signed tomorrow":                 {snapshot("customer.updated", now.Unix()), now.Add(24 * time.Hour), billing.ErrFutureSignature},
		"signed just beyond":              {snapshot("customer.updated", now.Unix()), now.Add(tooFar), billing.ErrFutureSignature},
		"signed in a century":             {snapshot("customer.updated", now.Unix()), now.AddDate(100, 0, 0), billing.ErrFutureSignature},
		"thin, signed tomorrow":           {thin(now), now.Add(24 * time.Hour), billing.ErrFutureSignature},
		"both":                            {snapshot("customer.updated", now.Add(24*time.Hour).Unix()), now.Add(24 * time.Hour), billing.ErrFutureSignature},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := receiver(t, "whsec").ParseEvent([]byte(c.payload), signed(c.payload, "whsec", c.signedAt))
			if !errors.Is(err, c.want) || (c.want != nil && e.ID != "") {
				t.Errorf("%+v, %v, want %v", e, err, c.want)
			}
		})
	}
	t.Run("of two times in a signature the one that was signed counts", func(t *testing.T) {
		payload, ahead := snapshot("customer.updated", now.Unix()), now.Add(24*time.Hour)
		signature := fmt.Sprintf("t=%d,", now.Unix()) + signed(payload, "whsec", ahead)
		if _, err := receiver(t, "whsec").ParseEvent([]byte(payload), signature); !errors.Is(err, billing.ErrFutureSignature) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the error for a wrong signature does not mention clocks", func(t *testing.T) {
		payload := snapshot("customer.updated", now.Unix())
		_, err := receiver(t, "whsec").ParseEvent([]byte(payload), signed(payload, "another", now.Add(24*time.Hour)))
		if !errors.Is(err, billing.ErrBadSignature) || errors.Is(err, billing.ErrFutureSignature) {
			t.Errorf("%v", err)
		}
	})
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
