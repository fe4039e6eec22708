package billingsync

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"clientele/internal/billing"
	"clientele/internal/domain"
	"clientele/persistence"
)

const (
	// maxTries is how often an attempt makes a call that failed in passing, and maxInformedTries how often one does that
	// has the billing information, which the next attempt will not have.
	maxTries         = 3
	maxInformedTries = 5
	tryPause         = 150 * time.Millisecond
	// maxTryPause is the longest that the provider may want to be left alone for an attempt to wait for it.
	maxTryPause         = 2 * time.Second
	maxInformedTryPause = 10 * time.Second
)

// attempt is one try at pushing all pending parts.
type attempt struct {
	*Service
	ref    domain.CustomerRef
	waiter *waiter
	holder string
	// customer is as it was when the attempt began, except for its link; revision is its revision then.
	customer *domain.Customer
	revision int64
	// information is the billing information to push, nil for none, and informationRevision its newest revision.
	information         *domain.BillingInformation
	informationRevision int64
	// firstCreation is whether no creation before this attempt's may have made a customer.
	firstCreation bool
	// generation is that of the key of the creation. It is another one once the customer was linked by hand.
	generation int
	// created is the customer that the attempt created; nil for none.
	created *billing.Created

	// pushed says of each part that was tried whether the provider has it now.
	pushed    map[domain.SyncPart]bool
	nameGiven bool
	snapshot  *billing.Snapshot
	requestID string
	// failure is the first one, unless the customer turns out to be deleted.
	failure *billing.ProviderError
	// passing is the failure that ended the attempt, if another attempt may do better.
	temporary *billing.ProviderError
	// refusal is returned to the waiter.
	refusal error

	// settled is whether the outcome was stored with the customer, and outcome is its label in metrics.
	recorded bool
	outcome  string
}

// run pushes part by part. A part comes after those that it needs; a rejected part blocks no other.
func (a *attempt) run(ctx context.Context) {
	if !a.link(ctx) {
		return
	}
	for _, tell := range []func(context.Context) error{
		a.pushDetails, a.pushTaxIDs, a.pushGivenMethod, a.pushAttachment, a.pushDetachment, a.pushCoupon, a.fetchFacts,
	} {
		if err := tell(ctx); err != nil && a.fail(err).Kind != billing.Permanent {
			return
		}
	}
}

// fail records a failure.
func (a *attempt) fail(err error) *billing.ProviderError {
	failure, ok := errors.AsType[*billing.ProviderError](err)
	if !ok {
		// The store failed, or the context ended before the provider was asked.
		failure = &billing.ProviderError{Kind: billing.UnknownOutcome, Code: billing.CodeStoreFailed}
	}
	if a.failure == nil || failure.Kind == billing.DeletedCustomer {
		a.failure = failure
	}
	if kindOf(failure) == domain.SyncTemporary {
		a.temporary = failure
	}
	return failure
}

func (a *attempt) pending(part domain.SyncPart) bool {
	_, pending := a.customer.Sync.Pending[part]
	return pending
}

// try makes a call until it succeeds, fails permanently or too often, or the attempt loses its lease.
func (a *attempt) try(ctx context.Context, call func() (billing.Receipt, error)) error {
	most, longest := maxTries, maxTryPause
	if a.information != nil {
		most, longest = maxInformedTries, maxInformedTryPause
	}
	for tries := 1; ; tries++ {
		customer, err := a.store.AnyCustomer(ctx, a.ref)
		if err != nil {
			return err
		}
		if !a.holdsLease(customer) || customer.Archived() {
			return errSuperseded
		}
		receipt, err := call()
		failure, failed := errors.AsType[*billing.ProviderError](err)
		if failed {
			receipt.RequestID = failure.RequestID
		}
		if receipt.RequestID != "" {
			a.requestID = receipt.RequestID
		}
		if !failed || tries == most || failure.RetryAfter > longest ||
			failure.Kind != billing.Temporary && failure.Kind != billing.UnknownOutcome {
			return err
		}
		wait := max(failure.RetryAfter, tryPause<<(tries-1)) + rand.N(tryPause)
		if persistence.Pause(ctx, wait) != nil {
			return err
		}
	}
}

// link makes sure that the customer is linked to one at the provider.
func (a *attempt) link(ctx context.Context) bool {
	if a.customer.BillingID != nil {
		return true
	}
	err := a.create(ctx)
	if billing.KindOf(err) == billing.KeySpent {
		if err = a.renewKey(ctx); err == nil {
			err = a.create(ctx)
		}
	}
	if err == nil {
		err = a.keepLink(ctx)
	}
	if err != nil {
		_ = a.fail(err)
	}
	return err == nil
}

// create makes the customer at the provider. A creation that was begun too long ago to be repeated is not.
func (a *attempt) create(ctx context.Context) error {
	if time.Since(*a.customer.Sync.CreatingSince) > billing.KeyLifetime {
		return &billing.ProviderError{Kind: billing.Permanent, Code: billing.CodeCreationUnconfirmed}
	}
	return a.try(ctx, func() (billing.Receipt, error) {
		created, err := a.provider.CreateCustomer(ctx, billing.NewCustomer{
			Ref: a.ref, ID: a.customer.ID, Generation: a.generation,
		})
		if err == nil {
			a.created = &created
		} else if kind := billing.KindOf(err); kind != billing.Temporary && kind != billing.Permanent {
			a.firstCreation = false
		}
		return created.Receipt, err
	})
}

// renewKey stores that the key of the creation is spent, before the next one is used.
func (a *attempt) renewKey(ctx context.Context) error {
	err := a.changeLeased(ctx, func(customer *domain.Customer) {
		now := domain.Timestamp(time.Now())
		customer.Sync.KeyGeneration++
		customer.Sync.CreatingSince = &now
	})
	if err == nil {
		a.generation = a.customer.Sync.KeyGeneration
	}
	return err
}

// keepLink stores the link as soon as there is one.
func (a *attempt) keepLink(ctx context.Context) error {
	return a.changeLeased(ctx, a.setLink)
}

// setLink links the customer to the one that was created, unless it was linked by hand in the meantime.
func (a *attempt) setLink(customer *domain.Customer) {
	if a.created == nil || customer.BillingID != nil || customer.Sync.KeyGeneration != a.generation {
		return
	}
	customer.BillingID, customer.BillingLinkURL = &a.created.CustomerID, &a.created.LinkURL
	customer.Sync.CreatingSince = nil
}

// errSuperseded ends an attempt whose lease has gone to another, or whose customer was archived or linked by hand.
var errSuperseded = &billing.ProviderError{Kind: billing.UnknownOutcome, Code: billing.CodeSuperseded}

// holdsLease reports whether the attempt has the lease on the customer, as it is linked now.
func (a *attempt) holdsLease(customer *domain.Customer) bool {
	sync := customer.Sync
	return sync != nil && sync.Lease != nil && sync.Lease.Holder == a.holder && sync.KeyGeneration == a.generation
}

// changeLeased changes the customer if the attempt has the lease. If the customer is archived, the attempt ends after
// that.
func (a *attempt) changeLeased(ctx context.Context, change func(*domain.Customer)) error {
	own := false
	customer, err := a.change(ctx, a.ref, func(customer *domain.Customer) bool {
		if own = a.holdsLease(customer); own {
			change(customer)
		}
		return own
	})
	switch {
	case err != nil:
		return err
	case !own || customer.Archived():
		return errSuperseded
	}
	a.customer.BillingID, a.customer.Sync.KeyGeneration, a.customer.Sync.CreatingSince =
		customer.BillingID, customer.Sync.KeyGeneration, customer.Sync.CreatingSince
	return nil
}

// pushDetails pushes name, email and billing information.
func (a *attempt) pushDetails(ctx context.Context) error {
	info := a.information
	sync, id := a.customer.Sync, *a.customer.BillingID
	update := billing.CustomerUpdate{Ref: a.ref, ID: a.customer.ID}
	if info != nil {
		update.Information = *info
	}
	// A shipping address has a name.
	if !sync.NameGiven && (a.pending(domain.SyncName) || info != nil && info.ShippingAddress != nil) {
		update.Name = textOf(a.customer.Name)
	}
	if a.pending(domain.SyncEmail) {
		update.Email = textOf(a.customer.Email)
	}
	if update.Name == nil && update.Email == nil && info == nil {
		a.pushed[domain.SyncName] = true // what was given with billing information stays
		return nil
	}
	tell := func(update billing.CustomerUpdate) error {
		return a.try(ctx, func() (billing.Receipt, error) { return a.provider.UpdateCustomer(ctx, id, update) })
	}
	err := tell(update)
	a.pushed[domain.SyncName], a.pushed[domain.SyncEmail] = err == nil, err == nil
	if info == nil {
		return err
	}
	infoErr := err
	if update.Email != nil && billing.KindOf(err) == billing.Permanent {
		// Either the customer's own fields or the information may be rejected; neither must block the other.
		own := update
		own.Information, update.Email = domain.BillingInformation{}, nil
		infoErr, err = tell(update), tell(own)
		a.pushed[domain.SyncName], a.pushed[domain.SyncEmail] = infoErr == nil || err == nil, err == nil
	}
	a.pushed[domain.SyncInformation] = infoErr == nil
	a.nameGiven = infoErr == nil && info.CustomerName != nil
	if err == nil {
		err = infoErr
	}
	return err
}

// pushTaxIDs pushes the tax ids of billing information.
func (a *attempt) pushTaxIDs(ctx context.Context) error {
	info := a.information
	if info == nil || info.TaxIDs == nil {
		return nil
	}
	return a.orNotInformed(a.try(ctx, func() (billing.Receipt, error) {
		return a.provider.SetTaxIDs(ctx, *a.customer.BillingID, info.TaxIDs)
	}))
}

// pushGivenMethod pushes the payment method of billing information.
func (a *attempt) pushGivenMethod(ctx context.Context) error {
	info := a.information
	if info == nil || info.PaymentMethodID == nil {
		return nil
	}
	return a.orNotInformed(a.try(ctx, func() (billing.Receipt, error) {
		return a.provider.AttachPaymentMethod(ctx, *a.customer.BillingID, *info.PaymentMethodID)
	}))
}

// orNotInformed records with a failure that not all of the billing information was pushed.
func (a *attempt) orNotInformed(err error) error {
	if err != nil {
		a.pushed[domain.SyncInformation] = false
	}
	return err
}

// textOf is a text as it is pushed: one that was cleared is empty.
func textOf(text *string) *string {
	if text == nil {
		return new(string)
	}
	return text
}

func (a *attempt) pushAttachment(ctx context.Context) error {
	if currency := a.customer.Sync.AttachmentCurrency; currency != "" {
		err := a.try(ctx, func() (billing.Receipt, error) {
			return a.provider.UpdateCustomer(ctx, *a.customer.BillingID, billing.CustomerUpdate{
				Ref: a.ref, ID: a.customer.ID, Information: domain.BillingInformation{Currency: &currency},
			})
		})
		if err != nil {
			return err
		}
	}
	return a.pushPaymentMethod(ctx, domain.SyncAttachment, a.customer.Sync.AttachmentID, a.provider.AttachPaymentMethod)
}

func (a *attempt) pushDetachment(ctx context.Context) error {
	return a.pushPaymentMethod(ctx, domain.SyncDetachment, a.customer.Sync.DetachmentID, a.provider.DetachPaymentMethod)
}

func (a *attempt) pushPaymentMethod(
	ctx context.Context, part domain.SyncPart, method string, call func(ctx context.Context, id, method string) (billing.Receipt, error),
) error {
	if !a.pending(part) {
		return nil
	}
	err := a.try(ctx, func() (billing.Receipt, error) { return call(ctx, *a.customer.BillingID, method) })
	a.pushed[part] = err == nil
	if final(err) && a.reportsTo(part) {
		a.refusal, a.pushed[part] = refusalOf(a.provider.Vendor().Title, part, err), true
		if billing.KindOf(err) == billing.Permanent {
			return nil // The caller knows; nothing is pending.
		}
	}
	return err
}

// reportsTo reports whether the refusal of a part goes to the waiter: only that of what the waiter changed does.
func (a *attempt) reportsTo(part domain.SyncPart) bool {
	return a.waiter != nil && a.waiter.revision == a.customer.Sync.Pending[part] && a.waiter.resolve()
}

func (a *attempt) pushCoupon(ctx context.Context) error {
	if !a.pending(domain.SyncCoupon) {
		return nil
	}
	var coupon *billing.Coupon
	if a.customer.CouponID != nil {
		found, err := a.store.Coupons().Get(ctx, domain.Ref{EnvironmentID: a.ref.EnvironmentID, RefID: *a.customer.CouponID})
		if err != nil {
			return err
		}
		coupon = &billing.Coupon{Ref: a.ref, Definition: *found}
	}
	err := a.try(ctx, func() (billing.Receipt, error) {
		return a.provider.SetCoupon(ctx, *a.customer.BillingID, coupon)
	})
	a.pushed[domain.SyncCoupon] = err == nil
	return err
}

// fetchFacts takes a snapshot. No events arrive about a customer before it is linked.
func (a *attempt) fetchFacts(ctx context.Context) error {
	if !a.pending(domain.SyncFacts) && a.created == nil && a.information == nil {
		return nil
	}
	err := a.try(ctx, func() (billing.Receipt, error) {
		snapshot, err := a.provider.RetrieveCustomer(ctx, *a.customer.BillingID)
		if err == nil {
			a.snapshot = &snapshot
		}
		return snapshot.Receipt, err
	})
	a.pushed[domain.SyncFacts] = err == nil
	return err
}
