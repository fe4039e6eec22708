package stripe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billing/stripe"
	"clientele/internal/domain"
)

// TestEventsOverHTTP is the whole way of an event: something happens at the provider, it is signed and
// delivered late, repeatedly and out of order, verified, read and folded.
func TestEventsOverHTTP(t *testing.T) {
	var mu sync.Mutex
	var facts domain.BillingFacts
	var p *stripe.Provider
	webhook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		payload, _ := io.ReadAll(r.Body)
		e, err := p.ParseEvent(payload, r.Header.Get(p.Vendor().SignatureHeader))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		facts = billing.Apply(facts, e)
	}))
	defer webhook.Close()

	now := time.Now().Add(-time.Minute)
	sim := simulator.New(simulator.Options{
		SecretKey: secretKey, WebhookSecret: webhookSecret, WebhookURL: webhook.URL, Now: func() time.Time { return now },
	})
	server := httptest.NewServer(sim)
	defer server.Close()
	p = connect(t, server.URL, nil)

	id, _ := create(t, p)
	later := func(do func() error) {
		t.Helper()
		now = now.Add(time.Second)
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	var visa, amex string
	later(func() (err error) { visa, err = sim.Attach(id, "pm_card_visa"); return err })
	later(func() error { return sim.WarnOfExpiry(visa) })
	later(func() error { return sim.UpdateCard(visa, 12, 2035) })
	later(func() (err error) { amex, err = sim.Attach(id, "pm_card_amex"); return err })
	later(func() error { return sim.Invoice(id, "DKK") })
	later(func() error { return sim.Detach(amex) })
	later(func() error { _, err := p.AttachPaymentMethod(t.Context(), id, visa); return err })

	for seed := range uint64(20) {
		mu.Lock()
		facts = domain.BillingFacts{}
		mu.Unlock()
		done, err := sim.Deliver(t.Context(), simulator.Delivery{All: true, Shuffle: true, Repeat: 1, Seed: seed})
		if err != nil || done.Refused > 0 {
			t.Fatalf("%+v, %v", done, err)
		}
		charged, ok := facts.DefaultPaymentMethod()
		want := domain.PaymentMethodDetails{
			Type: domain.PaymentMethodCard, Last4: "4242", ExpirationMonth: 12, ExpirationYear: 2035,
		}
		if !ok || charged.ID != visa || charged.Details != want || facts.Currency != "DKK" || facts.NeedsRefetch() {
			t.Fatalf("seed %d: %+v", seed, facts)
		}
	}
	if _, err := sim.Deliver(t.Context(), simulator.Delivery{}); err != nil {
		t.Fatal(err)
	}
	later(func() error { return sim.Delete(id) })
	if _, err := sim.Deliver(t.Context(), simulator.Delivery{}); err != nil || !facts.Deleted {
		t.Errorf("%+v, %v", facts, err)
	}
}
