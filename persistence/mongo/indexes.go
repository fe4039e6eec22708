package mongo

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"clientele/persistence"
)

// indexTimeout is for the first start after an upgrade, on a collection that has grown. Where even that is
// not enough, an operator builds the indexes beforehand.
const indexTimeout = 10 * time.Minute

// createIndexes creates what is missing. What is there, under whatever name, is left out of the command: an
// operator may have built it beforehand, and MongoDB would refuse the same index under a second name.
func (s *Store) createIndexes(ctx context.Context) error {
	return s.callWithin(ctx, indexTimeout, "create indexes", func(ctx context.Context) error {
		for _, c := range append([]persistence.Collection{persistence.CustomerCollection}, persistence.Collections...) {
			if err := createMissing(ctx, s.collection(c).documents, s.collection(c).indexes()); err != nil {
				return err
			}
		}
		if err := createMissing(ctx, s.customers().documents, billingIndexes()); err != nil {
			return err
		}
		return createMissing(ctx, s.requests, requestIndexes())
	})
}

func createMissing(ctx context.Context, documents *driver.Collection, indexes []driver.IndexModel) error {
	present, err := documents.Indexes().ListSpecifications(ctx)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(indexes, func(wanted driver.IndexModel) bool {
		return slices.ContainsFunc(present, func(there driver.IndexSpecification) bool {
			return isIndex(there.KeysDocument, wanted.Keys.(bson.D))
		})
	})
	if len(missing) == 0 {
		return nil
	}
	_, err = documents.Indexes().CreateMany(ctx, missing)
	return err
}

// indexes are one for each field that the documents can be sorted by. The fields in front have one value each
// in every list, so what follows is the order of the list, with its tie-breaker, and the index is walked in
// either direction.
func (c collection) indexes() []driver.IndexModel {
	models := make([]driver.IndexModel, len(c.SortFields))
	for i, field := range c.SortFields {
		keys := bson.D{{Key: string(persistence.FieldEnvironmentID), Value: 1}}
		if c.Archives {
			keys = append(keys, bson.E{Key: fieldArchivedAt, Value: 1})
		}
		models[i].Keys = append(keys, c.sortBy(field, false)...)
	}
	return models
}

// isIndex reports whether stored keys are these ascending ones; shells store numbers of any type.
func isIndex(stored bson.Raw, keys bson.D) bool {
	elements, err := stored.Elements()
	return err == nil && slices.EqualFunc(elements, keys, func(element bson.RawElement, key bson.E) bool {
		direction, isNumber := element.Value().AsInt64OK()
		return element.Key() == key.Key && isNumber && direction == 1
	})
}

// sortBy is the order by a field and then by the tie-breaker, both in one direction.
func (c collection) sortBy(field persistence.Field, descending bool) bson.D {
	direction := 1
	if descending {
		direction = -1
	}
	order := bson.D{{Key: string(field), Value: direction}}
	if field != c.TieField() {
		order = append(order, bson.E{Key: string(c.TieField()), Value: direction})
	}
	return order
}
