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
func operatorMeansWhatMatchesSays(op persistence.Op) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		customers := append(crowd(production), next(filled(production, "archived"), archived))
		insert(t, store, append(crowd(staging), customers...)...)
		for _, field := range fields {
			for _, operands := range operandsFor(op, field, customers) {
				query := persistence.CustomerQuery{
					EnvironmentID: production, Filter: persistence.Condition{Field: field, Op: op, Operands: operands},
				}
				expectAnswer(t, store, query, 4, customers)
			}
		}
	}
}

func operandsFor(op persistence.Op, field persistence.Field, customers []*domain.Customer) [][]persistence.Value {
	known := []persistence.Value{value(customers[1], field), value(customers[4], field)}
	if isTime(field) {
		known = append(known, persistence.Time(noon.Add(-time.Millisecond)), persistence.Time(noon.Add(24*time.Hour)))
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

// patternsMatchToTheLetter has names that a careless translation of patterns takes for its own syntax.
func patternsMatchToTheLetter(t T, store persistence.Store) {
	texts := append([]string{
		"", "%", "_", `\`, `\\`, `\%`, "a", "A", "ab", "a%b", "a_b", "a.b", "a*b", ".*", "^a$", "$", "a$", "(a|b)", "[ab]", "a\nb", "a\n",
		"\na", "a\x00b", "ä", "Ä", "я", "Я", "a\u0308", "😀", `\Qa\E`, "(?i)a", "a/b", "{1}", "a+", "日本",
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
	}
	for _, text := range texts {
		patterns = append(patterns, persistence.Escape(text))
	}
	for _, pattern := range patterns {
		for _, op := range []persistence.Op{persistence.Like, persistence.ILike} {
			query := persistence.CustomerQuery{EnvironmentID: production, Filter: persistence.Condition{
				Field: persistence.FieldName, Op: op, Operands: []persistence.Value{persistence.Text(pattern)},
			}}
			expectForward(t, store, query, len(customers), answer(query, customers))
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
		expectAnswer(t, store, persistence.CustomerQuery{EnvironmentID: production, Filter: filter}, 2, customers)
	}
}
