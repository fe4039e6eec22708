package config

import (
	"time"

	"clientele/internal/ratelimit"
)

// RateLimits bound the use of one API key, and the changes of one customer. A burst is what is allowed at once.
type RateLimits struct {
	Key           Quota `flag:"rate-limit-key" default:"auto" min:"0" max:"600000000" usage:"cost points a minute for each API key; 0 is no limit, auto is 30000000, or no limit on a loopback address"`
	KeyBurst      Quota `flag:"rate-limit-key-burst" default:"auto" max:"864000000000" usage:"cost points at once for each API key; auto is a minute's"`
	Customer      Quota `flag:"rate-limit-customer" default:"auto" min:"0" max:"600000000" usage:"changes a minute of each customer; 0 is no limit, auto is 120, or no limit on a loopback address"`
	CustomerBurst Quota `flag:"rate-limit-customer-burst" default:"auto" max:"864000000000" usage:"changes at once of each customer; auto is a minute's"`
}

// The defaults, per minute, where other machines can reach the server. Half a million points a second are one core, or
// more than a hundred of the widest reads of a customer; tests/charges_test.go checks it.
const (
	autoKey      = 30_000_000
	autoCustomer = 120
)

func (r RateLimits) verify() error {
	for _, limit := range []struct {
		flag             string
		perMinute, burst Quota
		auto             int
	}{{"rate-limit-key", r.Key, r.KeyBurst, autoKey}, {"rate-limit-customer", r.Customer, r.CustomerBurst, autoCustomer}} {
		perMinute := limit.perMinute.or(limit.auto)
		if most := perMinute * int(ratelimit.MaxWindow/time.Minute); perMinute > 0 && limit.burst.or(perMinute) > most {
			return wrong(limit.flag+"-burst", "must be at most %d, a day's worth of --%s", most, limit.flag)
		}
	}
	return nil
}

// KeyRate returns how many cost points an API key may spend in a minute, and at once; 0 is no limit.
func (c Config) KeyRate() (perMinute, burst int) {
	return c.rate(c.RateLimits.Key, c.RateLimits.KeyBurst, autoKey)
}

// CustomerRate returns how often a customer may be changed in a minute, and at once; 0 is no limit.
func (c Config) CustomerRate() (perMinute, burst int) {
	return c.rate(c.RateLimits.Customer, c.RateLimits.CustomerBurst, autoCustomer)
}

// rate has no default limit where only this machine can reach the server: it would protect nothing, and hinder tests.
func (c Config) rate(perMinute, burst Quota, auto int) (int, int) {
	if !c.Exposed() {
		auto = 0
	}
	rate := perMinute.or(auto)
	return rate, burst.or(rate)
}

// Quota is a number that is not negative, or Auto.
type Quota int

// Auto has the server choose.
const Auto Quota = -1

func (q Quota) or(auto int) int {
	if q == Auto {
		return auto
	}
	return int(q)
}
