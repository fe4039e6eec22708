package httpd

import (
	"net/http"
	"slices"
)

// What pages of allowed origins may send and read. The answer to a preflight is the same whatever it asks for, and
// browsers compare. That is why this is no library: one that compares itself, such as github.com/rs/cors, brings
// credentials, wildcards and patterns, all of which are refused here, and is longer to configure than this is.
const (
	corsMethods = "GET, POST"
	corsHeaders = "Content-Type, X-API-KEY, Idempotency-Key, X-Request-Id, traceparent, tracestate"
	corsExposed = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed"
	// corsMaxAge is how many seconds a browser may go without asking again; more than two hours it does not take.
	corsMaxAge = "7200"
)

// allowOrigins lets the pages of some origins use the handler, by the protocol that the Fetch standard calls CORS.
// Credentials of the browser's own, such as cookies, are never allowed: a key is sent by who knows it.
func allowOrigins(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header, origin := w.Header(), r.Header.Get("Origin")
		// Also where there is no origin: a cache must not keep such an answer for one that has one.
		header.Add("Vary", "Origin")
		allowed := slices.Contains(origins, origin)
		if allowed {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", corsExposed)
		}
		preflight := r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != ""
		switch {
		case !preflight:
			next.ServeHTTP(w, r)
		case allowed:
			header.Set("Access-Control-Allow-Methods", corsMethods)
			header.Set("Access-Control-Allow-Headers", corsHeaders)
			header.Set("Access-Control-Max-Age", corsMaxAge)
			w.WriteHeader(http.StatusNoContent)
		default:
			answer(w, http.StatusForbidden, "this origin is not on the server's list")
		}
	})
}

// NewOriginCheck answers a check for requests that a browser sends on behalf of a page of another origin, unless the
// origin is on the list. It can only fail for an origin that is none.
//
// Who has no API key cannot do harm anyway, and a browser adds none by itself. The check is for the day when
// something in front of the server adds it, such as a proxy that lets people in by a cookie.
func NewOriginCheck(origins []string) (func(*http.Request) error, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return func(r *http.Request) error {
		// The library lets every GET pass, because it should change nothing. Here one costs, and how long it
		// takes tells the page something.
		judged := r.WithContext(r.Context())
		judged.Method = http.MethodPost
		return protection.Check(judged)
	}, nil
}
