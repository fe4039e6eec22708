package billingsync_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
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
	"clientele/persistence"
)

// slow makes each request take so long.
func (w *world) slow(delay time.Duration) {
	w.sim.Fail(simulator.Fault{Kind: simulator.Slow, Delay: delay})
}

// isDone reports whether a channel was closed.
func isDone(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// alone is a way to the provider that notices when two requests are on it at once.
type alone struct {
	http.RoundTripper
	w  *world
	mu *sync.Mutex
}

func (a alone) RoundTrip(r *http.Request) (*http.Response, error) {
	if !a.mu.TryLock() {
		a.w.Errorf("%s %s: somebody else is at the customer", r.Method, withoutIDs(r.URL.Path))
	} else {
		defer a.mu.Unlock()
	}
	return a.RoundTripper.RoundTrip(r)
}

func TestManyChangesAtOnceEndWithTheLast(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		const changes = 50
		w.slow(time.Second)
		way := alone{w.wire, w, &sync.Mutex{}}
		servers := []*billingsync.Service{w.serverOver(w.store, way), w.serverOver(w.store, way)}
		c := w.insert("c")
		var group sync.WaitGroup
		for i := range changes {
			group.Go(func() {
				changed, err := persistence.ChangeCustomer(w.Context(), w.store, c.Ref(), func(c *domain.Customer) (bool, error) {
					c.Name, c.Email = new(fmt.Sprint("Name ", i)), new(fmt.Sprint(i, "@example.com"))
					c.EnqueueFullSync(time.Now())
					return true, nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				<-servers[i%2].Enqueue(w.Context(), changed, nil)
			})
		}
		group.Wait()
		c = w.drain(c, servers[0])
		w.stands(c, "SUCCESS")
		w.linked(c)
		if there := w.there(); there.Name != *c.Name || there.Email != *c.Email || c.Sync.Revision != changes {
			t.Errorf("there is %+v, here %s at revision %d", there, *c.Name, c.Sync.Revision)
		}
		// What a write of the sync's own is, no caller sees.
		if c.EditVersion() != 1+changes {
			t.Errorf("version %d, of which callers made %d", c.Version, c.EditVersion())
		}
		t.Logf("%d changes, %d requests", changes, len(w.wire.sent()))
	})
}

func TestOneServerAtATimeIsAtACustomer(t *testing.T) {
	t.Parallel()
	says := func(text string) *domain.BillingInformation {
		return &domain.BillingInformation{CustomerName: new(hint + " " + text)}
	}
	informed := want(domain.SyncInformation)
	for name, test := range map[string]func(w *world, a, b *billingsync.Service){
		"another server leaves what has no billing information": func(w *world, a, b *billingsync.Service) {
			c := w.change(w.insert("c"), whole())
			w.slow(time.Second)
			first := a.Enqueue(w.Context(), c, nil)
			time.Sleep(time.Second / 2)
			<-b.Enqueue(w.Context(), w.change(c, func(c *domain.Customer) { c.Name = new("Grace") }, want(domain.SyncName)), nil)
			if isDone(first) {
				w.Error("it waited")
			}
			<-first
			w.stands(c, "PENDING")
			w.drain(c, b)
			if w.stands(c, "SUCCESS"); w.there().Name != "Grace" {
				w.Errorf("there is %+v", w.there())
			}
		},
		"billing information waits for another server": func(w *world, a, b *billingsync.Service) {
			c := w.change(w.insert("c"), whole())
			w.slow(time.Second)
			first := a.Enqueue(w.Context(), c, nil)
			time.Sleep(time.Second / 2)
			second := b.Enqueue(w.Context(), w.change(c, informed), says("Company"))
			if <-second; !isDone(first) {
				w.Error("it did not wait")
			}
			if w.stands(c, "SUCCESS"); w.there().Name != hint+" Company" {
				w.Errorf("there is %+v", w.there())
			}
		},
		"newer billing information is not replaced by older": func(w *world, a, b *billingsync.Service) {
			older := w.change(w.insert("c"), whole(domain.SyncInformation))
			newer := w.change(older, informed)
			<-b.Enqueue(w.Context(), newer, says("Newer"))
			w.stands(newer, "SUCCESS")
			<-a.Enqueue(w.Context(), older, says("Older"))
			newer = w.change(newer, want(domain.SyncEmail))
			<-a.Enqueue(w.Context(), older, says("Older"))
			if w.stands(newer, "SUCCESS"); w.there().Name != hint+" Newer" {
				w.Errorf("there is %+v", w.there())
			}
		},
		"older billing information is pushed before newer that waits": func(w *world, a, b *billingsync.Service) {
			older := w.change(w.insert("c"), whole(domain.SyncInformation))
			w.slow(time.Second)
			first := a.Enqueue(w.Context(), older, says("Older"))
			time.Sleep(time.Second / 2)
			<-b.Enqueue(w.Context(), w.change(older, informed), says("Newer"))
			<-first
			if w.stands(older, "SUCCESS"); w.there().Name != hint+" Newer" {
				w.Errorf("there is %+v", w.there())
			}
		},
		"the lease of a server that ended is waited for": func(w *world, _, b *billingsync.Service) {
			c := w.change(w.insert("c"), whole())
			p := &process{endsAt: 3}
			<-w.start(p).Enqueue(w.Context(), c, nil)
			began := time.Now()
			<-b.Enqueue(w.Context(), w.change(c, informed), says("Company"))
			if waited := time.Since(began); waited < billingsync.LeaseLasts-5*time.Second || waited > billingsync.LeaseLasts+5*time.Second {
				w.Errorf("after %s", waited)
			}
			if w.stands(c, "SUCCESS"); w.there().Name != hint+" Company" {
				w.Errorf("there is %+v", w.there())
			}
		},
		"who waits for another server keeps no other customer waiting": func(w *world, _, _ *billingsync.Service) {
			c := w.change(w.insert("c"), whole())
			<-w.start(&process{endsAt: 3}).Enqueue(w.Context(), c, nil)
			server := w.server(billingsync.WithSlots(10, 1))
			waits := server.Enqueue(w.Context(), w.change(c, informed), says("Company"))
			time.Sleep(time.Second)
			if <-server.Enqueue(w.Context(), w.change(w.insert("other"), whole()), nil); isDone(waits) {
				w.Error("it waited")
			}
			<-waits
		},
		"who comes back after the lease has ended changes nothing": func(w *world, a, b *billingsync.Service) {
			c := w.change(w.insert("c"), whole(domain.SyncInformation))
			// Its machine stands still before the customer is made.
			var stood atomic.Bool
			w.wire.on(func(*http.Request) error {
				if stood.CompareAndSwap(false, true) {
					time.Sleep(billingsync.LeaseLasts + 10*time.Second)
				}
				return nil
			})
			first := a.Enqueue(w.Context(), c, information())
			time.Sleep(billingsync.LeaseLasts + time.Second)
			w.due(b)
			before := w.stands(c, "INFORMATION_LOST")
			w.linked(before)
			<-first
			after := w.stands(c, "INFORMATION_LOST")
			if before.Version != after.Version && (after.Sync.Failure.At != before.Sync.Failure.At || after.Sync.Attempts != before.Sync.Attempts) {
				w.Errorf("before it came back %s, then %s", describe(before), describe(after))
			}
			if there := w.there(); there.Address != nil || there.Name != *c.Name {
				w.Errorf("there is %+v", there)
			}
		},
		"who comes back with the link keeps it": func(w *world, a, b *billingsync.Service) {
			c := w.change(w.insert("c"), whole())
			w.at(create, func() {
				// Somebody else, who stops short of the provider, takes over.
				w.change(c, func(c *domain.Customer) {
					c.Sync.Lease = &domain.SyncLease{Holder: "another", Until: domain.Timestamp(time.Now().Add(time.Hour))}
				})
			})
			<-a.Enqueue(w.Context(), c, nil)
			if c = w.now(c); valueOf(c.BillingID) != w.there().ID || c.Sync.CreatingSince != nil || c.Sync.Lease == nil || c.Sync.Failure != nil {
				w.Error(describe(c))
			}
			if there := w.there(); there.Name != "" {
				w.Errorf("there is %+v", there)
			}
			time.Sleep(time.Hour)
			w.drain(c, b)
			w.linked(w.stands(c, "SUCCESS"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) { test(w, w.server(), w.server()) })
		})
	}
}

// broken is a store in which some methods fail.
type broken struct {
	billingsync.Store
	due, replace error
}

func (b broken) DueCustomers(ctx context.Context, at time.Time, limit int) ([]domain.CustomerRef, error) {
	if b.due != nil {
		return nil, b.due
	}
	return b.Store.DueCustomers(ctx, at, limit)
}

func (b broken) ReplaceCustomer(ctx context.Context, c *domain.Customer) error {
	if b.replace != nil {
		return b.replace
	}
	return b.Store.ReplaceCustomer(ctx, c)
}

func TestSlotsAreLimited(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		information *domain.BillingInformation
		delay       time.Duration
		// after is when the one without a slot gives up, or is pushed.
		after, atMost time.Duration
		pushed        bool
	}{
		"what has no billing information is left to whoever finds it due": {nil, time.Second, 0, 0, false},
		"billing information waits for a place":                           {information(), time.Second / 2, time.Second, 5 * time.Second, true},
		"but not for long":                                                {information(), 3 * time.Second, billingsync.EntersWithin, billingsync.EntersWithin, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				server := w.server(billingsync.WithSlots(1, 1))
				w.slow(test.delay)
				first := server.Enqueue(w.Context(), w.change(w.insert("first"), whole()), nil)
				var parts []domain.SyncPart
				if test.information != nil {
					parts = append(parts, domain.SyncInformation)
				}
				c := w.change(w.insert("second"), whole(parts...))
				began := time.Now()
				<-server.Enqueue(w.Context(), c, test.information)
				if waited := time.Since(began); waited < test.after || waited > test.after+test.atMost {
					t.Errorf("it waited for %s", waited)
				}
				if pushed := w.now(c).BillingID != nil; pushed != test.pushed {
					t.Errorf("pushed: %v", pushed)
				}
				// Nor is there a place for what is due.
				if !test.pushed {
					time.Sleep(time.Until(*w.now(c).Sync.DueAt))
				}
				<-first
				w.sim.Recover()
				c = w.drain(c, server)
				wanted := "SUCCESS"
				if test.information != nil && !test.pushed {
					wanted = "INFORMATION_LOST"
				}
				w.stands(c, wanted)
			})
		})
	}
}

func TestRunEndsInTime(t *testing.T) {
	t.Parallel()
	run := func(w *world, server *billingsync.Service) (stop context.CancelFunc, ended chan struct{}) {
		ctx, stop := context.WithCancel(w.Context())
		ended = make(chan struct{})
		go func() {
			defer close(ended)
			server.Run(ctx)
		}()
		return stop, ended
	}
	for name, test := range map[string]func(w *world){
		"it looks after what is due": func(w *world) {
			stop, ended := run(w, w.server())
			c := w.change(w.insert("c"), whole())
			time.Sleep(domain.SyncPickUpAfter + billingsync.DueEvery)
			stop()
			<-ended
			w.linked(w.stands(c, "SUCCESS"))
		},
		"a store that fails is said in the log, and looked at again": func(w *world) {
			stop, ended := run(w, w.serverOver(broken{Store: w.store, due: errors.New("disk on fire")}, w.wire))
			time.Sleep(3 * time.Second)
			stop()
			<-ended
			if log := w.log.String(); len(log) == 0 {
				w.Error("the log is empty")
			}
		},
		"it waits for what is under way": func(w *world) {
			server := w.server()
			stop, ended := run(w, server)
			c := w.change(w.insert("c"), whole(domain.SyncInformation))
			w.slow(time.Second / 4)
			done := server.Enqueue(w.Context(), c, information())
			time.Sleep(time.Second / 8)
			stop()
			if <-ended; !isDone(done) {
				w.Error("it did not wait")
			}
			w.linked(w.stands(c, "SUCCESS"))
		},
		"it cuts off what takes too long, and leaves it to another": func(w *world) {
			server := w.server(billingsync.WithSlots(10, 1))
			stop, ended := run(w, server)
			c := w.change(w.insert("c"), whole())
			waits := w.change(w.insert("waits"), whole())
			w.fail(simulator.TimeOut, create, 0)
			done := []<-chan struct{}{server.Enqueue(w.Context(), c, nil)}
			time.Sleep(time.Second)
			done = append(done, server.Enqueue(w.Context(), c, nil), server.Enqueue(w.Context(), waits, nil))
			time.Sleep(time.Second)
			stop()
			began := time.Now()
			<-ended
			if took := time.Since(began); took < billingsync.ClosesWithin || took > billingsync.ClosesWithin+time.Second {
				w.Errorf("it ended after %s", took)
			}
			if slices.ContainsFunc(done, func(done <-chan struct{}) bool { return !isDone(done) }) {
				w.Error("somebody still waits")
			}
			if c = w.stands(c, "TEMPORARY"); c.Sync.Lease != nil || c.Sync.CreatingSince == nil {
				w.Error(describe(c))
			}
			if waits = w.stands(waits, "PENDING"); waits.Sync.Attempts != 0 || waits.Sync.CreatingSince != nil {
				w.Errorf("begun to be cut off: %s", describe(waits))
			}
			w.sim.Recover()
			other := w.server()
			w.drain(c, other)
			w.stands(c, "SUCCESS")
			w.drain(waits, other)
			w.stands(waits, "SUCCESS")
			if n := len(w.made(c)); n != 1 {
				w.Errorf("%d customers were made", n)
			}
		},
		"nothing is begun after that": func(w *world) {
			server := w.server()
			stop, ended := run(w, server)
			stop()
			<-ended
			c := w.change(w.insert("c"), whole(domain.SyncInformation))
			began := time.Now()
			<-server.Enqueue(w.Context(), c, information())
			if err := server.Push(w.Context(), c); err != nil {
				w.Error(err)
			}
			if sent := w.wire.sent(); len(sent) > 0 || time.Since(began) > 0 {
				w.Errorf("pushed %q", sent)
			}
			w.drain(c, w.server())
			w.linked(w.stands(c, "INFORMATION_LOST"))
		},
		"requests that come meanwhile are begun or left": func(w *world) {
			server := w.server()
			stop, ended := run(w, server)
			var all []*domain.Customer
			for i := range 20 {
				all = append(all, w.change(w.insert(fmt.Sprint("c", i)), whole()))
			}
			var group sync.WaitGroup
			for i, c := range all {
				group.Go(func() {
					if i == len(all)/2 {
						stop()
					}
					<-server.Enqueue(w.Context(), c, nil)
				})
			}
			<-ended
			group.Wait()
			for _, c := range all {
				w.drain(c, w.server())
				w.stands(c, "SUCCESS")
				if n := len(w.made(c)); n != 1 {
					w.Errorf("%d customers were made", n)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, test)
		})
	}
}

// TestWhoHasTheInformationTriesLonger lets a provider fail more often, and want to be left alone for longer, than an
// attempt without billing information would put up with.
func TestWhoHasTheInformationTriesLonger(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simulator.Fault{
		"four conflicts": {Kind: simulator.Conflict, Times: 4},
		"a long rest":    {Kind: simulator.RateLimited, RetryAfter: 8 * time.Second, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				server := w.server()
				c := w.change(w.insert("c"), whole())
				<-server.Enqueue(w.Context(), c, nil)
				w.sim.Fail(fault)
				c = w.change(c, want(domain.SyncName))
				<-server.Enqueue(w.Context(), c, nil)
				w.stands(c, "TEMPORARY")
				w.sim.Recover()
				w.sim.Fail(fault)
				c = w.change(c, want(domain.SyncInformation))
				<-server.Enqueue(w.Context(), c, information())
				w.stands(c, "SUCCESS")
			})
		})
	}
}

// panicking is a provider with a fault in its program.
type panicking struct{ billing.Provider }

func (panicking) RetrieveCustomer(context.Context, string) (billing.Snapshot, error) {
	panic(fmt.Errorf("cannot read %q", hint))
}

func TestAPanicEndsNothingButItsTask(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		server := billingsync.New(w.store, panicking{w.provider(w.wire)}, slog.New(slog.NewTextHandler(&w.log, nil)))
		c := w.change(w.insert("c"), whole(domain.SyncInformation))
		<-server.Enqueue(w.Context(), c, information())
		if waiting, running := server.Load(); waiting+running > 0 {
			t.Errorf("%d wait and %d run", waiting, running)
		}
		if log := w.log.String(); !strings.Contains(log, "panicked") || !strings.Contains(log, "cannot read") {
			t.Errorf("the log is %q", log)
		}
		w.drain(c, w.server())
		w.linked(w.stands(c, "INFORMATION_LOST"))
	})
}

func TestPushReturnsWhatIsRefused(t *testing.T) {
	t.Parallel()
	wantAttachment := func(id string) func(*domain.Customer) {
		return func(c *domain.Customer) { c.EnqueueAttachment(time.Now(), id, "") }
	}
	for name, test := range map[string]struct {
		change   func(*domain.Customer)
		before   func(w *world)
		kind     domain.Kind
		stands   string
		leftOver bool
	}{
		"a payment method that can be attached": {change: wantAttachment("pm_card_visa"), stands: "SUCCESS"},
		"one that is declined":                  {change: wantAttachment("pm_card_visa_chargeDeclined"), kind: domain.PaymentMethodRefused, stands: "SUCCESS"},
		"one that there is not":                 {change: wantAttachment("pm_none"), kind: domain.PaymentMethodNotFound, stands: "SUCCESS"},
		"a detachment of one that there is not": {
			change: func(c *domain.Customer) { c.EnqueueDetachment(time.Now(), "pm_none") }, kind: domain.PaymentMethodNotFound, stands: "SUCCESS",
		},
		"a customer that was deleted there": {
			change: wantAttachment("pm_card_visa"), before: func(w *world) { _ = w.sim.Delete(w.there().ID) },
			kind: domain.ProviderCustomerDeleted, stands: "DELETED",
		},
		"a provider that is down": {
			change: wantAttachment("pm_card_visa"), before: func(w *world) { w.wire.down.Store(true) }, stands: "TEMPORARY", leftOver: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				server := w.server()
				c := w.change(w.insert("c"), whole())
				<-server.Enqueue(w.Context(), c, nil)
				if test.before != nil {
					test.before(w)
				}
				c = w.change(c, test.change)
				err := server.Push(w.Context(), c)
				if refusal, is := errors.AsType[*domain.Error](err); (err != nil) != (test.kind != "") || err != nil && (!is || refusal.Kind != test.kind) {
					t.Errorf("the error is %v", err)
				}
				c = w.stands(c, test.stands)
				if _, left := c.Sync.Pending[domain.SyncAttachment]; left != test.leftOver {
					t.Error(describe(c))
				}
				w.wire.down.Store(false)
				c = w.drain(c, server)
				if facts := c.Facts(); test.kind == "" && (facts.DefaultPaymentMethodID == "" || facts.DefaultPaymentMethodID != w.there().DefaultPaymentMethod) {
					t.Errorf("known is %+v", facts)
				}
			})
		})
	}
	t.Run("a refusal that is being written down is waited for", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			server := w.server()
			c := w.change(w.insert("c"), whole())
			<-server.Enqueue(w.Context(), c, nil)
			c = w.change(c, wantAttachment("pm_card_visa_chargeDeclined"))
			ctx, cancel := context.WithCancel(w.Context())
			w.at(retrieve, cancel)
			if err := server.Push(ctx, c); err == nil {
				t.Error("nothing is refused")
			}
			w.stands(c, "SUCCESS")
		})
	})
	t.Run("a newer change's refusal goes to its own caller only", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			server := w.server()
			first := w.change(w.insert("c"), whole(), wantAttachment("pm_card_visa"))
			second := w.change(first, wantAttachment("pm_card_visa_chargeDeclined"))
			if err := server.Push(w.Context(), first); err != nil {
				t.Errorf("the older wish: %v", err)
			}
			w.stands(first, "REFUSED")
			if err := server.Push(w.Context(), second); err == nil {
				t.Error("the newer wish is not refused")
			}
			w.stands(first, "SUCCESS")
		})
	})
	for method, stands := range map[string]string{"pm_card_visa": "SUCCESS", "pm_card_visa_chargeDeclined": "REFUSED"} {
		t.Run("no caller waits for longer than its limit, and what comes after that is kept: "+stands, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				server := w.server()
				c := w.change(w.insert("c"), whole(), wantAttachment(method))
				w.slow(time.Second)
				ctx, cancel := context.WithTimeout(w.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				if err := server.Push(ctx, c); err != nil || time.Since(began) != 2*time.Second {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
				time.Sleep(time.Minute)
				c = w.stands(c, stands)
				w.linked(c)
				if c.AttachmentPending() != (stands == "REFUSED") {
					t.Error(describe(c))
				}
			})
		})
	}
}
