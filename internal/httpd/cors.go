package httpd

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// What pages of allowed origins may send and read. The answer to a preflight is the same whatever it asks for, and
// browsers compare. That is why this is no library: one that compares itself, such as github.com/rs/cors, brings
// credentials, wildcards and patterns, all of which are refused here, and is longer to configure than this is.
const (
	corsMethods = "GET, POST"
	corsExposed = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed"
	// corsMaxAge is how many seconds a browser may go without asking again; more than two hours it does not take.
	corsMaxAge = "7200"
)

// corsHeaders are those that clients and tools are known to send. A header that is not in use changes nothing, but
// one that is missing breaks the client: a browser then sends no request at all.
var corsHeaders = []string{
	"Content-Type", "X-API-KEY", "X-CUSTOMER-KEY", "Authorization", "Idempotency-Key", "X-Request-Id", "X-Requested-With", "Cache-Control", "Pragma",
	// GraphQL clients and tools name themselves and the operation, and ask for a preflight: Apollo's, urql's, Relay's, and
	// what GraphQL over HTTP proposes for all.
	"Apollo-Require-Preflight", "Apollographql-Client-Name", "Apollographql-Client-Version", "Apollo-Query-Plan-Experimental",
	"X-Apollo-Operation-Name", "X-Apollo-Operation-Id", "X-Apollo-Operation-Type", "X-Apollo-Cache-Fetch-Strategy",
	"GraphQL-Client-Name", "GraphQL-Client-Version", "GraphQL-Preflight", "GraphQL-Require-Preflight", "X-GraphQL-Operation-Name",
	"X-GraphQL-Client-Name", "X-GraphQL-Client-Version",
	// Tracing: W3C's, Sentry's, Zipkin's, Jaeger's, Datadog's, New Relic's, and those of clouds.
	"Traceparent", "Tracestate", "Baggage", "Sentry-Trace", "B3", "X-B3-TraceId", "X-B3-SpanId", "X-B3-ParentSpanId", "X-B3-Sampled", "X-B3-Flags",
	"Uber-Trace-Id", "X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Origin", "X-Datadog-Sampling-Priority", "Newrelic",
	"X-Amzn-Trace-Id", "X-Cloud-Trace-Context", "Request-Id", "X-Correlation-Id",
}

// allowOrigins lets the pages of some origins use the handler, by the protocol that the Fetch standard calls CORS.
// Credentials of the browser's own, such as cookies, are never allowed: a key is sent by who knows it.
// They may send some headers more than corsHeaders.
func allowOrigins(origins, headers []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	allowedHeaders := strings.Join(slices.Concat(corsHeaders, headers), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header, origin := w.Header(), r.Header.Get("Origin")
		// Also where there is no origin: a cache must not keep such an answer for one that has one.
		header.Add("Vary", "Origin")
		allowed := isListed(origins, origin)
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
			header.Set("Access-Control-Allow-Headers", allowedHeaders)
			header.Set("Access-Control-Max-Age", corsMaxAge)
			w.WriteHeader(http.StatusNoContent)
		default:
			answer(w, http.StatusForbidden, "this origin is not on the server's list")
		}
	})
}

// anyPort stands in the place of a port in a list of origins.
const anyPort = ":*"

// isListed reports whether an origin, as a browser writes it, is on the list.
func isListed(origins []string, origin string) bool {
	if slices.Contains(origins, origin) {
		return true
	}
	parsed, err := url.Parse(origin)
	if err != nil || parsed.Host == "" {
		return false
	}
	withoutPort := parsed.Host
	if port := parsed.Port(); port != "" {
		withoutPort = strings.TrimSuffix(withoutPort, ":"+port)
	}
	// What is put together again is all of it: an origin has no path, and no user.
	return origin == parsed.Scheme+"://"+parsed.Host && slices.Contains(origins, parsed.Scheme+"://"+withoutPort+anyPort)
}

// NewOriginCheck answers a check for requests that a browser sends on behalf of a page of another origin, unless the
// origin is on the list. It can only fail for an origin that is none.
//
// Who has no API key cannot do harm anyway, and a browser adds none by itself. The check is for the day when
// something in front of the server adds it, such as a proxy that lets people in by a cookie.
func NewOriginCheck(origins []string) (func(*http.Request) error, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if strings.HasSuffix(origin, anyPort) {
			continue
		}
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	return func(r *http.Request) error {
		if isListed(origins, r.Header.Get("Origin")) {
			return nil
		}
		// The library lets every GET pass, because it should change nothing. Here one costs, and how long it
		// takes tells the page something.
		judged := r.WithContext(r.Context())
		judged.Method = http.MethodPost
		return protection.Check(judged)
	}, nil
}
