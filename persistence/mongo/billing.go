package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"clientele/internal/domain"
	"clientele/persistence"
)

const fieldDueAt = "sync.dueAt"

// billingIndexes serve the queries across environments, so they do not begin with the environment as the others do. They
// are not partial, although most customers are never due: other servers of MongoDB's protocol have only plain indexes.
func billingIndexes() []driver.IndexModel {
	return []driver.IndexModel{
		{Keys: bson.D{{Key: fieldDueAt, Value: 1}, {Key: fieldKey, Value: 1}}},
		{Keys: bson.D{{Key: string(persistence.FieldBillingID), Value: 1}, {Key: fieldKey, Value: 1}}},
	}
}

// DueCustomers implements persistence.Billing. A range of times holds no nulls.
func (s *Store) DueCustomers(ctx context.Context, at time.Time, limit int) ([]domain.CustomerRef, error) {
	order := bson.D{{Key: fieldDueAt, Value: 1}, {Key: fieldKey, Value: 1}}
	return s.customerRefs(ctx, "list due customers", is(fieldDueAt, "$lte", at), order, limit)
}

// LinkedCustomers implements persistence.Billing.
func (s *Store) LinkedCustomers(ctx context.Context, billingID string, limit int) ([]domain.CustomerRef, error) {
	linked := is(string(persistence.FieldBillingID), "$eq", billingID)
	return s.customerRefs(ctx, "list linked customers", linked, bson.D{{Key: fieldKey, Value: 1}}, limit)
}

// customerRefs are at most limit customers of all environments, live and archived, that the filter matches.
func (s *Store) customerRefs(ctx context.Context, operation string, filter, order bson.D, limit int) ([]domain.CustomerRef, error) {
	refs := []domain.CustomerRef{}
	err := s.call(ctx, operation, func(ctx context.Context) error {
		if limit <= 0 {
			return nil // To the server no limit is none at all.
		}
		refsOnly := bson.D{
			{Key: fieldKey, Value: 0},
			{Key: string(persistence.FieldEnvironmentID), Value: 1},
			{Key: string(persistence.FieldCustomerID), Value: 1},
		}
		asked := find{filter: filter, sort: order, projection: refsOnly, limit: int64(limit), batch: oneBatch(limit)}
		for found, err := range s.customers().find(ctx, asked) {
			if err != nil {
				return err
			}
			refs = append(refs, domain.CustomerRef{
				EnvironmentID: found.Text(persistence.FieldEnvironmentID), CustomerID: found.Text(persistence.FieldCustomerID),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return refs, nil
}
