package mongo

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/mongo/mongotest"
)

// commands collects what a store sends.
type commands struct {
	mu   sync.Mutex
	sent []bson.Raw
}

func (c *commands) started(_ context.Context, e *event.CommandStartedEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, slices.Clone(e.Command))
}

// take answers what was sent since the last time.
func (c *commands) take() []bson.Raw {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}

// openWatched opens a store whose commands are collected.
func openWatched(t *testing.T) (*Store, *commands) {
	t.Helper()
	opts, database, err := parseURI(mongotest.URI(t))
	if err != nil {
		t.Fatal(err)
	}
	watched := &commands{}
	opts.SetMonitor(&event.CommandMonitor{Started: watched.started})
	store, err := connect(t.Context(), opts, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := store.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store, watched
}

// What the server is asked for cannot be seen in its answers: a single server keeps every promise anyway.
func TestEveryCommandAsksForTheMajority(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	for _, command := range exerciseAll(t, store, watched) {
		switch name := nameOf(command); name {
		case "find", "aggregate":
			if got := command.Lookup("readConcern").String(); got != `{"level": "majority"}` {
				t.Errorf("%s reads with concern %s", name, got)
			}
		case "insert", "update", "createIndexes":
			if got := command.Lookup("writeConcern").String(); got != `{"w": "majority","j": true}` {
				t.Errorf("%s writes with concern %s", name, got)
			}
		}
	}
}

func TestEveryWriteNamesItsKey(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	writes := 0
	for _, command := range exerciseAll(t, store, watched) {
		var named bson.RawValue
		switch nameOf(command) {
		case "insert":
			named = command.Lookup("documents", "0", fieldKey)
		case "update":
			named = command.Lookup("updates", "0", "q", fieldKey)
		default:
			continue
		}
		writes++
		if _, ok := named.StringValueOK(); !ok {
			t.Errorf("the filter does not name the key: %v", command)
		}
	}
	if writes != 4 {
		t.Errorf("got %d writes, want one for each method that writes", writes)
	}
}

// A page whose length is known is fetched at once, and leaves no cursor behind.
func TestAPageIsOneCommandForEachSegment(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	for _, id := range []string{"a", "b", "c", "d"} {
		insert(t, store, newCustomer("production", id))
	}
	watched.take()
	page, err := store.ListCustomers(t.Context(), persistence.CustomerQuery{
		EnvironmentID: "production", Page: persistence.PageRequest{Limit: 3},
	})
	if err != nil || len(page.Items) != 3 {
		t.Fatalf("got %d customers, %v", len(page.Items), err)
	}
	if sent := watched.take(); len(sent) != 1 || nameOf(sent[0]) != "find" {
		t.Errorf("got %v, want one find", sent)
	}
}

// A walk that ends in the middle of a batch frees its cursor, even after its context.
func TestAnUnfinishedScanFreesItsCursor(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	for i := range batchSize + 1 {
		insert(t, store, newCustomer("production", string(rune('0'+i/100))+string(rune('0'+i/10%10))+string(rune('0'+i%10))))
	}
	watched.take()
	where, err := liveCustomers("production", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range store.scanCustomers(where)(ctx, persistence.Segment{Field: persistence.FieldCustomerID}) {
		cancel()
		break
	}
	sent := watched.take()
	if len(sent) != 2 || nameOf(sent[0]) != "find" || nameOf(sent[1]) != "killCursors" {
		t.Errorf("got %v, want a find and a killCursors", sent)
	}
}

// exerciseAll calls every method and answers the commands that it took.
func exerciseAll(t *testing.T, store *Store, watched *commands) []bson.Raw {
	t.Helper()
	ctx := t.Context()
	customer := newCustomer("production", "c")
	insert(t, store, customer)
	customer.Version = 2
	key := &domain.APIKey{ID: "k", CreatedAt: noon}
	_, liveErr := store.LiveCustomer(ctx, customer.Ref())
	_, anyErr := store.AnyCustomer(ctx, customer.Ref())
	_, listErr := store.ListCustomers(ctx, persistence.CustomerQuery{
		EnvironmentID: "production", Page: persistence.PageRequest{Limit: 10},
	})
	_, countErr := store.CountCustomers(ctx, "production", nil)
	err := errors.Join(liveErr, anyErr, listErr, countErr, store.Ping(ctx), store.ReplaceCustomer(ctx, customer),
		store.InsertKey(ctx, key), store.RevokeKey(ctx, "k", noon))
	_, keyErr := store.Key(ctx, "k")
	_, keysErr := store.ListKeys(ctx)
	if err := errors.Join(err, keyErr, keysErr); err != nil {
		t.Fatal(err)
	}
	return watched.take()
}

var noon = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

func newCustomer(environment, id string) *domain.Customer {
	ref := domain.CustomerRef{EnvironmentID: environment, CustomerID: id}
	return &domain.Customer{
		Key: ref.Key(), ID: "id of " + ref.Key(), EnvironmentID: environment, CustomerID: id, Version: 1,
		CreatedAt: noon, UpdatedAt: noon,
	}
}

func insert(t *testing.T, store *Store, customer *domain.Customer) {
	t.Helper()
	if err := store.InsertCustomer(t.Context(), customer); err != nil {
		t.Fatal(err)
	}
}

func nameOf(command bson.Raw) string {
	elements, err := command.Elements()
	if err != nil || len(elements) == 0 {
		return "no command"
	}
	return elements[0].Key()
}
