package billingsync_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
)

// fault is a way in which one request of a sync fails.
type fault struct {
	simulator.Fault
	// passes is whether the attempt gets over it by itself.
	passes bool
}

func faults() []fault {
	var all []fault
	for _, kind := range []simulator.FaultKind{
		simulator.TimeOut, simulator.AnswerLost, simulator.Dropped, simulator.Conflict, simulator.RateLimited,
		simulator.Unavailable, simulator.ServerError, simulator.ServerErrorAfter,
	} {
		all = append(all, fault{simulator.Fault{Kind: kind, Times: 1}, true}, fault{simulator.Fault{Kind: kind}, false})
	}
	return append(all,
		fault{simulator.Fault{Kind: simulator.Slow, Delay: 10 * time.Second, Times: 1}, true},
		fault{simulator.Fault{Kind: simulator.RateLimited, RetryAfter: time.Minute, Times: 1}, false})
}

// failing makes the nth request fail from now on.
func (w *world) failing(n int, f fault) {
	w.wire.on(func(r *http.Request) error {
		if n--; n == 0 {
			f.Method, f.Path = r.Method, withoutIDs(r.URL.Path)
			w.sim.Fail(f.Fault)
		}
		return nil
	})
}

// scene is a change of a customer that makes a good many requests.
type scene struct {
	// linked is whether the customer is synced, with a tax id and a payment method, before.
	linked      bool
	change      func(w *world, c *domain.Customer)
	information *domain.BillingInformation
	requests    []string
	// informed is after how many of them the billing information was passed on.
	informed int
	// is reports whether the provider has all that was pushed, billing information aside.
	is func(c simulator.Customer) bool
}

var scenes = map[string]scene{
	"a new customer": {
		change:   func(_ *world, c *domain.Customer) { c.EnqueueFullSync(time.Now()) },
		requests: []string{create, update, retrieve, methods},
		is:       func(simulator.Customer) bool { return true },
	},
	"everything at once": {
		linked: true,
		change: func(w *world, c *domain.Customer) {
			method, _ := c.Facts().DefaultPaymentMethod()
			c.CouponID = new(w.coupon("coupon of "+c.CustomerID, percentOff))
			c.EnqueueFullSync(time.Now(), domain.SyncInformation)
			c.EnqueueDetachment(time.Now(), method.ID)
			c.EnqueueAttachment(time.Now(), "pm_card_amex", "")
		},
		information: &domain.BillingInformation{TaxIDs: []domain.TaxID{{Type: "gb_vat", Value: "GB123456789"}}, Language: new("de")},
		requests: []string{
			update, listTax, addTax, removeTax, attach, setDefault, findMethod, detach, findCoupon, makeCoupon, update, retrieve, methods,
		},
		informed: 4,
		is: func(c simulator.Customer) bool {
			return c.Metadata["clientele_coupon"] != "" && len(c.PaymentMethods) > 0 && c.DefaultPaymentMethod != "" &&
				!slices.ContainsFunc(c.PaymentMethods, func(m string) bool { return m[len(m)-4:] != "8431" })
		},
	},
}

// begin is the customer with the scene's change committed.
func (s scene) begin(w *world, server *billingsync.Service, id string) *domain.Customer {
	c := w.insert(id)
	if s.linked {
		c = w.change(c, whole(domain.SyncInformation))
		<-server.Enqueue(w.Context(), c, &domain.BillingInformation{TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: "DK12345678"}}, PaymentMethodID: new("pm_card_visa")})
		c = w.drain(c, server)
	}
	w.wire.sent()
	return w.change(c, func(c *domain.Customer) { s.change(w, c) })
}

func TestEveryFaultAtEveryRequestIsMadeUpFor(t *testing.T) {
	t.Parallel()
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				server := w.server()
				c := s.begin(w, server, "without fault")
				<-server.Enqueue(w.Context(), c, s.information)
				if sent := w.wire.sent(); !slices.Equal(sent, s.requests) {
					t.Fatalf("the requests are %q, wanted %q", sent, s.requests)
				}
			})
			for n, request := range s.requests {
				t.Run(fmt.Sprintf("at request %d, %s", n+1, request), func(t *testing.T) {
					t.Parallel()
					inWorld(t, func(w *world) {
						server := w.server()
						for _, f := range faults() {
							s.withFault(w, server, n, f)
						}
					})
				})
			}
			t.Logf("%d faults", len(s.requests)*len(faults()))
		})
	}
}

// foundDone reports whether the repetition of a request finds it done, so that no response is needed. The simulator
// carries out a deletion that it reports as an error.
func (f fault) foundDone(request string) bool {
	switch request {
	case addTax, detach, makeCoupon:
		return f.Kind == simulator.TimeOut || f.Kind == simulator.AnswerLost || f.Kind == simulator.ServerErrorAfter
	case removeTax:
		return f.Kind == simulator.TimeOut || f.Kind == simulator.AnswerLost || f.Kind == simulator.ServerErrorAfter || f.Kind == simulator.ServerError
	default:
		return false
	}
}

func (s scene) withFault(w *world, server *billingsync.Service, n int, f fault) {
	w.Helper()
	f.passes = f.passes || f.foundDone(s.requests[n])
	what := fmt.Sprintf("%s at request %d, %d times %s, retry after %s", s.requests[n], n+1, f.Times, f.Kind, f.RetryAfter)
	c := s.begin(w, server, what)
	w.failing(n+1, f)
	<-server.Enqueue(w.Context(), c, s.information)
	w.wire.on(nil)
	c = w.now(c)
	informed := s.information == nil || f.passes || n >= s.informed
	switch {
	case f.passes && c.SyncStatus() != domain.SyncSuccess:
		w.Errorf("%s: %s", what, describe(c))
	case !f.passes && (c.Sync.Failure == nil || c.Sync.Failure.Kind != domain.SyncTemporary || c.Sync.DueAt == nil || c.SyncStatus() != domain.SyncError):
		w.Errorf("%s: %s", what, describe(c))
	}
	// It fails on, and then it does not.
	if !f.passes && f.Times == 0 {
		time.Sleep(time.Until(*c.Sync.DueAt))
		w.due(server)
		if c = w.now(c); c.SyncStatus() != domain.SyncError || c.Sync.Attempts != 2 {
			w.Errorf("%s, and again: %s", what, describe(c))
		}
	}
	w.sim.Recover()
	c = w.drain(c, server)
	if is := c.SyncStatus(); (is == domain.SyncSuccess) != informed {
		w.Errorf("%s, recovered: %s", what, describe(c))
	}
	if failure := c.Sync.Failure; !informed && (failure == nil || failure.Kind != domain.SyncInformationLost) {
		w.Errorf("%s, recovered: %s", what, describe(c))
	}
	made := w.made(c)
	// A response that says that it failed though it did not leaves an empty customer behind.
	one := 1
	if s.requests[n] == create && f.Kind == simulator.ServerErrorAfter {
		one = len(made)
	}
	there := made[len(made)-1]
	if len(made) != one || valueOf(c.BillingID) != there.ID || c.Sync.CreatingSince != nil || c.Sync.Lease != nil {
		w.Errorf("%s: %d customers were made: %s", what, len(made), describe(c))
	}
	if there.Name != valueOf(c.Name) || there.Email != valueOf(c.Email) || !s.is(there) ||
		informed && s.information != nil && !slices.Equal(there.TaxIDs, []string{"gb_vat: GB123456789"}) {
		w.Errorf("%s: there is %+v", what, there)
	}
	if facts := c.Facts(); facts.DefaultPaymentMethodID != there.DefaultPaymentMethod || facts.RetrievedAt.IsZero() || facts.NeedsRefetch() {
		w.Errorf("%s: known is %+v, there is %+v", what, facts, there)
	}
}

func TestCreationsAreRepeatedForAsLongAsTheirKeyLives(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(w *world, c *domain.Customer, server *billingsync.Service){
		"an unknown outcome, soon after": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.fail(simulator.AnswerLost, create, 0)
			<-server.Enqueue(w.Context(), c, nil)
			w.sim.Recover()
			w.stands(c, "TEMPORARY")
			w.drain(c, server)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"an unknown outcome, just within the life of the key": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.fail(simulator.AnswerLost, create, 0)
			<-server.Enqueue(w.Context(), c, nil)
			w.sim.Recover()
			time.Sleep(billing.KeyLifetime - time.Minute)
			w.drain(c, server)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"an unknown outcome, too late": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.fail(simulator.AnswerLost, create, 0)
			<-server.Enqueue(w.Context(), c, nil)
			w.sim.Recover()
			w.wire.sent()
			time.Sleep(billing.KeyLifetime + time.Minute)
			w.drain(c, server)
			c = w.stands(c, "UNCONFIRMED")
			// A change is recorded, and not pushed.
			c = w.change(c, want(domain.SyncName))
			<-server.Enqueue(w.Context(), c, nil)
			if sent := w.wire.sent(); len(sent) > 0 {
				w.Errorf("pushed %q", sent)
			}
			c = w.stands(c, "UNCONFIRMED")
			w.there()
			// Whoever has looked lets a second one be made.
			c = w.change(c, func(c *domain.Customer) { c.Sync.RenewCreation() }, whole())
			<-server.Enqueue(w.Context(), c, nil)
			c = w.drain(c, server)
			w.stands(c, "SUCCESS")
			if made := w.made(c); len(made) != 2 || valueOf(c.BillingID) != made[1].ID {
				w.Errorf("linked to %s of %+v", valueOf(c.BillingID), made)
			}
		},
		"an unknown outcome, too late, found and linked by hand": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.fail(simulator.AnswerLost, create, 0)
			<-server.Enqueue(w.Context(), c, nil)
			w.sim.Recover()
			time.Sleep(billing.KeyLifetime + time.Minute)
			w.drain(c, server)
			c = w.stands(c, "UNCONFIRMED")
			c = w.change(c, func(c *domain.Customer) { c.LinkTo(new(w.there().ID)) }, whole())
			<-server.Enqueue(w.Context(), c, nil)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"two days down": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.wire.down.Store(true)
			<-server.Enqueue(w.Context(), c, nil)
			for began := time.Now(); time.Since(began) < 48*time.Hour; {
				time.Sleep(time.Until(*w.now(c).Sync.DueAt))
				w.due(server)
				w.stands(c, "TEMPORARY")
			}
			w.wire.down.Store(false)
			w.drain(c, server)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"a day of too many requests": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.fail(simulator.RateLimited, create, 0)
			<-server.Enqueue(w.Context(), c, nil)
			time.Sleep(billing.KeyLifetime + time.Hour)
			w.due(server)
			w.sim.Recover()
			w.drain(c, server)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"a refusal": func(w *world, c *domain.Customer, server *billingsync.Service) {
			// The key stands for another request.
			_, err := w.provider(w.wire).CreateCustomer(w.Context(), billing.NewCustomer{Ref: c.Ref(), ID: c.ID})
			if err != nil {
				w.Fatal(err)
			}
			<-server.Enqueue(w.Context(), c, nil)
			w.linked(w.stands(c, "SUCCESS"))
		},
		"a spent key": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.fail(simulator.ServerError, create, 1)
			<-server.Enqueue(w.Context(), c, nil)
			if c = w.stands(c, "SUCCESS"); c.Sync.KeyGeneration != 1 {
				w.Errorf("%+v", c.Sync)
			}
			w.linked(c)
		},
		"a spent key, again and again": func(w *world, c *domain.Customer, server *billingsync.Service) {
			w.fail(simulator.ServerError, create, 0)
			<-server.Enqueue(w.Context(), c, nil)
			for range 3 {
				time.Sleep(time.Until(*w.stands(c, "TEMPORARY").Sync.DueAt))
				w.due(server)
			}
			w.sim.Recover()
			w.linked(w.drain(c, server))
			w.stands(c, "SUCCESS")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) { test(w, w.change(w.insert("c"), whole()), w.server()) })
		})
	}
}
