package billingsync_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
)

// history is a good many things that happen to a customer at the provider, some within one second.
func (w *world) history(id string) {
	w.Helper()
	must := func(err error) {
		if err != nil {
			w.Fatal(err)
		}
	}
	second := func() { time.Sleep(time.Second) }
	second()
	visa, err := w.sim.Attach(id, "pm_card_visa")
	must(err)
	second()
	must(w.sim.WarnOfExpiry(visa))
	second()
	must(w.sim.UpdateCard(visa, 12, 2035))
	second()
	amex, err := w.sim.Attach(id, "pm_card_amex")
	must(err)
	must(w.sim.Invoice(id, "DKK")) // in the same second, so the two disagree
	second()
	must(w.sim.UpdateCard(amex, 1, 2031))
	must(w.sim.UpdateCard(amex, 2, 2032)) // nor do these agree
	second()
	mastercard, err := w.sim.Attach(id, "pm_card_mastercard")
	must(err)
	second()
	must(w.sim.Detach(mastercard))
}

// orders is in how many orders each customer's events come.
var orders = 40

func TestEventsInAnyOrderLeadToOneState(t *testing.T) {
	t.Parallel()
	orders := orders
	if testing.Short() {
		orders = 8
	}
	inWorld(t, func(w *world) {
		// Many at once, for the sake of the disk.
		const customers = 25
		server := w.server()
		var received atomic.Int64
		var group sync.WaitGroup
		for i := range customers {
			before := len(w.sim.Events())
			id := w.stranger(fmt.Sprint("stranger ", i))
			w.history(id)
			events := w.sim.Events()[before:]
			linked := w.insert(fmt.Sprint("c", i), func(c *domain.Customer) { c.BillingID = &id })
			group.Go(func() {
				var wanted *domain.Customer
				for n := range orders {
					order := shuffled(events, rand.New(rand.NewPCG(uint64(i), uint64(n))))
					w.receive(server, order...)
					received.Add(int64(len(order)))
					c := w.now(linked)
					if wanted == nil {
						wanted = c
					}
					if !reflect.DeepEqual(c.BillingFacts, wanted.BillingFacts) || !c.Facts().NeedsRefetch() || c.EditVersion() != int64(1+n) {
						t.Errorf("order %d leads to %+v at version %d, the first to %+v", n, c.BillingFacts, c.EditVersion(), wanted.BillingFacts)
					}
					w.change(c, func(c *domain.Customer) { c.BillingFacts = nil })
				}
				w.receive(server, events...)
			})
		}
		group.Wait()
		// What the events do not agree on is fetched, though none of the customers was ever synced.
		time.Sleep(billing.RefetchAfter)
		w.due(server)
		for i := range customers {
			c := w.now(&domain.Customer{EnvironmentID: "production", CustomerID: fmt.Sprint("c", i)})
			if c.SyncStarted() || c.SyncStatus() != domain.SyncNotRequired || c.Sync.DueAt != nil {
				t.Errorf("the provider seems to know %s", describe(c))
			}
			facts := c.Facts()
			var expires []int
			for _, m := range facts.PaymentMethods {
				expires = append(expires, m.Details.ExpirationYear)
			}
			slices.Sort(expires)
			if facts.DefaultPaymentMethodID != "" || facts.Currency != "DKK" || facts.NeedsRefetch() || !slices.Equal(expires, []int{2032, 2035}) {
				t.Errorf("in the end: %+v", facts)
			}
		}
		t.Logf("%d permutations, %d events received", customers*orders, received.Load())
	})
}

// shuffled are all the events in any order, some of them twice.
func shuffled(events []simulator.Event, chance *rand.Rand) []simulator.Event {
	order := slices.Clone(events)
	for _, e := range events {
		if chance.IntN(2) == 0 {
			order = append(order, e)
		}
	}
	chance.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

func TestReceive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(w *world, c *domain.Customer, server receiver){
		"a bad signature writes nothing": func(w *world, c *domain.Customer, server receiver) {
			_ = w.sim.Invoice(*c.BillingID, "EUR")
			for _, e := range w.sim.Events() {
				for _, signature := range []string{
					"", "t=1,v1=00", w.sim.Sign(append(e.Payload, ' '), time.Now()), w.sim.Sign(e.Payload, time.Now().Add(-time.Hour)),
				} {
					if err := server.Receive(w.Context(), e.Payload, signature); !errors.Is(err, billing.ErrBadSignature) {
						w.Errorf("the error is %v", err)
					}
				}
			}
			if now := w.now(c); now.Version != c.Version {
				w.Errorf("version %d", now.Version)
			}
		},
		"what is dated in the future writes nothing": func(w *world, c *domain.Customer, server receiver) {
			soon := time.Now().Add(time.Hour)
			payload := fmt.Appendf(nil, `{"id":"evt_1","object":"event","created":%d,"type":"customer.updated","data":{"object":{"id":%q,"currency":"eur"}}}`, soon.Unix(), *c.BillingID)
			if err := server.Receive(w.Context(), payload, w.sim.Sign(payload, time.Now())); !errors.Is(err, billing.ErrFutureEvent) {
				w.Errorf("the error is %v", err)
			}
			if err := server.Receive(w.Context(), payload, w.sim.Sign(payload, soon)); !errors.Is(err, billing.ErrFutureSignature) {
				w.Errorf("the error is %v", err)
			}
			if now := w.now(c); now.Version != c.Version {
				w.Errorf("version %d", now.Version)
			}
		},
		"a thin event writes nothing, and the log says that it was ignored, once": func(w *world, c *domain.Customer, server receiver) {
			payload := fmt.Appendf(nil, `{"id":"evt_1","object":"v2.core.event","type":"v1.customer.updated","created":"1999-12-31T00:00:00Z","related_object":{"id":%q,"type":"customer"}}`, *c.BillingID)
			for range 2 {
				if err := server.Receive(w.Context(), payload, w.sim.Sign(payload, time.Now())); err != nil {
					w.Errorf("the error is %v", err)
				}
			}
			if now := w.now(c); now.Version != c.Version {
				w.Errorf("version %d", now.Version)
			}
			if log := w.log.String(); strings.Count(log, "thin event") != 1 || !strings.Contains(log, "type=v1.customer.updated") {
				w.Errorf("the log is %s", log)
			}
		},
		"a stored date in the future heals with the next event": func(w *world, c *domain.Customer, server receiver) {
			years := time.Now().AddDate(70, 0, 0).UTC()
			mark := domain.FactMark{At: years, EventID: "evt_bogus"}
			w.change(c, func(c *domain.Customer) {
				c.RecordFacts(domain.Timestamp(time.Now()), domain.BillingFacts{
					Currency: "USD", Mark: mark, RetrievedAt: years, DefaultPaymentMethodID: "pm_bogus",
					PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_bogus", Mark: mark}},
				})
			})
			_ = w.sim.Invoice(*c.BillingID, "EUR")
			w.receiveAll(server)
			if known := w.now(c).Facts(); known.Currency != "EUR" {
				w.Errorf("known is %+v", known)
			}
			// What was missed meanwhile is fetched.
			time.Sleep(billing.RefetchAfter)
			w.due(server.(*billingsync.Service))
			known := w.now(c).Facts()
			if known.NeedsRefetch() || known.HasPaymentMethod() || known.DefaultPaymentMethodID != "" || known.RetrievedAt.After(time.Now()) {
				w.Errorf("in the end: %+v", known)
			}
		},
		"a stored date in the future heals with the next sync": func(w *world, c *domain.Customer, server receiver) {
			years := time.Now().AddDate(70, 0, 0).UTC()
			c = w.change(c, func(c *domain.Customer) {
				c.RecordFacts(domain.Timestamp(time.Now()), domain.BillingFacts{
					Currency: "USD", Mark: domain.FactMark{At: years, EventID: "evt_bogus"}, RetrievedAt: years,
				})
			}, whole(domain.SyncFacts))
			_ = w.sim.Invoice(*c.BillingID, "EUR")
			w.drain(c, server.(*billingsync.Service))
			if known := w.now(c).Facts(); known.Currency != "EUR" || known.RetrievedAt.After(time.Now()) {
				w.Errorf("known is %+v", known)
			}
		},
		"what cannot be read writes nothing": func(w *world, c *domain.Customer, server receiver) {
			for _, payload := range []string{"", "{}", "[]", `{"object":"event","id":"evt_1","created":1,"type":"customer.updated","data":{"object":[]}}`} {
				if err := server.Receive(w.Context(), []byte(payload), w.sim.Sign([]byte(payload), time.Now())); !errors.Is(err, billing.ErrBadEvent) {
					w.Errorf("%q: the error is %v", payload, err)
				}
			}
			if now := w.now(c); now.Version != c.Version {
				w.Errorf("version %d", now.Version)
			}
		},
		"a customer that nobody is linked to changes nothing": func(w *world, c *domain.Customer, server receiver) {
			other := w.insert("other")
			c = w.change(c, func(c *domain.Customer) { c.LinkTo(nil) })
			w.receiveAll(server)
			if now := w.now(c); now.Version != c.Version || now.BillingFacts != nil {
				w.Errorf("version %d: %+v", now.Version, now.BillingFacts)
			}
			if now := w.now(other); now.Version != 1 {
				w.Errorf("version %d", now.Version)
			}
		},
		"all customers that are linked receive it": func(w *world, c *domain.Customer, server receiver) {
			other := w.insert("other", func(other *domain.Customer) { other.BillingID = c.BillingID })
			time.Sleep(time.Minute) // Events of one second have no order.
			_ = w.sim.Invoice(*c.BillingID, "EUR")
			w.receiveAll(server)
			if w.now(c).Facts().Currency != "EUR" || w.now(other).Facts().Currency != "EUR" {
				w.Errorf("known is %+v and %+v", w.now(c).Facts(), w.now(other).Facts())
			}
		},
		"an event that was taken in before is not written": func(w *world, c *domain.Customer, server receiver) {
			_ = w.sim.Invoice(*c.BillingID, "EUR")
			w.receiveAll(server)
			before := w.now(c)
			w.receiveAll(server)
			if now := w.now(c); now.Version != before.Version {
				w.Errorf("version %d after %d", now.Version, before.Version)
			}
		},
		"a deletion is the end": func(w *world, c *domain.Customer, server receiver) {
			_, _ = w.sim.Attach(*c.BillingID, "pm_card_visa")
			time.Sleep(time.Second)
			_ = w.sim.Delete(*c.BillingID)
			events := w.sim.Events()
			slices.Reverse(events)
			w.receive(server, events...)
			if now := w.now(c); !reflect.DeepEqual(now.Facts(), domain.BillingFacts{Deleted: true}) || now.SyncStatus() != domain.SyncError {
				w.Errorf("known is %+v", now.Facts())
			}
		},
		"a payment method begins a subscription that waits for one": func(w *world, c *domain.Customer, server receiver) {
			c = w.change(c, func(c *domain.Customer) {
				c.Subscriptions = []domain.Subscription{{Phases: []domain.Phase{{Status: domain.PaymentPending, From: c.CreatedAt}}}}
			})
			_, _ = w.sim.Attach(*c.BillingID, "pm_card_visa")
			w.receiveAll(server)
			if now := w.now(c); now.Subscriptions[0].Status(time.Now()) != domain.Active {
				w.Errorf("%+v", now.Subscriptions)
			}
		},
		"a store that fails has the event sent again": func(w *world, c *domain.Customer, _ receiver) {
			_ = w.sim.Invoice(*c.BillingID, "EUR")
			server := w.serverOver(broken{Store: w.store, replace: errors.New("disk on fire")}, w.wire)
			e := w.sim.Events()[len(w.sim.Events())-1]
			if err := server.Receive(w.Context(), e.Payload, w.sim.Sign(e.Payload, time.Now())); err == nil {
				w.Error("no error")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				server := w.server()
				id := w.stranger("stranger")
				time.Sleep(time.Second) // what happens from now on is newer
				test(w, w.insert("c", func(c *domain.Customer) { c.BillingID = &id }), server)
			})
		})
	}
}
