package stripe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v86"

	"clientele/internal/billing"
)

// access says what a request would do, which decides what a missing response means.
type access bool

const (
	reads  access = false
	writes access = true
)

// maxRetryAfter bounds how long a response can put us off.
const maxRetryAfter = time.Hour

// failure says what went wrong in the port's words. It takes nothing from Stripe but words of a known shape:
// its sentences repeat what was sent.
func failure(err error, a access) *billing.ProviderError {
	refusal, responded := errors.AsType[*stripego.Error](err)
	if !responded {
		return noResponse(err, a)
	}
	f := &billing.ProviderError{
		Kind: billing.Permanent, Code: code(refusal), Param: param(refusal.Param), RequestID: word(refusal.RequestID),
		RetryAfter: retryAfter(refusal), Missing: refusal.Code == stripego.ErrorCodeResourceMissing,
	}
	switch status := refusal.HTTPStatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.Kind, f.Code = billing.Temporary, billing.CodeUnauthorized
	case status == http.StatusConflict, status == http.StatusTooManyRequests, status == http.StatusFailedDependency:
		f.Kind = billing.Temporary
	case status >= http.StatusInternalServerError && a == reads:
		f.Kind = billing.Temporary
	case status >= http.StatusInternalServerError:
		f.Kind = billing.UnknownOutcome
	}
	return f
}

// noResponse classifies a request without a readable response.
func noResponse(err error, a access) *billing.ProviderError {
	if attempt, ok := errors.AsType[*net.OpError](err); ok && attempt.Op == "dial" {
		return &billing.ProviderError{Kind: billing.Temporary, Code: billing.CodeConnectionFailed}
	}
	f := &billing.ProviderError{Kind: billing.UnknownOutcome, Code: billing.CodeUnreadableResponse}
	if a == reads {
		f.Kind = billing.Temporary
	}
	if broken, ok := errors.AsType[net.Error](err); ok && broken.Timeout() || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) {
		f.Code = billing.CodeNoResponse
	}
	return f
}

// ofCustomer is failure for a request about a customer. A customer that Stripe deleted is missing to every
// request but one, the request for itself.
func (p *Provider) ofCustomer(ctx context.Context, id string, err error, a access) *billing.ProviderError {
	f := failure(err, a)
	if f.Code != string(stripego.ErrorCodeResourceMissing) || f.Param != "customer" && f.Param != "id" {
		return f
	}
	if customer, err := p.client.V1Customers.Retrieve(ctx, id, nil); err == nil && customer.Deleted {
		f.Kind, f.Code, f.Param = billing.DeletedCustomer, billing.CodeCustomerDeleted, ""
	}
	return f
}

// validID is the form of all ids that Stripe gives. People link customers by hand, and may write ".." too.
var validID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// noCustomer rejects an id that would change the path that it is put in.
func noCustomer(id string) error {
	if validID.MatchString(id) {
		return nil
	}
	return &billing.ProviderError{
		Kind: billing.Permanent, Code: string(stripego.ErrorCodeResourceMissing), Param: "customer", Missing: true,
	}
}

func code(refusal *stripego.Error) string {
	for _, c := range []string{string(refusal.Code), string(refusal.Type)} {
		if c := word(c); c != "" {
			return c
		}
	}
	return billing.CodeOther
}

var words = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

// word lets through what is a program's word: codes, and names of requests.
func word(s string) string {
	if !words.MatchString(s) {
		return ""
	}
	return s
}

var params = regexp.MustCompile(`^[a-z_]{1,40}(\[[a-z0-9_]{0,40}\]){0,3}$`)

// param lets through Stripe's names of parameters. A key of the metadata is not one but the caller's own.
func param(s string) string {
	if strings.HasPrefix(s, "metadata") {
		return "metadata"
	}
	if !params.MatchString(s) {
		return ""
	}
	return s
}

func retryAfter(refusal *stripego.Error) time.Duration {
	if refusal.LastResponse == nil {
		return 0
	}
	header := refusal.LastResponse.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(header); err == nil {
		return min(max(0, time.Duration(seconds)*time.Second), maxRetryAfter)
	}
	if date, err := http.ParseTime(header); err == nil {
		return min(max(0, time.Until(date)), maxRetryAfter)
	}
	return 0
}

// replayed reports whether Stripe returned a stored response, without carrying the request out again.
func replayed(err error) bool {
	refusal, ok := errors.AsType[*stripego.Error](err)
	return ok && refusal.LastResponse != nil && refusal.LastResponse.Header.Get("Idempotent-Replayed") == "true"
}
