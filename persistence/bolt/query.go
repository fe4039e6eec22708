package bolt

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.etcd.io/bbolt"

	"clientele/persistence"
)

var errIndexDamaged = errors.New("an index names a document that is not stored")

// countMatching counts the environment's documents that match the filter.
func countMatching(m *meter, tx *bbolt.Tx, c *collection, environmentID string, filter persistence.Filter) (int, error) {
	if all, ok := filter.(persistence.And); filter == nil || ok && len(all) == 0 {
		return c.count(tx, environmentID)
	}
	conditions := conditionsOf(filter)
	x := c.index(environmentID, c.TieField())
	ranges := x.narrowed(conditions)
	other, itsRanges, found, err := shortcut(m, tx, x, ranges, conditions)
	if err != nil {
		return 0, err
	}
	if found {
		x, ranges = other, itsRanges
	} else if m.free && len(x.narrowing(conditions)) == 0 {
		// All documents have to be read, and their number is known: no attempt is needed to find that out.
		if all, err := c.count(tx, environmentID); err != nil || all > freeWork {
			return 0, cmp.Or(err, errNotFree)
		}
	}
	count := 0
	for _, err := range walk(m, tx, x, ranges, false) {
		if err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}

// planScan decides how the documents of a query are read: along the index of its order, or, where another
// index leads to few of them, all at once, put in that index's order here.
func planScan(m *meter, tx *bbolt.Tx, c *collection, query persistence.Query) (persistence.Scan[document], error) {
	field := c.TieField()
	if len(query.Order) > 0 {
		field = query.Order[0].Field
	}
	if !slices.Contains(c.SortFields, field) {
		return nil, fmt.Errorf("there is no index by %s", field)
	}
	ordered := c.index(query.EnvironmentID, field)
	conditions := conditionsOf(query.Filter)
	left := ordered.narrowed(conditions)
	other, ranges, found, err := shortcut(m, tx, ordered, left, conditions)
	if err != nil {
		return nil, err
	}
	if found {
		candidates, err := collect(walk(m, tx, other, ranges, false), ordered)
		return candidates.scan(ordered), err
	}
	return func(_ context.Context, segment persistence.Segment) iter.Seq2[document, error] {
		wanted := intersect(left, []keyRange{ordered.segment(segment)})
		return walk(m, tx, ordered, wanted, segment.Descending)
	}, nil
}

// walk reads the documents of an index that are in the ranges and match the filter.
func walk(m *meter, tx *bbolt.Tx, x index, ranges []keyRange, descending bool) iter.Seq2[document, error] {
	return func(yield func(document, error) bool) {
		live := tx.Bucket(x.collection.liveBucket())
		for key, value := range entries(x.bucket(tx), ranges, descending) {
			if err := m.row(); err != nil {
				yield(nil, err)
				return
			}
			found := document(value)
			if !x.primary() {
				found = live.Get(x.primaryKey(key))
			}
			if found == nil {
				yield(nil, errIndexDamaged)
				return
			}
			if m.matcher.Matches(found) && !yield(found, nil) {
				return
			}
		}
	}
}

// entries reads a bucket along ranges that are in order, or from their end.
func entries(bucket *bbolt.Bucket, ranges []keyRange, descending bool) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		cursor := bucket.Cursor()
		first, next := seekFirst, cursor.Next
		if descending {
			first, next = seekLast, cursor.Prev
			ranges = slices.Clone(ranges)
			slices.Reverse(ranges)
		}
		for _, r := range ranges {
			for key, value := first(cursor, r); key != nil && r.holds(key); key, value = next() {
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

func seekFirst(cursor *bbolt.Cursor, r keyRange) (key, value []byte) { return cursor.Seek(r.low) }

func seekLast(cursor *bbolt.Cursor, r keyRange) (key, value []byte) {
	if behind, _ := cursor.Seek(r.high); behind == nil {
		return cursor.Last()
	}
	return cursor.Prev()
}

// candidates are documents that match a query, sorted by their keys in the index of its order, which they
// stand in for.
type candidates []candidate

type candidate struct {
	key      []byte
	document document
}

func collect(documents iter.Seq2[document, error], ordered index) (candidates, error) {
	var out candidates
	for d, err := range documents {
		if err != nil {
			return nil, err
		}
		out = append(out, candidate{key: ordered.entryOf(d), document: d})
	}
	slices.SortFunc(out, func(a, b candidate) int { return bytes.Compare(a.key, b.key) })
	return out, nil
}

func (c candidates) scan(ordered index) persistence.Scan[document] {
	return func(_ context.Context, segment persistence.Segment) iter.Seq2[document, error] {
		wanted := ordered.segment(segment)
		inOrder := c
		if segment.Descending {
			inOrder = slices.Clone(c)
			slices.Reverse(inOrder)
		}
		return func(yield func(document, error) bool) {
			for _, candidate := range inOrder {
				if wanted.holds(candidate.key) && !yield(candidate.document, nil) {
					return
				}
			}
		}
	}
}
