package stripe_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

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
	sim, provider := open(t, transport)
	return billingtest.Account{
		Provider:  provider,
		Customers: func() int { return len(sim.Customers()) },
		Delete: func(id string) {
			if err := sim.Delete(id); err != nil {
				t.Error(err)
			}
		},
		Fail: func(failure billingtest.Failure) {
			fault := map[billingtest.Failure]simulator.Fault{
				billingtest.AnswerLost:  {Kind: simulator.AnswerLost},
				billingtest.TimedOut:    {Kind: simulator.TimeOut},
				billingtest.Busy:        {Kind: simulator.Conflict},
				billingtest.RateLimited: {Kind: simulator.RateLimited, RetryAfter: 7 * time.Second},
				billingtest.Broken:      {Kind: simulator.ServerError},
				billingtest.Unreachable: {Kind: simulator.Dropped},
			}[failure]
			fault.Times = 1
			sim.Fail(fault)
		},
		Recover: sim.Recover,
		Events: func() []billingtest.SignedEvent {
			var out []billingtest.SignedEvent
			for _, e := range sim.Events() {
				out = append(out, billingtest.SignedEvent{Payload: e.Payload, Signature: sim.Sign(e.Payload, time.Now())})
			}
			return out
		},
		PaymentMethod: "pm_card_visa", OtherPaymentMethod: "pm_usBankAccount",
		RefusedPaymentMethod: "pm_card_visa_chargeDeclined", Last4: "4242",
	}
}

func TestProvider(t *testing.T) {
	billingtest.Run(t, func(t *testing.T) billingtest.Account { return account(t, nil) })
}

// unusedAddress is one where nobody listens.
func unusedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}
