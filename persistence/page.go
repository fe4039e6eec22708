package persistence

import (
	"cmp"
	"context"
	"iter"
	"slices"
)

// Order sorts by one field.
type Order struct {
	Field      Field
	Descending bool
	// NullsFirst puts documents without a value before the others, else they come last, whatever the
	// direction.
	NullsFirst bool
}

// PageRequest selects at most Limit items; Limit is at least 1. They are the first of the order, or the first after the
// cursor After, or the last (Backward), or the last before the cursor Before. Before implies Backward. After and Backward
// cannot be combined.
type PageRequest struct {
	Limit    int
	After    string
	Before   string
	Backward bool
}

// Segment is one ordered walk that an engine serves from an index: the documents whose Field is null
// (Null), or not null, by value and then by tie-breaker, both ascending or both Descending.
type Segment struct {
	Field      Field
	Null       bool
	Descending bool
	// From, if set, is where to start: only documents behind it in the walk's direction are wanted.
	From *Position
	// Limit is the number of matching documents that suffice; zero when that is not known beforehand.
	Limit int
}

// Position is a place in a segment: right behind the document with that value and tie-breaker. Without a
// tie-breaker (WholeValue) it is right in front of all documents with that value.
type Position struct {
	Value      Value
	TieBreaker string
	WholeValue bool
}

// Scan serves a segment, documents that match the query's filter only. The sequence ends after its first
// error.
type Scan[D Document] func(ctx context.Context, segment Segment) iter.Seq2[D, error]

// Slice is a page of documents as Paginate found it.
type Slice[D Document] struct {
	Documents   []D
	Cursors     []string
	HasNext     bool
	HasPrevious bool
}

// Paginate makes a page of a query from an engine's ordered scans. Only this function knows how orders, nulls, ties and
// cursors work, so all engines page alike. tieField is the field of the tie-breaker: a text, unique in the scope. A cursor
// is valid only for the scope and order that it was made for.
// Errors: ErrInvalidCursor, and those of scan.
func Paginate[D Document](
	ctx context.Context, scope Scope, order []Order, request PageRequest, tieField Field, scan Scan[D],
) (Slice[D], error) {
	order = completeOrder(order, tieField)
	binding := scope.binding(order)
	cursor := cmp.Or(request.After, request.Before)
	var from []Value
	if cursor != "" {
		var err error
		if from, err = decodeCursor(binding, cursor, len(order)); err != nil {
			return Slice[D]{}, err
		}
	}
	backward := request.Backward || request.Before != ""
	walked := order
	if backward {
		walked = reverse(order)
	}
	found, err := walk(ctx, walked, from, request.Limit+1, scan)
	if err != nil {
		return Slice[D]{}, err
	}
	more := len(found) > request.Limit
	found = found[:min(len(found), request.Limit)]
	if backward {
		slices.Reverse(found)
	}
	page := Slice[D]{
		Documents: make([]D, len(found)), Cursors: make([]string, len(found)),
		HasNext: more, HasPrevious: cursor != "",
	}
	if backward {
		page.HasNext, page.HasPrevious = page.HasPrevious, page.HasNext
	}
	for i, row := range found {
		page.Documents[i], page.Cursors[i] = row.document, encodeCursor(binding, row.sort)
	}
	return page, nil
}

// completeOrder is the order cut after the first field that has no ties, or with the tie-breaker at its
// end. The tie-breaker goes the way of the field before it, so that an index can be walked straight.
func completeOrder(order []Order, tieField Field) []Order {
	for i, o := range order {
		if o.Field == tieField {
			return slices.Clone(order[:i+1])
		}
	}
	last := Order{Field: tieField}
	if len(order) > 0 {
		last.Descending = order[len(order)-1].Descending
	}
	return append(slices.Clone(order), last)
}

func reverse(order []Order) []Order {
	out := slices.Clone(order)
	for i := range out {
		out[i].Descending = !out[i].Descending
		out[i].NullsFirst = !out[i].NullsFirst
	}
	return out
}

// row is a document with its value for each field of the order.
type row[D Document] struct {
	document D
	sort     []Value
}

// walk returns the first count documents behind from, in a complete order. The scans give the order by
// its first field; documents that share that field's value are put in order here, holding no more than
// count of them.
func walk[D Document](ctx context.Context, order []Order, from []Value, count int, scan Scan[D]) ([]row[D], error) {
	first := order[0]
	// The scan's own order is the whole order if nothing stands between its field and the tie-breaker.
	exact := len(order) == 1 || len(order) == 2 && order[1].Descending == first.Descending
	var found []row[D]
	for _, null := range []bool{first.NullsFirst, !first.NullsFirst} {
		if null && slices.Contains(neverNull, first.Field) {
			continue
		}
		segment := Segment{Field: first.Field, Null: null, Descending: first.Descending}
		if from != nil {
			if from[0].IsNull() != null {
				if null == first.NullsFirst {
					continue // The cursor stands in the segment after this one.
				}
			} else {
				segment.From = &Position{Value: from[0], WholeValue: true}
				if exact {
					tie, _ := from[len(from)-1].AsText()
					segment.From = &Position{Value: from[0], TieBreaker: tie}
				}
			}
		}
		if exact {
			segment.Limit = count - len(found)
		}
		for document, err := range scan(ctx, segment) {
			if err != nil {
				return nil, err
			}
			candidate := row[D]{document: document, sort: make([]Value, len(order))}
			for i, o := range order {
				candidate.sort[i] = document.Value(o.Field)
			}
			if len(found) == count && first.compare(candidate.sort[0], found[count-1].sort[0]) > 0 {
				return found, nil
			}
			if from != nil && compareRows(order, candidate.sort, from) <= 0 {
				continue
			}
			at, _ := slices.BinarySearchFunc(found, candidate, func(a, b row[D]) int {
				return compareRows(order, a.sort, b.sort)
			})
			if at < count {
				found = slices.Insert(found[:min(len(found), count-1)], at, candidate)
			}
			if exact && len(found) == count {
				return found, nil
			}
		}
		if len(found) == count {
			return found, nil
		}
	}
	return found, nil
}

func compareRows(order []Order, a, b []Value) int {
	for i, o := range order {
		if c := o.compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// compare orders two values, nulls included, as they come in the order.
func (o Order) compare(a, b Value) int {
	if a.IsNull() || b.IsNull() {
		if a.IsNull() == b.IsNull() {
			return 0
		}
		if a.IsNull() == o.NullsFirst {
			return -1
		}
		return 1
	}
	if o.Descending {
		return b.Compare(a)
	}
	return a.Compare(b)
}
