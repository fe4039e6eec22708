package persistence

import (
	"cmp"
	"context"
	"iter"
	"slices"
)

// InMemory serves the segments of documents that are at hand, for lists that no engine keeps in order. The
// tie field is a text, unique among them.
func InMemory[D Document](documents []D, tieField Field) Scan[D] {
	return func(_ context.Context, segment Segment) iter.Seq2[D, error] {
		behind := func(a, b Position) int {
			return cmp.Or(a.Value.Compare(b.Value), cmp.Compare(a.TieBreaker, b.TieBreaker))
		}
		place := func(d D) Position {
			tie, _ := d.Value(tieField).AsText()
			return Position{Value: d.Value(segment.Field), TieBreaker: tie}
		}
		var found []D
		for _, d := range documents {
			if d.Value(segment.Field).IsNull() == segment.Null {
				found = append(found, d)
			}
		}
		slices.SortFunc(found, func(a, b D) int {
			if segment.Descending {
				a, b = b, a
			}
			return behind(place(a), place(b))
		})
		return func(yield func(D, error) bool) {
			for _, d := range found {
				if segment.holds(place(d)) && !yield(d, nil) {
					return
				}
			}
		}
	}
}

// holds reports whether the walk wants the document at a place.
func (s Segment) holds(place Position) bool {
	if s.From == nil {
		return true
	}
	order := place.Value.Compare(s.From.Value)
	if order == 0 && s.From.WholeValue {
		return true
	}
	if order == 0 {
		order = cmp.Compare(place.TieBreaker, s.From.TieBreaker)
	}
	return order != 0 && (order < 0) == s.Descending
}
