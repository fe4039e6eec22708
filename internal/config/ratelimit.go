package config

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"clientele/internal/ratelimit"
)

// RateLimits are how much one API key, and one customer, may be used for. Bursts are what may come at once.
type RateLimits struct {
	Key           Quota
	KeyBurst      Quota
	Customer      Quota
	CustomerBurst Quota
}

// What is allowed in a minute by default where other machines can reach the server: half a million points a second is
// one core, or more than a hundred of the widest reads of a customer. tests/charges_test.go holds it to that.
const (
	autoKey      = 30_000_000
	autoCustomer = 120
)

func defaultRateLimits() RateLimits { return RateLimits{Auto, Auto, Auto, Auto} }

func rateLimitSettings() []Setting {
	return []Setting{
		{Flag: "rate-limit-key", Usage: "cost points a minute for each API key; 0 is no limit, auto is 30000000, or no limit on a loopback address", commands: serving,
			target: func(c *Config) any { return &c.RateLimits.Key }},
		{Flag: "rate-limit-key-burst", Usage: "cost points at once for each API key; auto is a minute's", commands: serving,
			target: func(c *Config) any { return &c.RateLimits.KeyBurst }},
		{Flag: "rate-limit-customer", Usage: "changes a minute of each customer; 0 is no limit, auto is 120, or no limit on a loopback address", commands: serving,
			target: func(c *Config) any { return &c.RateLimits.Customer }},
		{Flag: "rate-limit-customer-burst", Usage: "changes at once of each customer; auto is a minute's", commands: serving,
			target: func(c *Config) any { return &c.RateLimits.CustomerBurst }},
	}
}

func (r RateLimits) verify() error {
	for _, limit := range []struct {
		name             string
		perMinute, burst Quota
		auto             int
	}{{"key", r.Key, r.KeyBurst, autoKey}, {"customer", r.Customer, r.CustomerBurst, autoCustomer}} {
		perMinute := limit.perMinute.or(limit.auto)
		if perMinute > ratelimit.MaxPerMinute {
			return fmt.Errorf("--rate-limit-%s must be at most %d", limit.name, ratelimit.MaxPerMinute)
		}
		if limit.burst == 0 {
			return fmt.Errorf("--rate-limit-%s-burst must be at least 1; --rate-limit-%[1]s 0 takes the limit away", limit.name)
		}
		if most := perMinute * int(ratelimit.MaxWindow/time.Minute); perMinute > 0 && limit.burst.or(perMinute) > most {
			return fmt.Errorf("--rate-limit-%s-burst must be at most %d, a day's worth of --rate-limit-%[1]s", limit.name, most)
		}
	}
	return nil
}

// KeyRate is how many cost points an API key may spend in a minute, and at once; 0 is no limit.
func (c Config) KeyRate() (perMinute, burst int) {
	return c.rate(c.RateLimits.Key, c.RateLimits.KeyBurst, autoKey)
}

// CustomerRate is how often a customer may be changed in a minute, and at once; 0 is no limit.
func (c Config) CustomerRate() (perMinute, burst int) {
	return c.rate(c.RateLimits.Customer, c.RateLimits.CustomerBurst, autoCustomer)
}

// rate has no limit by default where only this machine can reach the server: it would be in the way of tests, and keep
// nobody out.
func (c Config) rate(perMinute, burst Quota, auto int) (int, int) {
	if !c.Exposed() {
		auto = 0
	}
	rate := perMinute.or(auto)
	return rate, burst.or(rate)
}

// Quota is a number that is not negative, or Auto.
type Quota int

// Auto stands for what is right where the server listens.
const Auto Quota = -1

func (q Quota) or(auto int) int {
	if q == Auto {
		return auto
	}
	return int(q)
}

// MarshalText writes a quota as it is given.
func (q Quota) MarshalText() ([]byte, error) {
	if q == Auto {
		return []byte("auto"), nil
	}
	return []byte(strconv.Itoa(int(q))), nil
}

// UnmarshalText reads a quota.
func (q *Quota) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*q = Auto
		return nil
	}
	value, err := strconv.Atoi(string(text))
	if err != nil || value < 0 || value > 1<<40 {
		return errors.New("must be a whole number from 0, or auto")
	}
	*q = Quota(value)
	return nil
}
