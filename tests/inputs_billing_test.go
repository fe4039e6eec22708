package tests

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEventsOfOlderVersions sends events as older versions of Stripe's API name and shape them. Each begins with a
// customer of its own, and shows in what the API says of it.
func TestEventsOfOlderVersions(t *testing.T) {
	t.Parallel()
	const (
		card = `"last4":"4242","exp_month":1,"exp_year":2031`
		bank = `{"id":"ba_1","object":"bank_account","last4":"6789","customer":"CUS"}`
	)
	type event struct{ kind, data string }
	visa := object{"hasPaymentMethod": true, "defaultPaymentMethodType": "CARD", "defaultPaymentMethodLast4Digits": "4242", "defaultPaymentExpirationYear": 2031.0}
	charged := func(field string) event {
		return event{"customer.updated", `{"object":{"id":"CUS","object":"customer",` + field + `}}`}
	}
	cases := []struct {
		name   string
		events []event
		want   object
	}{
		{"a card by its name of before 2015-02-18", []event{
			{"customer.card.created", `{"object":{"id":"card_1","object":"card","type":"Visa",` + card + `,"customer":"CUS"}}`},
			charged(`"default_card":"card_1"`),
		}, visa},
		{"a card that was changed, by that name", []event{
			{"customer.card.created", `{"object":{"id":"card_1","object":"card","last4":"4242","exp_month":1,"exp_year":2020,"customer":"CUS"}}`},
			{"customer.card.updated", `{"object":{"id":"card_1","object":"card",` + card + `,"customer":"CUS"}}`},
			charged(`"active_card":{"id":"card_1"}`),
		}, visa},
		{"a card that was removed, by that name", []event{
			{"customer.card.created", `{"object":{"id":"card_1","object":"card",` + card + `,"customer":"CUS"}}`},
			{"customer.card.deleted", `{"object":{"id":"card_1","object":"card",` + card + `,"customer":"CUS"}}`},
			charged(`"default_card":null`),
		}, object{"hasPaymentMethod": false, "defaultPaymentMethodLast4Digits": nil}},
		{"a bank account by its name of before 2015-02-18", []event{
			{"customer.bank_account.created", `{"object":` + bank + `}`}, {"customer.bank_account.updated", `{"object":` + bank + `}`},
			charged(`"default_source":"ba_1"`),
		}, object{"hasPaymentMethod": true, "defaultPaymentMethodType": "BANK", "defaultPaymentMethodLast4Digits": "6789"}},
		{"a bank account that was removed, by that name", []event{
			{"customer.bank_account.created", `{"object":` + bank + `}`}, {"customer.bank_account.deleted", `{"object":` + bank + `}`},
		}, object{"hasPaymentMethod": false}},
		{"a card that the network renewed, by its name of before 2020-08-27", []event{
			{"payment_method.attached", `{"object":{"id":"pm_1","object":"payment_method","type":"card","card":{"last4":"4242","exp_month":1,"exp_year":2020},"customer":"CUS"}}`},
			{"payment_method.card_automatically_updated", `{"object":{"id":"pm_1","object":"payment_method","type":"card","card":{` + card + `},"customer":{"id":"CUS"}}}`},
			charged(`"invoice_settings":{"default_payment_method":{"id":"pm_1","object":"payment_method"}}`),
		}, visa},
	}
	onEnginesBilled(t, startProvider, func(t *testing.T, server *service, _ *provider) {
		for i, c := range cases {
			id := fmt.Sprint("customer-", i)
			billingID := server.link(t, id)
			// Older than the picture, an event would tell nothing new.
			at := time.Now().Add(10 * time.Second).Unix()
			for n, e := range c.events {
				payload := fmt.Appendf(nil, `{"id":"evt_%d_%d","object":"event","api_version":"2013-02-13","created":%d,"type":%q,"data":%s}`,
					i, n, at+int64(n), e.kind, strings.ReplaceAll(e.data, "CUS", billingID))
				if response, body := server.event(t, payload, signed(payload, webhookSecret, time.Now())); response.StatusCode != 200 {
					t.Errorf("%s: %s is answered with %d, %s", c.name, e.kind, response.StatusCode, body)
				}
			}
			mustShow(t, c.name, billedAs(t, server.client, id), c.want)
		}
	})
}

// TestEventsThatAreNotTakenIn sends what changes nothing: thin events, which are ignored, and what is dated in the
// future, which is refused.
func TestEventsThatAreNotTakenIn(t *testing.T) {
	t.Parallel()
	const refused = "the event is refused\n"
	onEnginesBilled(t, startProvider, func(t *testing.T, server *service, _ *provider) {
		billingID, now := server.link(t, "one"), time.Now()
		thin := func(kind string, created time.Time) string {
			return fmt.Sprintf(`{"id":"evt_1","object":"v2.core.event","type":%q,"livemode":false,"created":%q,"related_object":{"id":%q,"type":"customer","url":"/v1/customers/%s"}}`,
				kind, created.Format(time.RFC3339Nano), billingID, billingID)
		}
		snapshot := func(kind string, created time.Time) string {
			return fmt.Sprintf(`{"id":"evt_1","object":"event","created":%d,"type":%q,"data":{"object":{"id":%q,"object":"customer","currency":"eur"}}}`,
				created.Unix(), kind, billingID)
		}
		day := now.Add(24 * time.Hour)
		cases := []struct {
			name, payload string
			signedAt      time.Time
			status        int
			body          string
		}{
			{"a thin event", thin("v1.customer.updated", now), now, 200, "{}\n"},
			{"a thin event of the newer API", thin("v2.core.account[configuration.customer].updated", now), now, 200, "{}\n"},
			{"a thin event dated tomorrow", thin("v1.customer.updated", day), now, 400, refused},
			{"a signature dated tomorrow", snapshot("customer.updated", now), day, 400, refused},
			{"a signature dated in a century", snapshot("customer.updated", now), now.AddDate(100, 0, 0), 400, refused},
			{"a signature beyond the tolerance", snapshot("customer.updated", now), now.Add(6 * time.Minute), 400, refused},
			{"an event dated tomorrow", snapshot("customer.updated", day), now, 400, refused},
			{"an event dated in a century", snapshot("customer.updated", now.AddDate(100, 0, 0)), now, 400, refused},
			{"an event dated beyond the tolerance", snapshot("customer.updated", now.Add(6*time.Minute)), now, 400, refused},
			{"a deletion dated tomorrow", snapshot("customer.deleted", day), now, 400, refused},
		}
		for _, c := range cases {
			response, body := server.event(t, []byte(c.payload), signed([]byte(c.payload), webhookSecret, c.signedAt))
			if response.StatusCode != c.status || body != c.body {
				t.Errorf("%s: got %d, %q", c.name, response.StatusCode, body)
			}
		}
		mustShow(t, "after what is not taken in", billedAs(t, server.client, "one"), object{"billingCurrency": nil, "billingId": billingID})
		// A clock that is a little ahead is nobody's fault.
		payload := snapshot("customer.updated", now.Add(4*time.Minute))
		if response, body := server.event(t, []byte(payload), signed([]byte(payload), webhookSecret, now.Add(4*time.Minute))); response.StatusCode != 200 {
			t.Errorf("got %d, %q", response.StatusCode, body)
		}
		mustShow(t, "within the tolerance", billedAs(t, server.client, "one"), object{"billingCurrency": "EUR"})
	})
}

// TestTheLogSaysWhyEventsAreNotTakenIn: the sender is not told, and operators have to be.
func TestTheLogSaysWhyEventsAreNotTakenIn(t *testing.T) {
	t.Parallel()
	server := startProcess(t, t.TempDir(), "--billing", "stripe", "--stripe-secret-key", stripeKey, "--stripe-webhook-secret", webhookSecret,
		"--log-level", "info", "--log-format", "json")
	now := time.Now()
	day := now.Add(24 * time.Hour)
	for _, c := range []struct {
		payload  string
		signedAt time.Time
		status   int
	}{
		{`{"id":"evt_thin","object":"v2.core.event","type":"v1.customer.updated","created":"2026-01-01T00:00:00Z"}`, now, 200},
		{fmt.Sprintf(`{"id":"evt_1","object":"event","created":%d,"type":"invoice.paid"}`, now.Unix()), day, 400},
		{fmt.Sprintf(`{"id":"evt_1","object":"event","created":%d,"type":"invoice.paid"}`, day.Unix()), now, 400},
	} {
		if response, _ := server.event(t, []byte(c.payload), signed([]byte(c.payload), webhookSecret, c.signedAt)); response.StatusCode != c.status {
			t.Errorf("%s: status %d", c.payload, response.StatusCode)
		}
	}
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	for _, said := range []string{
		`"msg":"a thin event of the billing provider was ignored: it does not carry what changed; only snapshot events do"`,
		`"event":"evt_thin","type":"v1.customer.updated"`,
		`"refused":"the event's signature is dated in the future: compare the clocks"`,
		`"refused":"the event is dated in the future: compare the clocks"`,
	} {
		if !strings.Contains(server.log.String(), said) {
			t.Errorf("the log does not have %s:\n%s", said, server.log.String())
		}
	}
}
