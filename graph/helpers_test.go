package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

const environment = "development"

// newStore opens an empty store that is closed when the test ends.
func newStore(t *testing.T) persistence.Store {
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
func serving(store persistence.Customers, log io.Writer) http.Handler {
	return NewHandler(Config{
		Customers: customers.New(store, billing.Check),
		Authenticate: func(context.Context, string) (domain.Actor, error) {
			return domain.Actor{KeyID: "test", EnvironmentID: environment, Scope: domain.ScopeFull}, nil
		},
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
}

// reply is an answer of the handler.
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
func ask(ctx context.Context, t *testing.T, handler http.Handler, operation string) reply {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": operation})
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
		t.Fatalf("status %d: the answer is no JSON: %q", got.status, got.body)
	}
	return got
}

// code is the code of the only error; empty if there is not exactly one.
func (r reply) code() string {
	if len(r.Errors) != 1 {
		return ""
	}
	code, _ := r.Errors[0].Extensions["code"].(string)
	return code
}

// insert stores a customer, live or archived.
func insert(t *testing.T, store persistence.Customers, customerID string, archived bool) {
	t.Helper()
	at := domain.Timestamp(time.Now())
	ref := domain.CustomerRef{EnvironmentID: environment, CustomerID: customerID}
	customer := &domain.Customer{
		Key: ref.Key(), ID: "uuid-of-" + customerID, EnvironmentID: environment, CustomerID: customerID,
		Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	if archived {
		customer.Archive(at)
	}
	if err := store.InsertCustomer(t.Context(), customer); err != nil {
		t.Fatal(err)
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
