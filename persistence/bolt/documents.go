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
}

// views makes the store's Views.
func (s *Store) views() persistence.Views {
	return persistence.NewViews(persistence.AllDocuments{
		Customers:          documents[domain.Customer]{s, customers},
		Products:           documents[domain.Product]{s, newCollection(persistence.Products)},
		Plans:              documents[domain.Plan]{s, newCollection(persistence.Plans)},
		PlanVersions:       documents[domain.Plan]{s, newCollection(persistence.PlanVersions)},
		Addons:             documents[domain.Addon]{s, newCollection(persistence.Addons)},
		AddonVersions:      documents[domain.Addon]{s, newCollection(persistence.AddonVersions)},
		Features:           documents[domain.Feature]{s, newCollection(persistence.Features)},
		Coupons:            documents[domain.Coupon]{s, newCollection(persistence.Coupons)},
		PromotionCodes:     documents[domain.PromotionCode]{s, newCollection(persistence.PromotionCodes)},
		SubscriptionClaims: documents[domain.SubscriptionClaim]{s, newCollection(persistence.SubscriptionClaims)},
	})
}

// Insert implements persistence.Documents.
func (d documents[T]) Insert(ctx context.Context, document *T) error {
	what := "insert into " + d.collection.Name
	id, after, err := d.encode(document)
	if err != nil {
		return wrap(what, err)
	}
	key := []byte(id.Key)
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
	key := []byte(id.Key)
	return d.write(ctx, what, after, func(tx *bbolt.Tx) error {
		before := d.collection.stored(tx, key)
		if before == nil {
			return persistence.ErrNotFound
		}
		if before.Version() != id.Version-1 {
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

// encode returns the document as it is stored.
func (d documents[T]) encode(document *T) (bsondoc.Identity, document, error) {
	id := bsondoc.Identify(document)
	if id.Key != id.RefKey {
		// The indexes lead from environment and id to the key.
		return bsondoc.Identity{}, nil, errors.New("the key is not that of the document's environment and id")
	}
	raw, err := bson.Marshal(document)
	if err != nil {
		return bsondoc.Identity{}, nil, fmt.Errorf("encode: %w", err)
	}
	return id, raw, nil
}

// Get implements persistence.Documents.
func (d documents[T]) Get(ctx context.Context, ref domain.Ref) (*T, error) {
	var out *T
	err := d.store.read(ctx, "get from "+d.collection.Name, func(tx *bbolt.Tx) error {
		found := d.collection.stored(tx, []byte(ref.Key()))
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
