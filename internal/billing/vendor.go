package billing

import "clientele/internal/domain"

// Vendor is what the program needs to know of a kind of billing provider before it calls it.
type Vendor struct {
	domain.Integration
	// Title is the name as people write it.
	Title string
	// SignatureHeader is the header of an event's request that ParseEvent takes as the signature.
	SignatureHeader string
	Rules           Rules
}

// WebhookPath is where the provider sends its events.
func (v Vendor) WebhookPath() string { return "/webhooks/" + v.ID }

// Rules are the provider's own limits on billing information. Lengths are in characters (Unicode code points).
type Rules struct {
	MaxPhoneLength            int // of the billing address
	MaxTaxIDs                 int
	MaxCustomFields           int
	MaxCustomFieldKeyLength   int
	MaxCustomFieldValueLength int
	MaxMetadataKeys           int // without those that begin with OwnMetadataPrefix
	MaxMetadataKeyLength      int
	MaxMetadataValueLength    int
	// CheckTaxID returns the rule that a tax id breaks, without repeating the value; ErrTaxIDType is about the type.
	CheckTaxID func(taxType, value string) error
	// SameTaxID reports whether two ids of one type differ only in how they are written.
	SameTaxID func(taxType, a, b string) bool
}
