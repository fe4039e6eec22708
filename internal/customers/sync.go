package customers

import (
	"context"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// Sync pushes committed changes to the billing provider. A failure of the provider is recorded with the customer and
// fails no write.
type Sync interface {
	// Enqueue pushes a change in the background. information is what came with it, nil for none. The channel is closed
	// once the outcome is recorded, or left to a later attempt.
	Enqueue(ctx context.Context, customer *domain.Customer, information *domain.BillingInformation) <-chan struct{}
	// Push pushes a payment method that is to be attached or detached, and waits for the outcome as long as the context
	// lasts. Errors: the provider's refusal, after which the payment method is no longer pending.
	Push(ctx context.Context, customer *domain.Customer) error
}

// WithIntegration sets which integration callers may name, and see.
func WithIntegration(to domain.Integration) Option { return func(s *Service) { s.integration = to } }

// Integration is the one of WithIntegration.
func (s *Service) Integration() domain.Integration { return s.integration }

// WithSync sets the billing provider. Without it there is none, and billing information is dropped.
func WithSync(sync Sync) Option { return func(s *Service) { s.sync = sync } }

// syncWait is how long a request waits for the provider after its customer was written. A later outcome is in the
// customer's sync state.
const syncWait = 10 * time.Second

// syncRequest is what to push with a change besides the change itself, and how.
type syncRequest struct {
	information *domain.BillingInformation
	// wait is whether to wait for the outcome.
	wait bool
}

// enqueueChanges adds what the provider has to know of a change to the outbox, and reports whether there is anything.
func (s *Service) enqueueChanges(before, after *domain.Customer, with syncRequest) bool {
	if s.sync == nil || after.Archived() {
		return false
	}
	parts := after.SyncChanges(before)
	relinked := !domain.SameText(before.BillingID, after.BillingID)
	if with.information != nil {
		parts = append(parts, domain.SyncInformation, domain.SyncFacts)
	}
	switch {
	case len(parts) == 0 && !relinked || with.information == nil && !after.SyncEnabled():
		return false
	case !after.SyncStarted():
		after.EnqueueFullSync(s.Now(), parts...)
	default:
		after.EnqueueSync(s.Now(), parts...)
	}
	return true
}

// enqueueNew is enqueueChanges for a new customer. free is whether to sync one that pays nothing.
func (s *Service) enqueueNew(customer *domain.Customer, with syncRequest, free bool) {
	if s.sync == nil {
		return
	}
	var parts []domain.SyncPart
	if with.information != nil {
		parts = append(parts, domain.SyncInformation)
	}
	if with.information != nil || free || customer.BillingID != nil || customer.HasPurchased() {
		customer.EnqueueFullSync(s.Now(), parts...)
	}
}

// push pushes what a change enqueued, and returns the customer as it is then.
func (s *Service) push(ctx context.Context, customer *domain.Customer, with syncRequest) (*domain.Customer, error) {
	done := s.sync.Enqueue(ctx, customer, with.information)
	if !with.wait {
		return customer, nil
	}
	return s.await(ctx, customer, func(waiting context.Context) error {
		select {
		case <-done:
		case <-waiting.Done():
		}
		return nil
	})
}

// await waits for something, as long as a request may, and returns the customer as it is then.
func (s *Service) await(ctx context.Context, customer *domain.Customer, something func(context.Context) error) (*domain.Customer, error) {
	waiting, cancel := context.WithTimeout(ctx, syncWait)
	defer cancel()
	if err := something(waiting); err != nil || ctx.Err() != nil {
		return customer, err // The caller is gone; the outcome is recorded.
	}
	return s.store.AnyCustomer(ctx, customer.Ref())
}

// Resync pushes the whole customer and fetches the provider's facts. A customer that the provider does not have is
// created there. wait is whether to wait for the outcome.
// Errors: IdentityForbidden, BadUserInput, CustomerNotFound, IntegrationNotFound without a provider, Conflict.
func (s *Service) Resync(ctx context.Context, actor domain.Actor, identity Identity, wait bool) (*domain.Customer, error) {
	ref, err := writable(actor, identity)
	if err != nil {
		return nil, err
	}
	if s.sync == nil {
		return nil, noIntegration("customerId")
	}
	return s.changeAndSync(ctx, ref, syncRequest{wait: wait}, live(ref, func(customer *domain.Customer) (bool, error) {
		if customer.Sync != nil {
			// The caller has seen why the server does not create the customer by itself.
			customer.Sync.RenewCreation()
		}
		customer.EnqueueFullSync(s.Now())
		customer.Sync.Writes++ // No client-settable field changed.
		return true, nil
	}))
}

// PaymentMethod is the input of Service.AttachPaymentMethod.
type PaymentMethod struct {
	Identity
	PaymentMethodID string
	// Vendor and IntegrationID name the provider; nil is the only integration.
	Vendor        string
	IntegrationID *string
	// Currency is what the customer is to be charged in, ISO 4217; "" is as before.
	Currency string
}

// AttachPaymentMethod makes a payment method at the provider the customer's default, and creates the customer there if
// need be. While the provider is down, that stays pending.
// Errors: IdentityForbidden, IDMismatch, MissingID, BadUserInput, CustomerNotFound, IntegrationNotFound,
// PaymentMethodNotFound, PaymentMethodRefused, ProviderCustomerDeleted, Conflict.
func (s *Service) AttachPaymentMethod(ctx context.Context, actor domain.Actor, input PaymentMethod) (*domain.Customer, error) {
	ref, err := writable(actor, input.Identity)
	if err != nil {
		return nil, err
	}
	if err := validate.ID("paymentMethodId", input.PaymentMethodID); err != nil {
		return nil, err
	}
	if s.sync == nil || input.Vendor != s.integration.Vendor {
		return nil, noIntegration("vendorIdentifier")
	}
	if err := s.checkIntegration("integrationId", input.IntegrationID); err != nil {
		return nil, err
	}
	return s.changePaymentMethod(ctx, ref, func(customer *domain.Customer) error {
		s.enqueueAttachment(customer, input.PaymentMethodID, input.Currency)
		return nil
	})
}

// enqueueAttachment enqueues a payment method. A customer that the provider does not have is created there first.
func (s *Service) enqueueAttachment(customer *domain.Customer, paymentMethodID, currency string) {
	s.enqueueFirstSync(customer)
	customer.EnqueueAttachment(s.Now(), paymentMethodID, currency)
}

// enqueueFirstSync enqueues the whole customer if it never was. A payment method alone would make it look synced.
func (s *Service) enqueueFirstSync(customer *domain.Customer) {
	if !customer.SyncStarted() {
		customer.EnqueueFullSync(s.Now())
	}
}

// DetachPaymentMethod removes the customer's default payment method for good, and drops a pending attachment.
// Errors: IdentityForbidden, BadUserInput, CustomerNotFound, IntegrationNotFound without a provider, NoBillingID for
// a customer that the provider does not have, PaymentMethodNotFound for one without a payment method that is
// charged, PaymentMethodStuck, ProviderCustomerDeleted, Conflict.
func (s *Service) DetachPaymentMethod(ctx context.Context, actor domain.Actor, identity Identity) (*domain.Customer, error) {
	ref, err := writable(actor, identity)
	if err != nil {
		return nil, err
	}
	if s.sync == nil {
		return nil, noIntegration("customerId")
	}
	return s.changePaymentMethod(ctx, ref, func(customer *domain.Customer) error {
		method := customer.Facts().DefaultPaymentMethodID
		switch {
		case customer.AttachmentPending():
		case customer.BillingID == nil:
			return domain.FieldErrorf(domain.NoBillingID, "customerId", "is a customer that the billing provider does not have: Customer has no billing id")
		case method == "":
			return domain.FieldErrorf(domain.PaymentMethodNotFound, "customerId", "is a customer without a default payment method: Payment method not found")
		}
		s.enqueueFirstSync(customer)
		customer.EnqueueDetachment(s.Now(), method)
		return nil
	})
}

func (s *Service) changePaymentMethod(
	ctx context.Context, ref domain.CustomerRef, want func(*domain.Customer) error,
) (*domain.Customer, error) {
	customer, _, err := s.commit(ctx, ref, syncRequest{}, live(ref, func(customer *domain.Customer) (bool, error) {
		if err := want(customer); err != nil {
			return false, err
		}
		customer.Sync.Writes++ // No client-settable field changed.
		return true, nil
	}))
	if err != nil {
		return nil, err
	}
	return s.await(ctx, customer, func(waiting context.Context) error { return s.sync.Push(waiting, customer) })
}

// checkIntegration refuses the id of any integration but the only one; nil is that one.
func (s *Service) checkIntegration(field string, id *string) error {
	if id == nil || *id == s.integration.ID {
		return nil
	}
	return domain.FieldErrorf(domain.IntegrationNotFound, field, "is no integration of this server; it has %q", s.integration.ID)
}

func noIntegration(field string) error {
	return domain.FieldErrorf(domain.IntegrationNotFound, field, "needs a billing integration that this server does not have: Integration not found")
}
