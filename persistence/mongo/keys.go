package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/internal/bsondoc"
)

const (
	fieldRevokedAt  = "revokedAt"
	fieldReplacedBy = "replacedBy"
	fieldLastUsedAt = "lastUsedAt"
)

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
		cursor, err := find{filter: bson.D{}, sort: bson.D{{Key: fieldKey, Value: 1}}}.in(ctx, s.keys)
		if err != nil {
			return err
		}
		var raws []bson.Raw
		// All closes the cursor, whatever happens.
		if err := cursor.All(ctx, &raws); err != nil {
			return err
		}
		for _, raw := range raws {
			persistence.WorkOf(ctx).Read(len(raw))
			key, err := bsondoc.Decode[domain.APIKey](document(raw))
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		return nil
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

// RetireKey implements persistence.Keys. After a lost acknowledgement the driver's retry changes nothing twice: it
// carries the number of the write that it repeats.
func (s *Store) RetireKey(ctx context.Context, id, replacedBy string, expiresAt time.Time) error {
	return s.call(ctx, "retire key", func(ctx context.Context) error {
		filter := bson.D{{Key: fieldKey, Value: id}, {Key: fieldReplacedBy, Value: nil}}
		retire := bson.D{{Key: "$set", Value: bson.D{{Key: fieldReplacedBy, Value: replacedBy}, {Key: fieldExpiresAt, Value: expiresAt}}}}
		result, err := s.keys.UpdateOne(ctx, filter, retire)
		if err != nil || result.MatchedCount > 0 {
			return err
		}
		if err := requireKey(ctx, s.keys, id); err != nil {
			return err
		}
		return persistence.ErrConflict
	})
}

// UseKeys implements persistence.Keys.
func (s *Store) UseKeys(ctx context.Context, uses map[string]time.Time) error {
	return s.call(ctx, "record uses of keys", func(ctx context.Context) error {
		if len(uses) == 0 {
			return ctx.Err()
		}
		var writes []driver.WriteModel
		for id, at := range uses {
			writes = append(writes, driver.NewUpdateOneModel().
				SetFilter(bson.D{{Key: fieldKey, Value: id}}).
				SetUpdate(bson.D{{Key: "$max", Value: bson.D{{Key: fieldLastUsedAt, Value: at}}}}))
		}
		_, err := s.keys.BulkWrite(ctx, writes, options.BulkWrite().SetOrdered(false))
		return err
	})
}
