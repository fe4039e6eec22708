// Package idempotency carries a mutation out once, however often it is sent with the same idempotency key, and
// answers every time what was answered first. It knows the storage contract, and neither GraphQL nor HTTP, nor what
// a mutation does.
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
	// keptFor is how long a request is remembered after it was carried out.
	keptFor = 24 * time.Hour
	// lease is how long a request has to be seen under way without a sign of life before it is given up.
	lease = 10 * time.Second
	// maxAnswer bounds an answer that is kept, in bytes. It is many times what a mutation is asked for.
	maxAnswer = 1 << 20
	// settleTimeout bounds what an answer waits for after its mutation was carried out.
	settleTimeout = 3 * time.Second
	// A duplicate of a request that another server has under way asks again after a pause that grows.
	minPause, maxPause = 5 * time.Millisecond, 200 * time.Millisecond
)

// Store is what the service needs of a store.
type Store interface {
	persistence.Idempotency
	AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error)
}

// Service remembers requests. Create it with New.
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
	// Key is the idempotency key, as ParseKey answers it.
	Key string
	// Body is all that the outcome depends on; the same request has the same bytes.
	Body []byte
}

// Outcome is what came of carrying out a mutation.
type Outcome struct {
	Answer []byte
	// Kept is what to return the next time, where Answer has something in it that must not be stored; nil for
	// Answer.
	Kept []byte
	// Settled is false when the same request is to be carried out again: nothing was done and it may go
	// differently next time, or nobody knows what was done.
	Settled bool
	// Customers are those that the answer is about, except for archived ones, of whom nothing personal is left.
	Customers []*domain.Customer
}

// Answer is what a request is answered.
type Answer struct {
	Text []byte
	// Replayed is whether it is the answer of an earlier request.
	Replayed bool
}

// CarryOut does what a request asks for. seed is a text of the request's own, the same whenever it is carried out.
type CarryOut func(ctx context.Context, seed string) Outcome

// Once carries the mutation out and answers its outcome, unless the same request was carried out before: then it
// answers what that was answered. While another one is under way, in this process or another, it waits for its
// answer. What is carried out goes on when the client leaves, up to the context's deadline.
// Errors: IdempotencyKeyReused, Archived, the context's error.
func (s *Service) Once(ctx context.Context, request Request, carryOut CarryOut) (Answer, error) {
	claim := &domain.KeyedRequest{ID: idOf(request), State: domain.RequestUnderWay, Fingerprint: fingerprintOf(request)}
	// In this process one at a time asks the store; the others will find its answer there.
	unlock, err := s.locks.Lock(ctx, claim.ID)
	if err != nil {
		return Answer{}, err
	}
	defer unlock()
	var seen sighting
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		found, err := s.claim(ctx, claim, &seen)
		if err != nil {
			return Answer{}, err
		}
		if found == nil {
			return Answer{Text: s.carryOut(ctx, request, claim, carryOut)}, nil
		}
		switch {
		case found.State == domain.RequestForgotten:
			return Answer{}, forgotten()
		case found.Fingerprint != claim.Fingerprint:
			return Answer{}, domain.Errorf(domain.IdempotencyKeyReused,
				"the Idempotency-Key was used for another request of this mutation; a new request needs a new key")
		case found.State == domain.RequestAnswered:
			text, err := s.reopen(ctx, request, found)
			return Answer{Text: text, Replayed: true}, err
		case found.State == domain.RequestUnkept:
			return Answer{}, domain.Errorf(domain.IdempotencyKeyReused,
				"the request with this Idempotency-Key was carried out, and its answer is not kept; read what it changed")
		}
		if err := persistence.Pause(ctx, pause); err != nil {
			return Answer{}, err
		}
	}
}

// sighting is when a request under way was first seen with the version that it still has. It is this process's own
// time, so that no clocks need to agree.
type sighting struct {
	version int64
	at      time.Time
}

// claim makes the claim the stored request and answers nil, or answers the request that stands in its way.
func (s *Service) claim(ctx context.Context, claim *domain.KeyedRequest, seen *sighting) (*domain.KeyedRequest, error) {
	claim.Version, claim.ExpiresAt = 1, domain.Timestamp(s.now().Add(keptFor))
	err := s.store.InsertRequest(ctx, claim)
	if !errors.Is(err, persistence.ErrExists) {
		return nil, err
	}
	found, err := s.store.Request(ctx, claim.ID)
	if errors.Is(err, persistence.ErrNotFound) {
		// It was given back, or has expired, in between.
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
		// Whatever its body was, it was given up.
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

// carryOut carries a claimed request out and stores its answer.
func (s *Service) carryOut(ctx context.Context, request Request, claim *domain.KeyedRequest, carryOut CarryOut) []byte {
	// A client that leaves now will want to know later.
	lasting := context.WithoutCancel(ctx)
	running, cancel := context.WithCancel(lasting)
	if deadline, set := ctx.Deadline(); set {
		running, cancel = context.WithDeadline(lasting, deadline)
	}
	defer cancel()
	stop := s.keepAlive(lasting, claim, cancel)
	outcome := carryOut(running, seedOf(request))
	stop()

	settling, cancelSettling := context.WithTimeout(lasting, settleTimeout)
	defer cancelSettling()
	if err := s.settle(settling, request, claim, outcome); err != nil {
		// The answer is right all the same; the next request will be carried out when the claim is given up.
		s.log.WarnContext(ctx, "the answer of a request with an idempotency key was not kept", "error", err.Error())
	}
	return outcome.Answer
}

// settle stores what came of a claimed request, or gives the claim back.
func (s *Service) settle(ctx context.Context, request Request, claim *domain.KeyedRequest, outcome Outcome) error {
	if !outcome.Settled {
		return s.store.DeleteRequest(ctx, claim.ID, claim.Version)
	}
	customers := distinct(outcome.Customers)
	claim.Version++
	claim.State, claim.ExpiresAt = domain.RequestUnkept, domain.Timestamp(s.now().Add(keptFor))
	keyless := slices.ContainsFunc(customers, func(c *domain.Customer) bool { return c.AnswerKey == nil })
	kept := outcome.Answer
	if outcome.Kept != nil {
		kept = outcome.Kept
	}
	if len(kept) <= maxAnswer && !keyless {
		sealed, err := seal(request, customers, kept)
		if err != nil {
			return err
		}
		claim.State, claim.Answer = domain.RequestAnswered, sealed
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

// reopen opens a stored answer. Errors: Archived if a customer that it is about was archived since.
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
	text, err := open(request, customers, found.Answer)
	if err != nil {
		// Archiving took the key with which it was sealed; a customer that was brought back has another one.
		return nil, forgotten()
	}
	return text, nil
}

func forgotten() error {
	return domain.Errorf(domain.Archived,
		"Entity is archived: the request with this Idempotency-Key was carried out, and a Customer in its answer was archived since").
		With("entityName", "Customer")
}
