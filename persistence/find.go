package persistence

import (
	"context"
	"errors"

	"clientele/internal/domain"
)

// Find returns a document of the environment by its RefID, or else by its UUID. Errors: ErrNotFound.
func Find[T any](ctx context.Context, documents Documents[T], environmentID, id string) (*T, error) {
	found, err := documents.Get(ctx, domain.Ref{EnvironmentID: environmentID, RefID: id})
	if !errors.Is(err, ErrNotFound) {
		return found, err
	}
	page, err := documents.List(ctx, Query{
		EnvironmentID: environmentID,
		Filter:        Condition{Field: FieldID, Op: Equal, Operands: []Value{Text(id)}},
		Page:          PageRequest{Limit: 1},
	})
	if err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		return nil, ErrNotFound
	}
	return page.Items[0].Document, nil
}
