package billingsync

import (
	"context"
	"math/rand/v2"
	"time"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

const (
	// minBackOff is how long a customer is left alone after a first failure that may pass. Each further one doubles
	// that, up to maxBackOff.
	minBackOff = 2 * time.Second
	maxBackOff = 10 * time.Minute
	// newerDelay is the start that those have who wait to tell of a newer change.
	newerDelay = 2 * time.Second
)

// record writes down what came of the attempt.
func (a *attempt) record(ctx context.Context) error {
	customer, err := a.change(ctx, a.ref, func(customer *domain.Customer) bool {
		if customer.Sync == nil {
			return false // No program takes a Sync away.
		}
		a.recorded = false
		// What is known holds whoever is at the customer now.
		a.setLink(customer)
		a.recordFacts(customer)
		sync := customer.Sync
		if sync.Lease == nil {
			return true
		}
		// Archiving takes the lease off an attempt, and keeps others away until that is over.
		takenOff := sync.Lease.Holder == "" && sync.Lease.Until.Equal(a.customer.Sync.Lease.Until)
		if !takenOff && sync.Lease.Holder != a.holder {
			return true
		}
		sync.Lease = nil
		if a.requestID != "" {
			sync.RequestID = a.requestID
		}
		if sync.KeyGeneration != a.generation {
			return true // The customer was linked by hand; what was told, that one was not.
		}
		if a.firstCreation {
			// Whether the creation was refused or made, nothing of it is unknown.
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

// learn takes in what the provider said of itself.
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

// settle says what is left to be done, and when.
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
		sync.Drop(domain.SyncFacts) // They are read again below, and what is told does not wait for that.
	}
	_, lost := sync.Pending[domain.SyncInformation]
	switch {
	case sync.Revision > a.revision:
		// Whoever changed the customer in the meantime tells the provider of that, unless it would not wait.
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
		if sync.Revision > 0 { // or else facts were read of a customer that the provider was never told of
			sync.Succeed(now)
		}
	default:
		// Whatever keeps it from being told, it is not forgotten.
		sync.DueBy(now.Add(domain.SyncPickUpAfter))
	}
	if refetch {
		sync.Enqueue(domain.SyncFacts, now.Add(billing.RefetchAfter))
	}
}

// refetch reports whether the facts have to be read again soon. If reading them failed, that says when.
func (a *attempt) needsRefetch(customer *domain.Customer) bool {
	read, tried := a.pushed[domain.SyncFacts]
	known := customer.Facts()
	return !known.Deleted && (known.NeedsRefetch() || a.changedFacts()) && a.temporary == nil && (read || !tried)
}

// kindOf is what a failure asks for.
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

// pushedRevision is the revision of what was told of a part.
func (a *attempt) pushedRevision(part domain.SyncPart) int64 {
	if part == domain.SyncInformation {
		return a.informationRevision
	}
	return a.revision
}

// again is when a server tries again by itself; nil if that would change nothing.
func (a *attempt) retryAt(attempts int) *time.Time {
	if a.temporary == nil {
		return nil
	}
	wait := min(maxBackOff, minBackOff<<min(max(attempts-1, 0), 20))
	// Customers that failed together do not come back together.
	wait = max(a.temporary.RetryAfter, wait*3/4+rand.N(wait/2))
	at := time.Now().Add(wait)
	return &at
}

// final reports whether waiting does not help a failure.
func final(err error) bool {
	kind := billing.KindOf(err)
	return kind == billing.Permanent || kind == billing.DeletedCustomer
}
