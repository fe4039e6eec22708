// Package customers has the use cases of customers. Each authorises its caller, validates its input, decides and then
// makes one write. It knows the storage contract but no engine, and neither GraphQL nor HTTP.
package customers

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid" // the field's standard for UUIDs, small and without dependencies

	"clientele/internal/domain"
	"clientele/internal/keylock"
	"clientele/internal/subscriptions"
	"clientele/persistence"
)

// BillingCheck refuses billing information that a provider would not take; field is the input's path.
type BillingCheck func(field string, info domain.BillingInformation) error

// Store is what the use cases need of a store.
type Store interface {
	persistence.Customers
	persistence.Catalog
	persistence.Idempotency
}

// Service is the use cases. Create it with New.
type Service struct {
	store          Store
	checkBilling   BillingCheck
	now            func() time.Time
	newID          func() string
	newRef         func() string
	newResponseKey func() []byte
	locks          *keylock.Locks
	subscriptions  *subscriptions.Service
	// sync is nil without a billing provider.
	sync        Sync
	integration domain.Integration
}

// Option changes a Service for tests.
type Option func(*Service)

// WithClock sets where the time comes from.
func WithClock(now func() time.Time) Option { return func(s *Service) { s.now = now } }

// WithIDs sets where UUIDs and generated customer ids come from.
func WithIDs(newID, newRef func() string) Option {
	return func(s *Service) { s.newID, s.newRef = newID, newRef }
}

// WithResponseKeys sets where the ResponseKeys of customers come from.
func WithResponseKeys(newKey func() []byte) Option {
	return func(s *Service) { s.newResponseKey = newKey }
}

// New makes the use cases over a store.
func New(store Store, checkBilling BillingCheck, options ...Option) *Service {
	service := &Service{
		store: store, checkBilling: checkBilling,
		now: time.Now, newID: newUUID, newRef: func() string { return domain.RandomRef("customer-") },
		newResponseKey: newResponseKey, locks: keylock.New(),
	}
	for _, option := range options {
		option(service)
	}
	service.subscriptions = subscriptions.New(store, checkBilling, service.Now, service.newID)
	return service
}

// newUUID makes ids that grow with time, which keeps inserts at the end of the id's index.
func newUUID() string { return uuid.Must(uuid.NewV7()).String() }

// Now is the time for statuses and timestamps.
func (s *Service) Now() time.Time { return domain.Timestamp(s.now()) }

// Get returns a live customer of the caller's environment; nil without an error for a customer that is unknown or
// archived. Errors: IdentityForbidden.
func (s *Service) Get(ctx context.Context, actor domain.Actor, environmentID *string, customerID string) (*domain.Customer, error) {
	environment, err := actor.Environment(environmentID)
	if err != nil {
		return nil, err
	}
	customer, err := s.store.LiveCustomer(ctx, domain.CustomerRef{EnvironmentID: environment, CustomerID: customerID})
	if errors.Is(err, persistence.ErrNotFound) {
		return nil, nil
	}
	return customer, err
}

// List returns a page of the live customers of the caller's environment. Errors: BadUserInput for a
// cursor that is damaged or was made for another filter or order.
func (s *Service) List(ctx context.Context, actor domain.Actor, query persistence.Query) (persistence.Page[domain.Customer], error) {
	query.EnvironmentID = actor.EnvironmentID
	page, err := s.store.ListCustomers(ctx, query)
	return page, persistence.RefuseCursor(err, query.Page)
}

// Count counts the live customers of the caller's environment that match the filter.
func (s *Service) Count(ctx context.Context, actor domain.Actor, filter persistence.Filter) (int, error) {
	return s.store.CountCustomers(ctx, actor.EnvironmentID, filter)
}

// decision changes a customer, live or archived, and returns false when there is nothing to store. It may run several
// times, each time on a fresh copy.
type decision func(*domain.Customer) (bool, error)

// change makes a decision about a customer and stores the outcome, and retries on a conflict. What the billing provider
// has to know is pushed in the background.
// Errors: those of the decision, CustomerNotFound, Conflict.
func (s *Service) change(ctx context.Context, ref domain.CustomerRef, decide decision) (*domain.Customer, error) {
	return s.changeAndSync(ctx, ref, syncRequest{}, decide)
}

// changeAndSync is change with a syncRequest.
func (s *Service) changeAndSync(ctx context.Context, ref domain.CustomerRef, with syncRequest, decide decision) (*domain.Customer, error) {
	customer, enqueued, err := s.commit(ctx, ref, with, decide)
	if err != nil || !enqueued {
		return customer, err
	}
	return s.push(ctx, customer, with)
}

// commit is change without a push. It reports whether there is something to push.
func (s *Service) commit(ctx context.Context, ref domain.CustomerRef, with syncRequest, decide decision) (*domain.Customer, bool, error) {
	unlock, err := s.locks.Lock(ctx, ref.Key())
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	var enqueued bool
	customer, err := persistence.ChangeCustomer(ctx, s.store, ref, func(customer *domain.Customer) (bool, error) {
		before := *customer
		revision := revisionOf(customer)
		store, err := decide(customer)
		if err != nil {
			return false, err
		}
		if (store || with.information != nil) && s.enqueueChanges(&before, customer, with) {
			store = true
		}
		enqueued = revisionOf(customer) > revision
		if store && !customer.Archived() && customer.ResponseKey == nil {
			customer.ResponseKey = s.newResponseKey()
		}
		return store, nil
	})
	switch {
	case errors.Is(err, persistence.ErrNotFound):
		return nil, false, notFound(ref.CustomerID)
	case errors.Is(err, persistence.ErrConflict):
		return nil, false, conflict(ref.CustomerID)
	}
	return customer, enqueued, err
}

func revisionOf(customer *domain.Customer) int64 {
	if customer.Sync == nil {
		return 0
	}
	return customer.Sync.Revision
}

// changeLive is change for a customer that has to be live.
func (s *Service) changeLive(ctx context.Context, ref domain.CustomerRef, decide decision) (*domain.Customer, error) {
	return s.change(ctx, ref, live(ref, decide))
}

// live makes a decision for live customers only. Errors: CustomerNotFound.
func live(ref domain.CustomerRef, decide decision) decision {
	return func(customer *domain.Customer) (bool, error) {
		if customer.Archived() {
			return false, notFound(ref.CustomerID)
		}
		return decide(customer)
	}
}

func conflict(customerID string) error {
	return domain.Errorf(domain.Conflict,
		"Customer is being changed by too many requests at once; nothing was changed, try again").
		About("Customer", customerID)
}

func notFound(customerID string) error {
	return domain.Errorf(domain.CustomerNotFound, "Customer not found").
		About("Customer", customerID)
}
