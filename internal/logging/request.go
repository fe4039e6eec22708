package logging

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// request is what is known of a request for the log. The line at its end has the notes that its parts made.
type request struct {
	id string

	mutex sync.Mutex
	notes []slog.Attr
}

type requestKey struct{}

// Begin answers the context of a request. One that has begun keeps its id and its notes.
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

// RequestID is the id of the context's request; empty outside one.
func RequestID(ctx context.Context) string {
	if r := requestOf(ctx); r != nil {
		return r.id
	}
	return ""
}

// Note keeps facts for the line that is logged when the request ends; of two with one key the later one counts.
// Outside a request it does nothing.
func Note(ctx context.Context, facts ...slog.Attr) {
	r := requestOf(ctx)
	if r == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, fact := range facts {
		r.notes = append(slices.DeleteFunc(r.notes, func(n slog.Attr) bool { return n.Key == fact.Key }), fact)
	}
}

// Notes are the facts that were noted, in order.
func Notes(ctx context.Context) []slog.Attr {
	r := requestOf(ctx)
	if r == nil {
		return nil
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.notes)
}
