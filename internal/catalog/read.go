package catalog

import (
	"context"

	"clientele/internal/domain"
	"clientele/persistence"
)

// Reader answers documents of one kind to callers, each those of its own environment.
type Reader[T any] struct {
	documents persistence.Documents[T]
}

// NewReader makes a reader of a store's documents.
func NewReader[T any](documents persistence.Documents[T]) Reader[T] { return Reader[T]{documents} }

// List answers a page. Errors: BadUserInput for a cursor that is damaged or of another list.
func (r Reader[T]) List(ctx context.Context, actor domain.Actor, query persistence.Query) (persistence.Page[T], error) {
	query.EnvironmentID = actor.EnvironmentID
	page, err := r.documents.List(ctx, query)
	return page, persistence.RefuseCursor(err, query.Page)
}

// Count counts what matches the filter.
func (r Reader[T]) Count(ctx context.Context, actor domain.Actor, filter persistence.Filter) (int, error) {
	return r.documents.Count(ctx, actor.EnvironmentID, filter)
}

// GetMany answers documents by their RefIDs, in one call to the store; an id without one is not in the answer.
func (r Reader[T]) GetMany(ctx context.Context, actor domain.Actor, refIDs []string) (map[string]*T, error) {
	return r.documents.GetMany(ctx, actor.EnvironmentID, refIDs)
}
