package graph

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"go.opentelemetry.io/otel/trace"

	"clientele/graph/generated"
	"clientele/internal/domain"
	"clientele/internal/idempotency"
	"clientele/internal/logging"
	"clientele/internal/membudget"
	"clientele/internal/ratelimit"
	"clientele/persistence"
)

// The headers that requests are read by and answers are marked with.
const (
	APIKeyHeader    = "X-Api-Key"
	RequestIDHeader = "X-Request-Id"
)

// Config is what the handler needs.
type Config struct {
	UseCases UseCases
	// CheckOrigin refuses what a browser sends on behalf of a page that may not use the API. Nil lets all pass.
	CheckOrigin func(*http.Request) error
	// Authenticate answers whom the secret of an API key stands for.
	Authenticate func(ctx context.Context, secret string) (domain.Actor, error)
	// Idempotency carries out once what comes with an idempotency key; nil refuses such keys.
	Idempotency *idempotency.Service
	// Introspection is whether clients may ask for the schema.
	Introspection bool
	Limits        Limits
	// Documents are those that clients may name, and those that they may send.
	Documents DocumentConfig
	// Scans bounds the scans of one request of an API key; nil bounds nothing.
	Scans func(keyID string) Scans
	// Memory bounds what all requests hold at once; nil bounds nothing.
	Memory *membudget.Budget
	// RateLimits are charged by KeyPolicy and CustomerPolicy; nil is no limit.
	RateLimits *ratelimit.Limiter
	Log        *slog.Logger
	// Metrics and Tracer hear of every operation; nil for none.
	Metrics Metrics
	Tracer  trace.Tracer
}

// NewHandler serves the API: GraphQL over HTTP, with an API key in the header X-Api-Key. The request id is
// taken from the header X-Request-Id.
func NewHandler(config Config) http.Handler {
	errors := presenter{log: config.Log, quiet: !config.Introspection, limits: config.Limits}
	resolver := &Resolver{UseCases: config.UseCases}
	schema := generated.NewExecutableSchema(generated.Config{Schema: servedSchema(), Resolvers: resolver})
	server := handler.New(schema)
	rates := rateLimits{config.RateLimits}
	server.AddTransport(transport{
		limits: config.Limits, rates: rates, errors: errors, idempotency: config.Idempotency,
		arriving:  newArrivals(config.Memory.Total(), config.Limits.BodyBytes),
		documents: newDocuments(schema.Schema(), config.Limits, config.Introspection),
		persisted: newPersistedDocuments(config.Documents, config.Log),
	})
	server.SetQueryCache(readDocuments{})
	server.SetErrorPresenter(errors.present)
	server.SetRecoverFunc(errors.recover)
	if config.Introspection {
		server.Use(extension.Introspection{})
	}
	server.AroundFields(customersAnswered)
	server.AroundFields(countBytes)
	server.AroundOperations(watchOperation)
	server.AroundFields(archivedCustomers)
	server.AroundRootFields(resolver.forgetful)

	return observed(config, errors, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := config.Limits.timed(r.Context())
		defer cancel()
		c := call{
			requestID: r.Header.Get(RequestIDHeader), size: &answerSize{limit: config.Limits.AnswerBytes},
			work: &persistence.Work{}, busy: &busy{}, reading: &unchargedReading{}, memory: config.Memory.Share(ctx),
		}
		defer c.memory.Release()
		if config.CheckOrigin != nil && config.CheckOrigin(r) != nil {
			refusal := domain.Errorf(domain.IdentityForbidden, "a browser sent this request for a page of an origin that may not use the API")
			writeError(w, r, http.StatusForbidden, errors.present(withCall(ctx, c), refusal))
			return
		}
		actor, err := config.Authenticate(ctx, r.Header.Get(APIKeyHeader))
		if err != nil {
			status := http.StatusUnauthorized
			if !domain.IsKind(err, domain.Unauthenticated) {
				// The store did not answer. Nothing was done yet, so a client may try again.
				status = http.StatusServiceUnavailable
			}
			writeError(w, r, status, errors.present(withCall(ctx, c), err))
			return
		}
		c.actor = actor
		logging.AddFields(ctx, slog.String("keyId", actor.KeyID), slog.String("environment", actor.EnvironmentID))
		if err := rates.admit(w, actor); err != nil {
			writeError(w, r, http.StatusTooManyRequests, errors.present(withCall(ctx, c), err))
			return
		}
		c.scans = unbounded{}
		if config.Scans != nil {
			c.scans = config.Scans(actor.KeyID)
		}
		ctx = persistence.WithWork(ctx, c.work, governor{c.scans, c.memory})
		server.ServeHTTP(w, r.WithContext(withCall(ctx, resolver.fresh(ctx, c))))
	}))
}

// forgetful gives each field of a mutation look-ups and a clock of its own, because the fields before it changed
// what is looked up, and when.
func (r *Resolver) forgetful(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		ctx = withCall(ctx, r.fresh(ctx, callOf(ctx)))
	}
	return next(ctx)
}
