package app

import (
	"time"

	"clientele/graph/server"
	"clientele/internal/config"
	"clientele/internal/ratelimit"
)

// rateLimitBuckets is how many API keys, and how many customers, have a bucket: about 100 bytes each.
const rateLimitBuckets = 100_000

// newRateLimits returns the configured limits; nil for none.
func newRateLimits(cfg config.Config) *ratelimit.Limiter {
	var policies []ratelimit.Policy
	add := func(name string, perMinute, burst int) {
		if perMinute > 0 {
			policies = append(policies, ratelimit.Policy{Name: name, PerMinute: perMinute, Burst: burst})
		}
	}
	perMinute, burst := cfg.KeyRate()
	add(server.KeyPolicy, perMinute, burst)
	perMinute, burst = cfg.CustomerRate()
	add(server.CustomerPolicy, perMinute, burst)
	if policies == nil {
		return nil
	}
	return ratelimit.New(time.Now, rateLimitBuckets, policies...)
}
