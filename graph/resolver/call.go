package resolver

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/domain"
)

// call is what resolvers know of a request beside their arguments.
type call struct {
	actor   domain.Actor
	loaders *loaders
	// now reads the clock once, when it is first asked.
	now func() time.Time
	// seed and keyed belong to a mutation with an idempotency key, see WithKey; else they are empty and nil.
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

// Begin returns the context of a request of an actor, with look-ups and a clock of its own.
func (r *Resolver) Begin(ctx context.Context, actor domain.Actor) context.Context {
	return r.fresh(ctx, call{actor: actor})
}

// fresh gives a call look-ups and a clock without memory of what was before.
func (r *Resolver) fresh(ctx context.Context, c call) context.Context {
	c.loaders, c.now = r.newLoaders(ctx, c.actor), sync.OnceValue(r.UseCases.Customers.Now)
	return withCall(ctx, c)
}

// FreshStatePerMutationField is the root field middleware that gives each field of a mutation look-ups and a clock of its
// own, because the fields before it changed what is looked up, and when.
func (r *Resolver) FreshStatePerMutationField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		ctx = r.fresh(ctx, callOf(ctx))
	}
	return next(ctx)
}

// ActorOf is the caller, which resolvers pass to use cases as an argument.
func ActorOf(ctx context.Context) domain.Actor { return callOf(ctx).actor }

// nowOf is the time of a response: one for all of it, so that its parts agree on what has begun or ended. It is not
// before what a mutation did.
func nowOf(ctx context.Context) time.Time { return callOf(ctx).now() }

// loadersOf are the request's look-ups.
func loadersOf(ctx context.Context) *loaders { return callOf(ctx).loaders }
