package graph

import (
	"context"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/domain"
	"clientele/internal/membudget"
	"clientele/persistence"
)

// call is what the edge knows of one request beside the operation.
type call struct {
	actor     domain.Actor
	requestID string
	loaders   *loaders
	// now reads the clock once, when it is first asked.
	now func() time.Time
	// document is the operation's, once it was read.
	document *ast.QueryDocument
	// reading is what reading it took.
	reading *unchargedReading
	// size counts the answer.
	size *answerSize
	// work counts what the store does for the request, and busy is set once it refused to do more.
	work *persistence.Work
	// memory is the request's part of what all requests may hold at once.
	memory *membudget.Share
	busy   *busy
	// scans bounds what the store may look at for the request.
	scans Scans
	// price is what the operation costs at worst, once that is known: see checkCost.
	price price
	// seed is a text of the request's own, the same whenever it is executed, and answered notes whom its answer is
	// about; empty and nil without an idempotency key.
	seed     string
	answered *answered
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

// nowOf is the time that an answer is about: one for all of it, so that no two parts of it disagree on what has
// begun or ended. It is not before what a mutation did.
func nowOf(ctx context.Context) time.Time { return callOf(ctx).now() }

// loadersOf are the request's look-ups.
func loadersOf(ctx context.Context) *loaders { return callOf(ctx).loaders }

// fresh gives a call look-ups and a clock of its own, which know nothing of what was before.
func (r *Resolver) fresh(ctx context.Context, c call) call {
	c.loaders, c.now = r.newLoaders(ctx, c.actor), sync.OnceValue(r.UseCases.Customers.Now)
	return c
}
