package config

import (
	"strings"
	"testing"
)

func TestRates(t *testing.T) {
	t.Parallel()
	type rates struct{ key, keyBurst, customer, customerBurst int }
	for name, c := range map[string]struct {
		args []string
		want rates
	}{
		"on a loopback address":               {nil, rates{}},
		"on another address":                  {[]string{"--listen=:80"}, rates{30_000_000, 30_000_000, 120, 120}},
		"in so many words":                    {[]string{"--listen=:80", "--rate-limit-key=auto", "--rate-limit-customer-burst=auto"}, rates{30_000_000, 30_000_000, 120, 120}},
		"given on a loopback address":         {[]string{"--rate-limit-key=10"}, rates{10, 10, 0, 0}},
		"taken away":                          {[]string{"--listen=:80", "--rate-limit-key=0", "--rate-limit-customer=0"}, rates{}},
		"one taken away":                      {[]string{"--listen=:80", "--rate-limit-key=0"}, rates{0, 0, 120, 120}},
		"with bursts":                         {[]string{"--rate-limit-key=10", "--rate-limit-key-burst=1", "--rate-limit-customer=2", "--rate-limit-customer-burst=5"}, rates{10, 1, 2, 5}},
		"a burst of what is on by default":    {[]string{"--listen=:80", "--rate-limit-key-burst=5"}, rates{30_000_000, 5, 120, 120}},
		"a burst alone on a loopback address": {[]string{"--rate-limit-key-burst=5"}, rates{0, 5, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := Load(c.args, variables(nil))
			if err != nil {
				t.Fatal(err)
			}
			var got rates
			got.key, got.keyBurst = config.KeyRate()
			got.customer, got.customerBurst = config.CustomerRate()
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestWrongRatesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"negative":          {[]string{"--rate-limit-key=-1"}, "--rate-limit-key must be a whole number, or auto"},
		"no number":         {[]string{"--rate-limit-customer=many"}, "--rate-limit-customer must be"},
		"too long a number": {[]string{"--rate-limit-customer=99999999999999999999"}, "--rate-limit-customer must be"},
		"above what counts": {[]string{"--rate-limit-key=600000001"}, "at most 600000000"},
		"nothing at once":   {[]string{"--rate-limit-customer-burst=0"}, "at least 1"},
		"more than a day's": {[]string{"--rate-limit-customer=1", "--rate-limit-customer-burst=1441"}, "at most 1440"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Load(c.args, variables(nil)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
