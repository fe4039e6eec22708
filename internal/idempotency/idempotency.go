// Package idempotency carries a mutation out once, however often it is sent with the same idempotency key, and returns
// the first response every time. It knows the storage contract, and neither GraphQL nor HTTP, nor what a mutation does.
package idempotency

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/internal/keylock"
	"clientele/persistence"
)

const (
	// keptFor is how long a request is kept after it was carried out.
	keptFor = 24 * time.Hour
	// lease is how long a request may be under way without a heartbeat before another server takes it over.
	lease = 10 * time.Second
	// maxResponse bounds a stored response, in bytes. It is many times what mutations return.
	maxResponse = 1 << 20
	// storeTimeout bounds how long a response waits to be stored.
	storeTimeout = 3 * time.Second
	// A duplicate of a request that another server has under way looks again after a growing pause.
	minPause, maxPause = 5 * time.Millisecond, 200 * time.Millisecond
)

// Store is what the service needs of a store.
type Store interface {
	persistence.Idempotency
	AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error)
}

// Service carries out requests with idempotency keys. Create it with New.
type Service struct {
	store Store
	log   *slog.Logger
	now   func() time.Time
	locks *keylock.Locks
}

// Option changes a Service for tests.
type Option func(*Service)

// WithClock sets where the time comes from.
func WithClock(now func() time.Time) Option { return func(s *Service) { s.now = now } }

// New makes the service over a store.
func New(store Store, log *slog.Logger, options ...Option) *Service {
	service := &Service{store: store, log: log, now: time.Now, locks: keylock.New()}
	for _, option := range options {
		option(service)
	}
	return service
}

// Request is a mutation that is to be carried out once.
type Request struct {
	Actor domain.Actor
	// Mutation names what is carried out. The same Key may be used for another mutation.
	Mutation string
	// Key is the idempotency key, as ParseKey returns it.
	Key string
	// Body is all that the outcome depends on; the same request has the same bytes.
	Body []byte
}

// Outcome is the result of carrying out a mutation.
type Outcome struct {
	Response []byte
	// Stored is what to return the next time, where Response has a secret that must not be stored; nil for Response.
	Stored []byte
	// Final is false when the same request may be carried out again: nothing was done and the next attempt may differ, or
	// it is unknown what was done.
	Final bool
	// Customers are those that the response is about, except for archived ones, which have no personal data left.
	Customers []*domain.Customer
}

// Response is the response to a request.
type Response struct {
	Text []byte
	// Replayed is whether it is that of an earlier request.
	Replayed bool
}

// CarryOut carries a request out. seed is the same each time that the same request is carried out.
type CarryOut func(ctx context.Context, seed string) Outcome

// Once carries the mutation out and returns its response, unless the same request was carried out before: then it
// returns that one's. While the same request is under way, in this process or another, it waits for its response. A
// mutation that has begun goes on when the client disconnects, up to the context's deadline.
// Errors: IdempotencyKeyReused, Archived, the context's error.
func (s *Service) Once(ctx context.Context, request Request, carryOut CarryOut) (Response, error) {
	claim := &domain.KeyedRequest{ID: idOf(request), State: domain.RequestUnderWay, Fingerprint: fingerprintOf(request)}
	// In this process one at a time carries the request out; the others find its response in the store.
	unlock, err := s.locks.Lock(ctx, claim.ID)
	if err != nil {
		return Response{}, err
	}
	defer unlock()
	var seen sighting
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		found, err := s.claim(ctx, claim, &seen)
		if err != nil {
			return Response{}, err
		}
		if found == nil {
			return Response{Text: s.carryOut(ctx, request, claim, carryOut)}, nil
		}
		switch {
		case found.State == domain.RequestCleared:
			return Response{}, cleared()
		case found.Fingerprint != claim.Fingerprint:
			return Response{}, domain.Errorf(domain.IdempotencyKeyReused,
				"the Idempotency-Key was used for another request of this mutation; a new request needs a new key")
		case found.State == domain.RequestCompleted:
			text, err := s.reopen(ctx, request, found)
			return Response{Text: text, Replayed: true}, err
		case found.State == domain.RequestNotStored:
			return Response{}, domain.Errorf(domain.IdempotencyKeyReused,
				"the request with this Idempotency-Key was carried out, and its response is not kept; read what it changed")
		}
		if err := persistence.Pause(ctx, pause); err != nil {
			return Response{}, err
		}
	}
}

// sighting is when a request under way was first seen with the version that it still has. It is this process's own
// time, so that no clocks need to agree.
type sighting struct {
	version int64
	at      time.Time
}

// claim stores the claim and returns nil, or returns the stored request that has the key.
func (s *Service) claim(ctx context.Context, claim *domain.KeyedRequest, seen *sighting) (*domain.KeyedRequest, error) {
	claim.Version, claim.ExpiresAt = 1, domain.Timestamp(s.now().Add(keptFor))
	err := s.store.InsertRequest(ctx, claim)
	if !errors.Is(err, persistence.ErrExists) {
		return nil, err
	}
	found, err := s.store.Request(ctx, claim.ID)
	if errors.Is(err, persistence.ErrNotFound) {
		// It was released, or has expired, in between.
		return s.claim(ctx, claim, seen)
	}
	if err != nil {
		return nil, err
	}
	free := !found.ExpiresAt.After(s.now())
	if found.State == domain.RequestUnderWay && !free {
		if seen.version != found.Version {
			*seen = sighting{found.Version, time.Now()}
		}
		// It was abandoned, whatever its body was.
		free = time.Since(seen.at) >= lease
	}
	if !free {
		return found, nil
	}
	claim.Version = found.Version + 1
	err = s.store.ReplaceRequest(ctx, claim)
	if errors.Is(err, persistence.ErrConflict) || errors.Is(err, persistence.ErrNotFound) {
		return s.claim(ctx, claim, seen)
	}
	return nil, err
}

// carryOut carries a claimed request out and stores its response.
func (s *Service) carryOut(ctx context.Context, request Request, claim *domain.KeyedRequest, carryOut CarryOut) []byte {
	// A client that disconnects now may send the request again.
	lasting := context.WithoutCancel(ctx)
	running, cancel := context.WithCancel(lasting)
	if deadline, set := ctx.Deadline(); set {
		running, cancel = context.WithDeadline(lasting, deadline)
	}
	defer cancel()
	stop := s.keepAlive(lasting, claim, cancel)
	outcome := carryOut(running, seedOf(request))
	stop()

	storing, cancelStoring := context.WithTimeout(lasting, storeTimeout)
	defer cancelStoring()
	if err := s.storeOutcome(storing, request, claim, outcome); err != nil {
		// The response is correct all the same; the same request is carried out again once the claim's lease has ended.
		s.log.WarnContext(ctx, "the response to a request with an idempotency key was not stored", "error", err.Error())
	}
	return outcome.Response
}

// storeOutcome stores the response to a claimed request, or releases the claim.
func (s *Service) storeOutcome(ctx context.Context, request Request, claim *domain.KeyedRequest, outcome Outcome) error {
	if !outcome.Final {
		return s.store.DeleteRequest(ctx, claim.ID, claim.Version)
	}
	customers := distinct(outcome.Customers)
	claim.Version++
	claim.State, claim.ExpiresAt = domain.RequestNotStored, domain.Timestamp(s.now().Add(keptFor))
	keyless := slices.ContainsFunc(customers, func(c *domain.Customer) bool { return c.ResponseKey == nil })
	stored := outcome.Response
	if outcome.Stored != nil {
		stored = outcome.Stored
	}
	if len(stored) <= maxResponse && !keyless {
		sealed, err := seal(request, customers, stored)
		if err != nil {
			return err
		}
		claim.State, claim.Response = domain.RequestCompleted, sealed
		for _, customer := range customers {
			claim.CustomerKeys = append(claim.CustomerKeys, customer.Key)
		}
	}
	return s.store.ReplaceRequest(ctx, claim)
}

// distinct is each customer once, in order of Key.
func distinct(customers []*domain.Customer) []*domain.Customer {
	sorted := slices.Clone(customers)
	slices.SortStableFunc(sorted, func(a, b *domain.Customer) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(sorted, func(a, b *domain.Customer) bool { return a.Key == b.Key })
}

// reopen decrypts a stored response. Errors: Archived if a customer that it is about was archived since.
func (s *Service) reopen(ctx context.Context, request Request, found *domain.KeyedRequest) ([]byte, error) {
	var customers []*domain.Customer
	for _, key := range found.CustomerKeys {
		customerID := strings.TrimPrefix(key, request.Actor.EnvironmentID+"/")
		customer, err := s.store.AnyCustomer(ctx, domain.CustomerRef{EnvironmentID: request.Actor.EnvironmentID, CustomerID: customerID})
		if err != nil {
			return nil, err
		}
		customers = append(customers, customer)
	}
	text, err := open(request, customers, found.Response)
	if err != nil {
		// Archiving removed the ResponseKey; a customer that was unarchived has another one.
		return nil, cleared()
	}
	return text, nil
}

func cleared() error {
	return domain.Errorf(domain.Archived,
		"Entity is archived: the request with this Idempotency-Key was carried out, and a Customer in its response was archived since").
		With("entityName", "Customer")
}
