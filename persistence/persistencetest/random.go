package persistencetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"clientele/internal/domain"
	"clientele/persistence"
)

// The alphabets are small, so that random texts and patterns meet. They hold what SQL, regular expressions
// and BSON give a meaning to, and letters whose other case nobody disputes.
const (
	idAlphabet   = `aAbB%_\.*$/äÄяЯ日😀`
	textAlphabet = idAlphabet + "\x00\n"
)

func textOf(alphabet string, least int) *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), least, 3, -1)
}

// randomQueriesAgreeWithTheOracle compares random filters and orders over random customers with Matches
// and a plain sort.
func randomQueriesAgreeWithTheOracle(t T, store persistence.Store) {
	// An environment of its own for each round is cheaper than a store of its own.
	var rounds atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		t := round{rt}
		environment := fmt.Sprintf("round-%d", rounds.Add(1))
		customers := drawCustomers(rt, environment)
		insert(t, store, customers...)
		for range 4 {
			query := persistence.CustomerQuery{EnvironmentID: environment, Order: drawOrder(rt)}
			if rapid.IntRange(0, 9).Draw(rt, "filtered") > 0 {
				query.Filter = drawFilter(rt, 3, customers)
			}
			expectAnswer(t, store, query, rapid.IntRange(1, len(customers)+1).Draw(rt, "size"), customers)
		}
	})
}

// round is a rapid.T whose failures have one text. A failure that tells its round by another text is another
// failure to rapid, which then does not look for a smaller example.
type round struct{ *rapid.T }

// Errorf logs the message and fails.
func (r round) Errorf(format string, args ...any) {
	r.Helper()
	r.Logf(format, args...)
	r.Fail()
}

// Fatalf logs the message, fails and ends the round.
func (r round) Fatalf(format string, args ...any) {
	r.Helper()
	r.Logf(format, args...)
	r.FailNow()
}

func drawCustomers(t *rapid.T, environment string) []*domain.Customer {
	ids := rapid.SliceOfNDistinct(textOf(idAlphabet, 1), 0, 8, rapid.ID).Draw(t, "ids")
	customers := make([]*domain.Customer, len(ids))
	for i, id := range ids {
		c := sparse(environment, id)
		// The same in every round, so that orders by it are.
		c.ID = uuid(id)
		for _, field := range texts(c) {
			*field = rapid.Ptr(rapid.OneOf(rapid.SampledFrom([]string{"", "a", "A", "ab"}), textOf(textAlphabet, 0)), true).Draw(t, "text")
		}
		c.CreatedAt = drawTime(t)
		c.UpdatedAt = drawTime(t)
		if rapid.IntRange(0, 3).Draw(t, "archived") == 3 {
			c.ArchivedAt = new(noon)
		}
		customers[i] = c
	}
	// What is drawn is logged too, but as pointers.
	t.Logf("customers: %s", show(customers))
	return customers
}

func drawTime(t *rapid.T) time.Time {
	return noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "milliseconds from noon")) * time.Millisecond)
}

func drawOrder(t *rapid.T) []persistence.Order {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) persistence.Order {
		return persistence.Order{
			Field:      rapid.SampledFrom(persistence.CustomerSortFields).Draw(t, "field"),
			Descending: rapid.Bool().Draw(t, "descending"),
			NullsFirst: rapid.Bool().Draw(t, "nulls first"),
		}
	}), 0, 3).Draw(t, "order")
}

func drawFilter(t *rapid.T, depth int, customers []*domain.Customer) persistence.Filter {
	kind := 0
	if depth > 0 {
		kind = rapid.IntRange(0, 3).Draw(t, "kind of filter")
	}
	if kind < 2 {
		return drawCondition(t, customers)
	}
	filters := make([]persistence.Filter, rapid.IntRange(0, 3).Draw(t, "filters"))
	for i := range filters {
		filters[i] = drawFilter(t, depth-1, customers)
	}
	if kind == 2 {
		return persistence.And(filters)
	}
	return persistence.Or(filters)
}

func drawCondition(t *rapid.T, customers []*domain.Customer) persistence.Condition {
	condition := persistence.Condition{
		Field: rapid.SampledFrom(fields).Draw(t, "field"), Op: rapid.SampledFrom(operators).Draw(t, "operator"),
	}
	if isPattern(condition.Op) && isTime(condition.Field) {
		condition.Field = persistence.FieldName
	}
	var operands int
	switch condition.Op {
	case persistence.Null, persistence.NotNull:
	case persistence.In, persistence.NotIn:
		operands = rapid.IntRange(0, 3).Draw(t, "operands")
	default:
		operands = 1
	}
	for range operands {
		operand := drawOperand(t, condition.Field, customers)
		if text, isText := operand.AsText(); isPattern(condition.Op) && isText {
			operand = persistence.Text(drawPattern(t, text))
		}
		condition.Operands = append(condition.Operands, operand)
	}
	return condition
}

// drawOperand is often a value that a customer has, or next to one.
func drawOperand(t *rapid.T, field persistence.Field, customers []*domain.Customer) persistence.Value {
	if isTime(field) {
		// A time between two milliseconds means the millisecond that it is in.
		return persistence.Time(drawTime(t).Add(time.Duration(rapid.IntRange(-1500, 1500).Draw(t, "microseconds")) * time.Microsecond))
	}
	text := textOf(textAlphabet, 0).Draw(t, "operand")
	if len(customers) > 0 && rapid.IntRange(0, 3).Draw(t, "known") > 0 {
		if known, isText := value(rapid.SampledFrom(customers).Draw(t, "customer"), field).AsText(); isText {
			text = known
		}
	}
	switch rapid.IntRange(0, 4).Draw(t, "case") {
	case 3:
		text = strings.ToUpper(text)
	case 4:
		text = strings.ToLower(text)
	}
	return persistence.Text(text)
}

// drawPattern is the text itself, which may hold wildcards, or the text escaped, with wildcards around or
// within.
func drawPattern(t *rapid.T, text string) string {
	switch rapid.IntRange(0, 4).Draw(t, "pattern") {
	case 0:
		return text
	case 1:
		return persistence.Escape(text)
	case 2:
		return persistence.Escape(text) + "%"
	case 3:
		return "%" + persistence.Escape(text) + "%"
	default:
		characters := []rune(text)
		if len(characters) == 0 {
			return "_"
		}
		wildcard := rapid.SampledFrom([]rune(`%_\`)).Draw(t, "wildcard")
		characters[rapid.IntRange(0, len(characters)-1).Draw(t, "at")] = wildcard
		return string(characters)
	}
}
