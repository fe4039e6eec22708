package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"clientele/graph/resolver"
	"clientele/internal/billing/billingtest"
	"clientele/internal/domain"
	"clientele/internal/limits"
	"clientele/internal/logging"
	"clientele/persistence"
)

// heard is what the handler reports of operations.
type heard struct {
	log        bytes.Buffer
	spans      *tracetest.SpanRecorder
	operations []string
	refusals   []string
	costs      []int
	panics     int
	replays    int
	untrusted  int
}

func (h *heard) Operation(kind, field, code string, cost int, took time.Duration) {
	h.operations = append(h.operations, kind+" "+field+" "+code)
	h.costs = append(h.costs, cost)
	if took <= 0 {
		h.operations = append(h.operations, took.String())
	}
}
func (h *heard) Refusal(limit string) {
	if !slices.Contains(limits.Names(), limit) {
		panic("metrics do not know the limit " + limit)
	}
	h.refusals = append(h.refusals, limit)
}
func (h *heard) Untrusted() { h.untrusted++ }
func (h *heard) Panic()     { h.panics++ }
func (h *heard) Replay()    { h.replays++ }

// listening is a handler over a store, and what is heard of it. The Authenticate of the configuration knows one key.
func listening(store persistence.Store) (http.Handler, *heard) {
	h := &heard{spans: tracetest.NewSpanRecorder()}
	return NewHandler(Config{
		Limits:   testLimits,
		UseCases: resolver.NewUseCases(store, billingtest.Rules().Check, time.Now),
		Authenticate: func(context.Context, string) (domain.Actor, error) {
			return domain.Actor{KeyID: "the-key", EnvironmentID: environment, Scope: domain.ScopeFull}, nil
		},
		Introspection: true,
		Log:           logging.New(&h.log, logging.FormatText, slog.LevelDebug),
		Metrics:       h,
		Tracer:        sdk.NewTracerProvider(sdk.WithSpanProcessor(h.spans)).Tracer("test"),
	}), h
}

// notes are the facts that the line of the request would have.
func notes(ctx context.Context) map[string]string {
	out := map[string]string{}
	for _, note := range logging.Fields(ctx) {
		out[note.Key] = note.Value.String()
	}
	return out
}

func TestOperationsAreObserved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation string
		told      string
		fields    string
		codes     string
		cost      bool
		fault     bool
	}{
		"a query":                   {`query SecretMark { customers { totalCount } }`, "query customers none", "customers", "", true, false},
		"a mutation":                {`mutation SecretMark { archiveCustomer(input: { customerId: "one" }) { id } }`, "mutation archiveCustomer none", "archiveCustomer", "", true, false},
		"an alias":                  {`{ SecretMark: customers { totalCount } }`, "query customers none", "customers", "", true, false},
		"one field twice":           {`{ a: customers { totalCount } b: customers { totalCount } }`, "query customers none", "customers", "", true, false},
		"two fields":                {`{ customers { totalCount } coupons { totalCount } }`, "query several none", "customers,coupons", "", true, false},
		"fields within fragments":   {`{ ...SecretMark ... { coupons { totalCount } } } fragment SecretMark on Query { customers { totalCount } }`, "query several none", "customers,coupons", "", true, false},
		"the type's name":           {`{ __typename }`, "query __typename none", "__typename", "", true, false},
		"the schema":                {`{ __schema { queryType { name } } }`, "query __schema none", "__schema", "", true, false},
		"a refusal":                 {`{ getCustomerByRefId(input: { customerId: "SecretMark" }) { id } }`, "query getCustomerByRefId none", "getCustomerByRefId", "", true, false},
		"an error":                  {`mutation { updateOneCustomer(input: { customerId: "SecretMark", name: "SecretMark" }) { id } }`, "mutation updateOneCustomer CustomerNotFound", "updateOneCustomer", "CustomerNotFound", true, false},
		"an error twice":            {`mutation { a: updateOneCustomer(input: { customerId: "x", name: "b" }) { id } b: updateOneCustomer(input: { customerId: "x", name: "b" }) { id } }`, "mutation updateOneCustomer CustomerNotFound", "updateOneCustomer", "CustomerNotFound", true, false},
		"no GraphQL":                {`{ SecretMark`, "none none GRAPHQL_PARSE_FAILED", "", "GRAPHQL_PARSE_FAILED", false, false},
		"a field that there is not": {`{ SecretMark }`, "none none GRAPHQL_VALIDATION_FAILED", "", "GRAPHQL_VALIDATION_FAILED", false, false},
		"a variable that is wrong":  {`query SecretMark($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) { id } }`, "query getCustomerByRefId GRAPHQL_VALIDATION_FAILED", "getCustomerByRefId", "GRAPHQL_VALIDATION_FAILED", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			insert(t, store, "one", false)
			handler, h := listening(store)
			ctx := logging.Begin(t.Context(), "the-request")
			got := ask(ctx, t, handler, c.operation)

			if !slices.Equal(h.operations, []string{c.told}) || len(h.refusals) > 0 || (h.costs[0] > 0) != c.cost {
				t.Errorf("counted are %q, %d, %q: %s", h.operations, h.costs, h.refusals, got.body)
			}
			noted := notes(ctx)
			want := map[string]string{"operation": strings.Fields(c.told)[0], "keyId": "the-key", "environment": environment}
			for key, value := range map[string]string{"fields": c.fields, "codes": c.codes} {
				if value != "" {
					want[key] = value
				}
			}
			if c.cost {
				want["cost"] = fmt.Sprint(h.costs[0])
			}
			if !maps.Equal(noted, want) {
				t.Errorf("the line has %v, want %v", noted, want)
			}
			ended := h.spans.Ended()
			if len(ended) != 1 {
				t.Fatalf("there are %d spans", len(ended))
			}
			words := strings.Fields(c.told)
			if name := "GraphQL " + words[0] + " " + words[1]; ended[0].Name() != name {
				t.Errorf("the span is %q, want %q", ended[0].Name(), name)
			}
			told := fmt.Sprint(h.operations, h.log.String(), noted, ended[0].Attributes(), ended[0].Events(), ended[0].Name())
			if strings.Contains(told, "SecretMark") {
				t.Errorf("what the client sent is told: %s", told)
			}
		})
	}
}

func TestReplaysAreObserved(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	h := &heard{spans: tracetest.NewSpanRecorder()}
	handler := servingKeyed(store, &h.log, func(c *Config) { c.Metrics = h })
	for range 2 {
		askKeyed(t, handler, keyedProvision)
	}
	if want := []string{"mutation provisionCustomer none", "mutation provisionCustomer none"}; !slices.Equal(h.operations, want) || h.replays != 1 {
		t.Errorf("counted are %q and %d replays", h.operations, h.replays)
	}
}

func TestLimitsAreCountedByTheirNames(t *testing.T) {
	t.Parallel()
	h := &heard{}
	ctx := context.WithValue(t.Context(), observationKey{}, &observation{metrics: h})
	observedErrors{}.present(ctx, domain.Errorf(domain.BadUserInput, "too deep").With("limit", "depth"))
	observedErrors{}.present(ctx, domain.Errorf(domain.BadUserInput, "another").With("limit", 5))
	if !slices.Equal(h.refusals, []string{"depth"}) {
		t.Errorf("counted are %q", h.refusals)
	}
}

func TestFaultsAreMarkedInTheSpan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		instead func(context.Context) error
		code    string
		panics  int
	}{
		"an unexpected error": {func(context.Context) error { return errors.New(`cannot read "SecretMark"`) }, "UnexpectedError", 0},
		"a panic":             {func(context.Context) error { panic(`cannot read "SecretMark"`) }, "UnexpectedError", 1},
		"a timeout":           {func(context.Context) error { return context.DeadlineExceeded }, "OperationTimeout", 0},
		"no answer":           {func(context.Context) error { return fmt.Errorf("%w: SecretMark@x", persistence.ErrUnavailable) }, "OperationTimeout", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler, h := listening(brokenStore{newStore(t), c.instead})
			ask(t.Context(), t, handler, `{ getCustomerByRefId(input: { customerId: "one" }) { id } }`)
			if want := []string{"query getCustomerByRefId " + c.code}; !slices.Equal(h.operations, want) || h.panics != c.panics {
				t.Errorf("counted are %q and %d panics", h.operations, h.panics)
			}
			if span := h.spans.Ended()[0]; span.Status().Code != codes.Error || len(span.Events()) > 0 {
				t.Errorf("the span has %v, %v", span.Status(), span.Events())
			}
			if strings.Contains(h.log.String(), "SecretMark") {
				t.Errorf("the log has what was quoted: %s", h.log.String())
			}
		})
	}
}

// TestAPanicOutsideTheOperation: the response to a panic anywhere is a GraphQL response.
func TestAPanicOutsideTheOperation(t *testing.T) {
	t.Parallel()
	h := &heard{}
	handler := NewHandler(Config{
		Authenticate: func(context.Context, string) (domain.Actor, error) { panic(errors.New(`no such key "SecretMark"`)) },
		Log:          logging.New(&h.log, logging.FormatText, slog.LevelDebug),
		Metrics:      h,
	})
	got := ask(t.Context(), t, handler, `{ __typename }`)
	if got.status != http.StatusInternalServerError || got.code() != "UnexpectedError" || got.Errors[0].Extensions["requestId"] != "the-request" {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if want := []string{"none none UnexpectedError"}; !slices.Equal(h.operations, want) || h.panics != 1 {
		t.Errorf("counted are %q and %d panics", h.operations, h.panics)
	}
	if strings.Contains(h.log.String()+got.body, "SecretMark") {
		t.Errorf("what was quoted is told: %s %s", h.log.String(), got.body)
	}
	mustHold(t, h.log.String(), "requestId=the-request", "level=ERROR", "observe_test.go:")
}

func TestTheWordsOfMetrics(t *testing.T) {
	t.Parallel()
	fields := RootFields()
	for _, name := range []string{"customers", "provisionCustomer", "__schema", "__typename"} {
		if !slices.Contains(fields, name) {
			t.Errorf("%s is no root field", name)
		}
	}
	codes := Codes()
	if !slices.Contains(codes, "CustomerNotFound") || !slices.Contains(codes, "GRAPHQL_PARSE_FAILED") {
		t.Errorf("the codes are %q", codes)
	}
	for _, words := range [][]string{fields, codes} {
		if len(slices.Compact(slices.Sorted(slices.Values(words)))) != len(words) {
			t.Errorf("a word is there twice: %q", words)
		}
	}
}

func TestRateLimitsHaveNamesForMetrics(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{KeyPolicy, CustomerPolicy, inFlightLimit, workLimit} {
		if !slices.Contains(limits.Names(), limit) {
			t.Errorf("metrics do not know the limit %s", limit)
		}
	}
}
