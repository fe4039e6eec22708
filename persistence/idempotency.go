package persistence

import (
	"context"
	"time"

	"clientele/internal/domain"
)

// Idempotency keeps requests that were sent with an idempotency key, of all environments, for a while. What
// Customers says of writes, texts and times holds here too; a document can be deleted, and its ID is free then.
type Idempotency interface {
	// InsertRequest stores a new request under its ID, with the Version it carries. Errors: ErrExists.
	InsertRequest(ctx context.Context, request *domain.KeyedRequest) error

	// ReplaceRequest stores the request in place of the one with its ID if that one's version is Version-1. Of
	// several writers that name one version exactly one wins. Errors: ErrNotFound, ErrConflict.
	ReplaceRequest(ctx context.Context, request *domain.KeyedRequest) error

	// Request answers a request, expired or not. It sees every write that was acknowledged before the call.
	// Errors: ErrNotFound.
	Request(ctx context.Context, id string) (*domain.KeyedRequest, error)

	// RequestsAbout answers at most limit of the requests that have the key among their CustomerKeys, in any
	// order; none: an empty slice. It sees what Request sees.
	RequestsAbout(ctx context.Context, customerKey string, limit int) ([]*domain.KeyedRequest, error)

	// DeleteRequest deletes a request if its version is the given one. Errors: ErrNotFound, ErrConflict.
	DeleteRequest(ctx context.Context, id string, version int64) error

	// DeleteExpiredRequests deletes at most limit of the requests whose ExpiresAt is not after the given time, and
	// answers how many it deleted. Fewer than limit means that it found no more.
	DeleteExpiredRequests(ctx context.Context, at time.Time, limit int) (int, error)
}
