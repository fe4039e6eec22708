// Package validate checks single values of inputs: ids, texts, numbers, amounts. Each function takes the input's path,
// which its error names, and returns a domain.Error or nil. It knows no document but a feature, and no store.
package validate

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clientele/internal/domain"
)

// The limits of texts, in characters (Unicode code points).
const (
	maxTextLength        = 255
	maxDescriptionLength = 1000
)

// ID accepts an id that callers choose freely: one line without white space at its ends. Errors: BadUserInput.
func ID(field, id string) error {
	if strings.TrimSpace(id) != id {
		return domain.FieldErrorf(domain.BadUserInput, field, "must not begin or end with white space")
	}
	return Name(field, id)
}

// refIDForm is the form of ids in the catalogue file too.
var refIDForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,254}$`)

// RefID accepts an id that the catalogue file could have. Errors: BadUserInput.
func RefID(field, id string) error {
	if refIDForm.MatchString(id) {
		return nil
	}
	return domain.FieldErrorf(domain.BadUserInput, field,
		"must be 1 to 255 letters, digits, dots, colons, hyphens and underscores, beginning with a letter or digit")
}

// Name accepts one line of text for people. Errors: BadUserInput.
func Name(field, name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > maxTextLength {
		return domain.FieldErrorf(domain.BadUserInput, field, "must have 1 to %d characters, it has %d", maxTextLength, n)
	}
	return domain.CheckLine(domain.BadUserInput, field, name)
}

// Description accepts a text for people, which may be empty or have several lines. Errors: BadUserInput.
func Description(field, text string) error {
	if n := utf8.RuneCountInString(text); n > maxDescriptionLength {
		return domain.FieldErrorf(domain.BadUserInput, field, "must have at most %d characters, it has %d", maxDescriptionLength, n)
	}
	return domain.CheckLines(domain.BadUserInput, field, text)
}

// The years of dates. What follows from a date, such as the end of a trial, must have a year of four digits too.
const (
	EarliestYear = 1900
	LatestYear   = 3000
)

// Date accepts dates from EarliestYear to LatestYear. Errors: BadUserInput.
func Date(field string, date time.Time) error {
	if year := date.Year(); year < EarliestYear || year > LatestYear {
		return domain.FieldErrorf(domain.BadUserInput, field, "must be in a year from %d to %d", EarliestYear, LatestYear)
	}
	return nil
}

// WholeNumber accepts a number without a fraction within bounds, and returns it. The error has the given kind.
func WholeNumber(kind domain.Kind, field string, n float64, lowest, highest int64) (int64, error) {
	// No comparison holds for NaN.
	if !(n == math.Trunc(n) && n >= float64(lowest) && n <= float64(highest)) {
		return 0, domain.FieldErrorf(kind, field, "must be a whole number from %d to %d", lowest, highest)
	}
	return int64(n), nil
}

// maxMonths bounds how long a coupon discounts.
const maxMonths = 1200

// Months accepts how long a coupon discounts, in months; nil is for ever. Errors: BadUserInput.
func Months(field string, months *float64) (*int, error) {
	if months == nil {
		return nil, nil
	}
	whole, err := WholeNumber(domain.BadUserInput, field, *months, 1, maxMonths)
	return new(int(whole)), err
}

// Amount accepts amounts that can be money. Errors: AmountTooLarge, BadUserInput.
func Amount(field string, amount domain.Decimal) error {
	switch {
	case amount.Sign() < 0:
		return domain.FieldErrorf(domain.BadUserInput, field, "must not be negative")
	case amount.Compare(domain.MaxAmount) > 0:
		return domain.FieldErrorf(domain.AmountTooLarge, field, "must be at most %s", domain.MaxAmount)
	}
	return nil
}

// Discount accepts either a percentage above 0 and up to 100, or at least one amount above 0, one a currency. path is
// where percentOff and amountsOff stand in the input, with a dot at its end. Errors: BadUserInput, AmountTooLarge.
func Discount(path string, percentOff *domain.Decimal, amountsOff []domain.Money) error {
	if (percentOff != nil) == (len(amountsOff) > 0) {
		return domain.FieldErrorf(domain.BadUserInput, path+"percentOff", "or amountsOff must be given, and not both")
	}
	if percentOff != nil {
		if percentOff.Sign() <= 0 || percentOff.Compare("100") > 0 {
			return domain.FieldErrorf(domain.BadUserInput, path+"percentOff", "must be above 0 and at most 100")
		}
		return nil
	}
	seen := map[string]bool{}
	for _, off := range amountsOff {
		switch {
		case off.Amount.Sign() <= 0:
			return domain.FieldErrorf(domain.BadUserInput, path+"amountsOff", "must be amounts above 0")
		case seen[off.Currency]:
			return domain.FieldErrorf(domain.BadUserInput, path+"amountsOff", "must have one amount a currency")
		}
		if err := Amount(path+"amountsOff", off.Amount); err != nil {
			return err
		}
		seen[off.Currency] = true
	}
	return nil
}

// maxUsageLimit is the largest limit of a feature that callers can set.
const maxUsageLimit = math.MaxInt32 * float64(1000)

// Entitlement accepts limits that fit the feature's type. Errors: BadUserInput.
func Entitlement(field string, feature *domain.Feature, limit *float64, unlimited bool, values []string) error {
	refuse := func(format string, args ...any) error {
		return domain.FieldErrorf(domain.BadUserInput, field, format, args...).With("featureId", feature.RefID)
	}
	switch feature.Type {
	case domain.FeatureNumber:
		if unlimited == (limit != nil) {
			return refuse("must have either a usageLimit or hasUnlimitedUsage for the feature %q, which is a number", feature.RefID)
		}
		if limit != nil && (*limit < 0 || *limit > maxUsageLimit) {
			return refuse("must have a usageLimit that is not negative and at most %.0f", maxUsageLimit)
		}
	case domain.FeatureEnum:
		if len(values) == 0 {
			return refuse("must have enumValues for the feature %q, which is a list of values", feature.RefID)
		}
		for _, value := range values {
			if !slices.ContainsFunc(feature.EnumValues, func(v domain.EnumValue) bool { return v.Value == value }) {
				return refuse("must have enumValues that the feature %q has", feature.RefID)
			}
		}
	default:
	}
	if feature.Type != domain.FeatureNumber && limit != nil {
		return refuse("must not have a usageLimit for the feature %q, which is not a number", feature.RefID)
	}
	if feature.Type != domain.FeatureEnum && len(values) > 0 {
		return refuse("must not have enumValues for the feature %q, which has none", feature.RefID)
	}
	return nil
}
