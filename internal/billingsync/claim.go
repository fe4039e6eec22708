package billingsync

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// claim takes the lease for a new attempt. It returns nil if nothing is pending, and busy if another server has the
// lease.
func (s *Service) claim(ctx context.Context, what *task) (a *attempt, busy bool, err error) {
	a = &attempt{Service: s, ref: what.ref, waiter: what.waiter, holder: rand.Text(), pushed: map[domain.SyncPart]bool{}}
	claimed := false
	customer, err := s.change(ctx, what.ref, func(customer *domain.Customer) bool {
		claimed, busy = false, false
		sync, now := customer.Sync, domain.Timestamp(time.Now())
		switch {
		case customer.Archived() || sync == nil:
			return false
		case len(sync.Pending) == 0:
			was := sync.DueAt
			sync.DueAt = nil
			return was != nil
		case sync.Lease != nil && now.Before(sync.Lease.Until):
			busy = true
			return false
		}
		until := now.Add(lease)
		sync.Lease, sync.DueAt = &domain.SyncLease{Holder: a.holder, Until: until}, &until
		sync.Attempts++
		a.firstCreation = customer.BillingID == nil && sync.CreatingSince == nil
		if a.firstCreation {
			sync.CreatingSince = &now
		}
		claimed = true
		return true
	})
	switch {
	case errors.Is(err, persistence.ErrNotFound):
		return nil, false, nil
	case err != nil || !claimed:
		return nil, busy, err
	}
	a.customer, a.revision, a.generation = customer, customer.Sync.Revision, customer.Sync.KeyGeneration
	a.information, a.informationRevision = s.pendingInformation(what.ref, customer.Sync.InformationPushed)
	return a, false, nil
}

// change is a write of the sync's own, which is no edit of the customer.
func (s *Service) change(ctx context.Context, ref domain.CustomerRef, decide func(*domain.Customer) bool) (*domain.Customer, error) {
	return persistence.ChangeCustomer(ctx, s.store, ref, func(customer *domain.Customer) (bool, error) {
		if !decide(customer) {
			return false, nil
		}
		if customer.Sync == nil {
			customer.Sync = &domain.Sync{}
		}
		customer.Sync.Writes++
		return true, nil
	})
}
