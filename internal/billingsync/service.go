// Package billingsync pushes customers to the billing provider and fetches what the provider reports of them. A change is
// committed together with its pending parts (the outbox); then they are pushed and the outcome is recorded. What a crash
// or a failure left pending, any server retries later.
//
// It knows the storage contract and the provider's port, and neither GraphQL nor HTTP, nor any one provider.
package billingsync

import (
	"cmp"
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"clientele/internal/billing"
	"clientele/internal/domain"
	"clientele/internal/keylock"
	"clientele/internal/logging"
	"clientele/persistence"
)

const (
	// maxRuns is how many customers are synced at once, which bounds the load on the provider.
	maxRuns = 32
	// maxWaiting is how many syncs wait for that in memory, some of them with billing information.
	maxWaiting = 1000
	// enterTimeout is how long a request waits for a slot. After that any server finds its customer due.
	enterTimeout = 3 * time.Second
	// runTimeout bounds one attempt, and lease is how long it keeps others away. The margin covers clocks that differ and
	// a request that is still on its way when the attempt gives up.
	runTimeout = 45 * time.Second
	lease      = 60 * time.Second
	// recordTimeout bounds the write of the outcome.
	recordTimeout = 10 * time.Second
	// leasePause is how long to wait before trying again for the lease of another server.
	leasePause = 250 * time.Millisecond
	// closeTimeout is how long attempts under way may go on when the server stops.
	closeTimeout = 5 * time.Second
)

// Store is what the service needs of a store.
type Store interface {
	persistence.Customers
	persistence.Catalog
	persistence.Billing
}

// Service syncs customers. Create it with New.
type Service struct {
	store    Store
	provider billing.Provider
	log      *slog.Logger
	signals  signals

	// runs allows one attempt at a time on a customer within this process; the lease does so among all servers.
	runs *keylock.Locks
	// waiting has a slot for each task that waits or runs, running for each that runs.
	waiting, running chan struct{}

	mu sync.Mutex
	// begun are the tasks that have not ended, by the customer's Key.
	begun map[string][]*task
	// closing is whether nothing more is begun, and tasks are those that were.
	closing bool
	tasks   sync.WaitGroup
	// closed ends when what is under way has to end.
	closed context.Context
	close  context.CancelFunc
}

// Option changes a Service.
type Option func(*Service)

// New makes the service over a store and a provider.
func New(store Store, provider billing.Provider, log *slog.Logger, options ...Option) *Service {
	service := &Service{
		store: store, provider: provider, log: log, signals: newSignals(), runs: keylock.New(),
		waiting: make(chan struct{}, maxWaiting), running: make(chan struct{}, maxRuns), begun: map[string][]*task{},
	}
	// A sync goes on after the response to the request that started it.
	service.closed, service.close = context.WithCancel(context.Background())
	for _, option := range options {
		option(service)
	}
	return service
}

// task is a customer whose changes are to be pushed.
type task struct {
	ref domain.CustomerRef
	// information is what came with the change, nil for none, and informationRevision the revision of that change.
	information         *domain.BillingInformation
	informationRevision int64
	// waiter waits for a refusal; nil for none.
	waiter *waiter
}

// waiter waits for the outcome of a payment method that was enqueued with a revision. A refusal is either returned to it
// or stored with the customer, whichever finishes it first.
type waiter struct {
	revision int64
	resolved atomic.Bool
}

func (w *waiter) resolve() bool { return w.resolved.CompareAndSwap(false, true) }

// mustWait reports whether the task must wait for a slot, because no later attempt could replace it.
func (t *task) mustWait() bool { return t.information != nil || t.waiter != nil }

// Enqueue pushes what was committed with the customer, in the background; it waits for a free slot at most. information
// is what came with the change, nil for none. The channel is closed once the outcome is recorded, or when there is no
// slot and a server will push later.
func (s *Service) Enqueue(ctx context.Context, customer *domain.Customer, information *domain.BillingInformation) <-chan struct{} {
	done := make(chan struct{})
	s.begin(ctx, newTask(customer, information), func(error) { close(done) })
	return done
}

// Push is Enqueue for a payment method that was committed to be attached or detached. It waits for the outcome for as
// long as the context lasts and returns the provider's refusal, after which nothing is pending. A temporary failure is
// no error: a server tries again.
// Errors: PaymentMethodNotFound, PaymentMethodRefused, PaymentMethodStuck, ProviderCustomerDeleted.
func (s *Service) Push(ctx context.Context, customer *domain.Customer) error {
	pushed := newTask(customer, nil)
	pushed.waiter = &waiter{revision: customer.Sync.Revision}
	outcome := make(chan error, 1)
	s.begin(ctx, pushed, func(err error) { outcome <- err })
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		if pushed.waiter.resolve() {
			return nil
		}
		return <-outcome // It is refused, and about to be written down.
	}
}

func newTask(customer *domain.Customer, information *domain.BillingInformation) *task {
	return &task{
		ref: customer.Ref(), information: information, informationRevision: customer.Sync.Pending[domain.SyncInformation],
	}
}

// begin runs a task in the background and calls done with the refusal.
func (s *Service) begin(ctx context.Context, what *task, done func(error)) {
	if !s.enter(ctx, what.mustWait()) {
		done(nil)
		return
	}
	detached := s.detachedFrom(ctx)
	begun := s.work(what, func() {
		var refusal error
		defer func() {
			// A panic that is not caught here would end the process.
			if cause := recover(); cause != nil {
				s.log.ErrorContext(detached, "the sync of a customer with the billing provider panicked",
					"cause", logging.MaskedPanic(cause), "stack", string(debug.Stack()))
			}
			<-s.waiting
			done(refusal)
		}()
		refusal = s.sync(detached, what)
	})
	if !begun {
		<-s.waiting
		done(nil)
	}
}

// detachedFrom returns a context that ends with the service, not with the request. It keeps only the request's id and span.
func (s *Service) detachedFrom(request context.Context) context.Context {
	return trace.ContextWithSpan(logging.Begin(s.closed, logging.RequestID(request)), trace.SpanFromContext(request))
}

// work does what is to be done for a task in the background, unless the service is closing. What it takes from the
// time before that, Run waits for.
func (s *Service) work(what *task, do func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	key := what.ref.Key()
	s.begun[key] = append(s.begun[key], what)
	s.tasks.Go(func() {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.begun[key] = slices.DeleteFunc(s.begun[key], func(t *task) bool { return t == what })
			if len(s.begun[key]) == 0 {
				delete(s.begun, key)
			}
		}()
		do()
	})
	return true
}

// enter acquires a slot, and waits for one if wait is set. Tasks that do not wait leave a quarter of the slots to those that
// do.
func (s *Service) enter(ctx context.Context, wait bool) bool {
	if !wait && len(s.waiting) > cap(s.waiting)*3/4 {
		return false
	}
	select {
	case s.waiting <- struct{}{}:
		return true
	default:
		if !wait {
			return false
		}
	}
	timer := time.NewTimer(enterTimeout)
	defer timer.Stop()
	select {
	case s.waiting <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	case <-s.closed.Done():
	}
	return false
}

func (s *Service) inProgress(ref domain.CustomerRef) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.begun[ref.Key()]) > 0
}

// pendingInformation merges the billing information of a customer's tasks after a revision, and returns its newest
// revision. The first attempt pushes all of it: what a later one pushed would be older.
func (s *Service) pendingInformation(ref domain.CustomerRef, after int64) (all *domain.BillingInformation, revision int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tasks := slices.SortedFunc(slices.Values(s.begun[ref.Key()]), func(a, b *task) int {
		return cmp.Compare(a.informationRevision, b.informationRevision)
	})
	for _, t := range tasks {
		if t.information != nil && t.informationRevision > after {
			all, revision = t.information.Over(all), t.informationRevision
		}
	}
	return all, revision
}

// sync makes one attempt at a customer and returns the refusal. While another server has the lease, a task that must wait
// waits; others leave the customer to that server.
func (s *Service) sync(ctx context.Context, what *task) error {
	unlock, err := s.runs.Lock(ctx, what.ref.Key())
	if err != nil {
		return nil
	}
	defer unlock()
	for {
		refusal, busy := s.attempt(ctx, what)
		if !busy || !what.mustWait() || persistence.Pause(ctx, leasePause) != nil {
			return refusal
		}
	}
}

// attempt makes an attempt. busy is whether another server has the lease.
func (s *Service) attempt(ctx context.Context, what *task) (refusal error, busy bool) {
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
	case <-ctx.Done():
		return nil, false
	}
	if ctx.Err() != nil {
		return nil, false // Both were there, and nothing is begun that is to be cut off at once.
	}
	a, busy, err := s.claim(ctx, what)
	if err != nil && ctx.Err() == nil {
		s.logStoreError(ctx, err)
	}
	if a == nil {
		return nil, busy
	}
	attempting, cancel := context.WithTimeout(ctx, runTimeout)
	attempting, end := s.observe(attempting, a)
	defer end()
	a.run(attempting)
	cancel()
	recording, cancel := context.WithTimeout(context.WithoutCancel(attempting), recordTimeout)
	defer cancel()
	if err := a.record(recording); err != nil {
		// The lease ends that: the attempt is made again, and finds done what was done.
		s.logStoreError(ctx, err)
	}
	return a.refusal, false
}

func (s *Service) logStoreError(ctx context.Context, err error) {
	s.logThrottled(ctx, "the sync of a customer with the billing provider was not written down", err)
}
