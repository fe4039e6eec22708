package customers

import (
	"context"

	"clientele/internal/domain"
)

// Archive clears name and email for good and removes the customer from all lists and look-ups. It returns the customer
// as archived. ifVersion is the version that the change is meant for; nil is any.
// Errors: IdentityForbidden, BadUserInput, CustomerNotFound for an unknown or archived customer, VersionMismatch,
// Conflict.
func (s *Service) Archive(ctx context.Context, actor domain.Actor, identity Identity, ifVersion *int64) (*domain.Customer, error) {
	ref, err := writable(actor, identity)
	if err != nil {
		return nil, err
	}
	customer, err := s.changeLive(ctx, ref, func(customer *domain.Customer) (bool, error) {
		if err := domain.RequireVersion(ifVersion, customer.EditVersion()); err != nil {
			return false, err
		}
		customer.Archive(s.Now())
		return true, nil
	})
	if err == nil {
		s.clearResponses(ctx, ref)
	}
	return customer, err
}

// Unarchive makes an archived customer live again, without name and email; it returns a live one as it is.
// Errors: IdentityForbidden, BadUserInput, CustomerNotFound for an unknown customer, Conflict.
func (s *Service) Unarchive(ctx context.Context, actor domain.Actor, identity Identity) (*domain.Customer, error) {
	ref, err := writable(actor, identity)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, ref, func(customer *domain.Customer) (bool, error) {
		if !customer.Archived() {
			return false, nil
		}
		customer.Unarchive(s.Now())
		if s.sync != nil && customer.SyncInterrupted() {
			customer.EnqueueFullSync(s.Now())
		}
		return true, nil
	})
}

func writable(actor domain.Actor, identity Identity) (domain.CustomerRef, error) {
	if err := actor.AuthorizeWrite(); err != nil {
		return domain.CustomerRef{}, err
	}
	return identity.required(actor)
}
