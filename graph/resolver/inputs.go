package resolver

import (
	"encoding/json"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/customers"
	"clientele/internal/domain"
)

// changeOf keeps the difference between an omitted input field and a null.
func changeOf[T any](field graphql.Omittable[*T]) domain.Change[T] {
	return domain.Change[T]{Given: field.IsSet(), Value: field.Value()}
}

func jsonChangeOf(field graphql.Omittable[json.RawMessage]) domain.Change[json.RawMessage] {
	if field.Value() == nil {
		return domain.Change[json.RawMessage]{Given: field.IsSet()}
	}
	return domain.SetTo(field.Value())
}

// fromVersion is the version that a change requires; nil is any.
func fromVersion(field graphql.Omittable[*int]) *int64 {
	if field.Value() == nil {
		return nil
	}
	version := int64(*field.Value())
	return &version
}

// unsupported refuses an input field that the schema has and the server does not implement yet.
func unsupported(field string, given bool) error {
	if !given {
		return nil
	}
	return domain.FieldErrorf(domain.UnsupportedParameter, field, "is not supported by this server yet; leave it out")
}

// textChangeOf is changeOf for a text that can be cleared. "" clears it as null does, because some generated clients
// cannot send null.
func textChangeOf(field graphql.Omittable[*string]) domain.Change[string] {
	return domain.Change[string]{Given: field.IsSet(), Value: notEmpty(field)}
}

// notEmpty is nil for "", which generated clients send for a field that is not set.
func notEmpty(field graphql.Omittable[*string]) *string {
	if text := field.Value(); text != nil && *text != "" {
		return text
	}
	return nil
}

func identityOf(customerID string, environmentID graphql.Omittable[*string]) customers.Identity {
	return customers.Identity{CustomerID: &customerID, EnvironmentID: environmentID.Value()}
}

func identityOfEither(customerID, refID, environmentID graphql.Omittable[*string]) customers.Identity {
	return customers.Identity{CustomerID: customerID.Value(), RefID: refID.Value(), EnvironmentID: environmentID.Value()}
}

func fromCustomerInput(input model.CustomerInput) (customers.Provision, error) {
	return fromProvisionCustomerInput(model.ProvisionCustomerInput{
		Name:                     input.Name,
		Email:                    input.Email,
		RefID:                    input.RefID,
		CustomerID:               input.CustomerID,
		EnvironmentID:            input.EnvironmentID,
		BillingID:                input.BillingID,
		AWSMarketplaceCustomerID: input.AWSMarketplaceCustomerID,
		SalesforceID:             input.SalesforceID,
		CrmID:                    input.CrmID,
		CouponRefID:              input.CouponRefID,
		BillingInformation:       input.BillingInformation,
		AdditionalMetaData:       input.AdditionalMetaData,
		ShouldSyncFree:           input.ShouldSyncFree,
		CreatedAt:                input.CreatedAt,
	})
}

func fromProvisionCustomerInput(input model.ProvisionCustomerInput) (customers.Provision, error) {
	provision := customers.Provision{
		Identity: identityOfEither(input.CustomerID, input.RefID, input.EnvironmentID),
		Details: customers.Details{
			Name:                     textChangeOf(input.Name),
			Email:                    textChangeOf(input.Email),
			BillingID:                textChangeOf(input.BillingID),
			CRMID:                    textChangeOf(input.CrmID),
			SalesforceID:             textChangeOf(input.SalesforceID),
			AWSMarketplaceCustomerID: textChangeOf(input.AWSMarketplaceCustomerID),
			CouponID:                 textChangeOf(input.CouponRefID),
			Metadata:                 jsonChangeOf(input.AdditionalMetaData),
			BillingInformation:       fromCustomerBillingInfo(input.BillingInformation.Value()),
		},
		ExcludeFromExperiment: isTrue(input.ExcludeFromExperiment),
		SyncFree:              isTrue(input.ShouldSyncFree),
		CreatedAt:             input.CreatedAt.Value(),
	}
	var err error
	provision.Subscription, err = fromSubscriptionParams(input.SubscriptionParams.Value())
	return provision, err
}

func fromUpdateCustomerInput(input model.UpdateCustomerInput) customers.Update {
	return customers.Update{
		Identity: identityOfEither(input.CustomerID, input.RefID, input.EnvironmentID),
		Details: customers.Details{
			Name:                     textChangeOf(input.Name),
			Email:                    textChangeOf(input.Email),
			BillingID:                textChangeOf(input.BillingID),
			CRMID:                    textChangeOf(input.CrmID),
			SalesforceID:             textChangeOf(input.SalesforceID),
			AWSMarketplaceCustomerID: textChangeOf(input.AWSMarketplaceCustomerID),
			CouponID:                 textChangeOf(input.CouponRefID),
			Metadata:                 jsonChangeOf(input.AdditionalMetaData),
			BillingInformation:       fromCustomerBillingInfo(input.BillingInformation.Value()),
		},
		IfVersion: fromVersion(input.IfVersion),
		WaitSync:  isTrue(input.ShouldWaitSync),
	}
}

func fromImportCustomerInput(input model.ImportCustomerInput) customers.ImportRow {
	return customers.ImportRow{
		Identity: identityOfEither(input.CustomerID, input.RefID, input.EnvironmentID),
		Details: customers.Details{
			Name:         textChangeOf(input.Name),
			Email:        textChangeOf(input.Email),
			BillingID:    textChangeOf(input.BillingID),
			SalesforceID: textChangeOf(input.SalesforceID),
			Metadata:     jsonChangeOf(input.AdditionalMetaData),
		},
		UpdatedAt:       input.UpdatedAt.Value(),
		PaymentMethodID: input.PaymentMethodID.Value(),
	}
}

func fromAttachCustomerPaymentMethodInput(input model.AttachCustomerPaymentMethodInput) customers.PaymentMethod {
	method := customers.PaymentMethod{
		Identity:        identityOfEither(input.CustomerID, input.RefID, input.EnvironmentID),
		PaymentMethodID: input.PaymentMethodID,
		Vendor:          input.VendorIdentifier.String(),
		IntegrationID:   input.IntegrationID.Value(),
	}
	if currency := input.BillingCurrency.Value(); currency != nil {
		method.Currency = currency.String()
	}
	return method
}

func textOf[T fmt.Stringer](value *T) *string {
	if value == nil {
		return nil
	}
	text := (*value).String()
	return &text
}

func fromCustomerBillingInfo(input *model.CustomerBillingInfo) *domain.BillingInformation {
	if input == nil {
		return nil
	}
	return &domain.BillingInformation{
		TaxIDs:              fromTaxIDs(input.TaxIds),
		BillingAddress:      fromAddress(input.BillingAddress.Value()),
		ShippingAddress:     fromAddress(input.ShippingAddress.Value()),
		Currency:            textOf(input.Currency.Value()),
		InvoiceCustomFields: input.InvoiceCustomFields.Value(),
		PaymentMethodID:     input.PaymentMethodID.Value(),
		Timezone:            input.Timezone.Value(),
		Language:            input.Language.Value(),
		CustomerName:        input.CustomerName.Value(),
		Metadata:            input.Metadata.Value(),
		IntegrationID:       input.IntegrationID.Value(),
	}
}

func fromAddress(input *model.Address) *domain.Address {
	if input == nil {
		return nil
	}
	return &domain.Address{
		Country:      input.Country.Value(),
		State:        input.State.Value(),
		AddressLine1: input.AddressLine1.Value(),
		AddressLine2: input.AddressLine2.Value(),
		City:         input.City.Value(),
		PostalCode:   input.PostalCode.Value(),
		PhoneNumber:  input.PhoneNumber.Value(),
	}
}
