package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/internal/bsondoc"
)

const (
	requestsCollection = "keyedRequests"
	fieldExpiresAt     = "expiresAt"
	fieldCustomerKeys  = "customerKeys"
)

// requestIndexes serve the queries that are not by _id. Expired requests are not left to an index of MongoDB that
// deletes by itself: by whose clock and when is then nobody's decision, and other servers of its protocol have none.
func requestIndexes() []driver.IndexModel {
	return []driver.IndexModel{
		{Keys: bson.D{{Key: fieldCustomerKeys, Value: 1}}},
		{Keys: bson.D{{Key: fieldExpiresAt, Value: 1}}},
	}
}

// InsertRequest implements persistence.Idempotency. What documents.Insert says of lost acknowledgements holds here.
func (s *Store) InsertRequest(ctx context.Context, request *domain.KeyedRequest) error {
	return s.call(ctx, "insert request", func(ctx context.Context) error {
		_, err := s.requests.InsertOne(ctx, request)
		return err
	})
}

// ReplaceRequest implements persistence.Idempotency. What documents.Replace says of lost acknowledgements holds here.
func (s *Store) ReplaceRequest(ctx context.Context, request *domain.KeyedRequest) error {
	return s.call(ctx, "replace request", func(ctx context.Context) error {
		result, err := s.requests.ReplaceOne(ctx, ofVersion(request.ID, request.Version-1), request)
		if err == nil && result.MatchedCount == 0 {
			err = s.whyNot(ctx, request.ID)
		}
		return err
	})
}

// Request implements persistence.Idempotency.
func (s *Store) Request(ctx context.Context, id string) (*domain.KeyedRequest, error) {
	var request *domain.KeyedRequest
	err := s.call(ctx, "find request", func(ctx context.Context) error {
		found, err := s.requests.FindOne(ctx, bson.D{{Key: fieldKey, Value: id}}).Raw()
		if err != nil {
			return err
		}
		request, err = bsondoc.Decode[domain.KeyedRequest](document(found))
		return err
	})
	return request, err
}

// RequestsAbout implements persistence.Idempotency.
func (s *Store) RequestsAbout(ctx context.Context, customerKey string, limit int) ([]*domain.KeyedRequest, error) {
	requests := []*domain.KeyedRequest{}
	err := s.call(ctx, "list requests", func(ctx context.Context) error {
		// A field that holds a list equals each of its elements.
		about := bson.D{{Key: fieldCustomerKeys, Value: customerKey}}
		cursor, err := find{filter: about, limit: int64(limit), batch: oneBatch(limit)}.in(ctx, s.requests)
		if err != nil {
			return err
		}
		// All closes the cursor, whatever happens.
		return cursor.All(ctx, &requests)
	})
	if err != nil {
		return nil, err
	}
	return requests, nil
}

// DeleteRequest implements persistence.Idempotency. A deletion that is sent again because its acknowledgement was
// lost finds nothing on a standalone server, and returns ErrNotFound.
func (s *Store) DeleteRequest(ctx context.Context, id string, version int64) error {
	return s.call(ctx, "delete request", func(ctx context.Context) error {
		result, err := s.requests.DeleteOne(ctx, ofVersion(id, version))
		if err == nil && result.DeletedCount == 0 {
			err = s.whyNot(ctx, id)
		}
		return err
	})
}

// DeleteExpiredRequests implements persistence.Idempotency. It looks for the keys first, so that the deletion names
// them, as every write does.
func (s *Store) DeleteExpiredRequests(ctx context.Context, at time.Time, limit int) (int, error) {
	deleted := 0
	err := s.call(ctx, "delete expired requests", func(ctx context.Context) error {
		expired := is(fieldExpiresAt, "$lte", at)
		keysOnly := bson.D{{Key: fieldKey, Value: 1}}
		asked := find{filter: expired, projection: keysOnly, limit: int64(limit), batch: oneBatch(limit)}
		cursor, err := asked.in(ctx, s.requests)
		if err != nil {
			return err
		}
		var found []struct {
			ID string `bson:"_id"`
		}
		if err := cursor.All(ctx, &found); err != nil || len(found) == 0 {
			return err
		}
		ids := make(bson.A, len(found))
		for i, f := range found {
			ids[i] = f.ID
		}
		// One that was claimed anew meanwhile has not expired.
		_, err = s.requests.DeleteMany(ctx, append(is(fieldKey, "$in", ids), expired...))
		// Another server may have deleted some of them; they are gone all the same.
		deleted = len(found)
		return err
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}

func ofVersion(id string, version int64) bson.D {
	return bson.D{{Key: fieldKey, Value: id}, {Key: fieldVersion, Value: version}}
}

// whyNot is why no request has the key and the version: it has another version, or it is gone.
func (s *Store) whyNot(ctx context.Context, id string) error {
	if err := requireKey(ctx, s.requests, id); err != nil {
		return err
	}
	return persistence.ErrConflict
}
