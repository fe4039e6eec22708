// Package logging makes the program's logger. Lines that are logged with the context of a request carry its id and its
// trace id. The package knows no HTTP and no GraphQL.
//
// What may be logged: ids of requests, keys and traces, environments, names of the schema, error codes, sizes and times.
// What must not: names, email addresses, customer ids that clients choose, documents, variables, secrets and addresses
// of clients.
package logging

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// The formats of the log.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// The fields that every line of a request has.
const (
	requestIDKey = "requestId"
	traceIDKey   = "traceId"
)

// New makes a logger that writes lines of the level and above, as text unless the format is FormatJSON.
func New(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == FormatJSON {
		return slog.New(handler{slog.NewJSONHandler(w, options)})
	}
	return slog.New(handler{slog.NewTextHandler(w, options)})
}

// handler adds the ids of the context's request to a line.
type handler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, line slog.Record) error {
	if id := RequestID(ctx); id != "" {
		line.AddAttrs(slog.String(requestIDKey, id))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		line.AddAttrs(slog.String(traceIDKey, span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
