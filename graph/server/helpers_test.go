package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/internal/limits"
	"clientele/internal/logging"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

const environment = "development"

// newStore opens an empty store that is closed when the test ends.
func newStore(t testing.TB) persistence.Store {
	t.Helper()
	store, err := bolt.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return store
}

// serving is the handler over a store, for a caller who may do everything in the environment.
func serving(store customers.Store, log io.Writer) http.Handler {
	return servingUseCases(resolver.NewUseCases(store, billingtest.Rules().Check, time.Now, customers.WithSync(idle{}),
		customers.WithIntegration(domain.Integration{ID: "stripe", Vendor: "STRIPE"})), environment, log)
}

// idle is a way to a billing provider on which nothing goes.
type idle struct{}

func (idle) Enqueue(context.Context, *domain.Customer, *domain.BillingInformation) <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (idle) Push(context.Context, *domain.Customer) error { return nil }

// servingAt is serving with a clock. What is logged there is unexpected, so it shows.
func servingAt(t testing.TB, store customers.Store, now func() time.Time) http.Handler {
	t.Helper()
	return servingUseCases(resolver.NewUseCases(store, billingtest.Rules().Check, now), environment, t.Output())
}

func servingUseCases(useCases resolver.UseCases, environmentID string, log io.Writer) http.Handler {
	return NewHandler(Config{
		UseCases: useCases,
		Authenticate: func(context.Context, string) (domain.Actor, error) {
			return domain.Actor{KeyID: "test", EnvironmentID: environmentID, Scope: domain.ScopeFull}, nil
		},
		Introspection: true,
		Limits:        testLimits,
		Log:           logging.New(log, logging.FormatText, slog.LevelInfo),
	})
}

// testLimits are such that nothing in earnest comes near them.
var testLimits = limits.Limits{
	BodyBytes: 8 << 20, Values: 100_000, ListLength: 10_000, QueryBytes: 128 << 10, Tokens: 10_000, NameLength: 128,
	Depth: 30, Aliases: 30, RootFields: 20, Directives: 50, Cost: 500_000, IntrospectionCost: 80_000, Errors: 10,
	AnswerBytes: 16 << 20, ReadTimeout: 30 * time.Second, OperationTimeout: 30 * time.Second,
}

// reply is a response of the handler.
type reply struct {
	status int
	body   string

	Data   map[string]any
	Errors []struct {
		Message    string
		Extensions map[string]any
	}
}

// ask sends an operation, under the request id "the-request".
func ask(ctx context.Context, t testing.TB, handler http.Handler, operation string) reply {
	t.Helper()
	return askWith(ctx, t, handler, operation, nil)
}

// askWith is ask with variables.
func askWith(ctx context.Context, t testing.TB, handler http.Handler, operation string, variables map[string]any) reply {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": operation, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(RequestIDHeader, "the-request")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	got := reply{status: recorder.Code, body: recorder.Body.String()}
	if err := json.Unmarshal([]byte(got.body), &got); err != nil {
		t.Fatalf("status %d: the response is no JSON: %q", got.status, got.body)
	}
	return got
}

// must executes an operation that must not fail, and returns the data.
func must(t testing.TB, handler http.Handler, operation string) map[string]any {
	t.Helper()
	got := ask(t.Context(), t, handler, operation)
	if got.status != http.StatusOK || len(got.Errors) > 0 {
		t.Fatalf("%s\nstatus %d: %s", operation, got.status, got.body)
	}
	return got.Data
}

// at are the values at a path of field names in a response, those of lists one after the other. A null is "null".
func at(data any, path string) []string {
	switch v := data.(type) {
	case []any:
		out := []string{}
		for _, element := range v {
			out = append(out, at(element, path)...)
		}
		return out
	case map[string]any:
		field, rest, _ := strings.Cut(path, ".")
		return at(v[field], rest)
	case nil:
		return []string{"null"}
	default:
		return []string{fmt.Sprint(v)}
	}
}

// code is the code of the only error; empty if there is not exactly one.
func (r reply) code() string {
	if len(r.Errors) != 1 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// noon is the time of tests that need no particular one.
var noon = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// hours is so many hours after noon.
func hours(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }

// bare is a customer with nothing but what every customer has.
func bare(customerID string, at time.Time) *domain.Customer {
	ref := domain.CustomerRef{EnvironmentID: environment, CustomerID: customerID}
	return &domain.Customer{
		Key: ref.Key(), ID: "uuid-of-" + customerID, EnvironmentID: environment, CustomerID: customerID,
		Version: 1, CreatedAt: at, UpdatedAt: at,
	}
}

// record is what a document begins with.
func record(refID string, at time.Time) domain.Record {
	return domain.NewRecord(domain.Ref{EnvironmentID: environment, RefID: refID}, "uuid-of-"+refID, at)
}

// insert stores a customer, live or archived.
func insert(t *testing.T, store persistence.Customers, customerID string, archived bool) {
	t.Helper()
	customer := bare(customerID, domain.Timestamp(time.Now()))
	if archived {
		customer.Archive(customer.CreatedAt)
	}
	insertCustomers(t, store, customer)
}

func insertCustomers(t testing.TB, store persistence.Customers, all ...*domain.Customer) {
	t.Helper()
	for _, customer := range all {
		if err := store.InsertCustomer(t.Context(), customer); err != nil {
			t.Fatal(err)
		}
	}
}

// put stores new documents.
func put[T any](t testing.TB, documents persistence.Documents[T], all ...*T) {
	t.Helper()
	for _, document := range all {
		if err := documents.Insert(t.Context(), document); err != nil {
			t.Fatal(err)
		}
	}
}

// mustHold looks for texts in what was logged.
func mustHold(t *testing.T, log string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(log, text) {
			t.Errorf("the log does not hold %q:\n%s", text, log)
		}
	}
}

// mapped are the elements of a list, each as a function has it.
func mapped[From, To any](list []From, shape func(From) To) []To {
	out := make([]To, len(list))
	for i, element := range list {
		out[i] = shape(element)
	}
	return out
}
