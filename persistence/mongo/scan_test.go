package mongo

import (
	"context"
	"errors"
	"testing"
	"time"

	"clientele/persistence"
)

// Without the limit on the server, a query goes on after its client has left.
func TestEveryCommandIsLimitedInTime(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	seen := map[string]bool{}
	for _, command := range exerciseAll(t, store, watched) {
		name := nameOf(command)
		seen[name] = true
		limit, ok := command.Lookup("maxTimeMS").AsInt64OK()
		switch name {
		case "getMore", "killCursors", "endSessions":
			// The limit of the find holds for its whole cursor, and the server refuses another.
			continue
		case "listIndexes", "createIndexes":
			limit -= (indexTimeout - store.timeout).Milliseconds()
		}
		if !ok || limit <= 0 || limit > store.timeout.Milliseconds() {
			t.Errorf("%s has maxTimeMS %d, want at most %v: %v", name, limit, store.timeout, command)
		}
	}
	for _, name := range []string{"find", "aggregate", "insert", "update", "delete", "ping"} {
		if !seen[name] {
			t.Errorf("no %s was sent", name)
		}
	}
}

// A scan ends with the context that its governor made, on the server too.
func TestAScanIsLimitedByItsGovernor(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	insert(t, store, newCustomer("production", "c"))
	watched.take()
	ctx := persistence.WithWork(t.Context(), nil, limiting(2*time.Second))
	if _, err := store.CountCustomers(ctx, "production", contains("x")); err != nil {
		t.Fatal(err)
	}
	for _, command := range watched.take() {
		if limit, _ := command.Lookup("maxTimeMS").AsInt64OK(); limit <= 0 || limit > 2000 {
			t.Errorf("%s has maxTimeMS %d, want at most 2000", nameOf(command), limit)
		}
	}
	_, err := store.CountCustomers(persistence.WithWork(t.Context(), nil, limiting(0)), "production", contains("x"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a scan without time has %v", err)
	}
}

// limiting is a governor whose scans have so long.
type limiting time.Duration

func (l limiting) Scan(ctx context.Context) (context.Context, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(l))
	return ctx, cancel, nil
}

func (limiting) Hold(int) error { return nil }

func contains(text string) persistence.Filter {
	return where(persistence.FieldName, persistence.ILike, "%"+text+"%")
}

func where(field persistence.Field, op persistence.Op, texts ...string) persistence.Condition {
	c := persistence.Condition{Field: field, Op: op}
	for _, text := range texts {
		c.Operands = append(c.Operands, persistence.Text(text))
	}
	return c
}

func TestWhatTheIndexesBound(t *testing.T) {
	t.Parallel()
	const name, email, id = persistence.FieldName, persistence.FieldEmail, persistence.FieldCustomerID
	by := func(fields ...persistence.Field) (order []persistence.Order) {
		for _, field := range fields {
			order = append(order, persistence.Order{Field: field})
		}
		return order
	}
	customers := offline(persistence.CustomerCollection)
	for _, c := range []struct {
		what    string
		filter  persistence.Filter
		order   []persistence.Order
		bounded bool
	}{
		{"everything", nil, nil, true},
		{"everything in an order", nil, by(name), true},
		{"an order that ends with the tie-breaker", nil, by(name, id), true},
		{"an order that goes on behind the tie-breaker", nil, by(id, name, email), true},
		{"an order of several fields", nil, by(name, email), false},
		{"an order whose tie-breaker goes back", nil, []persistence.Order{{Field: name}, {Field: id, Descending: true}}, false},
		{"a value", where(email, persistence.Equal, "a"), by(name), true},
		{"one of some values", where(email, persistence.In, "a", "b"), by(name), true},
		{"a range of the order's field", where(name, persistence.Greater, "a"), by(name), true},
		{"a range of another field", where(email, persistence.Greater, "a"), by(name), false},
		{"a null of the order's field", where(name, persistence.Null), by(name), true},
		{"a prefix of the order's field", where(name, persistence.Like, "a\\%%"), by(name), true},
		{"a prefix of another field", where(email, persistence.Like, "a%"), by(name), false},
		{"a pattern behind a prefix", where(name, persistence.Like, "a%b"), by(name), false},
		{"a pattern without a prefix", where(name, persistence.Like, "%a"), by(name), false},
		{"a pattern that ignores case", where(name, persistence.ILike, "a%"), by(name), false},
		{"a negation", where(name, persistence.NotEqual, "a"), by(name), false},
		{"none of some values", where(name, persistence.NotIn, "a"), by(name), false},
		{"a field without an index", where(persistence.FieldStatus, persistence.Equal, "a"), nil, false},
		{"a disjunction", persistence.Or{where(name, persistence.Equal, "a")}, by(name), false},
		{"an element of a list", persistence.Any{List: persistence.ListPhases, Filter: persistence.And{}}, nil, false},
		{"a conjunction of ranges", persistence.And{where(name, persistence.Greater, "a"), where(name, persistence.Less, "b")}, by(name), true},
		{"a conjunction with a pattern", persistence.And{where(name, persistence.Greater, "a"), contains("b")}, by(name), false},
		{"ids, whatever else is asked", persistence.And{where(id, persistence.In, "a", "b"), contains("b")}, by(name, email), true},
		{"a UUID", where(persistence.FieldID, persistence.Equal, "a"), nil, true},
		{"a range of ids with a pattern", persistence.And{where(id, persistence.Greater, "a"), contains("b")}, nil, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			if got := customers.bounded(c.filter, c.order); got != c.bounded {
				t.Errorf("bounded is %t, want %t", got, c.bounded)
			}
		})
	}
}
