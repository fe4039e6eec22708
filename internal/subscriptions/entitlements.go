package subscriptions

import (
	"fmt"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// overrideEntitlements lets the input's entitlements stand in place of the plan's. Errors: FeatureNotFound, BadUserInput.
func (d *draft) overrideEntitlements(s *domain.Subscription) error {
	const field = "subscriptionParams.entitlements"
	for _, e := range d.input.Entitlements {
		if err := d.requireFeature(field, e.FeatureID); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	own := make([]domain.PackageEntitlement, len(d.input.Entitlements))
	for i, e := range d.input.Entitlements {
		if e.Description != nil {
			if err := validate.Description(fmt.Sprintf("subscriptionParams.subscriptionEntitlements[%d].description", i), *e.Description); err != nil {
				return err
			}
		}
		if seen[e.FeatureID] {
			return domain.FieldErrorf(domain.BadUserInput, field, "must not name a feature twice")
		}
		seen[e.FeatureID] = true
		if err := validate.Entitlement(field, d.offer.features[e.FeatureID], e.UsageLimit, e.Unlimited, e.EnumValues); err != nil {
			return err
		}
		e.ID, e.IsCustom = d.newID(), true
		own[i] = e
	}
	s.Entitlements = domain.Inherited(s.Entitlements, own)
	return nil
}
