package persistence

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"clientele/internal/domain"
)

// The bounds of an optimistic write: after MaxRounds attempts, about a second, the caller gets the conflict.
const (
	MaxRounds = 100
	MaxPause  = 20 * time.Millisecond
)

// recorded is what Change can change: a pointer to a type with a Record.
type recorded[T any] interface {
	*T
	Head() *domain.Record
}

// Change reads a document, applies decide and stores the result, and starts again if the document was changed in
// between. decide returns false when there is nothing to store; it may run several times.
// Errors: those of decide, ErrNotFound, and a domain.Error of the kind Conflict after too many rounds.
func Change[T any, D recorded[T]](
	ctx context.Context, documents Documents[T], ref domain.Ref, decide func(D) (bool, error),
) (D, error) {
	for range MaxRounds {
		found, err := documents.Get(ctx, ref)
		if err != nil {
			return nil, err
		}
		document := D(found)
		store, err := decide(document)
		if err != nil || !store {
			return document, err
		}
		document.Head().Version++
		err = documents.Replace(ctx, found)
		if !errors.Is(err, ErrConflict) {
			return document, err
		}
		if err := Pause(ctx, rand.N(MaxPause)); err != nil {
			return nil, err
		}
	}
	return nil, domain.Errorf(domain.Conflict, "too many requests are changing the same thing at once; nothing was changed, try again").
		With("identifier", ref.RefID)
}

// ChangeCustomer is Change for a customer, live or archived. Errors: those of decide, ErrNotFound, and ErrConflict
// after too many rounds.
func ChangeCustomer(
	ctx context.Context, customers Customers, ref domain.CustomerRef, decide func(*domain.Customer) (bool, error),
) (*domain.Customer, error) {
	for range MaxRounds {
		customer, err := customers.AnyCustomer(ctx, ref)
		if err != nil {
			return nil, err
		}
		store, err := decide(customer)
		if err != nil || !store {
			return customer, err
		}
		customer.Version++
		err = customers.ReplaceCustomer(ctx, customer)
		if !errors.Is(err, ErrConflict) {
			return customer, err
		}
		if err := Pause(ctx, rand.N(MaxPause)); err != nil {
			return nil, err
		}
	}
	return nil, ErrConflict
}

// Pause waits, so that conflicting writers do not retry at the same time. Errors: the context's.
func Pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
