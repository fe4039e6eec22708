package billingsync_test

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"clientele/internal/billing/simulator"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
)

// model is one customer in the hands of chance, and what is known of it besides its document.
type model struct {
	*world
	t *rapid.T
	c *domain.Customer
	// nameCleared and emailCleared are whether archiving cleared them, which is not pushed.
	nameCleared, emailCleared bool
	// relinked is whether it was linked by hand.
	relinked bool
	begun    []<-chan struct{}
}

// change commits a change, unless it is one that use cases make of live customers only.
func (m *model) change(do ...func(*domain.Customer)) bool {
	if m.c = m.now(m.c); m.c.Archived() {
		return false
	}
	m.c = m.world.change(m.c, do...)
	return true
}

// begin begins a sync in a process that may end in it.
func (m *model) begin(information *domain.BillingInformation) {
	var p process
	if rapid.IntRange(0, 3).Draw(m.t, "process ends") == 0 {
		p.endsAt = rapid.IntRange(1, 25).Draw(m.t, "at point")
	}
	m.begun = append(m.begun, m.start(&p).Enqueue(m.Context(), m.c, information))
	if rapid.Bool().Draw(m.t, "wait") {
		<-m.begun[len(m.begun)-1]
	}
}

func (m *model) actions(other string) map[string]func(*rapid.T) {
	number := 0
	fresh := func() string { number++; return fmt.Sprint("v", number, "@example.com") }
	return map[string]func(*rapid.T){
		"name": func(*rapid.T) {
			if m.change(func(c *domain.Customer) { c.Name = new(fresh()) }, whole()) {
				m.nameCleared = false
				m.begin(nil)
			}
		},
		"email": func(*rapid.T) {
			if m.change(func(c *domain.Customer) { c.Email = nil }, want(domain.SyncEmail)) {
				m.emailCleared = false
				m.begin(nil)
			}
		},
		"change that is not pushed": func(*rapid.T) {
			if m.change(func(c *domain.Customer) { c.Email = new(fresh()) }, whole()) {
				m.emailCleared = false
			}
		},
		"coupon": func(*rapid.T) {
			m.change(func(c *domain.Customer) { c.CouponID = new(m.coupon(c.CustomerID+fresh(), percentOff)) }, want(domain.SyncCoupon))
		},
		"information": func(*rapid.T) {
			if m.change(whole(domain.SyncInformation)) {
				m.begin(&domain.BillingInformation{Language: new("da"), TaxIDs: []domain.TaxID{{Type: "gb_vat", Value: "GB123456789"}}})
			}
		},
		"method": func(*rapid.T) {
			if m.change(func(c *domain.Customer) { c.EnqueueAttachment(time.Now(), "pm_card_visa", "") }) {
				m.begin(nil)
			}
		},
		"archive": func(*rapid.T) {
			if m.change(func(c *domain.Customer) { c.Archive(domain.Timestamp(time.Now())) }) {
				m.nameCleared, m.emailCleared = true, true
			}
		},
		"unarchive": func(*rapid.T) {
			if m.c = m.now(m.c); m.c.Archived() {
				m.c = m.world.change(m.c, func(c *domain.Customer) {
					c.Unarchive(domain.Timestamp(time.Now()))
					if c.SyncInterrupted() {
						c.EnqueueFullSync(time.Now())
					}
				})
			}
		},
		"link": func(t *rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "really") == 0 && m.change(func(c *domain.Customer) { c.LinkTo(&other) }, want(domain.SyncFacts)) {
				m.relinked = true
				m.begin(nil)
			}
		},
		"fault": func(t *rapid.T) {
			m.sim.Fail(simulator.Fault{
				// The one fault that is left out makes customers that nobody can know of.
				Kind: rapid.SampledFrom([]simulator.FaultKind{
					simulator.TimeOut, simulator.AnswerLost, simulator.Dropped, simulator.Conflict, simulator.RateLimited,
					simulator.Unavailable, simulator.ServerError, simulator.Slow,
				}).Draw(t, "kind"),
				Delay: 10 * time.Second, RetryAfter: time.Duration(rapid.SampledFrom([]int{0, 5}).Draw(t, "retry after")) * time.Second,
				Times: rapid.IntRange(1, 6).Draw(t, "times"),
			})
		},
		"down":    func(t *rapid.T) { m.wire.down.Store(rapid.Bool().Draw(t, "down")) },
		"recover": func(*rapid.T) { m.sim.Recover() },
		"events":  func(*rapid.T) { m.receiveAll(m.server()) },
		"time": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.SampledFrom([]int{1, 5, 30, 70, 3600}).Draw(t, "seconds")) * time.Second)
		},
		"due": func(*rapid.T) { m.due(m.server()) },
	}
}

// check is what holds once nothing fails any more.
func (m *model) check(server *billingsync.Service) {
	m.sim.Recover()
	m.wire.down.Store(false)
	for _, done := range m.begun {
		<-done
	}
	if m.c = m.now(m.c); m.c.Archived() {
		before := m.made(m.c)
		time.Sleep(2 * billingsync.LeaseLasts)
		m.due(server)
		if after := m.made(m.c); !reflect.DeepEqual(before, after) {
			m.t.Fatalf("of an archived customer, there was %+v, then %+v", before, after)
		}
		m.actions("")["unarchive"](m.t)
	}
	m.c = m.drain(m.c, server)
	made := m.made(m.c)
	if m.c.Sync == nil {
		return
	}
	if m.relinked {
		// The one that it was linked to bears its ids by now.
		if len(made) > 1 && made[0].ID != valueOf(m.c.BillingID) || len(made) > 2 {
			m.t.Fatalf("%d customers were made", len(made))
		}
		return
	}
	if len(made) != 1 || valueOf(m.c.BillingID) != made[0].ID {
		m.t.Fatalf("%d customers were made: %s", len(made), describe(m.c))
	}
	there := made[0]
	if there.Name != valueOf(m.c.Name) && !m.nameCleared || there.Email != valueOf(m.c.Email) && !m.emailCleared {
		m.t.Fatalf("here %s and %s, there %+v: %s", valueOf(m.c.Name), valueOf(m.c.Email), there, describe(m.c))
	}
	if (there.Metadata["clientele_coupon"] == "") != (m.c.CouponID == nil) {
		m.t.Fatalf("there is %+v: %s", there, describe(m.c))
	}
	_, lost := m.c.Sync.Pending[domain.SyncInformation]
	switch status := m.c.SyncStatus(); {
	case lost && m.c.Sync.Failure != nil && m.c.Sync.Failure.Kind == domain.SyncInformationLost:
	case status == domain.SyncSuccess && !lost:
	default:
		m.t.Fatal(describe(m.c))
	}
	facts := m.c.Facts()
	if facts.DefaultPaymentMethodID != there.DefaultPaymentMethod || facts.HasPaymentMethod() != (len(there.PaymentMethods) > 0) || facts.NeedsRefetch() {
		m.t.Fatalf("known is %+v, there is %+v", facts, there)
	}
}

func TestWhateverHappensThereIsOneCustomerInTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other := w.stranger("stranger")
		runs, actions := 0, 0
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) {
			runs++
			w.sim.Recover()
			w.wire.down.Store(false)
			w.wire.on(func(*http.Request) error { return nil })
			m := &model{world: w, t: rt, c: w.insert(fmt.Sprint("c", runs))}
			m.c = w.change(m.c, whole())
			possible := m.actions(other)
			possible[""] = func(*rapid.T) { actions++ }
			rt.Repeat(possible)
			m.check(w.server())
		})
		t.Logf("%d runs of %d actions", runs, actions)
	})
}
