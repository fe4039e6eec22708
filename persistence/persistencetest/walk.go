package persistencetest

import (
	"fmt"
	"slices"

	"clientele/persistence"
)

// expectAnswer expects the query's pages of one size, walked in both directions, and its count to be what
// the documents say. It returns the expected result.
func (k kind[D]) expectAnswer(t T, store persistence.Store, query persistence.Query, size int, documents []*D) []*D {
	t.Helper()
	want := k.answer(query, documents)
	k.expectForward(t, store, query, size, want)
	k.expectBackward(t, store, query, size, want)
	count, err := k.countAll(t.Context(), store, query.EnvironmentID, query.Filter)
	if err != nil || count != len(want) {
		t.Fatalf("count of %#v: got %d, %v, want %d", query.Filter, count, err, len(want))
	}
	return want
}

// expectForward walks from the start to the end.
func (k kind[D]) expectForward(t T, store persistence.Store, query persistence.Query, size int, want []*D) {
	t.Helper()
	query.Page = persistence.PageRequest{Limit: size}
	for at := 0; ; at += size {
		end := min(at+size, len(want))
		page := k.list(t, store, query)
		k.expectPage(t, query, page, want[at:end], end < len(want), at > 0)
		if end == len(want) {
			return
		}
		query.Page.After = page.Items[size-1].Cursor
	}
}

// expectBackward walks from the end to the start.
func (k kind[D]) expectBackward(t T, store persistence.Store, query persistence.Query, size int, want []*D) {
	t.Helper()
	query.Page = persistence.PageRequest{Limit: size, Backward: true}
	for end := len(want); ; end -= size {
		at := max(end-size, 0)
		page := k.list(t, store, query)
		k.expectPage(t, query, page, want[at:end], end < len(want), at > 0)
		if at == 0 {
			return
		}
		query.Page = persistence.PageRequest{Limit: size, Before: page.Items[0].Cursor}
	}
}

// expectPage ends the case at a difference: a walk has no sense once it is off the track.
func (k kind[D]) expectPage(
	t T, query persistence.Query, page persistence.Page[D], want []*D, next, previous bool,
) {
	t.Helper()
	if got := documentsOf(page); !slices.Equal(k.ids(got), k.ids(want)) {
		t.Fatalf("%s:\n got %q\nwant %q", describe(query), k.ids(got), k.ids(want))
	}
	for i, item := range page.Items {
		expectEqual(t, describe(query), item.Document, want[i])
		if item.Cursor == "" {
			t.Fatalf("%s: %q has no cursor", describe(query), k.id(item.Document))
		}
	}
	if page.HasNext != next || page.HasPrevious != previous {
		t.Fatalf("%s, at %q: got HasNext %t, HasPrevious %t, want %t, %t",
			describe(query), k.ids(want), page.HasNext, page.HasPrevious, next, previous)
	}
}

func (k kind[D]) list(t T, store persistence.Store, query persistence.Query) persistence.Page[D] {
	t.Helper()
	page, err := k.listPage(t.Context(), store, query)
	if err != nil {
		t.Fatalf("%s: %v", describe(query), err)
	}
	return page
}

// firstItem is the first document of a list that must not be empty, with its cursor.
func (k kind[D]) firstItem(t T, store persistence.Store, query persistence.Query) persistence.Item[D] {
	t.Helper()
	page := k.list(t, store, query)
	if len(page.Items) == 0 {
		t.Fatalf("%s: got nothing", describe(query))
	}
	return page.Items[0]
}

func documentsOf[D any](page persistence.Page[D]) []*D {
	out := make([]*D, len(page.Items))
	for i, item := range page.Items {
		out[i] = item.Document
	}
	return out
}

// insert stores new documents, many at a time because an engine may group commits.
func (k kind[D]) insert(t T, store persistence.Store, documents ...*D) {
	t.Helper()
	inParallel(t, 32, documents, func(d *D) error {
		if err := k.insertOne(t.Context(), store, d); err != nil {
			return fmt.Errorf("insert %q into %s: %w", k.id(d), k.Name, err)
		}
		return nil
	})
}

// replace stores the next version of a document.
func (k kind[D]) replace(t T, store persistence.Store, document *D) {
	t.Helper()
	if err := k.replaceOne(t.Context(), store, document); err != nil {
		t.Fatalf("replace %q in %s by version %d: %v", k.id(document), k.Name, *k.version(document), err)
	}
}

func describe(query persistence.Query) string {
	return fmt.Sprintf("list %s, filter %#v, order %+v, page %+v", query.EnvironmentID, query.Filter, query.Order, query.Page)
}
