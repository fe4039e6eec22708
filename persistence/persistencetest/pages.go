package persistencetest

import (
	"fmt"
	"slices"

	"clientele/internal/domain"
	"clientele/persistence"
)

func emptyListIsAnEmptyPage(t T, store persistence.Store) {
	insert(t, store, filled(staging, "elsewhere"), next(filled(production, "gone"), archived))
	for _, page := range []persistence.PageRequest{{Limit: 10}, {Limit: 10, Backward: true}} {
		for _, filter := range []persistence.Filter{nil, persistence.Condition{Field: persistence.FieldName, Op: persistence.NotNull}} {
			query := persistence.Query{EnvironmentID: production, Filter: filter, Page: page}
			customerKind.expectPage(t, query, customerKind.list(t, store, query), nil, false, false)
		}
	}
}

func everyCursorNamesItsPlace(t T, store persistence.Store) {
	customers := crowd(production)
	insert(t, store, customers...)
	for _, order := range append(ordersBy(persistence.FieldName), mixedOrders...) {
		query := persistence.Query{
			EnvironmentID: production, Order: order, Page: persistence.PageRequest{Limit: len(customers)},
		}
		want := customerKind.answer(query, customers)
		all := customerKind.list(t, store, query)
		customerKind.expectPage(t, query, all, want, false, false)
		for i, item := range all.Items {
			query.Page = persistence.PageRequest{Limit: len(customers), After: item.Cursor}
			customerKind.expectPage(t, query, customerKind.list(t, store, query), want[i+1:], false, true)
			query.Page = persistence.PageRequest{Limit: len(customers), Before: item.Cursor}
			customerKind.expectPage(t, query, customerKind.list(t, store, query), want[:i], true, false)
		}
	}
}

// pagesReportWhatLiesBeyond spells out HasNext and HasPrevious, also where a page is empty.
func pagesReportWhatLiesBeyond(t T, store persistence.Store) {
	customers := []*domain.Customer{sparse(production, "a"), sparse(production, "b"), sparse(production, "c")}
	insert(t, store, customers...)
	query := persistence.Query{EnvironmentID: production, Page: persistence.PageRequest{Limit: 3}}
	all := customerKind.list(t, store, query)
	customerKind.expectPage(t, query, all, customers, false, false)
	first, middle, last := all.Items[0].Cursor, all.Items[1].Cursor, all.Items[2].Cursor
	for _, page := range []struct {
		request        persistence.PageRequest
		want           []*domain.Customer
		next, previous bool
	}{
		{persistence.PageRequest{Limit: 2}, customers[:2], true, false},
		{persistence.PageRequest{Limit: 2, Backward: true}, customers[1:], false, true},
		{persistence.PageRequest{Limit: 1, After: first}, customers[1:2], true, true},
		{persistence.PageRequest{Limit: 1, Before: last}, customers[1:2], true, true},
		{persistence.PageRequest{Limit: 1, After: middle}, customers[2:], false, true},
		{persistence.PageRequest{Limit: 1, Before: middle}, customers[:1], true, false},
		{persistence.PageRequest{Limit: 1, Before: middle, Backward: true}, customers[:1], true, false},
		{persistence.PageRequest{Limit: 1, After: last}, nil, false, true},
		{persistence.PageRequest{Limit: 1, Before: first}, nil, true, false},
	} {
		query.Page = page.request
		customerKind.expectPage(t, query, customerKind.list(t, store, query), page.want, page.next, page.previous)
	}
}

func cursorOutlivesItsCustomer(t T, store persistence.Store) {
	customers := crowd(production)
	insert(t, store, customers...)
	for _, order := range ordersBy(persistence.FieldName) {
		query := persistence.Query{
			EnvironmentID: production, Order: order, Page: persistence.PageRequest{Limit: len(customers)},
		}
		want := customerKind.answer(query, customers)
		all := customerKind.list(t, store, query)
		customerKind.expectPage(t, query, all, want, false, false)
		const at = 4
		cursor := all.Items[at].Cursor
		gone := next(want[at], func(c *domain.Customer) { c.ArchivedAt = new(noon) })
		replace(t, store, gone)
		query.Page.After = cursor
		customerKind.expectPage(t, query, customerKind.list(t, store, query), want[at+1:], false, true)
		query.Page.After, query.Page.Before = "", cursor
		customerKind.expectPage(t, query, customerKind.list(t, store, query), want[:at], true, false)
		back := next(gone, func(c *domain.Customer) { c.ArchivedAt = nil })
		replace(t, store, back)
		customers[slices.Index(customers, want[at])] = back
	}
}

func listsLeaveTheQueryAsItWas(t T, store persistence.Store) {
	insert(t, store, crowd(production)...)
	query := func() persistence.Query {
		return persistence.Query{
			EnvironmentID: production,
			Filter: persistence.And{persistence.Condition{
				Field: persistence.FieldName, Op: persistence.In, Operands: []persistence.Value{persistence.Text("b"), persistence.Text("a")},
			}},
			Order: []persistence.Order{{Field: persistence.FieldName}, {Field: persistence.FieldEmail, Descending: true}},
			Page:  persistence.PageRequest{Limit: 2, Backward: true},
		}
	}
	passed := query()
	customerKind.list(t, store, passed)
	expectEqual(t, "the query after the call", fmt.Sprintf("%#v", passed), fmt.Sprintf("%#v", query()))
}
