package customers

import (
	"context"
	"errors"
	"slices"

	"clientele/internal/domain"
	"clientele/persistence"
)

// Subscribed is a subscription with its customer.
type Subscribed struct {
	Customer     *domain.Customer
	Subscription *domain.Subscription
}

// ActiveSubscriptions returns the subscriptions of a customer that run, the newest first. With resourceIDs it returns
// only those of these resources.
// Errors: IdentityForbidden, CustomerNotFound for an unknown or archived customer.
func (s *Service) ActiveSubscriptions(
	ctx context.Context, actor domain.Actor, environmentID *string, customerID string, resourceIDs []string,
) ([]Subscribed, error) {
	customer, err := s.require(ctx, actor, environmentID, customerID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	running := []Subscribed{}
	for i := range slices.Backward(customer.Subscriptions) {
		sub := &customer.Subscriptions[i]
		wanted := len(resourceIDs) == 0 || sub.ResourceID != nil && slices.Contains(resourceIDs, *sub.ResourceID)
		if wanted && sub.Running(now) {
			running = append(running, Subscribed{customer, sub})
		}
	}
	return running, nil
}

// require is Get for a customer that has to be there. Errors: IdentityForbidden, CustomerNotFound.
func (s *Service) require(ctx context.Context, actor domain.Actor, environmentID *string, customerID string) (*domain.Customer, error) {
	customer, err := s.Get(ctx, actor, environmentID, customerID)
	if err == nil && customer == nil {
		err = notFound(customerID)
	}
	return customer, err
}

// Subscription returns a subscription by its id, whatever its status.
// Errors: IdentityForbidden, SubscriptionNotFound, for that of an archived customer too.
func (s *Service) Subscription(ctx context.Context, actor domain.Actor, environmentID *string, subscriptionID string) (Subscribed, error) {
	environment, err := actor.Environment(environmentID)
	if err != nil {
		return Subscribed{}, err
	}
	claim, err := s.store.SubscriptionClaims().Get(ctx, domain.Ref{EnvironmentID: environment, RefID: subscriptionID})
	if err == nil {
		var customer *domain.Customer
		customer, err = s.store.LiveCustomer(ctx, domain.CustomerRef{EnvironmentID: environment, CustomerID: claim.CustomerID})
		if err == nil {
			if found := customer.Subscription(subscriptionID); found != nil {
				return Subscribed{customer, found}, nil
			}
			err = persistence.ErrNotFound
		}
	}
	if errors.Is(err, persistence.ErrNotFound) {
		err = domain.Errorf(domain.SubscriptionNotFound, "Subscription not found").
			About("Subscription", subscriptionID)
	}
	return Subscribed{}, err
}

// Denial is why a customer may use nothing.
type Denial string

// The denials.
const (
	DeniedUnknown  Denial = "CustomerNotFound"
	DeniedArchived Denial = "CustomerIsArchived"
)

// Entitlement is what a customer may use of a feature.
type Entitlement struct {
	domain.EffectiveEntitlement
	Feature *domain.Feature
}

// Entitlements returns what a customer may use, one a feature, in order of feature; or why the customer may use
// nothing. With a resource it counts the subscriptions of that resource and those without one.
// Errors: IdentityForbidden.
func (s *Service) Entitlements(
	ctx context.Context, actor domain.Actor, environmentID *string, customerID string, resourceID *string,
) ([]Entitlement, Denial, error) {
	environment, err := actor.Environment(environmentID)
	if err != nil {
		return nil, "", err
	}
	customer, err := s.store.AnyCustomer(ctx, domain.CustomerRef{EnvironmentID: environment, CustomerID: customerID})
	switch {
	case errors.Is(err, persistence.ErrNotFound):
		return nil, DeniedUnknown, nil
	case err != nil:
		return nil, "", err
	case customer.Archived():
		return nil, DeniedArchived, nil
	}
	entitlements, err := s.EntitlementsOf(ctx, customer, resourceID)
	return entitlements, "", err
}

// EntitlementsOf is Entitlements for a customer that was read already. A feature that is no longer known grants nothing.
func (s *Service) EntitlementsOf(ctx context.Context, customer *domain.Customer, resourceID *string) ([]Entitlement, error) {
	effective := customer.Entitlements(s.Now(), resourceID)
	ids := make([]string, len(effective))
	for i, e := range effective {
		ids[i] = e.FeatureID
	}
	features, err := s.store.Features().GetMany(ctx, customer.EnvironmentID, ids)
	if err != nil {
		return nil, err
	}
	out := []Entitlement{}
	for _, e := range effective {
		if feature := features[e.FeatureID]; feature != nil {
			out = append(out, Entitlement{e, feature})
		}
	}
	return out, nil
}
