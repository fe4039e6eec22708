package customers

import (
	"context"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// Provision is the input of Service.Provision.
type Provision struct {
	Identity
	Details
	ExcludeFromExperiment bool
	// SyncFree is whether to tell the billing provider of the customer although it pays nothing.
	SyncFree bool
	// CreatedAt back-dates the customer; nil is now.
	CreatedAt *time.Time
	// Seed is what an id is made of that has to be made up, so that the same request makes up the same one; empty
	// for an id by chance.
	Seed string
	// Subscription is the initial subscription; nil is none.
	Subscription *Subscribe
}

// Provisioned is what came of a provision.
type Provisioned struct {
	Customer *domain.Customer
	Decision Decision
	// Subscription is the initial one, within Customer; nil if there is none.
	Subscription *domain.Subscription
}

// Provision creates a customer and its initial subscription in one write; without an id in the input it makes
// one up. Nothing is written on an error.
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
		ref.CustomerID = customerIDFrom(input.Seed)
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
	with := telling{information: input.BillingInformation}
	out := Provisioned{Customer: customer, Decision: NoSubscription}
	if input.Subscription == nil {
		s.noteNew(customer, with, input.SyncFree)
		err = s.insert(ctx, customer)
	} else {
		subscriber := s.newSubscriber(customer, input, now)
		var redemption *redemption
		if redemption, err = subscriber.subscribe(ctx); err != nil {
			return Provisioned{}, err
		}
		out.Decision, out.Subscription = subscriber.decision, &customer.Subscriptions[0]
		// What the provider says of the payment method decides whether the subscription begins.
		with.wait = out.Subscription.Status(now) == domain.PaymentPending && with.information != nil && with.information.PaymentMethodID != nil
		s.noteNew(customer, with, input.SyncFree)
		err = s.insertSubscribed(ctx, customer, redemption)
	}
	if err != nil {
		return Provisioned{}, err
	}
	if customer.Sync == nil {
		return out, nil
	}
	if out.Customer, err = s.tell(ctx, customer, with); err == nil && out.Subscription != nil {
		out.Subscription = &out.Customer.Subscriptions[0]
	}
	return out, err
}

func (s *Service) newSubscriber(customer *domain.Customer, input Provision, now time.Time) *subscriber {
	b := &subscriber{service: s, customer: customer, input: *input.Subscription, now: now, start: now}
	if input.Subscription.StartDate != nil {
		b.start = domain.Timestamp(*input.Subscription.StartDate)
	}
	if info := input.BillingInformation; info != nil {
		// Without a provider nobody can say whether the payment method is good.
		b.currency, b.payable = info.Currency, s.sync == nil && info.PaymentMethodID != nil
	}
	return b
}

// insert writes a new customer. Errors: Duplicate, Archived.
func (s *Service) insert(ctx context.Context, customer *domain.Customer) error {
	err := s.store.InsertCustomer(ctx, customer)
	if errors.Is(err, persistence.ErrExists) {
		return s.taken(ctx, customer.Ref())
	}
	return err
}

// insertSubscribed writes a new customer with subscriptions, between setting aside what these need and making
// that final. redemption is nil without a promotion code.
func (s *Service) insertSubscribed(ctx context.Context, customer *domain.Customer, redemption *redemption) error {
	// Of equal requests in this process one writes the customer, and the others see it.
	unlock, err := s.locks.Lock(ctx, customer.Key)
	if err != nil {
		return err
	}
	defer unlock()
	// A look beforehand, so that a repeated request sets nothing aside.
	if _, err := s.store.AnyCustomer(ctx, customer.Ref()); !errors.Is(err, persistence.ErrNotFound) {
		if err != nil {
			return err
		}
		return s.taken(ctx, customer.Ref())
	}
	if redemption == nil {
		return s.insertClaimed(ctx, customer)
	}
	if err := redemption.reserve(ctx); err != nil {
		return err
	}
	err = s.insertClaimed(ctx, customer)
	if _, refused := errors.AsType[*domain.Error](err); refused || err == nil {
		// The customer is written, or is not, whatever comes of this; a redemption that cannot be settled now is
		// settled by whoever wants the code next, or after its lease.
		settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		_ = redemption.settle(settling, err == nil)
	}
	// Of any other error it is not known whether the customer was written. The lease ends that.
	return err
}

// settleTimeout bounds what a request waits for after its customer was written.
const settleTimeout = 10 * time.Second

// insertClaimed writes a new customer once the ids of its subscriptions are its own.
// Errors: Duplicate, Archived, Conflict.
func (s *Service) insertClaimed(ctx context.Context, customer *domain.Customer) error {
	for i := range customer.Subscriptions {
		if err := s.claim(ctx, customer, customer.Subscriptions[i].SubscriptionID); err != nil {
			return err
		}
	}
	return s.insert(ctx, customer)
}

// newCustomer is a customer at its first version.
func (s *Service) newCustomer(ref domain.CustomerRef, createdAt, updatedAt time.Time) *domain.Customer {
	return &domain.Customer{
		Key: ref.Key(), ID: s.newID(), EnvironmentID: ref.EnvironmentID, CustomerID: ref.CustomerID,
		Version: 1, AnswerKey: s.newAnswerKey(), CreatedAt: createdAt, UpdatedAt: updatedAt,
	}
}

// taken says why an id cannot be given out.
func (s *Service) taken(ctx context.Context, ref domain.CustomerRef) error {
	holder, err := s.store.AnyCustomer(ctx, ref)
	// A store may take a moment to show what it refused to insert again, after an election for one.
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return err
	}
	if err == nil && holder.Archived() {
		return archived(ref.CustomerID)
	}
	return domain.Errorf(domain.Duplicate, "Duplicated entity not allowed: a Customer has this id").
		With("entityName", "Customer").With("identifier", ref.CustomerID)
}

func archived(customerID string) error {
	return domain.Errorf(domain.Archived, "Entity is archived: an archived Customer had this id, which cannot be used again").
		With("entityName", "Customer").With("identifier", customerID)
}
