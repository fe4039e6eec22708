package billing

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrorKind says what a caller does about a failure.
type ErrorKind string

// The kinds of failure.
const (
	// Temporary: nothing was changed by the failed request. The same call may succeed later, after RetryAfter
	// if that is given. A rejected API key is temporary too: the operator has to
	// change it, and no customer is to blame.
	Temporary ErrorKind = "Temporary"
	// UnknownOutcome: the request may or may not have been carried out. The same call finds out.
	UnknownOutcome ErrorKind = "UnknownOutcome"
	// Permanent: the provider refuses, and the same call will be refused again. Code says why.
	Permanent ErrorKind = "Permanent"
	// DeletedCustomer: the provider has deleted the customer, for good.
	DeletedCustomer ErrorKind = "DeletedCustomer"
	// KeySpent: this creation's key fails from now on, though the customer may have been made. The
	// next generation of the key is needed.
	KeySpent ErrorKind = "KeySpent"
)

// The codes that do not come from the provider. Its own are lower-case words too.
const (
	CodeConnectionFailed   = "connection_failed"
	CodeNoResponse         = "no_answer"
	CodeUnreadableResponse = "unreadable_answer"
	CodeUnauthorized       = "not_let_in"
	CodeCustomerDeleted    = "customer_deleted"
	CodeCouponUnsupported  = "coupon_unsupported"
	CodeOther              = "other"
	// CodeCreationUnconfirmed: a creation was begun so long ago that its repetition could make a second customer.
	CodeCreationUnconfirmed = "creation_unconfirmed"
	// CodeSuperseded: another attempt has the lease, or there is nothing to push any more.
	CodeSuperseded = "superseded"
	// CodeStoreFailed: not the provider but the store was at fault.
	CodeStoreFailed = "store_failed"
	// CodeInformationLost: billing information was accepted but not pushed.
	CodeInformationLost = "billing_information_lost"
)

// ProviderError is a failure at the provider, safe to store, log and show: it holds words of programs only, no
// personal data, no secret, and no sentence of the provider's, which may repeat what it was sent. It wraps
// nothing for the same reason.
type ProviderError struct {
	Kind ErrorKind
	// Code is why, as a word of the provider or one of the codes above.
	Code string
	// Param is the provider's name of the parameter that it refused, "" if it names none.
	Param string
	// Missing is whether the provider has no object of an id that it was sent.
	Missing bool
	// RequestID is the provider's name of the request, "" if there was no response.
	RequestID string
	// RetryAfter is how long the provider wants to be left alone; 0 if it does not say.
	RetryAfter time.Duration
}

// Error says it in a line.
func (e *ProviderError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "billing provider: %s (%s)", e.Kind, e.Code)
	if e.Param != "" {
		fmt.Fprintf(&s, " on %s", e.Param)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&s, ", request %s", e.RequestID)
	}
	return s.String()
}

// KindOf is the kind of a ProviderError, "" of any other error and of nil.
func KindOf(err error) ErrorKind {
	if failure, ok := errors.AsType[*ProviderError](err); ok {
		return failure.Kind
	}
	return ""
}

// RequestIDOf is the RequestID of a ProviderError, "" of any other error and of nil.
func RequestIDOf(err error) string {
	if failure, ok := errors.AsType[*ProviderError](err); ok {
		return failure.RequestID
	}
	return ""
}

// The refusals of inbound events. Each of the two about the future is one of the others too.
var (
	ErrBadSignature = errors.New("the event's signature is missing, wrong, or too old")
	ErrBadEvent     = errors.New("the event is signed but cannot be read")

	ErrFutureSignature error = &eventError{"the event's signature is dated in the future: compare the clocks", ErrBadSignature}
	ErrFutureEvent     error = &eventError{"the event is dated in the future: compare the clocks", ErrBadEvent}
)

// eventError is a refusal that is more exact than its kind.
type eventError struct {
	why  string
	kind error
}

func (e *eventError) Error() string { return e.why }
func (e *eventError) Unwrap() error { return e.kind }
