package customers

import (
	"context"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// Sync tells the billing provider of what was committed. A failure of the provider's is recorded with the customer,
// and fails no write.
type Sync interface {
	// Enqueue pushes a change in the background. information is what came with it, nil for none. The channel is
	// closed once the outcome is recorded, or left to a later attempt.
	Enqueue(ctx context.Context, customer *domain.Customer, information *domain.BillingInformation) <-chan struct{}
	// Push pushes a payment method that is to be attached or detached, and waits for the outcome as long as the
	// context lasts. Errors: what the provider refuses, after which the payment method is not waiting any more.
	Push(ctx context.Context, customer *domain.Customer) error
}

// WithIntegration sets which integration callers may name, and see.
func WithIntegration(to domain.Integration) Option { return func(s *Service) { s.integration = to } }

// Integration is the one of WithIntegration.
func (s *Service) Integration() domain.Integration { return s.integration }

// WithSync sets how the billing provider is told. Without it there is none, and billing information is let go.
func WithSync(sync Sync) Option { return func(s *Service) { s.sync = sync } }

// syncWait is how long a request waits for the provider after its customer was written. What takes longer is told in
// the customer's sync state.
const syncWait = 10 * time.Second

// telling is what goes to the provider with a change besides what the change itself implies.
type telling struct {
	// information is nil if none came.
	information *domain.BillingInformation
	// wait is whether to wait for the outcome.
	wait bool
}

// note notes with a change of a customer what the provider has to be told, and reports whether there is anything.
func (s *Service) note(before, after *domain.Customer, with telling) bool {
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

// noteNew is note for a new customer. free is whether to sync one that pays nothing.
func (s *Service) noteNew(customer *domain.Customer, with telling, free bool) {
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

// tell tells the provider of what was noted with a change, and answers the customer as it is then.
func (s *Service) tell(ctx context.Context, customer *domain.Customer, with telling) (*domain.Customer, error) {
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

// await answers the customer as it is after something, for which it waits as long as a request may.
func (s *Service) await(ctx context.Context, customer *domain.Customer, something func(context.Context) error) (*domain.Customer, error) {
	waiting, cancel := context.WithTimeout(ctx, syncWait)
	defer cancel()
	if err := something(waiting); err != nil || ctx.Err() != nil {
		return customer, err // Whoever has left does not need to know how the provider took it.
	}
	return s.store.AnyCustomer(ctx, customer.Ref())
}

// Resync tells the provider of a customer as if it knew nothing yet, and asks it for what it knows. A customer that
// it does not have is made there. wait is whether to wait for the outcome.
// Errors: IdentityForbidden, BadUserInput, CustomerNotFound, IntegrationNotFound without a provider, Conflict.
func (s *Service) Resync(ctx context.Context, actor domain.Actor, identity Identity, wait bool) (*domain.Customer, error) {
	ref, err := writable(actor, identity)
	if err != nil {
		return nil, err
	}
	if s.sync == nil {
		return nil, noIntegration("customerId")
	}
	return s.changeTelling(ctx, ref, telling{wait: wait}, live(ref, func(customer *domain.Customer) (bool, error) {
		if customer.Sync != nil {
			// Whoever asks has seen why the server would not by itself.
			customer.Sync.RenewCreation()
		}
		customer.EnqueueFullSync(s.Now())
		customer.Sync.Writes++ // Nothing that callers set is another.
		return true, nil
	}))
}

// PaymentMethod is the input of Service.AttachPaymentMethod.
type PaymentMethod struct {
	Identity
	PaymentMethodID string
	// Vendor and IntegrationID say whose payment method it is; nil is the one integration that there is.
	Vendor        string
	IntegrationID *string
	// Currency is what the customer is to be charged in, ISO 4217; "" is as before.
	Currency string
}

// AttachPaymentMethod makes a payment method at the provider the one that the customer is charged with, and makes
// the customer there if need be. While the provider is down, that is kept in mind and done later.
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
		s.wantAttachment(customer, input.PaymentMethodID, input.Currency)
		return nil
	})
}

// wantAttachment notes a payment method to attach. A customer that the provider does not have is made there first.
func (s *Service) wantAttachment(customer *domain.Customer, paymentMethodID, currency string) {
	s.beginSync(customer)
	customer.EnqueueAttachment(s.Now(), paymentMethodID, currency)
}

// beginSync notes the whole customer if it never was: a payment method alone would make it one that the provider
// seems to know all of.
func (s *Service) beginSync(customer *domain.Customer) {
	if !customer.SyncStarted() {
		customer.EnqueueFullSync(s.Now())
	}
}

// DetachPaymentMethod takes the payment method that the customer is charged with away from it, for good, and forgets
// one that waits to be attached.
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
		s.beginSync(customer)
		customer.EnqueueDetachment(s.Now(), method)
		return nil
	})
}

func (s *Service) changePaymentMethod(
	ctx context.Context, ref domain.CustomerRef, want func(*domain.Customer) error,
) (*domain.Customer, error) {
	customer, _, err := s.commit(ctx, ref, telling{}, live(ref, func(customer *domain.Customer) (bool, error) {
		if err := want(customer); err != nil {
			return false, err
		}
		customer.Sync.Writes++ // Nothing that callers set is another.
		return true, nil
	}))
	if err != nil {
		return nil, err
	}
	return s.await(ctx, customer, func(waiting context.Context) error { return s.sync.Push(waiting, customer) })
}

// checkIntegration refuses the id of an integration that is not the one that there is; nil is that one.
func (s *Service) checkIntegration(field string, id *string) error {
	if id == nil || *id == s.integration.ID {
		return nil
	}
	return domain.FieldErrorf(domain.IntegrationNotFound, field, "is no integration of this server; it has %q", s.integration.ID)
}

func noIntegration(field string) error {
	return domain.FieldErrorf(domain.IntegrationNotFound, field, "needs a billing integration that this server does not have: Integration not found")
}
