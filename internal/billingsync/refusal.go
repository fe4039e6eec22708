package billingsync

import (
	"errors"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

// refusalOf is what a caller reads when the provider refuses to attach or detach a payment method.
func refusalOf(vendor string, part domain.SyncPart, err error) error {
	failure, _ := errors.AsType[*billing.ProviderError](err)
	var refusal *domain.Error
	switch {
	case failure.Kind == billing.DeletedCustomer:
		refusal = domain.Errorf(domain.ProviderCustomerDeleted,
			"%s customer is deleted: the billing provider has deleted the customer that this one is linked to", vendor)
	case failure.Missing:
		refusal = domain.FieldErrorf(domain.PaymentMethodNotFound, "paymentMethodId", "is no payment method that the billing provider has: Payment method not found")
	case part == domain.SyncDetachment:
		refusal = domain.Errorf(domain.PaymentMethodStuck, "Cannot remove the payment method from the customer: the billing provider refuses, with the code %s", failure.Code)
	default:
		refusal = domain.FieldErrorf(domain.PaymentMethodRefused, "paymentMethodId", "is refused by the billing provider, with the code %s", failure.Code)
	}
	return refusal.With("providerCode", failure.Code).With("providerRequestId", failure.RequestID)
}
