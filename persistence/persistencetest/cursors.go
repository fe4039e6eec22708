package persistencetest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

func damagedCursorIsRefused(t T, store persistence.Store) {
	insert(t, store, crowd(production)...)
	query := persistence.Query{
		EnvironmentID: production, Order: []persistence.Order{{Field: persistence.FieldName}}, Page: persistence.PageRequest{Limit: 1},
	}
	good := customerKind.firstItem(t, store, query).Cursor
	damaged := map[string]string{
		"a space": " ", "padding": "====", "zero bytes": "AAAA", "no base 64": "%", "no UTF-8": "\xff", "NUL": "\x00", "a number": "1",
		"doubled": good + good, "a letter more": good + "A", "padded": good + "=", "a line more": good + "\n", "a line before": "\r\n" + good,
		"a space before": " " + good, "huge": strings.Repeat("A", 1<<20), "huge with a good start": good + strings.Repeat("A", 1<<20),
	}
	for i := range len(good) {
		other := byte('A')
		if good[i] == other {
			other = 'B'
		}
		damaged["flipped at "+show(i)] = good[:i] + string(other) + good[i+1:]
		if i > 0 {
			damaged["cut at "+show(i)] = good[:i]
		}
	}
	for what, cursor := range damaged {
		customerKind.expectRefused(t, store, what, query, cursor)
	}
}

func foreignCursorIsRefused(t T, store persistence.Store) {
	insert(t, store, append(crowd(production), crowd(staging)...)...)
	text := func(op persistence.Op, field persistence.Field, texts ...string) persistence.Condition {
		condition := persistence.Condition{Field: field, Op: op}
		for _, s := range texts {
			condition.Operands = append(condition.Operands, persistence.Text(s))
		}
		return condition
	}
	before := persistence.Condition{
		Field: persistence.FieldCreatedAt, Op: persistence.Less, Operands: []persistence.Value{persistence.Time(noon.Add(time.Hour))},
	}
	by := func(orders ...persistence.Order) []persistence.Order { return orders }
	name, email := persistence.Order{Field: persistence.FieldName}, persistence.Order{Field: persistence.FieldEmail}
	// No two of these queries have the same order and the same filter in the same environment.
	queries := []persistence.Query{
		{EnvironmentID: production},
		{EnvironmentID: staging},
		{EnvironmentID: production, Order: by(name)},
		{EnvironmentID: staging, Order: by(name)},
		{EnvironmentID: production, Order: by(persistence.Order{Field: persistence.FieldName, Descending: true})},
		{EnvironmentID: production, Order: by(persistence.Order{Field: persistence.FieldName, NullsFirst: true})},
		{EnvironmentID: production, Order: by(email)},
		{EnvironmentID: production, Order: by(name, email)},
		{EnvironmentID: production, Order: by(email, name)},
		{EnvironmentID: production, Order: by(persistence.Order{Field: persistence.FieldCreatedAt})},
		{EnvironmentID: production, Order: by(persistence.Order{Field: persistence.FieldUpdatedAt})},
		{EnvironmentID: production, Order: by(name), Filter: text(persistence.Equal, persistence.FieldName, "b")},
		{EnvironmentID: production, Order: by(name), Filter: text(persistence.Equal, persistence.FieldEmail, "b")},
		{EnvironmentID: production, Order: by(name), Filter: text(persistence.Equal, persistence.FieldName, "B")},
		{EnvironmentID: production, Order: by(name), Filter: text(persistence.NotEqual, persistence.FieldName, "z")},
		{EnvironmentID: production, Order: by(name), Filter: text(persistence.In, persistence.FieldName, "b", "a")},
		{EnvironmentID: production, Order: by(name), Filter: text(persistence.In, persistence.FieldName, `b", "a`, "b")},
		{EnvironmentID: production, Order: by(name), Filter: persistence.And{text(persistence.Equal, persistence.FieldName, "b"), before}},
		{EnvironmentID: production, Order: by(name), Filter: persistence.Or{text(persistence.Equal, persistence.FieldName, "b"), before}},
	}
	cursors := make([]string, len(queries))
	for i := range queries {
		queries[i].Page.Limit = 1
		cursors[i] = customerKind.firstItem(t, store, queries[i]).Cursor
	}
	for i, query := range queries {
		for j, cursor := range cursors {
			if i != j {
				customerKind.expectRefused(t, store, "a cursor of "+describe(queries[j]), query, cursor)
			}
		}
	}
}

// expectRefused tries a cursor in both directions.
func (k kind[D]) expectRefused(t T, store persistence.Store, what string, query persistence.Query, cursor string) {
	t.Helper()
	for _, page := range []persistence.PageRequest{{Limit: 1, After: cursor}, {Limit: 1, Before: cursor}} {
		query.Page = page
		if _, err := k.listPage(t.Context(), store, query); !errors.Is(err, persistence.ErrInvalidCursor) {
			query.Page = persistence.PageRequest{}
			t.Errorf("cursor with %s for %s: got %v, want %v", what, describe(query), err, persistence.ErrInvalidCursor)
		}
	}
}

// cursorsHoldTheLongestValues has every text as long as the product allows, in characters that are long in
// JSON or in UTF-8.
func cursorsHoldTheLongestValues(t T, store persistence.Store) {
	var customers []*domain.Customer
	for i, character := range []string{"<", "\U0010ffff", "\"", "日"} {
		c := sparse(production, strings.Repeat(character, 254)+show(i))
		for _, field := range texts(c) {
			*field = new(strings.Repeat(character, 255))
		}
		customers = append(customers, c)
	}
	insert(t, store, customers...)
	var everything []persistence.Order
	for _, field := range slices.Backward(persistence.CustomerSortFields) {
		everything = append(everything, persistence.Order{Field: field})
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: everything}, 1, customers)
}
