// Package httpd is the HTTP server around the API: timeouts, the body limit, request ids, TLS, CORS and security
// headers, the billing provider's webhook, health checks and graceful shutdown. It knows nothing of GraphQL, billing or
// storage.
package httpd

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"regexp"
	"time"
)

const (
	// readinessTimeout is how long the store may take to respond before the server is unready.
	readinessTimeout = 1500 * time.Millisecond

	// writeAllowance is how long a response may take to reach the client.
	writeAllowance = 30 * time.Second
	idleTimeout    = 120 * time.Second
	maxHeaderBytes = 64 << 10
)

const requestIDHeader = "X-Request-Id"

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Routes are what the server serves.
type Routes struct {
	// API serves /graphql.
	API http.Handler
	// Playground serves / and nothing below.
	Playground http.Handler
	// Schema serves /schema.graphql, always the same; nil for a server that does not show its schema.
	Schema http.Handler
	// Webhook receives events of the billing provider; nil for a server that receives none.
	Webhook *Webhook
	// Ready returns nil while the server can do its work.
	Ready func(context.Context) error
	// MaxBodyBytes bounds what is read of a request's body, except a webhook's.
	MaxBodyBytes int
	// Origins are those whose pages may use the server, as browsers write them.
	Origins []string
	// OriginHeaders are what these pages may send besides corsHeaders.
	OriginHeaders []string
	// Drain makes the server unready once it is stopping, whatever Ready returns.
	Drain *Drain
	// Observation records every request.
	Observation Observation
}

// NewHandler serves the routes behind the body limit, and gives every request an id, which the response's header
// X-Request-Id repeats. A well-formed id that the client sent is kept.
func NewHandler(routes Routes) http.Handler {
	mux := http.NewServeMux()
	compression := newCompression()
	mux.Handle("/graphql", compression.wrap(routes.API))
	mux.Handle("GET /{$}", routes.Playground)
	if routes.Schema != nil {
		mux.Handle("GET /schema.graphql", precompressed(routes.Schema))
	}
	handleHealth(mux, routes.Ready, routes.Drain)
	observation := routes.Observation
	handler := allowOrigins(routes.Origins, routes.OriginHeaders, routed(mux))
	if routes.Webhook != nil {
		handler = besideWebhook(*routes.Webhook, observation.Log, handler)
	}
	handler = observed(defaultPace.keeping(handler, observation.Log), observation)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header(), r.TLS != nil)
		id := r.Header.Get(requestIDHeader)
		if !requestIDForm.MatchString(id) {
			id = rand.Text()
			r.Header.Set(requestIDHeader, id)
		}
		w.Header().Set(requestIDHeader, id)
		limit := routes.MaxBodyBytes
		if routes.Webhook != nil && r.URL.Path == routes.Webhook.Path {
			limit = maxEventBytes
		}
		r.Body = http.MaxBytesReader(w, r.Body, int64(limit))
		handler.ServeHTTP(w, r)
	})
}

// handleHealth adds the liveness and readiness checks.
func handleHealth(mux *http.ServeMux, isReady func(context.Context) error, drain *Drain) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		switch err := Readiness(r.Context(), isReady, drain); {
		case err == nil:
			respond(w, http.StatusOK, "ready")
		case errors.Is(err, errStopping):
			respond(w, http.StatusServiceUnavailable, errStopping.Error())
		default:
			respond(w, http.StatusServiceUnavailable, "the store does not answer")
		}
	})
}

var errStopping = errors.New("the server is about to stop")

// Readiness returns nil while a server can do its work, in bounded time.
func Readiness(ctx context.Context, isReady func(context.Context) error, drain *Drain) error {
	if drain.Begun() {
		return errStopping
	}
	ctx, cancel := context.WithTimeout(ctx, readinessTimeout)
	defer cancel()
	// In a goroutine, because the store may not obey its context.
	ready := make(chan error, 1)
	go func() { ready <- isReady(ctx) }()
	select {
	case err := <-ready:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func respond(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	// An error means that the client has left.
	_, _ = w.Write([]byte(text + "\n"))
}
