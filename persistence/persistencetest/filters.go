package persistencetest

import (
	"fmt"
	"slices"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// operators are all, in the order in which the contract names them.
var operators = []persistence.Op{
	persistence.Equal, persistence.NotEqual, persistence.Greater, persistence.GreaterOrEqual, persistence.Less,
	persistence.LessOrEqual, persistence.In, persistence.NotIn, persistence.Like, persistence.NotLike, persistence.ILike,
	persistence.NotILike, persistence.Null, persistence.NotNull,
}

// isPattern reports whether the operator belongs to the Like family, which is for texts alone.
func isPattern(op persistence.Op) bool {
	return slices.Contains([]persistence.Op{persistence.Like, persistence.NotLike, persistence.ILike, persistence.NotILike}, op)
}

// equal matches the customers with that text.
func equal(field persistence.Field, text string) persistence.Condition {
	return persistence.Condition{Field: field, Op: persistence.Equal, Operands: []persistence.Value{persistence.Text(text)}}
}

// operatorMeansWhatMatchesSays tries one operator on every field, with operands that occur and that do not.
func (k kind[D]) operatorMeansWhatMatchesSays(op persistence.Op) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		documents := k.crowd(production)
		if k.hidden != nil {
			documents = append(documents, k.hidden(production))
		}
		k.insert(t, store, append(k.crowd(staging), documents...)...)
		for _, field := range k.shape.fields {
			for _, operands := range k.operandsFor(op, field, documents) {
				query := persistence.Query{
					EnvironmentID: production, Filter: persistence.Condition{Field: field, Op: op, Operands: operands},
				}
				k.expectAnswer(t, store, query, 4, documents)
			}
		}
	}
}

func (k kind[D]) operandsFor(op persistence.Op, field persistence.Field, documents []*D) [][]persistence.Value {
	known := []persistence.Value{k.value(documents[1], field), k.value(documents[4], field)}
	if isTime(field) {
		known = append(known, persistence.Time(noon.Add(-time.Millisecond)), persistence.Now(noon.Add(24*time.Hour)))
	} else {
		known = append(known, persistence.Text(""), persistence.Text("a"), persistence.Text("c"))
	}
	known = slices.DeleteFunc(known, persistence.Value.IsNull)
	var alone [][]persistence.Value
	for _, v := range known {
		alone = append(alone, []persistence.Value{v})
	}
	switch {
	case op == persistence.Null || op == persistence.NotNull:
		return [][]persistence.Value{nil}
	case op == persistence.In || op == persistence.NotIn:
		return append(alone, nil, []persistence.Value{}, known, append(known, known...))
	case !isPattern(op):
		return alone
	case isTime(field):
		return nil
	}
	for _, pattern := range []string{"%", "%%", "_", "b", "B", "%a%", "x_", "X%", "%-4%", `\b`, `\%`, ".*", "^b$", "b|a"} {
		alone = append(alone, []persistence.Value{persistence.Text(pattern)})
	}
	return alone
}

// patternsMatchLiteralCharacters has names that a careless translation of patterns takes for its own syntax.
func patternsMatchLiteralCharacters(t T, store persistence.Store) {
	texts := append([]string{
		"", "%", "_", `\`, `\\`, `\%`, "a", "A", "ab", "a%b", "a_b", "a.b", "a*b", ".*", "^a$", "$", "a$", "(a|b)", "[ab]", "a\nb", "a\n",
		"\na", "a\x00b", "ä", "Ä", "я", "Я", "a\u0308", "😀", `\Qa\E`, "(?i)a", "a/b", "{1}", "a+", "日本",
		"Jos\u00e9", "Jose\u0301", "JOS\u00c9", "Jose", "Josef", "\u01f0", "J\u030c", "\u1ebf", "\u00ea\u0301", "e\u0302\u0301", "K", "k", "\u212a", "\uac01", "\uac00\u11a8",
		"\u1100\u1161\u11a8", "\u0915\u093c", "\u0958", "\u0f43", "\u0f42\u0fb7", "\u00df", "\u1e9e", "ss", "\u0130", "I\u0307", "i", "I", "\u0131", "\u03c3", "\u03c2", "\u03a3", "\u2126", "\u03a9",
	}, hardTexts...)
	var customers []*domain.Customer
	for i, text := range texts {
		c := sparse(production, fmt.Sprintf("c%02d", i))
		c.Name = &text
		customers = append(customers, c)
	}
	insert(t, store, customers...)
	patterns := []string{
		"%", "_", "__", "_%", "%_", `\`, `\\`, `\%`, `\_`, `%\`, `a\`, "a%", "%a", "%a%", "a_b", "a%b", `a\%b`, `a\_b`, "a.b", "A", "Ä", "ä",
		"Я%", ".*", "^a$", "%$", "(a|b)", "[ab]", `\Qa\E`, "(?i)a", "a\n%", "%\n", "a\x00_", "%\x00%", "_\u0308", "{1}", "a+",
		"jos_", "Jos%", "Jos\u00e9%", "%e\u0301", "Jose%", "_", "K%", "k%", "\uac01%", "\u0915%", "%\u093c", "\u0f42%", "%\u0fb7", "S", "SS", "j\u030c%", "\u03c3", "\u03c9",
	}
	for _, text := range texts {
		patterns = append(patterns, persistence.Escape(text))
	}
	for _, pattern := range patterns {
		for _, op := range []persistence.Op{persistence.Like, persistence.ILike} {
			query := persistence.Query{EnvironmentID: production, Filter: persistence.Condition{
				Field: persistence.FieldName, Op: op, Operands: []persistence.Value{persistence.Text(pattern)},
			}}
			customerKind.expectForward(t, store, query, len(customers), customerKind.answer(query, customers))
		}
	}
}

func filtersNest(t T, store persistence.Store) {
	customers := crowd(production)
	insert(t, store, customers...)
	name := equal(persistence.FieldName, "b")
	email := persistence.Condition{Field: persistence.FieldEmail, Op: persistence.Null}
	created := persistence.Condition{
		Field: persistence.FieldCreatedAt, Op: persistence.Greater, Operands: []persistence.Value{persistence.Time(noon)},
	}
	for _, filter := range []persistence.Filter{
		nil, persistence.And{}, persistence.Or{}, persistence.And(nil), persistence.Or(nil),
		persistence.And{name}, persistence.Or{name}, persistence.And{name, email}, persistence.Or{name, email},
		persistence.And{name, name}, persistence.And{name, persistence.Or{email, created}}, persistence.Or{persistence.And{name, email}, created},
		persistence.And{persistence.Or{}, name}, persistence.Or{persistence.And{}, name}, persistence.And{persistence.And{}, name},
		persistence.Or{persistence.Or{}, name}, persistence.Or{persistence.And{name, persistence.Or{email, persistence.And{created}}}},
	} {
		customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Filter: filter}, 2, customers)
	}
}

// filtersLookIntoLists has conditions that hold of one element or of none, though each holds of some, and lists
// that are empty or null.
func filtersLookIntoLists(t T, store persistence.Store) {
	phase := func(status domain.SubscriptionStatus, from int, until ...int) domain.Phase {
		p := domain.Phase{Status: status, From: noon.AddDate(0, 0, from)}
		if len(until) > 0 {
			p.Until = new(noon.AddDate(0, 0, until[0]))
		}
		return p
	}
	customer := func(id string, subscriptions ...domain.Subscription) *domain.Customer {
		c := sparse(production, id)
		c.Subscriptions = subscriptions
		if len(subscriptions) > 0 {
			c.SubscribedAt = new(noon)
		}
		return c
	}
	of := func(product string, phases ...domain.Phase) domain.Subscription {
		return domain.Subscription{ProductID: product, Phases: phases, CreatedAt: noon, StartDate: noon, BillingCycleAnchor: noon}
	}
	customers := []*domain.Customer{
		customer("none"),
		customer("no phases", of("a")),
		customer("trial, then active", of("a", phase(domain.InTrial, 0, 7), phase(domain.Active, 7))),
		customer("active, then canceled", of("a", phase(domain.Active, 0, 9), phase(domain.Canceled, 9))),
		customer("one of each", of("a", phase(domain.Canceled, 0)), of("b", phase(domain.Active, 0))),
		filled(production, "filled"), next(filled(production, "gone"), archived), filled(staging, "elsewhere"),
	}
	customers[0].Subscriptions = nil
	empty := customer("empty")
	empty.Subscriptions, empty.PromotionalEntitlements = []domain.Subscription{}, []domain.PromotionalEntitlement{}
	customers = append(customers, empty)
	insert(t, store, customers...)

	subscribed := persistence.Condition{Field: persistence.FieldSubscribedAt, Op: persistence.NotNull}
	some := func(filters ...persistence.Filter) persistence.Filter {
		return persistence.Any{List: persistence.ListSubscriptions, Filter: persistence.And(filters)}
	}
	in := func(status domain.SubscriptionStatus, now time.Time) persistence.Filter {
		at := []persistence.Value{persistence.Now(now)}
		return persistence.Any{List: persistence.ListPhases, Filter: persistence.And{
			equal(persistence.FieldStatus, string(status)),
			persistence.Condition{Field: persistence.FieldFrom, Op: persistence.LessOrEqual, Operands: at},
			persistence.Or{
				persistence.Condition{Field: persistence.FieldUntil, Op: persistence.Null},
				persistence.Condition{Field: persistence.FieldUntil, Op: persistence.Greater, Operands: at},
			},
		}}
	}
	promoted := persistence.Any{List: persistence.ListPromotionalEntitlements, Filter: persistence.Condition{
		Field: persistence.FieldEndDate, Op: persistence.Greater, Operands: []persistence.Value{persistence.Now(noon)},
	}}
	found := func(filter persistence.Filter, want ...string) {
		query := persistence.Query{EnvironmentID: production, Filter: filter}
		got := ids(customerKind.expectAnswer(t, store, query, 2, customers))
		if want != nil && !slices.Equal(got, want) {
			t.Errorf("%#v finds %q, want %q", filter, got, want)
		}
	}
	later := noon.AddDate(0, 0, 8)
	found(some(in(domain.InTrial, noon)), "filled", "trial, then active")
	found(persistence.And{subscribed, some(in(domain.InTrial, later))}, "filled")
	found(persistence.And{subscribed, some(in(domain.Active, later))}, "active, then canceled", "one of each", "trial, then active")
	found(some(equal(persistence.FieldProductID, "a"), in(domain.Active, noon)), "active, then canceled")
	found(some(equal(persistence.FieldProductID, "b"), in(domain.Canceled, noon)), []string{}...)
	found(persistence.Any{List: persistence.ListPhases, Filter: persistence.And{}}, []string{}...)
	for _, filter := range []persistence.Filter{
		promoted, some(), some(persistence.Or{}), persistence.Any{List: persistence.ListPromotionalEntitlements, Filter: persistence.And{}},
		persistence.Or{promoted, some(in(domain.Active, noon))}, persistence.Or{promoted, equal(persistence.FieldCustomerID, "none")},
		persistence.Or{persistence.And{promoted, subscribed}, persistence.And{subscribed, some(in(domain.Canceled, noon))}},
		persistence.And{persistence.Or{promoted, some()}, persistence.Or{}}, persistence.And{promoted, some(), equal(persistence.FieldName, "Ada Lovelace")},
		// The element's field, not the customer's of the same name.
		some(persistence.Condition{Field: persistence.FieldBillingID, Op: persistence.Null}),
		persistence.And{some(equal(persistence.FieldBillingID, "sub_1")), equal(persistence.FieldBillingID, "cus_1")},
	} {
		found(filter)
		for _, field := range []persistence.Field{persistence.FieldSubscribedAt, persistence.FieldName} {
			for _, order := range ordersBy(field) {
				customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production, Filter: filter, Order: order}, 1, customers)
			}
		}
	}
}

// cursorOutlivesItsTime goes on with a walk whose filter has another Now, where a Time would not be let on.
func cursorOutlivesItsTime(t T, store persistence.Store) {
	customers := crowd(production)
	insert(t, store, customers...)
	until := func(value persistence.Value) persistence.Filter {
		older := persistence.Condition{Field: persistence.FieldCreatedAt, Op: persistence.LessOrEqual, Operands: []persistence.Value{value}}
		return persistence.And{older, persistence.Or{older, persistence.Any{List: persistence.ListSubscriptions, Filter: older}}}
	}
	query := persistence.Query{
		EnvironmentID: production, Filter: until(persistence.Now(noon)), Page: persistence.PageRequest{Limit: 1},
	}
	first := customerKind.firstItem(t, store, query)
	query.Filter = until(persistence.Now(noon.AddDate(1, 0, 0)))
	query.Page = persistence.PageRequest{Limit: len(customers), After: first.Cursor}
	want := customerKind.answer(query, customers)
	at := slices.IndexFunc(want, func(c *domain.Customer) bool { return c.Key == first.Document.Key })
	customerKind.expectPage(t, query, customerKind.list(t, store, query), want[at+1:], false, true)
	query.Filter = until(persistence.Time(noon))
	customerKind.expectRefused(t, store, "a cursor of Now", query, first.Cursor)
}
