package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clientele/internal/billing"
	"clientele/internal/billing/stripe"
	"clientele/internal/config"
	"clientele/internal/httpd"
)

// What the configuration takes for Stripe's own address decides whether another one was given.
func TestTheDefaultBaseIsStripesOwn(t *testing.T) {
	t.Parallel()
	if got := config.Default().Billing.StripeAPIBase; got != stripe.APIBase {
		t.Errorf("it is %s", got)
	}
}

func TestAnUnknownProviderIsAUsageError(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Billing.Given = "paddle"
	_, err := New(t.Context(), cfg, nil)
	if !IsUsageError(err) || !strings.HasPrefix(err.Error(), "--billing or CLIENTELE_BILLING must be none, stripe") || strings.Contains(err.Error(), "paddle") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsOfTheSender(t *testing.T) {
	t.Parallel()
	other := errors.New("other")
	for name, c := range map[string]struct {
		err, want error
	}{
		"nothing":               {nil, nil},
		"the signature":         {billing.ErrBadSignature, httpd.RefusedError{Why: billing.ErrBadSignature.Error()}},
		"the event":             {billing.ErrBadEvent, httpd.RefusedError{Why: billing.ErrBadEvent.Error()}},
		"the event, wrapped":    {fmt.Errorf("secret: %w", billing.ErrBadEvent), httpd.RefusedError{Why: billing.ErrBadEvent.Error()}},
		"a future signature":    {billing.ErrFutureSignature, httpd.RefusedError{Why: billing.ErrFutureSignature.Error()}},
		"a future event":        {billing.ErrFutureEvent, httpd.RefusedError{Why: billing.ErrFutureEvent.Error()}},
		"anything else":         {other, other},
		"that nobody has time":  {context.DeadlineExceeded, context.DeadlineExceeded},
		"a provider's failures": {&billing.ProviderError{Kind: billing.Permanent}, &billing.ProviderError{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := receiver(func(context.Context, []byte, string) error { return c.err })(t.Context(), nil, "")
			if _, refused := c.want.(httpd.RefusedError); refused && got != c.want || !refused && got != c.err {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTheSimulatorIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	handler := onlyFor("127.0.0.1:4711", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
	for name, c := range map[string]struct {
		method, host, origin, site string
		status                     int
	}{
		"by address":                   {"POST", "127.0.0.1:4711", "", "", 200},
		"by name":                      {"GET", "localhost:4711", "", "", 200},
		"by another name":              {"GET", "evil.example:4711", "", "", 403},
		"by another port":              {"GET", "127.0.0.1:80", "", "", 403},
		"a page of its own":            {"POST", "127.0.0.1:4711", "http://127.0.0.1:4711", "same-origin", 200},
		"a page of another":            {"POST", "127.0.0.1:4711", "https://evil.example", "cross-site", 403},
		"a page that does not say":     {"POST", "127.0.0.1:4711", "https://evil.example", "", 403},
		"a page of a name made for it": {"POST", "evil.example:4711", "http://evil.example:4711", "same-origin", 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(c.method, "/_simulator/faults", nil)
			request.Host = c.host
			for header, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
				if value != "" {
					request.Header.Set(header, value)
				}
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if recorder.Code != c.status {
				t.Errorf("got %d: %s", recorder.Code, recorder.Body)
			}
		})
	}
}
