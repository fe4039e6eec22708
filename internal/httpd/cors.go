package httpd

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// What pages of allowed origins may send and read. The response to a preflight is always the same, and the browser
// compares. A library such as github.com/rs/cors adds credentials, wildcards and patterns, all of which are refused
// here, and takes longer to configure.
const (
	corsMethods = "GET, POST"
	corsExposed = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed"
	// corsMaxAge is how many seconds a browser may cache a preflight; browsers cap it at two hours.
	corsMaxAge = "7200"
)

// corsHeaders are those that clients and tools are known to send. An unused one does no harm, but a missing one breaks
// the client: the browser sends no request at all.
var corsHeaders = []string{
	"Content-Type", "X-API-KEY", "X-CUSTOMER-KEY", "Authorization", "Idempotency-Key", "X-Request-Id", "X-Requested-With", "Cache-Control", "Pragma",
	// GraphQL clients and tools name themselves and the operation, and force a preflight: Apollo's, urql's, Relay's, and
	// those that GraphQL over HTTP proposes.
	"Apollo-Require-Preflight", "Apollographql-Client-Name", "Apollographql-Client-Version", "Apollo-Query-Plan-Experimental",
	"X-Apollo-Operation-Name", "X-Apollo-Operation-Id", "X-Apollo-Operation-Type", "X-Apollo-Cache-Fetch-Strategy",
	"GraphQL-Client-Name", "GraphQL-Client-Version", "GraphQL-Preflight", "GraphQL-Require-Preflight", "X-GraphQL-Operation-Name",
	"X-GraphQL-Client-Name", "X-GraphQL-Client-Version",
	// Tracing: W3C's, Sentry's, Zipkin's, Jaeger's, Datadog's, New Relic's, and those of clouds.
	"Traceparent", "Tracestate", "Baggage", "Sentry-Trace", "B3", "X-B3-TraceId", "X-B3-SpanId", "X-B3-ParentSpanId", "X-B3-Sampled", "X-B3-Flags",
	"Uber-Trace-Id", "X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Origin", "X-Datadog-Sampling-Priority", "Newrelic",
	"X-Amzn-Trace-Id", "X-Cloud-Trace-Context", "Request-Id", "X-Correlation-Id",
}

// allowOrigins lets pages of the origins use the handler (CORS), with corsHeaders and the given headers. The browser's
// own credentials, such as cookies, are never allowed: a page must know an API key.
func allowOrigins(origins, headers []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	allowedHeaders := strings.Join(slices.Concat(corsHeaders, headers), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header, origin := w.Header(), r.Header.Get("Origin")
		// Also without an origin: a cache must not serve this response to a request with one.
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
			respond(w, http.StatusForbidden, "this origin is not on the server's list")
		}
	})
}

// anyPort stands for every port in a list of origins.
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
	// Reassembled and compared, because an origin has neither path nor user.
	return origin == parsed.Scheme+"://"+parsed.Host && slices.Contains(origins, parsed.Scheme+"://"+withoutPort+anyPort)
}

// NewOriginCheck returns a check that refuses what a browser sends for a page of another origin, unless the origin is
// listed. It returns an error for a malformed origin.
//
// A page without an API key can do no harm, and a browser adds none by itself. The check matters where something in
// front of the server adds the key, such as a proxy that authenticates people by a cookie.
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
		// The library allows every GET, because it should change nothing. Here a GET costs, and its duration leaks
		// information to the page.
		judged := r.WithContext(r.Context())
		judged.Method = http.MethodPost
		return protection.Check(judged)
	}, nil
}
