package billingsync

import (
	"context"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// leasePause is how long to wait before looking again whether another server has let go of a customer.
const leasePause = 250 * time.Millisecond

// claim makes a new attempt the one that is at the customer. It answers nil if nothing is to be told. While another
// server is at it, a task that has billing information waits, and so does one that is watched; others leave it.
func (s *Service) claim(ctx context.Context, what task) (*attempt, error) {
	for {
		var busy bool
		a := &attempt{Service: s, task: what, holder: newHolder(), told: map[domain.SyncPart]bool{}}
		customer, err := s.change(ctx, what.ref, func(customer *domain.Customer) bool {
			busy = false
			sync, now := customer.Sync, domain.Timestamp(s.now())
			if customer.Archived() || sync == nil {
				a.customer = nil
				return false
			}
			if len(sync.Untold) == 0 {
				a.customer = nil
				was := sync.DueAt
				sync.DueAt = nil
				return was != nil && sync.Lease == nil
			}
			if sync.Lease != nil && now.Before(sync.Lease.Until) {
				busy = true
				return false
			}
			until := now.Add(lease)
			sync.Lease = &domain.SyncLease{Holder: a.holder, Until: until}
			sync.DueAt = &until
			sync.Attempts++
			a.firstCreation = customer.BillingID == nil && sync.CreatingSince == nil
			if a.firstCreation {
				sync.CreatingSince = &now
			}
			a.customer = customer
			return true
		})
		switch {
		case errors.Is(err, persistence.ErrNotFound):
			return nil, nil
		case err != nil:
			return nil, err
		case busy && (what.information != nil || what.watched):
			if err := persistence.Pause(ctx, leasePause); err != nil {
				return nil, err
			}
			continue
		case busy || a.customer == nil:
			return nil, nil
		}
		a.customer, a.revision = customer, customer.Sync.Revision
		return a, nil
	}
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
