package tests

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// roster is what the reading tests look for. It holds what patterns take for wildcards, what differs in
// case only, values that repeat and values that are missing, and is not in the order of any field.
var roster = []object{
	{"customerId": "d4", "name": "1000 cotton", "email": "d4@example.com", "crmId": "crm-2", "createdAt": "2020-04-01T00:00:00Z"},
	{"customerId": "a1", "name": "Ada Byron", "email": "ada@example.com", "billingId": "cus_1", "crmId": "crm-1", "salesforceId": "sf-1", "awsMarketplaceCustomerId": "aws-1", "createdAt": "2020-01-01T00:00:00Z"},
	{"customerId": "j10", "name": "Åsa Öst", "email": "j10@example.com", "salesforceId": "sf-2", "createdAt": "2020-10-01T00:00:00Z"},
	{"customerId": "b2", "name": "ada byron", "email": "Bob@example.com", "billingId": "cus_1", "awsMarketplaceCustomerId": "aws-1", "createdAt": "2020-02-01T00:00:00Z"},
	{"customerId": "k11", "name": "Ada Byron's twin", "email": "twin@example.net", "createdAt": "2020-01-01T00:00:00Z"},
	{"customerId": "e5", "createdAt": "2020-05-01T00:00:00Z"},
	{"customerId": "c3", "name": "100% cotton", "billingId": "cus_3", "createdAt": "2020-03-01T00:00:00Z"},
	{"customerId": "g7", "name": "a.*b$", "email": "g7@example.org", "billingId": "cus_2", "createdAt": "2020-07-01T00:00:00Z"},
	{"customerId": "f6", "name": `back\slash`, "email": "f6@example.com", "billingId": "CUS_9", "createdAt": "2020-06-01T00:00:00.500Z"},
	{"customerId": "i9", "name": "underXscore", "crmId": "crm-1", "createdAt": "2020-09-01T00:00:00Z"},
	{"customerId": "h8", "name": "under_score", "email": "h8@example.com", "createdAt": "2020-08-01T00:00:00Z"},
}

const rosterIDs = "a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 k11"

// gone is a customer that every test of the roster archives.
var gone = object{
	"customerId": "gone", "name": "Gone for good", "email": "gone@example.com", "billingId": "cus_gone", "crmId": "crm-gone",
	"salesforceId": "sf-gone", "awsMarketplaceCustomerId": "aws-gone", "createdAt": "2020-01-15T00:00:00Z",
}

// onRoster runs a test against a server that holds the roster, an archived customer, and a customer of
// another environment.
func onRoster(t *testing.T, test func(t *testing.T, server *service)) {
	t.Helper()
	onEngines(t, func(t *testing.T, server *service) {
		for _, customer := range append(slices.Clone(roster), gone) {
			server.must(t, provisionOperation, object{"input": customer})
		}
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		server.otherClient.must(t, provisionOperation, object{"input": object{"customerId": "foreign", "name": "Ada Byron"}})
		test(t, server)
	})
}

// page is a page of customers.
type page struct {
	ids                    []string
	cursors                []string
	total                  int
	hasNext, hasPrevious   bool
	startCursor, endCursor any
}

// list returns a page.
func (c *client) list(t *testing.T, variables object) page {
	t.Helper()
	data := c.must(t, listOperation, variables)["customers"].(object)
	info := data["pageInfo"].(object)
	got := page{
		total: int(data["totalCount"].(float64)), startCursor: info["startCursor"], endCursor: info["endCursor"],
		hasNext: info["hasNextPage"].(bool), hasPrevious: info["hasPreviousPage"].(bool),
	}
	for _, edge := range data["edges"].([]any) {
		got.ids = append(got.ids, edge.(object)["node"].(object)["customerId"].(string))
		got.cursors = append(got.cursors, edge.(object)["cursor"].(string))
	}
	return got
}

// found returns the ids of the customers that match a filter, in order of id, and expects the count to say
// the same.
func (c *client) found(t *testing.T, filter any) string {
	t.Helper()
	got := c.list(t, object{
		"filter": filter, "paging": object{"first": 100}, "sorting": []object{{"field": "customerId", "direction": "ASC"}},
	})
	if got.total != len(got.ids) {
		t.Errorf("totalCount is %d, the page has %d customers", got.total, len(got.ids))
	}
	return strings.Join(got.ids, " ")
}

// without is the roster less the given ids.
func without(ids string) string {
	absent := strings.Fields(ids)
	return strings.Join(slices.DeleteFunc(strings.Fields(rosterIDs), func(id string) bool { return slices.Contains(absent, id) }), " ")
}

func TestGetReturnsNullForHiddenCustomers(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		want := server.do(t, getOperation, object{"input": object{"customerId": "never-was"}})
		if want.status != 200 || len(want.Errors) > 0 || want.Data["getCustomerByRefId"] != nil {
			t.Fatalf("an unknown customer: status %d: %s", want.status, want.body)
		}
		for name, id := range map[string]string{
			"an archived customer":                   "gone",
			"a customer of another environment":      "foreign",
			"the key of one of another environment":  otherEnvironment + "/foreign",
			"the key of one of this environment":     "development/a1",
			"an id in another case":                  "A1",
			"an empty id":                            "",
			"an id that is too long to be one":       strings.Repeat("x", 300),
			"an id that no customer is allowed":      "a1\x00",
			"an id with a pattern's wildcard":        "a%",
			"an id with the space that ids have not": " a1",
		} {
			got := server.do(t, getOperation, object{"input": object{"customerId": id}})
			if got.status != want.status || got.withoutCost() != want.withoutCost() {
				t.Errorf("%s: status %d: %s", name, got.status, got.body)
			}
		}
		for _, id := range strings.Fields(rosterIDs) {
			got := server.must(t, getOperation, object{"input": object{"customerId": id}})["getCustomerByRefId"].(object)
			if got["customerId"] != id {
				t.Errorf("%s: got %v", id, got)
			}
		}
	})
}

func TestGetOfAnotherEnvironmentIsForbidden(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		refused := server.mustFail(t, "IdentityForbidden", getOperation, object{"input": object{"customerId": "foreign", "environmentId": otherEnvironment}})
		if refused.Extensions["isValidationError"] != false {
			t.Errorf("extensions: %v", refused.Extensions)
		}
		data := server.must(t, getOperation, object{"input": object{"customerId": "a1", "environmentId": "development"}})
		if data["getCustomerByRefId"] == nil {
			t.Error("the key's own environment finds nothing")
		}
		if data := server.reader.must(t, getOperation, object{"input": object{"customerId": "a1"}}); data["getCustomerByRefId"] == nil {
			t.Error("a key that may only read finds nothing")
		}
	})
}

func TestCustomerFields(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		read := func() object {
			return server.must(t, `query($input: GetCustomerByRefIdInput!) {
  getCustomerByRefId(input: $input) { id customerId refId createdAt updatedAt }
}`, object{"input": object{"customerId": "one"}})["getCustomerByRefId"].(object)
		}
		server.must(t, provisionOperation, object{"input": object{"customerId": "one", "createdAt": "2020-02-29T12:30:00.123987+05:30"}})
		first := read()
		if first["createdAt"] != "2020-02-29T07:00:00.123Z" {
			t.Errorf("a time is not in UTC with milliseconds: %v", first["createdAt"])
		}
		if first["refId"] != "one" || first["customerId"] != "one" {
			t.Errorf("refId is not customerId: %v", first)
		}
		if id, _ := first["id"].(string); !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) {
			t.Errorf("id is no UUID: %v", first["id"])
		}
		server.must(t, updateOperation, object{"input": object{"customerId": "one", "name": "One"}})
		server.must(t, archiveOperation, object{"input": object{"customerId": "one"}})
		server.must(t, unarchiveOperation, object{"input": object{"customerId": "one"}})
		if last := read(); last["id"] != first["id"] || last["createdAt"] != first["createdAt"] {
			t.Errorf("id or createdAt changed from %v to %v", first, last)
		}
	})
}

func TestArchivedCustomersAreInNoList(t *testing.T) {
	always := object{"isNot": true}
	onRoster(t, func(t *testing.T, server *service) {
		archived := server.must(t, archiveOperation, object{"input": provisioned(t, server, "gone too")})["archiveCustomer"].(object)
		for name, filter := range map[string]object{
			"by id":                       {"id": object{"eq": archived["id"]}},
			"by customerId":               {"customerId": object{"eq": "gone"}},
			"by refId":                    {"refId": object{"in": []string{"gone", "gone too"}}},
			"by name":                     {"name": object{"iLike": "gone%"}},
			"by email":                    {"email": object{"eq": "gone@example.com"}},
			"by billingId":                {"billingId": object{"eq": "cus_gone"}},
			"by crmId":                    {"crmId": object{"like": "%gone"}},
			"by salesforceId":             {"salesforceId": object{"gte": "sf-gone"}},
			"by awsMarketplaceCustomerId": {"awsMarketplaceCustomerId": object{"eq": "aws-gone"}},
			"by createdAt":                {"createdAt": object{"eq": "2020-01-15T00:00:00Z"}},
			"by search for the id":        {"searchQuery": object{"iLike": "gone"}},
			"by search for the email":     {"searchQuery": object{"iLike": "%gone@%"}},
			"deletedAt is not null":       {"deletedAt": object{"isNot": true}},
			"deletedAt is null, not":      {"deletedAt": object{"is": false}},
			"deletedAt after":             {"deletedAt": object{"gt": "1970-01-01T00:00:00Z"}},
			"deletedAt after or at":       {"deletedAt": object{"gte": archived["deletedAt"]}},
			"deletedAt at":                {"deletedAt": object{"eq": archived["deletedAt"]}},
			"deletedAt not at":            {"deletedAt": object{"neq": "1970-01-01T00:00:00Z"}},
			"deletedAt before":            {"deletedAt": object{"lt": "2999-01-01T00:00:00Z"}},
			"deletedAt before or at":      {"deletedAt": object{"lte": archived["deletedAt"]}},
			"deletedAt one of":            {"deletedAt": object{"in": []any{archived["deletedAt"]}}},
			"deletedAt none of":           {"deletedAt": object{"notIn": []any{}}},
			"deletedAt between":           {"deletedAt": object{"between": object{"lower": "1970-01-01T00:00:00Z", "upper": "2999-01-01T00:00:00Z"}}},
			"deletedAt outside":           {"deletedAt": object{"notBetween": object{"lower": "1970-01-01T00:00:00Z", "upper": "1970-01-02T00:00:00Z"}}},
			"deletedAt in an or":          {"or": []object{{"deletedAt": always}, {"customerId": object{"eq": "gone"}}}},
			"deletedAt in an and":         {"and": []object{{"deletedAt": always}, {}}},
		} {
			if ids := server.found(t, filter); ids != "" {
				t.Errorf("%s finds %s", name, ids)
			}
		}
		for name, filter := range map[string]any{
			"no filter":                            nil,
			"the empty filter":                     object{},
			"deletedAt is null":                    object{"deletedAt": object{"is": true}},
			"the environment":                      object{"environmentId": object{"eq": "development"}},
			"anything else or having been deleted": object{"or": []object{{"customerId": always}, {"deletedAt": always}}},
		} {
			if ids := server.found(t, filter); ids != rosterIDs {
				t.Errorf("%s finds %s", name, ids)
			}
		}
	})
}

// provisioned creates a customer and returns the input that names it.
func provisioned(t *testing.T, server *service, id string) object {
	t.Helper()
	server.must(t, provisionOperation, object{"input": object{"customerId": id}})
	return object{"customerId": id}
}

func TestPageSize(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		for name, paging := range map[string]any{
			"none":               nil,
			"an empty one":       object{},
			"null for the size":  object{"first": nil, "last": nil},
			"null for all":       object{"first": nil, "last": nil, "after": nil, "before": nil},
			"an empty after":     object{"after": ""},
			"10 from the start":  object{"first": 10},
			"10 with null after": object{"first": 10, "after": nil},
		} {
			got := server.list(t, object{"paging": paging})
			if len(got.ids) != 10 || got.total != len(roster) || !got.hasNext || got.hasPrevious || got.ids[0] != "j10" {
				t.Errorf("paging %s: %+v", name, got)
			}
		}
		if got := server.list(t, nil); len(got.ids) != 10 {
			t.Errorf("without the argument the page has %d customers", len(got.ids))
		}
		for name, c := range map[string]struct {
			paging object
			ids    string
		}{
			"1 from the start":        {object{"first": 1}, "j10"},
			"1 from the end":          {object{"last": 1}, "a1"},
			"100 from the start":      {object{"first": 100}, "j10 i9 h8 g7 f6 e5 d4 c3 b2 k11 a1"},
			"100 from the end":        {object{"last": 100}, "j10 i9 h8 g7 f6 e5 d4 c3 b2 k11 a1"},
			"2 from an empty after":   {object{"first": 2, "after": ""}, "j10 i9"},
			"2 up to an empty before": {object{"last": 2, "before": ""}, "k11 a1"},
			"10 with an empty before": {object{"before": ""}, "j10 i9 h8 g7 f6 e5 d4 c3 b2 k11"},
			"2 with both empty":       {object{"first": 2, "after": "", "before": ""}, "j10 i9"},
			"2 back with both empty":  {object{"last": 2, "after": "", "before": ""}, "k11 a1"},
			"2 with zero values":      {object{"first": 2, "last": 0, "after": "", "before": ""}, "j10 i9"},
			"2 back with zero values": {object{"first": 0, "last": 2, "after": "", "before": ""}, "k11 a1"},
		} {
			if got := server.list(t, object{"paging": c.paging}); strings.Join(got.ids, " ") != c.ids {
				t.Errorf("%s: %v", name, got.ids)
			}
		}
		for _, side := range []string{"first", "last"} {
			for _, size := range []int{0, -1, 101} {
				refused := server.mustFail(t, "BadUserInput", listOperation, object{"paging": object{side: size}})
				if refused.Extensions["field"] != "paging."+side || !strings.Contains(refused.Message, "1 to 100") {
					t.Errorf("%s %d: %+v", side, size, refused)
				}
			}
		}
	})
}

// TestPagingCombinations sends every set of the four members of CursorPaging.
func TestPagingCombinations(t *testing.T) {
	allowed := []string{"", "first", "last", "after", "before", "first after", "last before"}
	onRoster(t, func(t *testing.T, server *service) {
		middle := server.list(t, object{"paging": object{"first": 5}}).endCursor
		for set := range 16 {
			paging := object{}
			var names []string
			for i, member := range []struct {
				name  string
				value any
			}{{"first", 2}, {"last", 2}, {"after", middle}, {"before", middle}} {
				if set&(1<<i) != 0 {
					paging[member.name] = member.value
					names = append(names, member.name)
				}
			}
			combination := strings.Join(names, " ")
			got := server.do(t, listOperation, object{"paging": paging})
			if slices.Contains(allowed, combination) {
				if len(got.Errors) > 0 {
					t.Errorf("%q is refused: %s", combination, got.body)
				}
				continue
			}
			if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "BadUserInput" || got.status != 200 {
				t.Errorf("%q is not refused: %s", combination, got.body)
				continue
			}
			// The refusal names two of the members that do not go together.
			named := 0
			for _, name := range names {
				if strings.Contains(got.Errors[0].Message, "paging."+name) {
					named++
				}
			}
			if named != 2 {
				t.Errorf("%q: the message names %d of the members: %s", combination, named, got.Errors[0].Message)
			}
		}
	})
}

func TestSortingDefault(t *testing.T) {
	const newestFirst = "j10 i9 h8 g7 f6 e5 d4 c3 b2 k11 a1"
	onRoster(t, func(t *testing.T, server *service) {
		for name, c := range map[string]struct {
			variables object
			ids       string
		}{
			"left out: newest first":         {object{}, newestFirst},
			"null: newest first":             {object{"sorting": nil}, newestFirst},
			"everything null: newest first":  {object{"paging": nil, "filter": nil, "sorting": nil}, newestFirst},
			"nulls null: last":               {object{"sorting": []object{{"field": "createdAt", "direction": "DESC", "nulls": nil}}}, newestFirst},
			"an empty list: by customer id":  {object{"sorting": []object{}}, rosterIDs},
			"null for the filter, by itself": {object{"filter": nil}, newestFirst},
		} {
			c.variables["paging"] = object{"first": 100}
			if got := server.list(t, c.variables); strings.Join(got.ids, " ") != c.ids {
				t.Errorf("%s: %v", name, got.ids)
			}
		}
	})
}

func TestSorting(t *testing.T) {
	by := func(terms ...string) (sorting []object) {
		for _, term := range terms {
			words := strings.Fields(term)
			sort := object{"field": words[0], "direction": words[1]}
			if len(words) > 2 {
				sort["nulls"] = words[2]
			}
			sorting = append(sorting, sort)
		}
		return sorting
	}
	// billingId: f6 CUS_9, a1 and b2 cus_1, g7 cus_2, c3 cus_3.
	const none, noneReversed = " d4 e5 h8 i9 j10 k11", " k11 j10 i9 h8 e5 d4"
	onRoster(t, func(t *testing.T, server *service) {
		for name, c := range map[string]struct {
			sorting []object
			ids     string
		}{
			"upwards, missing values last":              {by("billingId ASC"), "f6 a1 b2 g7 c3" + none},
			"downwards, missing values last":            {by("billingId DESC"), "c3 g7 b2 a1 f6" + noneReversed},
			"upwards, missing values requested last":    {by("billingId ASC NULLS_LAST"), "f6 a1 b2 g7 c3" + none},
			"downwards, missing values requested last":  {by("billingId DESC NULLS_LAST"), "c3 g7 b2 a1 f6" + noneReversed},
			"upwards, missing values first":             {by("billingId ASC NULLS_FIRST"), none[1:] + " f6 a1 b2 g7 c3"},
			"downwards, missing values first":           {by("billingId DESC NULLS_FIRST"), noneReversed[1:] + " c3 g7 b2 a1 f6"},
			"texts by bytes, upper case first":          {by("name ASC"), "c3 d4 a1 k11 g7 b2 f6 i9 h8 j10 e5"},
			"equal ones by the next field":              {by("billingId ASC", "createdAt DESC"), "f6 b2 a1 g7 c3 j10 i9 h8 e5 d4 k11"},
			"missing ones by the next field, upwards":   {by("billingId DESC", "createdAt ASC"), "c3 g7 a1 b2 f6 k11 d4 e5 h8 i9 j10"},
			"what orders nothing leaves the next field": {by("deletedAt DESC NULLS_FIRST", "name DESC"), "j10 h8 i9 f6 b2 g7 k11 a1 d4 c3 e5"},
			"four fields": {by("crmId ASC", "salesforceId ASC", "billingId ASC", "name DESC"), "a1 i9 d4 j10 f6 b2 g7 c3 h8 k11 e5"},
		} {
			got := server.list(t, object{"sorting": c.sorting, "paging": object{"first": 100}})
			if ids := strings.Join(got.ids, " "); ids != c.ids {
				t.Errorf("%s: %s", name, ids)
			}
			// The same in pages, forwards and backwards.
			for _, forwards := range []bool{true, false} {
				if ids := strings.Join(walk(t, server.client, object{"sorting": c.sorting}, forwards), " "); ids != c.ids {
					t.Errorf("%s, walked in pages, forwards: %t: %s", name, forwards, ids)
				}
			}
		}
		refused := server.mustFail(t, "BadUserInput", listOperation, object{"sorting": by("name ASC", "email ASC", "crmId ASC", "id ASC", "createdAt ASC")})
		if refused.Extensions["field"] != "sorting" {
			t.Errorf("five fields: %v", refused)
		}
	})
}

// walk goes through all pages, four customers each, and returns the ids in the list's order.
func walk(t *testing.T, client *client, variables object, forwards bool) []string {
	t.Helper()
	const size = 4
	side, cursorName := "first", "after"
	if !forwards {
		side, cursorName = "last", "before"
	}
	var ids []string
	paging := object{side: size}
	for {
		arguments := maps.Clone(variables)
		arguments["paging"] = paging
		got := client.list(t, arguments)
		if len(got.ids) == 0 || got.startCursor != got.cursors[0] || got.endCursor != got.cursors[len(got.cursors)-1] {
			t.Fatalf("the page's cursors are not those of its edges: %+v", got)
		}
		more, back, next := got.hasNext, got.hasPrevious, got.endCursor
		if forwards {
			ids = append(ids, got.ids...)
		} else {
			more, back, next = got.hasPrevious, got.hasNext, got.startCursor
			ids = append(got.ids, ids...)
		}
		if back != (paging[cursorName] != nil) {
			t.Errorf("the page after %d customers is wrong about where it came from", len(ids))
		}
		if more != (len(ids) < got.total) || more && len(got.ids) != size || len(ids) > got.total {
			t.Fatalf("after %d of %d customers: %+v", len(ids), got.total, got)
		}
		if !more {
			return ids
		}
		paging = object{side: size, cursorName: next}
	}
}

// TestWalksBySortField walks by each field that the schema can sort by, so that a new one is tested
// without a change here.
func TestWalksBySortField(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		// Let the order of changes differ from that of creation, with times that repeat.
		for _, id := range []string{"m13", "l12", "n14"} {
			server.must(t, `mutation($input: ImportCustomerInput!) { importOneCustomer(input: $input) { id } }`,
				object{"input": object{"customerId": id, "name": "Ada Byron", "email": "ada@example.com", "updatedAt": "2019-01-01T00:00:00Z"}})
		}
		server.must(t, updateOperation, object{"input": object{"customerId": "d4", "name": "Ada Byron"}})
		all := server.must(t, `{ customers(paging: { first: 100 }) { edges { node {
  id name email refId customerId createdAt updatedAt deletedAt environmentId billingId crmId crmHubspotCompanyId
  crmHubspotCompanyUrl awsMarketplaceCustomerId salesforceId } } } }`, nil)["customers"].(object)["edges"].([]any)
		fields := server.must(t, `{ __type(name: "CustomerSortFields") { enumValues { name } } }`, nil)["__type"].(object)["enumValues"].([]any)
		if len(fields) < 16 || len(all) < 12 {
			t.Fatalf("%d fields, %d customers", len(fields), len(all))
		}
		for _, each := range fields {
			field := each.(object)["name"].(string)
			for _, direction := range []string{"ASC", "DESC"} {
				want := sortedBy(all, field, direction == "DESC")
				sorting := []object{{"field": field, "direction": direction}}
				for _, forwards := range []bool{true, false} {
					got := walk(t, server.client, object{"sorting": sorting}, forwards)
					if !slices.Equal(got, want) {
						t.Errorf("%s %s, forwards: %t:\ngot  %v\nwant %v", field, direction, forwards, got, want)
					}
				}
			}
		}
	})
}

// sortedBy orders customers as the schema says: by the field with missing values last, and equal ones by
// customer id, in the same direction. What is the same for all orders nothing.
func sortedBy(edges []any, field string, descending bool) []string {
	nodes := make([]object, len(edges))
	orders := false
	for i, edge := range edges {
		nodes[i] = edge.(object)["node"].(object)
		orders = orders || nodes[i][field] != nodes[0][field]
	}
	slices.SortFunc(nodes, func(a, b object) int {
		ids := strings.Compare(a["customerId"].(string), b["customerId"].(string))
		if !orders {
			return ids
		}
		x, xGiven := a[field].(string)
		y, yGiven := b[field].(string)
		order := strings.Compare(x, y)
		if order == 0 {
			order = ids
		}
		if descending {
			order = -order
		}
		if xGiven != yGiven {
			order = 1
			if xGiven {
				order = -1
			}
		}
		return order
	})
	ids := make([]string, len(nodes))
	for i, node := range nodes {
		ids[i] = node["customerId"].(string)
	}
	return ids
}

func TestCursorsStayGoodWhileCustomersComeAndGo(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		sorting := []object{{"field": "customerId", "direction": "ASC"}}
		first := server.list(t, object{"sorting": sorting, "paging": object{"first": 4}})
		server.must(t, archiveOperation, object{"input": object{"customerId": first.ids[3]}})
		server.must(t, archiveOperation, object{"input": object{"customerId": "f6"}})
		provisioned(t, server, "a0")
		provisioned(t, server, "g70")
		for name, c := range map[string]struct {
			paging object
			ids    string
		}{
			"after an archived customer":  {object{"first": 3, "after": first.endCursor}, "e5 g7 g70"},
			"before an archived customer": {object{"last": 2, "before": first.endCursor}, "b2 c3"},
			"after the cursor of an edge": {object{"first": 1, "after": first.cursors[1]}, "c3"},
			"before the first":            {object{"last": 5, "before": first.startCursor}, "a0"},
		} {
			if got := server.list(t, object{"sorting": sorting, "paging": c.paging}); strings.Join(got.ids, " ") != c.ids {
				t.Errorf("%s: %v", name, got.ids)
			}
		}
	})
}

func TestForeignAndDamagedCursorsAreRefused(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		named := []object{{"field": "name", "direction": "ASC"}}
		cursor := server.list(t, object{"sorting": named, "paging": object{"first": 3}}).endCursor.(string)
		foreign := server.otherClient.list(t, object{"sorting": named}).endCursor.(string)
		damaged := func(at int) string {
			letters := []byte(cursor)
			if letters[at] != 'A' {
				letters[at] = 'A'
			} else {
				letters[at] = 'B'
			}
			return string(letters)
		}
		for name, c := range map[string]struct {
			cursor  string
			sorting []object
			filter  any
		}{
			"another field":         {cursor, []object{{"field": "email", "direction": "ASC"}}, nil},
			"another direction":     {cursor, []object{{"field": "name", "direction": "DESC"}}, nil},
			"other nulls":           {cursor, []object{{"field": "name", "direction": "ASC", "nulls": "NULLS_FIRST"}}, nil},
			"one more field":        {cursor, append(named, object{"field": "email", "direction": "ASC"}), nil},
			"the default order":     {cursor, []object{{"field": "createdAt", "direction": "DESC"}}, nil},
			"another filter":        {cursor, named, object{"name": object{"isNot": true}}},
			"another environment":   {foreign, named, nil},
			"its last letter lost":  {cursor[:len(cursor)-1], named, nil},
			"its first letter lost": {cursor[1:], named, nil},
			"one letter more":       {cursor + "A", named, nil},
			"its first letter":      {damaged(0), named, nil},
			"a letter of its sum":   {damaged(6), named, nil},
			"its last letter":       {damaged(len(cursor) - 1), named, nil},
			"in another case":       {strings.ToUpper(cursor), named, nil},
			"a line break in it":    {cursor[:8] + "\n" + cursor[8:], named, nil},
			"a space at its end":    {cursor + " ", named, nil},
			"no cursor at all":      {"nonsense", named, nil},
			"the id of a customer":  {"a1", named, nil},
			"very long":             {strings.Repeat("A", 100_000), named, nil},
		} {
			for side, paging := range map[string]object{
				"after": {"first": 2, "after": c.cursor}, "before": {"last": 2, "before": c.cursor},
			} {
				got := server.do(t, listOperation, object{"sorting": c.sorting, "filter": c.filter, "paging": paging})
				if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "BadUserInput" || got.Errors[0].Extensions["field"] != "paging."+side {
					t.Errorf("%s, %s: %s", name, side, got.body)
				}
				if strings.Contains(string(got.body), c.cursor) {
					t.Errorf("%s: the refusal repeats the cursor", name)
				}
			}
		}
		// The same filter and order, written in another way, is the same list.
		for name, filter := range map[string]any{"null": nil, "empty": object{}, "an empty and": object{"and": []object{}}} {
			if got := server.list(t, object{"sorting": named, "filter": filter, "paging": object{"first": 1, "after": cursor}}); got.ids[0] != "k11" {
				t.Errorf("filter %s: %v", name, got.ids)
			}
		}
	})
}

func TestTextComparisons(t *testing.T) {
	const known = "a1 b2 c3 d4 f6 g7 h8 i9 j10 k11" // all but e5 have a name
	knownBut := func(ids string) string { return without(ids + " e5") }
	onRoster(t, func(t *testing.T, server *service) {
		for name, c := range map[string]struct {
			comparison object
			ids        string
		}{
			"is true: has no value":                     {object{"is": true}, "e5"},
			"is false: has a value":                     {object{"is": false}, known},
			"isNot true: has a value":                   {object{"isNot": true}, known},
			"isNot false: has no value":                 {object{"isNot": false}, "e5"},
			"is and isNot contradict each other":        {object{"is": true, "isNot": true}, ""},
			"eq":                                        {object{"eq": "Ada Byron"}, "a1"},
			"eq knows case":                             {object{"eq": "ADA BYRON"}, ""},
			"eq knows no patterns":                      {object{"eq": "Ada%"}, ""},
			"eq of the empty text is not null":          {object{"eq": ""}, ""},
			"neq, no value is not unequal":              {object{"neq": "Ada Byron"}, knownBut("a1")},
			"gt, by bytes":                              {object{"gt": "ada byron"}, "f6 h8 i9 j10"},
			"gte, by bytes":                             {object{"gte": "ada byron"}, "b2 f6 h8 i9 j10"},
			"lt, no value is not less":                  {object{"lt": "Ada Byron"}, "c3 d4"},
			"lte, no value is not less":                 {object{"lte": "Ada Byron"}, "a1 c3 d4"},
			"in":                                        {object{"in": []string{"Ada Byron", "a.*b$", "nobody"}}, "a1 g7"},
			"in of an empty list matches nothing":       {object{"in": []string{}}, ""},
			"notIn, no value is not unequal":            {object{"notIn": []string{"Ada Byron", "a.*b$"}}, knownBut("a1 g7")},
			"notIn of an empty list matches each value": {object{"notIn": []string{}}, known},
			"like with % at the end":                    {object{"like": "Ada%"}, "a1 k11"},
			"like with % at the start":                  {object{"like": "%cotton"}, "c3 d4"},
			"like with % inside is any run":             {object{"like": "1%n"}, "c3 d4"},
			"like with % is also no character":          {object{"like": "%Ada Byron%"}, "a1 k11"},
			"like with % alone matches each value":      {object{"like": "%"}, known},
			"like with _ is one character":              {object{"like": "under_score"}, "h8 i9"},
			"like with _ is no more than one":           {object{"like": "under_core"}, ""},
			"like with _ for a letter beyond ASCII":     {object{"like": "_sa _st"}, "j10"},
			"like with an escaped _":                    {object{"like": `under\_score`}, "h8"},
			"like with an escaped %":                    {object{"like": `100\% cotton`}, "c3"},
			"like with an escaped backslash":            {object{"like": `back\\slash`}, "f6"},
			"like takes .* and $ for themselves":        {object{"like": "a.*b$"}, "g7"},
			"like knows no regular expressions":         {object{"like": ".*"}, ""},
			"like knows no classes":                     {object{"like": "[A-Z]da Byron"}, ""},
			"like without a wildcard is equality":       {object{"like": "Ada"}, ""},
			"like without a wildcard finds the equal":   {object{"like": "Ada Byron"}, "a1"},
			"like knows case":                           {object{"like": "ADA%"}, ""},
			"notLike, no value does not match it":       {object{"notLike": "%a%"}, knownBut("a1 b2 f6 g7 j10 k11")},
			"notLike without a wildcard":                {object{"notLike": "Ada Byron"}, knownBut("a1")},
			"iLike ignores case":                        {object{"iLike": "aDa%"}, "a1 b2 k11"},
			"iLike without a wildcard is equality":      {object{"iLike": "ADA BYRON"}, "a1 b2"},
			"iLike without a wildcard is no search":     {object{"iLike": "ada"}, ""},
			"iLike ignores case beyond ASCII":           {object{"iLike": "åSA öst"}, "j10"},
			"iLike takes .* and $ for themselves":       {object{"iLike": "A.*B$"}, "g7"},
			"notILike ignores case":                     {object{"notILike": "ADA%"}, knownBut("a1 b2 k11")},
			"several operators have all to hold":        {object{"gte": "100%", "lt": "Ada Byron", "notLike": "%0 %"}, "c3"},
			"a range":                                   {object{"gt": "Ada Byron", "lte": "ada byron"}, "b2 g7 k11"},
			"operators that contradict each other":      {object{"eq": "Ada Byron", "neq": "Ada Byron"}, ""},
			"no operator is no condition":               {object{}, rosterIDs},
		} {
			if ids := server.found(t, object{"name": c.comparison}); ids != c.ids {
				t.Errorf("%s:\ngot  %s\nwant %s", name, ids, c.ids)
			}
		}
	})
}

func TestTimeComparisons(t *testing.T) {
	month := func(n int) string { return fmt.Sprintf("2020-%02d-01T00:00:00Z", n) }
	span := func(lower, upper int) object { return object{"lower": month(lower), "upper": month(upper)} }
	onRoster(t, func(t *testing.T, server *service) {
		for name, c := range map[string]struct {
			comparison object
			ids        string
		}{
			"is true: has no value":               {object{"is": true}, ""},
			"is false: has a value":               {object{"is": false}, rosterIDs},
			"isNot true: has a value":             {object{"isNot": true}, rosterIDs},
			"isNot false: has no value":           {object{"isNot": false}, ""},
			"eq":                                  {object{"eq": month(1)}, "a1 k11"},
			"eq in another zone":                  {object{"eq": "2020-01-01T02:00:00+02:00"}, "a1 k11"},
			"eq to the millisecond":               {object{"eq": "2020-06-01T00:00:00.500Z"}, "f6"},
			"eq is not to the second":             {object{"eq": month(6)}, ""},
			"neq":                                 {object{"neq": month(1)}, without("a1 k11")},
			"gt":                                  {object{"gt": month(8)}, "i9 j10"},
			"gte":                                 {object{"gte": month(8)}, "h8 i9 j10"},
			"lt":                                  {object{"lt": month(3)}, "a1 b2 k11"},
			"lte":                                 {object{"lte": month(3)}, "a1 b2 c3 k11"},
			"in":                                  {object{"in": []string{month(2), month(9), month(12)}}, "b2 i9"},
			"in of an empty list matches nothing": {object{"in": []string{}}, ""},
			"notIn":                               {object{"notIn": []string{month(1), month(9)}}, without("a1 i9 k11")},
			"notIn of an empty list matches each value": {object{"notIn": []string{}}, rosterIDs},
			"between includes its ends":                 {object{"between": span(2, 4)}, "b2 c3 d4"},
			"between the wrong way round is nothing":    {object{"between": span(4, 2)}, ""},
			"notBetween excludes its ends":              {object{"notBetween": span(2, 9)}, "a1 j10 k11"},
			"several operators have all to hold":        {object{"gt": month(1), "lt": month(4), "neq": month(2)}, "c3"},
			"no operator is no condition":               {object{}, rosterIDs},
		} {
			if ids := server.found(t, object{"createdAt": c.comparison}); ids != c.ids {
				t.Errorf("%s:\ngot  %s\nwant %s", name, ids, c.ids)
			}
		}
	})
}

func TestFilterFields(t *testing.T) {
	eq := func(text string) object { return object{"eq": text} }
	onRoster(t, func(t *testing.T, server *service) {
		uuid := server.must(t, getOperation, object{"input": object{"customerId": "c3"}})["getCustomerByRefId"].(object)["id"].(string)
		for name, c := range map[string]struct {
			filter object
			ids    string
		}{
			"id":                                 {object{"id": eq(uuid)}, "c3"},
			"id, none of":                        {object{"id": object{"notIn": []string{uuid}}}, without("c3")},
			"id is no customer id":               {object{"id": eq("c3")}, ""},
			"name":                               {object{"name": eq("Ada Byron")}, "a1"},
			"email":                              {object{"email": eq("Bob@example.com")}, "b2"},
			"email knows case":                   {object{"email": eq("bob@example.com")}, ""},
			"refId":                              {object{"refId": eq("d4")}, "d4"},
			"customerId":                         {object{"customerId": object{"gt": "i9"}}, "j10 k11"},
			"createdAt":                          {object{"createdAt": eq("2020-05-01T00:00:00Z")}, "e5"},
			"updatedAt":                          {object{"updatedAt": object{"gt": "2020-12-01T00:00:00Z"}}, rosterIDs},
			"updatedAt before all":               {object{"updatedAt": object{"lt": "2020-12-01T00:00:00Z"}}, ""},
			"environmentId":                      {object{"environmentId": eq("development")}, rosterIDs},
			"environmentId of another":           {object{"environmentId": eq(otherEnvironment)}, ""},
			"billingId":                          {object{"billingId": eq("cus_1")}, "a1 b2"},
			"crmId":                              {object{"crmId": eq("crm-1")}, "a1 i9"},
			"salesforceId":                       {object{"salesforceId": eq("sf-2")}, "j10"},
			"awsMarketplaceCustomerId":           {object{"awsMarketplaceCustomerId": object{"isNot": true}}, "a1 b2"},
			"crmHubspotCompanyId has no value":   {object{"crmHubspotCompanyId": object{"is": true}}, rosterIDs},
			"crmHubspotCompanyId equals nothing": {object{"crmHubspotCompanyId": object{"neq": "x"}}, ""},
			"crmHubspotCompanyUrl has no value":  {object{"crmHubspotCompanyUrl": object{"isNot": false}}, rosterIDs},
			"crmHubspotCompanyUrl is like none":  {object{"crmHubspotCompanyUrl": object{"notLike": "x"}}, ""},

			"fields have all to hold":             {object{"crmId": eq("crm-1"), "billingId": eq("cus_1")}, "a1"},
			"and":                                 {object{"and": []object{{"crmId": eq("crm-1")}, {"billingId": object{"is": true}}}}, "i9"},
			"or":                                  {object{"or": []object{{"crmId": eq("crm-2")}, {"billingId": eq("cus_3")}}}, "c3 d4"},
			"an empty and matches everything":     {object{"and": []object{}}, rosterIDs},
			"an empty or matches everything":      {object{"or": []object{}}, rosterIDs},
			"an empty or beside a field":          {object{"or": []object{}, "name": eq("Ada Byron")}, "a1"},
			"an alternative without conditions":   {object{"or": []object{{}, {"name": eq("nobody")}}}, rosterIDs},
			"and, or and a field":                 {object{"and": []object{{"createdAt": object{"lt": "2020-04-01T00:00:00Z"}}}, "or": []object{{"billingId": eq("cus_1")}, {"name": object{"iLike": "%twin"}}}, "email": object{"like": "%.com"}}, "a1 b2"},
			"an or within an and within an or":    {object{"or": []object{{"and": []object{{"name": object{"like": "under%"}}, {"or": []object{{"email": object{"is": true}}, {"crmId": eq("x")}}}}}, {"customerId": eq("a1")}}}, "a1 i9"},
			"an empty or within an or":            {object{"or": []object{{"or": []object{}}}}, rosterIDs},
			"an empty or within an or of another": {object{"or": []object{{"or": []object{}, "name": eq("Ada Byron")}}}, "a1"},
		} {
			if ids := server.found(t, c.filter); ids != c.ids {
				t.Errorf("%s:\ngot  %s\nwant %s", name, ids, c.ids)
			}
		}
	})
}

func TestSearch(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		for name, c := range map[string]struct{ text, ids string }{
			"in the customer id":           {"J1", "j10"},
			"in the name":                  {"BYRON", "a1 b2 k11"},
			"in the email":                 {"EXAMPLE.ORG", "g7"},
			"in any of the five":           {"ada", "a1 b2 k11"},
			"% around it changes nothing":  {"%byron%", "a1 b2 k11"},
			"% before it changes nothing":  {"%example.org", "g7"},
			"% behind it changes nothing":  {"twin@%", "k11"},
			"many % change nothing":        {"%%byron%%%", "a1 b2 k11"},
			"% within it is any run":       {"a%n's", "k11"},
			"_ within it is one character": {"under_s", "h8 i9"},
			"an escaped % is itself":       {`0\%`, "c3"},
			"an escaped _ is itself":       {`under\_s`, "h8"},
			".* is itself":                 {".*", "g7"},
			"$ is itself":                  {"b$", "g7"},
			"letters beyond ASCII":         {"ÖST", "j10"},
			"what no customer has":         {"nobody", ""},
			"not across two of the five":   {"a1 Ada", ""},
			"in the billing id":            {"CUS_1", "a1 b2"},
			"in the CRM id":                {"crm-2", "d4"},
			"customers without a name too": {"e5", "e5"},
		} {
			if ids := server.found(t, object{"searchQuery": object{"iLike": c.text}}); ids != c.ids {
				t.Errorf("%s:\ngot  %s\nwant %s", name, ids, c.ids)
			}
		}
		if ids := server.found(t, object{"searchQuery": object{"iLike": "ada"}, "billingId": object{"eq": "cus_1"}}); ids != "a1 b2" {
			t.Errorf("with another condition: %s", ids)
		}
		if ids := server.found(t, object{"searchQuery": object{}}); ids != rosterIDs {
			t.Errorf("without a text: %s", ids)
		}
	})
}

// nested is a filter of the given depth around a condition.
func nested(depth int) object {
	filter := object{"name": object{"eq": "Ada Byron"}}
	for range depth - 1 {
		filter = object{"and": []object{filter}}
	}
	return filter
}

// texts are n texts of the given length, of letters that take two bytes each.
func texts(n, length int) []string { return slices.Repeat([]string{strings.Repeat("é", length)}, n) }

// spread is a filter of n conditions.
func spread(n int) object {
	return object{"or": slices.Repeat([]object{{"name": object{"eq": "Ada Byron"}}}, n)}
}

func TestFilterBounds(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		for name, filter := range map[string]object{
			"5 deep":                  nested(5),
			"100 conditions":          spread(100),
			"100 values":              {"or": []object{{"name": object{"in": texts(100, 1)}}, spread(1)}},
			"a text of 255":           {"or": []object{{"name": object{"eq": texts(1, 255)[0]}}, spread(1)}},
			"a searched text of 255":  {"or": []object{{"searchQuery": object{"iLike": texts(1, 255)[0]}}, spread(1)}},
			"100 times":               {"createdAt": object{"in": slices.Repeat([]string{"2020-01-01T00:00:00Z"}, 100)}, "name": object{"eq": "Ada Byron"}},
			"95 conditions, 1 search": {"and": []object{{"searchQuery": object{"iLike": "ada"}}, spread(95)}},
		} {
			if ids := server.found(t, filter); ids != "a1" {
				t.Errorf("%s: %q", name, ids)
			}
		}
		for name, c := range map[string]struct {
			filter object
			field  string
			bound  string
		}{
			"6 deep, and":                     {nested(6), "filter.and[0].and[0].and[0].and[0].and[0]", "5 deep"},
			"6 deep, or":                      {object{"or": []object{{}, nested(5)}}, "filter.or[1].and[0].and[0].and[0].and[0]", "5 deep"},
			"101 conditions":                  {spread(101), "filter", "100 conditions"},
			"a search counts for its five":    {object{"and": []object{{"searchQuery": object{"iLike": "x"}}, spread(96)}}, "filter", "100 conditions"},
			"fields without any values count": {object{"and": slices.Repeat([]object{{"deletedAt": object{"is": true}}}, 101)}, "filter", "100 conditions"},
			"101 values, in":                  {object{"name": object{"in": texts(101, 1)}}, "filter.name.in", "100 values"},
			"101 values, notIn":               {object{"email": object{"notIn": texts(101, 1)}}, "filter.email.notIn", "100 values"},
			"101 times":                       {object{"updatedAt": object{"notIn": slices.Repeat([]string{"2020-01-01T00:00:00Z"}, 101)}}, "filter.updatedAt.notIn", "100 values"},
			"a text of 256, eq":               {object{"name": object{"eq": texts(1, 256)[0]}}, "filter.name.eq", "255 characters"},
			"a text of 256, like":             {object{"name": object{"like": texts(1, 256)[0]}}, "filter.name.like", "255 characters"},
			"a text of 256, in":               {object{"crmId": object{"in": texts(1, 256)}}, "filter.crmId.in", "255 characters"},
			"a text of 256, id":               {object{"id": object{"gte": texts(1, 256)[0]}}, "filter.id.gte", "255 characters"},
			"a text of 256, never set":        {object{"crmHubspotCompanyId": object{"eq": texts(1, 256)[0]}}, "filter.crmHubspotCompanyId.eq", "255 characters"},
			"a searched text of 256":          {object{"searchQuery": object{"iLike": texts(1, 256)[0]}}, "filter.searchQuery.iLike", "255 characters"},
			"within an or":                    {object{"or": []object{{}, {"name": object{"eq": texts(1, 256)[0]}}}}, "filter.or[1].name.eq", "255 characters"},
		} {
			got := server.do(t, listOperation, object{"filter": c.filter})
			if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "BadUserInput" ||
				got.Errors[0].Extensions["field"] != c.field || !strings.Contains(got.Errors[0].Message, c.bound) {
				t.Errorf("%s: %s", name, got.body)
			}
		}
	})
}

func TestFilterNullIsRefused(t *testing.T) {
	onRoster(t, func(t *testing.T, server *service) {
		fields := server.must(t, `{ __type(name: "CustomerFilter") { inputFields { name } } }`, nil)["__type"].(object)["inputFields"].([]any)
		if len(fields) < 20 {
			t.Fatalf("%d fields", len(fields))
		}
		for _, each := range fields {
			field := each.(object)["name"].(string)
			got := server.do(t, listOperation, object{"filter": object{field: nil}})
			if len(got.Errors) != 1 || got.Errors[0].Extensions["isValidationError"] != true || got.Errors[0].Extensions["field"] != "filter."+field {
				t.Errorf("%s: null is not refused: %s", field, got.body)
			} else if strings.Contains(got.Errors[0].Message, "send null") {
				t.Errorf("%s: null is refused with the advice to send it: %s", field, got.Errors[0].Message)
			}
		}
		for field, kind := range map[string]string{"name": "StringFieldComparison", "id": "UUIDFilterComparison", "createdAt": "DateFieldComparison", "deletedAt": "DateFieldComparison", "searchQuery": "CustomerSearchQueryFilterComparison"} {
			operators := server.must(t, fmt.Sprintf(`{ __type(name: %q) { inputFields { name } } }`, kind), nil)["__type"].(object)["inputFields"].([]any)
			for _, each := range operators {
				operator := each.(object)["name"].(string)
				path := "filter." + field + "." + operator
				refused := server.mustFail(t, "BadUserInput", listOperation, object{"filter": object{field: object{operator: nil}}})
				if refused.Extensions["field"] != path || !strings.Contains(refused.Message, "null") {
					t.Errorf("%s: %+v", path, refused)
				}
			}
		}
		refused := server.mustFail(t, "BadUserInput", listOperation, object{"filter": object{"and": []object{{"name": object{"eq": nil}}}}})
		if refused.Extensions["field"] != "filter.and[0].name.eq" {
			t.Errorf("within an and: %+v", refused)
		}
	})
}

// TestFiltersBySubscriptionsGrantsAndCoupons: a status of subscriptions and grants is looked up by the clock, so these filters
// find what the fields of the same name show.
func TestFiltersBySubscriptionsGrantsAndCoupons(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		for id, params := range map[string]object{
			"free": {"planId": "free"}, "waiting": basic(nil), "later": {"planId": "free", "startDate": "2999-01-01T00:00:00Z"},
			"trial": {"planId": "tried-downgrade"}, "over": {"planId": "tried-cancel", "startDate": "2020-01-01T00:00:00Z"},
			"gone": {"planId": "free"}, "back": {"planId": "free"},
		} {
			server.must(t, subscribeOperation, object{"input": object{"customerId": id, "subscriptionParams": params}})
		}
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada"}})
		grant(t, server, object{"featureId": "sso", "period": "LIFETIME"}, object{"featureId": "seats", "period": "ONE_WEEK", "usageLimit": 1})
		for _, id := range []string{"gone", "back"} {
			server.must(t, archiveOperation, object{"input": object{"customerId": id}})
		}
		server.must(t, unarchiveOperation, object{"input": object{"customerId": "back"}})
		with := func(status object) object { return object{"subscriptions": object{"status": status}} }
		granted := func(status object) object { return object{"promotionalEntitlements": object{"status": status}} }
		for name, c := range map[string]struct {
			filter object
			want   string
		}{
			"active":                        {with(object{"eq": "ACTIVE"}), "free"},
			"waiting for payment":           {with(object{"eq": "PAYMENT_PENDING"}), "waiting"},
			"not started, what follows too": {with(object{"eq": "NOT_STARTED"}), "later trial"},
			"in trial":                      {with(object{"eq": "IN_TRIAL"}), "trial"},
			"expired":                       {with(object{"eq": "EXPIRED"}), "over"},
			"cancelled by archiving":        {with(object{"eq": "CANCELED"}), "back"},
			"one of several":                {with(object{"in": []string{"ACTIVE", "EXPIRED"}}), "free over"},
			"none of several":               {with(object{"notIn": []string{"ACTIVE", "EXPIRED", "CANCELED"}}), "later trial waiting"},
			"another than":                  {with(object{"neq": "ACTIVE"}), "back later over trial waiting"},
			"within an or":                  {object{"or": []object{with(object{"eq": "ACTIVE"}), {"customerId": object{"eq": "ada"}}}}, "ada free"},
			"beside a name":                 {object{"and": []object{with(object{"eq": "ACTIVE"}), {"customerId": object{"eq": "ada"}}}}, ""},
			"a grant that lasts":            {granted(object{"eq": "Active"}), "ada"},
			"a grant that ended":            {granted(object{"eq": "Expired"}), ""},
			"a grant that is paused":        {granted(object{"eq": "Paused"}), ""},
		} {
			t.Run(name, func(t *testing.T) {
				found := server.must(t, `query($filter: CustomerFilter) { customers(paging: { first: 50 }, filter: $filter, sorting: [{ field: customerId, direction: ASC }]) {
  totalCount edges { node { customerId } } } }`, object{"filter": c.filter})["customers"].(object)
				got := joined(found["edges"], func(e object) string { return text(e["node"].(object)["customerId"]) })
				if got != c.want || int(found["totalCount"].(float64)) != len(strings.Fields(c.want)) {
					t.Errorf("found %q of %v, want %q", got, found["totalCount"], c.want)
				}
			})
		}
	})
}
