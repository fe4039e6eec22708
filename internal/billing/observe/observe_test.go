package observe_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"clientele/internal/billing"
	"clientele/internal/billing/accounttest"
	"clientele/internal/billing/billingtest"
	"clientele/internal/billing/observe"
	"clientele/internal/billing/simulator"
	"clientele/internal/billing/stripe"
)

// TestProvider: observing changes nothing.
func TestProvider(t *testing.T) {
	t.Parallel()
	billingtest.Run(t, func(t *testing.T) billingtest.Account {
		const secret = "whsec_of_the_suite"
		sim := simulator.New(simulator.Options{WebhookSecret: secret})
		server := httptest.NewServer(sim)
		t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
		provider, err := stripe.New(stripe.Config{
			SecretKey: "sk_test_of_the_suite", WebhookSecrets: []string{secret}, APIBase: server.URL,
			Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		return accounttest.Of(t, sim, observe.Wrap(provider, noop.Tracer{}, &metrics{}))
	})
}

// metrics keeps what is reported to it.
type metrics struct {
	mutex sync.Mutex
	calls []string
	took  []time.Duration
}

func (m *metrics) BillingCall(operation, outcome string, took time.Duration) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.calls = append(m.calls, operation+" "+outcome)
	m.took = append(m.took, took)
}

// watched returns a provider, what is reported of it, and a context within a trace.
func watched(t *testing.T, to billing.Provider) (context.Context, *observe.Provider, *metrics, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	tracer := sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)).Tracer("test")
	reported := &metrics{}
	ctx, _ := tracer.Start(t.Context(), "sync")
	return ctx, observe.Wrap(to, tracer, reported), reported, spans
}

// sameResult returns the same error from every call.
type sameResult struct {
	billing.Provider

	err error
}

func (a sameResult) UpdateCustomer(context.Context, string, billing.CustomerUpdate) (billing.Receipt, error) {
	if a.err != nil {
		return billing.Receipt{}, a.err
	}
	return billing.Receipt{RequestID: "req_ok"}, nil
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	failing := func(kind billing.ErrorKind) error {
		return &billing.ProviderError{Kind: kind, Code: "ada", Param: "ada", RequestID: "req_failed"}
	}
	for name, c := range map[string]struct {
		err              error
		outcome, request string
	}{
		"none":               {nil, "ok", "req_ok"},
		"passing":            {failing(billing.Temporary), "temporary", "req_failed"},
		"nobody knows":       {failing(billing.UnknownOutcome), "unknown_outcome", "req_failed"},
		"refused":            {failing(billing.Permanent), "permanent", "req_failed"},
		"deleted":            {failing(billing.DeletedCustomer), "deleted_customer", "req_failed"},
		"a key":              {failing(billing.KeySpent), "key_spent", "req_failed"},
		"wrapped":            {fmt.Errorf("ada: %w", failing(billing.KeySpent)), "key_spent", "req_failed"},
		"an unknown kind":    {failing("ada"), "error", "req_failed"},
		"another error":      {errors.New("ada@example.com"), "error", ""},
		"without a response": {&billing.ProviderError{Kind: billing.Temporary}, "temporary", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, provider, reported, spans := watched(t, sameResult{err: c.err})
			if _, err := provider.UpdateCustomer(ctx, "cus_ada", billing.CustomerUpdate{}); !errors.Is(err, c.err) {
				t.Errorf("the error is %v", err)
			}
			if want := []string{"updateCustomer " + c.outcome}; !slices.Equal(reported.calls, want) || reported.took[0] <= 0 {
				t.Errorf("reported was %q, %v", reported.calls, reported.took)
			}
			span := spans.Ended()[0]
			attributes := map[string]string{}
			for _, a := range span.Attributes() {
				attributes[string(a.Key)] = a.Value.String()
			}
			want := map[string]string{}
			if c.request != "" {
				want["clientele.billing.request"] = c.request
			}
			if c.err != nil {
				want["error.type"] = c.outcome
			}
			if !maps.Equal(attributes, want) || span.Name() != "updateCustomer" || span.SpanKind().String() != "client" {
				t.Errorf("the span is %s with %v", span.Name(), attributes)
			}
			if status := span.Status(); (status.Code == codes.Error) != (c.err != nil) || status.Description != "" || len(span.Events()) > 0 {
				t.Errorf("the span's status is %v, its events %v", status, span.Events())
			}
			seen[c.outcome] = true
		})
	}
	if want := observe.Outcomes(); len(seen) != len(want) {
		t.Errorf("the outcomes are %q, seen were %v", want, seen)
	}
}

// nobody is reached by no call.
type nobody struct{ billing.Provider }

// TestEveryMethodIsHeard calls each method of the port, so that none that is added stays in the dark. The provider
// behind it panics at each, which is reported too.
func TestEveryMethodIsHeard(t *testing.T) {
	t.Parallel()
	ctx, provider, reported, spans := watched(t, nobody{})
	object := reflect.ValueOf(provider)
	var methods []string
	for i := range object.NumMethod() {
		name := object.Type().Method(i).Name
		if name == "ParseEvent" || name == "Vendor" {
			continue // They make no request.
		}
		methods = append(methods, strings.ToLower(name)+" error")
		arguments := []reflect.Value{reflect.ValueOf(ctx)}
		for a := 1; a < object.Method(i).Type().NumIn(); a++ {
			arguments = append(arguments, reflect.Zero(object.Method(i).Type().In(a)))
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic went nowhere", name)
				}
			}()
			object.Method(i).Call(arguments)
		}()
	}
	got := slices.Clone(reported.calls)
	for i, call := range got {
		operation, _, _ := strings.Cut(call, " ")
		if !slices.Contains(observe.Operations(), operation) {
			t.Errorf("%s is no operation that is known", operation)
		}
		got[i] = strings.ToLower(call)
	}
	if !slices.Equal(got, methods) || len(methods) != len(observe.Operations()) || len(spans.Ended()) != len(methods) {
		t.Errorf("reported was %q of %q, with %d spans", got, methods, len(spans.Ended()))
	}
	for _, span := range spans.Ended() {
		if span.Status().Code != codes.Error || len(span.Events()) > 0 {
			t.Errorf("%s: %v, %v", span.Name(), span.Status(), span.Events())
		}
	}
}

// TestWithoutATrace: what nobody traces is measured, and makes no trace of its own.
func TestWithoutATrace(t *testing.T) {
	t.Parallel()
	_, provider, reported, spans := watched(t, sameResult{})
	if _, err := provider.UpdateCustomer(t.Context(), "", billing.CustomerUpdate{}); err != nil {
		t.Fatal(err)
	}
	if len(reported.calls) != 1 || len(spans.Ended()) != 0 {
		t.Errorf("reported was %q, there are %d spans", reported.calls, len(spans.Ended()))
	}
}
