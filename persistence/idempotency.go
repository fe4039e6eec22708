package persistence

import (
	"context"
	"time"

	"clientele/internal/domain"
)

// Idempotency keeps keyed requests of all environments until they expire. The rules of Customers for writes, texts and
// times apply. A request can be deleted; its ID can then be inserted again.
type Idempotency interface {
	// InsertRequest stores a new request under its ID, with its Version. Errors: ErrExists.
	InsertRequest(ctx context.Context, request *domain.KeyedRequest) error

	// ReplaceRequest replaces the request with the same ID if the stored version is Version-1. Of several writers
	// that expect the same version exactly one succeeds. Errors: ErrNotFound, ErrConflict.
	ReplaceRequest(ctx context.Context, request *domain.KeyedRequest) error

	// Request returns a request, expired or not. It sees every write that was acknowledged before the call.
	// Errors: ErrNotFound.
	Request(ctx context.Context, id string) (*domain.KeyedRequest, error)

	// RequestsAbout returns at most limit requests that have the key among their CustomerKeys, in any order, and an
	// empty slice if there are none. It sees what Request sees.
	RequestsAbout(ctx context.Context, customerKey string, limit int) ([]*domain.KeyedRequest, error)

	// DeleteRequest deletes a request if its version is the given one. Errors: ErrNotFound, ErrConflict.
	DeleteRequest(ctx context.Context, id string, version int64) error

	// DeleteExpiredRequests deletes at most limit requests whose ExpiresAt is not after the given time, and returns
	// how many it deleted. Fewer than limit means that there were no more.
	DeleteExpiredRequests(ctx context.Context, at time.Time, limit int) (int, error)
}
