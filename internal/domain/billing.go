package domain

import (
	"cmp"
	"encoding/json"
	"maps"
)

// BillingInformation is pushed to the billing provider and kept nowhere: no document, log, trace or error holds it. A nil
// pointer, map or slice was not given.
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

// Over merges b over older information, as if both had been pushed in that order; metadata is merged by key. older may be
// nil.
func (b *BillingInformation) Over(older *BillingInformation) *BillingInformation {
	if older == nil {
		return b
	}
	all := &BillingInformation{
		BillingAddress:      cmp.Or(b.BillingAddress, older.BillingAddress),
		ShippingAddress:     cmp.Or(b.ShippingAddress, older.ShippingAddress),
		Currency:            cmp.Or(b.Currency, older.Currency),
		TaxIDs:              older.TaxIDs,
		InvoiceCustomFields: older.InvoiceCustomFields,
		PaymentMethodID:     cmp.Or(b.PaymentMethodID, older.PaymentMethodID),
		Timezone:            cmp.Or(b.Timezone, older.Timezone),
		Language:            cmp.Or(b.Language, older.Language),
		CustomerName:        cmp.Or(b.CustomerName, older.CustomerName),
		Metadata:            mergedKeys(older.Metadata, b.Metadata),
		IntegrationID:       cmp.Or(b.IntegrationID, older.IntegrationID),
	}
	if b.TaxIDs != nil {
		all.TaxIDs = b.TaxIDs
	}
	if b.InvoiceCustomFields != nil && string(b.InvoiceCustomFields) != "null" {
		all.InvoiceCustomFields = b.InvoiceCustomFields
	}
	return all
}

// mergedKeys is an object of JSON with the keys of two, each as the newer has it if it does. What is no object, such as
// null, has none.
func mergedKeys(older, newer json.RawMessage) json.RawMessage {
	keys := map[string]json.RawMessage{}
	for _, object := range []json.RawMessage{older, newer} {
		var its map[string]json.RawMessage
		_ = json.Unmarshal(object, &its)
		maps.Copy(keys, its)
	}
	if len(keys) == 0 {
		return newer
	}
	merged, _ := json.Marshal(keys)
	return merged
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
