package tests

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clientele/internal/billing/simulator"
	"clientele/internal/config"
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
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, _ *provider) {
		for i, c := range cases {
			id := fmt.Sprint("customer-", i)
			billingID := server.link(t, id)
			// An event older than the snapshot would have nothing new.
			at := time.Now().Add(10 * time.Second).Unix()
			for n, e := range c.events {
				payload := fmt.Appendf(nil, `{"id":"evt_%d_%d","object":"event","api_version":"2013-02-13","created":%d,"type":%q,"data":%s}`,
					i, n, at+int64(n), e.kind, strings.ReplaceAll(e.data, "CUS", billingID))
				if response, body := server.event(t, payload, signed(payload, webhookSecret, time.Now())); response.StatusCode != 200 {
					t.Errorf("%s: %s got status %d, %s", c.name, e.kind, response.StatusCode, body)
				}
			}
			mustShow(t, c.name, customerWithBilling(t, server.client, id), c.want)
		}
	})
}

// TestIgnoredAndRefusedEvents sends what changes nothing: thin events, which are ignored, and what is dated in the
// future, which is refused.
func TestIgnoredAndRefusedEvents(t *testing.T) {
	t.Parallel()
	const refused = "the event is refused\n"
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, _ *provider) {
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
		mustShow(t, "after what is not taken in", customerWithBilling(t, server.client, "one"), object{"billingCurrency": nil, "billingId": billingID})
		// A clock that is a little ahead is accepted.
		payload := snapshot("customer.updated", now.Add(4*time.Minute))
		if response, body := server.event(t, []byte(payload), signed([]byte(payload), webhookSecret, now.Add(4*time.Minute))); response.StatusCode != 200 {
			t.Errorf("got %d, %q", response.StatusCode, body)
		}
		mustShow(t, "within the tolerance", customerWithBilling(t, server.client, "one"), object{"billingCurrency": "EUR"})
	})
}

// TestLogSaysWhyEventsAreRefused: the response does not say why, so the log has to.
func TestLogSaysWhyEventsAreRefused(t *testing.T) {
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

// documentedTaxIDs are examples of Stripe's table of tax id types, and the ids that it has for tests. Most have wrong
// check digits, so that a live account's server refuses those of which live is false.
var documentedTaxIDs = []struct {
	taxType, value string
	live           bool
}{
	{"eu_vat", "ATU12345678", false}, {"eu_vat", "BE0123456789", false}, {"eu_vat", "CZ1234567890", true},
	{"eu_vat", "DE123456789", false}, {"eu_vat", "DK12345678", false}, {"eu_vat", "EL123456789", false},
	{"eu_vat", "ESA1234567Z", false}, {"eu_vat", "FRAB123456789", false}, {"eu_vat", "IE1234567AB", false},
	{"eu_vat", "NL123456789B12", false}, {"eu_vat", "SE123456789123", false}, {"eu_vat", "XI123456789", false},
	{"eu_vat", "000000000", false}, {"eu_vat", "111111111", false}, {"eu_vat", "222222222", false},
	{"au_abn", "12345678912", false}, {"au_abn", "000000000", false}, {"au_arn", "123456789123", true},
	{"ar_cuit", "12-3456789-01", false}, {"br_cnpj", "01.234.456/5432-10", false}, {"br_cpf", "123.456.789-87", false},
	{"ca_bn", "123456789", false}, {"ca_gst_hst", "123456789RT0002", false}, {"ca_pst_bc", "PST-1234-5678", true},
	{"ch_vat", "CHE-123.456.789 MWST", false}, {"cl_tin", "12.345.678-K", false}, {"co_nit", "123.456.789-0", false},
	{"es_cif", "A12345678", false}, {"gb_vat", "GB123456789", false}, {"in_gst", "12ABCDE3456FGZH", false},
	{"jp_cn", "1234567891234", false}, {"kr_brn", "123-45-67890", false}, {"kz_bin", "123456789012", true},
	{"my_itn", "C 1234567890", true}, {"no_vat", "123456789MVA", false}, {"sg_uen", "123456789F", true},
	{"th_vat", "1234567891234", false}, {"us_ein", "12-3456789", true}, {"ve_rif", "A-12345678-9", true},
	{"za_vat", "4123456789", false},
}

// TestPublishedTaxIDs sends them to a server of each kind of account.
func TestPublishedTaxIDs(t *testing.T) {
	t.Parallel()
	sim := httptest.NewServer(simulator.New(simulator.Options{}))
	t.Cleanup(sim.Close)
	stripe := func(key config.Secret) config.Billing {
		return config.Billing{StripeSecretKey: key, StripeAPIBase: sim.URL}
	}
	simulated := config.Default().Billing
	simulated.Given = config.BillingSimulator
	for name, c := range map[string]struct {
		billing config.Billing
		test    bool
	}{
		"a secret key of test mode":     {stripe("sk_test_secretMark"), true},
		"a restricted key of test mode": {stripe("rk_test_secretMark"), true},
		"the simulator":                 {simulated, true},
		"a live secret key":             {stripe("sk_live_secretMark"), false},
		"a live restricted key":         {stripe("rk_live_secretMark"), false},
		"no provider":                   {config.Default().Billing, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config.Default()
			cfg.DataDir, cfg.Billing = t.TempDir(), c.billing
			server := startService(t, cfg)
			server.must(t, provisionOperation, object{"input": object{"customerId": "one"}})
			for _, id := range documentedTaxIDs {
				variables := object{"input": object{"customerId": "one", "billingInformation": object{"taxIds": []object{{"type": id.taxType, "value": id.value}}}}}
				if c.test || id.live {
					server.must(t, updateWithBillingOperation, variables)
					continue
				}
				e := server.mustFail(t, "InvalidTaxId", updateWithBillingOperation, variables)
				if e.Extensions["field"] != "billingInformation.taxIds[0].value" || strings.Contains(e.Message, id.value) {
					t.Errorf("%s %s: %+v", id.taxType, id.value, e)
				}
			}
			// A mistyped id is refused by all.
			server.mustFail(t, "InvalidTaxId", updateWithBillingOperation, object{"input": object{
				"customerId": "one", "billingInformation": object{"taxIds": []object{{"type": "eu_vat", "value": "DK10150818"}}},
			}})
		})
	}
}

// TestBillingInputsAsPeopleWriteThem sends what is right in other ways than the provider's, and looks at what it gets.
func TestBillingInputsAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	taxIDs := func(pairs ...string) object {
		ids := []object{}
		for i := 0; i < len(pairs); i += 2 {
			ids = append(ids, object{"type": pairs[i], "value": pairs[i+1]})
		}
		return object{"taxIds": ids}
	}
	address := func(country string) object {
		return object{"billingAddress": object{"country": country}, "shippingAddress": object{"country": country}}
	}
	type inputCase struct {
		name  string
		input object
		want  simulator.Customer
	}
	cases := []inputCase{
		{"tax ids of the European Union", taxIDs("eu_vat", "dk 10 15 08 17", "eu_vat", "BE 0417.497.106", "eu_vat", "ES-A28015865", "eu_vat", "EL 094014201", "eu_vat", "XI 980 7806 84"),
			simulator.Customer{TaxIDs: []string{"eu_vat: DK10150817", "eu_vat: BE0417497106", "eu_vat: ESA28015865", "eu_vat: EL094014201", "eu_vat: XI980780684"}}},
		{"tax ids with dots, dashes and slashes", taxIDs("br_cnpj", "33000167000101", "br_cpf", "529 982 247 25", "de_stn", "133/8150/8159", "pl_nip", "526-02-50-995", "us_ein", "123456789"),
			simulator.Customer{TaxIDs: []string{"br_cnpj: 33.000.167/0001-01", "br_cpf: 529.982.247-25", "de_stn: 13381508159", "pl_nip: 5260250995", "us_ein: 12-3456789"}}},
		{"tax ids with their country or without", taxIDs("no_vat", "NO 923 609 016 MVA", "ro_tin", "RO1590082", "fo_vat", "123456", "ch_vat", "che116281710mwst", "au_abn", "51–824–753–556"),
			simulator.Customer{TaxIDs: []string{"no_vat: 923609016MVA", "ro_tin: 1590082", "fo_vat: FO123456", "ch_vat: CHE-116.281.710 MWST", "au_abn: 51824753556"}}},
		{"Kosovo", address("XK"), simulator.Customer{Address: map[string]string{"country": "XK"}}},
		{"Ascension", address("AC"), simulator.Customer{Address: map[string]string{"country": "AC"}}},
		{"Tristan da Cunha", address("TA"), simulator.Customer{Address: map[string]string{"country": "TA"}}},
		{"a country in lower case", address("dk"), simulator.Customer{Address: map[string]string{"country": "DK"}}},
		{"Kosovo in lower case", address("xk"), simulator.Customer{Address: map[string]string{"country": "XK"}}},
		{"a language in lower case", object{"language": "pt-br"}, simulator.Customer{Locales: []string{"pt-BR"}}},
		{"a language without a region", object{"language": "en"}, simulator.Customer{Locales: []string{"en"}}},
		{"a language with a script", object{"language": "zh-hant-tw"}, simulator.Customer{Locales: []string{"zh-Hant-TW"}}},
		{"a time zone by its newer name", object{"timezone": "Europe/Kyiv"}, simulator.Customer{Metadata: map[string]string{"clientele_timezone": "Europe/Kyiv"}}},
		{"a time zone by its older name", object{"timezone": "Europe/Kiev"}, simulator.Customer{Metadata: map[string]string{"clientele_timezone": "Europe/Kiev"}}},
		{"a time zone by a link of before", object{"timezone": "US/Pacific"}, simulator.Customer{Metadata: map[string]string{"clientele_timezone": "US/Pacific"}}},
		{"a currency in thousandths", object{"currency": "KWD"}, simulator.Customer{Metadata: map[string]string{"clientele_currency": "KWD"}}},
		{"a currency of the provider's", object{"currency": "HUF"}, simulator.Customer{Metadata: map[string]string{"clientele_currency": "HUF"}}},
		{"a currency without minor units", object{"currency": "JPY"}, simulator.Customer{Metadata: map[string]string{"clientele_currency": "JPY"}}},
	}
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		for i, c := range cases {
			server.must(t, provisionWithBillingOperation, object{"input": object{"customerId": fmt.Sprint("customer-", i), "name": "Ada", "billingInformation": c.input}})
		}
		awaitSync(t, server.client, time.Minute, inSync)
		for i, c := range cases {
			known := p.known(fmt.Sprint("customer-", i))
			if len(known) != 1 {
				t.Errorf("%s: the provider has %d customers", c.name, len(known))
				continue
			}
			got := known[0]
			if c.want.TaxIDs != nil && !slices.Equal(got.TaxIDs, c.want.TaxIDs) {
				t.Errorf("%s: the provider has %q", c.name, got.TaxIDs)
			}
			if country := c.want.Address["country"]; country != "" && (got.Address["country"] != country || got.Shipping["country"] != country) {
				t.Errorf("%s: the provider has %q and %q", c.name, got.Address, got.Shipping)
			}
			if c.want.Locales != nil && !slices.Equal(got.Locales, c.want.Locales) {
				t.Errorf("%s: the provider has %q", c.name, got.Locales)
			}
			for key, value := range c.want.Metadata {
				if got.Metadata[key] != value {
					t.Errorf("%s: the provider has %q", c.name, got.Metadata)
				}
			}
		}
		if shown := text(customerWithBilling(t, server.client, fmt.Sprint("customer-", slices.IndexFunc(cases, func(c inputCase) bool { return c.input["currency"] == "HUF" })))["billingCurrency"]); shown != "HUF" {
			t.Errorf("the currency sent is shown as %q", shown)
		}
		// The same id in two layouts is given twice.
		for _, twice := range []object{taxIDs("br_cpf", "52998224725", "br_cpf", "529.982.247-25"), taxIDs("eu_vat", "DK10150817", "eu_vat", "dk 10 15 08 17")} {
			server.mustFail(t, "InvalidTaxId", updateWithBillingOperation, object{"input": object{"customerId": "customer-0", "billingInformation": twice}})
		}
	})
}
