package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clientele/persistence"
)

// document is a document of the tests: the values that are not null.
type document map[persistence.Field]persistence.Value

func (d document) Value(field persistence.Field) persistence.Value { return d[field] }

func (document) Elements(persistence.List) []persistence.Document { return nil }

func (d document) id() string {
	id, _ := d[tieField].AsText()
	return id
}

const tieField = persistence.FieldCustomerID

// shelf serves segments from a slice, as an engine would from its indexes, and remembers what it was asked.
type shelf struct {
	documents []document
	segments  []persistence.Segment
	read      int
	fails     error
}

func (s *shelf) scan(_ context.Context, segment persistence.Segment) iter.Seq2[document, error] {
	s.segments = append(s.segments, segment)
	direction := 1
	if segment.Descending {
		direction = -1
	}
	var found []document
	for _, d := range s.documents {
		if d.Value(segment.Field).IsNull() == segment.Null && behind(d, segment, direction) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b document) int {
		if c := a.Value(segment.Field).Compare(b.Value(segment.Field)); c != 0 {
			return c * direction
		}
		return strings.Compare(a.id(), b.id()) * direction
	})
	if segment.Limit > 0 {
		found = found[:min(len(found), segment.Limit)]
	}
	return func(yield func(document, error) bool) {
		for _, d := range found {
			s.read++
			if !yield(d, nil) {
				return
			}
		}
		if s.fails != nil {
			yield(nil, s.fails)
		}
	}
}

func behind(d document, segment persistence.Segment, direction int) bool {
	if segment.From == nil {
		return true
	}
	c := d.Value(segment.Field).Compare(segment.From.Value) * direction
	if segment.From.WholeValue {
		return c >= 0
	}
	return c > 0 || c == 0 && strings.Compare(d.id(), segment.From.TieBreaker)*direction > 0
}

func (s *shelf) page(order []persistence.Order, request persistence.PageRequest) (persistence.Slice[document], error) {
	scope := persistence.Scope{EnvironmentID: "production"}
	return persistence.Paginate(context.Background(), scope, order, request, tieField, s.scan)
}

func drawDocuments(t *rapid.T) []document {
	ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[abAB]{1,3}`), 0, 12, rapid.ID).Draw(t, "ids")
	documents := make([]document, len(ids))
	for i, id := range ids {
		documents[i] = document{tieField: persistence.Text(id)}
		for _, field := range []persistence.Field{persistence.FieldName, persistence.FieldEmail} {
			if text := rapid.SampledFrom([]string{"null", "", "a", "b", "B"}).Draw(t, string(field)); text != "null" {
				documents[i][field] = persistence.Text(text)
			}
		}
		at := time.UnixMilli(rapid.Int64Range(-1, 1).Draw(t, "createdAt"))
		documents[i][persistence.FieldCreatedAt] = persistence.Time(at)
	}
	return documents
}

func drawOrder(t *rapid.T) []persistence.Order {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) persistence.Order {
		return persistence.Order{
			Field: rapid.SampledFrom([]persistence.Field{
				persistence.FieldName, persistence.FieldEmail, persistence.FieldCreatedAt, tieField,
			}).Draw(t, "field"),
			Descending: rapid.Bool().Draw(t, "descending"),
			NullsFirst: rapid.Bool().Draw(t, "nulls first"),
		}
	}), 0, 4).Draw(t, "order")
}

// sorted is the documents in a complete order, by a sort that shares nothing with Paginate.
func sorted(documents []document, order []persistence.Order) []string {
	last := persistence.Order{Field: tieField}
	if len(order) > 0 {
		last.Descending = order[len(order)-1].Descending
	}
	documents = slices.Clone(documents)
	// A stable sort by each field, the least significant first, is a sort by all of them.
	for _, o := range slices.Backward(append(slices.Clone(order), last)) {
		slices.SortStableFunc(documents, func(a, b document) int { return rank(o, a, b) })
	}
	ids := make([]string, len(documents))
	for i, d := range documents {
		ids[i] = d.id()
	}
	return ids
}

func rank(o persistence.Order, a, b document) int {
	x, y := a.Value(o.Field), b.Value(o.Field)
	switch {
	case x.IsNull() && y.IsNull():
		return 0
	case x.IsNull() && o.NullsFirst, y.IsNull() && !o.NullsFirst:
		return -1
	case x.IsNull(), y.IsNull():
		return 1
	case o.Descending:
		return y.Compare(x)
	default:
		return x.Compare(y)
	}
}

func TestWalkForwardIsTheSortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shelf := &shelf{documents: drawDocuments(t)}
		order, size := drawOrder(t), rapid.IntRange(1, len(shelf.documents)+1).Draw(t, "size")
		want := sorted(shelf.documents, order)
		request := persistence.PageRequest{Limit: size}
		for at := 0; ; at += size {
			end := min(at+size, len(want))
			page := expectPage(t, shelf, order, request, want[at:end], end < len(want), at > 0)
			if end == len(want) {
				return
			}
			request.After = page.Cursors[size-1]
		}
	})
}

func TestWalkBackwardIsTheSortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shelf := &shelf{documents: drawDocuments(t)}
		order, size := drawOrder(t), rapid.IntRange(1, len(shelf.documents)+1).Draw(t, "size")
		want := sorted(shelf.documents, order)
		request := persistence.PageRequest{Limit: size, Backward: true}
		for end := len(want); ; end -= size {
			at := max(end-size, 0)
			page := expectPage(t, shelf, order, request, want[at:end], end < len(want), at > 0)
			if at == 0 {
				return
			}
			request = persistence.PageRequest{Limit: size, Before: page.Cursors[0]}
		}
	})
}

func TestEveryCursorNamesItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shelf := &shelf{documents: drawDocuments(t)}
		order := drawOrder(t)
		want := sorted(shelf.documents, order)
		all := expectPage(t, shelf, order, persistence.PageRequest{Limit: len(want)}, want, false, false)
		for i, cursor := range all.Cursors {
			expectPage(t, shelf, order, persistence.PageRequest{Limit: len(want), After: cursor}, want[i+1:], false, true)
			expectPage(t, shelf, order, persistence.PageRequest{Limit: len(want), Before: cursor}, want[:i], true, false)
		}
	})
}

func expectPage(
	t *rapid.T, shelf *shelf, order []persistence.Order, request persistence.PageRequest, want []string, next, previous bool,
) persistence.Slice[document] {
	t.Helper()
	page, err := shelf.page(order, request)
	if err != nil {
		t.Fatalf("%+v by %+v: %v", request, order, err)
	}
	if got := ids(page); !slices.Equal(got, want) || len(page.Cursors) != len(want) {
		t.Fatalf("%+v by %+v: got %q with %d cursors, want %q", request, order, got, len(page.Cursors), want)
	}
	if page.HasNext != next || page.HasPrevious != previous {
		t.Fatalf("%+v by %+v: got HasNext %t, HasPrevious %t, want %t, %t",
			request, order, page.HasNext, page.HasPrevious, next, previous)
	}
	return page
}

func ids(page persistence.Slice[document]) []string {
	out := []string{}
	for _, d := range page.Documents {
		out = append(out, d.id())
	}
	return out
}

// aisle is n documents with ids in order and names that ten of them share.
func aisle(n int) []document {
	documents := make([]document, n)
	for i := range documents {
		documents[i] = document{
			tieField:              persistence.Text(fmt.Sprintf("%03d", i)),
			persistence.FieldName: persistence.Text(fmt.Sprintf("%03d", i/10)),
		}
	}
	return documents
}

func TestPageReadsNoMoreThanItNeeds(t *testing.T) {
	name := persistence.Order{Field: persistence.FieldName}
	email := persistence.Order{Field: persistence.FieldEmail}
	for _, test := range []struct {
		name  string
		order []persistence.Order
		want  int
	}{
		{"no order", nil, 6},
		{"one field", []persistence.Order{name}, 6},
		{"one field and the tie-breaker", []persistence.Order{name, {Field: tieField}}, 6},
		// The ties of the page's last value have to be read, and one document to see that they have ended.
		{"the tie-breaker the other way", []persistence.Order{name, {Field: tieField, Descending: true}}, 11},
		{"two fields", []persistence.Order{name, email}, 11},
	} {
		t.Run(test.name, func(t *testing.T) {
			shelf := &shelf{documents: aisle(100)}
			if _, err := shelf.page(test.order, persistence.PageRequest{Limit: 5}); err != nil {
				t.Fatal(err)
			}
			if shelf.read != test.want {
				t.Errorf("read %d documents, want %d", shelf.read, test.want)
			}
		})
	}
}

// TestSegments says what an engine is asked for. The cursor stands at the second of two named documents,
// or at the second of two without a name.
func TestSegments(t *testing.T) {
	documents := []document{
		{tieField: persistence.Text("1"), persistence.FieldName: persistence.Text("n")},
		{tieField: persistence.Text("2"), persistence.FieldName: persistence.Text("n")},
		{tieField: persistence.Text("3")},
		{tieField: persistence.Text("4")},
	}
	last := persistence.Order{Field: persistence.FieldName}
	first := persistence.Order{Field: persistence.FieldName, NullsFirst: true}
	down := persistence.Order{Field: persistence.FieldName, Descending: true}
	named := persistence.Segment{Field: persistence.FieldName}
	unnamed := persistence.Segment{Field: persistence.FieldName, Null: true}
	with := func(s persistence.Segment, limit int, from *persistence.Position) persistence.Segment {
		s.Limit, s.From = limit, from
		return s
	}
	descending := func(s persistence.Segment) persistence.Segment {
		s.Descending = true
		return s
	}
	n := persistence.Text("n")
	email := persistence.Order{Field: persistence.FieldEmail}
	for _, test := range []struct {
		name  string
		order []persistence.Order
		after string
		want  []persistence.Segment
	}{
		{"nulls last", []persistence.Order{last}, "", []persistence.Segment{with(named, 10, nil), with(unnamed, 8, nil)}},
		{"nulls first", []persistence.Order{first}, "", []persistence.Segment{with(unnamed, 10, nil), with(named, 8, nil)}},
		{"descending", []persistence.Order{down}, "", []persistence.Segment{
			descending(with(named, 10, nil)), descending(with(unnamed, 8, nil)),
		}},
		{"nulls last, after a name", []persistence.Order{last}, "2", []persistence.Segment{
			with(named, 10, &persistence.Position{Value: n, TieBreaker: "2"}), with(unnamed, 10, nil),
		}},
		{"nulls last, after a null", []persistence.Order{last}, "4", []persistence.Segment{
			with(unnamed, 10, &persistence.Position{TieBreaker: "4"}),
		}},
		{"nulls first, after a name", []persistence.Order{first}, "2", []persistence.Segment{
			with(named, 10, &persistence.Position{Value: n, TieBreaker: "2"}),
		}},
		{"nulls first, after a null", []persistence.Order{first}, "4", []persistence.Segment{
			with(unnamed, 10, &persistence.Position{TieBreaker: "4"}), with(named, 10, nil),
		}},
		{"two fields, after a name", []persistence.Order{last, email}, "2", []persistence.Segment{
			with(named, 0, &persistence.Position{Value: n, WholeValue: true}), with(unnamed, 0, nil),
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			shelf := &shelf{documents: documents}
			request := persistence.PageRequest{Limit: 9}
			if test.after != "" {
				all, err := shelf.page(test.order, request)
				if err != nil {
					t.Fatal(err)
				}
				request.After = all.Cursors[slices.Index(ids(all), test.after)]
				shelf.segments = nil
			}
			if _, err := shelf.page(test.order, request); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(shelf.segments, test.want) {
				t.Errorf("got  %+v\nwant %+v", shelf.segments, test.want)
			}
		})
	}
}

func TestErrorOfAScanIsReturned(t *testing.T) {
	broken := errors.New("the disk is on fire")
	shelf := &shelf{documents: aisle(3), fails: broken}
	page, err := shelf.page(nil, persistence.PageRequest{Limit: 5})
	if !errors.Is(err, broken) || len(page.Documents) > 0 {
		t.Errorf("got %v with %d documents, want %v alone", err, len(page.Documents), broken)
	}
}

func TestPageOfNothing(t *testing.T) {
	page, err := (&shelf{}).page(nil, persistence.PageRequest{Limit: 5})
	if err != nil || len(page.Documents) != 0 || page.HasNext || page.HasPrevious {
		t.Errorf("got %+v, %v, want an empty page", page, err)
	}
}
