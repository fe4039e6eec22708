package persistencetest

import (
	"fmt"
	"slices"

	"clientele/internal/domain"
	"clientele/persistence"
)

// expectAnswer expects the query's pages of one size, walked in both directions, and its count to be what
// the customers say. The answer it returns is the one expected.
func expectAnswer(
	t T, store persistence.Store, query persistence.CustomerQuery, size int, customers []*domain.Customer,
) []*domain.Customer {
	t.Helper()
	want := answer(query, customers)
	expectForward(t, store, query, size, want)
	expectBackward(t, store, query, size, want)
	count, err := store.CountCustomers(t.Context(), query.EnvironmentID, query.Filter)
	if err != nil || count != len(want) {
		t.Fatalf("count of %#v: got %d, %v, want %d", query.Filter, count, err, len(want))
	}
	return want
}

// expectForward walks from the start to the end.
func expectForward(t T, store persistence.Store, query persistence.CustomerQuery, size int, want []*domain.Customer) {
	t.Helper()
	query.Page = persistence.PageRequest{Limit: size}
	for at := 0; ; at += size {
		end := min(at+size, len(want))
		page := list(t, store, query)
		expectPage(t, query, page, want[at:end], end < len(want), at > 0)
		if end == len(want) {
			return
		}
		query.Page.After = page.Items[size-1].Cursor
	}
}

// expectBackward walks from the end to the start.
func expectBackward(t T, store persistence.Store, query persistence.CustomerQuery, size int, want []*domain.Customer) {
	t.Helper()
	query.Page = persistence.PageRequest{Limit: size, Backward: true}
	for end := len(want); ; end -= size {
		at := max(end-size, 0)
		page := list(t, store, query)
		expectPage(t, query, page, want[at:end], end < len(want), at > 0)
		if at == 0 {
			return
		}
		query.Page = persistence.PageRequest{Limit: size, Before: page.Items[0].Cursor}
	}
}

// expectPage ends the case at a difference: a walk has no sense once it is off the track.
func expectPage(
	t T, query persistence.CustomerQuery, page persistence.CustomerPage, want []*domain.Customer, next, previous bool,
) {
	t.Helper()
	if got := customersOf(page); !slices.Equal(ids(got), ids(want)) {
		t.Fatalf("%s:\n got %q\nwant %q", describe(query), ids(got), ids(want))
	}
	for i, item := range page.Items {
		expectEqual(t, describe(query), item.Customer, want[i])
		if item.Cursor == "" {
			t.Fatalf("%s: %q has no cursor", describe(query), item.Customer.CustomerID)
		}
	}
	if page.HasNext != next || page.HasPrevious != previous {
		t.Fatalf("%s, at %q: got HasNext %t, HasPrevious %t, want %t, %t",
			describe(query), ids(want), page.HasNext, page.HasPrevious, next, previous)
	}
}

func list(t T, store persistence.Store, query persistence.CustomerQuery) persistence.CustomerPage {
	t.Helper()
	page, err := store.ListCustomers(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", describe(query), err)
	}
	return page
}

// firstItem is the first customer of a list that must not be empty, with its cursor.
func firstItem(t T, store persistence.Store, query persistence.CustomerQuery) persistence.CustomerItem {
	t.Helper()
	page := list(t, store, query)
	if len(page.Items) == 0 {
		t.Fatalf("%s: got nobody", describe(query))
	}
	return page.Items[0]
}

func customersOf(page persistence.CustomerPage) []*domain.Customer {
	out := make([]*domain.Customer, len(page.Items))
	for i, item := range page.Items {
		out[i] = item.Customer
	}
	return out
}

func ids(customers []*domain.Customer) []string {
	out := make([]string, len(customers))
	for i, c := range customers {
		out[i] = c.CustomerID
	}
	return out
}

func describe(query persistence.CustomerQuery) string {
	return fmt.Sprintf("list %s, filter %#v, order %+v, page %+v", query.EnvironmentID, query.Filter, query.Order, query.Page)
}
