package catalog

import (
	"context"

	"clientele/internal/domain"
	"clientele/persistence"
)

// Reader reads documents of one kind from the caller's environment.
type Reader[T any] struct {
	documents persistence.Documents[T]
}

// NewReader returns a reader of a store's documents.
func NewReader[T any](documents persistence.Documents[T]) Reader[T] { return Reader[T]{documents} }

// List returns a page. Errors: BadUserInput for a cursor that is damaged or of another list.
func (r Reader[T]) List(ctx context.Context, actor domain.Actor, query persistence.Query) (persistence.Page[T], error) {
	query.EnvironmentID = actor.EnvironmentID
	page, err := r.documents.List(ctx, query)
	return page, persistence.RefuseCursor(err, query.Page)
}

// Count returns how many documents match the filter.
func (r Reader[T]) Count(ctx context.Context, actor domain.Actor, filter persistence.Filter) (int, error) {
	return r.documents.Count(ctx, actor.EnvironmentID, filter)
}

// GetMany returns documents by RefID, in one call to the store. Unknown ids are not in the result.
func (r Reader[T]) GetMany(ctx context.Context, actor domain.Actor, refIDs []string) (map[string]*T, error) {
	return r.documents.GetMany(ctx, actor.EnvironmentID, refIDs)
}
