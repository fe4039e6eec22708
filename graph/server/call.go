package server

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/document"
	"clientele/internal/membudget"
	"clientele/persistence"
)

// call is what the server knows of one request beside the operation. What resolvers know is theirs, see
// resolver.Resolver.Begin.
type call struct {
	requestID string
	// document is the operation's, once it was read.
	document *ast.QueryDocument
	// price is what the operation costs at worst, once it was checked.
	price document.Price
	// reading is what reading the request took.
	reading unchargedReading
	// size counts the response.
	size responseSize
	// work counts what the store does for the request, and busy is set once it refused to do more.
	work *persistence.Work
	busy busy
	// memory is the request's share of what all requests may hold at once.
	memory *membudget.Share
	// scans bounds what the store may scan for the request.
	scans Scans
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf is an empty call outside a request.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// readDocuments is the executor's cache of documents. It has the one that was read for the request, so the executor
// reads none.
type readDocuments struct{}

// Get implements graphql.Cache.
func (readDocuments) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	document := callOf(ctx).document
	return document, document != nil
}

// Add implements graphql.Cache.
func (readDocuments) Add(context.Context, string, *ast.QueryDocument) {}
