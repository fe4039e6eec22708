package customers

import (
	"context"

	"clientele/internal/domain"
)

// Update is the input of Service.Update.
type Update struct {
	Identity
	Details
	// IfVersion is the version that the change is meant for; nil is any.
	IfVersion *int64
	// WaitSync is whether to wait for the outcome of the push to the billing provider.
	WaitSync bool
}

// Update changes what the input gives and nothing else. Concurrent changes of other properties, or of other keys of the
// metadata, are kept.
// Errors: IdentityForbidden, IDMismatch, MissingID, BadUserInput, InvalidMetadata, InvalidAddress,
// InvalidTaxID, IntegrationNotFound, CouponNotFound, CouponIsArchived, CustomerNotFound for an unknown or archived customer,
// VersionMismatch, Conflict.
func (s *Service) Update(ctx context.Context, actor domain.Actor, input Update) (*domain.Customer, error) {
	ref, err := writable(actor, input.Identity)
	if err != nil {
		return nil, err
	}
	if err := s.check(&input.Details); err != nil {
		return nil, err
	}
	coupon, err := s.checkCoupon(ctx, ref.EnvironmentID, input.Details)
	if err != nil {
		return nil, err
	}
	with := syncRequest{information: input.BillingInformation, wait: input.WaitSync}
	return s.changeAndSync(ctx, ref, with, live(ref, func(customer *domain.Customer) (bool, error) {
		if err := domain.RequireVersion(input.IfVersion, customer.EditVersion()); err != nil {
			return false, err
		}
		if err := checkGivenTo(customer, coupon); err != nil {
			return false, err
		}
		now := s.Now()
		changed, err := input.apply(customer, now)
		if changed {
			customer.UpdatedAt = now
		}
		return changed, err
	}))
}
