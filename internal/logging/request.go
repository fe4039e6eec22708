package logging

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// request collects the fields of the line that is logged at the end of a request.
type request struct {
	id string

	mutex  sync.Mutex
	fields []slog.Attr
}

type requestKey struct{}

// Begin returns the context of a request. A context that has begun already is returned as it is.
func Begin(ctx context.Context, requestID string) context.Context {
	if requestOf(ctx) != nil {
		return ctx
	}
	return context.WithValue(ctx, requestKey{}, &request{id: requestID})
}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

// RequestID returns the id of the context's request; empty outside one.
func RequestID(ctx context.Context) string {
	if r := requestOf(ctx); r != nil {
		return r.id
	}
	return ""
}

// AddFields adds fields to the line that is logged when the request ends; of two with one key the later one wins.
// Outside a request it does nothing.
func AddFields(ctx context.Context, fields ...slog.Attr) {
	r := requestOf(ctx)
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, field := range fields {
		r.fields = append(slices.DeleteFunc(r.fields, func(f slog.Attr) bool { return f.Key == field.Key }), field)
	}
}

// Fields returns the fields that were added, in order.
func Fields(ctx context.Context) []slog.Attr {
	r := requestOf(ctx)
	if r == nil {
		return nil
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.fields)
}
