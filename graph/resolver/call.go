package resolver

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/domain"
)

// call is what resolvers know about a request besides their arguments.
type call struct {
	actor   domain.Actor
	loaders *loaders
	// now reads the clock once, at the first call.
	now func() time.Time
	// seed and keyed are set for a mutation with an idempotency key, see WithKey.
	seed  string
	keyed *KeyedResponse
}

type callKey struct{}

func withCall(ctx context.Context, c call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf is the zero call, whose actor may do nothing, outside a request.
func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// Begin returns the context of a request of an actor, with its own loaders and clock.
func (r *Resolver) Begin(ctx context.Context, actor domain.Actor) context.Context {
	return r.fresh(ctx, call{actor: actor})
}

// fresh gives a call new loaders and a new clock.
func (r *Resolver) fresh(ctx context.Context, c call) context.Context {
	c.loaders, c.now = r.newLoaders(ctx, c.actor), sync.OnceValue(r.UseCases.Customers.Now)
	return withCall(ctx, c)
}

// FreshStatePerMutationField is the root field middleware that gives each field of a mutation its own loaders and clock,
// because the fields before it changed what was loaded.
func (r *Resolver) FreshStatePerMutationField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		ctx = r.fresh(ctx, callOf(ctx))
	}
	return next(ctx)
}

// ActorOf is the actor of the request; the zero actor, which may do nothing, outside a request.
func ActorOf(ctx context.Context) domain.Actor { return callOf(ctx).actor }

// nowOf is the time of a response, the same for all of its parts, so that they agree on what has begun or ended. It is
// not before the time of a mutation's change.
func nowOf(ctx context.Context) time.Time { return callOf(ctx).now() }

func loadersOf(ctx context.Context) *loaders { return callOf(ctx).loaders }
