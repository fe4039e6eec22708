// Package graph is the GraphQL edge: the generated server, the resolvers that translate between it and the
// use cases, and the handler that faces HTTP. It is the only package that knows gqlgen. It uses the
// storage contract's words for filters and pages, but never a store.
package graph

import "clientele/internal/customers"

// Resolver answers the fields that need more than the value they are a field of. A resolver takes the
// actor, calls one use case and shapes the answer.
type Resolver struct {
	customers *customers.Service
}
