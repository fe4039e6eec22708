package billing

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	// The binary runs in images that have no zone database, and there LoadLocation would know UTC alone.
	_ "time/tzdata"

	"golang.org/x/text/language"

	"clientele/internal/billing/taxid"
	"clientele/internal/domain"
)

// The limits that hold for every provider. Lengths are counted in characters (Unicode code points).
const (
	maxTextLength     = 255
	maxTimezoneLength = 64
	maxLanguageLength = 35
)

// OwnMetadataPrefix begins the metadata keys that are ours at a provider.
const OwnMetadataPrefix = "clientele_"

// ErrTaxIDType is wrapped by the refusal of a tax id's type.
var ErrTaxIDType = taxid.ErrType

// Check returns the first rule that the billing information breaks, nil if there is none. field is the input's path,
// such as "billingInformation"; errors name the path below it and hold no value. What was not given breaks no rule.
// The currency is not checked: its GraphQL type already is the list of currencies.
//
// Errors: InvalidAddress, InvalidTaxID, InvalidMetadata, else BadUserInput.
func (r Rules) Check(field string, info domain.BillingInformation) error {
	return cmp.Or(
		checkAddress(field+".billingAddress", info.BillingAddress, r.MaxPhoneLength),
		checkAddress(field+".shippingAddress", info.ShippingAddress, maxTextLength),
		r.checkTaxIDs(field+".taxIds", info.TaxIDs),
		r.checkCustomFields(field+".invoiceCustomFields", info.InvoiceCustomFields),
		checkText(domain.BadUserInput, field+".paymentMethodId", info.PaymentMethodID, 1, maxTextLength),
		checkTimezone(field+".timezone", info.Timezone),
		checkLanguage(field+".language", info.Language),
		checkText(domain.BadUserInput, field+".customerName", info.CustomerName, 1, maxTextLength),
		r.checkMetadata(field+".metadata", info.Metadata),
		checkText(domain.BadUserInput, field+".integrationId", info.IntegrationID, 1, maxTextLength),
	)
}

// checkAddress takes the phone number's limit, because the provider has one for the customer's own alone.
func checkAddress(field string, address *domain.Address, maxPhoneLength int) error {
	if address == nil {
		return nil
	}
	return cmp.Or(
		checkCountry(field+".country", address.Country),
		checkText(domain.InvalidAddress, field+".state", address.State, 0, maxTextLength),
		checkText(domain.InvalidAddress, field+".addressLine1", address.AddressLine1, 0, maxTextLength),
		checkText(domain.InvalidAddress, field+".addressLine2", address.AddressLine2, 0, maxTextLength),
		checkText(domain.InvalidAddress, field+".city", address.City, 0, maxTextLength),
		checkText(domain.InvalidAddress, field+".postalCode", address.PostalCode, 0, maxTextLength),
		checkText(domain.InvalidAddress, field+".phoneNumber", address.PhoneNumber, 0, maxPhoneLength),
	)
}

func checkCountry(field string, code *string) error {
	if code == nil {
		return nil
	}
	if _, known := domain.Country(*code); !known {
		return domain.FieldErrorf(domain.InvalidAddress, field, "must be the ISO 3166-1 alpha-2 code of a country, such as DK")
	}
	return nil
}

func checkText(kind domain.Kind, field string, text *string, minLength, maxLength int) error {
	if text == nil {
		return nil
	}
	n := utf8.RuneCountInString(*text)
	if n < minLength || n > maxLength {
		return domain.FieldErrorf(kind, field, "must have %d to %d characters", minLength, maxLength)
	}
	if !utf8.ValidString(*text) {
		return domain.FieldErrorf(kind, field, "must be text in UTF-8")
	}
	return domain.CheckLine(kind, field, *text)
}

func (r Rules) checkTaxIDs(field string, ids []domain.TaxID) error {
	if len(ids) > r.MaxTaxIDs {
		return domain.FieldErrorf(domain.BadUserInput, field, "must have at most %d entries", r.MaxTaxIDs)
	}
	for i, id := range ids {
		entry := fmt.Sprintf("%s[%d]", field, i)
		if err := r.CheckTaxID(id.Type, id.Value); err != nil {
			part := entry + ".value"
			if errors.Is(err, ErrTaxIDType) {
				part = entry + ".type"
			}
			return domain.FieldErrorf(domain.InvalidTaxID, part, "%s", err.Error())
		}
		if err := domain.CheckLine(domain.InvalidTaxID, entry+".value", id.Value); err != nil {
			return err
		}
		if slices.ContainsFunc(ids[:i], func(before domain.TaxID) bool {
			return before.Type == id.Type && r.SameTaxID(id.Type, before.Value, id.Value)
		}) {
			return domain.FieldErrorf(domain.InvalidTaxID, entry, "must differ from the entries before it")
		}
	}
	return nil
}

func (r Rules) checkCustomFields(field string, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	// JSON null makes a nil map, which is "not given" as everywhere else.
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return domain.FieldErrorf(domain.BadUserInput, field, "must be a JSON object")
	}
	if len(fields) > r.MaxCustomFields {
		return domain.FieldErrorf(domain.BadUserInput, field, "must have at most %d keys", r.MaxCustomFields)
	}
	for key, value := range fields {
		text, isText := value.(string)
		keyLength := utf8.RuneCountInString(key)
		if !isText || utf8.RuneCountInString(text) > r.MaxCustomFieldValueLength ||
			keyLength < 1 || keyLength > r.MaxCustomFieldKeyLength {
			return domain.FieldErrorf(domain.BadUserInput, field,
				"must have keys of 1 to %d characters, with values that are text of at most %d characters",
				r.MaxCustomFieldKeyLength, r.MaxCustomFieldValueLength)
		}
		if domain.ControlRule(key, false)+domain.ControlRule(text, false) != "" {
			return domain.FieldErrorf(domain.BadUserInput, field, "must have keys and values without control characters")
		}
	}
	return nil
}

// checkMetadata names no key in its refusals, because what is in it only the provider may see. A key whose value is
// null counts too.
func (r Rules) checkMetadata(field string, raw json.RawMessage) error {
	texts, err := MetadataTexts(raw)
	fits := err == nil && len(texts) <= r.MaxMetadataKeys
	for key, text := range texts {
		keyLength := utf8.RuneCountInString(key)
		fits = fits && keyLength >= 1 && keyLength <= r.MaxMetadataKeyLength && !strings.ContainsAny(key, "[]") &&
			utf8.RuneCountInString(text) <= r.MaxMetadataValueLength
	}
	if !fits {
		return domain.FieldErrorf(domain.InvalidMetadata, field,
			"must be a JSON object of at most %d keys of 1 to %d characters without square brackets, "+
				"with values of at most %d characters, of which those that are no texts count as JSON",
			r.MaxMetadataKeys, r.MaxMetadataKeyLength, r.MaxMetadataValueLength)
	}
	for key := range texts {
		if domain.ControlRule(key, false) != "" {
			return domain.FieldErrorf(domain.InvalidMetadata, field, "must have keys without control characters")
		}
	}
	for key := range texts {
		if strings.HasPrefix(key, OwnMetadataPrefix) {
			return domain.FieldErrorf(domain.InvalidMetadata, field,
				"must have no key that begins with %s", OwnMetadataPrefix)
		}
	}
	return nil
}

// MetadataTexts is the metadata of billing information as a provider keeps it: texts as they are, all else as
// compact JSON. A null takes its key away at the provider and is the empty text here.
func MetadataTexts(raw json.RawMessage) (map[string]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	texts := make(map[string]string, len(values))
	for key, value := range values {
		var text *string
		switch {
		case json.Unmarshal(value, &text) != nil:
			var compact bytes.Buffer
			// The value came out of a decoder, so it is JSON and compacting it cannot fail.
			_ = json.Compact(&compact, value)
			texts[key] = compact.String()
		case text != nil:
			texts[key] = *text
		default:
			texts[key] = ""
		}
	}
	return texts, nil
}

// zoneName is the shape of every name in the IANA database. LoadLocation opens a file by the name it is
// given, so without this "Europe//Berlin" and "Europe/./Berlin" would be zones too.
var zoneName = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`)

// notZones are the names besides "" by which LoadLocation finds what is no zone of the database: Go's name
// for the host's setting, and what a host's zone directory holds besides, that setting again and second
// copies of the database. They would make the result depend on the machine.
var notZones = regexp.MustCompile(`^(Local|localtime|posixrules|posix/.*|right/.*)$`)

func checkTimezone(field string, zone *string) error {
	if zone == nil {
		return nil
	}
	if len(*zone) <= maxTimezoneLength && zoneName.MatchString(*zone) && !notZones.MatchString(*zone) {
		if _, err := time.LoadLocation(*zone); err == nil {
			return nil
		}
	}
	return domain.FieldErrorf(domain.BadUserInput, field,
		"must be an IANA time zone, such as Europe/Berlin, of at most %d characters", maxTimezoneLength)
}

func checkLanguage(field string, tag *string) error {
	if tag == nil || isLanguage(*tag) {
		return nil
	}
	return domain.FieldErrorf(domain.BadUserInput, field,
		"must be a BCP 47 language tag, such as en-GB, of at most %d characters", maxLanguageLength)
}

// isLanguage bounds the length before parsing, because parsing a hostile tag costs more than its length.
func isLanguage(tag string) bool {
	// The parser takes en_GB for en-GB; BCP 47 and the provider do not.
	if len(tag) > maxLanguageLength || strings.Contains(tag, "_") {
		return false
	}
	parsed, err := language.Parse(tag)
	if err != nil {
		return false
	}
	// A tag that names no language, such as "und", "root" or a private "x-ours", is parsed without error.
	base, _, _ := parsed.Raw()
	return base.String() != "und"
}
