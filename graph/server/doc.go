// Package server is GraphQL over HTTP and everything around an execution: API keys, rate limits, reading the request,
// persisted documents, idempotency, charges, the size of the response, errors, the log line, metrics and spans.
//
// Package document decides whether an operation may run, and package resolver what it does. Package server must not know
// a storage engine, the configuration, or how metrics are stored.
package server
