package config

import (
	"errors"
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

// Billing is where customers are billed. Provider returns what Given means.
type Billing struct {
	Given               string `flag:"billing" usage:"billing provider: none, stripe or simulator; if not given, stripe if there is a secret key for it, else none"`
	StripeSecretKey     Secret `flag:"stripe-secret-key" usage:"secret or restricted API key of the account at Stripe"`
	StripeWebhookSecret Secret `flag:"stripe-webhook-secret" usage:"signing secret of the webhook endpoint at Stripe; several, separated by commas, while one is replaced"`
	StripeAPIBase       string `flag:"stripe-api-base" default:"https://api.stripe.com" usage:"where Stripe's API is"`
	SimulatorListen     string `flag:"simulator-listen" default:"127.0.0.1:0" usage:"loopback address of the billing simulator; port 0 is a free one, which the server prints"`
}

// Provider returns the billing provider. A secret key alone selects Stripe.
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

// WebhookSecrets returns the secrets that Stripe may have signed an event with.
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
	// A key of another form, such as the publishable one, should fail at the start, not with the first customer.
	stripeKeyForm = regexp.MustCompile(`^[sr]k_[A-Za-z0-9_]+$`)
	// The length rules out placeholders: who guesses the secret can forge events.
	webhookSecretForm = regexp.MustCompile(`^whsec_[!-~]{16,}$`)
)

func (b Billing) verify(exposed bool) error {
	switch b.Provider() {
	case BillingStripe:
		return b.verifyStripe()
	case BillingSimulator:
		if err := checkAddress("simulator-listen", b.SimulatorListen); err != nil {
			return err
		}
		if !isLoopback(b.SimulatorListen) {
			return wrong("simulator-listen", "must be a loopback address, as in 127.0.0.1:8420, because the simulator checks no key")
		}
		if exposed {
			return errors.New("--billing simulator or CLIENTELE_BILLING is for --listen on a loopback address only: the simulator is for development, and checks no key")
		}
	}
	// A setting without effect is a mistake.
	for _, setting := range []struct {
		flag  string
		given bool
	}{
		{"stripe-secret-key", b.StripeSecretKey != ""},
		{"stripe-webhook-secret", b.StripeWebhookSecret != ""},
		{"stripe-api-base", b.StripeAPIBase != Default().Billing.StripeAPIBase},
	} {
		if setting.given {
			return wrong(setting.flag, "is for --billing stripe, and the provider is %s", b.Provider())
		}
	}
	return nil
}

func (b Billing) verifyStripe() error {
	if b.StripeSecretKey == "" {
		return errors.New("--billing stripe or CLIENTELE_BILLING needs --stripe-secret-key or CLIENTELE_STRIPE_SECRET_KEY")
	}
	if !stripeKeyForm.MatchString(string(b.StripeSecretKey)) {
		return wrong("stripe-secret-key", "must be a secret or restricted key, which begins with sk_ or rk_ and has letters, digits and underscores only")
	}
	secrets := b.WebhookSecrets()
	for _, secret := range secrets {
		if !webhookSecretForm.MatchString(secret) {
			return wrong("stripe-webhook-secret", "must be signing secrets, which begin with whsec_ and have at least 16 characters more, separated by commas")
		}
	}
	if b.StripeWebhookSecret != "" && secrets == nil {
		return wrong("stripe-webhook-secret", "holds no secret")
	}
	return checkAPIBase(b.StripeAPIBase)
}

// checkAPIBase keeps the key from going over the network in the clear. The error must not repeat the address, which can
// contain a password.
func checkAPIBase(address string) error {
	base, err := url.Parse(address)
	if err != nil || base.Hostname() == "" || base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" ||
		strings.HasSuffix(address, "/") || base.Scheme != "https" && base.Scheme != "http" {
		return wrong("stripe-api-base", "must be an address as in %s, with no user in it and nothing behind the path", Default().Billing.StripeAPIBase)
	}
	if base.Scheme == "http" && !isLoopback(net.JoinHostPort(base.Hostname(), "0")) {
		return wrong("stripe-api-base", "must be https, except on a loopback address")
	}
	return nil
}
