package tests

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"clientele/internal/config"
	"clientele/internal/limits"
)

// repeated is a text so many times, with its number for #.
func repeated(n int, text string) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(strings.ReplaceAll(text, "#", fmt.Sprint(i)))
	}
	return out.String()
}

// TestLimits lowers each limit by its setting, and sends what just fits and what just does not.
func TestLimits(t *testing.T) {
	const (
		input   = "BadUserInput"
		tooMuch = http.StatusRequestEntityTooLarge
	)
	query := func(text string) string { return asJSON(t, object{"query": text}) }
	padded := func(text string, n int) string { return text + strings.Repeat(" ", n-len(text)) }
	list := func(n int) string {
		return asJSON(t, object{
			"query":     `query ($f: CustomerFilter) { customers(filter: $f) { totalCount } }`,
			"variables": object{"f": object{"customerId": object{"in": strings.Split(strings.Repeat("a", n), "")}}},
		})
	}
	// The keys count, the text, the object and the list.
	values := func(n int) string {
		return `{"query": "{ __typename }", "variables": {"a": [` + strings.Repeat("1,", n-6) + `1]}}`
	}
	nested := func(n int) string {
		return query("{" + strings.Repeat("...{", n-1) + "__typename" + strings.Repeat("}", n))
	}
	deep := func(n int) string {
		return `{"query": "{ __typename }", "variables": {"a": ` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`
	}
	literal := func(n int) string {
		return query(`{ getCustomerByRefId(input: { customerId: ` + strings.Repeat("[", n-1) + `"a"` + strings.Repeat("]", n-1) + ` }) { id } }`)
	}
	roots := func(n int) string {
		return query("{ ...F " + strings.Repeat("__typename ", n-2) + "} fragment F on Query { ... { __typename __typename } }")
	}
	page := func(n int) string {
		return query(fmt.Sprintf(`{ customers(paging: { first: %d }) { edges { node { id } } } }`, n))
	}
	// These two have tests of their own below.
	tested := map[string]bool{"errors": true, "answerBytes": true}
	for _, c := range []struct {
		flag string
		max  int
		// limit is how refusals name it.
		limit, code string
		status      int
		fits, over  string
	}{
		{"max-body-bytes", 500, "bodyBytes", input, tooMuch, padded(query(count), 500), padded(query(count), 501)},
		{"max-values", 20, "values", input, tooMuch, values(20), values(21)},
		{"max-list-length", 5, "listLength", input, tooMuch, list(5), list(6)},
		{"max-query-bytes", 100, "queryBytes", input, tooMuch, query(padded(count, 100)), query(padded(count, 101))},
		{"max-tokens", 40, "tokens", input, 200, query("{customers{" + strings.Repeat("totalCount ", 35) + "}}"), query("{customers{" + strings.Repeat("totalCount ", 36) + "}}")},
		{"max-name-length", 20, "nameLength", input, 200, query("query " + strings.Repeat("a", 20) + count), query("query " + strings.Repeat("a", 21) + count)},
		{"max-name-length", 20, "nameLength", input, 200, query("{" + strings.Repeat("a", 20) + ":__typename}"), query("{" + strings.Repeat("a", 21) + ":__typename}")},
		{"max-name-length", 20, "nameLength", input, 400, "", `{"query": "{ __typename }", "operationName": "` + strings.Repeat("a", 21) + `"}`},
		{"max-depth", 6, "depth", input, 200, nested(6), nested(7)},
		{"max-depth", 6, "depth", input, 400, deep(6), deep(7)},
		{"max-depth", 6, "depth", input, 200, "", literal(7)},
		{"max-aliases", 3, "aliases", "GraphQLAliasesLimitExceeded", 200, query("{" + repeated(3, "a#: __typename ") + "}"), query("{" + repeated(4, "a#: __typename ") + "}")},
		{"max-root-fields", 4, "rootFields", input, 200, roots(4), roots(5)},
		{"max-directives", 5, "directives", input, 200, query("{" + strings.Repeat("__typename @skip(if: false) ", 5) + "}"), query("{" + strings.Repeat("__typename @skip(if: false) ", 6) + "}")},
		{"max-cost", 387, "cost", input, 200, page(40), page(41)},
		{"max-introspection-cost", 252, "introspectionCost", input, 200, query(`{ __schema { types { name } } }`), query(`{ __schema { types { name } queryType { name } } }`)},
	} {
		tested[c.limit] = true
		t.Run(c.flag, func(t *testing.T) {
			server := startWith(t, "--"+c.flag+"="+fmt.Sprint(c.max))
			if c.fits != "" {
				if got := server.post(t, c.fits); len(got.Errors) > 0 {
					t.Errorf("what fits is refused: %s", got.body)
				}
			}
			mustBeLimited(t, server.post(t, c.over), c.status, c.code, c.limit, float64(c.max))
		})
	}
	for field := range reflect.TypeFor[limits.Limits]().Fields() {
		if name := field.Tag.Get("limit"); field.Type.Kind() == reflect.Int && !tested[name] {
			t.Errorf("no row has the limit %s", name)
		}
	}
}

// startWith starts a service with settings of its own.
func startWith(t *testing.T, flags ...string) *service {
	t.Helper()
	cfg, err := config.Load(flags, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir = t.TempDir()
	return startService(t, cfg)
}

// mustBeLimited expects a short refusal that names the limit.
func mustBeLimited(t *testing.T, got *apiResponse, status int, code, name string, limit any) {
	t.Helper()
	mustBeError(t, name, got, status, code)
	if len(got.Errors) != 1 || got.Errors[0].Extensions["limit"] != name || got.Errors[0].Extensions["max"] != limit {
		t.Errorf("want the limit %s of %v: %s", name, limit, got.body)
	}
	if len(got.body) > 2<<10 {
		t.Errorf("the refusal has %d bytes", len(got.body))
	}
}

func TestErrorsPerResponseAreLimited(t *testing.T) {
	server := startWith(t, "--max-errors=3")
	for name, c := range map[string]struct {
		query string
		// more is how many errors the last one says there are beyond; 0 if it does not have to say.
		more float64
	}{
		"three of the document":      {`{ a b c }`, 0},
		"many of the document":       {`{ a b c d e f }`, 1}, // The validator stops at the first beyond the limit.
		"three of the fields":        {`mutation { ` + repeated(3, `a#: archiveCustomer(input: { customerId: "a" }) { id } `) + `}`, 0},
		"more of the fields":         {`mutation { ` + repeated(8, `a#: archiveCustomer(input: { customerId: "a" }) { id } `) + `}`, 5},
		"errors with long sentences": {`{ ` + repeated(6, strings.Repeat("a", 120)+"# ") + `}`, 1},
	} {
		got := server.post(t, body(t, c.query, nil))
		if len(got.Errors) != 3 {
			t.Errorf("%s: %d errors are returned: %s", name, len(got.Errors), got.body)
			continue
		}
		last := got.Errors[2].Extensions
		if c.more == 0 && last["limit"] != nil || c.more > 0 && (last["limit"] != "errors" || last["max"] != 3.0 || last["more"] != c.more) {
			t.Errorf("%s: want %v more: %s", name, c.more, got.body)
		}
		if last["code"] == nil {
			t.Errorf("%s: the last error has no code: %s", name, got.body)
		}
	}
}

// TestResponseSizeIsLimited selects much metadata at a low price.
func TestResponseSizeIsLimited(t *testing.T) {
	server := startWith(t, "--max-answer-bytes=20000")
	long := object{}
	for i := range 10 {
		long[fmt.Sprint(i)] = strings.Repeat("x", 400)
	}
	for i := range 5 {
		server.must(t, provisionOperation, object{"input": object{"customerId": fmt.Sprint(i)}})
		server.must(t, `mutation ($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { id } }`,
			object{"input": object{"customerId": fmt.Sprint(i), "additionalMetaData": long}})
	}
	page := func(n int) string {
		return fmt.Sprintf(`{ customers(paging: { first: %d }) { edges { node { additionalMetaData } } } }`, n)
	}
	if got := server.do(t, page(4), nil); len(got.Errors) > 0 || len(got.body) < 16_000 {
		t.Errorf("four customers: %.300s", got.body)
	}
	// In this order, because the mutation leaves no customers for a page.
	for _, c := range []struct{ name, query string }{
		{"a page", page(5)},
		{"a mutation", `mutation { ` + repeated(5, `a#: archiveCustomer(input: { customerId: "#" }) { additionalMetaData } `) + `}`},
	} {
		got := server.do(t, c.query, nil)
		if len(got.Errors) != 1 || got.Errors[0].Extensions["limit"] != "answerBytes" || got.Errors[0].Extensions["max"] != 20000.0 ||
			got.status != http.StatusOK || !strings.Contains(string(got.body), `"data":null`) || len(got.body) > 1000 {
			t.Errorf("%s: status %d: %.500s", c.name, got.status, got.body)
		}
	}
	mustHaveNoCustomers(t, "a mutation whose response is too long was carried out", server)
}

func TestOperationsEndInTime(t *testing.T) {
	server := startWith(t, "--operation-timeout=1ns")
	got := server.post(t, body(t, count, nil))
	if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "OperationTimeout" ||
		got.Errors[0].Extensions["limit"] != "operationTimeout" || got.Errors[0].Extensions["max"] != "1ns" {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

// TestSlowClients sends all but the last byte.
func TestSlowClients(t *testing.T) {
	server := startWith(t, "--read-header-timeout=100ms", "--read-timeout=300ms")
	body := body(t, count, nil)
	header := fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: server\r\nX-Api-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", fullKey, len(body))
	send := func(text string) (*http.Response, string) {
		connection, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(connection, text); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, ""
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(content)
	}
	if response, text := send(header + body[:len(body)-1]); response == nil || response.StatusCode != http.StatusRequestTimeout ||
		!strings.Contains(text, `"limit":"readTimeout"`) || !strings.Contains(text, `"max":"300ms"`) {
		t.Errorf("a slow body: %v: %s", response, text)
	}
	// No GraphQL response is possible yet.
	if response, text := send(header[:len(header)-1]); response != nil && response.StatusCode != http.StatusBadRequest {
		t.Errorf("a slow header: %v: %s", response, text)
	}
}
