package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/internal/idempotency"
	"clientele/persistence"
)

// servingKeyed is the handler over a store, with idempotency keys.
func servingKeyed(store persistence.Store, log *bytes.Buffer, options ...func(*Config)) http.Handler {
	logger := slog.New(slog.NewTextHandler(log, nil))
	config := Config{
		UseCases: resolver.NewUseCases(store, billingtest.Rules().Check, time.Now),
		Authenticate: func(context.Context, string) (domain.Actor, error) {
			return domain.Actor{KeyID: "test", EnvironmentID: environment, Scope: domain.ScopeFull}, nil
		},
		Idempotency: idempotency.New(store, logger),
		Log:         logger,
	}
	for _, option := range options {
		option(&config)
	}
	return NewHandler(config)
}

// askKeyed sends an operation with an idempotency key, and returns whether the response was a stored one.
func askKeyed(t *testing.T, handler http.Handler, operation string) (got reply, replayed bool) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": operation})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(RequestIDHeader, "the-request")
	request.Header.Set(IdempotencyKeyHeader, "the-key")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	got = reply{status: recorder.Code, body: recorder.Body.String()}
	if err := json.Unmarshal([]byte(got.body), &got); err != nil {
		t.Fatalf("status %d: the response is no JSON: %q", got.status, got.body)
	}
	return got, recorder.Header().Get(ReplayedHeader) == "true"
}

const keyedProvision = `mutation { provisionCustomer(input: { customerId: "ada" }) { customer { customerId } } }`

// TestKeysAreNotIgnored: a server that cannot keep what the header asks for says so.
func TestKeysAreNotIgnored(t *testing.T) {
	got, _ := askKeyed(t, serving(newStore(t), &bytes.Buffer{}), keyedProvision)
	if got.status != http.StatusBadRequest || got.code() != "UnsupportedParameter" {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

// failingOnce is a store whose first insert of a customer fails.
type failingOnce struct {
	persistence.Store
	err *error
}

func (s failingOnce) InsertCustomer(ctx context.Context, customer *domain.Customer) error {
	if err := *s.err; err != nil {
		*s.err = nil
		return err
	}
	return s.Store.InsertCustomer(ctx, customer)
}

// TestWhatNobodyKnowsIsNotReplayed: after an error that leaves open what was done, the same request is executed.
func TestWhatNobodyKnowsIsNotReplayed(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"the store did not answer":  {fmt.Errorf("insert: %w", persistence.ErrUnavailable), "OperationTimeout"},
		"the time was over":         {context.DeadlineExceeded, "OperationTimeout"},
		"something unexpected":      {errors.New("the disk is full"), "UnexpectedError"},
		"others were always faster": {domain.Errorf(domain.Conflict, "try again"), "ObjectAlreadyBeingUsedByAnotherRequestError"},
	} {
		t.Run(name, func(t *testing.T) {
			handler := servingKeyed(failingOnce{newStore(t), &c.err}, &bytes.Buffer{})
			if got, replayed := askKeyed(t, handler, keyedProvision); got.code() != c.code || replayed {
				t.Errorf("replayed %t: %s", replayed, got.body)
			}
			if got, replayed := askKeyed(t, handler, keyedProvision); len(got.Errors) > 0 || replayed {
				t.Errorf("sent again: replayed %t: %s", replayed, got.body)
			}
			if got, replayed := askKeyed(t, handler, keyedProvision); len(got.Errors) > 0 || !replayed {
				t.Errorf("and again: replayed %t: %s", replayed, got.body)
			}
		})
	}
}

// unkeeping is a store that keeps no requests.
type unkeeping struct{ persistence.Store }

func (unkeeping) InsertRequest(context.Context, *domain.KeyedRequest) error {
	return persistence.ErrUnavailable
}

// TestNothingIsExecutedWithoutAClaim: what cannot be remembered is not begun.
func TestNothingIsExecutedWithoutAClaim(t *testing.T) {
	store := newStore(t)
	got, _ := askKeyed(t, servingKeyed(unkeeping{store}, &bytes.Buffer{}), keyedProvision)
	if got.status != http.StatusOK || got.code() != "OperationTimeout" {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if n, err := store.CountCustomers(t.Context(), environment, nil); n != 0 || err != nil {
		t.Errorf("%d customers were made, %v", n, err)
	}
}

// TestBodies: what the outcome of a request depends on, and nothing else.
func TestBodies(t *testing.T) {
	bodyOfRequest := func(query, name string, variables map[string]any) string {
		t.Helper()
		operation := &graphql.OperationContext{RawQuery: query, Operation: &ast.OperationDefinition{Name: name}}
		body, err := bodyOf(&graphql.RawParams{Variables: variables}, operation)
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		return string(body)
	}
	one := func(v any) map[string]any { return map[string]any{"v": v} }
	first := bodyOfRequest(`mutation M { a(b: "c d", e: 1) }`, "M", map[string]any{"x": json.Number("1"), "y": nil})
	for name, same := range map[string]string{
		"white space and commas": bodyOfRequest("\ufeff mutation\tM{a(b:\"c d\"\n,,e:1)}", "M", map[string]any{"y": nil, "x": json.Number("1")}),
		"comments":               bodyOfRequest("#\nmutation M { a(b: \"c d\", # b\n e: 1) }#", "M", map[string]any{"y": nil, "x": json.Number("1")}),
		"an escape":              bodyOfRequest(`mutation M { a(b: "c\u0020d", e: 1) }`, "M", map[string]any{"x": json.Number("1"), "y": nil}),
	} {
		if same != first {
			t.Errorf("%s: %s\nis not %s", name, same, first)
		}
	}
	if bodyOfRequest(`{a}`, "", nil) != bodyOfRequest(`{a}`, "", map[string]any{}) {
		t.Error("no variables are not the same as none")
	}
	seen := map[string]string{first: "the first"}
	for name, other := range map[string]string{
		"another text":            bodyOfRequest(`mutation M { a(b: "c  d", e: 1) }`, "M", map[string]any{"x": json.Number("1"), "y": nil}),
		"another order":           bodyOfRequest(`mutation M { a(e: 1, b: "c d") }`, "M", map[string]any{"x": json.Number("1"), "y": nil}),
		"another number":          bodyOfRequest(`mutation M { a(b: "c d", e: 2) }`, "M", map[string]any{"x": json.Number("1"), "y": nil}),
		"a text for a number":     bodyOfRequest(`mutation M { a(b: "c d", e: "1") }`, "M", map[string]any{"x": json.Number("1"), "y": nil}),
		"another operation":       bodyOfRequest(`mutation M { a(b: "c d", e: 1) }`, "N", map[string]any{"x": json.Number("1"), "y": nil}),
		"another variable":        bodyOfRequest(`mutation M { a(b: "c d", e: 1) }`, "M", map[string]any{"x": json.Number("2"), "y": nil}),
		"a number as a text":      bodyOfRequest(`mutation M { a(b: "c d", e: 1) }`, "M", map[string]any{"x": "1", "y": nil}),
		"left out and not null":   bodyOfRequest(`mutation M { a(b: "c d", e: 1) }`, "M", map[string]any{"x": json.Number("1")}),
		"two tokens and not one":  bodyOfRequest(`{ab}`, "", nil),
		"one token and not two":   bodyOfRequest(`{a b}`, "", nil),
		"a list":                  bodyOfRequest(`{a}`, "", one([]any{"a", "b"})),
		"a list in another order": bodyOfRequest(`{a}`, "", one([]any{"b", "a"})),
		"a list of one":           bodyOfRequest(`{a}`, "", one([]any{"a"})),
		"its only value":          bodyOfRequest(`{a}`, "", one("a")),
	} {
		if seen[other] != "" {
			t.Errorf("%s is the same as %s: %s", name, seen[other], other)
		}
		seen[other] = name
	}
}
