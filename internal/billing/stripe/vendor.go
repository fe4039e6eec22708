package stripe

import (
	"regexp"

	"clientele/internal/billing"
	"clientele/internal/billing/taxid"
	"clientele/internal/domain"
)

// Describe returns what the program has to know of Stripe. An account of test mode takes published tax ids too.
func Describe(mode taxid.Mode) billing.Vendor {
	return billing.Vendor{
		Integration: domain.Integration{ID: "stripe", Vendor: "STRIPE"}, Title: "Stripe", SignatureHeader: "Stripe-Signature",
		Rules: billing.Rules{
			MaxPhoneLength: 20, MaxTaxIDs: maxTaxIDs, MaxCustomFields: 4, MaxCustomFieldKeyLength: 40, MaxCustomFieldValueLength: 140,
			MaxMetadataKeys: maxMetadataKeys, MaxMetadataKeyLength: 40, MaxMetadataValueLength: 500,
			CheckTaxID: func(taxType, value string) error { return taxid.Validate(taxType, value, mode) }, SameTaxID: taxid.Same,
		},
	}
}

// maxMetadataKeys is Stripe's limit of 50 without our own six.
const maxMetadataKeys = 44

// Vendor implements billing.Provider.
func (p *Provider) Vendor() billing.Vendor { return Describe(p.mode) }

// testKeyForm is that of keys of test mode and sandboxes, of an account or of an organisation.
var testKeyForm = regexp.MustCompile(`^[sr]k_(org_)?test_`)

func modeOf(secretKey string) taxid.Mode {
	if testKeyForm.MatchString(secretKey) {
		return taxid.Test
	}
	return taxid.Live
}
