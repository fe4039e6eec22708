package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
	"clientele/persistence"
)

func (s *Store) customers() documents[domain.Customer] {
	return documents[domain.Customer]{
		store: s, collection: s.collection(persistence.CustomerCollection),
		identify: func(c *domain.Customer) identity { return identity{key: c.Key, version: c.Version} },
	}
}

// InsertCustomer implements persistence.Customers.
func (s *Store) InsertCustomer(ctx context.Context, customer *domain.Customer) error {
	return s.customers().Insert(ctx, customer)
}

// ReplaceCustomer implements persistence.Customers.
func (s *Store) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	return s.customers().Replace(ctx, customer)
}

// LiveCustomer implements persistence.Customers.
func (s *Store) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.customers().get(ctx, bson.D{{Key: fieldKey, Value: ref.Key()}, {Key: fieldArchivedAt, Value: nil}})
}

// AnyCustomer implements persistence.Customers.
func (s *Store) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.customers().get(ctx, bson.D{{Key: fieldKey, Value: ref.Key()}})
}

// ListCustomers implements persistence.Customers.
func (s *Store) ListCustomers(ctx context.Context, query persistence.Query) (persistence.Page[domain.Customer], error) {
	return s.customers().List(ctx, query)
}

// CountCustomers implements persistence.Customers.
func (s *Store) CountCustomers(ctx context.Context, environmentID string, filter persistence.Filter) (int, error) {
	return s.customers().Count(ctx, environmentID, filter)
}
