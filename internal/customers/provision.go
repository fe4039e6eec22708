package customers

import (
	"context"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/internal/subscriptions"
	"clientele/persistence"
)

// Provision is the input of Service.Provision.
type Provision struct {
	Identity
	Details
	ExcludeFromExperiment bool
	// SyncFree is whether to sync the customer with the billing provider although it pays nothing.
	SyncFree bool
	// CreatedAt back-dates the customer; nil is now.
	CreatedAt *time.Time
	// Seed makes the generated id the same for the same request; empty for a random one.
	Seed string
	// Subscription is the initial subscription; nil is none.
	Subscription *subscriptions.Input
}

// Provisioned is the result of Service.Provision.
type Provisioned struct {
	Customer *domain.Customer
	Decision subscriptions.Decision
	// Subscription is the initial one, within Customer; nil if there is none.
	Subscription *domain.Subscription
}

// Provision creates a customer and its initial subscription in one write. Without an id in the input it generates one.
// Nothing is written on an error.
// Errors: IdentityForbidden, IDMismatch, BadUserInput, InvalidMetadata, InvalidAddress, InvalidTaxID,
// CouponNotFound, CouponIsArchived, Duplicate for the id of a live customer or of a subscription, Archived for
// the id of an archived customer, and for the subscription: PlanNotFound, ProductNotFound, AddonNotFound,
// FeatureNotFound, UnpublishedPackage, IncompatibleAddon, InvalidQuantity, BillingPeriodMissing, AmountTooLarge,
// InvalidResetPeriod, PromotionCodeNotFound and the other refusals of promotion codes, Conflict.
func (s *Service) Provision(ctx context.Context, actor domain.Actor, input Provision) (Provisioned, error) {
	if err := actor.AuthorizeWrite(); err != nil {
		return Provisioned{}, err
	}
	ref, err := input.resolve(actor)
	if err != nil {
		return Provisioned{}, err
	}
	now := s.Now()
	createdAt := now
	if input.CreatedAt != nil {
		createdAt = domain.Timestamp(*input.CreatedAt)
		if createdAt.After(now) {
			return Provisioned{}, domain.FieldErrorf(domain.BadUserInput, "createdAt", "must not be in the future")
		}
	}
	if err := s.check(&input.Details); err != nil {
		return Provisioned{}, err
	}
	switch {
	case ref.CustomerID == "" && input.Seed != "":
		ref.CustomerID = domain.SeededRef("customer-", input.Seed)
	case ref.CustomerID == "":
		ref.CustomerID = s.newRef()
	}
	customer := s.newCustomer(ref, createdAt, now)
	customer.ExcludeFromExperiment = input.ExcludeFromExperiment
	coupon, err := s.checkCoupon(ctx, ref.EnvironmentID, input.Details)
	if err != nil {
		return Provisioned{}, err
	}
	if err := checkGivenTo(customer, coupon); err != nil {
		return Provisioned{}, err
	}
	if _, err := input.apply(customer, now); err != nil {
		return Provisioned{}, err
	}
	with := syncRequest{information: input.BillingInformation}
	out := Provisioned{Customer: customer, Decision: subscriptions.NoSubscription}
	insert := func(ctx context.Context) error { return s.insert(ctx, customer) }
	if input.Subscription != nil {
		prepared, err := s.subscriptions.Prepare(ctx, customer, *input.Subscription, s.payment(input.BillingInformation), now)
		if err != nil {
			return Provisioned{}, err
		}
		out.Decision, out.Subscription = prepared.Decision, &customer.Subscriptions[0]
		// The provider's response about the payment method decides whether the subscription begins.
		with.wait = out.Subscription.Status(now) == domain.PaymentPending && with.information != nil && with.information.PaymentMethodID != nil
		insert = func(ctx context.Context) error { return s.insertSubscribed(ctx, customer, prepared) }
	}
	s.enqueueNew(customer, with, input.SyncFree)
	if err := insert(ctx); err != nil {
		return Provisioned{}, err
	}
	if customer.Sync == nil {
		return out, nil
	}
	if out.Customer, err = s.push(ctx, customer, with); err == nil && out.Subscription != nil {
		out.Subscription = &out.Customer.Subscriptions[0]
	}
	return out, err
}

func (s *Service) payment(info *domain.BillingInformation) subscriptions.Payment {
	if info == nil {
		return subscriptions.Payment{}
	}
	// Without a provider, nothing can confirm the payment method later.
	return subscriptions.Payment{Currency: info.Currency, Confirmed: s.sync == nil && info.PaymentMethodID != nil}
}

// insert writes a new customer. Errors: Duplicate, Archived.
func (s *Service) insert(ctx context.Context, customer *domain.Customer) error {
	err := s.store.InsertCustomer(ctx, customer)
	if errors.Is(err, persistence.ErrExists) {
		return s.taken(ctx, customer.Ref())
	}
	return err
}

// insertSubscribed writes a new customer with subscriptions.
func (s *Service) insertSubscribed(ctx context.Context, customer *domain.Customer, prepared *subscriptions.Prepared) error {
	// Of equal requests in this process one writes the customer, and the others see it.
	unlock, err := s.locks.Lock(ctx, customer.Key)
	if err != nil {
		return err
	}
	defer unlock()
	// Looks beforehand, so that a repeated request reserves nothing.
	if _, err := s.store.AnyCustomer(ctx, customer.Ref()); !errors.Is(err, persistence.ErrNotFound) {
		if err != nil {
			return err
		}
		return s.taken(ctx, customer.Ref())
	}
	return prepared.Write(ctx, func(ctx context.Context) error { return s.insert(ctx, customer) })
}

// newCustomer is a customer at its first version.
func (s *Service) newCustomer(ref domain.CustomerRef, createdAt, updatedAt time.Time) *domain.Customer {
	return &domain.Customer{
		Key: ref.Key(), ID: s.newID(), EnvironmentID: ref.EnvironmentID, CustomerID: ref.CustomerID,
		Version: 1, ResponseKey: s.newResponseKey(), CreatedAt: createdAt, UpdatedAt: updatedAt,
	}
}

// taken returns why an id cannot be used.
func (s *Service) taken(ctx context.Context, ref domain.CustomerRef) error {
	holder, err := s.store.AnyCustomer(ctx, ref)
	// After an election for one, a store may take a moment to return what it refused to insert again.
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return err
	}
	if err == nil && holder.Archived() {
		return archived(ref.CustomerID)
	}
	return domain.Errorf(domain.Duplicate, "Duplicated entity not allowed: a Customer has this id").
		About("Customer", ref.CustomerID)
}

func archived(customerID string) error {
	return domain.Errorf(domain.Archived, "Entity is archived: an archived Customer had this id, which cannot be used again").
		About("Customer", customerID)
}
