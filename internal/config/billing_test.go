package config

import (
	"strings"
	"testing"
)

func TestBillingProvider(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nobody by default":        {nil, BillingNone},
		"nobody in so many words":  {[]string{"--billing=none"}, BillingNone},
		"a key means Stripe":       {[]string{"--stripe-secret-key=sk_test_1"}, BillingStripe},
		"Stripe in so many words":  {[]string{"--billing=stripe", "--stripe-secret-key=rk_live_1"}, BillingStripe},
		"the simulator":            {[]string{"--billing=simulator"}, BillingSimulator},
		"the simulator on a name":  {[]string{"--billing=simulator", "--listen=localhost:0"}, BillingSimulator},
		"the simulator on IPv6":    {[]string{"--billing=simulator", "--listen=[::1]:0"}, BillingSimulator},
		"Stripe on every address":  {[]string{"--stripe-secret-key=sk_test_1", "--listen=:80"}, BillingStripe},
		"Stripe without a webhook": {[]string{"--stripe-secret-key=sk_test_1", "--stripe-webhook-secret="}, BillingStripe},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := Load(c.args, variables(nil))
			if err != nil || config.Billing.Provider() != c.want {
				t.Errorf("got %s, %v", config.Billing.Provider(), err)
			}
		})
	}
}

func TestWrongBillingSettingsAreRefused(t *testing.T) {
	t.Parallel()
	const key, webhook = "--stripe-secret-key=sk_test_1", "--stripe-webhook-secret=whsec_0123456789abcdef"
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"Stripe without a key":                 {[]string{"--billing=stripe"}, []string{"--billing stripe", "needs --stripe-secret-key"}},
		"a webhook secret without Stripe":      {[]string{webhook}, []string{"--stripe-webhook-secret", "is for --billing stripe", "none"}},
		"a base without Stripe":                {[]string{"--stripe-api-base=https://a.example"}, []string{"--stripe-api-base", "is for --billing stripe"}},
		"a key although nobody bills":          {[]string{"--billing=none", key}, []string{"--stripe-secret-key", "is for --billing stripe", "none"}},
		"a key beside the simulator":           {[]string{"--billing=simulator", key}, []string{"--stripe-secret-key", "is for --billing stripe", "simulator"}},
		"a webhook secret by the simulator":    {[]string{"--billing=simulator", webhook}, []string{"--stripe-webhook-secret", "simulator"}},
		"the simulator for every machine":      {[]string{"--billing=simulator", "--listen=:8080"}, []string{"--billing simulator", "--listen", "loopback"}},
		"the simulator on an address":          {[]string{"--billing=simulator", "--listen=10.0.0.1:8080"}, []string{"loopback"}},
		"an exposed address for the simulator": {[]string{"--billing=simulator", "--simulator-listen=:8420"}, []string{"--simulator-listen", "loopback"}},
		"no address for the simulator":         {[]string{"--billing=simulator", "--simulator-listen=8420"}, []string{"--simulator-listen", "address and a port"}},
		"a publishable key":                    {[]string{"--stripe-secret-key=pk_test_1"}, []string{"--stripe-secret-key or CLIENTELE_STRIPE_SECRET_KEY", "sk_ or rk_"}},
		"a webhook secret for the key":         {[]string{"--stripe-secret-key=whsec_0123456789abcdef"}, []string{"--stripe-secret-key", "sk_ or rk_"}},
		"a key with the end of its line":       {[]string{key + "\n"}, []string{"--stripe-secret-key"}},
		"the key for the webhook secret":       {[]string{key, "--stripe-webhook-secret=sk_test_1"}, []string{"--stripe-webhook-secret or CLIENTELE_STRIPE_WEBHOOK_SECRET", "whsec_"}},
		"one of two webhook secrets":           {[]string{key, webhook + ",whsec_"}, []string{"--stripe-webhook-secret"}},
		"a webhook secret that can be guessed": {[]string{key, "--stripe-webhook-secret=whsec_123"}, []string{"at least 16"}},
		"commas for webhook secrets":           {[]string{key, "--stripe-webhook-secret= ,"}, []string{"holds no secret"}},
		"a base in the clear":                  {[]string{key, "--stripe-api-base=http://stripe.example"}, []string{"--stripe-api-base or CLIENTELE_STRIPE_API_BASE", "https"}},
		"a base that begins like this machine": {[]string{key, "--stripe-api-base=http://127.0.0.1.example"}, []string{"https"}},
		"a base without a scheme":              {[]string{key, "--stripe-api-base=api.stripe.com"}, []string{"--stripe-api-base"}},
		"a base without a host":                {[]string{key, "--stripe-api-base=https://"}, []string{"--stripe-api-base"}},
		"a base with a port alone":             {[]string{key, "--stripe-api-base=https://:443"}, []string{"--stripe-api-base"}},
		"a base of another scheme":             {[]string{key, "--stripe-api-base=ftp://127.0.0.1"}, []string{"--stripe-api-base"}},
		"a base that is no address":            {[]string{key, "--stripe-api-base=https://%zz"}, []string{"--stripe-api-base"}},
		"an empty base":                        {[]string{key, "--stripe-api-base="}, []string{"--stripe-api-base"}},
		"a slash behind the base":              {[]string{key, "--stripe-api-base=https://a.example/"}, []string{"--stripe-api-base"}},
		"a query behind the base":              {[]string{key, "--stripe-api-base=https://a.example?b"}, []string{"--stripe-api-base"}},
		"a user in the base":                   {[]string{key, "--stripe-api-base=https://user@a.example"}, []string{"--stripe-api-base", "no user"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(c.args, variables(nil))
			for _, want := range c.want {
				requireSentence(t, err, want)
			}
			if err != nil && (strings.Contains(err.Error(), "0123456789abcdef") || strings.Contains(err.Error(), "example")) {
				t.Errorf("it repeats what was given: %v", err)
			}
		})
	}
}

// Other commands must neither fail on the server's settings nor hold its secrets.
func TestOnlyTheServerReadsBilling(t *testing.T) {
	t.Parallel()
	got, err := Load([]string{"keys", "list"}, variables(map[string]string{
		"CLIENTELE_BILLING": "paddle", "CLIENTELE_STRIPE_SECRET_KEY": "sk_test_1",
	}))
	if err != nil || got.Billing != Default().Billing {
		t.Errorf("%+v, %v", got.Billing, err)
	}
}

func FuzzAPIBase(f *testing.F) {
	for _, seed := range []string{"https://api.stripe.com", "http://127.0.0.1:1", "http://[::1]", "http://localhost/a", "http://127.0.0.1@a.example", "http://a.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if checkAPIBase(address) != nil || strings.HasPrefix(strings.ToLower(address), "https://") {
			return
		}
		host := strings.ToLower(address)
		for _, loopback := range []string{"http://127.", "http://localhost", "http://[::", "http://[0"} {
			if strings.HasPrefix(host, loopback) {
				return
			}
		}
		t.Errorf("%q is accepted", address)
	})
}
