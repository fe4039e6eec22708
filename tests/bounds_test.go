package tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestOperationsThatCostTooMuch sends what a client with a valid key could bring the server down with.
func TestOperationsThatCostTooMuch(t *testing.T) {
	server := startEmbedded(t)
	server.must(t, provisionOperation, object{"input": object{"customerId": "a"}})
	metadata, rows, conditions := object{}, []object{}, []object{}
	for i := range 20_000 {
		metadata[fmt.Sprint(i)] = 1
		rows = append(rows, object{"customerId": fmt.Sprint(i)})
		conditions = append(conditions, object{})
	}
	aliases := func(n int, form string) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, form, i)
		}
		return out.String()
	}
	for name, c := range map[string]struct {
		query     string
		variables object
		want      string
	}{
		"aliases that multiply through fragments": {
			`query { customers(paging: {first: 100}) { ...A } }
fragment A on CustomerConnection { ` + aliases(5, "e%d: edges { ...B } ") + `}
fragment B on CustomerEdge { ` + aliases(5, "n%d: node { ...C } ") + `}
fragment C on Customer { ` + aliases(9, "v%d: coupon { customers { id name email } } ") + `}`, nil, "costs too much",
		},
		"fragments that double, without a page": {
			`query { ` + aliases(8, "a%d: getCustomerByRefId(input: {customerId: \"a\"}) { ...F0 } ") + `} ` + func() string {
				var out strings.Builder
				for i := range 25 {
					fmt.Fprintf(&out, "fragment F%d on Customer { ...F%d ...F%d } ", i, i+1, i+1)
				}
				return out.String() + "fragment F25 on Customer { id }"
			}(), nil, "10000 fields",
		},
		"many long pages":               {`{ ` + aliases(20, "a%d: customers(paging: {first: 100}) { edges { cursor node { id name email refId coupon { id customers { id name email } } } } } ") + `}`, nil, "costs too much"},
		"the schema, many times":        {`{ ` + aliases(20, "a%d: __schema { types { name description fields { name description args { name description } } } } ") + `}`, nil, "costs too much"},
		"a document of too many tokens": {`{ customers { ` + strings.Repeat("id ", 10_000) + `} }`, nil, "token"},
		"a document of too many bytes":  {`{ getCustomerByRefId(input: {customerId: "` + strings.Repeat("a", 140_000) + `"}) { id } }`, nil, "131072 bytes"},
		"metadata of many keys":         {updateOperation, object{"input": object{"customerId": "a", "additionalMetaData": metadata}}, "50 keys"},
		"many rows":                     {`mutation($input: ImportCustomerBulkInput!) { importCustomersBulk(input: $input) }`, object{"input": object{"customers": rows}}, "10000 values"},
		"many empty conditions":         {listOperation, object{"filter": object{"or": conditions}}, "10000 values"},
		"some empty conditions":         {listOperation, object{"filter": object{"or": conditions[:101]}}, "100 conditions"},
		"a pattern of many wildcards":   {listOperation, object{"filter": object{"name": object{"like": strings.Repeat("%a", 9)}}}, "8 %"},
	} {
		t.Run(name, func(t *testing.T) {
			got := server.do(t, c.query, c.variables)
			if len(got.Errors) == 0 || !strings.Contains(got.Errors[0].Message, c.want) {
				t.Errorf("status %d: %.500s", got.status, got.body)
			}
			if len(got.body) > 2000 {
				t.Errorf("the refusal has %d bytes", len(got.body))
			}
		})
	}
	// Real requests stay below.
	for name, query := range map[string]string{
		"the whole schema, as clients query it": introspectionQuery,
		"a full page with every field": `{ customers(paging: {first: 100}) { totalCount edges { cursor node { id customerId refId name email environmentId
createdAt updatedAt deletedAt additionalMetaData billingId billingLinkUrl billingCurrency crmId crmHubspotCompanyId crmHubspotCompanyUrl salesforceId
awsMarketplaceCustomerId hasPaymentMethod defaultPaymentMethodId defaultPaymentMethodType defaultPaymentMethodLast4Digits defaultPaymentExpirationMonth
defaultPaymentExpirationYear excludeFromExperiment experimentInfo { id name status groupType groupName } experiment { id refId name status }
syncStates { vendorIdentifier status syncedEntityId error integration { id integrationId createdAt } } environment { id slug displayName createdAt } } }
pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
	} {
		if got := server.do(t, query, nil); got.status != http.StatusOK || len(got.Errors) > 0 {
			t.Errorf("%s: status %d: %.500s", name, got.status, got.body)
		}
	}
}

// introspectionQuery is what GraphiQL and code generators send.
const introspectionQuery = `query IntrospectionQuery {
  __schema { queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
    directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
  fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name } } } } } } } }`

// TestInvalidUnicodeIsRefused sends what would have to be replaced to be stored, so that two ids became one.
func TestInvalidUnicodeIsRefused(t *testing.T) {
	server := startEmbedded(t)
	for name, body := range map[string]string{
		"a byte of Latin-1":          "{\"query\": \"{ customers { totalCount } }\", \"variables\": {\"x\": \"S\xf8ren\"}}",
		"half a pair":                `{"query": "{ customers { totalCount } }", "variables": {"x": "\ud83d"}}`,
		"the other half":             `{"query": "{ customers { totalCount } }", "variables": {"x": "\ude00"}}`,
		"two first halves":           `{"query": "{ customers { totalCount } }", "variables": {"x": "\ud83d\ud83d\ude00"}}`,
		"half a pair and a new line": `{"query": "{ customers { totalCount } }", "variables": {"x": "\ud83d\n"}}`,
	} {
		got := server.post(t, body)
		if got.status != http.StatusBadRequest || len(got.Errors) != 1 || !strings.Contains(got.Errors[0].Message, "UTF-8") {
			t.Errorf("%s: status %d: %s", name, got.status, got.body)
		}
	}
	server.mustFail(t, "GRAPHQL_PARSE_FAILED", `{ customers(filter: {name: {eq: "\ud83d"}}) { totalCount } }`, nil)
	for name, body := range map[string]string{
		"a pair":                    `{"query": "{ customers { totalCount } }", "variables": {"x": "\ud83d\ude00"}}`,
		"the letters of an escape":  `{"query": "{ customers { totalCount } }", "variables": {"x": "\\ud83d"}}`,
		"other escapes":             `{"query": "{ customers { totalCount } }", "variables": {"x": "\u00f8\n\\\"\ufffd"}}`,
		"a pair in the document":    `{"query": "{ customers(filter: {name: {eq: \"\\uD83D\\uDE00\"}}) { totalCount } }"}`,
		"a character of four bytes": `{"query": "{ customers(filter: {name: {eq: \"😀\"}}) { totalCount } }"}`,
	} {
		if got := server.post(t, body); got.status != http.StatusOK || len(got.Errors) > 0 {
			t.Errorf("%s: status %d: %s", name, got.status, got.body)
		}
	}
}

func TestResponsesAreNotSplit(t *testing.T) {
	server := startEmbedded(t)
	for _, query := range []string{
		`{ customers { ... @defer { totalCount } } }`,
		`{ customers { ...F @defer } } fragment F on CustomerConnection { totalCount }`,
	} {
		if got := server.do(t, query, nil); len(got.Errors) != 1 || !strings.Contains(got.Errors[0].Message, "@defer") {
			t.Errorf("%s: status %d: %s", query, got.status, got.body)
		}
	}
}
