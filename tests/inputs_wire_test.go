package tests

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"clientele/internal/config"
)

// TestWholeNumbersInAnyForm: JSON has one kind of number, and many clients write whole ones with a point or an exponent.
func TestWholeNumbersInAnyForm(t *testing.T) {
	const paged = `query ($paging: CursorPaging, $n: Int) { customers(paging: $paging) { edges { node { customerId } } } again: customers(paging: { first: $n }) { edges { node { customerId } } } }`
	onEngines(t, func(t *testing.T, server *service) {
		for i := range 4 {
			server.must(t, provisionOperation, object{"input": object{"customerId": fmt.Sprint("c", i)}})
		}
		for name, c := range map[string]struct {
			number string
			want   int
		}{
			"a point": {"3.0", 3}, "more zeros": {"3.000", 3}, "an exponent": {"3e0", 3}, "a large E": {"3E0", 3}, "a negative exponent": {"300e-2", 3},
			"a point and an exponent": {"0.3e1", 3}, "plain": {"3", 3},
		} {
			for place, variables := range map[string]string{
				"in an object": `{"paging": {"first": %s}, "n": 3}`, "by itself": `{"paging": {"first": 3}, "n": %s}`,
			} {
				got := server.post(t, fmt.Sprintf(`{"query": %s, "variables": %s}`, asJSON(t, paged), fmt.Sprintf(variables, c.number)))
				for _, field := range []string{"customers", "again"} {
					list, _ := got.Data[field].(object)
					edges, _ := list["edges"].([]any)
					if len(got.Errors) > 0 || len(edges) != c.want {
						t.Errorf("%s, %s: %d of %d: %s", name, place, len(edges), c.want, got.body)
					}
				}
			}
		}
		for number, shown := range map[string]string{
			"1.5": "not 1.5", "-0.5": "not -0.5", "1e400": "not 1e400", "1e-1": "not 1e-1", "9999999999": "not 9999999999", "-2147483649": "not -2147483649",
			"1" + strings.Repeat("0", 500): "not 1" + strings.Repeat("0", 31) + "…", `"1"`: "not a string", "[1, 2]": "not a list", `{"a": 1}`: "not an object", "true": "not a boolean",
		} {
			for field, variables := range map[string]string{"paging.first": `{"paging": {"first": %s}}`, "n": `{"n": %s}`} {
				got := server.post(t, fmt.Sprintf(`{"query": %s, "variables": %s}`, asJSON(t, paged), fmt.Sprintf(variables, number)))
				mustBeError(t, number, got, http.StatusOK, "BadUserInput")
				if len(got.Errors) != 1 || got.Errors[0].Extensions["field"] != field || !strings.Contains(got.Errors[0].Message, shown) {
					t.Errorf("%s, %s: %s", number, field, got.body)
				}
			}
		}
	})
}

// TestLiteralNumbers: in a document an Int has neither point nor exponent, as the specification has it, and a Float can
// be written as an Int.
func TestLiteralNumbers(t *testing.T) {
	server := startEmbedded(t)
	for _, query := range []string{
		`{ customers(paging: { first: 1.0 }) { totalCount } }`, `{ customers(paging: { first: 1e0 }) { totalCount } }`,
		`query ($n: Int = 1.0) { customers(paging: { first: $n }) { totalCount } }`, `{ customers(paging: { first: 1.5 }) { totalCount } }`,
		`query ($p: CursorPaging = { first: 2147483648 }) { customers(paging: $p) { totalCount } }`,
	} {
		mustBeError(t, query, server.post(t, body(t, query, nil)), http.StatusOK, "BadUserInput")
	}
	server.must(t, `query ($n: Int = 1) { customers(paging: { first: $n }) { totalCount } }`, nil)
	server.must(t, `mutation { createOneCoupon(input: { refId: "ten", name: "Ten", percentOff: 10 }) { id } }`, nil)
}

// TestOneCodeForOneMistake sends the same mistake in each way that a value can come.
func TestOneCodeForOneMistake(t *testing.T) {
	const update = `updateOneCustomer(input: %s) { id }`
	server := startEmbedded(t)
	server.must(t, provisionOperation, object{"input": object{"customerId": "ada"}})
	for name, c := range map[string]struct{ literal, json, field string }{
		"an unknown currency":       {`currency: XXX`, `"currency": "XXX"`, "currency"},
		"a currency in small":       {`currency: usd`, `"currency": "usd"`, "currency"},
		"a currency with a secret":  {`currency: SecretMark`, `"currency": "SecretMark"`, "currency"},
		"a number for a currency":   {`currency: 840`, `"currency": 840`, "currency"},
		"a truth for a currency":    {`currency: true`, `"currency": true`, "currency"},
		"a list for a currency":     {`currency: [USD]`, `"currency": ["USD"]`, "currency"},
		"an object for a currency":  {`currency: { code: USD }`, `"currency": {"code": "USD"}`, "currency"},
		"an unknown country":        {`billingAddress: { country: "SecretMark" }`, `"billingAddress": {"country": "SecretMark"}`, ""},
		"a text for an object":      {`billingAddress: "SecretMark"`, `"billingAddress": "SecretMark"`, "billingAddress"},
		"a list for an object":      {`billingAddress: []`, `"billingAddress": []`, "billingAddress"},
		"a number for a text":       {`customerName: 5`, `"customerName": 5`, "customerName"},
		"an object for a text":      {`customerName: {}`, `"customerName": {}`, "customerName"},
		"a text for a list element": {`taxIds: ["SecretMark"]`, `"taxIds": ["SecretMark"]`, "taxIds[0]"},
		"a list in a list":          {`taxIds: [[]]`, `"taxIds": [[]]`, "taxIds[0]"},
	} {
		input := `{ customerId: "ada", billingInformation: { ` + c.literal + ` } }`
		seen := map[string]string{}
		for way, request := range map[string]string{
			"a literal":         asJSON(t, object{"query": `mutation { ` + fmt.Sprintf(update, input) + ` }`}),
			"a literal of many": asJSON(t, object{"query": `mutation { ...F } fragment F on Mutation { ` + fmt.Sprintf(update, input) + ` }`}),
			"a default":         asJSON(t, object{"query": `mutation ($input: UpdateCustomerInput! = ` + input + `) { ` + fmt.Sprintf(update, "$input") + ` }`}),
			"a variable": `{"query": "mutation ($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { id } }",
				"variables": {"input": {"customerId": "ada", "billingInformation": {` + c.json + `}}}}`,
			"a variable within": `{"query": "mutation ($b: CustomerBillingInfo) { updateOneCustomer(input: {customerId: \"ada\", billingInformation: $b}) { id } }",
				"variables": {"b": {` + c.json + `}}}`,
		} {
			got := server.post(t, request)
			if got.status != http.StatusOK || len(got.Errors) != 1 {
				t.Errorf("%s, %s: status %d: %s", name, way, got.status, got.body)
				continue
			}
			code, _ := got.Errors[0].Extensions["code"].(string)
			seen[code] = way
			field, _ := got.Errors[0].Extensions["field"].(string)
			if c.field != "" && (code != "BadUserInput" || !strings.HasSuffix(field, c.field)) {
				t.Errorf("%s, %s: %s", name, way, got.body)
			}
			if strings.Contains(string(got.body), "SecretMark") {
				t.Errorf("%s, %s: the response repeats the value: %s", name, way, got.body)
			}
		}
		if len(seen) != 1 {
			t.Errorf("%s has the codes %v", name, seen)
		}
	}
}

// TestStringsOfTheLatestEdition sends strings and descriptions that GraphQL has since September 2025.
func TestStringsOfTheLatestEdition(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		for id, written := range map[string]string{
			"pair": `"Ada \uD83D\uDE00"`, "braces": `"Ada \u{1F600}"`, "plain": `"Ada 😀"`, "mixed": `"\u{41}da\u0020\uD83d\uDe00"`, "block": `"""Ada 😀"""`,
		} {
			query := `"Makes a customer" mutation Make("the id" $id: String) { provisionCustomer(input: { customerId: $id, name: ` + written + ` }) { customer { ...C } } }
				"""
				What is shown: "é"
				"""
				fragment C on Customer { name }`
			data := server.must(t, query, object{"id": id})
			provisioned, _ := data["provisionCustomer"].(object)
			customer, _ := provisioned["customer"].(object)
			if customer["name"] != "Ada 😀" {
				t.Errorf("%s: %v", written, data)
			}
		}
		for query, part := range map[string]string{
			`{ getCustomerByRefId(input: { customerId: "\uD83D" }) { id } }`:             `\uD83D`,
			`{ getCustomerByRefId(input: { customerId: "😀\uDE00" }) { id } }`:            `\uDE00`,
			`{ getCustomerByRefId(input: { customerId: "\u{D83D}" }) { id } }`:           `\u{D83D}`,
			`{ getCustomerByRefId(input: { customerId: "\u{110000}" }) { id } }`:         `\u{110000}`,
			`"\u{1F600}" query { getCustomerByRefId(input: { customerId: "😀" }) { ! } }`: `! }`,
		} {
			got := server.post(t, body(t, query, nil))
			mustBeError(t, query, got, http.StatusOK, "GRAPHQL_PARSE_FAILED")
			before, _, _ := strings.Cut(query, part)
			if at := fmt.Sprintf(`"locations":[{"line":1,"column":%d}]`, utf8.RuneCountInString(before)+1); !strings.Contains(string(got.body), at) {
				t.Errorf("%s: want %s: %s", query, at, got.body)
			}
		}
		// The key of a request and the name of a document are of what was sent.
		keyed := func(text string) *apiResponse {
			return server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "Idempotency-Key": "one"},
				strings.NewReader(body(t, `mutation { provisionCustomer(input: { customerId: "keyed", name: "`+text+`" }) { customer { name } } }`, nil)))
		}
		if first, again := keyed(`\u{1F600}`), keyed(`\uD83D\uDE00`); len(first.Errors) > 0 || string(first.body) != string(again.body) || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("the same value in another form: %s, %s", first.body, again.body)
		}
		mustBeError(t, "another value", keyed(`\u{1F601}`), http.StatusOK, "IdempotencyKeyReused")
	})
}

// TestHashesAreOfTheTextAsSent: a persisted document is named by the hash of what the client has, escapes and descriptions
// included.
func TestHashesAreOfTheTextAsSent(t *testing.T) {
	server := startEmbedded(t)
	server.must(t, provisionOperation, object{"input": object{"customerId": "ada", "name": "Ada 😀"}})
	const query = `"Finds Ada" query Find("how" $name: String = "Ada \u{1F600}") { customers(filter: { name: { eq: $name } }) { totalCount } }`
	named := object{"persistedQuery": object{"version": 1, "sha256Hash": fmt.Sprintf("%x", sha256.Sum256([]byte(query)))}}
	for _, request := range []object{{"query": query, "extensions": named}, {"extensions": named}} {
		got := server.post(t, asJSON(t, request))
		if list, _ := got.Data["customers"].(object); len(got.Errors) > 0 || list["totalCount"] != 1.0 {
			t.Errorf("%s", got.body)
		}
	}
}

func TestKeysOfTheBody(t *testing.T) {
	server := startEmbedded(t)
	const mutation = `mutation { provisionCustomer(input: { customerId: \"SecretMark\" }) { customer { id } } }`
	for name, text := range map[string]string{
		"Query":                `{"Query": "` + mutation + `"}`,
		"QUERY":                `{"QUERY": "` + mutation + `"}`,
		"a long s":             `{"variableſ": {}, "Query": "` + mutation + `"}`,
		"query twice":          `{"query": "{ __typename }", "query": "` + mutation + `"}`,
		"query and an escape":  `{"query": "{ __typename }", "\u0071uery": "` + mutation + `"}`,
		"variables twice":      `{"query": "` + mutation + `", "variables": {}, "variables": {}}`,
		"a variable twice":     `{"query": "` + mutation + `", "variables": {"a": 1, "a": 2}}`,
		"a nested key twice":   `{"query": "` + mutation + `", "variables": {"a": [{"b": {"c": 1, "c": 2}}]}}`,
		"a hash twice":         `{"query": "` + mutation + `", "extensions": {"persistedQuery": {"version": 1, "version": 1}}}`,
		"a hash in capitals":   `{"extensions": {"persistedQuery": {"version": 1, "SHA256Hash": "a"}}}`,
		"a version in capital": `{"extensions": {"persistedQuery": {"Version": 1, "sha256Hash": "a"}}}`,
	} {
		got := server.post(t, text)
		mustBeError(t, name, got, http.StatusBadRequest, "BadUserInput")
		if field, _ := got.Errors[0].Extensions["field"].(string); field == "" || strings.Contains(string(got.body), "SecretMark") {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	mustHaveNoCustomers(t, "keys that are not the ones", server)
	for name, text := range map[string]string{
		"others beside it":   `{"Query": "` + mutation + `", "query": "{ customers { totalCount } }", "VARIABLES": 5, "id": 1}`,
		"others twice":       `{"query": "{ customers { totalCount } }", "id": 1, "id": {"a": 1, "a": 1}}`,
		"a byte order mark":  "\uFEFF" + `{"query": "{ customers { totalCount } }"}`,
		"a mark and a space": "\uFEFF \n" + `{"query": "{ customers { totalCount } }"}`,
		"a mark in the text": `{"query": "` + "\uFEFF" + `{ customers { totalCount } }"}`,
	} {
		if got := server.post(t, text); got.status != http.StatusOK || len(got.Errors) > 0 || got.Data["customers"] == nil {
			t.Errorf("%s: status %d: %s", name, got.status, got.body)
		}
	}
	for name, text := range map[string]string{
		"two marks": "\uFEFF\uFEFF" + `{"query": "{ customers { totalCount } }"}`, "a mark behind": `{"query": "{ customers { totalCount } }"}` + "\uFEFF",
		"nothing but a mark": "\uFEFF", "a mark of UTF-16": "\xff\xfe{\x00}\x00",
	} {
		mustBeError(t, name, server.post(t, text), http.StatusBadRequest, "BadUserInput")
	}
	for _, name := range []string{"query", "variables", "operationName", "extensions", "documentId"} {
		parameters := url.Values{"query": {count}}
		parameters.Add(name, "")
		parameters.Add(name, "")
		mustBeError(t, "twice in the URL: "+name, server.get(t, parameters), http.StatusBadRequest, "BadUserInput")
	}
	mustBeError(t, "a key twice in the URL", server.get(t, url.Values{"query": {count}, "variables": {`{"a": 1, "a": 1}`}}), http.StatusBadRequest, "BadUserInput")
}

// TestOnlySupportedDirectivesAreShown: what introspection and the schema document show is what the server does.
func TestOnlySupportedDirectivesAreShown(t *testing.T) {
	server := startEmbedded(t)
	data := server.must(t, `{ __schema { directives { name locations } } }`, nil)
	schema, _ := data["__schema"].(object)
	directives, _ := schema["directives"].([]any)
	var names []string
	for _, directive := range directives {
		shown, _ := directive.(object)
		name, _ := shown["name"].(string)
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"deprecated", "include", "oneOf", "skip", "specifiedBy"}; !slices.Equal(names, want) {
		t.Errorf("introspection shows %q, not %q", names, want)
	}
	if got := server.withoutKey.exchange(t, http.MethodGet, "/schema.graphql", nil, nil); got.status != http.StatusOK || strings.Contains(string(got.body), "directive @") {
		t.Errorf("the schema document: status %d", got.status)
	}
	for _, query := range []string{
		`{ ... @defer { customers { totalCount } } }`, `{ ... @defer(if: false, label: "a") { __typename } }`, `{ ...F @defer } fragment F on Query { __typename }`,
		`{ customers { edges @stream { cursor } } }`,
	} {
		refused := server.mustFail(t, "GraphQLUnsupportedDirective", query, nil)
		if !strings.Contains(refused.Message, "@defer is not supported") && !strings.Contains(refused.Message, "@stream is not supported") {
			t.Errorf("%s: %s", query, refused.Message)
		}
	}
	// @skip and @include do what they say.
	got := server.must(t, `query ($no: Boolean!) { a: __typename @skip(if: true) b: __typename @include(if: $no) c: __typename @skip(if: $no) @include(if: true) }`, object{"no": false})
	if len(got) != 1 || got["c"] != "Query" {
		t.Errorf("%v", got)
	}
}

// TestTimesInEachForm writes a time in the forms that RFC 3339 allows.
func TestTimesInEachForm(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		n := 0
		for written, want := range map[string]string{
			"2020-01-31T09:30:00Z": "2020-01-31T09:30:00.000Z", "2020-01-31t09:30:00z": "2020-01-31T09:30:00.000Z", "2020-01-31t09:30:00+01:00": "2020-01-31T08:30:00.000Z",
			"2020-01-31 09:30:00Z": "2020-01-31T09:30:00.000Z", "2016-12-31T23:59:60Z": "2017-01-01T00:00:00.000Z", "2016-12-31t23:59:60.25z": "2017-01-01T00:00:00.250Z",
			"2020-01-31T09:30:00.123999999999Z": "2020-01-31T09:30:00.123Z", "2020-01-31T09:30:00-00:00": "2020-01-31T09:30:00.000Z", "2020-01-31T23:59:00+23:59": "2020-01-31T00:00:00.000Z",
		} {
			n++
			data := server.must(t, provisionOperation, object{"input": object{"customerId": fmt.Sprint("c", n), "createdAt": written}})
			provisioned, _ := data["provisionCustomer"].(object)
			customer, _ := provisioned["customer"].(object)
			if customer["createdAt"] != want {
				t.Errorf("%s became %v, not %s", written, customer["createdAt"], want)
			}
		}
		for _, written := range []string{
			"2020-01-31T23:59:60Z", "2020-02-30T00:00:00Z", "2020-01-31T24:00:00Z", "0000-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "2020-01-31T09:30:00", "2020-01-31",
			"2020-01-31T09:30:00+24:00", "2020-01-31T09:30Z", "2020-01-31_09:30:00Z", "9999-12-31T23:59:59-00:01", "",
		} {
			for query, variables := range map[string]object{
				provisionOperation: {"input": object{"customerId": "x", "createdAt": written}},
				fmt.Sprintf(`mutation { provisionCustomer(input: { customerId: "x", createdAt: %q }) { customer { id } } }`, written): nil,
			} {
				if err := server.mustFail(t, "BadUserInput", query, variables); err.Extensions["field"] != "input.createdAt" {
					t.Errorf("%s: %v", written, err)
				}
			}
		}
	})
}

// TestToolsInBrowsers: a developer tool that is on the list may use the API with the headers that it sends.
func TestToolsInBrowsers(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.Network.CORSAllowedOrigins = []string{"https://studio.apollographql.com", "http://localhost:*", "chrome-extension://abcdefghijklmnopabcdefghijklmnop"}
	cfg.Network.CORSAllowedHeaders = []string{"X-Tenant"}
	server := startService(t, cfg)
	for origin, listed := range map[string]bool{
		"https://studio.apollographql.com": true, "http://localhost:5173": true, "chrome-extension://abcdefghijklmnopabcdefghijklmnop": true,
		"null": false, "https://localhost:5173": false, "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba": false, "http://localhost.evil.example:5173": false,
	} {
		preflight := server.withoutKey.exchange(t, http.MethodOptions, "/graphql", map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST",
			"Access-Control-Request-Headers": "apollographql-client-name,content-type,traceparent,x-api-key,x-tenant",
		}, nil)
		allowed := strings.ToLower(preflight.header.Get("Access-Control-Allow-Headers"))
		if listed != (preflight.status == http.StatusNoContent) || listed != (preflight.header.Get("Access-Control-Allow-Origin") == origin) {
			t.Errorf("%s: preflight: status %d, %v", origin, preflight.status, preflight.header)
		}
		for _, header := range []string{"apollographql-client-name", "content-type", "traceparent", "x-api-key", "x-tenant"} {
			if listed && !slices.Contains(strings.Split(allowed, ", "), header) {
				t.Errorf("%s: %s is not allowed", origin, header)
			}
		}
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{
			"Content-Type": "application/json", "Origin": origin, "Sec-Fetch-Site": "cross-site", "Apollographql-Client-Name": "test",
		}, strings.NewReader(body(t, count, nil)))
		if listed != (got.status == http.StatusOK) || listed != (got.header.Get("Access-Control-Allow-Origin") == origin) {
			t.Errorf("%s: status %d, %v", origin, got.status, got.header)
		}
		if exposed := got.header.Get("Access-Control-Expose-Headers"); listed && !strings.Contains(exposed, "Retry-After") {
			t.Errorf("%s: it exposes %q", origin, exposed)
		}
	}
}

// TestGzip: long responses are compressed only for clients that accept it.
func TestGzip(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		for i := range 60 {
			server.must(t, provisionOperation, object{"input": object{"customerId": fmt.Sprint("c", i), "name": strings.Repeat("Ada ", 20), "additionalMetaData": object{"a": "b"}}})
		}
		const page = `{ customers(paging: { first: 60 }) { edges { cursor node { id customerId name additionalMetaData } } } }`
		fetch := func(query, accept string) *apiResponse {
			return server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "Accept-Encoding": accept}, strings.NewReader(body(t, query, nil)))
		}
		plain := fetch(page, "identity")
		if plain.status != http.StatusOK || len(plain.Errors) > 0 || len(plain.body) < 8<<10 || plain.header.Get("Content-Encoding") != "" {
			t.Fatalf("status %d: %d bytes", plain.status, len(plain.body))
		}
		for accept, gzipped := range map[string]bool{
			"gzip": true, "gzip, deflate, br, zstd": true, "*": true, "gzip, identity;q=0": true, "gzip;q=0.1": true,
			"br": false, "deflate, zstd": false, "gzip;q=0": false, "identity": false, "gzip;q=0.5, identity": false, "*;q=0": false,
		} {
			got := fetch(page, accept)
			if (got.header.Get("Content-Encoding") == "gzip") != gzipped || got.header.Get("Vary") != "Accept-Encoding" || got.status != http.StatusOK {
				t.Errorf("%s: status %d, %v", accept, got.status, got.header)
				continue
			}
			text := got.body
			if gzipped {
				if len(text) > len(plain.body)/2 {
					t.Errorf("%s: %d bytes of %d", accept, len(text), len(plain.body))
				}
				text = gunzipped(t, text)
			}
			var sent struct{ Data object }
			if err := json.Unmarshal(text, &sent); err != nil || !reflect.DeepEqual(sent.Data, plain.Data) {
				t.Errorf("%s: %v: %.200s", accept, err, text)
			}
		}
		for what, got := range map[string]*apiResponse{
			"a short response": fetch(count, "gzip"), "a refusal": fetch("{ unknown }", "gzip"), "health": server.exchange(t, http.MethodGet, "/readyz", map[string]string{"Accept-Encoding": "gzip"}, nil),
		} {
			if got.header.Get("Content-Encoding") != "" {
				t.Errorf("%s is compressed", what)
			}
		}
		get := func(method string, headers map[string]string) *apiResponse {
			headers["Accept-Encoding"] = "gzip"
			return server.withoutKey.exchange(t, method, "/schema.graphql", headers, nil)
		}
		schema := get(http.MethodGet, map[string]string{})
		if schema.header.Get("Content-Encoding") != "gzip" || !strings.Contains(string(gunzipped(t, schema.body)), "type Customer") {
			t.Errorf("the schema: status %d, %v", schema.status, schema.header)
		}
		if again := get(http.MethodGet, map[string]string{"If-None-Match": schema.header.Get("ETag")}); again.status != http.StatusNotModified {
			t.Errorf("the schema that is known: status %d", again.status)
		}
		if head := get(http.MethodHead, map[string]string{}); head.status != http.StatusOK || head.header.Get("Content-Encoding") != "" {
			t.Errorf("HEAD: status %d, %v", head.status, head.header)
		}
	})
}

func gunzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
