package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/internal/domain"
	"clientele/persistence"
)

const (
	fieldKey     = "_id"
	fieldVersion = "version"
)

// InsertCustomer implements persistence.Customers.
//
// On a replica set or a sharded cluster the driver sends a write again when its acknowledgement is lost,
// under the number of the first attempt, and the server answers what it did then: a customer never
// collides with itself. A standalone server keeps no such numbers, so there a lost acknowledgement is
// ErrUnavailable, the write may stand, and who tries again may be told ErrExists of its own customer. The
// same holds of every server once the time for retries has run out, or when a write was applied but its
// replication not confirmed in time.
func (s *Store) InsertCustomer(ctx context.Context, customer *domain.Customer) error {
	return s.call(ctx, "insert customer", func(ctx context.Context) error {
		_, err := s.customers.InsertOne(ctx, customer)
		return err
	})
}

// ReplaceCustomer implements persistence.Customers.
//
// The server evaluates the filter and replaces the document as one step, so of several writers that name
// one version one finds it and the others do not. What InsertCustomer says of lost acknowledgements holds
// here: a retry by the driver is answered as its first attempt was, not with a conflict with itself; after
// ErrUnavailable the write may stand, and the same write again is then a conflict, never a second write.
func (s *Store) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	return s.call(ctx, "replace customer", func(ctx context.Context) error {
		filter := bson.D{{Key: fieldKey, Value: customer.Key}, {Key: fieldVersion, Value: customer.Version - 1}}
		result, err := s.customers.ReplaceOne(ctx, filter, customer)
		if err != nil {
			return err
		}
		if result.MatchedCount == 0 {
			// No document is ever deleted. So one that is missing now was missing then, and the answer is
			// right although this is a second look.
			if err := requireKey(ctx, s.customers, customer.Key); err != nil {
				return err
			}
			return persistence.ErrConflict
		}
		return nil
	})
}

// LiveCustomer implements persistence.Customers.
func (s *Store) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.findCustomer(ctx, bson.D{{Key: fieldKey, Value: ref.Key()}, {Key: fieldArchivedAt, Value: nil}})
}

// AnyCustomer implements persistence.Customers.
func (s *Store) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.findCustomer(ctx, bson.D{{Key: fieldKey, Value: ref.Key()}})
}

func (s *Store) findCustomer(ctx context.Context, filter bson.D) (*domain.Customer, error) {
	var found bson.Raw
	err := s.call(ctx, "find customer", func(ctx context.Context) (err error) {
		found, err = s.customers.FindOne(ctx, filter).Raw()
		return err
	})
	if err != nil {
		return nil, err
	}
	return decode[domain.Customer](found)
}

// CountCustomers implements persistence.Customers.
func (s *Store) CountCustomers(
	ctx context.Context, environmentID string, filter persistence.Filter,
) (int, error) {
	where, err := liveCustomers(environmentID, filter)
	if err != nil {
		return 0, err
	}
	var count int64
	err = s.call(ctx, "count customers", func(ctx context.Context) (err error) {
		count, err = s.customers.CountDocuments(ctx, where)
		return err
	})
	return int(count), err
}

// liveCustomers is the query for the live customers of an environment that match a filter.
func liveCustomers(environmentID string, filter persistence.Filter) (bson.D, error) {
	query := bson.D{
		{Key: string(persistence.FieldEnvironmentID), Value: environmentID},
		{Key: fieldArchivedAt, Value: nil},
	}
	if filter == nil {
		return query, nil
	}
	compiled, err := compile(filter)
	if err != nil {
		return nil, err
	}
	// In an $and, because the filter may name the same fields.
	return append(query, bson.E{Key: "$and", Value: bson.A{compiled}}), nil
}

// requireKey answers whether a document has the key. Errors: driver.ErrNoDocuments.
func requireKey(ctx context.Context, collection *driver.Collection, key string) error {
	keyOnly := options.FindOne().SetProjection(bson.D{{Key: fieldKey, Value: 1}})
	return collection.FindOne(ctx, bson.D{{Key: fieldKey, Value: key}}, keyOnly).Err()
}
