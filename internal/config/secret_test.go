package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const secret = Secret("hunter2-hunter2-hunter2-hunter2")

// holders are the values that may contain a secret when they are printed.
func holders() map[string]any {
	cfg := Default()
	cfg.APIKey, cfg.MongoDBURI = secret, secret
	cfg.Billing.StripeSecretKey, cfg.Billing.StripeWebhookSecret = secret, secret
	return map[string]any{
		"itself":                 secret,
		"a pointer":              new(secret),
		"a Config":               cfg,
		"a pointer to a Config":  &cfg,
		"a list":                 []Secret{secret},
		"a map's value":          map[string]Secret{"a": secret},
		"an any in another type": struct{ Value any }{secret},
	}
}

func requireHidden(t *testing.T, out string) {
	t.Helper()
	if strings.Contains(out, string(secret)) {
		t.Errorf("it shows: %s", out)
	}
}

func TestSecretHidesWhenPrinted(t *testing.T) {
	t.Parallel()
	for name, holder := range holders() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%+q", "%#q", "%20v", "%.3s"} {
			t.Run(name+" by "+verb, func(t *testing.T) {
				t.Parallel()
				requireHidden(t, fmt.Sprintf(verb, holder))
			})
		}
		t.Run(name+" in hexadecimal", func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%x", "%X", "% x", "%#x"} {
				out := strings.ToLower(fmt.Sprintf(verb, holder))
				if out = strings.NewReplacer(" ", "", "0x", "").Replace(out); strings.Contains(out, fmt.Sprintf("%x", string(secret))) {
					t.Errorf("%s shows it: %s", verb, out)
				}
			}
		})
		t.Run(name+" in an error", func(t *testing.T) {
			t.Parallel()
			requireHidden(t, fmt.Errorf("open %v", holder).Error())
		})
	}
}

// fmt prints the plain value of a type that only has a String method for a wrong verb.
func TestSecretHidesFromWrongVerbs(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%d", "%t", "%c", "%U", "%e"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			requireHidden(t, fmt.Sprintf(verb, any(secret)))
		})
	}
}

func TestSecretHidesInJSON(t *testing.T) {
	t.Parallel()
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := json.Marshal(holder)
			if err != nil {
				t.Fatal(err)
			}
			requireHidden(t, string(out))
		})
	}
}

func TestSecretHidesInLogs(t *testing.T) {
	t.Parallel()
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			for _, log := range []*slog.Logger{
				slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil)),
			} {
				log.Info("start", "value", holder)
				log.With("value", holder).WithGroup("group").Info("start", slog.Any("value", holder))
			}
			requireHidden(t, out.String())
			if strings.Count(out.String(), "start") != 4 {
				t.Errorf("the log lacks records: %s", out.String())
			}
		})
	}
}

func TestSecretShowsWhetherItIsSet(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprintf("%v %#v", secret, secret); got != "[hidden] [hidden]" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprintf("%v%#v", Secret(""), Secret("")); got != "" {
		t.Errorf("got %s", got)
	}
}

// A mistyped command must not print a secret, which would end up in logs.
func TestAMistakeDoesNotShowASecret(t *testing.T) {
	t.Parallel()
	cases := map[string][]string{
		"a letter wrong":            {"--api-kez=" + string(secret)},
		"a letter wrong, two words": {"--api-kez", string(secret)},
		"three hyphens":             {"---api-key=" + string(secret)},
		"three hyphens, one word":   {"---" + string(secret)},
		"a space in the flag":       {"--api key=" + string(secret)},
		"no name":                   {"--=" + string(secret)},
		"an argument":               {string(secret)},
		"an argument of serve":      {"serve", string(secret)},
		"an address as an argument": {"serve", "mongodb://a:" + string(secret) + "@b"},
		"an argument behind a flag": {"--introspection", string(secret)},
		"as the flag itself":        {"--" + string(secret)},
		"behind an id":              {"keys", "revoke", "0123", "--api-key=" + string(secret)},
		"the flag of a command":     {"keys", "list", "--api-key=" + string(secret)},
		"the flag is missing a URI": {"--mongodb-uri", "--api-key=" + string(secret)},
		"a duration":                {"--shutdown-grace=" + string(secret)},
		"a switch":                  {"--introspection=" + string(secret)},
		"a key of no form":          {"--stripe-secret-key=" + string(secret)},
		"a key without a provider":  {"--billing=none", "--stripe-secret-key=" + string(secret)},
		"a webhook secret":          {"--stripe-webhook-secret=" + string(secret)},
		"a webhook secret's form":   {"--stripe-secret-key=sk_test", "--stripe-webhook-secret=" + string(secret)},
		"a base with a password":    {"--stripe-secret-key=sk_test", "--stripe-api-base=https://a:" + string(secret) + "@b"},
	}
	for name, args := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(args, variables(nil))
			if err == nil {
				t.Fatal("it was accepted")
			}
			requireHidden(t, err.Error())
		})
	}
}
