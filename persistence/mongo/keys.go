package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/internal/domain"
	"clientele/persistence/internal/bsondoc"
)

const fieldRevokedAt = "revokedAt"

// InsertKey implements persistence.Keys. What documents.Insert says of lost acknowledgements holds here.
func (s *Store) InsertKey(ctx context.Context, key *domain.APIKey) error {
	return s.call(ctx, "insert key", func(ctx context.Context) error {
		_, err := s.keys.InsertOne(ctx, key)
		return err
	})
}

// Key implements persistence.Keys.
func (s *Store) Key(ctx context.Context, id string) (*domain.APIKey, error) {
	var key *domain.APIKey
	err := s.call(ctx, "find key", func(ctx context.Context) error {
		found, err := s.keys.FindOne(ctx, bson.D{{Key: fieldKey, Value: id}}).Raw()
		if err != nil {
			return err
		}
		key, err = bsondoc.Decode[domain.APIKey](document(found))
		return err
	})
	return key, err
}

// ListKeys implements persistence.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]*domain.APIKey, error) {
	keys := []*domain.APIKey{}
	err := s.call(ctx, "list keys", func(ctx context.Context) error {
		cursor, err := s.keys.Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: fieldKey, Value: 1}}))
		if err != nil {
			return err
		}
		// All closes the cursor, whatever happens.
		return cursor.All(ctx, &keys)
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// RevokeKey implements persistence.Keys. Once revoked, a key stays as it is, so a retry changes nothing.
func (s *Store) RevokeKey(ctx context.Context, id string, at time.Time) error {
	return s.call(ctx, "revoke key", func(ctx context.Context) error {
		filter := bson.D{{Key: fieldKey, Value: id}, {Key: fieldRevokedAt, Value: nil}}
		revoke := bson.D{{Key: "$set", Value: bson.D{{Key: fieldRevokedAt, Value: at}}}}
		result, err := s.keys.UpdateOne(ctx, filter, revoke)
		if err == nil && result.MatchedCount == 0 {
			err = requireKey(ctx, s.keys, id)
		}
		return err
	})
}
