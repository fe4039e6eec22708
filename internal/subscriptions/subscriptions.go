// Package subscriptions decides on the subscription that a new customer begins with: which plan, at which prices, with
// which discount, and when each phase of its life begins. What the catalogue has is read first; the decision is a
// function of that and of the input. Package customers calls it, and is not known here.
package subscriptions

import (
	"context"
	"time"

	"clientele/internal/domain"
	"clientele/internal/keylock"
	"clientele/persistence"
)

// Store is what the package needs of a store.
type Store interface {
	persistence.Catalog
	AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error)
}

// billingCheck refuses billing information that a provider would not take; field is the input's path.
type billingCheck = func(field string, info domain.BillingInformation) error

// Service prepares and writes subscriptions. Create it with New.
type Service struct {
	store        Store
	checkBilling billingCheck
	now          func() time.Time
	newID        func() string
	locks        *keylock.Locks
	outcomes     *outcomes
}

// New makes a Service. newID makes UUIDs.
func New(store Store, checkBilling billingCheck, now func() time.Time, newID func() string) *Service {
	return &Service{store: store, checkBilling: checkBilling, now: now, newID: newID, locks: keylock.New(), outcomes: newOutcomes()}
}

// Decision is why a new customer has the subscription that it has.
type Decision string

// The decisions.
const (
	FreePlanDecided  Decision = "PREDEFINED_FREE_PLAN"
	TrialPlanDecided Decision = "PREDEFINED_TRIAL_PLAN"
	RequestedPlan    Decision = "REQUESTED_PLAN"
	NoSubscription   Decision = "SKIPPED_SUBSCRIPTION_CREATION"
)

// Payment is what is known of how a new customer pays.
type Payment struct {
	// Currency is what the customer is charged in; nil leaves it to the plan.
	Currency *string
	// Confirmed is whether the customer's payment method needs no confirmation by a provider.
	Confirmed bool
}

// Prepared is a new customer with its initial subscription, which Write stores.
type Prepared struct {
	Decision Decision

	service    *Service
	customer   *domain.Customer
	redemption *redemption // nil without a promotion code
}

// Prepare decides on the initial subscription of a new customer and adds it to the customer. It writes nothing.
// Errors: IDMismatch, BadUserInput, InvalidMetadata, InvalidAddress, InvalidTaxID, PlanNotFound, ProductNotFound,
// AddonNotFound, FeatureNotFound, UnpublishedPackage, IncompatibleAddon, InvalidQuantity, BillingPeriodMissing,
// AmountTooLarge, CouponNotFound, CouponIsArchived, PromotionCodeNotFound and those of PromotionCode.Check.
func (s *Service) Prepare(ctx context.Context, customer *domain.Customer, input Input, payment Payment, now time.Time) (*Prepared, error) {
	if err := input.check(s.checkBilling); err != nil {
		return nil, err
	}
	offer, err := load(ctx, s.store, customer.EnvironmentID, &input)
	if err != nil {
		return nil, err
	}
	draft := &draft{customer: customer, input: input, offer: offer, payment: payment, now: now, start: now, newID: s.newID, newRef: newSubscriptionID}
	if input.StartDate != nil {
		draft.start = domain.Timestamp(*input.StartDate)
	}
	redemption, err := draft.decide()
	return &Prepared{draft.decision, s, customer, redemption}, err
}

// newSubscriptionID makes an id for a subscription whose product gave none.
func newSubscriptionID() string { return domain.RandomRef("subscription-") }

// Write has the customer inserted, in between setting aside what its subscriptions need and making that final.
// Errors: those of insert, Duplicate for the id of a subscription, those of PromotionCode.Check and Reserve, Conflict.
func (p *Prepared) Write(ctx context.Context, insert func(context.Context) error) error {
	insertClaimed := func() error {
		for i := range p.customer.Subscriptions {
			if err := p.service.claim(ctx, p.customer, p.customer.Subscriptions[i].SubscriptionID); err != nil {
				return err
			}
		}
		return insert(ctx)
	}
	if p.redemption == nil {
		return insertClaimed()
	}
	return p.service.redeem(ctx, p.redemption, insertClaimed)
}
