package persistencetest

import (
	"fmt"
	"maps"
	"slices"
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

// randomQueriesAgreeWithTheOracle compares random filters and orders over random documents, so many for each set
// of documents, with Matches and a plain sort.
func (k kind[D]) randomQueriesAgreeWithTheOracle(queries int) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		// An environment of its own for each round is cheaper than a store of its own.
		var rounds atomic.Int64
		rapid.Check(t, func(rt *rapid.T) {
			t := round{rt}
			environment := fmt.Sprintf("round-%d", rounds.Add(1))
			documents := k.drawDocuments(rt, environment)
			k.insert(t, store, documents...)
			for range queries {
				query := persistence.Query{EnvironmentID: environment, Order: k.drawOrder(rt)}
				if rapid.IntRange(0, 9).Draw(rt, "filtered") > 0 {
					query.Filter = drawFilter(rt, 3, k.shape, k.see(documents))
				}
				k.expectAnswer(t, store, query, rapid.IntRange(1, len(documents)+1).Draw(rt, "size"), documents)
			}
		})
	}
}

// round is a rapid.T whose failures have one text. A failure with the round in its text is another
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

func (k kind[D]) drawDocuments(t *rapid.T, environment string) []*D {
	ids := rapid.SliceOfNDistinct(textOf(idAlphabet, 1), 0, 8, rapid.ID).Draw(t, "ids")
	documents := make([]*D, len(ids))
	for i, id := range ids {
		documents[i] = k.sparse(environment, id)
		k.vary(documents[i], func() *string { return drawNullableText(t) }, func() *time.Time { return drawNullableTime(t) })
		if k.draw != nil {
			k.draw(t, documents[i])
		}
	}
	// What is drawn is logged too, but as pointers.
	t.Logf("%s: %s", k.Name, show(documents))
	return documents
}

// drawCustomer draws what orders do not see.
func drawCustomer(t *rapid.T, c *domain.Customer) {
	// The same in every round, so that orders by it are.
	c.ID = uuid(c.CustomerID)
	if rapid.IntRange(0, 3).Draw(t, "archived") == 3 {
		c.ArchivedAt = new(noon)
	}
	if rapid.IntRange(0, 3).Draw(t, "billing") == 3 {
		c.Sync, c.BillingFacts = drawSync(t), drawFacts(t)
	}
	if rapid.Bool().Draw(t, "no lists") {
		return
	}
	for range rapid.IntRange(0, 2).Draw(t, "subscriptions") {
		s := domain.Subscription{
			ProductID: rapid.SampledFrom([]string{"", "a", "A"}).Draw(t, "product"), BillingID: drawNullableText(t), CreatedAt: drawTime(t),
		}
		for range rapid.IntRange(0, 3).Draw(t, "phases") {
			s.Phases = append(s.Phases, domain.Phase{
				Status: rapid.SampledFrom(domain.SubscriptionStatuses).Draw(t, "status"), From: drawTime(t), Until: drawNullableTime(t),
			})
		}
		c.Subscriptions = append(c.Subscriptions, s)
	}
	for range rapid.IntRange(0, 2).Draw(t, "promotional entitlements") {
		c.PromotionalEntitlements = append(c.PromotionalEntitlements, domain.PromotionalEntitlement{
			Description: drawNullableText(t), StartDate: noon, EndDate: drawNullableTime(t), CreatedAt: noon, UpdatedAt: noon,
		})
	}
}

// drawSync draws more of what is due than of the rest, in which no two cases of an engine differ.
func drawSync(t *rapid.T) *domain.Sync {
	if rapid.IntRange(0, 3).Draw(t, "sync") == 0 {
		return nil
	}
	sync := &domain.Sync{DueAt: drawNullableTime(t), Attempts: rapid.IntRange(0, 2).Draw(t, "attempts")}
	if rapid.Bool().Draw(t, "pending") {
		parts := rapid.SampledFrom([]domain.SyncPart{domain.SyncName, domain.SyncEmail, domain.SyncFacts})
		sync.Pending = rapid.MapOfN(parts, rapid.Int64Range(0, 1<<40), 0, 2).Draw(t, "parts")
	}
	if rapid.Bool().Draw(t, "lease") {
		sync.Lease = &domain.SyncLease{Holder: orEmpty(drawNullableText(t)), Until: drawTime(t)}
	}
	return sync
}

func drawFacts(t *rapid.T) *domain.BillingFacts {
	if rapid.Bool().Draw(t, "no facts") {
		return nil
	}
	facts := &domain.BillingFacts{Currency: orEmpty(drawNullableText(t))}
	if rapid.Bool().Draw(t, "retrieved") {
		facts.RetrievedAt = drawTime(t)
	}
	for range rapid.IntRange(0, 2).Draw(t, "payment methods") {
		facts.PaymentMethods = append(facts.PaymentMethods, domain.PaymentMethodFacts{ID: orEmpty(drawNullableText(t)), Mark: domain.FactMark{At: drawTime(t)}})
	}
	return facts
}

func drawNullableText(t *rapid.T) *string {
	return rapid.Ptr(rapid.OneOf(rapid.SampledFrom([]string{"", "a", "A", "ab"}), textOf(textAlphabet, 0)), true).Draw(t, "text")
}

func drawTime(t *rapid.T) time.Time {
	return noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "milliseconds from noon")) * time.Millisecond)
}

func drawNullableTime(t *rapid.T) *time.Time {
	return rapid.Ptr(rapid.Custom(drawTime), true).Draw(t, "time")
}

func (k kind[D]) drawOrder(t *rapid.T) []persistence.Order {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) persistence.Order {
		return persistence.Order{
			Field:      rapid.SampledFrom(k.SortFields).Draw(t, "field"),
			Descending: rapid.Bool().Draw(t, "descending"),
			NullsFirst: rapid.Bool().Draw(t, "nulls first"),
		}
	}), 0, 3).Draw(t, "order")
}

// drawFilter draws a filter on documents of a shape; known are some of them.
func drawFilter(t *rapid.T, depth int, shape shape, known []persistence.Document) persistence.Filter {
	kind := 0
	if depth > 0 {
		kind = rapid.IntRange(0, 4).Draw(t, "kind of filter")
	}
	switch {
	case kind < 2, kind == 4 && len(shape.lists) == 0:
		return drawCondition(t, shape, known)
	case kind == 4:
		list := rapid.SampledFrom(slices.Sorted(maps.Keys(shape.lists))).Draw(t, "list")
		var elements []persistence.Document
		for _, document := range known {
			elements = append(elements, document.Elements(list)...)
		}
		return persistence.Any{List: list, Filter: drawFilter(t, depth-1, shape.lists[list], elements)}
	}
	filters := make([]persistence.Filter, rapid.IntRange(0, 3).Draw(t, "filters"))
	for i := range filters {
		filters[i] = drawFilter(t, depth-1, shape, known)
	}
	if kind == 2 {
		return persistence.And(filters)
	}
	return persistence.Or(filters)
}

func drawCondition(t *rapid.T, shape shape, known []persistence.Document) persistence.Condition {
	condition := persistence.Condition{
		Field: rapid.SampledFrom(shape.fields).Draw(t, "field"), Op: rapid.SampledFrom(operators).Draw(t, "operator"),
	}
	if isPattern(condition.Op) && isTime(condition.Field) {
		condition.Op = persistence.NotNull
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
		operand := drawOperand(t, condition.Field, known)
		if text, isText := operand.AsText(); isPattern(condition.Op) && isText {
			operand = persistence.Text(drawPattern(t, text))
		}
		condition.Operands = append(condition.Operands, operand)
	}
	return condition
}

// drawOperand is often a value that a document has, or next to one.
func drawOperand(t *rapid.T, field persistence.Field, known []persistence.Document) persistence.Value {
	if isTime(field) {
		// A time between two milliseconds means the millisecond that it is in.
		at := drawTime(t).Add(time.Duration(rapid.IntRange(-1500, 1500).Draw(t, "microseconds")) * time.Microsecond)
		if rapid.Bool().Draw(t, "now") {
			return persistence.Now(at)
		}
		return persistence.Time(at)
	}
	text := textOf(textAlphabet, 0).Draw(t, "operand")
	if len(known) > 0 && rapid.IntRange(0, 3).Draw(t, "known") > 0 {
		at := rapid.IntRange(0, len(known)-1).Draw(t, "document")
		if value, isText := known[at].Value(field).AsText(); isText {
			text = value
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
