package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// sendKeyed posts an operation with an idempotency key.
func (c *client) sendKeyed(ctx context.Context, key, query string, variables object) (*apiResponse, error) {
	everySignal.sent(variables)
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	return c.sendKeyedBody(ctx, key, string(body))
}

// sendKeyedBody posts a body with an idempotency key and more headers.
func (c *client) sendKeyedBody(ctx context.Context, key, body string, headers ...string) (*apiResponse, error) {
	return c.sendBody(ctx, body, append([]string{"Idempotency-Key", key}, headers...)...)
}

// asBody is an operation as it is posted.
func asBody(t testing.TB, query string, variables object) string {
	t.Helper()
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// postKeyed posts a body with an idempotency key and more headers, and accepts any response.
func (c *client) postKeyed(t testing.TB, key, body string, headers ...string) *apiResponse {
	t.Helper()
	got, err := c.sendKeyedBody(t.Context(), key, body, headers...)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return got
}

// keyed sends an operation with an idempotency key and accepts any response.
func (c *client) keyed(t testing.TB, key, query string, variables object) *apiResponse {
	t.Helper()
	return c.postKeyed(t, key, asBody(t, query, variables))
}

func (a *apiResponse) replayed() bool { return a.header.Get("Idempotency-Replayed") == "true" }

func (a *apiResponse) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return text(a.Errors[0].Extensions["code"])
}

// mustReplay expects a response that equals another one byte for byte.
func mustReplay(t *testing.T, what string, got, first *apiResponse) {
	t.Helper()
	if !got.replayed() || got.status != first.status || !bytes.Equal(got.body, first.body) {
		t.Errorf("%s: status %d, replayed %t: %s\nwant status %d: %s", what, got.status, got.replayed(), got.body, first.status, first.body)
	}
}

// mustBeFirst expects a response that is not a replay.
func mustBeFirst(t *testing.T, what string, got *apiResponse) {
	t.Helper()
	if got.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("%s is a replay: %s", what, got.body)
	}
}

// TestConcurrentEqualProvisionsCreateOne sends 50 equal provisions at once, with an id and without.
func TestConcurrentEqualProvisionsCreateOne(t *testing.T) {
	const requests = 50
	test := func(t *testing.T, servers ...*service) {
		t.Helper()
		for name, input := range map[string]object{
			"with an id": {"customerId": "ada", "name": "Ada", "subscriptionParams": basic(object{"promotionCode": "FIFTY"})},
			"without":    {"name": "Ada", "email": "ada@example.com", "subscriptionParams": basic(nil)},
		} {
			before := len(allCustomerIDs(t, servers[0].client))
			responses := make([]*apiResponse, requests)
			var replays atomic.Int64
			var group sync.WaitGroup
			for i := range requests {
				group.Go(func() {
					got, err := servers[i%len(servers)].sendKeyed(t.Context(), `"key `+name+`"`, seedProvisionOperation, object{"input": input})
					if err != nil {
						t.Error(err)
						return
					}
					responses[i] = got
					if got.replayed() {
						replays.Add(1)
					}
				})
			}
			group.Wait()
			if t.Failed() {
				return
			}
			for _, got := range responses {
				if got.status != http.StatusOK || len(got.Errors) > 0 || !bytes.Equal(got.body, responses[0].body) {
					t.Fatalf("%s: status %d: %s\nwant %s", name, got.status, got.body, responses[0].body)
				}
			}
			if replays.Load() != requests-1 {
				t.Errorf("%s: %d of %d responses are replays, want all but one", name, replays.Load(), requests)
			}
			if made := len(allCustomerIDs(t, servers[0].client)) - before; made != 1 {
				t.Errorf("%s: %d customers were made", name, made)
			}
			t.Logf("%s: 1 customer, %d identical responses, %d of them replays", name, requests, replays.Load())
		}
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) { test(t, server) })
	t.Run("two servers on one MongoDB", func(t *testing.T) { test(t, twoServers(t)...) })
}

// TestEveryMutationIsReplayed sends each mutation twice with one key.
func TestEveryMutationIsReplayed(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada", "name": "Ada"}})
		version := func() string {
			return stored(t, server.client) + storedCoupons(t, server) + fmt.Sprint(server.must(t, `{ customers { edges { node { version } } } }`, nil))
		}
		for _, c := range []struct {
			operation string
			input     object
		}{
			{provisionOperation, object{"name": "No id"}},
			{createOperation, object{"name": "No id either"}},
			{updateOperation, object{"customerId": "ada", "name": "Ada Lovelace", "billingInformation": object{"billingAddress": object{"city": "SecretCity"}}}},
			{importOperation, object{"customerId": "eve", "name": "Eve"}},
			{bulkImportOperation, object{"customers": []object{{"customerId": "bob", "name": "Bob"}}}},
			{createCouponOperation, object{"refId": "new", "name": "New", "percentOff": 5}},
			{updateCouponOperation, object{"refId": "new", "name": "Newer"}},
			{setCouponOperation, object{"id": "ada", "relationId": "new"}},
			{removeCouponOperation, object{"id": "ada", "relationId": "new"}},
			{archiveCouponOperation, object{"refId": "new"}},
			{grantOperation, object{"customerId": "ada", "promotionalEntitlements": []object{{"featureId": "seats", "period": "LIFETIME", "usageLimit": 5}}}},
			{revokeOperation, object{"customerId": "ada", "featureId": "seats"}},
			{archiveOperation, object{"customerId": "ada"}},
			{unarchiveOperation, object{"customerId": "ada"}},
		} {
			first := server.keyed(t, "a-key", c.operation, object{"input": c.input})
			mustBeFirst(t, c.operation, first)
			if len(first.Errors) > 0 {
				t.Errorf("%s: %s", c.operation, first.body)
			}
			before := version()
			mustReplay(t, c.operation, server.keyed(t, "a-key", c.operation, object{"input": c.input}), first)
			if after := version(); after != before {
				t.Errorf("%s: the replay changed\n%s\nto\n%s", c.operation, before, after)
			}
			if bytes.Contains(first.body, []byte("SecretCity")) {
				t.Errorf("the response has billing information: %s", first.body)
			}
		}
	})
}

// TestWhatMakesRequestsEqual: what makes a request the same one.
func TestWhatMakesRequestsEqual(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		const operation = `mutation Make($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { customer { customerId name version } } }`
		post := func(client *client, body string, headers ...string) *apiResponse {
			t.Helper()
			return client.postKeyed(t, "the-key", body, headers...)
		}
		first := post(server.client, `{"query": "`+operation+`", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`)
		mustBeFirst(t, "the first", first)
		for name, body := range map[string]string{
			"the same":                          `{"query": "` + operation + `", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`,
			"names in another order":            `{"variables": {"input": {"name": "Ada", "customerId": "ada"}}, "query": "` + operation + `"}`,
			"a name written otherwise":          `{"query": "` + operation + `", "variables": {"input": {"customerId": "ad\u0061", "name": "\u0041da"}}}`,
			"white space, commas and comments":  `{"query": "# made twice\n` + strings.ReplaceAll(operation, " ", "\\n,  ") + `", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`,
			"with operationName":                `{"query": "` + operation + `", "operationName": "Make", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`,
			"what is no part of it, said of it": `{"query": "` + operation + `", "extensions": {"a": 1}, "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`,
		} {
			mustReplay(t, name, post(server.client, body), first)
		}
		mustReplay(t, "the key in quotes", server.postKeyed(t, `"the-key"`, `{"query": "`+operation+`", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`), first)
		others := map[string]string{
			"another name":           `{"query": "` + operation + `", "variables": {"input": {"customerId": "ada", "name": "Eve"}}}`,
			"another id":             `{"query": "` + operation + `", "variables": {"input": {"customerId": "eve", "name": "Ada"}}}`,
			"one property more":      `{"query": "` + operation + `", "variables": {"input": {"customerId": "ada", "name": "Ada", "email": null}}}`,
			"another selection":      `{"query": "mutation Make($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { customer { customerId } } }", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`,
			"the values in its text": `{"query": "mutation { provisionCustomer(input: {customerId: \"ada\", name: \"Ada\"}) { customer { customerId name version } } }"}`,
		}
		before := stored(t, server.client)
		for name, body := range others {
			got := post(server.client, body)
			if got.status != http.StatusOK || got.code() != "IdempotencyKeyReused" || got.Errors[0].Extensions["isValidationError"] != false || got.replayed() || bytes.Contains(got.body, []byte(`"data"`)) {
				t.Errorf("%s: status %d: %s", name, got.status, got.body)
			}
			// With the newer media type the status says it, too.
			if got := post(server.client, body, "Accept", "application/graphql-response+json"); got.status != http.StatusUnprocessableEntity || got.code() != "IdempotencyKeyReused" {
				t.Errorf("%s: status %d: %s", name, got.status, got.body)
			}
		}
		if after := stored(t, server.client); after != before {
			t.Errorf("refused requests changed\n%s\nto\n%s", before, after)
		}
		// The key is free for another mutation, and for another API key.
		for name, got := range map[string]*apiResponse{
			"another mutation": post(server.client, `{"query": "mutation { updateOneCustomer(input: {customerId: \"ada\", name: \"Bea\"}) { name } }"}`),
			"another API key":  post(server.otherClient, `{"query": "`+operation+`", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`),
		} {
			if mustBeFirst(t, name, got); len(got.Errors) > 0 {
				t.Errorf("%s: %s", name, got.body)
			}
		}
		// A replay returns what was, not what is.
		mustReplay(t, "after a change", post(server.client, `{"query": "`+operation+`", "variables": {"input": {"customerId": "ada", "name": "Ada"}}}`), first)
	})
}

// TestRefusalsAreReplayed: a refusal is a stored response too, with the request id of the first request.
func TestRefusalsAreReplayed(t *testing.T) {
	server := startEmbedded(t)
	for name, input := range map[string]object{
		"a wrong email": {"customerId": "ada", "email": "none"},
		"a wrong time":  {"customerId": "ada", "createdAt": "yesterday"},
	} {
		variables := object{"input": input}
		first := server.keyed(t, "key-of-"+strings.ReplaceAll(name, " ", "-"), provisionOperation, variables)
		mustBeFirst(t, name, first)
		if first.code() == "" {
			t.Errorf("%s: %s", name, first.body)
		}
		mustReplay(t, name, server.keyed(t, "key-of-"+strings.ReplaceAll(name, " ", "-"), provisionOperation, variables), first)
	}
	first := server.keyed(t, "taken", updateOperation, object{"input": object{"customerId": "ada", "name": "Ada"}})
	if first.code() != "CustomerNotFound" {
		t.Fatalf("%s", first.body)
	}
	server.must(t, provisionOperation, object{"input": object{"customerId": "ada"}})
	again := server.keyed(t, "taken", updateOperation, object{"input": object{"customerId": "ada", "name": "Ada"}})
	mustReplay(t, "although it would succeed now", again, first)
	if again.Errors[0].Extensions["requestId"] != first.header.Get("X-Request-Id") || again.header.Get("X-Request-Id") == first.header.Get("X-Request-Id") {
		t.Errorf("the request ids are %v, first %s, and %s", again.Errors[0].Extensions["requestId"], first.header.Get("X-Request-Id"), again.header.Get("X-Request-Id"))
	}
	// What was not executed leaves the key free.
	for _, c := range []struct {
		query string
		code  string
	}{
		{`mutation {`, "GRAPHQL_PARSE_FAILED"}, {`mutation { provisionCustomer(input: { customerId: 5.5 }) { customer { id } } }`, "BadUserInput"}, {`mutation { nothing }`, "GRAPHQL_VALIDATION_FAILED"},
	} {
		if got := server.keyed(t, "not-executed", c.query, nil); got.code() != c.code {
			t.Errorf("%s: %s", c.query, got.body)
		}
	}
	if got := server.keyed(t, "not-executed", updateOperation, object{"input": object{"customerId": "ada", "name": "Ada"}}); len(got.Errors) > 0 || got.replayed() {
		t.Errorf("%s", got.body)
	}
}

// TestQueriesHaveNoIdempotencyKeys: on a query the header has no effect, whatever it holds.
func TestQueriesHaveNoIdempotencyKeys(t *testing.T) {
	server := startEmbedded(t)
	for i, key := range []string{"a-key", "a-key", "", "two keys", `"`} {
		server.must(t, provisionOperation, object{"input": object{"customerId": fmt.Sprint(i)}})
		got := server.keyed(t, key, `{ customers { totalCount } }`, nil)
		if got.status != http.StatusOK || got.Data["customers"].(object)["totalCount"] != float64(i+1) || got.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%q: status %d: %s", key, got.status, got.body)
		}
	}
}

// TestMalformedIdempotencyKeys: the forms themselves are tried where they are read.
func TestMalformedIdempotencyKeys(t *testing.T) {
	server := startEmbedded(t)
	body := asBody(t, provisionOperation, object{"input": object{"customerId": "ada"}})
	for name, headers := range map[string][]string{
		"empty":          {""},
		"256 characters": {strings.Repeat("a", 256)},
		"two in one":     {"a, b"},
		"two of them":    {"a", "b"},
		"the same twice": {"a", "a"},
		"two in quotes":  {`"a"`, `"b"`},
		"not of ASCII":   {"\u00e9"},
		"not closed":     {`"a`},
	} {
		for _, accept := range []string{"application/json", "application/graphql-response+json"} {
			var more []string
			for _, value := range headers[1:] {
				more = append(more, "Idempotency-Key", value)
			}
			got := server.postKeyed(t, headers[0], body, append(more, "Accept", accept)...)
			if got.status != http.StatusBadRequest || got.code() != "BadUserInput" || !strings.Contains(got.Errors[0].Message, "Idempotency-Key") {
				t.Errorf("%s: status %d: %s", name, got.status, got.body)
			}
		}
	}
	if found := allCustomerIDs(t, server.client); len(found) > 0 {
		t.Errorf("refused requests made %v", found)
	}
	// A missing permission comes first.
	if got := server.reader.keyed(t, "a-key", provisionOperation, object{"input": object{"customerId": "ada"}}); got.status != http.StatusForbidden {
		t.Errorf("a reader: status %d: %s", got.status, got.body)
	}
}

// TestSeveralMutationsInOneRequest are one unit.
func TestSeveralMutationsInOneRequest(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		const operation = `mutation($skip: Boolean!) {
  one: provisionCustomer(input: { name: "One" }) { customer { customerId version } }
  two: provisionCustomer(input: { name: "Two" }) { customer { customerId version } }
  ...Third
}
fragment Third on Mutation { three: createOneCustomer(input: { name: "Three" }) @skip(if: $skip) { customerId version } }`
		first := server.keyed(t, "several", operation, object{"skip": false})
		if len(first.Errors) > 0 || len(allCustomerIDs(t, server.client)) != 3 {
			t.Fatalf("%s", first.body)
		}
		mustReplay(t, "again", server.keyed(t, "several", operation, object{"skip": false}), first)
		// What is skipped is not executed, so this is another operation.
		mustBeFirst(t, "less of it", server.keyed(t, "several", operation, object{"skip": true}))
		if found := allCustomerIDs(t, server.client); len(found) != 5 {
			t.Errorf("%d customers were made", len(found))
		}
	})
}

// TestArchivingDeletesStoredResponses: no stored response about a customer is replayed once it is archived.
func TestArchivingDeletesStoredResponses(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		type sent struct {
			operation string
			variables object
			first     *apiResponse
		}
		send := func(key, operation string, input object) sent {
			t.Helper()
			variables := object{"input": input}
			first := server.keyed(t, key, operation, variables)
			if len(first.Errors) > 0 {
				t.Fatalf("%s: %s", operation, first.body)
			}
			return sent{operation, variables, first}
		}
		const coupled = `mutation($input: UpdateCouponInput!) { updateOneCoupon(input: $input) { refId customers { name email } } }`
		hers := []sent{
			send("key", provisionOperation, object{"customerId": "ada", "name": "SecretName", "email": "secret@example.com"}),
			send("key", updateOperation, object{"customerId": "ada", "crmId": "crm"}),
			send("key", setCouponOperation, object{"id": "ada", "relationId": "ten"}),
			send("key", grantOperation, object{"customerId": "ada", "promotionalEntitlements": []object{{"featureId": "seats", "period": "LIFETIME", "usageLimit": 5}}}),
			send("key", coupled, object{"refId": "ten", "description": "hers"}),
		}
		others := []sent{
			send("key-2", provisionOperation, object{"customerId": "eve", "name": "Eve"}),
			send("key-2", updateCouponOperation, object{"refId": "ten", "description": "another"}),
			send("key-3", `mutation($input: ArchiveCustomerInput!) { archiveCustomer(input: $input) { customerId name email deletedAt version } }`, object{"customerId": "ada"}),
		}
		check := func(when string) {
			t.Helper()
			for _, s := range hers {
				got := server.keyed(t, "key", s.operation, s.variables)
				if got.status != http.StatusOK || got.code() != "EntityIsArchivedError" || got.replayed() || bytes.Contains(bytes.ToLower(got.body), []byte("secret")) {
					t.Errorf("%s: %s: status %d: %s", when, s.operation, got.status, got.body)
				}
			}
			for i, key := range []string{"key-2", "key-2", "key-3"} {
				mustReplay(t, when+": "+others[i].operation, server.keyed(t, key, others[i].operation, others[i].variables), others[i].first)
			}
		}
		check("archived")
		server.must(t, unarchiveOperation, object{"input": object{"customerId": "ada"}})
		server.must(t, updateOperation, object{"input": object{"customerId": "ada", "name": "New"}})
		check("brought back")
		if got := read(t, server.client, "ada"); got["name"] != "New" || got["email"] != nil {
			t.Errorf("the customer is %v", got)
		}
	})
}

// TestKillRepeatsNoKeyedRequest kills the server in the middle of provisions with keys, half of them without an id. At the
// next server every one of them is sent again: acknowledged ones are replayed, and of the others each customer
// is created once, before the kill or now.
func TestKillRepeatsNoKeyedRequest(t *testing.T) {
	const customers, clients = 600, 16
	if testing.Short() {
		t.Skip("waits for a lease")
	}
	dataDir := t.TempDir()
	server := startProcess(t, dataDir)
	send := func(i int) (*apiResponse, error) {
		input := object{"name": fmt.Sprint("Customer ", i)}
		if i%2 == 0 {
			input["customerId"] = fmt.Sprint("customer-", i)
		}
		return server.sendKeyed(t.Context(), fmt.Sprint("key-", i), provisionOperation, object{"input": input})
	}
	responses := make([]*apiResponse, customers)
	acknowledged := killHalfWay(t, server, clients, customers, func(i int) error {
		var err error
		responses[i], err = send(i)
		return err
	})

	server = startProcess(t, dataDir)
	survivors := len(allCustomerIDs(t, server.client))
	var next, replays, carriedOut, duplicates atomic.Int64
	var second sync.WaitGroup
	for range 2 * clients {
		second.Go(func() {
			for i := int(next.Add(1)) - 1; i < customers; i = int(next.Add(1)) - 1 {
				got, err := send(i)
				switch {
				case err != nil:
					t.Error(err)
				case responses[i] != nil:
					mustReplay(t, fmt.Sprint("customer ", i), got, responses[i])
					replays.Add(1)
				case got.replayed():
					// It was stored, and the kill kept it from its client.
					replays.Add(1)
				case len(got.Errors) == 0:
					carriedOut.Add(1)
				case got.code() == "DuplicatedEntityNotAllowed":
					duplicates.Add(1)
				default:
					t.Errorf("customer %d: %s", i, got.body)
				}
			}
		})
	}
	second.Wait()
	if found := allCustomerIDs(t, server.client); len(found) != customers {
		t.Errorf("%d requests made %d customers", customers, len(found))
	}
	t.Logf("killed after %d responses with %d customers made; sent again, %d were replayed, %d carried out and %d refused as made already: %d customers",
		acknowledged, survivors, replays.Load(), carriedOut.Load(), duplicates.Load(), customers)
}
