package customers

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// Details are the properties of a customer that inputs set.
type Details struct {
	Name                     domain.Change[string]
	Email                    domain.Change[string]
	BillingID                domain.Change[string]
	CRMID                    domain.Change[string]
	SalesforceID             domain.Change[string]
	AWSMarketplaceCustomerID domain.Change[string]
	// CouponID is the RefID of the customer's coupon.
	CouponID domain.Change[string]
	Metadata domain.Change[json.RawMessage]
	// BillingInformation is checked and passed on to the provider, or dropped without one.
	BillingInformation *domain.BillingInformation
}

// check validates what does not depend on the stored customer.
// Errors: BadUserInput, InvalidAddress, InvalidTaxID, InvalidMetadata, IntegrationNotFound.
func (s *Service) check(d *Details) error {
	if d.Name.Value != nil {
		if err := validate.Name("name", *d.Name.Value); err != nil {
			return err
		}
	}
	if d.Email.Value != nil {
		if err := validate.Email("email", *d.Email.Value); err != nil {
			return err
		}
	}
	for _, id := range []struct {
		field  string
		change domain.Change[string]
	}{
		{"billingId", d.BillingID},
		{"crmId", d.CRMID},
		{"salesforceId", d.SalesforceID},
		{"awsMarketplaceCustomerId", d.AWSMarketplaceCustomerID},
	} {
		if id.change.Value != nil {
			if err := validate.ID(id.field, *id.change.Value); err != nil {
				return err
			}
		}
	}
	if d.BillingInformation == nil {
		return nil
	}
	if s.sync != nil {
		if err := s.checkIntegration("billingInformation.integrationId", d.BillingInformation.IntegrationID); err != nil {
			return err
		}
	}
	return s.checkBilling("billingInformation", *d.BillingInformation)
}

// checkCoupon returns the coupon that an input gives; nil for none. Errors: CouponNotFound.
func (s *Service) checkCoupon(ctx context.Context, environmentID string, d Details) (*domain.Coupon, error) {
	if d.CouponID.Value == nil {
		return nil, nil
	}
	coupon, err := s.store.Coupons().Get(ctx, domain.Ref{EnvironmentID: environmentID, RefID: *d.CouponID.Value})
	if errors.Is(err, persistence.ErrNotFound) {
		err = domain.NotFound(domain.CouponNotFound, "couponRefId", "Coupon", *d.CouponID.Value)
	}
	return coupon, err
}

// checkGivenTo refuses a coupon that the customer cannot be given. The one that the customer has may stay.
// Errors: CouponIsArchived.
func checkGivenTo(customer *domain.Customer, coupon *domain.Coupon) error {
	if coupon == nil || domain.SameText(customer.CouponID, &coupon.RefID) {
		return nil
	}
	return coupon.RequireActive("couponRefId")
}

// apply sets what the input gives at a time and reports whether the customer differs afterwards.
// Errors: InvalidMetadata.
func (d *Details) apply(customer *domain.Customer, at time.Time) (bool, error) {
	changed := d.CouponID.Given && setCoupon(customer, d.CouponID.Value, at)
	for _, text := range []struct {
		target *(*string)
		change domain.Change[string]
	}{
		{&customer.Name, d.Name},
		{&customer.Email, d.Email},
		{&customer.CRMID, d.CRMID},
		{&customer.SalesforceID, d.SalesforceID},
		{&customer.AWSMarketplaceCustomerID, d.AWSMarketplaceCustomerID},
	} {
		if text.change.Given && !domain.SameText(*text.target, text.change.Value) {
			*text.target, changed = text.change.Value, true
		}
	}
	if d.BillingID.Given && !domain.SameText(customer.BillingID, d.BillingID.Value) {
		customer.LinkTo(d.BillingID.Value)
		changed = true
	}
	if !d.Metadata.Given {
		return changed, nil
	}
	var patch json.RawMessage
	if d.Metadata.Value != nil {
		patch = *d.Metadata.Value
	}
	merged, err := customer.Metadata.Merge("additionalMetaData", patch)
	if err != nil {
		return false, err
	}
	changed = changed || !customer.Metadata.Equal(merged)
	customer.Metadata = merged
	return changed, nil
}

// setCoupon gives the customer a coupon from a time on, or removes it with nil. It reports whether that changes anything.
func setCoupon(customer *domain.Customer, couponID *string, at time.Time) bool {
	if domain.SameText(customer.CouponID, couponID) {
		return false
	}
	customer.CouponID, customer.CouponAppliedAt = couponID, nil
	if couponID != nil {
		customer.CouponAppliedAt = &at
	}
	return true
}
