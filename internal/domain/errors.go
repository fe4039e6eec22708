package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what went wrong in a way that a caller can decide on. The API's edge maps each kind to one
// stable error code.
type Kind string

// The kinds of refusal. An error of any other origin is unexpected and its text stays in the log.
const (
	Unauthenticated      Kind = "Unauthenticated"
	IdentityForbidden    Kind = "IdentityForbidden"
	BadUserInput         Kind = "BadUserInput"
	UnsupportedParameter Kind = "UnsupportedParameter"
	MissingID            Kind = "MissingID"
	IDMismatch           Kind = "IDMismatch"
	InvalidMetadata      Kind = "InvalidMetadata"
	InvalidAddress       Kind = "InvalidAddress"
	InvalidTaxID         Kind = "InvalidTaxID"
	Duplicate            Kind = "Duplicate"
	Archived             Kind = "Archived"
	CustomerNotFound     Kind = "CustomerNotFound"
	ImportFailed         Kind = "ImportFailed"
	Conflict             Kind = "Conflict"
	VersionMismatch      Kind = "VersionMismatch"
	IdempotencyKeyReused Kind = "IdempotencyKeyReused"
	Timeout              Kind = "Timeout"
	RateLimited          Kind = "RateLimited"
	UntrustedDocument    Kind = "UntrustedDocument"
	APIKeyNotFound       Kind = "APIKeyNotFound"
	TooManyAPIKeys       Kind = "TooManyAPIKeys"

	TooManyAliases       Kind = "TooManyAliases"
	TooManyOperations    Kind = "TooManyOperations"
	UnsupportedDirective Kind = "UnsupportedDirective"

	ProductNotFound                Kind = "ProductNotFound"
	PlanNotFound                   Kind = "PlanNotFound"
	AddonNotFound                  Kind = "AddonNotFound"
	FeatureNotFound                Kind = "FeatureNotFound"
	UnpublishedPackage             Kind = "UnpublishedPackage"
	IncompatibleAddon              Kind = "IncompatibleAddon"
	BillingPeriodMissing           Kind = "BillingPeriodMissing"
	InvalidQuantity                Kind = "InvalidQuantity"
	AmountTooLarge                 Kind = "AmountTooLarge"
	InvalidResetPeriod             Kind = "InvalidResetPeriod"
	SubscriptionNotFound           Kind = "SubscriptionNotFound"
	PromotionalEntitlementNotFound Kind = "PromotionalEntitlementNotFound"
	CouponNotFound                 Kind = "CouponNotFound"
	CouponIsArchived               Kind = "CouponIsArchived"
	IntegrationNotFound            Kind = "IntegrationNotFound"
	NoBillingID                    Kind = "NoBillingID"
	PaymentMethodNotFound          Kind = "PaymentMethodNotFound"
	PaymentMethodRefused           Kind = "PaymentMethodRefused"
	PaymentMethodStuck             Kind = "PaymentMethodStuck"
	ProviderCustomerDeleted        Kind = "ProviderCustomerDeleted"
	PromotionCodeNotFound          Kind = "PromotionCodeNotFound"
	PromotionCodeNotActive         Kind = "PromotionCodeNotActive"
	PromotionCodeNotForCustomer    Kind = "PromotionCodeNotForCustomer"
	PromotionCodeExhausted         Kind = "PromotionCodeExhausted"
	PromotionCodeBelowMinimum      Kind = "PromotionCodeBelowMinimum"
	PromotionCodeNotFirstPurchase  Kind = "PromotionCodeNotFirstPurchase"
)

// Error is a refusal that the caller is meant to read: a sentence that names the field and the rule, and
// facts for programs. Neither holds a secret or more personal data than the caller sent.
type Error struct {
	Kind    Kind
	Message string
	Facts   map[string]any
}

// Error is the sentence.
func (e *Error) Error() string { return e.Message }

// Limited names the limit that the refusal is about, and its bound, for programs.
func (e *Error) Limited(name string, bound any) *Error {
	return e.With("limit", name).With("max", bound)
}

// With returns the error with one more fact for programs.
func (e *Error) With(name string, value any) *Error {
	facts := map[string]any{name: value}
	for n, v := range e.Facts {
		facts[n] = v
	}
	return &Error{Kind: e.Kind, Message: e.Message, Facts: facts}
}

// About returns the error with the facts that name an entity.
func (e *Error) About(entity, id string) *Error {
	return e.With("entityName", entity).With("identifier", id)
}

// IsKind reports whether the error is a refusal of the given kind.
func IsKind(err error, kind Kind) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && refusal.Kind == kind
}

// Errorf makes a refusal of the given kind.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// FieldErrorf makes a refusal that names the input field it is about, as a dotted path, in the sentence
// and as the fact "field".
func FieldErrorf(kind Kind, field, format string, args ...any) *Error {
	return Errorf(kind, "%s %s", field, fmt.Sprintf(format, args...)).With("field", field)
}

// NotFound makes a refusal of an id, in a field, that no entity of the environment has.
func NotFound(kind Kind, field, entity, id string) *Error {
	return FieldErrorf(kind, field, "is no %s of this environment: %s not found", strings.ToLower(entity), entity).About(entity, id)
}
