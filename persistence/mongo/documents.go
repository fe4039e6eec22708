package mongo

import (
	"context"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/internal/bsondoc"
)

const (
	fieldKey        = "_id"
	fieldVersion    = "version"
	fieldArchivedAt = "archivedAt"
)

// document is a stored document whose fields are read where they stand.
type document = bsondoc.Document

// collection is a collection of the contract in the database.
type collection struct {
	persistence.Collection

	documents *driver.Collection
}

func (s *Store) collection(c persistence.Collection) collection {
	return collection{Collection: c, documents: s.database.Collection(c.Name)}
}

// documents serves one collection, which keeps a T as one document.
type documents[T any] struct {
	collection

	store *Store
}

// views makes the store's Views.
func (s *Store) views() persistence.Views {
	return persistence.NewViews(persistence.AllDocuments{
		Customers:          s.customers(),
		Products:           documents[domain.Product]{s.collection(persistence.Products), s},
		Plans:              documents[domain.Plan]{s.collection(persistence.Plans), s},
		PlanVersions:       documents[domain.Plan]{s.collection(persistence.PlanVersions), s},
		Addons:             documents[domain.Addon]{s.collection(persistence.Addons), s},
		AddonVersions:      documents[domain.Addon]{s.collection(persistence.AddonVersions), s},
		Features:           documents[domain.Feature]{s.collection(persistence.Features), s},
		Coupons:            documents[domain.Coupon]{s.collection(persistence.Coupons), s},
		PromotionCodes:     documents[domain.PromotionCode]{s.collection(persistence.PromotionCodes), s},
		SubscriptionClaims: documents[domain.SubscriptionClaim]{s.collection(persistence.SubscriptionClaims), s},
	})
}

func (s *Store) customers() documents[domain.Customer] {
	return documents[domain.Customer]{s.collection(persistence.CustomerCollection), s}
}

// Insert implements persistence.Documents.
//
// On a replica set or a sharded cluster the driver retries a write whose acknowledgement is lost, under the number of
// the first attempt, and the server returns the result of that attempt: a document never collides with itself. A
// standalone server keeps no such numbers: a lost acknowledgement is ErrUnavailable, the write may have been made, and a
// retry by the caller may get ErrExists because of its own document. The same is true on every server when the time for
// retries has run out, or when a write was applied but its replication not confirmed in time.
func (d documents[T]) Insert(ctx context.Context, document *T) error {
	return d.store.call(ctx, "insert into "+d.Name, func(ctx context.Context) error {
		raw, err := bson.Marshal(document)
		if err != nil {
			return err
		}
		if _, err := d.documents.InsertOne(ctx, bson.Raw(raw)); err != nil {
			return err
		}
		persistence.WorkOf(ctx).Wrote(len(raw))
		return nil
	})
}

// Replace implements persistence.Documents.
//
// The server evaluates the filter and replaces the document in one step, so of several writers that expect one version
// only one finds it. Lost acknowledgements are handled as in Insert: a retry by the driver gets the result of the first
// attempt. After ErrUnavailable the write may have been made; a retry by the caller is then a conflict, never a second
// write.
func (d documents[T]) Replace(ctx context.Context, document *T) error {
	return d.store.call(ctx, "replace in "+d.Name, func(ctx context.Context) error {
		id := bsondoc.Identify(document)
		raw, err := bson.Marshal(document)
		if err != nil {
			return err
		}
		filter := bson.D{{Key: fieldKey, Value: id.Key}, {Key: fieldVersion, Value: id.Version - 1}}
		result, err := d.documents.ReplaceOne(ctx, filter, bson.Raw(raw))
		if err != nil {
			return err
		}
		if result.MatchedCount == 0 {
			// No document is ever deleted, so one that is missing now was missing then too.
			if err := requireKey(ctx, d.documents, id.Key); err != nil {
				return err
			}
			return persistence.ErrConflict
		}
		persistence.WorkOf(ctx).Wrote(len(raw))
		return nil
	})
}

// Get implements persistence.Documents.
func (d documents[T]) Get(ctx context.Context, ref domain.Ref) (*T, error) {
	var out *T
	err := d.store.call(ctx, "get from "+d.Name, func(ctx context.Context) error {
		found, err := d.documents.FindOne(ctx, bson.D{{Key: fieldKey, Value: ref.Key()}}).Raw()
		if err != nil {
			return err
		}
		out, err = bsondoc.Read[T](ctx, document(found))
		return err
	})
	return out, err
}

// GetMany implements persistence.Documents.
func (d documents[T]) GetMany(ctx context.Context, environmentID string, refIDs []string) (map[string]*T, error) {
	out := make(map[string]*T, len(refIDs))
	keys := make(bson.A, len(refIDs))
	for i, refID := range refIDs {
		keys[i] = domain.Ref{EnvironmentID: environmentID, RefID: refID}.Key()
	}
	err := d.store.call(ctx, "get many from "+d.Name, func(ctx context.Context) error {
		if len(keys) == 0 {
			return nil
		}
		var found []document
		for one, err := range d.find(ctx, find{filter: is(fieldKey, "$in", keys), batch: oneBatch(len(keys))}) {
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		documents, err := bsondoc.ReadAll[T](ctx, found)
		for i, document := range documents {
			out[found[i].Text(d.TieField())] = document
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
	where, err := d.query(query.EnvironmentID, query.Filter)
	if err != nil {
		return page, err
	}
	err = d.store.scan(ctx, !d.bounded(query.Filter, query.Order), "list "+d.Name, func(ctx context.Context) error {
		scope := persistence.Scope{Collection: d.Name, EnvironmentID: query.EnvironmentID, Filter: query.Filter}
		found, err := persistence.Paginate(ctx, scope, query.Order, query.Page, d.TieField(), d.scan(where))
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
	where, err := d.query(environmentID, filter)
	if err != nil {
		return 0, err
	}
	count := 0
	err = d.store.scan(ctx, filter != nil && !d.identifies(filter), "count "+d.Name, func(ctx context.Context) error {
		if where.residual == nil {
			n, err := d.documents.CountDocuments(ctx, where.sent)
			count = int(n)
			return err
		}
		for _, err := range where.matching(ctx, d.find(ctx, find{filter: where.sent, batch: batchSize})) {
			if err != nil {
				return err
			}
			count++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

// oneBatch is the size of a batch that holds n documents and is the last one, so that the server keeps no
// cursor: it has room for one more.
func oneBatch(n int) int32 { return int32(min(n, math.MaxInt32-1) + 1) }

// requireKey returns driver.ErrNoDocuments if no document has the key.
func requireKey(ctx context.Context, collection *driver.Collection, key string) error {
	keyOnly := options.FindOne().SetProjection(bson.D{{Key: fieldKey, Value: 1}})
	return collection.FindOne(ctx, bson.D{{Key: fieldKey, Value: key}}, keyOnly).Err()
}
