package customers

import (
	"context"
	"errors"
	"slices"
	"time"

	"clientele/internal/domain"
	"clientele/internal/keylock"
	"clientele/persistence"
)

// A promotion code and a subscription's id are documents of their own, and a customer is another. No
// transaction spans them. So what a new customer needs of them is set aside first, then the customer is
// written, and then a redemption is counted or given back. The customer's document alone decides: a process that
// dies in between leaves something set aside, and whoever finds that later looks at the customer.

// lease is how long something that was set aside is left alone. It is far longer than an operation may take,
// so that after it the customer was written or never will be, even if clocks differ by a minute.
const lease = 3 * time.Minute

// redemption is the use of a promotion code by a customer who is about to be written.
type redemption struct {
	service     *Service
	ref         domain.Ref
	field       string
	check       func(*domain.PromotionCode) error
	reservation domain.Reservation
}

// reserve sets the redemption aside. Errors: those of PromotionCode.Check and Reserve, Conflict.
func (r *redemption) reserve(ctx context.Context) error {
	// Stored by itself, so that a code that is refused then is not looked through again and again.
	if err := r.settleKnown(ctx); err != nil {
		return err
	}
	return r.change(ctx, func(code *domain.PromotionCode) (bool, error) {
		// The code may have changed since it was looked at.
		if err := r.check(code); err != nil {
			return false, err
		}
		err := code.Reserve(r.reservation)
		if refusal, ok := errors.AsType[*domain.Error](err); ok {
			return false, domain.FieldErrorf(refusal.Kind, r.field, "is refused: %s", refusal.Message)
		}
		return true, err
	})
}

// settle counts the redemption, or gives it back. What it cannot do before the context ends is left to whoever
// changes the code next.
func (r *redemption) settle(ctx context.Context, written bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	settled := make(chan struct{})
	r.service.settlements.add(r.ref.Key(), r.reservation.ID, settlement{written: written, done: func() {
		close(settled)
		// Ends the wait for the turn.
		cancel()
	}})
	err := r.settleKnown(ctx)
	select {
	case <-settled:
		return nil
	default:
		return err
	}
}

// settleKnown settles every reservation of the code of which it is known, or can be found out, what became of it.
func (r *redemption) settleKnown(ctx context.Context) error {
	var known map[string]settlement
	if err := r.change(ctx, func(code *domain.PromotionCode) (bool, error) {
		known = r.service.settlements.of(r.ref.Key())
		changed := false
		for id, became := range known {
			changed = code.Settle(id, became.written) || changed
		}
		abandoned, err := r.service.settleAbandoned(ctx, code)
		return changed || abandoned, err
	}); err != nil {
		return err
	}
	r.service.settlements.done(r.ref.Key(), known)
	return nil
}

func (r *redemption) change(ctx context.Context, decide func(*domain.PromotionCode) (bool, error)) error {
	_, err := changeDocument(ctx, r.service.locks, "promotionCode ", r.service.store.PromotionCodes(), r.ref, decide)
	return err
}

// maxSettled is how many abandoned reservations one request settles at most.
const maxSettled = 100

// settleAbandoned settles reservations whose processes must have ended by now, and reports whether there were any.
func (s *Service) settleAbandoned(ctx context.Context, code *domain.PromotionCode) (bool, error) {
	settled := 0
	for _, reservation := range slices.Clone(code.Reserved) {
		if s.Now().Sub(reservation.At) < lease || settled == maxSettled {
			continue
		}
		customer, err := s.store.AnyCustomer(ctx, domain.CustomerRef{EnvironmentID: code.EnvironmentID, CustomerID: reservation.CustomerID})
		if err != nil && !errors.Is(err, persistence.ErrNotFound) {
			return false, err
		}
		written := err == nil && slices.ContainsFunc(customer.Subscriptions, func(s domain.Subscription) bool {
			return s.ReservationID != nil && *s.ReservationID == reservation.ID
		})
		code.Settle(reservation.ID, written)
		settled++
	}
	return settled > 0, nil
}

// claim sets the id of a subscription aside for a customer who is about to be written. The same customer may
// claim it again, for several requests may try to write the customer at once; so a claim is never given back,
// which would take it from another of them, but left to its lease. Errors: Duplicate, Conflict.
func (s *Service) claim(ctx context.Context, customer *domain.Customer, subscriptionID string) error {
	ref := domain.Ref{EnvironmentID: customer.EnvironmentID, RefID: subscriptionID}
	now := s.Now()
	claim := &domain.SubscriptionClaim{Record: domain.NewRecord(ref, s.newID(), now), CustomerID: customer.CustomerID}
	err := s.store.SubscriptionClaims().Insert(ctx, claim)
	if !errors.Is(err, persistence.ErrExists) {
		return err
	}
	_, err = changeDocument(ctx, s.locks, "subscription ", s.store.SubscriptionClaims(), ref, func(claim *domain.SubscriptionClaim) (bool, error) {
		free := claim.CustomerID == customer.CustomerID
		if !free && now.Sub(claim.UpdatedAt) >= lease {
			held, err := s.holds(ctx, claim)
			if err != nil {
				return false, err
			}
			free = !held
		}
		if !free {
			return false, domain.FieldErrorf(domain.Duplicate, "subscriptionParams.subscriptionId",
				"is in use: Duplicated entity not allowed").With("entityName", "Subscription").With("identifier", subscriptionID)
		}
		claim.CustomerID, claim.UpdatedAt = customer.CustomerID, now
		return true, nil
	})
	return err
}

// holds reports whether the customer that a claim names has the subscription, live or archived.
func (s *Service) holds(ctx context.Context, claim *domain.SubscriptionClaim) (bool, error) {
	customer, err := s.store.AnyCustomer(ctx, domain.CustomerRef{EnvironmentID: claim.EnvironmentID, CustomerID: claim.CustomerID})
	if errors.Is(err, persistence.ErrNotFound) {
		return false, nil
	}
	return err == nil && findSubscription(customer, claim.RefID) != nil, err
}

func findSubscription(customer *domain.Customer, subscriptionID string) *domain.Subscription {
	for i := range customer.Subscriptions {
		if customer.Subscriptions[i].SubscriptionID == subscriptionID {
			return &customer.Subscriptions[i]
		}
	}
	return nil
}

// changeDocument is persistence.Change for documents that many requests of this process may want at once; kind
// keeps the locks of different kinds apart.
func changeDocument[T any, D interface {
	*T
	Head() *domain.Record
}](
	ctx context.Context, locks *keylock.Locks, kind string, documents persistence.Documents[T], ref domain.Ref, decide func(D) (bool, error),
) (D, error) {
	unlock, err := locks.Lock(ctx, kind+ref.Key())
	if err != nil {
		return nil, err
	}
	defer unlock()
	return persistence.Change(ctx, documents, ref, decide)
}
