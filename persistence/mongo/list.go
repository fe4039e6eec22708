package mongo

import (
	"context"
	"iter"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"

	"clientele/persistence"
)

const (
	// batchSize is for walks of unknown length: a few round trips for the ties of a usual page,
	// without fetching much that is thrown away.
	batchSize = 256
	// closeTimeout bounds the call that closes a cursor on the server.
	closeTimeout = time.Second
)

// query is a filter as it is sent to the server, and the part that is evaluated here.
type query struct {
	sent bson.D
	// residual is nil if everything that the server finds matches.
	residual persistence.Filter
}

// query is the query for the documents of an environment that match a filter, but for those that are archived.
func (c collection) query(environmentID string, filter persistence.Filter) (query, error) {
	sent := bson.D{{Key: string(persistence.FieldEnvironmentID), Value: environmentID}}
	if c.Archives {
		sent = append(sent, bson.E{Key: fieldArchivedAt, Value: nil})
	}
	if filter == nil {
		return query{sent: sent}, nil
	}
	compiled, err := compile(filter)
	if err != nil {
		return query{}, err
	}
	// In an $and, because the filter may name the same fields.
	out := query{sent: append(sent, bson.E{Key: "$and", Value: bson.A{compiled}})}
	if findsTooMuch(filter) {
		out.residual = filter
	}
	return out, nil
}

// scan serves the segments of what the query matches.
func (c collection) scan(where query) persistence.Scan[document] {
	return func(ctx context.Context, segment persistence.Segment) iter.Seq2[document, error] {
		asked := find{
			filter: c.within(segment, where.sent), sort: c.sortBy(segment.Field, segment.Descending), batch: batchSize,
		}
		if segment.Limit > 0 && where.residual == nil {
			asked.limit, asked.batch = int64(segment.Limit), oneBatch(segment.Limit)
		}
		return where.matching(ctx, c.find(ctx, asked))
	}
}

// matching counts what the server found as rows, and leaves out what does not match the residual.
func (q query) matching(ctx context.Context, found iter.Seq2[document, error]) iter.Seq2[document, error] {
	return func(yield func(document, error) bool) {
		work := persistence.WorkOf(ctx)
		matcher := persistence.NewMatcher(q.residual)
		for d, err := range found {
			if err != nil {
				yield(nil, err)
				return
			}
			before := matcher.Conditions()
			matches := matcher.Matches(d)
			work.Scanned(1, matcher.Conditions()-before)
			if matches && !yield(d, nil) {
				return
			}
		}
	}
}

// find is a find command. Zero values are left out.
type find struct {
	filter, sort, projection bson.D
	limit                    int64
	batch                    int32
}

// command is written by hand because the driver leaves maxTimeMS out of a find that returns a cursor, and adds it to a
// command. The server then ends the whole cursor when the context does.
func (f find) command(collection string) bson.D {
	command := bson.D{{Key: "find", Value: collection}, {Key: "filter", Value: f.filter}}
	if f.sort != nil {
		command = append(command, bson.E{Key: "sort", Value: f.sort})
	}
	if f.projection != nil {
		command = append(command, bson.E{Key: "projection", Value: f.projection})
	}
	if f.limit > 0 {
		command = append(command, bson.E{Key: "limit", Value: f.limit})
	}
	if f.batch > 0 {
		command = append(command, bson.E{Key: "batchSize", Value: f.batch})
	}
	return append(command, bson.E{Key: "readConcern", Value: bson.D{{Key: "level", Value: readconcern.Majority().Level}}})
}

// find reads what the server finds. The sequence ends after its first error.
func (c collection) find(ctx context.Context, asked find) iter.Seq2[document, error] {
	return func(yield func(document, error) bool) {
		cursor, err := asked.in(ctx, c.documents)
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

// in sends the command, and once more if that failed in a way that passes: the driver retries reads of its own, and
// no commands.
func (f find) in(ctx context.Context, documents *driver.Collection) (*driver.Cursor, error) {
	command := f.command(documents.Name())
	cursor, err := documents.Database().RunCommandCursor(ctx, command)
	if err != nil && ctx.Err() == nil && isUnavailable(err) && !driver.IsTimeout(err) {
		cursor, err = documents.Database().RunCommandCursor(ctx, command)
	}
	if err != nil {
		return nil, err
	}
	cursor.SetBatchSize(f.batch)
	return cursor, nil
}

// closeCursor ends a cursor even when the context is done, which is why its documents are not wanted.
func closeCursor(ctx context.Context, cursor *driver.Cursor) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	// The server ends an idle cursor by itself, so nothing is lost but some of its memory for a while.
	_ = cursor.Close(ctx)
}

// within narrows the query to a segment.
func (c collection) within(segment persistence.Segment, where bson.D) bson.D {
	and := bson.A{}
	for _, bound := range c.bounds(segment) {
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
func (c collection) bounds(segment persistence.Segment) []bson.D {
	field, tieField := string(segment.Field), string(c.TieField())
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
