package bolt

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/internal/bsondoc"
)

// documents serves one collection, which keeps a T as one document.
type documents[T any] struct {
	store      *Store
	collection *collection
	identify   func(*T) identity
}

// identity is what a write depends on.
type identity struct {
	key string
	// wanted is the key that environment and id make.
	wanted  string
	version int64
}

// record is a document that begins with a domain.Record.
type record[T any] interface {
	*T
	Head() *domain.Record
}

func recordsOf[T any, R record[T]](s *Store, c persistence.Collection) documents[T] {
	return documents[T]{store: s, collection: newCollection(c), identify: func(document *T) identity {
		head := R(document).Head()
		return identity{key: head.Key, wanted: head.Ref().Key(), version: head.Version}
	}}
}

// Products implements persistence.Catalog.
func (s *Store) Products() persistence.Documents[domain.Product] {
	return recordsOf[domain.Product](s, persistence.Products)
}

// Plans implements persistence.Catalog.
func (s *Store) Plans() persistence.Documents[domain.Plan] {
	return recordsOf[domain.Plan](s, persistence.Plans)
}

// PlanVersions implements persistence.Catalog.
func (s *Store) PlanVersions() persistence.Documents[domain.Plan] {
	return recordsOf[domain.Plan](s, persistence.PlanVersions)
}

// Addons implements persistence.Catalog.
func (s *Store) Addons() persistence.Documents[domain.Addon] {
	return recordsOf[domain.Addon](s, persistence.Addons)
}

// AddonVersions implements persistence.Catalog.
func (s *Store) AddonVersions() persistence.Documents[domain.Addon] {
	return recordsOf[domain.Addon](s, persistence.AddonVersions)
}

// Features implements persistence.Catalog.
func (s *Store) Features() persistence.Documents[domain.Feature] {
	return recordsOf[domain.Feature](s, persistence.Features)
}

// Coupons implements persistence.Catalog.
func (s *Store) Coupons() persistence.Documents[domain.Coupon] {
	return recordsOf[domain.Coupon](s, persistence.Coupons)
}

// PromotionCodes implements persistence.Catalog.
func (s *Store) PromotionCodes() persistence.Documents[domain.PromotionCode] {
	return recordsOf[domain.PromotionCode](s, persistence.PromotionCodes)
}

// SubscriptionClaims implements persistence.Catalog.
func (s *Store) SubscriptionClaims() persistence.Documents[domain.SubscriptionClaim] {
	return recordsOf[domain.SubscriptionClaim](s, persistence.SubscriptionClaims)
}

// Insert implements persistence.Documents.
func (d documents[T]) Insert(ctx context.Context, document *T) error {
	what := "insert into " + d.collection.Name
	id, after, err := d.encode(document)
	if err != nil {
		return wrap(what, err)
	}
	key := []byte(id.key)
	return d.write(ctx, what, after, func(tx *bbolt.Tx) error {
		if d.collection.stored(tx, key) != nil {
			return persistence.ErrExists
		}
		return d.collection.put(tx, key, nil, after)
	})
}

// Replace implements persistence.Documents.
func (d documents[T]) Replace(ctx context.Context, document *T) error {
	what := "replace in " + d.collection.Name
	id, after, err := d.encode(document)
	if err != nil {
		return wrap(what, err)
	}
	key := []byte(id.key)
	return d.write(ctx, what, after, func(tx *bbolt.Tx) error {
		before := d.collection.stored(tx, key)
		if before == nil {
			return persistence.ErrNotFound
		}
		if before.Version() != id.version-1 {
			return persistence.ErrConflict
		}
		return d.collection.put(tx, key, before, after)
	})
}

// write commits a change that stores a document.
func (d documents[T]) write(ctx context.Context, what string, after document, change func(*bbolt.Tx) error) error {
	err := d.store.write(ctx, what, change)
	if err == nil {
		persistence.WorkOf(ctx).Wrote(len(after))
	}
	return err
}

// encode is a document as it is stored.
func (d documents[T]) encode(document *T) (identity, document, error) {
	id := d.identify(document)
	if id.key != id.wanted {
		// The indexes lead from environment and id to the key.
		return identity{}, nil, errors.New("the key is not that of the document's environment and id")
	}
	raw, err := bson.Marshal(document)
	if err != nil {
		return identity{}, nil, fmt.Errorf("encode: %w", err)
	}
	return id, raw, nil
}

// Get implements persistence.Documents.
func (d documents[T]) Get(ctx context.Context, ref domain.Ref) (*T, error) {
	return d.get(ctx, func(tx *bbolt.Tx) document { return d.collection.stored(tx, []byte(ref.Key())) })
}

func (d documents[T]) get(ctx context.Context, find func(*bbolt.Tx) document) (*T, error) {
	var out *T
	err := d.store.read(ctx, "get from "+d.collection.Name, func(tx *bbolt.Tx) error {
		found := find(tx)
		if found == nil {
			return persistence.ErrNotFound
		}
		var err error
		out, err = bsondoc.Read[T](ctx, found)
		return err
	})
	return out, err
}

// GetMany implements persistence.Documents.
func (d documents[T]) GetMany(ctx context.Context, environmentID string, refIDs []string) (map[string]*T, error) {
	out := make(map[string]*T, len(refIDs))
	err := d.store.read(ctx, "get many from "+d.collection.Name, func(tx *bbolt.Tx) error {
		var ids []string
		var found []document
		for _, refID := range refIDs {
			if err := ctx.Err(); err != nil {
				return err
			}
			ref := domain.Ref{EnvironmentID: environmentID, RefID: refID}
			stored := d.collection.stored(tx, []byte(ref.Key()))
			if _, asked := out[refID]; asked || stored == nil {
				continue
			}
			out[refID] = nil
			ids, found = append(ids, refID), append(found, stored)
		}
		documents, err := bsondoc.ReadAll[T](ctx, found)
		for i, document := range documents {
			out[ids[i]] = document
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// List implements persistence.Documents.
func (d documents[T]) List(ctx context.Context, query persistence.Query) (persistence.Page[T], error) {
	var page persistence.Page[T]
	err := d.store.scan(ctx, "list "+d.collection.Name, query.Filter, func(tx *bbolt.Tx, m *meter) error {
		all, err := d.collection.count(tx, query.EnvironmentID)
		if err != nil {
			return err
		}
		if err := m.foresee(all); err != nil {
			return err
		}
		scan, err := planScan(m, tx, d.collection, query)
		if err != nil {
			return err
		}
		scope := persistence.Scope{
			Collection: d.collection.Name, EnvironmentID: query.EnvironmentID, Filter: query.Filter,
		}
		found, err := persistence.Paginate(ctx, scope, query.Order, query.Page, d.collection.TieField(), scan)
		if err != nil {
			return err
		}
		page, err = bsondoc.ReadPage[T](ctx, found)
		return err
	})
	return page, err
}

// Count implements persistence.Documents.
func (d documents[T]) Count(ctx context.Context, environmentID string, filter persistence.Filter) (int, error) {
	count := 0
	err := d.store.scan(ctx, "count "+d.collection.Name, filter, func(tx *bbolt.Tx, m *meter) (err error) {
		count, err = countMatching(m, tx, d.collection, environmentID, filter)
		return err
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}
