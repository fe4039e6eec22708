package persistence

import "slices"

// Row is a document that is not stored anywhere: a value for each field, and no lists.
type Row map[Field]Value

// Value implements Document.
func (r Row) Value(field Field) Value { return r[field] }

// Elements implements Document.
func (Row) Elements(List) []Document { return nil }

// Sorted is the documents in an order. What ties stays as it was given: nothing else breaks ties here.
func Sorted[D Document](documents []D, order []Order) []D {
	out := slices.Clone(documents)
	slices.SortStableFunc(out, func(a, b D) int {
		for _, o := range order {
			if c := o.compare(a.Value(o.Field), b.Value(o.Field)); c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}
