// Package graph holds the GraphQL edge in three packages, in the order in which a request reaches them: server is GraphQL
// over HTTP, document decides what an operation may be before it runs, and resolver translates to the use cases. The
// package itself is empty.
package graph
