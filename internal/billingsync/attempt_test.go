package billingsync_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
)

// at does something once, before or after the first request of a kind.
func (w *world) at(request string, do func()) {
	var once sync.Once
	w.wire.on(func(r *http.Request) error {
		if r.Method+" "+withoutIDs(r.URL.Path) == request {
			once.Do(do)
		}
		return nil
	})
}

// fail makes requests of a kind fail so many times, 0 for all until the simulator recovers.
func (w *world) fail(kind simulator.FaultKind, request string, times int) {
	method, path, _ := strings.Cut(request, " ")
	w.sim.Fail(simulator.Fault{Kind: kind, Method: method, Path: path, Times: times})
}

func TestArchivingEndsPushes(t *testing.T) {
	t.Parallel()
	archive := func(c *domain.Customer) { c.Archive(domain.Timestamp(time.Now())) }
	// unarchive is what the use case does.
	unarchive := func(c *domain.Customer) {
		c.Unarchive(domain.Timestamp(time.Now()))
		if c.SyncInterrupted() {
			c.EnqueueFullSync(time.Now())
		}
	}
	for name, test := range map[string]func(w *world, c *domain.Customer){
		"before the attempt": func(w *world, c *domain.Customer) {
			w.change(c, archive)
			<-w.server().Enqueue(w.Context(), c, information())
			time.Sleep(time.Hour)
			w.due(w.server())
			if sent := w.wire.sent(); len(sent) > 0 {
				w.Errorf("pushed %q", sent)
			}
		},
		"during the creation, whose link is kept": func(w *world, c *domain.Customer) {
			w.at(create, func() { w.change(c, archive) })
			<-w.server().Enqueue(w.Context(), c, information())
			if there := w.there(); there.Name != "" || there.Email != "" {
				w.Errorf("there is %+v", there)
			}
			c = w.now(c)
			if valueOf(c.BillingID) != w.there().ID || c.Sync.CreatingSince != nil || c.Sync.DueAt != nil || len(c.Sync.Pending) > 0 && c.Sync.Pending[domain.SyncName] > 0 {
				w.Error(describe(c))
			}
		},
		"between two requests": func(w *world, c *domain.Customer) {
			w.at(retrieve, func() {
				w.change(c, archive)
			})
			c = w.change(c, func(c *domain.Customer) { c.CouponID = new(w.coupon("tenth", percentOff)) }, whole())
			w.at(update, func() { w.change(c, archive) })
			<-w.server().Enqueue(w.Context(), c, nil)
			if sent := w.wire.sent(); sent[len(sent)-1] != update {
				w.Errorf("pushed %q", sent)
			}
		},
		"between two requests, and coming back at once": func(w *world, c *domain.Customer) {
			w.fail(simulator.Conflict, update, 1)
			w.at(update, func() { w.change(w.change(c, archive), unarchive) })
			<-w.server().Enqueue(w.Context(), c, information())
			if there := w.there(); there.Name != "" || there.Email != "" || there.Address != nil {
				w.Errorf("there is %+v", there)
			}
			w.drain(c, w.server())
			w.linked(w.stands(c, "SUCCESS"))
			if there := w.there(); there.Name != "" || there.Email != "" || there.Address != nil {
				w.Errorf("there is %+v", there)
			}
		},
		"before the next try": func(w *world, c *domain.Customer) {
			w.fail(simulator.Conflict, update, 1)
			w.at(update, func() { w.change(c, archive) })
			<-w.server().Enqueue(w.Context(), c, nil)
			if there := w.there(); there.Name != "" {
				w.Errorf("there is %+v", there)
			}
		},
		"before a creation, which is made at any time after that": func(w *world, c *domain.Customer) {
			w.fail(simulator.Conflict, create, 1)
			w.at(create, func() { w.change(c, archive) })
			<-w.server().Enqueue(w.Context(), c, nil)
			time.Sleep(billing.KeyLifetime + time.Hour)
			c = w.change(c, unarchive)
			<-w.server().Enqueue(w.Context(), c, nil)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"after a creation of unknown outcome, which is made up for afterwards": func(w *world, c *domain.Customer) {
			w.fail(simulator.AnswerLost, create, 0)
			<-w.server().Enqueue(w.Context(), c, nil)
			w.sim.Recover()
			w.change(c, archive)
			time.Sleep(billing.KeyLifetime - time.Hour)
			c = w.change(c, unarchive)
			<-w.server().Enqueue(w.Context(), c, nil)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"after a creation of unknown outcome, too late to make up for": func(w *world, c *domain.Customer) {
			w.fail(simulator.AnswerLost, create, 0)
			<-w.server().Enqueue(w.Context(), c, nil)
			w.sim.Recover()
			w.change(c, archive)
			time.Sleep(billing.KeyLifetime + time.Hour)
			c = w.change(c, unarchive)
			<-w.server().Enqueue(w.Context(), c, nil)
			w.stands(c, "UNCONFIRMED")
			w.there()
		},
		"and back at once, it does not wait for a lease that is not in use": func(w *world, c *domain.Customer) {
			w.at(create, func() { w.change(c, archive) })
			<-w.server().Enqueue(w.Context(), c, information())
			w.change(c, unarchive)
			began := time.Now()
			w.drain(c, w.server())
			w.linked(w.stands(c, "SUCCESS"))
			if waited := time.Since(began); waited >= billingsync.LeaseLasts*3/4 {
				w.Errorf("it waited for %s", waited)
			}
		},
		"of what is pending, only name and email are cleared": func(w *world, c *domain.Customer) {
			<-w.server().Enqueue(w.Context(), c, nil)
			w.wire.down.Store(true)
			c = w.change(c, func(c *domain.Customer) { c.CouponID = new(w.coupon("tenth", percentOff)) },
				want(domain.SyncCoupon, domain.SyncName, domain.SyncInformation))
			<-w.server().Enqueue(w.Context(), c, information())
			w.change(c, archive)
			w.wire.down.Store(false)
			w.wire.sent()
			time.Sleep(time.Hour)
			w.due(w.server())
			if sent := w.wire.sent(); len(sent) > 0 {
				w.Errorf("archived, pushed %q", sent)
			}
			w.change(c, unarchive)
			w.drain(c, w.server())
			w.stands(c, "SUCCESS")
			if there := w.there(); there.Metadata["clientele_coupon"] == "" || there.Name != "Ada of c" || there.Address != nil {
				w.Errorf("there is %+v", there)
			}
		},
		"facts that were ambiguous meanwhile are settled afterwards": func(w *world, c *domain.Customer) {
			<-w.server().Enqueue(w.Context(), c, nil)
			c = w.change(c, archive)
			there := w.there()
			time.Sleep(time.Minute)
			_ = w.sim.Invoice(there.ID, "EUR")
			_ = w.sim.Invoice(there.ID, "USD")
			w.receiveAll(w.server())
			if c = w.now(c); !c.Facts().NeedsRefetch() || c.Sync.DueAt != nil {
				w.Errorf("archived: %s, %+v", describe(c), c.Facts())
			}
			w.change(c, unarchive)
			if c = w.drain(c, w.server()); c.Facts().NeedsRefetch() || c.Facts().Currency != "USD" {
				w.Errorf("afterwards: %s, %+v", describe(c), c.Facts())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) { test(w, w.change(w.insert("c"), whole(domain.SyncInformation))) })
		})
	}
}

func TestLinkingByHandEndsPushesToAnother(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(w *world, c *domain.Customer, link func(*domain.Customer)){
		"during the creation": func(w *world, c *domain.Customer, link func(*domain.Customer)) {
			w.at(create, func() { w.change(c, link) })
			<-w.server().Enqueue(w.Context(), c, information())
		},
		"during a creation whose key is spent": func(w *world, c *domain.Customer, link func(*domain.Customer)) {
			w.fail(simulator.ServerError, create, 1)
			w.at(create, func() { w.change(c, link) })
			<-w.server().Enqueue(w.Context(), c, information())
			if n := len(w.sim.Customers()); n != 1 {
				w.Errorf("the provider has %d customers", n)
			}
		},
		"while the information waits": func(w *world, c *domain.Customer, link func(*domain.Customer)) {
			w.change(c, link)
			<-w.server().Enqueue(w.Context(), c, information())
		},
		"between two requests": func(w *world, c *domain.Customer, link func(*domain.Customer)) {
			w.at(update, func() { w.change(c, link) })
			<-w.server().Enqueue(w.Context(), c, information())
			if all := w.sim.Customers(); len(all[1].TaxIDs) > 0 {
				w.Errorf("there are %+v", all)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				other := w.stranger("stranger")
				c := w.change(w.insert("c"), whole(domain.SyncInformation))
				test(w, c, func(c *domain.Customer) {
					c.LinkTo(&other)
					c.EnqueueSync(time.Now(), domain.SyncFacts)
				})
				c = w.drain(c, w.server())
				if c = w.stands(c, "SUCCESS"); valueOf(c.BillingID) != other {
					w.Errorf("linked to %s", valueOf(c.BillingID))
				}
				if there := w.sim.Customers()[0]; there.ID != other || there.Name != "" || there.Email != "" || there.Metadata["clientele_id"] != "stranger" || len(there.TaxIDs) > 0 {
					w.Errorf("there is %+v", there)
				}
			})
		})
	}
}

func TestWhatFailsInPassingIsDoneThoughOtherThingsAreRefused(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		c := w.insert("c", func(c *domain.Customer) { c.CouponID = new(w.coupon("five", amountOffForever)) })
		c = w.change(c, whole())
		w.fail(simulator.Unavailable, methods, 5)
		<-w.server().Enqueue(w.Context(), c, nil)
		w.stands(c, "REFUSED")
		c = w.drain(c, w.server())
		w.stands(c, "REFUSED")
		w.checkFacts(c)
	})
}

func TestADeletionIsSaidWhateverWasRefusedBefore(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		c := w.change(w.insert("c"), whole())
		<-w.server().Enqueue(w.Context(), c, nil)
		id := w.there().ID
		c = w.change(c, func(c *domain.Customer) { c.EnqueueAttachment(time.Now(), "pm_card_visa_chargeDeclined", "") }, func(c *domain.Customer) {
			c.CouponID = new(w.coupon("tenth", percentOff))
			c.EnqueueSync(time.Now(), domain.SyncCoupon)
		})
		w.at(findCoupon, func() { _ = w.sim.Delete(id) })
		<-w.server().Enqueue(w.Context(), c, nil)
		if c = w.stands(c, "DELETED"); !c.Facts().Deleted {
			t.Errorf("known is %+v", c.Facts())
		}
	})
}

func TestFactsAreFetchedThoughAPartIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, c *domain.Customer){
		"a coupon": func(w *world, c *domain.Customer) {
			c.CouponID = new(w.coupon("five", amountOffForever))
			c.EnqueueSync(time.Now(), domain.SyncCoupon)
		},
		"nothing":     func(*world, *domain.Customer) {},
		"information": func(_ *world, c *domain.Customer) { c.EnqueueSync(time.Now(), domain.SyncInformation) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				c := w.change(w.insert("c"), whole())
				<-w.server().Enqueue(w.Context(), c, nil)
				id := w.there().ID
				time.Sleep(time.Minute)
				_ = w.sim.Invoice(id, "EUR")
				_ = w.sim.Invoice(id, "USD")
				w.receiveAll(w.server())
				// A snapshot of now is from before the events.
				c = w.change(c, func(c *domain.Customer) { change(w, c) }, want(domain.SyncFacts))
				<-w.server().Enqueue(w.Context(), c, nil)
				if !w.now(c).Facts().NeedsRefetch() {
					t.Errorf("at once: %+v", w.now(c).Facts())
				}
				if c = w.drain(c, w.server()); c.Facts().NeedsRefetch() || c.Facts().Currency != "USD" {
					t.Errorf("in the end: %s, %+v", describe(c), c.Facts())
				}
			})
		})
	}
}
