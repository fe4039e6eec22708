// Package stripe is billing at Stripe. It translates between billing.Provider and Stripe's API, and is the only
// package that knows Stripe's client.
//
// It must not know who calls it, what is stored, or that it may talk to a simulator. It decides nothing about
// retries: each method makes the requests it needs once and says how that went. What passes through it is
// secret, so it writes no log, and nothing that Stripe says in sentences leaves it.
//
// Since version 2025-03-31 of its API, Stripe lets no coupon be applied to a customer, only to a subscription or
// an invoice. So a customer's coupon is made at Stripe and named in the customer's metadata, where whatever
// makes subscriptions and invoices finds it.
package stripe

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	// Stripe's own client: it knows the parameters, and is tested against every version of the API.
	stripego "github.com/stripe/stripe-go/v86"

	"clientele/internal/billing"
	"clientele/internal/billing/taxid"
)

// APIBase is where Stripe's API is.
const APIBase = stripego.APIURL

// DefaultTimeout is how long a request may take with its response. Stripe serves most within a second.
const DefaultTimeout = 20 * time.Second

// maxResponse is far more than the longest response to the requests made here.
const maxResponse = 4 << 20

// Config says which account at Stripe is meant and how it is reached.
type Config struct {
	// SecretKey is the account's secret or restricted API key.
	SecretKey string
	// WebhookSecrets prove who sent an event. There is more than one while a secret is being replaced.
	WebhookSecrets []string
	// APIBase is where the API is, such as APIBase, without a slash at its end.
	APIBase string
	// Timeout bounds each request; 0 is DefaultTimeout.
	Timeout time.Duration
	// Transport carries the requests; nil is one of the package's own.
	Transport http.RoundTripper
}

// Provider is an account at Stripe.
type Provider struct {
	client         *stripego.Client
	webhookSecrets []string
	mode           taxid.Mode
}

var _ billing.Provider = (*Provider)(nil)

// New returns the account that the configuration names. It asks Stripe nothing yet.
func New(cfg Config) (*Provider, error) {
	base, err := url.Parse(cfg.APIBase)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, errors.New("the base of Stripe's API must be an http or https address")
	}
	if cfg.SecretKey == "" {
		return nil, errors.New("a secret key for Stripe is needed")
	}
	backends := stripego.NewBackendsWithConfig(&stripego.BackendConfig{
		URL:        stripego.String(cfg.APIBase),
		HTTPClient: newHTTPClient(cfg),
		// Whoever calls knows what was tried before and retries; a client that retries by itself would keep the
		// caller waiting and hide what happened.
		MaxNetworkRetries: stripego.Int64(0),
		EnableTelemetry:   stripego.Bool(false),
		// The client logs what Stripe says of bad requests, personal data included.
		LeveledLogger: &stripego.LeveledLogger{Level: stripego.LevelNull},
	})
	return &Provider{
		client:         stripego.NewClient(cfg.SecretKey, stripego.WithBackends(backends)),
		webhookSecrets: cfg.WebhookSecrets, mode: modeOf(cfg.SecretKey),
	}, nil
}

func newHTTPClient(cfg Config) *http.Client {
	timeout, transport := cfg.Timeout, cfg.Transport
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if transport == nil {
		transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment, // as every HTTP client does where one must be used
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       time.Minute,
			ResponseHeaderTimeout: timeout,
		}
	}
	return &http.Client{
		Timeout:   timeout,
		Transport: limited{transport},
		// Stripe does not redirect, and the key goes to no other place.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// limited cuts off responses that are longer than any of Stripe's.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = limitedBody{io.LimitReader(response.Body, maxResponse), response.Body}
	}
	return response, err
}

type limitedBody struct {
	io.Reader
	io.Closer
}
