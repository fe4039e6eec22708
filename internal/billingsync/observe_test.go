package billingsync_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"clientele/internal/billing"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

// scripted is a provider that returns what the test sets.
type scripted struct {
	billing.Provider

	update func() error
	event  billing.Event
	err    error
}

func (s *scripted) CreateCustomer(context.Context, billing.NewCustomer) (billing.Created, error) {
	return billing.Created{CustomerID: "cus_1", LinkURL: "https://provider.example/cus_1"}, nil
}

func (s *scripted) UpdateCustomer(context.Context, string, billing.CustomerUpdate) (billing.Receipt, error) {
	return billing.Receipt{RequestID: "req_1"}, s.update()
}

func (s *scripted) RetrieveCustomer(context.Context, string) (billing.Snapshot, error) {
	return billing.Snapshot{CustomerID: "cus_1", At: time.Now().Add(-time.Hour), RespondedAt: time.Now()}, nil
}

func (s *scripted) ParseEvent([]byte, string) (billing.Event, error) { return s.event, s.err }

// reportsTo records what a service reports.
type reportsTo struct {
	mutex         sync.Mutex
	syncs, events []string
	log           bytes.Buffer
}

func (h *reportsTo) Sync(outcome string, took time.Duration) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if took <= 0 {
		outcome += " in no time"
	}
	h.syncs = append(h.syncs, outcome)
}

func (h *reportsTo) BillingEvent(kind, outcome string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.events = append(h.events, kind+" "+outcome)
}

// watch starts a service that is listened to.
func watch(t *testing.T, over func(persistence.Store) persistence.Store) (*billingsync.Service, *scripted, *bolt.Store, *reportsTo, *tracetest.SpanRecorder) {
	t.Helper()
	store, err := bolt.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	provider, to, spans := &scripted{update: func() error { return nil }}, &reportsTo{}, tracetest.NewSpanRecorder()
	service := billingsync.New(over(store), provider, slog.New(slog.NewTextHandler(&to.log, nil)),
		billingsync.WithObservation(billingsync.Observation{
			Tracer: sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)).Tracer("test"), Metrics: to,
		}))
	return service, provider, store, to, spans
}

func asItIs(store persistence.Store) persistence.Store { return store }

// observed is a customer with pending parts.
func observed(t *testing.T, store persistence.Store, id string, change func(*domain.Customer)) *domain.Customer {
	t.Helper()
	ref, now := domain.CustomerRef{EnvironmentID: "production", CustomerID: id}, domain.Timestamp(time.Now())
	customer := &domain.Customer{
		Key: ref.Key(), ID: "uuid-of-" + id, EnvironmentID: ref.EnvironmentID, CustomerID: id, Version: 1,
		Name: new("Ada Lovelace"), Email: new("ada@example.com"), CreatedAt: now, UpdatedAt: now,
	}
	customer.EnqueueFullSync(time.Now().Add(-time.Hour))
	change(customer)
	if err := store.InsertCustomer(t.Context(), customer); err != nil {
		t.Fatal(err)
	}
	return customer
}

// deaf is a store whose writes fail after some.
type deaf struct {
	persistence.Store

	writes int
}

func (d *deaf) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	if d.writes--; d.writes < 0 {
		return errors.New(`no route to "ada@example.com"`)
	}
	return d.Store.ReplaceCustomer(ctx, customer)
}

func TestOutcomesOfSyncs(t *testing.T) {
	t.Parallel()
	failing := func(kind billing.ErrorKind) error {
		return &billing.ProviderError{Kind: kind, Code: "a_code", Param: "a_param", RequestID: "req_2", RetryAfter: time.Minute}
	}
	linked := func(c *domain.Customer) { c.BillingID = new("cus_1") }
	var seen []string
	for name, c := range map[string]struct {
		change  func(*domain.Customer)
		over    func(persistence.Store) persistence.Store
		update  func(t *testing.T, store persistence.Store) error
		outcome string
		// logged is what must be in the log, beside nothing.
		logged []string
		passes bool
	}{
		"all went well":    {outcome: "success"},
		"not reached":      {update: func(*testing.T, persistence.Store) error { return failing(billing.Temporary) }, outcome: "passes", logged: []string{"kind=Temporary", "code=a_code", "req_2", "times=1"}},
		"nobody knows":     {update: func(*testing.T, persistence.Store) error { return failing(billing.UnknownOutcome) }, outcome: "passes", logged: []string{"kind=UnknownOutcome"}},
		"refused":          {update: func(*testing.T, persistence.Store) error { return failing(billing.Permanent) }, outcome: "refused", logged: []string{"refuses", "environment=production", "customer=uuid-of-one", "code=a_code", "param=a_param", "providerRequest=req_2"}},
		"deleted":          {change: linked, update: func(*testing.T, persistence.Store) error { return failing(billing.DeletedCustomer) }, outcome: "deleted", logged: []string{"deleted", "customer=uuid-of-one", "req_2"}},
		"information lost": {change: func(c *domain.Customer) { c.EnqueueSync(time.Now().Add(-time.Hour), domain.SyncInformation) }, outcome: "information_lost", logged: []string{"sent again", "customer=uuid-of-one"}},
		"unconfirmed": {change: func(c *domain.Customer) {
			c.Sync.CreatingSince = new(domain.Timestamp(time.Now().Add(-24 * time.Hour)))
		}, outcome: "unconfirmed", logged: []string{"nobody knows", "customer=uuid-of-one"}},
		"another is at it": {change: linked, update: func(t *testing.T, s persistence.Store) error {
			return alter(t, s, func(c *domain.Customer) { c.Sync.Lease.Holder = "another" })
		}, outcome: "superseded"},
		"changed meanwhile": {change: linked, update: func(t *testing.T, s persistence.Store) error {
			return alter(t, s, func(c *domain.Customer) { c.EnqueueSync(time.Now(), domain.SyncName) })
		}, outcome: "superseded"},
		"the store fails": {change: linked, over: func(s persistence.Store) persistence.Store { return &deaf{s, 1} }, outcome: "unrecorded", logged: []string{"not written down", "times=1"}},
	} {
		seen = append(seen, c.outcome)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.over == nil {
				c.over = asItIs
			}
			if c.change == nil {
				c.change = func(*domain.Customer) {}
			}
			service, provider, store, to, spans := watch(t, c.over)
			observed(t, store, "one", c.change)
			if c.update != nil {
				provider.update = func() error { return c.update(t, store) }
			}
			if err := service.Due(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := []string{c.outcome}; !slices.Equal(to.syncs, want) {
				t.Errorf("reportsTo was %q, want %q", to.syncs, want)
			}
			span := spans.Ended()[0]
			attrs := map[string]string{}
			for _, a := range span.Attributes() {
				attrs[string(a.Key)] = a.Value.String()
			}
			want := map[string]string{"clientele.sync.outcome": c.outcome}
			fault := c.outcome != "success" && c.outcome != "superseded"
			if fault {
				want["error.type"] = c.outcome
			}
			if span.Name() != "sync" || !maps.Equal(attrs, want) || (span.Status().Code == codes.Error) != fault || len(span.Events()) > 0 {
				t.Errorf("the span is %s, %v, %v, %v", span.Name(), attrs, span.Status(), span.Events())
			}
			log := to.log.String()
			if lines := strings.Count(log, "\n"); lines != min(1, len(c.logged)) {
				t.Errorf("there are %d lines:\n%s", lines, log)
			}
			for _, text := range c.logged {
				if !strings.Contains(log, text) {
					t.Errorf("there is no %s in %s", text, log)
				}
			}
			for _, text := range []string{"Lovelace", "ada@", "cus_1", "=one", `"one"`} {
				if strings.Contains(log, text) {
					t.Errorf("the log has %s: %s", text, log)
				}
			}
		})
	}
	for _, outcome := range billingsync.Outcomes() {
		if !slices.Contains(seen, outcome) {
			t.Errorf("no case ends with %s", outcome)
		}
	}
}

// alter changes the customer behind the service's back.
func alter(t *testing.T, store persistence.Store, change func(*domain.Customer)) error {
	_, err := persistence.ChangeCustomer(t.Context(), store, domain.CustomerRef{EnvironmentID: "production", CustomerID: "one"},
		func(c *domain.Customer) (bool, error) { change(c); return true, nil })
	return err
}

// TestAnHourWithoutTheProvider: it is the provider's failure and not that of each customer.
func TestAnHourWithoutTheProvider(t *testing.T) {
	t.Parallel()
	service, provider, store, to, _ := watch(t, asItIs)
	provider.update = func() error {
		return &billing.ProviderError{Kind: billing.Temporary, Code: billing.CodeConnectionFailed, RetryAfter: time.Minute}
	}
	const customers = 100
	for i := range customers {
		observed(t, store, fmt.Sprint(i), func(*domain.Customer) {})
	}
	if err := service.Due(t.Context()); err != nil {
		t.Fatal(err)
	}
	if log := to.log.String(); len(to.syncs) != customers || strings.Count(log, "\n") != 1 {
		t.Errorf("%d customers were tried; the log is\n%s", len(to.syncs), log)
	}
}

// TestARefusalIsReportedOnce, until something is changed.
func TestARefusalIsReportedOnce(t *testing.T) {
	t.Parallel()
	service, provider, store, to, _ := watch(t, asItIs)
	provider.update = func() error { return &billing.ProviderError{Kind: billing.Permanent, Code: "email_invalid"} }
	observed(t, store, "one", func(*domain.Customer) {})
	again := func(change func(*domain.Customer)) {
		t.Helper()
		if err := alter(t, store, change); err != nil {
			t.Fatal(err)
		}
		if err := service.Due(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for attempts, c := range []struct {
		change func(*domain.Customer)
		lines  int
	}{
		{func(*domain.Customer) {}, 1},
		{func(c *domain.Customer) { c.Sync.DueAt = new(time.Now().Add(-time.Second)) }, 1},
		{func(c *domain.Customer) { c.EnqueueSync(time.Now().Add(-time.Hour), domain.SyncEmail) }, 2},
	} {
		again(c.change)
		if log := to.log.String(); strings.Count(log, "\n") != c.lines || len(to.syncs) != attempts+1 {
			t.Errorf("after %d syncs, want %d lines:\n%s", len(to.syncs), c.lines, log)
		}
	}
}

func TestOutcomesOfEvents(t *testing.T) {
	t.Parallel()
	news := billing.Event{
		ID: "evt_1", CreatedAt: time.Now().UTC().Truncate(time.Second), Kind: billing.CustomerUpdated, CustomerID: "cus_1", Customer: billing.CustomerFacts{Currency: "EUR"},
	}
	service, provider, store, to, _ := watch(t, asItIs)
	receive := func() error { return service.Receive(t.Context(), nil, "") }
	var want []string
	for _, c := range []struct {
		event   billing.Event
		err     error
		before  func()
		outcome string
	}{
		{err: billing.ErrBadSignature, outcome: "none bad_signature"},
		{err: billing.ErrBadEvent, outcome: "none bad_event"},
		{event: billing.Event{ID: "evt_0"}, outcome: "none ignored"},
		{event: news, outcome: "CustomerUpdated unlinked"},
		{event: news, outcome: "CustomerUpdated news", before: func() { observed(t, store, "one", func(c *domain.Customer) { c.BillingID = new("cus_1") }) }},
		{event: news, outcome: "CustomerUpdated known"},
		{event: news, outcome: "CustomerUpdated failed", before: func() { _ = store.Close(t.Context()) }},
	} {
		if c.before != nil {
			c.before()
		}
		provider.event, provider.err = c.event, c.err
		if err := receive(); (err != nil) != (c.err != nil || strings.HasSuffix(c.outcome, " failed")) {
			t.Errorf("%s: %v", c.outcome, err)
		}
		want = append(want, c.outcome)
	}
	if !slices.Equal(to.events, want) {
		t.Errorf("reportsTo was %q, want %q", to.events, want)
	}
	if got := len(want); got != len(billingsync.EventOutcomes()) {
		t.Errorf("there are %q", billingsync.EventOutcomes())
	}
}

// TestLoad: what waits for its turn does not run, and what runs does not wait.
func TestLoad(t *testing.T) {
	t.Parallel()
	service, provider, store, _, _ := watch(t, asItIs)
	entered, leave := make(chan struct{}, 100), make(chan struct{})
	provider.update = func() error { entered <- struct{}{}; <-leave; return nil }
	const customers = 50
	var ended []<-chan struct{}
	for i := range customers {
		ended = append(ended, service.Enqueue(t.Context(), observed(t, store, fmt.Sprint(i), func(c *domain.Customer) { c.BillingID = new("cus_1") }), nil))
	}
	const runs = 32
	for range runs {
		<-entered
	}
	if waiting, running := service.Load(); waiting != customers-runs || running != runs {
		t.Errorf("%d wait and %d run", waiting, running)
	}
	close(leave)
	for _, end := range ended {
		<-end
	}
	if waiting, _ := service.Load(); waiting != 0 {
		t.Errorf("at the end %d wait", waiting)
	}
}
