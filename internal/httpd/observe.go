package httpd

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"clientele/internal/logging"
)

// Metrics counts requests. Route and method are from closed sets, whatever the client sent.
type Metrics interface {
	RequestBegan()
	RequestEnded(route, method string, status int, took time.Duration)
	Panic()
}

// Observation is where requests are logged, traced and counted.
type Observation struct {
	Log     *slog.Logger
	Tracer  trace.Tracer
	Metrics Metrics
}

// Other stands for a route or a method that the server does not know.
const Other = "other"

// methods are those with their own label; any other method is Other.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// routePaths are the routes with their own label; any other path but that of a webhook is Other.
var routePaths = []string{"/", "/graphql", "/healthz", "/readyz", "/schema.graphql"}

// RoutePaths returns the labels of routes, with the paths of webhooks.
func RoutePaths(webhooks ...string) []string { return slices.Concat(routePaths, webhooks) }

// Methods returns the labels of methods.
func Methods() []string { return append([]string{Other}, methods...) }

// exchange collects facts about a request and its response.
type exchange struct {
	http.ResponseWriter

	route  string
	status int
	bytes  int64
}

type exchangeKey struct{}

// Unwrap lets http.ResponseController reach the connection.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (e *exchange) WriteHeader(status int) {
	// A status below 200 is followed by another.
	if e.status == 0 && status >= http.StatusOK {
		e.status = status
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (e *exchange) Write(text []byte) (int, error) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	n, err := e.ResponseWriter.Write(text)
	e.bytes += int64(n)
	return n, err
}

// observed logs, traces and counts each request, which has its id already. Of what the client sent, only the id is
// recorded. A panic is logged with its stack, and gets status 500 if the response has not begun.
func observed(next http.Handler, to Observation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		to.Metrics.RequestBegan()
		method := r.Method
		if !slices.Contains(methods, method) {
			method = Other
		}
		ctx, span := startSpan(r.Context(), to.Tracer, r.Header.Get("Traceparent"), method)
		ctx = logging.Begin(ctx, r.Header.Get(requestIDHeader))
		e := &exchange{ResponseWriter: w, route: Other}
		defer func() {
			cause := recover()
			aborted := cause == http.ErrAbortHandler //nolint:errorlint // net/http compares it so
			if cause != nil && !aborted {
				to.Metrics.Panic()
				to.Log.ErrorContext(ctx, "panic", "cause", logging.MaskedPanic(cause), "stack", string(debug.Stack()))
				if e.status == 0 {
					respond(e, http.StatusInternalServerError, "an unexpected error happened")
				} else {
					// The client must not take half a response for a whole one.
					aborted = true
				}
			}
			if e.status == 0 && !aborted {
				e.status = http.StatusOK
			}
			took := time.Since(began)
			endSpan(span, e, method)
			logEnd(ctx, to.Log, e, method, took)
			to.Metrics.RequestEnded(e.route, method, e.status, took)
			if aborted {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(e, r.WithContext(context.WithValue(ctx, exchangeKey{}, e)))
	})
}

// logEnd logs the line of a request. Successful probes, which come every few seconds, are logged at debug level.
func logEnd(ctx context.Context, log *slog.Logger, e *exchange, method string, took time.Duration) {
	level := slog.LevelInfo
	if e.status < http.StatusBadRequest && (e.route == "/healthz" || e.route == "/readyz") {
		level = slog.LevelDebug
	}
	if !log.Enabled(ctx, level) {
		return
	}
	log.LogAttrs(ctx, level, "request", append([]slog.Attr{
		slog.String("method", method), slog.String("route", e.route), slog.Int("status", e.status),
		slog.Float64("durationMs", float64(took.Microseconds())/1000), slog.Int64("bytes", e.bytes),
	}, logging.Fields(ctx)...)...)
}

// routed records which route the mux chose.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Deferred, so that a panic is recorded with its route.
		defer func() {
			if e, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
				e.route = routeOf(r.Pattern)
			}
		}()
		mux.ServeHTTP(w, r)
	})
}

// routeOf is the path of a pattern of http.ServeMux, if it is one of routePaths.
func routeOf(pattern string) string {
	if _, path, found := strings.Cut(pattern, " "); found {
		pattern = path
	}
	pattern = strings.TrimSuffix(pattern, "{$}")
	if !slices.Contains(routePaths, pattern) && !strings.HasPrefix(pattern, webhooks) {
		return Other
	}
	return pattern
}

// startSpan continues the trace of the caller, if it sent one, but not its tracestate: that is arbitrary text, and would
// be exported with each span.
func startSpan(ctx context.Context, tracer trace.Tracer, traceparent, method string) (context.Context, trace.Span) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	name := semconv.HTTPRequestMethodKey.String(method)
	if method == Other {
		name = semconv.HTTPRequestMethodOther
	}
	// The rest is known only with the response, so samplers see the method alone.
	return tracer.Start(ctx, "HTTP", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(name))
}

func endSpan(span trace.Span, e *exchange, method string) {
	if span.IsRecording() {
		span.SetName(method + " " + e.route)
		span.SetAttributes(semconv.HTTPRoute(e.route), semconv.HTTPResponseStatusCode(e.status))
		if e.status >= http.StatusInternalServerError || e.status == 0 {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}
