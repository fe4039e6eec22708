package tests

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/billing/simulator"
)

// replaceCards is what happens at the provider to each customer of the test of events, a second after the other. It ends
// with the card of American Express, charged in Danish kroner.
func replaceCards(t *testing.T, p *provider, billingID string) {
	t.Helper()
	done := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		p.clock.Add(1)
	}
	attach := func(example string) string {
		method, err := p.Attach(billingID, example)
		done(err)
		return method
	}
	first := attach("pm_card_visa")
	done(p.UpdateCard(first, 1, 2031))
	done(p.WarnOfExpiry(first))
	second := attach("pm_card_mastercard")
	done(p.Invoice(billingID, "dkk"))
	done(p.Detach(first))
	done(p.UpdateCard(second, 4, 2033))
	bank := attach("pm_usBankAccount")
	done(p.Detach(bank))
	last := attach("pm_card_amex")
	done(p.UpdateCard(last, 12, 2035))
}

var cardLifeEnd = map[string]any{
	"hasPaymentMethod": true, "defaultPaymentMethodType": "CARD", "defaultPaymentMethodLast4Digits": "8431",
	"defaultPaymentExpirationMonth": 12.0, "defaultPaymentExpirationYear": 2035.0, "billingCurrency": "DKK",
}

// TestBillingEventsInAnyOrder delivers one log of events in a thousand orders, some events more than once, each time
// for another customer. The provider is unreachable meanwhile; a fetch afterwards gives the same result.
func TestBillingEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	const clients = 16
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		permutations := manyOrFew(t, 1000, 40)
		p.clock.Store(time.Now().Add(-24 * time.Hour).Unix())
		id := func(i int) string { return fmt.Sprintf("customer-%04d", i) }
		for range permutations {
			p.direct(t, http.MethodPost, "/v1/customers")
		}
		there := p.Customers()
		fromMany(clients, permutations, func(i int) {
			if _, err := server.send(t.Context(), provisionWithBillingOperation, object{"input": object{"customerId": id(i), "billingId": there[i].ID}}); err != nil {
				t.Error(err)
			}
		})
		awaitSync(t, server.client, time.Minute, inSync)
		begun := len(p.Events())
		// Snapshots are a little older than their responses.
		p.clock.Add(60)
		for _, c := range there {
			replaceCards(t, p, c.ID)
		}
		p.clock.Add(60)
		events := p.Events()[begun:]
		each := len(events) / permutations
		mustChangeNothing(t, server, p, events[0])

		release := make(chan struct{})
		let := sync.OnceFunc(func() { close(release) })
		t.Cleanup(let)
		p.watchWith(func(_ moment, c call) bool {
			select {
			case <-release:
				return true
			case <-c.ended:
				return false
			}
		})
		var delivered, again atomic.Int64
		fromMany(clients, permutations, func(i int) {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			log := append([]simulator.Event(nil), events[i*each:(i+1)*each]...)
			for _, e := range log {
				if random.IntN(4) == 0 {
					log = append(log, e)
					again.Add(1)
				}
			}
			random.Shuffle(len(log), func(a, b int) { log[a], log[b] = log[b], log[a] })
			for _, e := range log {
				if response, body := server.event(t, e.Payload, signed(e.Payload, webhookSecret, time.Now())); response.StatusCode != http.StatusOK {
					t.Errorf("%s: status %d, %s", e.Type, response.StatusCode, body)
				}
				delivered.Add(1)
			}
		})
		mustEndAlike := func(when string) {
			t.Helper()
			for id, customer := range customersWithBilling(t, server.client) {
				for field, want := range cardLifeEnd {
					if customer[field] != want {
						t.Errorf("%s: %s: %s is %v, want %v", when, id, field, customer[field], want)
					}
				}
			}
		}
		mustEndAlike("before the fetch")
		let()
		awaitSync(t, server.client, 2*time.Minute, inSync)
		mustEndAlike("after the fetch")
		t.Logf("%d permutations of a log of %d events, %d deliveries, %d of them repetitions: one final state, all SUCCESS", permutations, each, delivered.Load(), again.Load())
	})
}

// mustChangeNothing delivers an event with signatures that are no good, and compares all documents.
func mustChangeNothing(t *testing.T, server *service, p *provider, e simulator.Event) {
	t.Helper()
	before := p.kept()
	for name, signature := range map[string]string{
		"another secret": signed(e.Payload, "whsec_of_somebody_else", time.Now()), "an old time": signed(e.Payload, webhookSecret, time.Now().Add(-6*time.Minute)),
		"no secret": signed(e.Payload, "", time.Now()), "no signature": "",
	} {
		if response, _ := server.event(t, e.Payload, signature); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, response.StatusCode)
		}
	}
	if p.kept() != before {
		t.Error("a refused event has changed what is kept")
	}
}
