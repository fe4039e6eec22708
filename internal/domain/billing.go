package domain

import "encoding/json"

// BillingInformation is what the billing provider is told of a customer. It passes through: no document,
// log, trace or error ever holds it. A nil pointer, map or slice was not given.
type BillingInformation struct {
	BillingAddress      *Address
	ShippingAddress     *Address
	Currency            *string // ISO 4217
	TaxIDs              []TaxID
	InvoiceCustomFields json.RawMessage
	PaymentMethodID     *string
	Timezone            *string // IANA
	Language            *string // BCP 47
	CustomerName        *string
	Metadata            json.RawMessage
	IntegrationID       *string
}

// Address is a postal address.
type Address struct {
	Country      *string // ISO 3166-1 alpha-2
	State        *string
	AddressLine1 *string
	AddressLine2 *string
	City         *string
	PostalCode   *string
	PhoneNumber  *string
}

// TaxID is a tax id with its kind in the provider's terms.
type TaxID struct {
	Type  string
	Value string
}
