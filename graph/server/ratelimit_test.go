package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele/graph/document"
	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/internal/ratelimit"
)

// limitedServer is a server with rate limits and a clock that tests move.
type limitedServer struct {
	url     string
	now     time.Time
	handler http.Handler
	rates   rateLimits
}

// The limits of most tests: 600 points and 60 a minute, 3 changes and 2 a minute.
var (
	keyLimit      = ratelimit.Policy{Name: KeyPolicy, PerMinute: 60, Burst: 600}
	customerLimit = ratelimit.Policy{Name: CustomerPolicy, PerMinute: 2, Burst: 3}
)

// serveLimited serves the customer "a" of the environment. The API key is the id of its key; one that begins with
// "elsewhere" is of another environment.
func serveLimited(t *testing.T, policies ...ratelimit.Policy) *limitedServer {
	t.Helper()
	server := &limitedServer{now: noon}
	var limiter *ratelimit.Limiter
	if policies != nil {
		limiter = ratelimit.New(func() time.Time { return server.now }, 100, policies...)
	}
	server.rates = rateLimits{limiter}
	store := newStore(t)
	insert(t, store, "a", false)
	server.handler = NewHandler(Config{
		Limits:   testLimits,
		UseCases: resolver.NewUseCases(store, billingtest.Rules().Check, time.Now),
		Authenticate: func(_ context.Context, secret string) (domain.Actor, error) {
			environmentID := environment
			if strings.HasPrefix(secret, "elsewhere") {
				environmentID = "elsewhere"
			}
			return domain.Actor{KeyID: secret, EnvironmentID: environmentID, Scope: domain.ScopeFull}, nil
		},
		RateLimits: limiter,
		Log:        slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	listener := httptest.NewServer(server.handler)
	t.Cleanup(listener.Close)
	server.url = listener.URL
	server.warm(t, smallQuery, largeQuery, update)
	return server
}

// limitedReply is a response with what it says about limits.
type limitedReply struct {
	reply
	header     http.Header
	Extensions struct {
		Cost struct{ Requested, Max, Charged int }
	}
}

// warm has the server read documents, which is charged once, to a key of its own for each.
func (s *limitedServer) warm(t *testing.T, documents ...string) {
	t.Helper()
	for _, document := range documents {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?query="+url.QueryEscape(document), nil)
		request.Header.Set(APIKeyHeader, "warm "+document)
		s.handler.ServeHTTP(httptest.NewRecorder(), request)
	}
}

func (s *limitedServer) send(t *testing.T, key, accept, body string) limitedReply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", accept)
	request.Header.Set(APIKeyHeader, key)
	request.Header.Set(RequestIDHeader, "the-request")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := limitedReply{reply: reply{status: response.StatusCode, body: string(text)}, header: response.Header}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("status %d: the response is no JSON: %q", got.status, text)
	}
	return got
}

// ask sends an operation with the key "one".
func (s *limitedServer) ask(t *testing.T, operation string) limitedReply {
	t.Helper()
	return s.send(t, "one", "application/json", requestBody(t, operation, nil))
}

func requestBody(t *testing.T, operation string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": operation, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// left is what the header RateLimit says of a policy; empty for nothing.
func (r limitedReply) left(policy string) string {
	for state := range strings.SplitSeq(r.header.Get("RateLimit"), ", ") {
		if name, values, _ := strings.Cut(state, ";"); name == `"`+policy+`"` {
			return values
		}
	}
	return ""
}

// mustBeLimited expects a refusal by a policy for some time, of which nobody is named.
func mustBeLimited(t *testing.T, got limitedReply, policy string, retryAfter int) {
	t.Helper()
	if got.status != http.StatusTooManyRequests || got.code() != "RateLimitExceeded" || strings.Contains(got.body, `"data"`) {
		t.Fatalf("want a refusal: status %d: %s", got.status, got.body)
	}
	facts := got.Errors[0].Extensions
	if facts["limit"] != policy || facts["retryAfterSeconds"] != float64(retryAfter) || facts["requestId"] != "the-request" || facts["isValidationError"] != false {
		t.Errorf("want %s for %d s: %s", policy, retryAfter, got.body)
	}
	if told := got.header.Get("Retry-After"); told != fmt.Sprint(retryAfter) {
		t.Errorf("Retry-After is %q, not %d", told, retryAfter)
	}
	if !strings.HasSuffix(got.left(policy), fmt.Sprintf(";t=%d", retryAfter)) {
		t.Errorf("RateLimit is %q, Retry-After %d", got.header.Get("RateLimit"), retryAfter)
	}
}

// mustBeIndebted expects a refusal by the policy of keys.
func mustBeIndebted(t *testing.T, got limitedReply) {
	t.Helper()
	retryAfter, err := strconv.Atoi(got.header.Get("Retry-After"))
	if err != nil || retryAfter < 1 {
		t.Fatalf("Retry-After: %v: status %d: %s", err, got.status, got.body)
	}
	mustBeLimited(t, got, KeyPolicy, retryAfter)
}

func mustRun(t *testing.T, got limitedReply) {
	t.Helper()
	if got.status != http.StatusOK || len(got.Errors) > 0 {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
}

// manyCustomers selects a fragment of a customer as often as a document may have fields at its root.
var manyCustomers = func() string {
	var fields strings.Builder
	for i := range testLimits.RootFields {
		fmt.Fprintf(&fields, `a%d: getCustomerByRefId(input: { customerId: "a" }) { ...F } `, i)
	}
	return "{ " + fields.String() + "} "
}()

// largeQuery is charged more than keyLimit has at once.
var largeQuery = manyCustomers + `fragment F on Customer { id customerId refId name email createdAt updatedAt deletedAt billingId billingLinkUrl crmId
		salesforceId awsMarketplaceCustomerId billingCurrency defaultPaymentExpirationMonth defaultPaymentExpirationYear
		defaultPaymentMethodId defaultPaymentMethodLast4Digits defaultPaymentMethodType hasPaymentMethod hasActiveSubscription
		excludeFromExperiment additionalMetaData environmentId crmHubspotCompanyId version hasActiveResource totalActiveSubscription
		totalActivePromotionalEntitlements }`

const (
	// smallQuery is charged the least.
	smallQuery = `{ getCustomerByRefId(input: { customerId: "a" }) { id name } }`
	// tooCostly costs more than testLimits allows.
	tooCostly = `{ coupons(paging: { first: 100 }) { edges { node { customers { coupon { customers { id } } } } } } }`
	// update changes the customer "a".
	update = `mutation { updateOneCustomer(input: { customerId: "a", name: "x" }) { id } }`
)

// TestThePriceOfAnOperation: what it can cost at worst, without executing it.
func TestThePriceOfAnOperation(t *testing.T) {
	list := func(arguments, selection string) string {
		return `{ customers(paging: { first: 10 }, ` + arguments + `) { ` + selection + ` } }`
	}
	const one = "edges { node { id } }"
	for name, c := range map[string]struct {
		operation string
		price     int
	}{
		"a field is one, a document three more": {`{ getCustomerByRefId(input: { customerId: "a" }) { id name } }`, document.FieldPoints + document.DocumentPoints + 2},
		"fragments are free":                    {`{ ...F } fragment F on Query { ... { getCustomerByRefId(input: { customerId: "a" }) { id name } } }`, document.FieldPoints + document.DocumentPoints + 2},
		"metadata is long":                      {`{ getCustomerByRefId(input: { customerId: "a" }) { additionalMetaData } }`, document.FieldPoints + document.DocumentPoints + document.MetadataPoints},
		"a page counts as often as it is long":  {list("", one), 2 + 11*document.RowPoints + 10*2},
		"a count without a filter is a field":   {list("", "totalCount"), 2 + 11*document.RowPoints},
		"an index serves it":                    {list(`filter: { name: { eq: "a" } }`, one), 2 + 11*document.RowPoints + 10*2 + document.ConditionPoints},
		"an index serves each value":            {list(`filter: { name: { in: ["a", "b", "c"] } }`, one), 2 + 11*document.RowPoints + 10*2 + 3*document.ConditionPoints},
		"an index serves a prefix":              {list(`filter: { name: { like: "a%" } }`, one), 2 + 11*document.RowPoints + 10*2 + document.ConditionPoints},
		"a pattern without a prefix":            {list(`filter: { name: { like: "%a" } }`, one), 2 + 11*document.RowPoints + 10*2 + document.ScanPoints},
		"a pattern in any case":                 {list(`filter: { name: { iLike: "a%" } }`, one), 2 + 11*document.RowPoints + 10*2 + document.ScanPoints},
		"a negation":                            {list(`filter: { name: { neq: "a" } }`, one), 2 + 11*document.RowPoints + 10*2 + document.ScanPoints},
		"alternatives":                          {list(`filter: { or: [{ name: { eq: "a" } }, { name: { eq: "b" } }] }`, one), 2 + 11*document.RowPoints + 10*2 + 2*document.ScanPoints},
		"alternatives within an and":            {list(`filter: { and: [{ or: [{ name: { eq: "a" } }, { and: [{ name: { eq: "b" } }] }] }] }`, one), 2 + 11*document.RowPoints + 10*2 + 2*document.ScanPoints},
		"a search":                              {list(`filter: { searchQuery: { iLike: "a" } }`, one), 2 + 11*document.RowPoints + 10*2 + 5*document.ScanPoints},
		"a count evaluates the filter again":    {list(`filter: { name: { iLike: "a" } }`, "totalCount"), 2 + 11*document.RowPoints + 2*document.ScanPoints},
		"an order that an index has":            {list(`sorting: [{ field: name, direction: ASC }]`, one), 2 + 11*document.RowPoints + 10*2},
		"an order that no index has":            {list(`sorting: [{ field: name, direction: ASC }, { field: email, direction: ASC }]`, one), 2 + 11*document.RowPoints + 10*2 + document.SortPoints},
	} {
		t.Run(name, func(t *testing.T) {
			got := serveLimited(t).ask(t, c.operation)
			mustRun(t, got)
			if cost := got.Extensions.Cost; cost.Requested != document.ChangePoints+c.price || cost.Max != testLimits.Cost {
				t.Errorf("want %d of %d: %s", document.ChangePoints+c.price, testLimits.Cost, got.body)
			}
		})
	}
}

// TestWhatAnOperationIsCharged: what was done, at least what was taken before.
func TestWhatAnOperationIsCharged(t *testing.T) {
	rows := func(n int) (out []any) {
		for i := range n {
			out = append(out, map[string]any{"customerId": fmt.Sprint("row-", i), "updatedAt": "2024-01-01T00:00:00Z"})
		}
		return out
	}
	bulk := `mutation ($input: ImportCustomerBulkInput!) { importCustomersBulk(input: $input) }`
	importing := func(customers any) map[string]any {
		return map[string]any{"input": map[string]any{"customers": customers}}
	}
	for name, c := range map[string]struct {
		operation string
		variables map[string]any
		least     int
	}{
		"a query is a hundred at least": {smallQuery, nil, 100},
		"a change is a hundred":         {update, nil, 100},
		"two changes are twice as much": {
			`mutation { a: updateOneCustomer(input: { customerId: "a" }) { id } b: updateOneCustomer(input: { customerId: "a" }) { id } }`, nil, 200,
		},
		"in a fragment too":                {`mutation { ...F } fragment F on Mutation { a: updateOneCustomer(input: { customerId: "a" }) { id } b: updateOneCustomer(input: { customerId: "a" }) { id } }`, nil, 200},
		"a change that is skipped is none": {`mutation { a: updateOneCustomer(input: { customerId: "a" }) { id } b: updateOneCustomer(input: { customerId: "a" }) @skip(if: true) { id } }`, nil, 100},
		"a coupon is a change":             {`mutation { a: createOneCoupon(input: { refId: "c", name: "c", type: PERCENTAGE, percentOff: 1 }) { id } }`, nil, 100},
		"an import is as much a row":       {bulk, importing(rows(5)), 500},
		"an import of one row, no list":    {bulk, importing(rows(1)[0]), 100},
		"an import of no row":              {bulk, importing([]any{}), 100},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveLimited(t, keyLimit)
			server.warm(t, c.operation)
			got := server.send(t, "one", "application/json", requestBody(t, c.operation, c.variables))
			if got.Extensions.Cost.Charged != c.least {
				t.Errorf("want %d: status %d: %s", c.least, got.status, got.body)
			}
			if want := fmt.Sprintf("r=%d;t=%d", keyLimit.Burst-c.least, c.least); got.left(KeyPolicy) != want {
				t.Errorf("RateLimit is %q, want %s", got.header.Get("RateLimit"), want)
			}
		})
	}
	t.Run("nothing for the worst case that did not happen", func(t *testing.T) {
		const page = `{ customers(paging: { first: 100 }) { edges { node { id name email customerId } } } }`
		server := serveLimited(t, keyLimit)
		server.warm(t, page)
		got := server.ask(t, page)
		mustRun(t, got)
		if cost := got.Extensions.Cost; cost.Requested < 800 || cost.Charged > 120 {
			t.Errorf("a page with one customer: %s", got.body)
		}
	})
	t.Run("a document once", func(t *testing.T) {
		const tokens = 17
		server := serveLimited(t, keyLimit)
		for _, charged := range []int{document.ChangePoints + tokens*document.TokenPoints, document.ChangePoints} {
			got := server.ask(t, `query Once { getCustomerByRefId(input: { customerId: "a" }) { id } }`)
			if got.Extensions.Cost.Charged != charged {
				t.Errorf("want %d: %s", charged, got.body)
			}
		}
	})
	t.Run("fields, documents and bytes", func(t *testing.T) {
		got := serveLimited(t).ask(t, largeQuery)
		mustRun(t, got)
		// 20 documents, of which each field was written, in about 15 kB.
		if charged := got.Extensions.Cost.Charged; charged < 20*(1+27) || charged > 2*20*(1+27) {
			t.Errorf("charged %d: %s", charged, got.body)
		}
	})
}

func TestWhatARefusedRequestIsCharged(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		// tokens are those of the document that were read.
		tokens int
	}{
		"no JSON":              {`{`, 0},
		"no operation":         {`{}`, 0},
		"no GraphQL":           {requestBody(t, `{`, nil), 1},
		"no field":             {requestBody(t, `{ nothing }`, nil), 3},
		"wrong variables":      {requestBody(t, `query ($n: Int!) { customers(paging: { first: $n }) { id } }`, nil), 24},
		"more than it may ask": {requestBody(t, tooCostly, nil), 30},
		// 30 times the same field is compared with itself, and everything is looked at once.
		"fields to compare": {requestBody(t, `{ customers { edges { node { `+strings.Repeat("nothing ", 30)+`} } } }`, nil), 41 + (30*30+33)/document.ComparisonsPerToken},
	} {
		t.Run(name, func(t *testing.T) {
			got := serveLimited(t, keyLimit).send(t, "one", "application/json", c.body)
			charged := document.ChangePoints + c.tokens*document.TokenPoints
			if len(got.Errors) == 0 || got.left(KeyPolicy) != fmt.Sprintf("r=%d;t=%d", max(0, keyLimit.Burst-charged), charged) || got.Extensions.Cost.Requested != 0 {
				t.Errorf("status %d, RateLimit %q: %s", got.status, got.header.Get("RateLimit"), got.body)
			}
		})
	}
}

func TestRateLimitOfAKey(t *testing.T) {
	t.Run("is told with every answer", func(t *testing.T) {
		got := serveLimited(t, keyLimit, customerLimit).ask(t, smallQuery)
		if policy := got.header.Get("RateLimit-Policy"); policy != `"key";q=600;w=600;qu="points", "customer";q=3;w=90` {
			t.Errorf("RateLimit-Policy: %s", policy)
		}
		if state := got.header.Get("RateLimit"); state != `"key";r=500;t=100` {
			t.Errorf("RateLimit: %s", state)
		}
	})
	t.Run("may go into debt, and refuses until that is paid", func(t *testing.T) {
		server := serveLimited(t, keyLimit)
		got := server.ask(t, largeQuery)
		mustRun(t, got)
		charged := got.Extensions.Cost.Charged
		if got.left(KeyPolicy) != fmt.Sprintf("r=0;t=%d", charged) {
			t.Errorf("charged %d, RateLimit %q", charged, got.header.Get("RateLimit"))
		}
		// A point flows in each second, and 100 are taken at the door.
		debt := charged - keyLimit.Burst
		mustBeLimited(t, server.ask(t, smallQuery), KeyPolicy, debt+100)
		server.now = server.now.Add(time.Duration(debt+100) * time.Second)
		mustRun(t, server.ask(t, smallQuery))
		mustBeLimited(t, server.ask(t, smallQuery), KeyPolicy, 100)
	})
	t.Run("has a debt of one full bucket at most", func(t *testing.T) {
		server := serveLimited(t, ratelimit.Policy{Name: KeyPolicy, PerMinute: 60, Burst: 120})
		mustRun(t, server.ask(t, largeQuery))
		mustBeLimited(t, server.ask(t, smallQuery), KeyPolicy, 220)
		server.now = server.now.Add(220 * time.Second)
		mustRun(t, server.ask(t, largeQuery))
	})
	t.Run("is the key's own", func(t *testing.T) {
		server := serveLimited(t, keyLimit)
		mustRun(t, server.ask(t, largeQuery))
		mustRun(t, server.send(t, "two", "application/json", requestBody(t, largeQuery, nil)))
		mustBeIndebted(t, server.ask(t, smallQuery))
	})
	t.Run("is answered in the media type that was asked for", func(t *testing.T) {
		server := serveLimited(t, keyLimit)
		mustRun(t, server.ask(t, largeQuery))
		for _, accept := range []string{"application/json", "application/graphql-response+json"} {
			got := server.send(t, "one", accept, requestBody(t, smallQuery, nil))
			mustBeIndebted(t, got)
			if kind := got.header.Get("Content-Type"); kind != accept+"; charset=utf-8" {
				t.Errorf("asked for %s, got %s", accept, kind)
			}
		}
	})
	t.Run("refuses without reading", func(t *testing.T) {
		server := serveLimited(t, keyLimit)
		mustRun(t, server.ask(t, largeQuery))
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			request := httptest.NewRequestWithContext(t.Context(), method, "/graphql", unreadable{t})
			request.Header.Set(APIKeyHeader, "one")
			recorder := httptest.NewRecorder()
			server.handler.ServeHTTP(recorder, request)
			if recorder.Code != http.StatusTooManyRequests {
				t.Errorf("%s: status %d: %s", method, recorder.Code, recorder.Body)
			}
		}
	})
	t.Run("executes nothing that it refuses", func(t *testing.T) {
		server := serveLimited(t, keyLimit)
		for range 5 {
			mustRun(t, server.ask(t, smallQuery))
		}
		const two = `mutation { a: provisionCustomer(input: { customerId: "b" }) { customer { id } } b: provisionCustomer(input: { customerId: "c" }) { customer { id } } }`
		server.warm(t, two)
		mustBeLimited(t, server.ask(t, two), KeyPolicy, 200)
		server.now = noon.Add(time.Hour)
		if got := server.ask(t, `{ getCustomerByRefId(input: { customerId: "b" }) { id } }`); !strings.Contains(got.body, `{"getCustomerByRefId":null}`) {
			t.Errorf("it was executed: %s", got.body)
		}
	})
	t.Run("bounds what is under way", func(t *testing.T) {
		server := serveLimited(t, keyLimit)
		actor := domain.Actor{KeyID: "one", EnvironmentID: environment, Scope: domain.ScopeFull}
		// The one that is under way could take all of it.
		end, err := server.rates.begin(httptest.NewRecorder(), actor, 595, document.Changes{})
		if err != nil {
			t.Fatal(err)
		}
		got := server.ask(t, smallQuery)
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1" || got.Errors[0].Extensions["limit"] != inFlightLimit {
			t.Errorf("status %d, %v: %s", got.status, got.header, got.body)
		}
		mustRun(t, server.send(t, "two", "application/json", requestBody(t, smallQuery, nil)))
		end()
		mustRun(t, server.ask(t, smallQuery))
	})
}

// unreadable is a body that nobody may read.
type unreadable struct{ *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.Error("the body was read")
	return 0, io.EOF
}

func TestRateLimitOfACustomer(t *testing.T) {
	input := map[string]any{"input": map[string]any{"customerId": "a"}}
	for name, c := range map[string]struct {
		operation string
		variables map[string]any
	}{
		"by a literal":             {update, nil},
		"by refId":                 {`mutation { updateOneCustomer(input: { refId: "a" }) { id } }`, nil},
		"by a variable":            {`mutation ($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { id } }`, input},
		"by a variable in a field": {`mutation ($id: String!) { archiveCustomer(input: { customerId: $id }) { id } }`, map[string]any{"id": "a"}},
		"by a default":             {`mutation ($id: String! = "a") { archiveCustomer(input: { customerId: $id }) { id } }`, nil},
		"under an alias":           {`mutation { x: updateOneCustomer(input: { customerId: "a" }) { id } }`, nil},
		"in a fragment":            {`mutation { ... on Mutation { ...F } } fragment F on Mutation { updateOneCustomer(input: { customerId: "a" }) { id } }`, nil},
		"as one of two":            {`mutation { updateOneCustomer(input: { customerId: "b" }) { id } a: updateOneCustomer(input: { customerId: "a" }) { id } }`, nil},
		"with a coupon":            {`mutation { setCouponOnCustomer(input: { id: "a", relationId: "c" }) { id } }`, nil},
		"with a grant":             {`mutation { revokePromotionalEntitlement(input: { customerId: "a", featureId: "f" }) { id } }`, nil},
		"as a new one":             {`mutation { provisionCustomer(input: { customerId: "a" }) { customer { id } } }`, nil},
		"as a row": {`mutation ($input: ImportCustomerBulkInput!) { importCustomersBulk(input: $input) }`, map[string]any{"input": map[string]any{
			"customers": []any{map[string]any{"customerId": "b"}, map[string]any{"refId": "a"}},
		}}},
		"as a row, no list": {`mutation { importCustomersBulk(input: { customers: { customerId: "a" } }) }`, nil},
	} {
		t.Run("counts one named "+name, func(t *testing.T) {
			server := serveLimited(t, customerLimit)
			for range customerLimit.Burst {
				mustRun(t, server.ask(t, update))
			}
			got := server.send(t, "one", "application/json", requestBody(t, c.operation, c.variables))
			mustBeLimited(t, got, CustomerPolicy, 30)
			if strings.Contains(got.body+fmt.Sprint(got.header), `"a"`) {
				t.Errorf("the refusal names the customer: %s %v", got.body, got.header)
			}
		})
	}
	for name, request := range map[string]struct{ key, operation string }{
		"another customer":                {"one", `mutation { provisionCustomer(input: { customerId: "b" }) { customer { id } } }`},
		"a customer with a generated id":  {"one", `mutation { provisionCustomer(input: {}) { customer { id } } }`},
		"reading the same":                {"one", smallQuery},
		"the same id elsewhere":           {"elsewhere", `mutation { provisionCustomer(input: { customerId: "a" }) { customer { id } } }`},
		"a change that is not made":       {"one", `mutation { updateOneCustomer(input: { customerId: "a" }) @include(if: false) { id } }`},
		"a coupon of the name":            {"one", `mutation { createOneCoupon(input: { refId: "a", name: "a", type: PERCENTAGE, percentOff: 1 }) { id } }`},
		"another, whose name is the same": {"one", `mutation { provisionCustomer(input: { customerId: "b", name: "a" }) { customer { id } } }`},
	} {
		t.Run("is no concern of "+name, func(t *testing.T) {
			server := serveLimited(t, customerLimit)
			for range customerLimit.Burst {
				mustRun(t, server.ask(t, update))
			}
			mustRun(t, server.send(t, request.key, "application/json", requestBody(t, request.operation, nil)))
		})
	}
	t.Run("is told with every change", func(t *testing.T) {
		server := serveLimited(t, customerLimit)
		if got := server.ask(t, smallQuery); got.header.Get("RateLimit") != "" || got.header.Get("RateLimit-Policy") != `"customer";q=3;w=90` {
			t.Errorf("a query: %v", got.header)
		}
		if got := server.ask(t, update); got.header.Get("RateLimit") != `"customer";r=2;t=30` {
			t.Errorf("a change: %v", got.header)
		}
	})
	t.Run("is for keys together", func(t *testing.T) {
		server := serveLimited(t, customerLimit)
		for _, key := range []string{"one", "two", "three"} {
			mustRun(t, server.send(t, key, "application/json", requestBody(t, update, nil)))
		}
		mustBeLimited(t, server.send(t, "four", "application/json", requestBody(t, update, nil)), CustomerPolicy, 30)
	})
	t.Run("ends", func(t *testing.T) {
		server := serveLimited(t, customerLimit)
		for range customerLimit.Burst {
			mustRun(t, server.ask(t, update))
		}
		mustBeLimited(t, server.ask(t, update), CustomerPolicy, 30)
		server.now = server.now.Add(30 * time.Second)
		mustRun(t, server.ask(t, update))
	})
	t.Run("executes nothing that it refuses", func(t *testing.T) {
		server := serveLimited(t, keyLimit, customerLimit)
		for range customerLimit.Burst {
			mustRun(t, server.ask(t, update))
		}
		const two = `mutation { provisionCustomer(input: { customerId: "b" }) { customer { id } } updateOneCustomer(input: { customerId: "a" }) { id } }`
		const other = `mutation { provisionCustomer(input: { customerId: "b" }) { customer { id } } }`
		server.warm(t, two, other)
		got := server.ask(t, two)
		mustBeLimited(t, got, CustomerPolicy, 30)
		// Of the key, only what was taken at the door; of the other customer, nothing.
		if left := got.left(KeyPolicy); left != "r=200;t=400" {
			t.Errorf("the key has %s", left)
		}
		if got := server.ask(t, other); got.left(CustomerPolicy) != "r=2;t=30" {
			t.Errorf("status %d, RateLimit %q: %s", got.status, got.header.Get("RateLimit"), got.body)
		}
	})
}

func TestWithoutRateLimits(t *testing.T) {
	server := serveLimited(t)
	for range 200 {
		got := server.ask(t, update)
		mustRun(t, got)
		if got.header.Get("RateLimit") != "" || got.header.Get("RateLimit-Policy") != "" {
			t.Fatalf("limits are told: %v", got.header)
		}
		if cost := got.Extensions.Cost; cost.Requested != 305 || cost.Charged != 100 || cost.Max != testLimits.Cost {
			t.Fatalf("the cost is not told: %s", got.body)
		}
	}
}
