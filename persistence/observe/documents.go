package observe

import (
	"context"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// documents is a collection of a store that is measured.
type documents[T any] struct {
	to      persistence.Documents[T]
	observe observer
	name    string
}

// Insert implements persistence.Documents.
func (d documents[T]) Insert(ctx context.Context, document *T) error {
	return d.observe.call(ctx, insert, d.name, func(ctx context.Context) error { return d.to.Insert(ctx, document) })
}

// Replace implements persistence.Documents.
func (d documents[T]) Replace(ctx context.Context, document *T) error {
	return d.observe.call(ctx, replace, d.name, func(ctx context.Context) error { return d.to.Replace(ctx, document) })
}

// Get implements persistence.Documents.
func (d documents[T]) Get(ctx context.Context, ref domain.Ref) (*T, error) {
	return measured(ctx, d.observe, get, d.name, func(ctx context.Context) (*T, error) { return d.to.Get(ctx, ref) })
}

// GetMany implements persistence.Documents.
func (d documents[T]) GetMany(ctx context.Context, environmentID string, refIDs []string) (map[string]*T, error) {
	return measured(ctx, d.observe, getMany, d.name, func(ctx context.Context) (map[string]*T, error) {
		return d.to.GetMany(ctx, environmentID, refIDs)
	})
}

// List implements persistence.Documents.
func (d documents[T]) List(ctx context.Context, query persistence.Query) (persistence.Page[T], error) {
	return measured(ctx, d.observe, list, d.name, func(ctx context.Context) (persistence.Page[T], error) {
		return d.to.List(ctx, query)
	})
}

// Count implements persistence.Documents.
func (d documents[T]) Count(ctx context.Context, environmentID string, filter persistence.Filter) (int, error) {
	return measured(ctx, d.observe, count, d.name, func(ctx context.Context) (int, error) {
		return d.to.Count(ctx, environmentID, filter)
	})
}

// InsertKey implements persistence.Keys, as the methods after it do.
func (s *Store) InsertKey(ctx context.Context, key *domain.APIKey) error {
	return s.observe.call(ctx, insert, keysCollection, func(ctx context.Context) error { return s.to.InsertKey(ctx, key) })
}

// Key implements persistence.Keys.
func (s *Store) Key(ctx context.Context, id string) (*domain.APIKey, error) {
	return measured(ctx, s.observe, get, keysCollection, func(ctx context.Context) (*domain.APIKey, error) {
		return s.to.Key(ctx, id)
	})
}

// ListKeys implements persistence.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]*domain.APIKey, error) {
	return measured(ctx, s.observe, list, keysCollection, s.to.ListKeys)
}

// RevokeKey implements persistence.Keys.
func (s *Store) RevokeKey(ctx context.Context, id string, at time.Time) error {
	return s.observe.call(ctx, revoke, keysCollection, func(ctx context.Context) error { return s.to.RevokeKey(ctx, id, at) })
}

// RetireKey implements persistence.Keys.
func (s *Store) RetireKey(ctx context.Context, id, replacedBy string, expiresAt time.Time) error {
	return s.observe.call(ctx, retire, keysCollection, func(ctx context.Context) error {
		return s.to.RetireKey(ctx, id, replacedBy, expiresAt)
	})
}

// UseKeys implements persistence.Keys.
func (s *Store) UseKeys(ctx context.Context, uses map[string]time.Time) error {
	return s.observe.call(ctx, use, keysCollection, func(ctx context.Context) error { return s.to.UseKeys(ctx, uses) })
}

// InsertRequest implements persistence.Idempotency, as the methods after it do.
func (s *Store) InsertRequest(ctx context.Context, request *domain.KeyedRequest) error {
	return s.observe.call(ctx, insert, requestsCollection, func(ctx context.Context) error { return s.to.InsertRequest(ctx, request) })
}

// ReplaceRequest implements persistence.Idempotency.
func (s *Store) ReplaceRequest(ctx context.Context, request *domain.KeyedRequest) error {
	return s.observe.call(ctx, replace, requestsCollection, func(ctx context.Context) error { return s.to.ReplaceRequest(ctx, request) })
}

// Request implements persistence.Idempotency.
func (s *Store) Request(ctx context.Context, id string) (*domain.KeyedRequest, error) {
	return measured(ctx, s.observe, get, requestsCollection, func(ctx context.Context) (*domain.KeyedRequest, error) {
		return s.to.Request(ctx, id)
	})
}

// RequestsAbout implements persistence.Idempotency.
func (s *Store) RequestsAbout(ctx context.Context, customerKey string, limit int) ([]*domain.KeyedRequest, error) {
	return measured(ctx, s.observe, list, requestsCollection, func(ctx context.Context) ([]*domain.KeyedRequest, error) {
		return s.to.RequestsAbout(ctx, customerKey, limit)
	})
}

// DeleteRequest implements persistence.Idempotency.
func (s *Store) DeleteRequest(ctx context.Context, id string, version int64) error {
	return s.observe.call(ctx, remove, requestsCollection, func(ctx context.Context) error { return s.to.DeleteRequest(ctx, id, version) })
}

// DeleteExpiredRequests implements persistence.Idempotency.
func (s *Store) DeleteExpiredRequests(ctx context.Context, at time.Time, limit int) (int, error) {
	return measured(ctx, s.observe, sweep, requestsCollection, func(ctx context.Context) (int, error) {
		return s.to.DeleteExpiredRequests(ctx, at, limit)
	})
}

// DueCustomers implements persistence.Billing, as the method after it does. They have names of their own: background
// queries would hide how long the lists of clients take.
func (s *Store) DueCustomers(ctx context.Context, at time.Time, limit int) ([]domain.CustomerRef, error) {
	return measured(ctx, s.observe, due, persistence.CustomerCollection.Name, func(ctx context.Context) ([]domain.CustomerRef, error) {
		return s.to.DueCustomers(ctx, at, limit)
	})
}

// LinkedCustomers implements persistence.Billing.
func (s *Store) LinkedCustomers(ctx context.Context, billingID string, limit int) ([]domain.CustomerRef, error) {
	return measured(ctx, s.observe, linked, persistence.CustomerCollection.Name, func(ctx context.Context) ([]domain.CustomerRef, error) {
		return s.to.LinkedCustomers(ctx, billingID, limit)
	})
}

var _ persistence.Store = (*Store)(nil)
