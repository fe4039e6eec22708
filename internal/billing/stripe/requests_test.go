package stripe_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/billingtest"
	"clientele/internal/billing/simulator"
	"clientele/internal/billing/stripe"
	"clientele/internal/domain"
)

// carry is an http.RoundTripper.
type carry func(*http.Request) (*http.Response, error)

func (c carry) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func create(t *testing.T, p *stripe.Provider) (string, billing.NewCustomer) {
	t.Helper()
	customer := billing.NewCustomer{
		Ref: domain.CustomerRef{EnvironmentID: "production", CustomerID: "customer-1"}, ID: "uuid-1",
	}
	created, err := p.CreateCustomer(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	return created.CustomerID, customer
}

func TestWhatStripeHasOfACustomer(t *testing.T) {
	sim, p := open(t, nil)
	id, customer := create(t, p)
	full := billingtest.Update(customer)
	ours := map[string]string{
		"clientele_environment_id": "production", "clientele_customer_id": "customer-1", "clientele_id": "uuid-1",
	}
	with := func(more ...string) map[string]string {
		all := map[string]string{}
		for k, v := range ours {
			all[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	address := map[string]string{
		"country": "DK", "state": "Secret State", "line1": "Secret Street 1", "line2": "Secret Floor",
		"city": "Secret City", "postal_code": "2100",
	}
	shipping := map[string]string{"name": "Secret Company", "country": "SE", "line1": "Secret Road 2"}
	given := with("clientele_currency", "EUR", "clientele_timezone", "Europe/Copenhagen",
		"secret key", "secret value", "n", `{"deep":[1,true]}`)

	// Each step changes what the steps before have made.
	steps := []struct {
		name   string
		update billing.CustomerUpdate
		want   simulator.Customer
	}{
		{"a new customer has our ids", billing.CustomerUpdate{}, simulator.Customer{Metadata: ours}},
		{"a name and an email", billing.CustomerUpdate{Name: new("Name"), Email: new("a@b.dk")},
			simulator.Customer{Name: "Name", Email: "a@b.dk", Metadata: ours}},
		{"everything", full, simulator.Customer{
			Name: "Secret Company", Email: "secret@example.com", Phone: "+4512345678", Address: address, Shipping: shipping,
			Locales: []string{"da-DK"}, Metadata: given, CustomFields: []string{"Cost centre: Secret 8", "Secret Order: Secret 7"},
		}},
		{"what is not given stays", billing.CustomerUpdate{Name: new("Name")}, simulator.Customer{
			Name: "Name", Email: "secret@example.com", Phone: "+4512345678", Address: address, Shipping: shipping,
			Locales: []string{"da-DK"}, Metadata: given, CustomFields: []string{"Cost centre: Secret 8", "Secret Order: Secret 7"},
		}},
		{"an address replaces the other, a null takes a key away", billing.CustomerUpdate{
			Information: domain.BillingInformation{
				BillingAddress:  &domain.Address{Country: new("SE"), State: new("")},
				ShippingAddress: &domain.Address{City: new("Malmö"), PhoneNumber: new("1")},
				Metadata:        json.RawMessage(`{"secret key":null,"n":7}`), Language: new("sv"),
				InvoiceCustomFields: json.RawMessage(`{"b":"2","a":"","c":"3"}`),
			},
		}, simulator.Customer{
			Name: "Name", Email: "secret@example.com", Address: map[string]string{"country": "SE"},
			Shipping: map[string]string{"name": "customer-1", "city": "Malmö", "phone": "1"}, Locales: []string{"sv"},
			Metadata:     with("clientele_currency", "EUR", "clientele_timezone", "Europe/Copenhagen", "n", "7"),
			CustomFields: []string{"b: 2", "c: 3"},
		}},
		{"our keys are ours", billing.CustomerUpdate{
			Information: domain.BillingInformation{Metadata: json.RawMessage(`{"clientele_id":"x","clientele_customer_id":null,"n":null}`)},
		}, simulator.Customer{
			Name: "Name", Email: "secret@example.com", Address: map[string]string{"country": "SE"},
			Shipping: map[string]string{"name": "customer-1", "city": "Malmö", "phone": "1"}, Locales: []string{"sv"},
			Metadata:     with("clientele_currency", "EUR", "clientele_timezone", "Europe/Copenhagen"),
			CustomFields: []string{"b: 2", "c: 3"},
		}},
		{"empty clears", billing.CustomerUpdate{Name: new(""), Email: new(""), Information: domain.BillingInformation{
			BillingAddress: &domain.Address{}, ShippingAddress: &domain.Address{Country: new("")},
			InvoiceCustomFields: json.RawMessage(`{}`),
		}}, simulator.Customer{
			Locales:  []string{"sv"},
			Metadata: with("clientele_currency", "EUR", "clientele_timezone", "Europe/Copenhagen"),
		}},
	}
	for _, step := range steps {
		step.update.Ref, step.update.ID = customer.Ref, customer.ID
		if _, err := p.UpdateCustomer(t.Context(), id, step.update); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		step.want.ID = id
		if got := sim.Customers()[0]; !reflect.DeepEqual(got, step.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", step.name, got, step.want)
		}
	}
}

func TestWhatStripeHasOfACoupon(t *testing.T) {
	sim, p := open(t, nil)
	id, customer := create(t, p)
	named := func() string { return sim.Customers()[0].Metadata["clientele_coupon"] }
	var names []string
	for _, coupon := range billingtest.Coupons(customer) {
		if _, err := p.SetCoupon(t.Context(), id, coupon); err != nil {
			t.Fatal(err)
		}
		names = append(names, named())
	}
	again := *billingtest.Coupons(customer)[0]
	again.Definition.Name = "Another name"
	if _, err := p.SetCoupon(t.Context(), id, &again); err != nil || named() != names[0] {
		t.Errorf("a coupon by another name is %s, want %s, %v", named(), names[0], err)
	}
	more := domain.Decimal("13")
	again.Definition.PercentOff = &more
	if _, err := p.SetCoupon(t.Context(), id, &again); err != nil || named() == names[0] {
		t.Errorf("a coupon that takes more off is the same %s, %v", named(), err)
	}
	again.Definition.BillingID = new(names[1])
	if _, err := p.SetCoupon(t.Context(), id, &again); err != nil || named() != names[1] {
		t.Errorf("the provider's own coupon: %s, want %s, %v", named(), names[1], err)
	}
	if _, err := p.SetCoupon(t.Context(), id, nil); err != nil || named() != "" {
		t.Errorf("no coupon: %s, %v", named(), err)
	}

	months := 2
	for name, coupon := range map[string]domain.Coupon{
		"an amount for ever":    {AmountsOff: []domain.Money{{Amount: "5", Currency: "USD"}}},
		"half a cent":           {AmountsOff: []domain.Money{{Amount: "0.005", Currency: "USD"}}, DurationInMonths: &months},
		"nothing off":           {DurationInMonths: &months},
		"half a yen, of others": {AmountsOff: []domain.Money{{Amount: "5", Currency: "USD"}, {Amount: "0.5", Currency: "JPY"}}, DurationInMonths: &months},
	} {
		_, err := p.SetCoupon(t.Context(), id, &billing.Coupon{Ref: customer.Ref, Definition: coupon})
		if failure, is := err.(*billing.ProviderError); !is || failure.Kind != billing.Permanent || failure.Code != billing.CodeCouponUnsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPaymentMethodTypes(t *testing.T) {
	_, p := open(t, nil)
	id, _ := create(t, p)
	for example, want := range map[string]domain.PaymentMethodDetails{
		"pm_card_mastercard": {Type: domain.PaymentMethodCard, Last4: "4444", ExpirationMonth: 8, ExpirationYear: 2030},
		"pm_usBankAccount":   {Type: domain.PaymentMethodBank, Last4: "6789"},
		"pm_cashapp":         {Type: domain.PaymentMethodCashApp},
		"pm_link":            {},
	} {
		if _, err := p.AttachPaymentMethod(t.Context(), id, example); err != nil {
			t.Fatal(err)
		}
		snapshot, err := p.RetrieveCustomer(t.Context(), id)
		if err != nil || snapshot.PaymentMethods[0].Details != want {
			t.Errorf("%s: %+v, want %+v, %v", example, snapshot.PaymentMethods, want, err)
		}
	}
}

func TestASnapshotHasTheChargedMethodHoweverManyThereAre(t *testing.T) {
	_, p := open(t, nil)
	id, _ := create(t, p)
	for range 25 {
		if _, err := p.AttachPaymentMethod(t.Context(), id, "pm_card_visa"); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := p.RetrieveCustomer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	oldest := snapshot.PaymentMethods[len(snapshot.PaymentMethods)-1].ID
	for range 10 {
		if _, err := p.AttachPaymentMethod(t.Context(), id, "pm_card_amex"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.AttachPaymentMethod(t.Context(), id, oldest); err != nil {
		t.Fatal(err)
	}
	snapshot, err = p.RetrieveCustomer(t.Context(), id)
	if err != nil || len(snapshot.PaymentMethods) != 21 {
		t.Fatalf("%d methods, %v", len(snapshot.PaymentMethods), err)
	}
	facts := billing.Apply(domain.BillingFacts{}, snapshot.Event())
	if charged, ok := facts.DefaultPaymentMethod(); !ok || charged.ID != oldest || charged.Details.Last4 != "4242" || facts.NeedsRefetch() {
		t.Errorf("charged is %+v, %t", charged, ok)
	}
}

func TestASnapshotHasTheSourceThatIsCharged(t *testing.T) {
	for name, test := range map[string]struct {
		customer string
		want     billing.PaymentMethod
	}{
		"a card of old": {
			`"default_source":{"id":"card_1","object":"card","last4":"4242","exp_month":1,"exp_year":2031}`,
			billing.PaymentMethod{ID: "card_1", Details: domain.PaymentMethodDetails{
				Type: domain.PaymentMethodCard, Last4: "4242", ExpirationMonth: 1, ExpirationYear: 2031,
			}},
		},
		"a source of old": {
			`"default_source":{"id":"src_1","object":"source","type":"sepa_debit","sepa_debit":{"last4":"3000"}}`,
			billing.PaymentMethod{ID: "src_1", Details: domain.PaymentMethodDetails{Type: domain.PaymentMethodBank, Last4: "3000"}},
		},
		"a method that is not told": {
			`"invoice_settings":{"default_payment_method":"pm_1"}`, billing.PaymentMethod{ID: "pm_1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v1/customers/cus_1" {
					_, _ = io.WriteString(w, `{"id":"cus_1","object":"customer","livemode":true,`+test.customer+`}`)
					return
				}
				_, _ = io.WriteString(w, `{"object":"list","data":[],"has_more":false}`)
			}))
			defer server.Close()
			snapshot, err := connect(t, server.URL, nil).RetrieveCustomer(t.Context(), "cus_1")
			if err != nil || len(snapshot.PaymentMethods) != 1 || snapshot.PaymentMethods[0] != test.want ||
				snapshot.LinkURL != "https://dashboard.stripe.com/customers/cus_1" {
				t.Fatalf("%+v, %v", snapshot, err)
			}
			facts := billing.Apply(domain.BillingFacts{}, snapshot.Event())
			if charged, ok := facts.DefaultPaymentMethod(); !ok || charged.ID != test.want.ID || facts.NeedsRefetch() {
				t.Errorf("%+v", facts)
			}
		})
	}
}

// TestRequests is about what goes over the wire besides the parameters.
func TestRequests(t *testing.T) {
	var seen []*http.Request
	_, p := open(t, carry(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r)
		return http.DefaultTransport.RoundTrip(r)
	}))
	stdout, stderr := capture(t)
	id, customer := create(t, p)
	again := customer
	again.Generation = 1
	_, _ = p.CreateCustomer(t.Context(), again)
	_, _ = p.CreateCustomer(t.Context(), customer)
	_, _ = p.UpdateCustomer(t.Context(), id, billing.CustomerUpdate{Email: new("secret")})
	_, _ = p.RetrieveCustomer(t.Context(), "cus_unknown")
	if out := stdout() + stderr(); out != "" {
		t.Errorf("something was logged: %s", out)
	}
	keys := []string{}
	for _, r := range seen {
		if r.Header.Get("X-Stripe-Client-Telemetry") != "" {
			t.Error("telemetry is sent")
		}
		if got := r.Header.Get("Authorization"); got != "Bearer "+secretKey {
			t.Errorf("authorization %q", got)
		}
		if r.Header.Get("Stripe-Version") == "" {
			t.Error("the account's own version of the API is used")
		}
		if r.Method == http.MethodPost && r.URL.Path == "/v1/customers" {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
		}
	}
	if len(keys) != 3 || keys[0] != keys[2] || keys[0] == keys[1] || strings.Contains(keys[0], "customer-1") || len(keys[0]) > 255 {
		t.Errorf("idempotency keys %q", keys)
	}
}

// capture returns what was written to the process's own output.
func capture(t *testing.T) (stdout, stderr func() string) {
	t.Helper()
	redirect := func(file **os.File) func() string {
		original := *file
		replaced, err := os.CreateTemp(t.TempDir(), "output")
		if err != nil {
			t.Fatal(err)
		}
		*file = replaced
		t.Cleanup(func() { *file = original; replaced.Close() })
		return func() string {
			written, err := os.ReadFile(replaced.Name())
			if err != nil {
				t.Fatal(err)
			}
			return string(written)
		}
	}
	return redirect(&os.Stdout), redirect(&os.Stderr)
}

func TestResponsesThatAreNotStripes(t *testing.T) {
	respond := func(status int, header, value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const key = `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_secret"}}`
	tests := map[string]struct {
		handler     http.HandlerFunc
		write, read billing.ErrorKind
	}{
		"a proxy's error page":     {respond(502, "", "", "<html>secret</html>"), billing.UnknownOutcome, billing.Temporary},
		"an empty response":        {respond(200, "", "", ""), billing.UnknownOutcome, billing.Temporary},
		"half a response":          {respond(200, "", "", `{"id":"cus_1","sec`), billing.UnknownOutcome, billing.Temporary},
		"a response without end":   {respond(200, "", "", `{"id":"`+strings.Repeat("secret", 1<<20)+`"}`), billing.UnknownOutcome, billing.Temporary},
		"another kind of response": {respond(200, "", "", `["secret"]`), billing.UnknownOutcome, billing.Temporary},
		"a response without id":    {respond(200, "", "", `{}`), billing.UnknownOutcome, ""},
		"a redirect":               {respond(302, "Location", "/elsewhere", ""), billing.UnknownOutcome, billing.Temporary},
		"a wrong key":              {respond(401, "", "", key), billing.Temporary, billing.Temporary},
		"a key without rights":     {respond(403, "", "", key), billing.Temporary, billing.Temporary},
		"too much, without json":   {respond(429, "Retry-After", "3", "slow down"), billing.UnknownOutcome, billing.Temporary},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			p := connect(t, server.URL, nil)
			_, err := p.CreateCustomer(t.Context(), billingtest.NewCustomer())
			if got := billing.KindOf(err); got != test.write || strings.Contains(err.Error(), "secret") {
				t.Errorf("write: %v, want %s", err, test.write)
			}
			_, err = p.RetrieveCustomer(t.Context(), "cus_1")
			if got := billing.KindOf(err); got != test.read || err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("read: %v, want %s", err, test.read)
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		_, err := connect(t, unusedAddress(t), nil).CreateCustomer(t.Context(), billingtest.NewCustomer())
		if failure, is := err.(*billing.ProviderError); !is || failure.Kind != billing.Temporary || failure.Code != billing.CodeConnectionFailed {
			t.Errorf("%v", err)
		}
	})
}

func TestNoRedirectIsFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent elsewhere", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	p := connect(t, server.URL, nil)
	if _, err := p.CreateCustomer(t.Context(), billingtest.NewCustomer()); err == nil {
		t.Error("no error")
	}
	if _, err := p.RetrieveCustomer(t.Context(), "cus_1"); err == nil {
		t.Error("no error")
	}
}

func TestNew(t *testing.T) {
	for name, cfg := range map[string]stripe.Config{
		"no key":       {APIBase: stripe.APIBase},
		"no base":      {SecretKey: "sk"},
		"a bare host":  {SecretKey: "sk", APIBase: "api.stripe.com"},
		"another kind": {SecretKey: "sk", APIBase: "ftp://api.stripe.com"},
	} {
		if _, err := stripe.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A date of years ahead, such as a proxy with a wrong clock sends, must not keep newer events out.
func TestSnapshotsAreNotFromTheFuture(t *testing.T) {
	sim, right := open(t, nil)
	id, _ := create(t, right)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	p := connect(t, server.URL, carry(func(r *http.Request) (*http.Response, error) {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			response.Header.Set("Date", time.Now().AddDate(70, 0, 0).UTC().Format(http.TimeFormat))
		}
		return response, err
	}))
	snapshot, err := p.RetrieveCustomer(t.Context(), id)
	if err != nil || snapshot.At.After(time.Now()) || snapshot.RespondedAt.After(time.Now()) {
		t.Errorf("%+v, %v", snapshot, err)
	}
}

// What people write in several ways is sent in the one that Stripe documents.
func TestWhatStripeIsSentHasItsForm(t *testing.T) {
	sim, p := open(t, nil)
	id, customer := create(t, p)
	update := billing.CustomerUpdate{Ref: customer.Ref, ID: customer.ID, Information: domain.BillingInformation{
		BillingAddress:  &domain.Address{Country: new("xk"), City: new("Prishtina")},
		ShippingAddress: &domain.Address{Country: new("dK")},
		Language:        new("pt-br"),
	}}
	if _, err := p.UpdateCustomer(t.Context(), id, update); err != nil {
		t.Fatal(err)
	}
	kept := sim.Customers()[0]
	if kept.Address["country"] != "XK" || kept.Shipping["country"] != "DK" || !reflect.DeepEqual(kept.Locales, []string{"pt-BR"}) {
		t.Errorf("kept are %+v", kept)
	}
	for _, ids := range [][]domain.TaxID{
		{{Type: "eu_vat", Value: "dk 10 15 08 17"}, {Type: "br_cpf", Value: "52998224725"}, {Type: "no_vat", Value: "NO 923 609 016"}, {Type: "au_abn", Value: "000 000 000"}},
		{{Type: "eu_vat", Value: "DK-10150817"}, {Type: "br_cpf", Value: "529.982.247-25"}, {Type: "no_vat", Value: "923609016MVA"}, {Type: "au_abn", Value: "000000000"}},
	} {
		before := len(sim.Events())
		if _, err := p.SetTaxIDs(t.Context(), id, ids); err != nil {
			t.Fatal(err)
		}
		want := []string{"eu_vat: DK10150817", "br_cpf: 529.982.247-25", "no_vat: 923609016MVA", "au_abn: 000000000"}
		if got := sim.Customers()[0].TaxIDs; !reflect.DeepEqual(got, want) {
			t.Errorf("kept are %q", got)
		}
		if again := len(sim.Events()) - before; again != 0 && ids[3].Value == "000000000" {
			t.Errorf("the same ids changed %d", again)
		}
	}
}
