// Package document decides what an operation may be before it runs. It parses an operation document, measures it,
// validates it against the schema, checks the variables, and prices the operation; and it says what is wrong in words that
// clients may read. Documents that were read are cached.
//
// It knows GraphQL, the schema and the limits on one request. It must not know HTTP, resolvers, use cases or the
// actor.
package document
