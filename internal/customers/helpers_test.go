package customers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

var noon = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

var (
	full    = domain.Actor{KeyID: "k1", EnvironmentID: "production", Scope: domain.ScopeFull}
	reader  = domain.Actor{KeyID: "k2", EnvironmentID: "production", Scope: domain.ScopeRead}
	staging = domain.Actor{KeyID: "k3", EnvironmentID: "staging", Scope: domain.ScopeFull}
)

// fixture is the use cases over a store of their own, at noon until a test says otherwise.
type fixture struct {
	*customers.Service
	store *bolt.Store
	dir   string
	// at is the time; only change it while no use case runs.
	at  time.Time
	ids atomic.Int64
}

func start(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir(), at: noon}
	store, err := bolt.Open(t.Context(), f.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	f.store = store
	f.Service = f.over(store)
	return f
}

// over is the use cases with the fixture's clock and ids over a store that misbehaves.
func (f *fixture) over(store customers.Store) *customers.Service {
	return customers.New(store, checkBilling, f.options()...)
}

func (f *fixture) options() []customers.Option {
	next := func(kind string) func() string {
		return func() string { return fmt.Sprint(kind, "-", f.ids.Add(1)) }
	}
	return []customers.Option{
		customers.WithClock(func() time.Time { return f.at }),
		customers.WithIDs(next("uuid"), next("generated")), customers.WithResponseKeys(func() []byte { return nil }),
	}
}

// checkBilling stands for the provider's rules: it refuses one time zone.
func checkBilling(field string, info domain.BillingInformation) error {
	if info.Timezone != nil && *info.Timezone == "Mars" {
		return domain.FieldErrorf(domain.BadUserInput, field+".timezone", "must be on Earth")
	}
	return nil
}

func by(id string) customers.Identity { return customers.Identity{CustomerID: &id} }

// filled gives every property of a customer a value.
func filled() customers.Details {
	return customers.Details{
		Name: domain.SetTo("Ada Lovelace"), Email: domain.SetTo("ada@example.com"),
		BillingID: domain.SetTo("cus_1"), CRMID: domain.SetTo("crm-1"), SalesforceID: domain.SetTo("001A"),
		AWSMarketplaceCustomerID: domain.SetTo("aws-1"), Metadata: metadata(`{"plan": "gold", "seats": 12}`),
	}
}

// filledCustomer is the new customer ada that filled makes.
func filledCustomer(at time.Time) *domain.Customer {
	return &domain.Customer{
		Key: "production/ada", ID: "uuid-1", EnvironmentID: "production", CustomerID: "ada", Version: 1,
		Name: new("Ada Lovelace"), Email: new("ada@example.com"), BillingID: new("cus_1"), CRMID: new("crm-1"),
		SalesforceID: new("001A"), AWSMarketplaceCustomerID: new("aws-1"),
		Metadata:  domain.Metadata{{Key: "plan", Value: `"gold"`}, {Key: "seats", Value: "12"}},
		CreatedAt: at, UpdatedAt: at,
	}
}

func metadata(text string) domain.Change[json.RawMessage] { return domain.SetTo(json.RawMessage(text)) }

// Provision is Service.Provision for what concerns the customer alone.
func (f *fixture) Provision(ctx context.Context, actor domain.Actor, input customers.Provision) (*domain.Customer, error) {
	got, err := f.Service.Provision(ctx, actor, input)
	return got.Customer, err
}

// provision creates a customer with every property, as the caller.
func (f *fixture) provision(t testing.TB, actor domain.Actor, id string) *domain.Customer {
	t.Helper()
	customer, err := f.Provision(t.Context(), actor, customers.Provision{Identity: by(id), Details: filled()})
	if err != nil {
		t.Fatal(err)
	}
	return customer
}

func (f *fixture) archive(t testing.TB, actor domain.Actor, id string) *domain.Customer {
	t.Helper()
	customer, err := f.Archive(t.Context(), actor, by(id), nil)
	if err != nil {
		t.Fatal(err)
	}
	return customer
}

// stored is the customer as the store has it, live or archived; nil for none.
func (f *fixture) stored(t testing.TB, environmentID, id string) *domain.Customer {
	t.Helper()
	customer, err := f.store.AnyCustomer(t.Context(), domain.CustomerRef{EnvironmentID: environmentID, CustomerID: id})
	if errors.Is(err, persistence.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return customer
}

func (f *fixture) count(t testing.TB, actor domain.Actor) int {
	t.Helper()
	n, err := f.Count(t.Context(), actor, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// bytes are the whole data file. The engine writes to it only when it commits a change.
func (f *fixture) bytes(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(f.dir, "clientele.db"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// requireNothingWritten runs something that must not change a byte of the data.
func (f *fixture) requireNothingWritten(t testing.TB, do func()) {
	t.Helper()
	before := f.bytes(t)
	do()
	if f.bytes(t) != before {
		t.Error("the data file changed")
	}
}

func requireSame(t testing.TB, got, want *domain.Customer) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", show(got), show(want))
	}
}

// show prints what pointers point to.
func show(c *domain.Customer) string {
	text, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// requireRefusal checks the kind of a refusal and the facts that programs rely on.
func requireRefusal(t testing.TB, err error, kind domain.Kind, facts map[string]any) {
	t.Helper()
	refusal, ok := errors.AsType[*domain.Error](err)
	if !ok || refusal.Kind != kind {
		t.Fatalf("got %v, want a refusal of kind %s", err, kind)
	}
	if refusal.Message == "" {
		t.Error("the refusal says nothing")
	}
	if len(refusal.Facts)+len(facts) > 0 && !reflect.DeepEqual(refusal.Facts, facts) {
		t.Errorf("the facts are %v, want %v", refusal.Facts, facts)
	}
}

// requireFieldRefusal checks that a refusal names its field, to people and to programs.
func requireFieldRefusal(t testing.TB, err error, kind domain.Kind, field string) {
	t.Helper()
	requireRefusal(t, err, kind, map[string]any{"field": field})
	if !strings.HasPrefix(err.Error(), field+" ") {
		t.Errorf("%q does not begin with %s", err, field)
	}
}

func aboutCustomer(id string) map[string]any {
	return map[string]any{"entityName": "Customer", "identifier": id}
}
