package subscriptions

import (
	"context"
	"errors"
	"slices"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// A promotion code and a subscription's id are documents of their own, and a customer is another. No transaction spans
// them. So what a new customer needs of them is reserved first, then the customer is written, and then the reservation
// is counted or released. The customer's document alone decides: if a process dies in between, a reservation is left,
// and a later request reconciles it with the customer.

// lease is how long a reservation is left alone. It is far longer than an operation may take, so that after it the
// customer was written or never will be, even if clocks differ by a minute.
const lease = 3 * time.Minute

// finishTimeout bounds what a request waits for after its customer was written.
const finishTimeout = 10 * time.Second

// redemption is the use of a promotion code by a customer who is about to be written.
type redemption struct {
	ref         domain.Ref
	field       string
	check       func(*domain.PromotionCode) error
	reservation domain.Reservation
}

// redeem inserts a customer between reserving a redemption and finishing it.
// Errors: those of insert, of PromotionCode.Check and Reserve, Conflict.
func (s *Service) redeem(ctx context.Context, r *redemption, insert func() error) error {
	if err := s.reserve(ctx, r); err != nil {
		return err
	}
	err := insert()
	if _, refused := errors.AsType[*domain.Error](err); refused || err == nil {
		// Whether the customer is written is decided, whatever comes of this. What cannot be stored now, the next
		// request for the code stores.
		finishing, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
		defer cancel()
		s.finish(finishing, r, err == nil)
	}
	// After any other error it is not known whether the customer was written. The reservation is reconciled after its
	// lease.
	return err
}

func (s *Service) reserve(ctx context.Context, r *redemption) error {
	// Stored by itself, so that it is kept if the code is refused then.
	if err := s.storeOutcomes(ctx, r.ref); err != nil {
		return err
	}
	return s.changeCode(ctx, r.ref, func(code *domain.PromotionCode) (bool, error) {
		// The code may have changed since it was read.
		if err := r.check(code); err != nil {
			return false, err
		}
		return true, refusedAt(r.field, code.Reserve(r.reservation))
	})
}

// finish counts the redemption, or releases it. What it cannot store before the context ends, the next change of the
// code stores.
func (s *Service) finish(ctx context.Context, r *redemption, redeemed bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// If another request stores the outcome, that ends the wait for the lock.
	s.outcomes.add(r.ref.Key(), r.reservation.ID, outcome{redeemed: redeemed, stored: cancel})
	_ = s.storeOutcomes(ctx, r.ref)
}

// storeOutcomes finishes every reservation of the code whose outcome is known, and reconciles abandoned ones.
func (s *Service) storeOutcomes(ctx context.Context, ref domain.Ref) error {
	var known map[string]outcome
	if err := s.changeCode(ctx, ref, func(code *domain.PromotionCode) (bool, error) {
		known = s.outcomes.of(ref.Key())
		changed := false
		for id, is := range known {
			changed = code.Finish(id, is.redeemed) || changed
		}
		reconciled, err := s.reconcile(ctx, code)
		return changed || reconciled, err
	}); err != nil {
		return err
	}
	s.outcomes.remove(ref.Key(), known)
	return nil
}

func (s *Service) changeCode(ctx context.Context, ref domain.Ref, decide func(*domain.PromotionCode) (bool, error)) error {
	unlock, err := s.locks.Lock(ctx, "promotionCode "+ref.Key())
	if err != nil {
		return err
	}
	defer unlock()
	_, err = persistence.Change(ctx, s.store.PromotionCodes(), ref, decide)
	return err
}

// maxReconciled is how many abandoned reservations one request reconciles at most.
const maxReconciled = 100

// reconcile finishes reservations whose processes must have ended by now, and reports whether there were any.
func (s *Service) reconcile(ctx context.Context, code *domain.PromotionCode) (bool, error) {
	reconciled := 0
	for _, reservation := range slices.Clone(code.Reserved) {
		if s.now().Sub(reservation.At) < lease || reconciled == maxReconciled {
			continue
		}
		customer, err := s.store.AnyCustomer(ctx, domain.CustomerRef{EnvironmentID: code.EnvironmentID, CustomerID: reservation.CustomerID})
		if err != nil && !errors.Is(err, persistence.ErrNotFound) {
			return false, err
		}
		redeemed := err == nil && slices.ContainsFunc(customer.Subscriptions, func(s domain.Subscription) bool {
			return s.ReservationID != nil && *s.ReservationID == reservation.ID
		})
		code.Finish(reservation.ID, redeemed)
		reconciled++
	}
	return reconciled > 0, nil
}

// claim reserves the id of a subscription for a customer who is about to be written. The same customer may claim it
// again, for several requests may try to write the customer at once; so a claim is never released, which would take it
// from another of them, but ends with its lease. Errors: Duplicate, Conflict.
func (s *Service) claim(ctx context.Context, customer *domain.Customer, subscriptionID string) error {
	ref := domain.Ref{EnvironmentID: customer.EnvironmentID, RefID: subscriptionID}
	now := s.now()
	claim := &domain.SubscriptionClaim{Record: domain.NewRecord(ref, s.newID(), now), CustomerID: customer.CustomerID}
	err := s.store.SubscriptionClaims().Insert(ctx, claim)
	if !errors.Is(err, persistence.ErrExists) {
		return err
	}
	unlock, err := s.locks.Lock(ctx, "subscription "+ref.Key())
	if err != nil {
		return err
	}
	defer unlock()
	_, err = persistence.Change(ctx, s.store.SubscriptionClaims(), ref, func(claim *domain.SubscriptionClaim) (bool, error) {
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
				"is in use: Duplicated entity not allowed").About("Subscription", subscriptionID)
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
	return err == nil && customer.Subscription(claim.RefID) != nil, err
}
