package tests

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"clientele/internal/config"
)

// maxBody is the largest body that the server reads.
const maxBody = 1 << 20

// exchange sends any request and accepts any response, JSON or not. Empty headers are left out.
func (c *client) exchange(t *testing.T, method, path string, headers map[string]string, body io.Reader) *apiResponse {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if c.key != "" {
		request.Header.Set("X-API-KEY", c.key)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	got := &apiResponse{status: response.StatusCode, header: response.Header}
	if got.body, err = io.ReadAll(response.Body); err != nil {
		t.Fatalf("read: %v", err)
	}
	// The caller checks the response.
	_ = json.Unmarshal(got.body, got)
	recordCodes(got)
	return got
}

// post sends a body as it is, as JSON.
func (c *client) post(t *testing.T, body string) *apiResponse {
	t.Helper()
	return c.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"}, strings.NewReader(body))
}

// get sends a query in the address.
func (c *client) get(t *testing.T, parameters url.Values) *apiResponse {
	t.Helper()
	return c.exchange(t, http.MethodGet, "/graphql?"+parameters.Encode(), nil, nil)
}

// body is a request body.
func body(t *testing.T, query string, variables object) string {
	t.Helper()
	return asJSON(t, object{"query": query, "variables": variables})
}

// mustBeError expects a response with the status whose only content is errors, each with the code.
func mustBeError(t *testing.T, name string, got *apiResponse, status int, code string) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(got.body, &members); err != nil {
		t.Errorf("%s: status %d: the body is no JSON: %q", name, got.status, got.body)
		return
	}
	if got.status != status || len(got.Errors) == 0 || len(members) != 1 {
		t.Errorf("%s: want status %d and errors alone: status %d: %s", name, status, got.status, got.body)
	}
	for _, err := range got.Errors {
		if err.Extensions["code"] != code || err.Message == "" {
			t.Errorf("%s: want the code %s: %s", name, code, got.body)
		}
		if id, _ := err.Extensions["requestId"].(string); id == "" || id != got.header.Get("X-Request-Id") {
			t.Errorf("%s: the error's request id is %q, the response's %q", name, id, got.header.Get("X-Request-Id"))
		}
	}
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") && !strings.HasPrefix(kind, "application/graphql-response+json") {
		t.Errorf("%s: Content-Type is %q", name, kind)
	}
}

// mustHaveNoCustomers expects the server to have no customer.
func mustHaveNoCustomers(t *testing.T, name string, server *service) {
	t.Helper()
	if got := server.list(t, nil); got.total != 0 {
		t.Errorf("%s: it was executed; there are %d customers", name, got.total)
	}
}

const count = `{ customers { totalCount } }`

func TestUnknownKeysAreRefused(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		for name, key := range map[string]string{
			"no key":                  "",
			"an unknown key":          "server-this-key-is-not-known-here",
			"a key in another case":   strings.ToUpper(fullKey),
			"a key and a letter":      fullKey + "x",
			"a key less a letter":     fullKey[:len(fullKey)-1],
			"two keys":                fullKey + "," + fullKey,
			"a key with its scheme":   "Bearer " + fullKey,
			"what is no key":          "x",
			"a key that is very long": strings.Repeat("x", 10_000),
		} {
			caller := &client{url: server.url, key: key}
			for what, got := range map[string]*apiResponse{
				"a query":       caller.post(t, body(t, count, nil)),
				"a mutation":    caller.post(t, body(t, provisionOperation, object{"input": object{}})),
				"GET":           caller.get(t, url.Values{"query": {count}}),
				"introspection": caller.post(t, body(t, `{ __schema { queryType { name } } }`, nil)),
				"no JSON":       caller.post(t, "{"),
				"no operation":  caller.post(t, "{}"),
			} {
				mustBeError(t, name+", "+what, got, http.StatusUnauthorized, "Unauthenticated")
				if strings.Contains(string(got.body), "server-") {
					t.Errorf("%s: the response repeats the key: %s", name, got.body)
				}
			}
		}
		mustHaveNoCustomers(t, "without a key", server)
		got := server.withoutKey.exchange(t, http.MethodPost, "/graphql", map[string]string{
			"Content-Type": "application/json", "Authorization": "Bearer " + fullKey, "Cookie": "X-API-KEY=" + fullKey,
		}, strings.NewReader(body(t, count, nil)))
		mustBeError(t, "a key in other headers", got, http.StatusUnauthorized, "Unauthenticated")
		lower := server.withoutKey.exchange(t, http.MethodPost, "/graphql", map[string]string{
			"Content-Type": "application/json", "x-api-key": fullKey,
		}, strings.NewReader(body(t, count, nil)))
		if lower.status != http.StatusOK || len(lower.Errors) > 0 {
			t.Errorf("the header's name in lower case: status %d: %s", lower.status, lower.body)
		}
	})
}

func TestEndedKeysAreRefused(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			cfg := config.Default()
			engine.configure(t, &cfg)
			// A key that is good for a nanosecond has ended when it is made.
			brief := cfg
			brief.KeyExpiresIn = 1
			expired := createKey(t, brief, "development", "full")
			revoked := createKey(t, cfg, "development", "full")
			list := cfg
			list.Command = config.CommandKeysList
			ids := regexp.MustCompile(`(?m)^([0-9a-f]{16}) .* usable`).FindAllStringSubmatch(runCommand(t, list), -1)
			if len(ids) != 1 {
				t.Fatalf("%d usable keys", len(ids))
			}
			revoke := cfg
			revoke.Command, revoke.KeyID = config.CommandKeysRevoke, ids[0][1]
			runCommand(t, revoke)
			server := startService(t, cfg)
			for name, key := range map[string]string{"expired": expired, "revoked": revoked} {
				caller := &client{url: server.url, key: key}
				mustBeError(t, name, caller.post(t, body(t, count, nil)), http.StatusUnauthorized, "Unauthenticated")
			}
		})
	}
}

func TestReadKeysCannotWrite(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		const create = `provisionCustomer(input: { customerId: "written" }) { customer { id } }`
		for name, request := range map[string]object{
			"a mutation":                         {"query": `mutation { ` + create + ` }`},
			"under an alias":                     {"query": `mutation { customers: ` + create + ` }`},
			"in a fragment":                      {"query": `mutation { ...F } fragment F on Mutation { ` + create + ` }`},
			"in an inline fragment":              {"query": `mutation { ... on Mutation { ... { ` + create + ` } } }`},
			"behind a query":                     {"query": `query A ` + count + ` mutation B { ` + create + ` }`, "operationName": "B"},
			"in front of a query":                {"query": `mutation B { ` + create + ` } query A ` + count, "operationName": "B"},
			"with a name that looks like one":    {"query": `mutation query { ` + create + ` }`, "operationName": "query"},
			"of nothing but __typename":          {"query": `mutation { __typename }`},
			"that would be skipped":              {"query": `mutation { provisionCustomer(input: {}) @skip(if: true) { customer { id } } }`},
			"createOneCustomer":                  {"query": `mutation { createOneCustomer(input: {}) { id } }`},
			"updateOneCustomer":                  {"query": `mutation { updateOneCustomer(input: { customerId: "x" }) { id } }`},
			"archiveCustomer":                    {"query": `mutation { archiveCustomer(input: { customerId: "x" }) { id } }`},
			"unarchiveCustomer":                  {"query": `mutation { unarchiveCustomer(input: { customerId: "x" }) { id } }`},
			"importOneCustomer":                  {"query": `mutation { importOneCustomer(input: { customerId: "x" }) { id } }`},
			"importCustomersBulk":                {"query": `mutation { importCustomersBulk(input: { customers: [{ customerId: "x" }] }) }`},
			"with arguments that would not pass": {"query": `mutation($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { customer { id } } }`, "variables": object{"input": object{"customerId": ""}}},
		} {
			got := server.reader.post(t, asJSON(t, request))
			mustBeError(t, name, got, http.StatusForbidden, "IdentityForbidden")
			for _, err := range got.Errors {
				if err.Extensions["isValidationError"] != false || !strings.Contains(err.Message, "IdentityForbidden") {
					t.Errorf("%s: %s", name, got.body)
				}
			}
			mustHaveNoCustomers(t, name, server)
		}
		for name, request := range map[string]object{
			"a query":                        {"query": count},
			"a query beside a mutation":      {"query": `query A ` + count + ` mutation B { ` + create + ` }`, "operationName": "A"},
			"a query with a mutation's name": {"query": `query mutation ` + count},
		} {
			if got := server.reader.post(t, asJSON(t, request)); got.status != http.StatusOK || len(got.Errors) > 0 || got.Data["customers"] == nil {
				t.Errorf("%s: status %d: %s", name, got.status, got.body)
			}
		}
		mustHaveNoCustomers(t, "after the queries", server)
	})
}

func TestGET(t *testing.T) {
	server := startEmbedded(t)
	for name, parameters := range map[string]url.Values{
		"a query":           {"query": {count}},
		"with variables":    {"query": {listOperation}, "variables": {`{"paging": {"first": 5}, "filter": {"name": {"like": "100\\% & +"}}}`}},
		"with the name":     {"query": {`query A ` + count + ` query B { __typename }`}, "operationName": {"A"}},
		"with extensions":   {"query": {count}, "extensions": {`{"x": 1}`}},
		"empty variables":   {"query": {count}, "variables": {""}, "operationName": {""}},
		"variables as null": {"query": {count}, "variables": {"null"}},
	} {
		for who, caller := range map[string]*client{"full": server.client, "read": server.reader} {
			if got := caller.get(t, parameters); got.status != http.StatusOK || len(got.Errors) > 0 || got.Data["customers"] == nil {
				t.Errorf("%s, %s: status %d: %s", name, who, got.status, got.body)
			}
		}
	}
	const create = `mutation { provisionCustomer(input: { customerId: "written" }) { customer { id } } }`
	for name, parameters := range map[string]url.Values{
		"a mutation":                {"query": {create}},
		"a mutation behind a query": {"query": {`query A ` + count + strings.Replace(create, "mutation", "mutation B", 1)}, "operationName": {"B"}},
		"a mutation in a fragment":  {"query": {`mutation { ...F } fragment F on Mutation { provisionCustomer(input: {}) { customer { id } } }`}},
	} {
		got := server.get(t, parameters)
		mustBeError(t, name, got, http.StatusMethodNotAllowed, "BadUserInput")
		if allow := got.header.Get("Allow"); allow != "POST" {
			t.Errorf("%s: Allow is %q", name, allow)
		}
		mustHaveNoCustomers(t, name, server)
	}
	for name, parameters := range map[string]url.Values{
		"variables that are no JSON":     {"query": {count}, "variables": {"SecretMark"}},
		"variables that are a list":      {"query": {count}, "variables": {`["SecretMark"]`}},
		"variables and something behind": {"query": {count}, "variables": {`{} SecretMark`}},
		"extensions that are no object":  {"query": {count}, "extensions": {`"SecretMark"`}},
	} {
		got := server.get(t, parameters)
		mustBeError(t, name, got, http.StatusBadRequest, "BadUserInput")
		if strings.Contains(string(got.body), "SecretMark") {
			t.Errorf("%s: the response repeats them: %s", name, got.body)
		}
	}
	if got := server.get(t, url.Values{}); len(got.Errors) == 0 || got.Data != nil {
		t.Errorf("no query: status %d: %s", got.status, got.body)
	}
}

func TestMethods(t *testing.T) {
	server := startEmbedded(t)
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "SUBSCRIBE"} {
		got := server.exchange(t, method, "/graphql?query="+url.QueryEscape(count), map[string]string{"Content-Type": "application/json"},
			strings.NewReader(body(t, count, nil)))
		mustBeError(t, method, got, http.StatusMethodNotAllowed, "BadUserInput")
		if allow := got.header.Get("Allow"); allow != "GET, POST" {
			t.Errorf("%s: Allow is %q", method, allow)
		}
	}
}

func TestContentTypes(t *testing.T) {
	server := startEmbedded(t)
	create := body(t, provisionOperation, object{"input": object{"customerId": "written"}})
	for name, kind := range map[string]string{
		"none": "", "plain text": "text/plain", "text that is JSON": "text/plain; charset=application/json", "GraphQL": "application/graphql",
		"a form": "application/x-www-form-urlencoded", "a form of parts": "multipart/form-data; boundary=x", "no media type": "json",
		"something like JSON": "application/json-patch", "a list": "application/json, text/plain", "nonsense": "application/json; charset",
	} {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": kind}, strings.NewReader(create))
		mustBeError(t, name, got, http.StatusUnsupportedMediaType, "BadUserInput")
		mustHaveNoCustomers(t, name, server)
	}
	for _, charset := range []string{"utf-7", "utf-16", "iso-8859-1", "us-ascii", `"x"`} {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json; charset=" + charset}, strings.NewReader(create))
		mustBeError(t, charset, got, http.StatusUnsupportedMediaType, "BadUserInput")
	}
	for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "identity, gzip"} {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "Content-Encoding": encoding}, strings.NewReader(create))
		mustBeError(t, encoding, got, http.StatusUnsupportedMediaType, "BadUserInput")
	}
	mustHaveNoCustomers(t, "in another charset or encoding", server)
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", `application/json; charset="UTF-8"`, "Application/JSON", "application/json;charset=UTF-8"} {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": kind}, strings.NewReader(body(t, count, nil)))
		if got.status != http.StatusOK || len(got.Errors) > 0 {
			t.Errorf("%s: status %d: %s", kind, got.status, got.body)
		}
	}
}

func TestMalformedBodies(t *testing.T) {
	server := startEmbedded(t)
	good := body(t, count, nil)
	for name, text := range map[string]string{
		"empty":                       "",
		"white space":                 " \n",
		"no JSON":                     "SecretMark",
		"JSON that ends early":        `{"query": "{ a }", "variables": {"password": "SecretMark"`,
		"a comma too much":            `{"query": "SecretMark",}`,
		"a number that is none":       `{"query": "SecretMark", "variables": {"a": 01}}`,
		"a text":                      `"SecretMark"`,
		"a number":                    `5`,
		"null":                        `null`,
		"a query that is a number":    `{"query": 5, "x": "SecretMark"}`,
		"a query that is a list":      `{"query": ["SecretMark"]}`,
		"variables that are a list":   `{"query": "{ a }", "variables": ["SecretMark"]}`,
		"variables that are a text":   `{"query": "{ a }", "variables": "SecretMark"}`,
		"a name that is a number":     `{"query": "{ a }", "operationName": 5, "x": "SecretMark"}`,
		"extensions that are a text":  `{"query": "{ a }", "extensions": "SecretMark"}`,
		"a second value behind it":    good + `{}`,
		"a word behind it":            good + ` SecretMark`,
		"a bracket behind it":         good + `]`,
		"UTF-16":                      "\xff\xfe{\x00}\x00",
		"a comment":                   `/* SecretMark */` + good,
		"very deep JSON":              `{"query": "{ a }", "variables": {"a": ` + strings.Repeat("[", 50_000),
		"a zero byte behind it":       good + "\x00",
		"no query":                    `{"x": "SecretMark"}`,
		"an empty query":              `{"query": ""}`,
		"a query of null":             `{"query": null}`,
		"a form in the guise of JSON": "query=%7Bcustomers%7D&x=SecretMark",
	} {
		got := server.post(t, text)
		mustBeError(t, name, got, http.StatusBadRequest, "BadUserInput")
		if strings.Contains(string(got.body), "SecretMark") {
			t.Errorf("%s: the response repeats the body: %s", name, got.body)
		}
	}
	for name, text := range map[string]string{
		"a batch": `[` + good + `,` + good + `]`, "a batch of one": `[` + good + `]`, "an empty batch": " [] ",
		"a list": `["SecretMark"]`, "a list that ends early": "[",
	} {
		mustBeError(t, name, server.post(t, text), http.StatusBadRequest, "GraphQLBatchedOperationsLimitExceeded")
	}
	for name, text := range map[string]string{
		"white space around it": "\n " + good + " \r\n\t",
		"other members":         `{"query": "{ customers { totalCount } }", "id": 5}`,
		"null for the others":   `{"query": "{ customers { totalCount } }", "operationName": null, "variables": null, "extensions": null}`,
	} {
		if got := server.post(t, text); got.status != http.StatusOK || len(got.Errors) > 0 {
			t.Errorf("%s: status %d: %s", name, got.status, got.body)
		}
	}
	if log := server.log.String(); log != "" {
		t.Errorf("the server logged:\n%s", log)
	}
}

func TestBodyLimit(t *testing.T) {
	server := startEmbedded(t)
	good := body(t, count, nil)
	filled := func(size int) string { return good + strings.Repeat(" ", size-len(good)) }
	within := func(size int) string {
		const before, after = `{"query": "{ customers { totalCount } }", "variables": {"unused": "`, `"}}`
		return before + strings.Repeat("x", size-len(before)-len(after)) + after
	}
	for name, c := range map[string]struct {
		body    string
		chunked bool
		status  int
	}{
		"at the limit":                    {within(maxBody), false, http.StatusOK},
		"at the limit, in chunks":         {within(maxBody), true, http.StatusOK},
		"above the limit":                 {within(maxBody + 1), false, http.StatusRequestEntityTooLarge},
		"above the limit, in chunks":      {within(maxBody + 1), true, http.StatusRequestEntityTooLarge},
		"white space up to the limit":     {filled(maxBody), false, http.StatusOK},
		"white space above it, in chunks": {filled(maxBody + 1), true, http.StatusRequestEntityTooLarge},
		"white space far above it":        {filled(2 * maxBody), false, http.StatusRequestEntityTooLarge},
	} {
		var reader io.Reader = strings.NewReader(c.body)
		if c.chunked {
			// Behind this type the client cannot see the length.
			reader = struct{ io.Reader }{reader}
		}
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json"}, reader)
		if c.status == http.StatusOK {
			if got.status != c.status || len(got.Errors) > 0 {
				t.Errorf("%s: status %d: %.200s", name, got.status, got.body)
			}
			continue
		}
		mustBeError(t, name, got, c.status, "BadUserInput")
		if !strings.Contains(string(got.body), fmt.Sprint(maxBody)) {
			t.Errorf("%s: the limit is not named: %s", name, got.body)
		}
	}
}

// wrongDocuments are operations that are refused before they run.
var wrongDocuments = map[string]struct{ query, code string }{
	"a brace that is not closed":         {"{ customers", "GRAPHQL_PARSE_FAILED"},
	"a word that means nothing":          {"select * from customers", "GRAPHQL_PARSE_FAILED"},
	"a text that is not closed":          {`{ getCustomerByRefId(input: { customerId: "x }) { id } }`, "GRAPHQL_PARSE_FAILED"},
	"only a fragment":                    {"fragment F on Query { __typename }", "GRAPHQL_VALIDATION_FAILED"},
	"an unknown field":                   {"{ customers { unknown } }", "GRAPHQL_VALIDATION_FAILED"},
	"an unknown field at the root":       {"{ unknown }", "GRAPHQL_VALIDATION_FAILED"},
	"an unknown argument":                {"{ customers(unknown: 1) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"},
	"an unknown field of an input":       {`{ customers(filter: { unknown: 1 }) { totalCount } }`, "GRAPHQL_VALIDATION_FAILED"},
	"an unknown enum value":              {`{ customers(sorting: [{ field: unknown, direction: ASC }]) { totalCount } }`, "BadUserInput"},
	"an unknown type":                    {"query($x: Unknown) { customers { totalCount } }", "GRAPHQL_VALIDATION_FAILED"},
	"an unknown directive":               {"{ customers @unknown { totalCount } }", "GraphQLUnsupportedDirective"},
	"an unknown fragment":                {"{ ...Unknown }", "GRAPHQL_VALIDATION_FAILED"},
	"a fragment in itself":               {"{ ...F } fragment F on Query { ...F }", "GRAPHQL_VALIDATION_FAILED"},
	"a variable that is not declared":    {"{ customers(paging: $x) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"},
	"a variable that is not used":        {"query($x: Int) { customers { totalCount } }", "GRAPHQL_VALIDATION_FAILED"},
	"a variable of another type":         {"query($x: Int) { customers(filter: { name: { eq: $x } }) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"},
	"no fields where there must be some": {"{ customers }", "GRAPHQL_VALIDATION_FAILED"},
	"fields where there are none":        {"{ customers { totalCount { x } } }", "GRAPHQL_VALIDATION_FAILED"},
	"an argument that is missing":        {"{ getCustomerByRefId { id } }", "GRAPHQL_VALIDATION_FAILED"},
	"two operations without a choice":    {"query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"},
	"a subscription":                     {"subscription { customers { totalCount } }", "GRAPHQL_VALIDATION_FAILED"},
	"fields that conflict":               {`{ a: customers { totalCount } a: getCustomerByRefId(input: { customerId: "x" }) { id } }`, "GRAPHQL_VALIDATION_FAILED"},
	"a mutation that is wrong":           {`mutation { provisionCustomer(input: { unknown: 1 }) { customer { id } } }`, "GRAPHQL_VALIDATION_FAILED"},
	"more than 2,500 tokens":             {"{ " + strings.Repeat("__typename ", 2_501) + "}", "BadUserInput"},
}

func TestInvalidDocuments(t *testing.T) {
	server := startEmbedded(t)
	for name, c := range wrongDocuments {
		for accept, status := range map[string]int{"": 200, "application/json": 200, "*/*": 200, "application/graphql-response+json": 400} {
			got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "Accept": accept},
				strings.NewReader(body(t, c.query, nil)))
			mustBeError(t, name+", "+accept, got, status, c.code)
			for _, err := range got.Errors {
				if err.Extensions["isValidationError"] != true {
					t.Errorf("%s: %s", name, got.body)
				}
			}
		}
	}
	named := server.post(t, `{"query": "query A { __typename }", "operationName": "B"}`)
	mustBeError(t, "an operation that is not there", named, 200, "GRAPHQL_VALIDATION_FAILED")
	if log := server.log.String(); log != "" {
		t.Errorf("the server logged:\n%s", log)
	}
}

func TestContentNegotiation(t *testing.T) {
	const older, newer = "application/json", "application/graphql-response+json"
	server := startEmbedded(t)
	for accept, want := range map[string]string{
		"":                                  older,
		"*/*":                               older,
		older:                               older,
		newer:                               newer,
		newer + "; charset=utf-8":           newer,
		newer + ", " + older + ";q=0.9":     newer,
		newer + ", " + older:                newer,
		older + ";q=0.9, " + newer:          newer,
		"text/html, */*;q=0.1":              older,
		"text/html, " + newer + ";q=0.1":    newer,
		older + ", " + newer + ";q=0.5":     older,
		older + ", " + newer + ";q=0":       older,
		newer + ";q=0, */*":                 older,
		"Application/GraphQL-Response+JSON": newer,

		"application/*": older,
		"application/*;q=0.5, " + newer + ";q=0.1":              older,
		"*/*;q=0.1, " + newer + ";q=0.5":                        newer,
		older + ";q=0, */*":                                     newer,
		"application/*;q=0, " + older:                           older,
		newer + ";q=0, application/*;q=0.1":                     older,
		newer + ";q=nonsense, " + older:                         older,
		newer + "; charset=utf-7, " + older + "; charset=utf-8": older,
	} {
		for what, request := range map[string]string{
			"data":   body(t, count, nil),
			"errors": body(t, "{ unknown }", nil),
		} {
			got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "Accept": accept}, strings.NewReader(request))
			if kind := got.header.Get("Content-Type"); kind != want+"; charset=utf-8" {
				t.Errorf("Accept %q, %s: Content-Type is %q", accept, what, kind)
			}
		}
	}
	for _, accept := range []string{
		"text/html", "application/xml, text/*", older + ";q=0", "*/*;q=0", older + ";q=0, " + newer + ";q=0.0", "application/*;q=0",
		older + "; charset=utf-16", "nonsense",
	} {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "Accept": accept},
			strings.NewReader(body(t, provisionOperation, object{"input": object{"customerId": "written"}})))
		mustBeError(t, "Accept "+accept, got, http.StatusNotAcceptable, "BadUserInput")
		mustHaveNoCustomers(t, "Accept "+accept, server)
	}
	// A field error is a GraphQL response, whatever its media type.
	for _, accept := range []string{older, newer} {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "Accept": accept},
			strings.NewReader(body(t, archiveOperation, object{"input": object{"customerId": "nobody"}})))
		if got.status != http.StatusOK || len(got.Errors) != 1 || !strings.Contains(string(got.body), `"data":null`) {
			t.Errorf("Accept %q: status %d: %s", accept, got.status, got.body)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	server := startEmbedded(t)
	seen := map[string]bool{}
	for name, c := range map[string]struct {
		sent string
		kept bool
	}{
		"a name": {"my-request.1_A", true}, "64 letters": {strings.Repeat("a", 64), true}, "none": {"", false},
		"none again": {"", false}, "65 letters": {strings.Repeat("a", 65), false}, "a space": {"a b", false}, "mark-up": {"<b>", false},
		"a letter beyond ASCII": {"é", false}, "what a log would read": {`a" level=ERROR`, false},
	} {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{"Content-Type": "application/json", "X-Request-Id": c.sent},
			strings.NewReader(body(t, "{ unknown }", nil)))
		id := got.header.Get("X-Request-Id")
		if (id == c.sent) != c.kept || id == "" || seen[id] {
			t.Errorf("%s: %q became %q", name, c.sent, id)
		}
		seen[id] = true
		if len(got.Errors) != 1 || got.Errors[0].Extensions["requestId"] != id {
			t.Errorf("%s: the error has another id than the response, %s: %s", name, id, got.body)
		}
	}
}

func TestIntrospectionOff(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir, cfg.Introspection = t.TempDir(), false
	open, closed := startEmbedded(t), startService(t, cfg)
	for name, query := range map[string]string{
		"the schema":     `{ __schema { types { name } } }`,
		"a type":         `{ __type(name: "Customer") { fields { name } } }`,
		"under an alias": `{ customers: __schema { queryType { name } } }`,
		"in a fragment":  `{ ...F } fragment F on Query { __schema { directives { name } } }`,
		"beside a query": `{ customers { totalCount } __type(name: "Query") { name } }`,
	} {
		if got := open.post(t, body(t, query, nil)); len(got.Errors) > 0 {
			t.Errorf("%s: with introspection on: %s", name, got.body)
		}
		got := closed.post(t, body(t, query, nil))
		if len(got.Errors) == 0 {
			t.Errorf("%s: %s", name, got.body)
		}
		for _, err := range got.Errors {
			// A client's mistake must not fill the server's log.
			if err.Extensions["code"] == "UnexpectedError" {
				t.Errorf("%s: the refusal is an unexpected error: %s", name, got.body)
			}
		}
		for _, text := range []string{"CustomerConnection", "customerId", `"name"`} {
			if strings.Contains(string(got.body), text) {
				t.Errorf("%s: the response names %s: %s", name, text, got.body)
			}
		}
	}
	if got := closed.post(t, body(t, `{ __typename customers { __typename } }`, nil)); len(got.Errors) > 0 {
		t.Errorf("__typename is no introspection: %s", got.body)
	}
	suggested := 0
	for name, c := range map[string]struct {
		query     string
		variables object
	}{
		"a field":                          {query: `{ customer { totalCount } }`},
		"a field of a type":                {query: `{ customers { totalCoun } }`},
		"fields that are missing":          {query: `{ customers }`},
		"an argument":                      {query: `{ customers(pagin: {}) { totalCount } }`},
		"an argument of a directive":       {query: `{ customers { totalCount @skip(i: true) } }`},
		"an enum value":                    {query: `{ customers(sorting: [{ field: nam, direction: ASC }]) { totalCount } }`},
		"an enum value as a text":          {query: `{ customers(sorting: [{ field: "name", direction: ASC }]) { totalCount } }`},
		"a field of an input":              {query: `mutation { provisionCustomer(input: { nam: "x" }) { customer { id } } }`},
		"a type of a fragment":             {query: `{ customers { ... on CustomerConnectio { totalCount } } }`},
		"a type of a variable":             {query: `query($x: CursorPagin) { customers(paging: $x) { totalCount } }`},
		"a directive":                      {query: `{ customers { totalCount @ski(if: true) } }`},
		"a fragment":                       {query: `{ ...Fo } fragment Foo on Query { __typename }`},
		"a variable's enum value":          {query: listOperation, variables: object{"sorting": []object{{"field": "nam", "direction": "ASC"}}}},
		"an argument that is missing":      {query: `{ getCustomerByRefId { id } }`},
		"a variable that is missing":       {query: provisionOperation, variables: object{}},
		"a variable's field":               {query: provisionOperation, variables: object{"input": object{"nam": "x"}}},
		"an operation's name":              {query: `query A { __typename } query B { __typename }`},
		"a text in single quotation marks": {query: `{ customers(filter: { name: { eq: 'x' } }) { totalCount } }`},
	} {
		got := closed.post(t, body(t, c.query, c.variables))
		if len(got.Errors) == 0 {
			t.Errorf("%s is not refused: %s", name, got.body)
		}
		if strings.Contains(strings.ToLower(string(got.body)), "did you mean") {
			t.Errorf("%s: the error suggests: %s", name, got.body)
		}
		for _, unsent := range []string{"CustomerConnection", "CustomerSort", "CursorPaging", "ProvisionCustomer", "\\\"Query", "sortField"} {
			if !strings.Contains(c.query, unsent) && strings.Contains(string(got.body), unsent) {
				t.Errorf("%s: the error names %s: %s", name, unsent, got.body)
			}
		}
		if strings.Contains(string(open.post(t, body(t, c.query, c.variables)).body), "Did you mean") {
			suggested++
		}
	}
	if suggested == 0 {
		t.Error("with introspection on nothing is suggested either, so the test proves nothing")
	}
	if log := closed.log.String(); log != "" {
		t.Errorf("the server logged:\n%s", log)
	}
}

func TestPagesBesideTheAPI(t *testing.T) {
	server := startEmbedded(t)
	for name, c := range map[string]struct {
		path, kind, text string
	}{
		"the playground": {"/", "text/html", "/graphql"},
		"alive":          {"/healthz", "text/plain", "ok"},
		"ready":          {"/readyz", "text/plain", "ready"},
	} {
		got := server.withoutKey.exchange(t, http.MethodGet, c.path, nil, nil)
		if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), c.kind) || !strings.Contains(string(got.body), c.text) {
			t.Errorf("%s: status %d, %s: %.200s", name, got.status, got.header.Get("Content-Type"), got.body)
		}
		if got.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", name)
		}
	}
	if got := server.exchange(t, http.MethodGet, "/unknown", nil, nil); got.status != http.StatusNotFound {
		t.Errorf("an unknown page: status %d", got.status)
	}
}

// TestValuesOfTheWrongType sends to each kind of input what it cannot be. A value that its type does not take has one
// code; another is of what is missing or unknown to the schema.
func TestValuesOfTheWrongType(t *testing.T) {
	const missing, value = "GRAPHQL_VALIDATION_FAILED", "BadUserInput"
	paging := func(value string) string { return `{"paging": {"first": ` + value + `}}` }
	after := func(value string) string { return `{"paging": {"after": ` + value + `}}` }
	sort := func(value string) string { return `{"sorting": ` + value + `}` }
	filter := func(value string) string { return `{"filter": ` + value + `}` }
	input := func(value string) string { return `{"input": {` + value + `}}` }
	float := func(value string) string {
		return input(`"subscriptionParams": {"planId": "x", "priceUnitAmount": ` + value + `}`)
	}
	server := startEmbedded(t)
	for name, c := range map[string]struct {
		query, variables string
		code             string
	}{
		"Int: a text":                        {listOperation, paging(`"SecretMark"`), value},
		"Int: a text of digits":              {listOperation, paging(`"5"`), value},
		"Int: a fraction":                    {listOperation, paging(`1.5`), value},
		"Int: a truth":                       {listOperation, paging(`true`), value},
		"Int: a list":                        {listOperation, paging(`[5, 6]`), value},
		"Int: an object":                     {listOperation, paging(`{"SecretMark": 1}`), value},
		"Int: above 32 bits":                 {listOperation, paging(`2147483648`), value},
		"Int: above 64 bits":                 {listOperation, paging(`9223372036854775808`), value},
		"Int: far above 64 bits":             {listOperation, paging(`1` + strings.Repeat("0", 400)), value},
		"Int: by itself":                     {`query($n: Int) { customers(paging: { first: $n }) { totalCount } }`, `{"n": "SecretMark"}`, value},
		"Int: by itself, too large":          {`query($n: Int) { customers(paging: { first: $n }) { totalCount } }`, `{"n": 9223372036854775808}`, value},
		"Float: a text":                      {provisionOperation, float(`"SecretMark"`), value},
		"Float: a text of digits":            {provisionOperation, float(`"1.5"`), value},
		"Float: a truth":                     {provisionOperation, float(`true`), value},
		"Float: an object":                   {provisionOperation, float(`{}`), value},
		"Float: beyond all floats":           {provisionOperation, float(`1e400`), value},
		"String: a number":                   {provisionOperation, input(`"name": 5`), value},
		"String: a fraction":                 {provisionOperation, input(`"name": 1.5`), value},
		"String: a truth":                    {provisionOperation, input(`"name": true`), value},
		"String: a list":                     {provisionOperation, input(`"name": ["SecretMark"]`), value},
		"String: an object":                  {provisionOperation, input(`"name": {"SecretMark": 1}`), value},
		"String: null where it must not be":  {getOperation, `{"input": {"customerId": null}}`, missing},
		"String: left out where it must not": {getOperation, `{"input": {}}`, missing},
		"String: a list of lists":            {listOperation, filter(`{"name": {"in": [["SecretMark"]]}}`), value},
		"String: null in a list":             {listOperation, filter(`{"name": {"in": ["a", null]}}`), missing},
		"Boolean: a text":                    {provisionOperation, input(`"shouldSyncFree": "true"`), value},
		"Boolean: a number":                  {provisionOperation, input(`"shouldSyncFree": 1`), value},
		"Boolean: an object":                 {provisionOperation, input(`"excludeFromExperiment": {}`), value},
		"Boolean: in a filter":               {listOperation, filter(`{"name": {"is": "SecretMark"}}`), value},
		"DateTime: nonsense":                 {provisionOperation, input(`"createdAt": "SecretMark"`), value},
		"DateTime: empty":                    {provisionOperation, input(`"createdAt": ""`), value},
		"DateTime: a date":                   {provisionOperation, input(`"createdAt": "2020-01-01"`), value},
		"DateTime: without a zone":           {provisionOperation, input(`"createdAt": "2020-01-01T00:00:00"`), value},
		"DateTime: the 30th of February":     {provisionOperation, input(`"createdAt": "2020-02-30T00:00:00Z"`), value},
		"DateTime: the year 0":               {provisionOperation, input(`"createdAt": "0000-01-01T00:00:00Z"`), value},
		"DateTime: the year 10000":           {provisionOperation, input(`"createdAt": "10000-01-01T00:00:00Z"`), value},
		"DateTime: a number":                 {provisionOperation, input(`"createdAt": 1577836800`), value},
		"DateTime: a truth":                  {provisionOperation, input(`"createdAt": true`), value},
		"DateTime: a list":                   {provisionOperation, input(`"createdAt": ["2020-01-01T00:00:00Z"]`), value},
		"DateTime: an object":                {provisionOperation, input(`"createdAt": {"SecretMark": 1}`), value},
		"DateTime: in a filter":              {listOperation, filter(`{"createdAt": {"gt": "SecretMark"}}`), value},
		"DateTime: in a filter's list":       {listOperation, filter(`{"createdAt": {"in": ["2020-01-01T00:00:00Z", "SecretMark"]}}`), value},
		"DateTime: null in a list":           {listOperation, filter(`{"createdAt": {"in": [null]}}`), missing},
		"DateTime: null in a span":           {listOperation, filter(`{"createdAt": {"between": {"lower": null, "upper": "2020-01-01T00:00:00Z"}}}`), missing},
		"DateTime: left out of a span":       {listOperation, filter(`{"createdAt": {"notBetween": {"lower": "2020-01-01T00:00:00Z"}}}`), missing},
		"ConnectionCursor: a number":         {listOperation, after(`5`), value},
		"ConnectionCursor: a truth":          {listOperation, after(`true`), value},
		"ConnectionCursor: a list":           {listOperation, after(`["SecretMark"]`), value},
		"ConnectionCursor: an object":        {listOperation, after(`{"SecretMark": 1}`), value},
		"enum: nonsense":                     {listOperation, sort(`[{"field": "nonsense", "direction": "ASC"}]`), value},
		"enum: another case":                 {listOperation, sort(`[{"field": "name", "direction": "asc"}]`), value},
		"enum: a number":                     {listOperation, sort(`[{"field": 5, "direction": "ASC"}]`), value},
		"enum: a truth":                      {listOperation, sort(`[{"field": true, "direction": "ASC"}]`), value},
		"enum: a list":                       {listOperation, sort(`[{"field": ["name"], "direction": "ASC"}]`), value},
		"enum: an object":                    {listOperation, sort(`[{"field": {"SecretMark": 1}, "direction": "ASC"}]`), value},
		"enum: null where it must not be":    {listOperation, sort(`[{"field": null, "direction": "ASC"}]`), missing},
		"enum: left out where it must not":   {listOperation, sort(`[{"direction": "ASC"}]`), missing},
		"enum: within what is dropped":       {provisionOperation, input(`"billingInformation": {"currency": "XXX"}`), value},
		"input: null where it must not be":   {provisionOperation, `{"input": null}`, missing},
		"input: left out":                    {provisionOperation, `{}`, missing},
		"input: no variables at all":         {provisionOperation, `null`, missing},
		"input: a text":                      {provisionOperation, `{"input": "SecretMark"}`, value},
		"input: a number":                    {provisionOperation, `{"input": 5}`, value},
		"input: a list":                      {provisionOperation, `{"input": []}`, value},
		"input: an unknown field":            {provisionOperation, input(`"unknown": "SecretMark"`), missing},
		"input: an unknown field within":     {provisionOperation, input(`"billingInformation": {"unknown": "SecretMark"}`), missing},
		"input: null in a list":              {listOperation, sort(`[null]`), missing},
		"input: null in an and":              {listOperation, filter(`{"and": [null]}`), value},
		"input: a text in a list":            {listOperation, sort(`["SecretMark"]`), value},
	} {
		got := server.post(t, fmt.Sprintf(`{"query": %s, "variables": %s}`, asJSON(t, c.query), c.variables))
		if got.status != http.StatusOK || len(got.Errors) == 0 {
			t.Errorf("%s is not refused: status %d: %s", name, got.status, got.body)
			continue
		}
		for _, err := range got.Errors {
			code, _ := err.Extensions["code"].(string)
			if code != c.code || err.Extensions["isValidationError"] != true {
				t.Errorf("%s: want the code %s: %s", name, c.code, got.body)
			}
		}
		if strings.Contains(string(got.body), "SecretMark") {
			t.Errorf("%s: the response repeats the value: %s", name, got.body)
		}
		if strings.Contains(string(got.body), "interface {}") {
			t.Errorf("%s: the response has Go's words: %s", name, got.body)
		}
	}
	mustHaveNoCustomers(t, "values of the wrong type", server)
	for name, variables := range map[string]string{
		"a list's only value by itself":     sort(`{"field": "name", "direction": "ASC"}`),
		"a text for a list of texts":        filter(`{"name": {"in": "x"}}`),
		"a filter for a list of filters":    filter(`{"and": {"name": {"eq": "x"}}}`),
		"a time for a list of times":        filter(`{"createdAt": {"in": "2020-01-01T00:00:00Z"}}`),
		"an undeclared variable":            `{"unknown": "x"}`,
		"null for what may be null":         `{"paging": null, "filter": null, "sorting": null}`,
		"an empty object for an input":      `{"paging": {}, "filter": {}}`,
		"an empty list":                     sort(`[]`),
		"the smallest and largest of times": filter(`{"createdAt": {"gt": "0001-01-01T00:00:00Z", "lt": "9999-12-31T23:59:59.999Z"}}`),
	} {
		if got := server.post(t, fmt.Sprintf(`{"query": %s, "variables": %s}`, asJSON(t, listOperation), variables)); len(got.Errors) > 0 {
			t.Errorf("%s is refused: %s", name, got.body)
		}
	}
	if log := server.log.String(); log != "" {
		t.Errorf("the server logged:\n%s", log)
	}
}
