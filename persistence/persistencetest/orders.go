package persistencetest

import (
	"fmt"
	"math"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// crowd is nine documents among which every field that can have equal values and nulls has them, each field in
// a pattern of its own so that no two orders agree by chance.
func (k kind[D]) crowd(environment string) []*D {
	values := []*string{nil, new("b"), new("a"), new("B"), new("b"), nil, new("")}
	documents := make([]*D, 9)
	for i := range documents {
		d := k.sparse(environment, fmt.Sprintf("%c%d", "xAbX"[i%4], i*7%9))
		fields, times := 0, 0
		k.vary(d, func() *string {
			fields++
			return clonePointer(values[(i*fields+i/3)%len(values)])
		}, func() *time.Time {
			times++
			// Times that may be null come last.
			if times > 2 && i%(times+1) == 0 {
				return nil
			}
			unit := []time.Duration{time.Millisecond, time.Hour}[times%2]
			return new(noon.Add(time.Duration(i*(7-2*times)%(times+2)) * unit))
		})
		documents[i] = d
	}
	return documents
}

func crowd(environment string) []*domain.Customer { return customerKind.crowd(environment) }

// ordersBy is every order by one field.
func ordersBy(field persistence.Field) [][]persistence.Order {
	return [][]persistence.Order{
		{{Field: field}},
		{{Field: field, NullsFirst: true}},
		{{Field: field, Descending: true}},
		{{Field: field, Descending: true, NullsFirst: true}},
	}
}

// mixedOrders are orders by several fields, with directions that agree and that differ.
var mixedOrders = [][]persistence.Order{
	{{Field: persistence.FieldName}, {Field: persistence.FieldEmail, Descending: true}},
	{{Field: persistence.FieldName, Descending: true}, {Field: persistence.FieldEmail, Descending: true, NullsFirst: true}},
	{{Field: persistence.FieldEmail, NullsFirst: true}, {Field: persistence.FieldCustomerID, Descending: true}},
	{{Field: persistence.FieldCreatedAt, Descending: true}, {Field: persistence.FieldName, NullsFirst: true}, {Field: persistence.FieldCRMID}},
	{{Field: persistence.FieldUpdatedAt}, {Field: persistence.FieldCRMID}, {Field: persistence.FieldBillingID, Descending: true}},
	{{Field: persistence.FieldSalesforceID}, {Field: persistence.FieldSalesforceID, Descending: true}},
	{{Field: persistence.FieldCustomerID, Descending: true}, {Field: persistence.FieldName}},
}

// pagesInOrder proves that pages of every size meet every document once, in order and in both directions.
func (k kind[D]) pagesInOrder(orders [][]persistence.Order) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		documents := k.crowd(production)
		k.insert(t, store, append(k.crowd(staging), documents...)...)
		for _, order := range orders {
			for size := 1; size <= len(documents)+1; size++ {
				k.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: order}, size, documents)
			}
		}
	}
}

func tiesGoByCustomerID(t T, store persistence.Store) {
	var customers []*domain.Customer
	for _, id := range []string{"b", "a", "C", "aa", "a/b", "ä", "10", "9"} {
		customers = append(customers, sparse(production, id))
	}
	insert(t, store, customers...)
	for _, order := range [][]persistence.Order{
		nil,
		{{Field: persistence.FieldCreatedAt}},
		{{Field: persistence.FieldCreatedAt, Descending: true}},
		{{Field: persistence.FieldName}, {Field: persistence.FieldEmail, Descending: true}},
	} {
		customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: order}, 3, customers)
	}
}

// textsAreOrderedByBytes holds what an index key that ends, pads or folds texts gets wrong.
func textsAreOrderedByBytes(t T, store persistence.Store) {
	var customers []*domain.Customer
	for i, text := range []string{
		"", "\x00", "\x00\x00", "\x00\x01", "\x01", "\x00a", "a", "a\x00", "a\x00\x00", "a\x00b", "a\x01", "a ", "ab", "aB",
		"A", "Z", "_", "~", "\u007f", "\u0080", "ä", "a\u0308", "я", "日本", "\uffff", "😀", "\U0010ffff", "\U0010ffffa",
	} {
		c := sparse(production, fmt.Sprintf("c%d", i*11%28))
		c.Name = &text
		customers = append(customers, c)
	}
	insert(t, store, customers...)
	for _, order := range ordersBy(persistence.FieldName) {
		customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: order}, 4, customers)
	}
}

func timesAreOrderedByTheClock(t T, store persistence.Store) {
	var customers []*domain.Customer
	for i, at := range []time.Time{
		{},
		time.Date(1969, time.December, 31, 23, 59, 59, 999e6, time.UTC),
		time.UnixMilli(0).UTC(),
		time.UnixMilli(1).UTC(),
		time.UnixMilli(math.MaxInt32).UTC(),
		time.UnixMilli(math.MaxUint32 + 1).UTC(),
		noon, noon.Add(time.Millisecond), noon.Add(time.Second),
		time.Date(9999, time.December, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		c := sparse(production, fmt.Sprintf("c%d", i*7%10))
		c.CreatedAt = at
		customers = append(customers, c)
	}
	insert(t, store, customers...)
	for _, order := range ordersBy(persistence.FieldCreatedAt) {
		customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Order: order}, 4, customers)
	}
}
