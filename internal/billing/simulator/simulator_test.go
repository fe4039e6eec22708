package simulator_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/internal/billing/simulator"
)

const secret = "whsec_1"

// A client talks to a simulator without Stripe's library.
type client struct {
	*testing.T
	sim  *simulator.Simulator
	base string
}

func start(t *testing.T, options simulator.Options) client {
	t.Helper()
	options.SecretKey, options.WebhookSecret = "sk", secret
	sim := simulator.New(options)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return client{t, sim, server.URL}
}

type response struct {
	status int
	header http.Header
	body   map[string]any
}

func (a response) code() any {
	e, _ := a.body["error"].(map[string]any)
	return e["code"]
}

// do returns status 0 if there was no response.
func (c client) do(method, path, body string, headers ...string) response {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.SetBasicAuth("sk", "")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}).Do(r)
	if err != nil {
		return response{}
	}
	defer got.Body.Close()
	a := response{status: got.StatusCode, header: got.Header}
	raw, _ := io.ReadAll(got.Body)
	_ = json.Unmarshal(raw, &a.body)
	return a
}

func (c client) customer() string {
	c.Helper()
	made := c.do("POST", "/v1/customers", "")
	if made.status != http.StatusOK {
		c.Fatalf("%+v", made)
	}
	return made.body["id"].(string)
}

func TestRefusals(t *testing.T) {
	c := start(t, simulator.Options{})
	id := c.customer()
	gone := c.customer()
	if err := c.sim.Delete(gone); err != nil {
		t.Fatal(err)
	}
	many := ""
	for i := range 51 {
		many += fmt.Sprintf("metadata[k%d]=v&", i)
	}
	tests := map[string]struct {
		method, path, body string
		status             int
		code               any
	}{
		"unknown endpoint":        {"GET", "/v1/nonsense", "", 404, nil},
		"unknown parameter":       {"POST", "/v1/customers", "nonsense=1", 400, "parameter_unknown"},
		"coupon on a customer":    {"POST", "/v1/customers/" + id, "coupon=free", 400, "parameter_unknown"},
		"part of an address":      {"POST", "/v1/customers/" + id, "address[planet]=Mars", 400, "parameter_unknown"},
		"empty part of address":   {"POST", "/v1/customers/" + id, "address[city]=", 400, "parameter_invalid_empty"},
		"shipping without name":   {"POST", "/v1/customers/" + id, "shipping[address][city]=x", 400, "parameter_missing"},
		"email":                   {"POST", "/v1/customers/" + id, "email=nonsense", 400, "email_invalid"},
		"too much metadata":       {"POST", "/v1/customers/" + id, many, 400, nil},
		"unattached default":      {"POST", "/v1/customers/" + id, "invoice_settings[default_payment_method]=pm_1", 400, "resource_missing"},
		"unknown customer":        {"GET", "/v1/customers/cus_1", "", 404, "resource_missing"},
		"deleted customer":        {"POST", "/v1/customers/" + gone, "name=x", 404, "resource_missing"},
		"attach to deleted":       {"POST", "/v1/payment_methods/pm_card_visa/attach", "customer=" + gone, 400, "resource_missing"},
		"declined card":           {"POST", "/v1/payment_methods/pm_card_visa_chargeDeclined/attach", "customer=" + id, 402, "card_declined"},
		"unknown method":          {"POST", "/v1/payment_methods/pm_1/detach", "", 404, "resource_missing"},
		"unknown tax id":          {"DELETE", "/v1/customers/" + id + "/tax_ids/txi_1", "", 404, "resource_missing"},
		"wrong tax id":            {"POST", "/v1/customers/" + id + "/tax_ids", "type=eu_vat&value=1", 400, "tax_id_invalid"},
		"wrong limit":             {"GET", "/v1/customers/" + id + "/tax_ids?limit=0", "", 400, "parameter_invalid_integer"},
		"amount for ever":         {"POST", "/v1/coupons", "amount_off=1&currency=usd&duration=forever", 400, nil},
		"amount without currency": {"POST", "/v1/coupons", "amount_off=1&duration=repeating&duration_in_months=2", 400, "parameter_missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := fmt.Sprintf("%+v", c.sim.Customers())
			got := c.do(test.method, test.path, test.body)
			if got.status != test.status || got.code() != test.code || got.header.Get("Request-Id") == "" {
				t.Errorf("%+v", got)
			}
			if after := fmt.Sprintf("%+v", c.sim.Customers()); after != before {
				t.Errorf("a refused request changed %s to %s", before, after)
			}
		})
	}
	if got := c.do("GET", "/v1/customers/"+gone, ""); got.body["deleted"] != true {
		t.Errorf("a deleted customer is %+v", got)
	}
	if got := c.do("GET", "/v1/customers/"+id, "", "Authorization", "Bearer other"); got.status != http.StatusUnauthorized {
		t.Errorf("another key: %d", got.status)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	c := start(t, simulator.Options{Now: func() time.Time { return now }})
	create := func(body string) response { return c.do("POST", "/v1/customers", body, "Idempotency-Key", "k") }

	first := create("name=a")
	if again := create("name=a"); again.body["id"] != first.body["id"] || again.header.Get("Idempotent-Replayed") != "true" ||
		first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("%+v, then %+v", first, again)
	}
	if other := create("name=b"); other.status != 400 || !strings.Contains(fmt.Sprint(other.body), "idempotency_error") {
		t.Errorf("other parameters: %+v", other)
	}
	now = now.Add(24 * time.Hour)
	if later := create("name=b"); later.status != 200 || later.body["id"] == first.body["id"] {
		t.Errorf("a day later: %+v", later)
	}
	// What was refused before it began is not remembered.
	refused := func(name string) response { return c.do("POST", "/v1/customers", name, "Idempotency-Key", "k2") }
	if got := refused("email=x"); got.status != 400 {
		t.Errorf("%+v", got)
	}
	if got := refused("email=x@y"); got.status != 200 {
		t.Errorf("%+v", got)
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		kind             simulator.FaultKind
		status           int
		made             int // customers after the failure
		again, madeAgain int // and after the same request with the same key
	}{
		{simulator.TimeOut, 0, 1, 200, 1},
		{simulator.AnswerLost, 0, 1, 200, 1},
		{simulator.Dropped, 0, 0, 200, 1},
		{simulator.Conflict, 409, 0, 200, 1},
		{simulator.RateLimited, 429, 0, 200, 1},
		{simulator.Unavailable, 503, 0, 200, 1},
		{simulator.ServerError, 500, 0, 500, 0},
		{simulator.ServerErrorAfter, 500, 1, 500, 1},
		{simulator.Slow, 200, 1, 200, 1},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			c := start(t, simulator.Options{})
			create := func() int { return c.do("POST", "/v1/customers", "", "Idempotency-Key", "k").status }
			c.sim.Fail(simulator.Fault{
				Kind: test.kind, Method: "POST", Path: "/v1/customers", Times: 1, RetryAfter: time.Second, Delay: time.Millisecond,
			})
			if got := c.do("GET", "/v1/customers/cus_1", "").status; got != 404 {
				t.Errorf("the fault is another request's too: %d", got)
			}
			if got := create(); got != test.status || len(c.sim.Customers()) != test.made {
				t.Errorf("%d with %d customers, want %d with %d", got, len(c.sim.Customers()), test.status, test.made)
			}
			if got := create(); got != test.again || len(c.sim.Customers()) != test.madeAgain {
				t.Errorf("again %d with %d customers, want %d with %d", got, len(c.sim.Customers()), test.again, test.madeAgain)
			}
		})
	}
}

func TestAFaultLastsUntilRecovery(t *testing.T) {
	c := start(t, simulator.Options{})
	c.sim.Fail(simulator.Fault{Kind: simulator.Unavailable})
	for range 3 {
		if got := c.do("POST", "/v1/customers", "").status; got != 503 {
			t.Errorf("%d", got)
		}
	}
	c.sim.Recover()
	c.customer()
}

// An inbox is a webhook.
type inbox struct {
	mu      sync.Mutex
	refuse  bool
	events  []string // "type id"
	changed chan struct{}
}

func receive(t *testing.T) (*inbox, string) {
	t.Helper()
	in := &inbox{changed: make(chan struct{}, 1000)}
	server := httptest.NewServer(in)
	t.Cleanup(server.Close)
	return in, server.URL
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in.mu.Lock()
	defer in.mu.Unlock()
	defer func() { in.changed <- struct{}{} }()
	payload, _ := io.ReadAll(r.Body)
	var stamp int64
	var given string
	_, _ = fmt.Sscanf(strings.ReplaceAll(r.Header.Get("Stripe-Signature"), ",v1=", " "), "t=%d %s", &stamp, &given)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", stamp, payload)
	if in.refuse || given != hex.EncodeToString(mac.Sum(nil)) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var e struct{ ID, Type string }
	_ = json.Unmarshal(payload, &e)
	in.events = append(in.events, e.Type+" "+e.ID)
}

func (in *inbox) take() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	taken := in.events
	in.events = nil
	return taken
}

func TestDelivery(t *testing.T) {
	in, url := receive(t)
	c := start(t, simulator.Options{WebhookURL: url})
	deliver := func(how simulator.Delivery, accepted, refused int) []string {
		t.Helper()
		done, err := c.sim.Deliver(t.Context(), how)
		if err != nil || done.Accepted != accepted || done.Refused != refused {
			t.Errorf("%+v: %+v, %v, want %d and %d", how, done, err, accepted, refused)
		}
		return in.take()
	}
	for range 10 {
		c.customer()
	}
	inOrder := make([]string, 0, 10)
	for _, e := range c.sim.Events() {
		inOrder = append(inOrder, e.Type+" "+e.ID)
	}

	in.refuse = true
	deliver(simulator.Delivery{}, 0, 10)
	in.refuse = false
	if got := deliver(simulator.Delivery{Delay: time.Millisecond}, 10, 0); !slices.Equal(got, inOrder) {
		t.Errorf("%v, want %v", got, inOrder)
	}
	deliver(simulator.Delivery{}, 0, 0)
	if got := deliver(simulator.Delivery{All: true, Repeat: 2, Shuffle: true, Seed: 1}, 30, 0); slices.Equal(got[:10], inOrder) {
		t.Error("the events were not shuffled")
	} else if slices.Sort(got); len(slices.Compact(got)) != 10 {
		t.Errorf("%v is not every event", got)
	}
}

func TestRunDeliversWhatHappens(t *testing.T) {
	in, url := receive(t)
	c := start(t, simulator.Options{WebhookURL: url})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { c.sim.Run(ctx, simulator.Delivery{}); close(ended) }()
	for range 3 {
		c.customer()
		<-in.changed
	}
	cancel()
	<-ended
	if got := in.take(); len(got) != 3 {
		t.Errorf("%v", got)
	}
}

func TestPreviousAttributes(t *testing.T) {
	c := start(t, simulator.Options{})
	id := c.customer()
	last := func() (kind string, previous map[string]any) {
		events := c.sim.Events()
		var e struct {
			Type string
			Data struct {
				Previous map[string]any `json:"previous_attributes"`
			}
		}
		if err := json.Unmarshal(events[len(events)-1].Payload, &e); err != nil {
			t.Fatal(err)
		}
		return e.Type, e.Data.Previous
	}
	c.do("POST", "/v1/customers/"+id, "name=New")
	if kind, previous := last(); kind != "customer.updated" || len(previous) != 1 || previous["name"] != nil {
		t.Errorf("%s %v", kind, previous)
	}
	before := len(c.sim.Events())
	c.do("POST", "/v1/customers/"+id, "name=New")
	if len(c.sim.Events()) != before {
		t.Error("nothing changed, and it was told")
	}
	method := c.do("POST", "/v1/payment_methods/pm_card_visa/attach", "customer="+id).body["id"].(string)
	c.do("POST", "/v1/payment_methods/"+method+"/detach", "")
	if kind, previous := last(); kind != "payment_method.detached" || previous["customer"] != id {
		t.Errorf("%s %v", kind, previous)
	}
}

func TestOrders(t *testing.T) {
	in, url := receive(t)
	c := start(t, simulator.Options{WebhookURL: url})
	id := c.customer()
	order := func(method, path, body string) response {
		t.Helper()
		got := c.do(method, "/_simulator"+path, body)
		if got.status != http.StatusOK {
			t.Errorf("%s %s: %d", method, path, got.status)
		}
		return got
	}
	card := order("POST", "/customers/"+id+"/attach", `{"paymentMethod":"pm_card_visa"}`).body["paymentMethod"].(string)
	order("POST", "/customers/"+id+"/invoice", `{"currency":"EUR"}`)
	order("POST", "/payment_methods/"+card+"/update", `{"month":1,"year":2031}`)
	order("POST", "/payment_methods/"+card+"/expiring", "")
	got := c.sim.Customers()[0]
	if got.Currency != "eur" || got.DefaultPaymentMethod != card || !slices.Equal(got.PaymentMethods, []string{card + ": card 4242"}) {
		t.Errorf("%+v", got)
	}
	order("POST", "/payment_methods/"+card+"/detach", "")
	order("DELETE", "/customers/"+id, "")
	if got := c.sim.Customers()[0]; !got.Deleted || got.DefaultPaymentMethod != "" || len(got.PaymentMethods) > 0 {
		t.Errorf("%+v", got)
	}
	order("POST", "/faults", `{"kind":"unavailable"}`)
	if got := c.do("POST", "/v1/customers", ""); got.status != 503 {
		t.Errorf("%d", got.status)
	}
	order("DELETE", "/faults", "")
	order("GET", "/customers", "")
	if got := order("GET", "/events", ""); got.body["undelivered"] != 9.0 {
		t.Errorf("%v", got.body["undelivered"])
	}
	order("POST", "/events/deliver", `{"shuffle":true,"repeat":1}`)
	var kinds []string
	for _, e := range in.take() {
		kinds = append(kinds, strings.Fields(e)[0])
	}
	slices.Sort(kinds)
	if got, want := strings.Join(slices.Compact(kinds), " "), "customer.created customer.deleted customer.source.expiring "+
		"customer.updated payment_method.attached payment_method.automatically_updated payment_method.detached"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	for name, path := range map[string]string{"attach": "/customers/cus_1/attach", "detach": "/payment_methods/pm_1/detach"} {
		if got := c.do("POST", "/_simulator"+path, `{"paymentMethod":"pm_card_visa"}`); got.status != 400 {
			t.Errorf("%s of nobody: %d", name, got.status)
		}
	}
	if got := c.do("POST", "/_simulator/faults", `{"nonsense":1}`); got.status != 400 {
		t.Errorf("nonsense: %d", got.status)
	}
}
