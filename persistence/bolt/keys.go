package bolt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
	"clientele/persistence"
)

// InsertKey implements persistence.Keys.
func (s *Store) InsertKey(ctx context.Context, key *domain.APIKey) error {
	const what = "insert API key"
	raw, err := bson.Marshal(key)
	if err != nil {
		return wrap(what, err)
	}
	id := []byte(key.ID)
	return s.write(ctx, what, func(tx *bbolt.Tx) error {
		keys := tx.Bucket(keysBucket)
		if keys.Get(id) != nil {
			return persistence.ErrExists
		}
		return keys.Put(id, raw)
	})
}

// Key implements persistence.Keys.
func (s *Store) Key(ctx context.Context, id string) (*domain.APIKey, error) {
	var key *domain.APIKey
	err := s.read(ctx, "read API key", func(tx *bbolt.Tx) error {
		var err error
		key, err = decodeKey(tx.Bucket(keysBucket).Get([]byte(id)))
		return err
	})
	return key, err
}

// ListKeys implements persistence.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]*domain.APIKey, error) {
	keys := []*domain.APIKey{}
	work := persistence.WorkOf(ctx)
	err := s.read(ctx, "list API keys", func(tx *bbolt.Tx) error {
		return tx.Bucket(keysBucket).ForEach(func(_, raw []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			work.Read(len(raw))
			key, err := decodeKey(raw)
			keys = append(keys, key)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// RevokeKey implements persistence.Keys.
func (s *Store) RevokeKey(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, "revoke API key", func(tx *bbolt.Tx) error {
		return changeKey(tx, id, func(key *domain.APIKey) (bool, error) {
			revoked := key.RevokedAt != nil
			if !revoked {
				key.RevokedAt = &at
			}
			return !revoked, nil
		})
	})
}

// RetireKey implements persistence.Keys.
func (s *Store) RetireKey(ctx context.Context, id, replacedBy string, expiresAt time.Time) error {
	return s.write(ctx, "retire API key", func(tx *bbolt.Tx) error {
		return changeKey(tx, id, func(key *domain.APIKey) (bool, error) {
			if key.ReplacedBy != "" {
				return false, persistence.ErrConflict
			}
			key.ReplacedBy, key.ExpiresAt = replacedBy, &expiresAt
			return true, nil
		})
	})
}

// UseKeys implements persistence.Keys.
func (s *Store) UseKeys(ctx context.Context, uses map[string]time.Time) error {
	return s.write(ctx, "record uses of API keys", func(tx *bbolt.Tx) error {
		for id, at := range uses {
			err := changeKey(tx, id, func(key *domain.APIKey) (bool, error) {
				later := key.LastUsedAt == nil || at.After(*key.LastUsedAt)
				if later {
					key.LastUsedAt = &at
				}
				return later, nil
			})
			if err != nil && !errors.Is(err, persistence.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

// changeKey writes a key if change says that it changed it. Errors: ErrNotFound, those of change.
func changeKey(tx *bbolt.Tx, id string, change func(*domain.APIKey) (bool, error)) error {
	keys := tx.Bucket(keysBucket)
	key, err := decodeKey(keys.Get([]byte(id)))
	if err != nil {
		return err
	}
	changed, err := change(key)
	if err != nil || !changed {
		return err
	}
	raw, err := bson.Marshal(key)
	if err != nil {
		return err
	}
	return keys.Put([]byte(id), raw)
}

// decodeKey reads a stored key into memory of its own. Errors: ErrNotFound, for nil.
func decodeKey(raw []byte) (*domain.APIKey, error) {
	if raw == nil {
		return nil, persistence.ErrNotFound
	}
	var key domain.APIKey
	if err := bson.Unmarshal(raw, &key); err != nil {
		return nil, fmt.Errorf("decode API key: %w", err)
	}
	return &key, nil
}
