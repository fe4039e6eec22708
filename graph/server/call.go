package server

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/document"
	"clientele/internal/membudget"
	"clientele/persistence"
)

// call is what the server knows about one request besides the operation. Resolvers have their own, see
// resolver.Resolver.Begin.
type call struct {
	requestID string
	// document is set once it was read.
	document *ast.QueryDocument
	// price is set once the operation was checked.
	price   document.Price
	reading unchargedReading
	size    responseSize
	// work counts what the store does for the request; busy is set once it refused to do more.
	work *persistence.Work
	busy busy
	// memory is the request's share of the memory for all requests.
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

// readDocuments is the executor's cache of documents. It has the document of the request, so the executor parses none.
type readDocuments struct{}

// Get implements graphql.Cache.
func (readDocuments) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	document := callOf(ctx).document
	return document, document != nil
}

// Add implements graphql.Cache.
func (readDocuments) Add(context.Context, string, *ast.QueryDocument) {}
