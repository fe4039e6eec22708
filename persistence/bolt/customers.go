package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"clientele/internal/domain"
	"clientele/persistence"
)

func (s *Store) customers() documents[domain.Customer] {
	return documents[domain.Customer]{store: s, collection: customers, identify: func(c *domain.Customer) identity {
		return identity{key: c.Key, wanted: c.Ref().Key(), version: c.Version}
	}}
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
	return s.customers().get(ctx, func(tx *bbolt.Tx) document {
		return tx.Bucket(customers.liveBucket()).Get([]byte(ref.Key()))
	})
}

// AnyCustomer implements persistence.Customers.
func (s *Store) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.customers().get(ctx, func(tx *bbolt.Tx) document { return customers.stored(tx, []byte(ref.Key())) })
}

// ListCustomers implements persistence.Customers.
func (s *Store) ListCustomers(ctx context.Context, query persistence.Query) (persistence.Page[domain.Customer], error) {
	return s.customers().List(ctx, query)
}

// CountCustomers implements persistence.Customers.
func (s *Store) CountCustomers(ctx context.Context, environmentID string, filter persistence.Filter) (int, error) {
	return s.customers().Count(ctx, environmentID, filter)
}
