// Package resolver translates between GraphQL and the use cases. A resolver takes the actor, translates its input, calls
// one use case and converts the result; it decides nothing. The files *.resolvers.go have one function a field, a file a
// noun; the other files have what they share: inputs, filters, pages, loaders, and the rule that archived customers are
// in no response.
//
// It knows the use cases, and the words of the storage contract for filters and pages. It must not know HTTP, operation
// documents and their price, or a storage engine.
package resolver
