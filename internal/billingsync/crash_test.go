package billingsync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"clientele/internal/billingsync"
	"clientele/internal/domain"
)

var errDead = errors.New("the process has ended")

// process is a server that may end at any point: before or after a write of the store or a request to the provider.
type process struct {
	mu     sync.Mutex
	points int
	// endsAt is the point at which it ends, 0 for never.
	endsAt int
}

// pass passes a point. Errors: errDead, if it is the last one or beyond.
func (p *process) pass() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.points++
	if p.endsAt > 0 && p.points >= p.endsAt {
		return errDead
	}
	return nil
}

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.endsAt > 0 && p.points >= p.endsAt
}

// start is the service of the process.
func (w *world) start(p *process) *billingsync.Service {
	return w.serverOver(mortalStore{w.store, p}, mortalWay{w.wire, p})
}

type mortalStore struct {
	billingsync.Store
	*process
}

func (s mortalStore) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	if s.dead() {
		return nil, errDead
	}
	return s.Store.AnyCustomer(ctx, ref)
}

func (s mortalStore) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	if err := s.pass(); err != nil {
		return err
	}
	if err := s.Store.ReplaceCustomer(ctx, customer); err != nil {
		return err
	}
	return s.pass()
}

type mortalWay struct {
	way http.RoundTripper
	*process
}

func (w mortalWay) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w.pass(); err != nil {
		return nil, err
	}
	response, err := w.way.RoundTrip(r)
	if err == nil && w.pass() != nil {
		_ = response.Body.Close()
		return nil, errDead
	}
	return response, err
}

// crashed is what a sync is of that a process ends in.
type crashed struct {
	information *domain.BillingInformation
	change      func(w *world, c *domain.Customer)
	// linked is whether the customer is synced before.
	linked bool
}

func (c crashed) run(w *world, p *process) *domain.Customer {
	customer := w.insert("c")
	if c.linked {
		customer = w.change(customer, whole())
		<-w.server().Enqueue(w.Context(), customer, nil)
	}
	customer = w.change(customer, func(customer *domain.Customer) { c.change(w, customer) })
	<-w.start(p).Enqueue(w.Context(), customer, c.information)
	return customer
}

func TestACrashAtAnyPointLeavesOneCustomerAndIsMadeUpFor(t *testing.T) {
	t.Parallel()
	coupon := func(w *world, c *domain.Customer) { c.CouponID = new(w.coupon("tenth", percentOff)) }
	full := information()
	full.PaymentMethodID, full.CustomerName = new("pm_card_visa"), new(hint+" Company")
	for name, c := range map[string]crashed{
		"a new customer": {change: func(w *world, c *domain.Customer) {
			coupon(w, c)
			c.EnqueueFullSync(time.Now())
			c.EnqueueAttachment(time.Now(), "pm_card_visa", "")
		}},
		"a new customer with billing information": {information: full, change: func(w *world, c *domain.Customer) {
			coupon(w, c)
			c.EnqueueFullSync(time.Now(), domain.SyncInformation)
		}},
		"a change": {linked: true, change: func(_ *world, c *domain.Customer) {
			c.Name, c.Email = new("Grace"), nil
			c.EnqueueSync(time.Now(), domain.SyncName, domain.SyncEmail)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var whole process
			inWorld(t, func(w *world) {
				c.run(w, &whole)
				w.stands(&domain.Customer{EnvironmentID: "production", CustomerID: "c"}, "SUCCESS")
			})
			for endsAt := 1; endsAt <= whole.points; endsAt++ {
				t.Run(fmt.Sprintf("at point %d", endsAt), func(t *testing.T) {
					inWorld(t, func(w *world) {
						customer := c.run(w, &process{endsAt: endsAt})
						server := w.server()
						// No other server works on the customer while the lease lasts.
						before := len(w.wire.sent())
						w.due(server)
						if after := w.wire.sent(); before > 0 && endsAt < whole.points && len(after) > 0 {
							t.Errorf("within the lease: %q", after)
						}
						customer = w.drain(customer, server)
						w.linked(customer)
						w.checkFacts(customer)
						there := w.there()
						name := valueOf(customer.Name)
						if there.Name != name && there.Name != hint+" Company" || there.Email != valueOf(customer.Email) || (there.Metadata["clientele_coupon"] == "") != (customer.CouponID == nil) {
							t.Errorf("there is %+v", there)
						}
						// Whether it was passed on, only the process knew.
						lost := c.information != nil && endsAt < whole.points
						if lost {
							w.stands(customer, "INFORMATION_LOST")
							customer = w.change(customer, want(domain.SyncInformation, domain.SyncFacts))
							<-server.Enqueue(w.Context(), customer, c.information)
						}
						w.stands(customer, "SUCCESS")
						if there := w.there(); c.information != nil && (there.Name != hint+" Company" || there.Address["city"] != hint+" City") {
							t.Errorf("there is %+v", there)
						}
						if c.information == nil && !c.linked && len(there.PaymentMethods) == 0 {
							t.Errorf("there is %+v", there)
						}
					})
				})
			}
			t.Logf("%d fault points", whole.points)
		})
	}
}
