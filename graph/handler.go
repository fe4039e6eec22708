package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"go.opentelemetry.io/otel/trace"

	"clientele/graph/generated"
	"clientele/internal/domain"
	"clientele/internal/idempotency"
	"clientele/internal/logging"
	"clientele/internal/ratelimit"
)

// The headers that requests are read by and answers are marked with.
const (
	APIKeyHeader    = "X-Api-Key"
	RequestIDHeader = "X-Request-Id"
)

const (
	// maxQueryTokens is several times what the largest query of the schema needs. Validation takes time that
	// grows with its square.
	maxQueryTokens = 2_500
	// parsedQueries is how many distinct queries are kept parsed; a client sends a handful.
	parsedQueries = 1000
	// maxParsedQuery is the longest query, in bytes, that is kept parsed.
	maxParsedQuery = 8 << 10
	// operationTimeout bounds what one request may cost, list filters without an index included.
	operationTimeout = 30 * time.Second
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
	errors := presenter{log: config.Log}
	resolver := &Resolver{UseCases: config.UseCases}
	server := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: resolver}))
	limits := rateLimits{config.RateLimits}
	server.AddTransport(transport{limits: limits, idempotency: config.Idempotency})
	server.SetErrorPresenter(errors.present)
	server.SetRecoverFunc(errors.recover)
	server.SetQueryCache(shortQueries{lru.New[*ast.QueryDocument](parsedQueries)})
	server.SetParserTokenLimit(maxQueryTokens)
	if config.Introspection {
		server.Use(extension.Introspection{})
	} else {
		server.SetDisableSuggestion(true)
		server.SetValidationRulesFn(rulesWithoutIntrospection)
	}
	server.AroundFields(customersAnswered)
	server.AroundOperations(watchOperation)
	server.AroundFields(archivedCustomers)
	server.AroundRootFields(resolver.forgetful)

	return observed(config, errors, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), operationTimeout)
		defer cancel()
		c := call{requestID: r.Header.Get(RequestIDHeader)}
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
		logging.Note(ctx, slog.String("keyId", actor.KeyID), slog.String("environment", actor.EnvironmentID))
		if err := limits.admit(w, actor); err != nil {
			writeError(w, r, http.StatusTooManyRequests, errors.present(withCall(ctx, c), err))
			return
		}
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

// shortQueries is a cache that does not keep what would fill the memory.
type shortQueries struct {
	graphql.Cache[*ast.QueryDocument]
}

// Add implements graphql.Cache.
func (c shortQueries) Add(ctx context.Context, query string, document *ast.QueryDocument) {
	if len(query) <= maxParsedQuery {
		c.Cache.Add(ctx, query, document)
	}
}
