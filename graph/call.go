package graph

import (
	"context"

	"clientele/internal/domain"
)

// call is what the edge knows of one request beside the operation.
type call struct {
	actor     domain.Actor
	requestID string
	loaders   *loaders
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

// actorOf is the caller, which resolvers hand to use cases as an argument.
func actorOf(ctx context.Context) domain.Actor { return callOf(ctx).actor }

// loadersOf are the request's look-ups.
func loadersOf(ctx context.Context) *loaders { return callOf(ctx).loaders }
