package tests

import (
	"net/http"
	"net/url"
	"testing"

	"clientele/internal/config"
)

// startLimited starts a service on the embedded engine with limits so low that nothing flows in during a test.
func startLimited(t *testing.T, limits config.RateLimits) *service {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.RateLimits = limits
	return startService(t, cfg)
}

func TestRateLimitOfAKey(t *testing.T) {
	server := startLimited(t, config.RateLimits{Key: 1, KeyBurst: 220, Customer: 0, CustomerBurst: 1})
	for range 2 { // at 100 points each
		server.must(t, count, nil)
	}
	// What is refused is refused before it is read, whatever it is.
	for name, got := range map[string]*apiResponse{
		"a query":    server.post(t, body(t, count, nil)),
		"a mutation": server.post(t, body(t, provisionOperation, object{"input": object{}})),
		"no JSON":    server.post(t, `{`),
		"GET":        server.get(t, url.Values{"query": {count}}),
	} {
		mustBeError(t, name, got, http.StatusTooManyRequests, "RateLimitExceeded")
		if wait := got.header.Get("Retry-After"); wait != "5880" && wait != "5879" && wait != "5878" {
			t.Errorf("%s: Retry-After is %q", name, wait)
		}
		if facts := got.Errors[0].Extensions; facts["limit"] != "key" {
			t.Errorf("%s: the limit is %v", name, facts["limit"])
		}
	}
	server.mustFail(t, "RateLimitExceeded", count, nil)
	// Other keys have their own limit, and a missing key is refused first.
	server.reader.must(t, count, nil)
	mustBeError(t, "no key", server.withoutKey.post(t, body(t, count, nil)), http.StatusUnauthorized, "Unauthenticated")
	// What is no request of the API is free.
	if got := server.exchange(t, http.MethodGet, "/healthz", nil, nil); got.status != http.StatusOK || got.header.Get("RateLimit-Policy") != "" {
		t.Errorf("health: status %d, %v", got.status, got.header)
	}
}

func TestRateLimitOfACustomer(t *testing.T) {
	onEngines(t, func(t *testing.T, unlimited *service) {
		// The limits are off on loopback addresses.
		unlimited.must(t, provisionOperation, object{"input": object{"customerId": "a"}})
		for range 150 {
			unlimited.must(t, updateOperation, object{"input": object{"customerId": "a", "name": "A"}})
		}
	})
	server := startLimited(t, config.RateLimits{Key: 0, KeyBurst: 1, Customer: 1, CustomerBurst: 2})
	server.must(t, provisionOperation, object{"input": object{"customerId": "a"}})
	server.must(t, updateOperation, object{"input": object{"customerId": "a", "name": "A"}})
	got := server.do(t, updateOperation, object{"input": object{"customerId": "a", "name": "B"}})
	mustBeError(t, "a third change", got, http.StatusTooManyRequests, "RateLimitExceeded")
	if limit := got.Errors[0].Extensions["limit"]; limit != "customer" {
		t.Errorf("the limit is %v", limit)
	}
	server.must(t, provisionOperation, object{"input": object{"customerId": "b"}})
	read := server.must(t, getOperation, object{"input": object{"customerId": "a"}})
	if customer, _ := read["getCustomerByRefId"].(object); customer["name"] != "A" {
		t.Errorf("the refused change was made: %v", read)
	}
}
