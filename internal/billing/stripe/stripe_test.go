package stripe_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/accounttest"
	"clientele/internal/billing/billingtest"
	"clientele/internal/billing/simulator"
	"clientele/internal/billing/stripe"
)

const (
	secretKey     = "sk_test_ofTheSimulator"
	webhookSecret = "whsec_of_the_simulator"
)

func open(t *testing.T, transport http.RoundTripper) (*simulator.Simulator, *stripe.Provider) {
	t.Helper()
	sim := simulator.New(simulator.Options{SecretKey: secretKey, WebhookSecret: webhookSecret})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, connect(t, server.URL, transport)
}

func connect(t *testing.T, base string, transport http.RoundTripper) *stripe.Provider {
	t.Helper()
	if transport == nil {
		transport = &http.Transport{DisableKeepAlives: true}
	}
	provider, err := stripe.New(stripe.Config{
		SecretKey: secretKey, WebhookSecrets: []string{"whsec_of_yesterday", webhookSecret},
		APIBase: base, Transport: transport, Timeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

// account is the suite's view of a simulator.
func account(t *testing.T, transport http.RoundTripper) billingtest.Account {
	t.Helper()
	sim, provider := open(t, transport)
	return accounttest.Of(t, sim, provider)
}

func TestProvider(t *testing.T) {
	billingtest.Run(t, func(t *testing.T) billingtest.Account { return account(t, nil) })
}

// unusedAddress is one without a listener.
func unusedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

// TestInvalidIDsAreNotSent: they would make another path of the one that they belong in.
func TestInvalidIDsAreNotSent(t *testing.T) {
	for _, id := range []string{"", ".", "..", "cus_1/sources", "cus_1?x", "cus 1"} {
		requests := 0
		_, provider := open(t, carry(func(*http.Request) (*http.Response, error) {
			requests++
			return nil, errors.New("no request was expected")
		}))
		_, asCustomer := provider.RetrieveCustomer(t.Context(), id)
		_, asMethod := provider.AttachPaymentMethod(t.Context(), "cus_1", id)
		for what, err := range map[string]error{"a customer": asCustomer, "a payment method": asMethod} {
			failure, is := errors.AsType[*billing.ProviderError](err)
			if !is || failure.Kind != billing.Permanent || failure.Code != "resource_missing" {
				t.Errorf("%q as %s: %v", id, what, err)
			}
		}
		if requests > 0 {
			t.Errorf("%q: %d requests", id, requests)
		}
	}
}
