package mongo

import (
	"context"
	"iter"
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/internal/domain"
	"clientele/persistence"
)

const (
	// batchSize is for walks whose length cannot be told: a few round trips for the ties of a usual page,
	// without fetching much that is thrown away.
	batchSize = 256
	// closeTimeout is how long a call may last to tell the server that a cursor is no longer needed.
	closeTimeout = time.Second
)

// ListCustomers implements persistence.Customers.
func (s *Store) ListCustomers(
	ctx context.Context, query persistence.CustomerQuery,
) (persistence.CustomerPage, error) {
	where, err := liveCustomers(query.EnvironmentID, query.Filter)
	if err != nil {
		return persistence.CustomerPage{}, err
	}
	var found persistence.Slice[document]
	err = s.call(ctx, "list customers", func(ctx context.Context) (err error) {
		scope := persistence.Scope{EnvironmentID: query.EnvironmentID, Filter: query.Filter}
		found, err = persistence.Paginate(
			ctx, scope, query.Order, query.Page, persistence.FieldCustomerID, s.scanCustomers(where))
		return err
	})
	if err != nil {
		return persistence.CustomerPage{}, err
	}
	page := persistence.CustomerPage{
		Items: make([]persistence.CustomerItem, len(found.Documents)), HasNext: found.HasNext, HasPrevious: found.HasPrevious,
	}
	for i, document := range found.Documents {
		customer, err := decode[domain.Customer](bson.Raw(document))
		if err != nil {
			return persistence.CustomerPage{}, err
		}
		page.Items[i] = persistence.CustomerItem{Customer: customer, Cursor: found.Cursors[i]}
	}
	return page, nil
}

// scanCustomers serves the segments of the customers that match where.
func (s *Store) scanCustomers(where bson.D) persistence.Scan[document] {
	return func(ctx context.Context, segment persistence.Segment) iter.Seq2[document, error] {
		return func(yield func(document, error) bool) {
			opts := options.Find().SetSort(sortBy(segment.Field, segment.Descending)).SetBatchSize(batchSize)
			if segment.Limit > 0 {
				// A batch with room for one more than the limit is the last one, so the server keeps no cursor.
				opts.SetLimit(int64(segment.Limit)).SetBatchSize(int32(min(segment.Limit, math.MaxInt32-1) + 1))
			}
			cursor, err := s.customers.Find(ctx, within(segment, where), opts)
			if err != nil {
				yield(nil, err)
				return
			}
			defer closeCursor(ctx, cursor)
			for cursor.Next(ctx) {
				// The driver reuses the memory of a batch.
				if !yield(document(slices.Clone(cursor.Current)), nil) {
					return
				}
			}
			if err := cursor.Err(); err != nil {
				yield(nil, err)
			}
		}
	}
}

// closeCursor ends a cursor even when the context is done, which is why its documents are not wanted.
func closeCursor(ctx context.Context, cursor *driver.Cursor) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	// The server ends an idle cursor by itself, so nothing is lost but some of its memory for a while.
	_ = cursor.Close(ctx)
}

// within narrows the query to a segment.
func within(segment persistence.Segment, where bson.D) bson.D {
	and := bson.A{}
	for _, bound := range bounds(segment) {
		and = append(and, bound)
	}
	query := slices.Clone(where)
	for i, element := range query {
		if element.Key == "$and" {
			query[i].Value = append(and, element.Value.(bson.A)...)
			return query
		}
	}
	return append(query, bson.E{Key: "$and", Value: and})
}

// bounds are the conditions of a segment. They are such that the index of its field serves them: a range
// of the field, or of the tie-breaker under one value.
func bounds(segment persistence.Segment) []bson.D {
	field, tieField := string(segment.Field), string(persistence.FieldCustomerID)
	behind, notBefore := "$gt", "$gte"
	if segment.Descending {
		behind, notBefore = "$lt", "$lte"
	}
	from := segment.From
	if segment.Null {
		isNull := is(field, "$eq", nil)
		if from == nil || from.WholeValue {
			return []bson.D{isNull}
		}
		return []bson.D{isNull, is(tieField, behind, from.TieBreaker)}
	}
	switch {
	case from == nil:
		return []bson.D{is(field, "$ne", nil)}
	case from.WholeValue:
		return []bson.D{is(field, notBefore, operand(from.Value))}
	case field == tieField:
		return []bson.D{is(field, behind, from.TieBreaker)}
	default:
		value := operand(from.Value)
		return []bson.D{
			// It follows from the next one. It is here for the planner, which then starts at the value even if
			// it walks the index as one range and not as two.
			is(field, notBefore, value),
			{{Key: "$or", Value: bson.A{
				is(field, behind, value),
				bson.D{{Key: "$and", Value: bson.A{is(field, "$eq", value), is(tieField, behind, from.TieBreaker)}}},
			}}},
		}
	}
}

// document is a stored customer whose fields are read where they stand.
type document bson.Raw

// Value implements persistence.Document.
func (d document) Value(field persistence.Field) persistence.Value {
	value, err := bson.Raw(d).LookupErr(string(field))
	if err != nil {
		return persistence.Value{}
	}
	if text, ok := value.StringValueOK(); ok {
		return persistence.Text(text)
	}
	if at, ok := value.TimeOK(); ok {
		return persistence.Time(at)
	}
	return persistence.Value{}
}
