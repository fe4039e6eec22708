package observe_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/bolt"
	"clientele/persistence/observe"
	"clientele/persistence/persistencetest"
)

// TestConformance: measuring changes nothing.
func TestConformance(t *testing.T) {
	t.Parallel()
	// The folder of each store, which a store does not expose.
	var directories sync.Map
	open := func(dir string) (persistence.Store, error) {
		engine, err := bolt.Open(t.Context(), dir)
		if err != nil {
			return nil, err
		}
		store := observe.Wrap(engine, "bbolt", noop.Tracer{}, &metrics{})
		directories.Store(store, dir)
		return store, nil
	}
	persistencetest.Run(t, persistencetest.Engine{
		Open: func(t *testing.T) persistence.Store {
			t.Helper()
			store, err := open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
		Reopen: func(closed persistence.Store) (persistence.Store, error) {
			dir, _ := directories.Load(closed)
			return open(dir.(string))
		},
	})
}

// metrics keeps the calls.
type metrics struct {
	mutex sync.Mutex
	calls []string
	took  []time.Duration
}

func (m *metrics) StoreCall(method, collection, outcome string, took time.Duration) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.calls = append(m.calls, method+" "+collection+" "+outcome)
	m.took = append(m.took, took)
}

// watched returns a measured store with its metrics and spans, and a context within a trace.
func watched(t *testing.T, engine persistence.Store) (context.Context, *observe.Store, *metrics, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	tracer := sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)).Tracer("test")
	recorded := &metrics{}
	ctx, _ := tracer.Start(t.Context(), "operation")
	return ctx, observe.Wrap(engine, "mongodb", tracer, recorded), recorded, spans
}

// refusing returns one error to every call.
type refusing struct {
	persistence.Store

	err error
}

func (r refusing) AllDocuments() persistence.AllDocuments {
	return persistence.AllDocuments{Customers: refusingDocuments{err: r.err}}
}

type refusingDocuments struct {
	persistence.Documents[domain.Customer]

	err error
}

func (r refusingDocuments) Insert(context.Context, *domain.Customer) error { return r.err }

func TestOutcomes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for name, c := range map[string]struct {
		err     error
		outcome string
		fault   bool
	}{
		"none":                         {nil, "ok", false},
		"nothing there":                {persistence.ErrNotFound, "not_found", false},
		"something there":              {persistence.ErrExists, "exists", false},
		"a conflict":                   {persistence.ErrConflict, "conflict", false},
		"a wrong cursor":               {persistence.ErrInvalidCursor, "invalid_cursor", false},
		"too much under way":           {persistence.ErrBusy, "busy", false},
		"more memory than there is":    {persistence.ErrTooLarge, "too_large", false},
		"no answer":                    {persistence.ErrUnavailable, "unavailable", true},
		"a closed store":               {persistence.ErrClosed, "closed", true},
		"a folder in use":              {persistence.ErrInUse, "in_use", true},
		"the time is over":             {context.DeadlineExceeded, "timeout", true},
		"the client has left":          {context.Canceled, "canceled", false},
		"one that nobody knows":        {errors.New("ada@example.com"), "error", true},
		"one of the contract, wrapped": {fmt.Errorf("ada@example.com: %w", persistence.ErrNotFound), "not_found", false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.err != nil && c.outcome != "error" {
				c.err = fmt.Errorf("ada@example.com: %w", c.err)
			}
			ctx, store, recorded, spans := watched(t, refusing{err: c.err})
			if err := store.InsertCustomer(ctx, &domain.Customer{}); !errors.Is(err, c.err) {
				t.Errorf("the error is %v", err)
			}
			if want := []string{"insert customers " + c.outcome}; !slices.Equal(recorded.calls, want) || recorded.took[0] <= 0 {
				t.Errorf("the calls are %q, %v", recorded.calls, recorded.took)
			}
			span := spans.Ended()[0]
			attributes := map[string]string{}
			for _, a := range span.Attributes() {
				attributes[string(a.Key)] = a.Value.String()
			}
			want := map[string]string{"db.system.name": "mongodb", "db.operation.name": "insert", "db.collection.name": "customers"}
			if c.err != nil {
				want["error.type"] = c.outcome
			}
			if !maps.Equal(attributes, want) || span.Name() != "insert customers" || span.SpanKind().String() != "client" {
				t.Errorf("the span is %s with %v", span.Name(), attributes)
			}
			if status := span.Status(); (status.Code == codes.Error) != c.fault || status.Description != "" || len(span.Events()) > 0 {
				t.Errorf("the span's status is %v, its events %v", status, span.Events())
			}
			seen[c.outcome] = true
		})
	}
	if want := observe.Outcomes(); len(seen) != len(want) {
		t.Errorf("the outcomes are %q, seen were %v", want, seen)
	}
}

// TestEveryMethodIsMeasured calls each method of the contract, so that a new one has to be measured too.
func TestEveryMethodIsMeasured(t *testing.T) {
	t.Parallel()
	engine, err := bolt.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, store, recorded, spans := watched(t, engine)
	calls := 0
	var callAll func(object reflect.Value)
	callAll = func(object reflect.Value) {
		for i := range object.NumMethod() {
			method := object.Type().Method(i)
			if method.Name == "Close" {
				continue
			}
			arguments := []reflect.Value{}
			for a := range object.Method(i).Type().NumIn() {
				arguments = append(arguments, argument(ctx, object.Method(i).Type().In(a)))
			}
			results := object.Method(i).Call(arguments)
			if len(arguments) == 0 {
				// A collection; its methods are those of Documents.
				callAll(results[0])
				continue
			}
			calls++
			if len(recorded.calls) != calls {
				t.Errorf("%s of %s is not measured, or more than once: %q", method.Name, object.Type(), recorded.calls)
				calls = len(recorded.calls)
			}
		}
	}
	callAll(reflect.ValueOf(store))
	if err := store.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if calls < 60 || len(spans.Ended()) != calls {
		t.Errorf("there are %d calls and %d spans", calls, len(spans.Ended()))
	}
	collections, methods := map[string]bool{}, map[string]bool{}
	for _, call := range recorded.calls {
		words := strings.Fields(call)
		methods[words[0]], collections[words[1]] = true, true
		if !slices.Contains(observe.Outcomes(), words[2]) {
			t.Errorf("%q has an unknown outcome", call)
		}
	}
	for name, c := range map[string]struct {
		seen map[string]bool
		all  []string
	}{"methods": {methods, observe.Methods()}, "collections": {collections, observe.Collections()}} {
		got, want := slices.Sorted(maps.Keys(c.seen)), slices.Sorted(slices.Values(c.all))
		if !slices.Equal(got, want) {
			t.Errorf("the %s are %q, want %q", name, got, want)
		}
	}
}

// argument is a value that a method can be called with, without much effect.
func argument(ctx context.Context, of reflect.Type) reflect.Value {
	switch {
	case of == reflect.TypeFor[context.Context]():
		return reflect.ValueOf(ctx)
	case of.Kind() == reflect.Pointer:
		return reflect.New(of.Elem())
	default:
		return reflect.Zero(of)
	}
}

// TestWithoutATrace: background work is measured, and makes no trace of its own.
func TestWithoutATrace(t *testing.T) {
	t.Parallel()
	_, store, recorded, spans := watched(t, refusing{})
	if err := store.InsertCustomer(t.Context(), &domain.Customer{}); err != nil {
		t.Fatal(err)
	}
	if len(recorded.calls) != 1 || len(spans.Ended()) != 0 {
		t.Errorf("the calls are %q, there are %d spans", recorded.calls, len(spans.Ended()))
	}
}

// panicking panics.
type panicking struct{ persistence.Store }

func (panicking) AllDocuments() persistence.AllDocuments { return persistence.AllDocuments{} }

func (panicking) Ping(context.Context) error { panic("ada@example.com") }

func TestACallThatPanics(t *testing.T) {
	t.Parallel()
	ctx, store, recorded, spans := watched(t, panicking{})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic went nowhere")
			}
		}()
		_ = store.Ping(ctx)
	}()
	if want := []string{"ping none error"}; !slices.Equal(recorded.calls, want) {
		t.Errorf("the calls are %q", recorded.calls)
	}
	if ended := spans.Ended(); len(ended) != 1 || ended[0].Status().Code != codes.Error || len(ended[0].Events()) > 0 {
		t.Errorf("the spans are %v", ended)
	}
}
