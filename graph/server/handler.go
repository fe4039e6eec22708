package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"go.opentelemetry.io/otel/trace"

	"clientele/graph/document"
	"clientele/graph/generated"
	"clientele/graph/resolver"
	"clientele/internal/domain"
	"clientele/internal/idempotency"
	"clientele/internal/limits"
	"clientele/internal/logging"
	"clientele/internal/membudget"
	"clientele/internal/ratelimit"
	"clientele/persistence"
)

// The headers of requests.
const (
	APIKeyHeader    = "X-Api-Key"
	RequestIDHeader = "X-Request-Id"
)

// Config configures NewHandler.
type Config struct {
	UseCases resolver.UseCases
	// CheckOrigin refuses requests that a browser sends for a page that may not use the API. Nil allows all.
	CheckOrigin func(*http.Request) error
	// Authenticate returns the actor for the secret of an API key. Errors: Unauthenticated, and those of the store.
	Authenticate func(ctx context.Context, secret string) (domain.Actor, error)
	// Idempotency executes mutations with an idempotency key once; nil refuses such keys.
	Idempotency *idempotency.Service
	// Introspection is whether clients may read the schema.
	Introspection bool
	Limits        limits.Limits
	Documents     DocumentConfig
	// Scans returns the bound on the scans of one request of an API key; nil bounds nothing.
	Scans func(keyID string) Scans
	// Memory bounds the memory of all requests; nil bounds nothing.
	Memory *membudget.Budget
	// RateLimits are charged by KeyPolicy and CustomerPolicy; nil is no limit.
	RateLimits *ratelimit.Limiter
	Log        *slog.Logger
	// Metrics and Tracer observe every operation; nil for none.
	Metrics Metrics
	Tracer  trace.Tracer
}

// NewHandler serves the API: GraphQL over HTTP, with an API key in the header X-Api-Key. The request id is
// taken from the header X-Request-Id.
func NewHandler(config Config) http.Handler {
	errors := observedErrors{presenter{log: config.Log, quiet: !config.Introspection, limits: config.Limits}}
	resolvers := &resolver.Resolver{UseCases: config.UseCases}
	schema := generated.NewExecutableSchema(generated.Config{Schema: document.Schema(), Resolvers: resolvers})
	server := handler.New(schema)
	rates := rateLimits{config.RateLimits}
	server.AddTransport(transport{
		limits: config.Limits, rates: rates, errors: errors, idempotency: config.Idempotency,
		body:      bodyReader{config.Limits, newArrivals(config.Memory.Total(), config.Limits.BodyBytes)},
		documents: document.NewReader(schema.Schema(), config.Limits, config.Introspection),
		persisted: newPersistedDocuments(config.Documents, config.Log),
	})
	server.SetQueryCache(readDocuments{})
	server.SetErrorPresenter(errors.present)
	server.SetRecoverFunc(errors.recover)
	if config.Introspection {
		server.Use(extension.Introspection{})
	}
	server.AroundFields(resolver.CollectCustomers)
	server.AroundFields(countBytes)
	server.AroundOperations(watchOperation)
	server.AroundFields(resolver.ArchivedCustomers)
	server.AroundRootFields(resolvers.FreshStatePerMutationField)

	return observed(config, errors, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := timed(r.Context(), config.Limits.OperationTimeout)
		defer cancel()
		c := &call{
			requestID: r.Header.Get(RequestIDHeader), size: responseSize{limit: config.Limits.AnswerBytes},
			work: &persistence.Work{}, memory: config.Memory.Share(ctx), scans: unbounded{},
		}
		defer c.memory.Release()
		ctx = withCall(ctx, c)
		refuse := func(status int, err error) { writeError(w, r, status, errors.present(ctx, err)) }
		if config.CheckOrigin != nil && config.CheckOrigin(r) != nil {
			refuse(http.StatusForbidden, domain.Errorf(domain.IdentityForbidden, "a browser sent this request for a page of an origin that may not use the API"))
			return
		}
		actor, err := config.Authenticate(ctx, r.Header.Get(APIKeyHeader))
		if err != nil {
			status := http.StatusUnauthorized
			if !domain.IsKind(err, domain.Unauthenticated) {
				// The store did not respond. Nothing was done, so a client may retry.
				status = http.StatusServiceUnavailable
			}
			refuse(status, err)
			return
		}
		logging.AddFields(ctx, slog.String("keyId", actor.KeyID), slog.String("environment", actor.EnvironmentID))
		if err := rates.admit(w, actor); err != nil {
			refuse(http.StatusTooManyRequests, err)
			return
		}
		if config.Scans != nil {
			c.scans = config.Scans(actor.KeyID)
		}
		ctx = persistence.WithWork(ctx, c.work, governor{c.scans, c.memory})
		server.ServeHTTP(w, r.WithContext(resolvers.Begin(ctx, actor)))
	}))
}

// timed is context.WithTimeout, without a timeout for 0.
func timed(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}
