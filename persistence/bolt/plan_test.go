package bolt

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"clientele/internal/domain"
	"clientele/persistence"
)

// crowd is more customers than a query puts in order itself: one of a hundred shares its billing id, all
// share their name.
func crowd(t *testing.T) (*Store, []document) {
	t.Helper()
	store := open(t, t.TempDir())
	encode := documents[domain.Customer]{store, customers}.encode
	documents := make([]document, maxCandidates+100)
	err := store.write(t.Context(), "insert a crowd", func(tx *bbolt.Tx) error {
		for i := range documents {
			customer := sample("production", i)
			customer.Name = pointer("same")
			customer.BillingID = pointer(strconv.Itoa(i % 100))
			if i%3 == 0 {
				customer.CRMID = pointer(strconv.Itoa(i % 7))
			}
			var err error
			if _, documents[i], err = encode(customer); err != nil {
				return err
			}
			if err = customers.put(tx, []byte(customer.Key), nil, documents[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return store, documents
}

func text(field persistence.Field, op persistence.Op, operands ...string) persistence.Condition {
	condition := persistence.Condition{Field: field, Op: op}
	for _, operand := range operands {
		condition.Operands = append(condition.Operands, persistence.Text(operand))
	}
	return condition
}

func TestShortcut(t *testing.T) {
	store, documents := crowd(t)
	emailOf := func(i int) string { return documents[i].Text(persistence.FieldEmail) }
	oneEmail := text(persistence.FieldEmail, persistence.Equal, emailOf(1))
	commonName := text(persistence.FieldName, persistence.Equal, "same")
	rareBilling := text(persistence.FieldBillingID, persistence.Equal, "1")
	for _, test := range []struct {
		name   string
		filter persistence.Filter
		order  persistence.Field
		want   persistence.Field // none: walk the order's index
	}{
		{"no filter", nil, persistence.FieldCreatedAt, ""},
		{"equality", oneEmail, persistence.FieldCreatedAt, persistence.FieldEmail},
		{"one of several", text(persistence.FieldEmail, persistence.In, emailOf(1), emailOf(2), emailOf(1)), persistence.FieldCreatedAt, persistence.FieldEmail},
		{"prefix", text(persistence.FieldEmail, persistence.Like, "customer12%"), persistence.FieldCreatedAt, persistence.FieldEmail},
		{"no prefix", text(persistence.FieldEmail, persistence.Like, "%12%"), persistence.FieldCreatedAt, ""},
		{"customer id", text(persistence.FieldCustomerID, persistence.Equal, documents[5].Text(persistence.FieldCustomerID)), persistence.FieldName, persistence.FieldCustomerID},
		{"too many", commonName, persistence.FieldCreatedAt, ""},
		{"the fewest", persistence.And{commonName, rareBilling, persistence.And{oneEmail}}, persistence.FieldCreatedAt, persistence.FieldEmail},
		{"the order's own index", oneEmail, persistence.FieldEmail, ""},
		{"the order's own index has fewer", persistence.And{oneEmail, rareBilling}, persistence.FieldEmail, ""},
		{"another index has fewer", persistence.And{oneEmail, rareBilling}, persistence.FieldBillingID, persistence.FieldEmail},
		{"contradiction", persistence.And{oneEmail, text(persistence.FieldEmail, persistence.Equal, emailOf(2))}, persistence.FieldName, persistence.FieldEmail},
		{"an element's email", persistence.Any{List: persistence.ListSubscriptions, Filter: oneEmail}, persistence.FieldCreatedAt, ""},
		{"beside an element", persistence.And{
			rareBilling, persistence.Any{List: persistence.ListSubscriptions, Filter: oneEmail},
		}, persistence.FieldCreatedAt, persistence.FieldBillingID},
		{"either", persistence.Or{oneEmail, rareBilling}, persistence.FieldName, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := store.db.View(func(tx *bbolt.Tx) error {
				conditions := conditionsOf(test.filter)
				ordered := customers.index("production", test.order)
				x, _, ok, err := shortcut(newMeter(t.Context(), test.filter, false), tx, ordered, ordered.narrowed(conditions), conditions)
				if err != nil {
					return err
				}
				if !ok && test.want != "" || ok && x.field != test.want {
					t.Errorf("shortcut by %q (%t), want %q", x.field, ok, test.want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Whatever way a query takes, its pages are the customers that match, in order, forwards and backwards.
func TestEveryWayLeadsToTheSamePages(t *testing.T) {
	store, documents := crowd(t)
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.SampledFrom(documents).Draw(t, "customer")
		email, customerID := one.Text(persistence.FieldEmail), one.Text(persistence.FieldCustomerID)
		pool := []persistence.Filter{
			text(persistence.FieldEmail, persistence.Equal, email),
			text(persistence.FieldEmail, persistence.Like, email[:rapid.IntRange(0, 12).Draw(t, "prefix")]+"%"),
			text(persistence.FieldName, persistence.Equal, "same"),
			text(persistence.FieldBillingID, persistence.In, one.Text(persistence.FieldBillingID), "7", "8", "none"),
			text(persistence.FieldCRMID, persistence.GreaterOrEqual, "3"),
			text(persistence.FieldCRMID, persistence.Less, "5"),
			text(persistence.FieldCRMID, persistence.Null),
			text(persistence.FieldCustomerID, persistence.Greater, customerID),
			persistence.Condition{
				Field: persistence.FieldCreatedAt, Op: persistence.LessOrEqual,
				Operands: []persistence.Value{one.Value(persistence.FieldCreatedAt)},
			},
			persistence.Or{text(persistence.FieldBillingID, persistence.Equal, "9"), text(persistence.FieldBillingID, persistence.Like, "1%")},
		}
		filter := persistence.And(rapid.SliceOfN(rapid.SampledFrom(pool), 0, 3).Draw(t, "filter"))
		order := persistence.Order{
			Field:      rapid.SampledFrom(persistence.CustomerSortFields).Draw(t, "order"),
			Descending: rapid.Bool().Draw(t, "descending"), NullsFirst: rapid.Bool().Draw(t, "nulls first"),
		}
		want := inOrder(documents, persistence.Compiled(filter), order)

		query := persistence.Query{EnvironmentID: "production", Filter: filter, Order: []persistence.Order{order}}
		query.Page.Limit = rapid.IntRange(max(1, len(want)/3), max(1, len(want))).Draw(t, "limit")
		query.Page.Backward = rapid.Bool().Draw(t, "backward")
		var got []string
		for {
			page, err := store.ListCustomers(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			ids := make([]string, len(page.Items))
			for i, item := range page.Items {
				ids[i] = item.Document.CustomerID
			}
			if query.Page.Backward {
				got = append(ids, got...)
				if !page.HasPrevious {
					break
				}
				query.Page.Before = page.Items[0].Cursor
			} else {
				got = append(got, ids...)
				if !page.HasNext {
					break
				}
				query.Page.After = page.Items[len(page.Items)-1].Cursor
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %d customers, want %d, or they are in another order", len(got), len(want))
		}
		if count, err := store.CountCustomers(t.Context(), "production", filter); err != nil || count != len(want) {
			t.Fatalf("count is %d, %v, want %d", count, err, len(want))
		}
	})
}

// inOrder is the ids of the customers that match, sorted by the contract's words alone.
func inOrder(documents []document, filter persistence.Filter, order persistence.Order) []string {
	type row struct {
		value persistence.Value
		id    string
	}
	var rows []row
	for _, d := range documents {
		if filter.Matches(d) {
			rows = append(rows, row{d.Value(order.Field), d.Text(persistence.FieldCustomerID)})
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.value.IsNull() != b.value.IsNull() {
			if a.value.IsNull() == order.NullsFirst {
				return -1
			}
			return 1
		}
		c := a.value.Compare(b.value)
		if c == 0 {
			c = strings.Compare(a.id, b.id)
		}
		if order.Descending {
			return -c
		}
		return c
	})
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.id
	}
	return ids
}
