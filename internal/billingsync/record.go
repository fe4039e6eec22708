package billingsync

import (
	"context"
	"math/rand/v2"
	"time"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

const (
	// minBackOff is the delay after a first temporary failure. Each further one doubles it, up to maxBackOff.
	minBackOff = 2 * time.Second
	maxBackOff = 10 * time.Minute
	// newerDelay gives the server with a newer change time to push it first.
	newerDelay = 2 * time.Second
)

// record stores the outcome of the attempt.
func (a *attempt) record(ctx context.Context) error {
	customer, err := a.change(ctx, a.ref, func(customer *domain.Customer) bool {
		if customer.Sync == nil {
			return false // No program takes a Sync away.
		}
		a.recorded = false
		// The link and the facts hold, whichever attempt has the lease now.
		a.setLink(customer)
		a.recordFacts(customer)
		sync := customer.Sync
		if sync.Lease == nil {
			return true
		}
		// Archiving takes the lease from an attempt, and keeps others away until it ends.
		takenOff := sync.Lease.Holder == "" && sync.Lease.Until.Equal(a.customer.Sync.Lease.Until)
		if !takenOff && sync.Lease.Holder != a.holder {
			return true
		}
		sync.Lease = nil
		if a.requestID != "" {
			sync.RequestID = a.requestID
		}
		if sync.KeyGeneration != a.generation {
			return true // The customer was linked by hand; the new link has received nothing.
		}
		if a.firstCreation {
			// The creation was rejected or made; its outcome is known.
			sync.CreatingSince = nil
		}
		switch {
		case customer.Archived():
			sync.DueAt = nil
		case !takenOff:
			a.reconcile(customer)
		}
		return true
	})
	if err == nil {
		a.setOutcome(ctx, customer)
	}
	return err
}

// recordFacts applies what the provider reported to the attempt.
func (a *attempt) recordFacts(customer *domain.Customer) {
	switch {
	case customer.BillingID == nil || a.customer.BillingID == nil || *customer.BillingID != *a.customer.BillingID:
	case a.snapshot != nil:
		customer.BillingLinkURL = &a.snapshot.LinkURL
		snapshot := a.snapshot.Event()
		if a.changedFacts() {
			// Events of what the attempt did are about to come, or came, with the time of the snapshot's second. The
			// snapshot knows how that ended, and is taken again once they are all there.
			snapshot.CreatedAt = a.snapshot.RespondedAt
			// Of two attempts in one second, the later one saw what is newer.
			known, _ := billing.WithoutFuture(customer.Facts(), time.Now())
			if last := known.RetrievedAt; !snapshot.CreatedAt.After(last) {
				snapshot.CreatedAt = last.Add(time.Millisecond)
			}
		}
		a.apply(customer, snapshot)
	case a.failure != nil && a.failure.Kind == billing.DeletedCustomer:
		a.apply(customer, billing.Event{
			ID: "refused", CreatedAt: domain.Timestamp(time.Now()), Kind: billing.CustomerDeleted, CustomerID: *customer.BillingID,
		})
	}
}

// changedFacts reports whether the attempt may have changed what the provider has events about.
func (a *attempt) changedFacts() bool {
	_, informed := a.pushed[domain.SyncInformation]
	return a.created != nil || informed || a.pushed[domain.SyncAttachment] || a.pushed[domain.SyncDetachment]
}

// reconcile computes what is still pending, and when it is due.
func (a *attempt) reconcile(customer *domain.Customer) {
	sync, now := customer.Sync, time.Now()
	sync.DueAt, a.recorded = nil, true
	for part := range a.pushed {
		if a.pushed[part] && sync.Pending[part] <= a.pushedRevision(part) {
			sync.Drop(part)
		}
	}
	if a.pushed[domain.SyncInformation] {
		sync.InformationPushed = max(sync.InformationPushed, a.informationRevision)
	}
	sync.NameGiven = sync.NameGiven || a.nameGiven
	refetch := a.needsRefetch(customer)
	if refetch {
		sync.Drop(domain.SyncFacts) // They are fetched again below; the outcome does not wait for that.
	}
	_, lost := sync.Pending[domain.SyncInformation]
	switch {
	case sync.Revision > a.revision:
		// The request with the newer change pushes it, unless it did not get a slot.
		sync.DueBy(now.Add(newerDelay))
	case a.failure != nil && len(sync.Pending) > 0:
		sync.Fail(domain.SyncFailure{
			Kind: kindOf(a.failure), Code: a.failure.Code, Param: a.failure.Param, At: domain.Timestamp(now),
		}, a.retryAt(sync.Attempts))
	case lost && sync.Failure != nil && sync.Failure.Kind == domain.SyncRefused:
		// Nothing was changed since, so that still says why the information was not passed on.
	case lost:
		sync.Fail(domain.SyncFailure{
			Kind: domain.SyncInformationLost, Code: billing.CodeInformationLost, At: domain.Timestamp(now),
		}, nil)
	case len(sync.Pending) == 0:
		if sync.Revision > 0 { // or else facts were fetched of a customer that was never pushed
			sync.Succeed(now)
		}
	default:
		// Something is pending without a failure; another attempt follows.
		sync.DueBy(now.Add(domain.SyncPickUpAfter))
	}
	if refetch {
		sync.Enqueue(domain.SyncFacts, now.Add(billing.RefetchAfter))
	}
}

// needsRefetch reports whether to fetch the facts again soon. If fetching failed, the retry does it.
func (a *attempt) needsRefetch(customer *domain.Customer) bool {
	read, tried := a.pushed[domain.SyncFacts]
	known := customer.Facts()
	return !known.Deleted && (known.NeedsRefetch() || a.changedFacts()) && a.temporary == nil && (read || !tried)
}

// kindOf says what to do about a failure.
func kindOf(failure *billing.ProviderError) domain.SyncFailureKind {
	switch {
	case failure.Code == billing.CodeCreationUnconfirmed:
		return domain.SyncUnconfirmed
	case failure.Kind == billing.Permanent:
		return domain.SyncRefused
	case failure.Kind == billing.DeletedCustomer:
		return domain.SyncDeleted
	default:
		return domain.SyncTemporary
	}
}

// pushedRevision is the revision of a part that was pushed.
func (a *attempt) pushedRevision(part domain.SyncPart) int64 {
	if part == domain.SyncInformation {
		return a.informationRevision
	}
	return a.revision
}

// retryAt is when a server retries; nil if that would change nothing.
func (a *attempt) retryAt(attempts int) *time.Time {
	if a.temporary == nil {
		return nil
	}
	wait := min(maxBackOff, minBackOff<<min(max(attempts-1, 0), 20))
	// Jitter: customers that failed together must not retry together.
	wait = max(a.temporary.RetryAfter, wait*3/4+rand.N(wait/2))
	at := time.Now().Add(wait)
	return &at
}

// final reports whether waiting does not help a failure.
func final(err error) bool {
	kind := billing.KindOf(err)
	return kind == billing.Permanent || kind == billing.DeletedCustomer
}
