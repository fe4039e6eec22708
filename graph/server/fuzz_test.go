package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// asked remembers the last query for customers that reached the store.
type asked struct {
	customers.Store
	query *persistence.Query
}

func (s *asked) ListCustomers(ctx context.Context, query persistence.Query) (persistence.Page[domain.Customer], error) {
	s.query = &query
	return s.Store.ListCustomers(ctx, query)
}

// nested is a document with lists.
type nested struct {
	persistence.Row
	lists map[persistence.List][]persistence.Document
}

func (n nested) Elements(list persistence.List) []persistence.Document { return n.lists[list] }

// asDocument is a customer as filters see it, made by other means than an engine's.
func asDocument(c *domain.Customer) persistence.Document {
	text, when := persistence.NullableText, func(t *time.Time) persistence.Value {
		if t == nil {
			return persistence.Value{}
		}
		return persistence.Time(*t)
	}
	var subscriptions, grants []persistence.Document
	for _, s := range c.Subscriptions {
		var phases []persistence.Document
		for _, p := range s.Phases {
			phases = append(phases, persistence.Row{
				persistence.FieldStatus: persistence.Text(string(p.Status)), persistence.FieldFrom: persistence.Time(p.From), persistence.FieldUntil: when(p.Until),
			})
		}
		subscriptions = append(subscriptions, nested{lists: map[persistence.List][]persistence.Document{persistence.ListPhases: phases}})
	}
	for _, p := range c.PromotionalEntitlements {
		grants = append(grants, persistence.Row{persistence.FieldEndDate: when(p.EndDate)})
	}
	return nested{persistence.Row{
		persistence.FieldID: persistence.Text(c.ID), persistence.FieldCustomerID: persistence.Text(c.CustomerID),
		persistence.FieldEnvironmentID: persistence.Text(c.EnvironmentID), persistence.FieldName: text(c.Name), persistence.FieldEmail: text(c.Email),
		persistence.FieldBillingID: text(c.BillingID), persistence.FieldCRMID: text(c.CRMID), persistence.FieldSalesforceID: text(c.SalesforceID),
		persistence.FieldAWSMarketplaceCustomerID: text(c.AWSMarketplaceCustomerID), persistence.FieldCouponID: text(c.CouponID),
		persistence.FieldCreatedAt: persistence.Time(c.CreatedAt), persistence.FieldUpdatedAt: persistence.Time(c.UpdatedAt),
		persistence.FieldSubscribedAt: when(c.SubscribedAt), persistence.FieldPromotedAt: when(c.PromotedAt),
	}, map[persistence.List][]persistence.Document{
		persistence.ListSubscriptions: subscriptions, persistence.ListPromotionalEntitlements: grants,
	}}
}

// listing is a server with customers to list.
type listing struct {
	store     *asked
	handler   http.Handler
	documents map[string]persistence.Document // by customer id
}

func newListing(t testing.TB) *listing {
	l := &listing{store: &asked{Store: newStore(t)}, documents: map[string]persistence.Document{}}
	l.handler = servingAt(t, l.store, atNoon)
	subscribed := subscriber()
	granted := bare("granted", hours(-2))
	granted.PromotionalEntitlements, granted.PromotedAt = []domain.PromotionalEntitlement{grant("a", -3, -1, 0), grant("b", -2, -2, -1)}, &noon
	all := []*domain.Customer{subscribed, granted}
	for i, text := range []*string{nil, new(""), new("Ada"), new("ada"), new("100%"), new(`\_.*`), new("Ünïcode\x00\n")} {
		customer := bare(fmt.Sprint("customer-", i), hours(i-3))
		customer.Name, customer.BillingID, customer.CRMID, customer.CouponID = text, text, text, text
		if i%2 == 0 {
			customer.Email = new("ada@example.com")
		}
		all = append(all, customer)
	}
	insertCustomers(t, l.store, all...)
	insertCustomers(t, l.store, func() *domain.Customer {
		archived := bare("archived", noon)
		archived.Archive(noon)
		return archived
	}())
	for _, customer := range all {
		l.documents[customer.CustomerID] = asDocument(customer)
	}
	return l
}

// send asks for customers with variables as they are, which are JSON. The query that reached the store is in l.store.
func (l *listing) send(t rapid.TB, variables string) reply {
	t.Helper()
	const operation = `query ($paging: CursorPaging, $filter: CustomerFilter, $sorting: [CustomerSort!]) {
		customers(paging: $paging, filter: $filter, sorting: $sorting) { edges { cursor node { customerId } } pageInfo { hasNextPage hasPreviousPage } } }`
	body, err := json.Marshal(map[string]any{"query": operation, "variables": json.RawMessage(variables)})
	if err != nil {
		t.Fatal(err)
	}
	l.store.query = nil
	request := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	l.handler.ServeHTTP(recorder, request)
	got := reply{status: recorder.Code, body: recorder.Body.String()}
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		t.Fatalf("status %d: the response is no JSON: %q", got.status, got.body)
	}
	if (l.store.query == nil) == (len(got.Errors) == 0) && got.code() != "BadUserInput" {
		t.Fatalf("%s: the store was asked, or not: %s", variables, got.body)
	}
	return got
}

// refusedClearly reports whether a response is a short refusal that names the variable.
func refusedClearly(t rapid.TB, got reply, variables ...string) bool {
	t.Helper()
	for _, err := range got.Errors {
		field, _ := err.Extensions["field"].(string)
		names := slices.ContainsFunc(variables, func(name string) bool {
			return strings.HasPrefix(field, name) || field == "" && strings.Contains(err.Message, name)
		})
		// A key that is there twice is found before anybody knows whose it is.
		names = names || field == "variables" && strings.Contains(err.Message, "every key in it once")
		if code := err.Extensions["code"]; code != "BadUserInput" && code != "GRAPHQL_VALIDATION_FAILED" || !names || err.Extensions["isValidationError"] != true {
			t.Fatalf("not refused clearly: %s", got.body)
		}
	}
	return len(got.Errors) > 0
}

// checkFilter is what holds of any filter: it is refused clearly, or it means the same however it is written, to
// the engine, and compiled.
func (l *listing) checkFilter(t rapid.TB, filter string) {
	t.Helper()
	got := l.send(t, `{"paging": {"first": 100}, "filter": `+filter+`}`)
	if refusedClearly(t, got, "filter") {
		return
	}
	asked := l.store.query.Filter
	compiled := persistence.Compiled(asked)
	var want []string
	for id, document := range l.documents {
		matches := asked == nil || asked.Matches(document)
		if compiled.Matches(document) != matches {
			t.Fatalf("%s: compiled it does not answer %v of %s", filter, matches, id)
		}
		if matches {
			want = append(want, id)
		}
	}
	found := at(got.Data, "customers.edges.node.customerId")
	slices.Sort(want)
	slices.Sort(found)
	if !slices.Equal(found, want) {
		t.Fatalf("%s finds %q, not %q", filter, found, want)
	}
	var value any
	if err := decodeJSON([]byte(filter), &value); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	l.send(t, `{"filter": `+string(again)+`}`)
	if l.store.query == nil || fmt.Sprintf("%#v", l.store.query.Filter) != fmt.Sprintf("%#v", asked) {
		t.Fatalf("%s means something else as %s", filter, again)
	}
}

// someFilters are filters to begin with.
var someFilters = []string{
	`null`, `{}`, `[]`, `[{}]`, `"name"`, `1`, `{"name": null}`, `{"name": {"eq": "Ada"}}`, `{"name": {"eq": 1}}`, `{"nam": {}}`,
	`{"name": {"iLike": "a%", "notLike": "%_\\%"}, "email": {"is": true}}`, `{"crmId": {"in": ["Ada", ""], "notIn": []}}`,
	`{"and": [{"or": [{"name": {"gt": "A"}}, {}]}, {"or": []}]}`, `{"or": [{"and": null}]}`, `{"and": {"name": {"lt": "b"}}}`,
	`{"createdAt": {"between": {"lower": "2024-02-29T10:00:00Z", "upper": "2024-02-29T14:00:00+01:00"}}}`,
	`{"updatedAt": {"notBetween": {"lower": "2024-02-29T13:00:00Z", "upper": "2024-02-29T11:00:00Z"}, "in": ["2024-02-29T12:00:00.0001Z"]}}`,
	`{"deletedAt": {"isNot": true}}`, `{"crmHubspotCompanyId": {"is": true, "neq": "x"}}`, `{"searchQuery": {"iLike": "%A_a\\"}}`,
	`{"subscriptions": {"status": {"in": ["ACTIVE", "IN_TRIAL"]}}}`, `{"promotionalEntitlements": {"status": {"neq": "Active"}}}`,
	`{"promotionalEntitlements": {}, "environmentId": {"eq": "development"}, "id": {"like": "uuid%"}}`, `{"name": {"eq": "\ud83d\ude00\u0000"}}`,
	`{"and": [{"and": [{"and": [{"and": [{"and": [{}]}]}]}]}]}`, `{"createdAt": {"eq": "0001-01-01T00:00:00Z"}}`,
	`{"createdAt": {"gt": "2016-12-31t23:59:60z", "lt": "2024-02-29 13:00:00.123456789+01:00"}}`, `{"createdAt": {"eq": "2024-02-30T00:00:00Z"}}`,
	`{"updatedAt": {"in": ["2024-02-29T12:00:00.00009-00:00", "2024-02-29t23:59:00+23:59"]}, "name": {"is": 1}}`, `{"name": {"in": [1.0, "a"]}}`,
}

func FuzzFilter(f *testing.F) {
	for _, filter := range someFilters {
		f.Add(filter)
	}
	l := newListing(f)
	f.Fuzz(func(t *testing.T, filter string) {
		if decodeJSON([]byte(filter), new(any)) != nil {
			t.Skip("no JSON does not reach the filter")
		}
		l.checkFilter(t, filter)
	})
}

// drawInput draws a value for a type of the schema, now and then one that does not fit it.
func drawInput(t *rapid.T, schema *ast.Schema, of *ast.Type, depth int) any {
	switch {
	case rapid.IntRange(0, 99).Draw(t, "fits") == 99:
		return rapid.SampledFrom([]any{nil, 1.5, -1, "", true, []any{}, map[string]any{}, []any{nil}, map[string]any{"x": 1}}).Draw(t, "misfit")
	case of.Elem != nil:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, drawInput(t, schema, of.Elem, depth))
		}
		return list
	}
	switch of.NamedType {
	case "String":
		return rapid.OneOf(rapid.SampledFrom([]string{"", "Ada", "a%", "%", "_da", `\`, `%\_%`, "development"}), rapid.String()).Draw(t, "text")
	case "Boolean":
		return rapid.Bool().Draw(t, "truth")
	case "DateTime":
		return hours(rapid.IntRange(-4, 4).Draw(t, "hours")).Format(time.RFC3339)
	}
	definition := schema.Types[of.NamedType]
	if definition.Kind == ast.Enum {
		return rapid.SampledFrom(definition.EnumValues).Draw(t, "value").Name
	}
	value := map[string]any{}
	for _, field := range definition.Fields {
		// A list of filters is left out where it would be nested too deep, which is tried elsewhere.
		chosen := field.Type.NonNull || rapid.IntRange(0, len(definition.Fields)).Draw(t, field.Name) == 0
		if chosen && (depth < 4 || field.Type.Name() != "CustomerFilter") {
			value[field.Name] = drawInput(t, schema, field.Type, depth+1)
		}
	}
	return value
}

// TestAnyFilter is FuzzFilter with filters that mostly fit the schema.
func TestAnyFilter(t *testing.T) {
	schema := schemaOf(t)
	l := newListing(t)
	for _, filter := range someFilters {
		l.checkFilter(t, filter)
	}
	rapid.Check(t, func(t *rapid.T) {
		filter, err := json.Marshal(drawInput(t, schema, ast.NamedType("CustomerFilter", nil), 0))
		if err != nil {
			t.Fatal(err)
		}
		l.checkFilter(t, string(filter))
	})
}

// FuzzPaging: any page and order is refused clearly, or returns a part of the list in that order, from
// where the cursor was made. A cursor that was not made for the order is refused.
func FuzzPaging(f *testing.F) {
	l := newListing(f)
	list := func(t rapid.TB, variables string) (got reply, ids, cursors []string) {
		got = l.send(t, variables)
		return got, at(got.Data, "customers.edges.node.customerId"), at(got.Data, "customers.edges.cursor")
	}
	const byName = `[{"field": "name", "direction": "ASC"}]`
	_, _, made := list(f, `{"paging": {"first": 100}, "sorting": `+byName+`}`)
	_, _, foreign := list(f, `{"paging": {"first": 100}}`)
	for _, paging := range []string{
		`null`, `{}`, `[]`, `{"first": 3}`, `{"last": 3}`, `{"first": null, "last": 2}`, `{"first": 0}`, `{"first": 101}`, `{"first": -1e9}`, `{"first": 1.5}`,
		`{"first": 2, "last": 2}`, `{"after": ""}`, `{"before": "", "last": 1}`, `{"after": "` + made[3] + `"}`, `{"first": 2, "after": "` + made[0] + `"}`,
		`{"last": 4, "before": "` + made[5] + `"}`, `{"before": "` + made[0] + `"}`, `{"after": "` + foreign[1] + `"}`, `{"after": "` + made[1][1:] + `"}`,
		`{"after": "` + made[1] + `", "before": "` + made[2] + `"}`, `{"after": "AQ"}`, `{"after": 1}`,
	} {
		f.Add(paging, byName)
		f.Add(paging, `[]`)
	}
	for _, sorting := range []string{
		`null`, `{"field": "email", "direction": "DESC", "nulls": "NULLS_FIRST"}`, `[{"field": "deletedAt", "direction": "ASC"}]`, `[null]`, `[{"field": "x", "direction": "ASC"}]`,
		`[{"field": "crmId", "direction": "DESC"}, {"field": "createdAt", "direction": "ASC", "nulls": null}]`, `[{}]`, `1`,
	} {
		f.Add(`{"first": 2}`, sorting)
	}
	f.Fuzz(func(t *testing.T, paging, sorting string) {
		if decodeJSON([]byte(paging), new(any)) != nil || decodeJSON([]byte(sorting), new(any)) != nil {
			t.Skip("no JSON does not reach the arguments")
		}
		first, _, _ := list(t, `{"paging": `+paging+`, "sorting": `+sorting+`}`)
		if refusedClearly(t, first, "paging", "sorting") {
			return
		}
		_, all, places := list(t, `{"paging": {"first": 100}, "sorting": `+sorting+`}`)
		page := l.store.query.Page
		if len(all) != len(l.documents) || page.Limit != 100 {
			t.Fatalf("%s: the whole list is %q", sorting, all)
		}
		got, ids, cursors := list(t, `{"paging": `+paging+`, "sorting": `+sorting+`}`)
		page = l.store.query.Page
		begin, end := 0, len(all)
		if page.After != "" {
			begin = slices.Index(places, page.After) + 1
		}
		if page.Before != "" {
			end = slices.Index(places, page.Before)
		}
		if begin == 0 && page.After != "" || end < 0 {
			t.Fatalf("%s: a cursor was taken that was not made for %s", paging, sorting)
		}
		before, after := begin > 0, end < len(all)
		if page.Backward {
			before, begin = end-page.Limit > begin || before, max(begin, end-page.Limit)
		} else {
			after, end = begin+page.Limit < end || after, min(end, begin+page.Limit)
		}
		if !slices.Equal(ids, all[begin:end]) || !slices.Equal(cursors, places[begin:end]) {
			t.Fatalf("%s in the order %s: answered %q, not %q", paging, sorting, ids, all[begin:end])
		}
		info, _ := got.Data["customers"].(map[string]any)["pageInfo"].(map[string]any)
		if info["hasNextPage"] != after || info["hasPreviousPage"] != before {
			t.Fatalf("%s in the order %s: %v", paging, sorting, info)
		}
	})
}
