package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// take returns what was sent since the last time.
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
	store, err := connect(t.Context(), opts, database, (*Store).createIndexes)
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

// Concerns do not show in results: a single server meets all of them. So the commands are checked.
func TestEveryCommandAsksForTheMajority(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	for _, command := range exerciseAll(t, store, watched) {
		switch name := nameOf(command); name {
		case "find", "aggregate":
			if got := command.Lookup("readConcern").String(); got != `{"level": "majority"}` {
				t.Errorf("%s reads with concern %s", name, got)
			}
		case "insert", "update", "delete", "createIndexes":
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
		case "delete":
			named = command.Lookup("deletes", "0", "q", fieldKey)
			if several, ok := named.DocumentOK(); ok {
				named = several.Lookup("$in", "0")
			}
		default:
			continue
		}
		writes++
		if _, ok := named.StringValueOK(); !ok {
			t.Errorf("the filter does not name the key: %v", command)
		}
	}
	if writes != 13 {
		t.Errorf("got %d writes, want one for each call of a method that writes", writes)
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
	page, err := store.ListCustomers(t.Context(), persistence.Query{
		EnvironmentID: "production", Page: persistence.PageRequest{Limit: 3},
	})
	if err != nil || len(page.Items) != 3 {
		t.Fatalf("got %d customers, %v", len(page.Items), err)
	}
	if sent := watched.take(); len(sent) != 1 || nameOf(sent[0]) != "find" {
		t.Errorf("got %v, want one find", sent)
	}
}

// Many documents are one command, more than a batch of the server's own as well, and none are none.
func TestGetManyIsOneCommand(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	var ids []string
	for i := range 120 {
		ids = append(ids, insertCoupon(t, store, strconv.Itoa(i)).RefID)
	}
	watched.take()
	found, err := store.Coupons().GetMany(t.Context(), "production", append(ids, "unknown", ids[0]))
	if err != nil || len(found) != len(ids) {
		t.Errorf("got %d coupons, %v, want %d", len(found), err, len(ids))
	}
	if sent := watched.take(); len(sent) != 1 || nameOf(sent[0]) != "find" {
		t.Errorf("got %d commands, want one find", len(sent))
	}
	found, err = store.Coupons().GetMany(t.Context(), "production", nil)
	if err != nil || found == nil || len(found) != 0 {
		t.Errorf("got %v, %v, want an empty map", found, err)
	}
	if sent := watched.take(); len(sent) != 0 {
		t.Errorf("got %v for nothing", sent)
	}
}

// What is due may be more than a batch of the server's own, and none asked for is nothing asked.
func TestCustomersForBillingAreOneCommand(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	const due = 120
	for i := range due {
		customer := newCustomer("production", strconv.Itoa(i))
		customer.BillingID, customer.Sync = new("cus_1"), &domain.Sync{DueAt: &noon}
		insert(t, store, customer)
	}
	for limit, commands := range map[int]int{0: 0, -1: 0, 1: 1, due: 1, due + 1: 1} {
		watched.take()
		for name, find := range map[string]func() ([]domain.CustomerRef, error){
			"due":    func() ([]domain.CustomerRef, error) { return store.DueCustomers(t.Context(), noon, limit) },
			"linked": func() ([]domain.CustomerRef, error) { return store.LinkedCustomers(t.Context(), "cus_1", limit) },
		} {
			found, err := find()
			if err != nil || len(found) != max(0, min(limit, due)) {
				t.Errorf("%s: got %d customers, %v, of %d with the limit %d", name, len(found), err, due, limit)
			}
			sent := watched.take()
			if len(sent) != commands {
				t.Errorf("%s: got %d commands for the limit %d, want %d", name, len(sent), limit, commands)
			}
			for _, command := range sent {
				projection, _ := command.Lookup("projection").DocumentOK()
				if elements, err := projection.Elements(); nameOf(command) != "find" || err != nil || len(elements) != 3 {
					t.Errorf("%s: got %v, want a find of two fields", name, command)
				}
			}
		}
	}
}

// A limit that counts what does not match would make pages short, so it is not sent.
func TestAPageThatLooksIntoListsHasNoLimit(t *testing.T) {
	t.Parallel()
	store, watched := openWatched(t)
	for _, id := range []string{"a", "b", "c", "d"} {
		customer := newCustomer("production", id)
		if id > "b" {
			customer.Subscriptions = []domain.Subscription{{ProductID: "p"}}
		}
		insert(t, store, customer)
	}
	watched.take()
	page, err := store.ListCustomers(t.Context(), persistence.Query{
		EnvironmentID: "production", Page: persistence.PageRequest{Limit: 1},
		Filter: persistence.Any{List: persistence.ListSubscriptions, Filter: persistence.And{}},
	})
	if err != nil || len(page.Items) != 1 || page.Items[0].Document.CustomerID != "c" || !page.HasNext {
		t.Fatalf("got %+v, %v, want c and more", page, err)
	}
	for _, command := range watched.take() {
		if _, err := command.LookupErr("limit"); err == nil {
			t.Errorf("%s has a limit", nameOf(command))
		}
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
	customers := store.customers()
	where, err := customers.query("production", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range customers.scan(where)(ctx, persistence.Segment{Field: persistence.FieldCustomerID}) {
		cancel()
		break
	}
	sent := watched.take()
	if len(sent) != 2 || nameOf(sent[0]) != "find" || nameOf(sent[1]) != "killCursors" {
		t.Errorf("got %v, want a find and a killCursors", sent)
	}
}

// exerciseAll calls every method and returns the commands that it took.
func exerciseAll(t *testing.T, store *Store, watched *commands) []bson.Raw {
	t.Helper()
	ctx := t.Context()
	customer := newCustomer("production", "c")
	insert(t, store, customer)
	customer.Version = 2
	key := &domain.APIKey{ID: "k", CreatedAt: noon}
	_, liveErr := store.LiveCustomer(ctx, customer.Ref())
	_, anyErr := store.AnyCustomer(ctx, customer.Ref())
	_, listErr := store.ListCustomers(ctx, persistence.Query{
		EnvironmentID: "production", Page: persistence.PageRequest{Limit: 10},
	})
	_, countErr := store.CountCustomers(ctx, "production", nil)
	coupon := insertCoupon(t, store, "c")
	coupon.Version = 2
	_, getErr := store.Coupons().Get(ctx, coupon.Ref())
	_, manyErr := store.Coupons().GetMany(ctx, "production", []string{"c"})
	_, couponsErr := store.Coupons().List(ctx, persistence.Query{EnvironmentID: "production", Page: persistence.PageRequest{Limit: 10}})
	_, residualErr := store.CountCustomers(ctx, "production", persistence.Any{List: persistence.ListPhases, Filter: persistence.And{}})
	if err := errors.Join(getErr, manyErr, couponsErr, residualErr, store.Coupons().Replace(ctx, coupon)); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(liveErr, anyErr, listErr, countErr, store.Ping(ctx), store.ReplaceCustomer(ctx, customer),
		store.InsertKey(ctx, key), store.RevokeKey(ctx, "k", noon),
		store.RetireKey(ctx, "k", "l", noon), store.UseKeys(ctx, map[string]time.Time{"k": noon}))
	_, keyErr := store.Key(ctx, "k")
	_, keysErr := store.ListKeys(ctx)
	_, dueErr := store.DueCustomers(ctx, noon, 5)
	_, linkedErr := store.LinkedCustomers(ctx, "cus_1", 5)
	if err := errors.Join(err, keyErr, keysErr, dueErr, linkedErr, exerciseRequests(ctx, store)); err != nil {
		t.Fatal(err)
	}
	return watched.take()
}

// exerciseRequests calls every method for keyed requests.
func exerciseRequests(ctx context.Context, store *Store) error {
	request := &domain.KeyedRequest{ID: "r", Version: 1, CustomerKeys: []string{"production/c"}, ExpiresAt: noon}
	err := store.InsertRequest(ctx, request)
	request.Version = 2
	_, getErr := store.Request(ctx, "r")
	err = errors.Join(err, getErr, store.ReplaceRequest(ctx, request))
	about, aboutErr := store.RequestsAbout(ctx, "production/c", 5)
	deleted, deleteErr := store.DeleteExpiredRequests(ctx, noon, 5)
	if len(about) != 1 || deleted != 1 {
		err = errors.Join(err, fmt.Errorf("%d requests are about the customer and %d were deleted", len(about), deleted))
	}
	return errors.Join(err, aboutErr, deleteErr, store.InsertRequest(ctx, request), store.DeleteRequest(ctx, "r", 2))
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

func insertCoupon(t *testing.T, store *Store, id string) *domain.Coupon {
	t.Helper()
	ref := domain.Ref{EnvironmentID: "production", RefID: id}
	coupon := &domain.Coupon{Record: domain.NewRecord(ref, "id of "+ref.Key(), noon)}
	if err := store.Coupons().Insert(t.Context(), coupon); err != nil {
		t.Fatal(err)
	}
	return coupon
}

func nameOf(command bson.Raw) string {
	elements, err := command.Elements()
	if err != nil || len(elements) == 0 {
		return "no command"
	}
	return elements[0].Key()
}
