package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// The billing providers.
const (
	BillingNone      = "none"
	BillingStripe    = "stripe"
	BillingSimulator = "simulator"
)

// Billing is where customers are billed.
type Billing struct {
	// Given is what was asked for; Provider says what that means.
	Given           string
	StripeSecretKey Secret
	// StripeWebhookSecret holds one secret or several, separated by commas.
	StripeWebhookSecret Secret
	StripeAPIBase       string
	// SimulatorListen is the address of the simulator.
	SimulatorListen string
}

// stripeAPIBase is Stripe's own.
const stripeAPIBase = "https://api.stripe.com"

func defaultBilling() Billing {
	return Billing{StripeAPIBase: stripeAPIBase, SimulatorListen: "127.0.0.1:0"}
}

func billingSettings() []Setting {
	return []Setting{
		{Flag: "billing", Usage: "billing provider: none, stripe or simulator; if not given, stripe if there is a secret key for it, else none", commands: serving,
			target: func(c *Config) any { return &c.Billing.Given }},
		{Flag: "stripe-secret-key", Usage: "secret or restricted API key of the account at Stripe", commands: serving,
			target: func(c *Config) any { return &c.Billing.StripeSecretKey }},
		{Flag: "stripe-webhook-secret", Usage: "signing secret of the webhook endpoint at Stripe; several, separated by commas, while one is replaced", commands: serving,
			target: func(c *Config) any { return &c.Billing.StripeWebhookSecret }},
		{Flag: "stripe-api-base", Usage: "where Stripe's API is", commands: serving,
			target: func(c *Config) any { return &c.Billing.StripeAPIBase }},
		{Flag: "simulator-listen", Usage: "loopback address of the billing simulator; port 0 is a free one, which the server prints", commands: serving,
			target: func(c *Config) any { return &c.Billing.SimulatorListen }},
	}
}

// Provider is one of the billing providers. Who gives a key means Stripe.
func (b Billing) Provider() string {
	switch {
	case b.Given != "":
		return b.Given
	case b.StripeSecretKey != "":
		return BillingStripe
	default:
		return BillingNone
	}
}

// testKeyForm is that of keys of Stripe's test mode and sandboxes, of an account or of an organisation.
var testKeyForm = regexp.MustCompile(`^[sr]k_(org_)?test_`)

// IsTest reports whether no real customer is billed: by a key of test mode, or by the simulator.
func (b Billing) IsTest() bool {
	switch b.Provider() {
	case BillingSimulator:
		return true
	case BillingStripe:
		return testKeyForm.MatchString(string(b.StripeSecretKey))
	default:
		return false
	}
}

// WebhookSecrets are the secrets that Stripe may have signed an event with.
func (b Billing) WebhookSecrets() []string {
	var secrets []string
	for secret := range strings.SplitSeq(string(b.StripeWebhookSecret), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

var (
	// A key of another form, such as the publishable one, is refused at the start, not with the first customer.
	stripeKeyForm = regexp.MustCompile(`^[sr]k_[A-Za-z0-9_]+$`)
	// The length keeps out placeholders: whoever guesses the secret can say what they like of any customer.
	webhookSecretForm = regexp.MustCompile(`^whsec_[!-~]{16,}$`)
)

func (b Billing) verify(exposed bool) error {
	switch b.Provider() {
	case BillingStripe:
		return b.verifyStripe()
	case BillingSimulator:
		if err := checkAddress("--simulator-listen or CLIENTELE_SIMULATOR_LISTEN", b.SimulatorListen); err != nil {
			return err
		}
		if !isLoopback(b.SimulatorListen) {
			return errors.New("--simulator-listen or CLIENTELE_SIMULATOR_LISTEN must be a loopback address, as in 127.0.0.1:8420, because the simulator asks nobody for a key")
		}
		if exposed {
			return errors.New("--billing simulator or CLIENTELE_BILLING is for --listen on a loopback address only: it is a stand-in for development that lets anybody in")
		}
	case BillingNone:
	default:
		return errors.New("--billing or CLIENTELE_BILLING must be none, stripe or simulator")
	}
	// What would have no effect was meant to have one.
	for _, setting := range []struct {
		name  string
		given bool
	}{
		{"--stripe-secret-key or CLIENTELE_STRIPE_SECRET_KEY", b.StripeSecretKey != ""},
		{"--stripe-webhook-secret or CLIENTELE_STRIPE_WEBHOOK_SECRET", b.StripeWebhookSecret != ""},
		{"--stripe-api-base or CLIENTELE_STRIPE_API_BASE", b.StripeAPIBase != stripeAPIBase},
	} {
		if setting.given {
			return fmt.Errorf("%s is for --billing stripe, and the provider is %s", setting.name, b.Provider())
		}
	}
	return nil
}

func (b Billing) verifyStripe() error {
	if b.StripeSecretKey == "" {
		return errors.New("--billing stripe or CLIENTELE_BILLING needs --stripe-secret-key or CLIENTELE_STRIPE_SECRET_KEY")
	}
	if !stripeKeyForm.MatchString(string(b.StripeSecretKey)) {
		return errors.New("--stripe-secret-key or CLIENTELE_STRIPE_SECRET_KEY must be a secret or restricted key, which begins with sk_ or rk_ and has letters, digits and underscores only")
	}
	secrets := b.WebhookSecrets()
	for _, secret := range secrets {
		if !webhookSecretForm.MatchString(secret) {
			return errors.New("--stripe-webhook-secret or CLIENTELE_STRIPE_WEBHOOK_SECRET must be signing secrets, which begin with whsec_ and have at least 16 characters more, separated by commas")
		}
	}
	if b.StripeWebhookSecret != "" && secrets == nil {
		return errors.New("--stripe-webhook-secret or CLIENTELE_STRIPE_WEBHOOK_SECRET holds no secret")
	}
	return checkAPIBase(b.StripeAPIBase)
}

// checkAPIBase keeps the key from going over the network in the clear. A sentence must not repeat the address, in which
// a password can be.
func checkAPIBase(address string) error {
	base, err := url.Parse(address)
	if err != nil || base.Hostname() == "" || base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" ||
		strings.HasSuffix(address, "/") || base.Scheme != "https" && base.Scheme != "http" {
		return errors.New("--stripe-api-base or CLIENTELE_STRIPE_API_BASE must be an address as in " + stripeAPIBase + ", with no user in it and nothing behind the path")
	}
	if base.Scheme == "http" && !isLoopback(net.JoinHostPort(base.Hostname(), "0")) {
		return errors.New("--stripe-api-base or CLIENTELE_STRIPE_API_BASE must be https, except on a loopback address")
	}
	return nil
}
