// Package server is GraphQL over HTTP and what goes on around an execution: API keys, rate limits, reading the request,
// persisted documents, idempotency, charges, the size of the response, errors, the log line, metrics and spans.
//
// Whether an operation may run is for package document to say, and what it does is for package resolver. It must not know
// a store, the configuration, or how metrics are kept.
package server
