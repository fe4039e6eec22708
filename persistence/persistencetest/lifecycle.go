package persistencetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// call is a call of one method.
type call struct {
	name string
	do   func(context.Context) error
}

// everyCall is a call of every method but Close. On a store that holds the customer, the plan and the keyed request of
// the same id and the key, and that serves, each would succeed.
func everyCall(store persistence.Store, c *domain.Customer, key *domain.APIKey) []call {
	plan := filledPlan(c.EnvironmentID, c.CustomerID)
	query := persistence.Query{EnvironmentID: c.EnvironmentID, Page: persistence.PageRequest{Limit: 5}}
	return []call{
		{"InsertCustomer", func(ctx context.Context) error { return store.InsertCustomer(ctx, filled(c.EnvironmentID, "new")) }},
		{"ReplaceCustomer", func(ctx context.Context) error { return store.ReplaceCustomer(ctx, next(c)) }},
		{"LiveCustomer", func(ctx context.Context) error { return second(store.LiveCustomer(ctx, c.Ref())) }},
		{"AnyCustomer", func(ctx context.Context) error { return second(store.AnyCustomer(ctx, c.Ref())) }},
		{"ListCustomers", func(ctx context.Context) error { return second(store.ListCustomers(ctx, query)) }},
		{"CountCustomers", func(ctx context.Context) error { return second(store.CountCustomers(ctx, c.EnvironmentID, nil)) }},
		{"Insert", func(ctx context.Context) error { return store.Plans().Insert(ctx, filledPlan(c.EnvironmentID, "new")) }},
		{"Replace", func(ctx context.Context) error { return store.Plans().Replace(ctx, planRecords.next(plan)) }},
		{"Get", func(ctx context.Context) error { return second(store.Plans().Get(ctx, plan.Ref())) }},
		{"GetMany", func(ctx context.Context) error {
			return second(store.Plans().GetMany(ctx, c.EnvironmentID, []string{plan.RefID}))
		}},
		{"GetMany of nothing", func(ctx context.Context) error {
			return second(store.Plans().GetMany(ctx, c.EnvironmentID, nil))
		}},
		{"List", func(ctx context.Context) error { return second(store.Plans().List(ctx, query)) }},
		{"Count", func(ctx context.Context) error { return second(store.Plans().Count(ctx, c.EnvironmentID, nil)) }},
		{"InsertKey", func(ctx context.Context) error { return store.InsertKey(ctx, apiKey("new")) }},
		{"Key", func(ctx context.Context) error { return second(store.Key(ctx, key.ID)) }},
		{"ListKeys", func(ctx context.Context) error { return second(store.ListKeys(ctx)) }},
		{"RevokeKey", func(ctx context.Context) error { return store.RevokeKey(ctx, key.ID, noon) }},
		{"RetireKey", func(ctx context.Context) error { return store.RetireKey(ctx, key.ID, "new", noon) }},
		{"UseKeys", func(ctx context.Context) error { return store.UseKeys(ctx, map[string]time.Time{key.ID: noon}) }},
		{"UseKeys, none", func(ctx context.Context) error { return store.UseKeys(ctx, nil) }},
		{"InsertRequest", func(ctx context.Context) error { return store.InsertRequest(ctx, keyedRequest("new")) }},
		{"ReplaceRequest", func(ctx context.Context) error {
			r := keyedRequest(c.CustomerID)
			r.Version++
			return store.ReplaceRequest(ctx, r)
		}},
		{"Request", func(ctx context.Context) error { return second(store.Request(ctx, c.CustomerID)) }},
		{"RequestsAbout", func(ctx context.Context) error { return second(store.RequestsAbout(ctx, c.Key, 5)) }},
		{"DeleteRequest", func(ctx context.Context) error { return store.DeleteRequest(ctx, "new", 1) }},
		{"DeleteExpiredRequests", func(ctx context.Context) error { return second(store.DeleteExpiredRequests(ctx, noon, 5)) }},
		{"DueCustomers", func(ctx context.Context) error { return second(store.DueCustomers(ctx, noon, 5)) }},
		{"DueCustomers, none", func(ctx context.Context) error { return second(store.DueCustomers(ctx, noon, 0)) }},
		{"LinkedCustomers", func(ctx context.Context) error { return second(store.LinkedCustomers(ctx, "cus_1", 5)) }},
		{"LinkedCustomers, none", func(ctx context.Context) error { return second(store.LinkedCustomers(ctx, "cus_1", 0)) }},
		{"Ping", store.Ping},
	}
}

func openStoreServes(t T, store persistence.Store) {
	c, key := filled(production, "c"), apiKey("key")
	insert(t, store, c)
	planRecords.insert(t, store, filledPlan(c.EnvironmentID, c.CustomerID))
	insertKey(t, store, key)
	insertRequest(t, store, keyedRequest(c.CustomerID))
	for _, call := range everyCall(store, c, key) {
		if err := call.do(t.Context()); err != nil {
			t.Errorf("%s: %v", call.name, err)
		}
	}
}

func doneContextIsReturned(t T, store persistence.Store) {
	c, key := filled(production, "c"), apiKey("key")
	insert(t, store, c)
	planRecords.insert(t, store, filledPlan(c.EnvironmentID, c.CustomerID))
	insertKey(t, store, key)
	insertRequest(t, store, keyedRequest(c.CustomerID))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), noon) // A noon of years ago.
	defer cancel()
	for _, call := range everyCall(store, c, key) {
		expectError(t, call.name, call.do(cancelled), context.Canceled)
		expectError(t, call.name, call.do(late), context.DeadlineExceeded)
	}
	customerKind.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 5, []*domain.Customer{c})
	planRecords.expectAnswer(t, store, persistence.Query{EnvironmentID: production}, 5, []*domain.Plan{filledPlan(production, "c")})
	refused := sparse(production, "new").Ref()
	expectError(t, "the insert that was refused", second(store.AnyCustomer(t.Context(), refused)), persistence.ErrNotFound)
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{key})
	expectAbout(t, store, "production/c", "c")
	expectEqual(t, "request", storedRequest(t, store, "c"), keyedRequest("c"))
}

// contextDoneDuringAReadEndsIt asks for what takes seconds where nothing but the context ends it. A
// store that is done before that is prompt, too.
func contextDoneDuringAReadEndsIt(t T, store persistence.Store) {
	slow := slowQuery(t, store, 300)
	for _, read := range []call{
		{"ListCustomers", func(ctx context.Context) error { return second(store.ListCustomers(ctx, slow)) }},
		{"CountCustomers", func(ctx context.Context) error {
			return second(store.CountCustomers(ctx, slow.EnvironmentID, slow.Filter))
		}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- read.do(ctx) }()
		time.Sleep(20 * time.Millisecond)
		cancelled := time.Now()
		cancel()
		err := <-ended
		if took := time.Since(cancelled); took > 2*time.Second {
			t.Errorf("%s went on for %v after its context was done", read.name, took)
		}
		if err != nil {
			expectError(t, read.name, err, context.Canceled)
		}
	}
}

// slowQuery stores n customers and returns a query that costs milliseconds for each, because it matches none
// of them by any of two thousand patterns.
func slowQuery(t T, store persistence.Store, n int) persistence.Query {
	t.Helper()
	customers := make([]*domain.Customer, n)
	for i := range customers {
		customers[i] = sparse(production, strconv.Itoa(i))
		customers[i].Name = new(strings.Repeat("a", 255))
	}
	insert(t, store, customers...)
	var filter persistence.Or
	for i := range 2000 {
		filter = append(filter, persistence.Condition{
			Field: persistence.FieldName, Op: persistence.ILike, Operands: []persistence.Value{persistence.Text(fmt.Sprintf("%%b%d%%", i))},
		})
	}
	return persistence.Query{EnvironmentID: production, Filter: filter, Page: persistence.PageRequest{Limit: 10}}
}

func closedStoreReturnsErrClosed(t T, store persistence.Store) {
	c, key := filled(production, "c"), apiKey("key")
	insert(t, store, c)
	planRecords.insert(t, store, filledPlan(c.EnvironmentID, c.CustomerID))
	insertKey(t, store, key)
	insertRequest(t, store, keyedRequest(c.CustomerID))
	for range 3 {
		closeStore(t, store)
		for _, call := range everyCall(store, c, key) {
			expectError(t, call.name, call.do(t.Context()), persistence.ErrClosed)
		}
	}
}

// closeWaitsForCallsUnderWay closes the store under a slow read. When Close has returned, the read must have
// ended as well, up to the moment that a goroutine needs to say so.
func closeWaitsForCallsUnderWay(t T, store persistence.Store) {
	slow := slowQuery(t, store, 20)
	read := make(chan error, 1)
	go func() { read <- second(store.ListCustomers(t.Context(), slow)) }()
	time.Sleep(20 * time.Millisecond)
	closeStore(t, store)
	select {
	case err := <-read:
		if err != nil {
			expectError(t, "the read under way", err, persistence.ErrClosed)
		}
	case <-time.After(100 * time.Millisecond):
		t.Errorf("a read went on after Close had returned")
		<-read
	}
}

// closeAmongCalls closes a store that is being used. Each call is served, or loses against another's write, or
// returns ErrClosed, which is the only result once Close has returned.
func closeAmongCalls(t T, store persistence.Store) {
	c, key := filled(production, "c"), apiKey("key")
	insert(t, store, c)
	planRecords.insert(t, store, filledPlan(c.EnvironmentID, c.CustomerID))
	insertKey(t, store, key)
	insertRequest(t, store, keyedRequest(c.CustomerID))
	var closed atomic.Bool
	use := func() error {
		for {
			for _, call := range everyCall(store, c, key) {
				late := closed.Load()
				err := call.do(t.Context())
				switch {
				case errors.Is(err, persistence.ErrClosed):
					return nil
				case late:
					return fmt.Errorf("%s after Close had returned: %w", call.name, cmp.Or(err, errors.New("served")))
				case err == nil, errors.Is(err, persistence.ErrExists), errors.Is(err, persistence.ErrConflict):
				case call.name == "DeleteRequest" && errors.Is(err, persistence.ErrNotFound):
				default:
					return fmt.Errorf("%s: %w", call.name, err)
				}
			}
		}
	}
	errs := race(6, func(i int) error {
		if i > 0 {
			return use()
		}
		defer closed.Store(true)
		time.Sleep(20 * time.Millisecond)
		return store.Close(t.Context())
	})
	if err := errors.Join(errs...); err != nil {
		t.Errorf("%v", err)
	}
}

// acknowledgedWritesOutliveTheStore closes the store and opens its data again.
func acknowledgedWritesOutliveTheStore(reopen func(persistence.Store) (persistence.Store, error)) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		if reopen == nil {
			t.Fatalf("the engine gives no Reopen: give one, or name this case in Lacks with the reason")
		}
		customers := append(crowd(production), filled(staging, "c"), next(filled(staging, "gone"), archived))
		insert(t, store, customers...)
		for i := range customers[:3] {
			customers[i] = next(customers[i], archived)
			replace(t, store, customers[i])
		}
		key := apiKey("key")
		insertKey(t, store, key)
		if err := store.RevokeKey(t.Context(), key.ID, noon); err != nil {
			t.Fatalf("revoke: %v", err)
		}
		key.RevokedAt = new(noon)
		closeStore(t, store)
		again, err := reopen(store)
		if err != nil {
			t.Fatalf("reopen: %v", err)
		}
		defer closeStore(t, again)
		expectStored(t, again, customers...)
		for _, field := range persistence.CustomerSortFields {
			customerKind.expectAnswer(t, again, persistence.Query{EnvironmentID: production, Order: ordersBy(field)[0]}, 4, customers)
		}
		expectEqual(t, "keys", listKeys(t, again), []*domain.APIKey{key})
		err = again.InsertCustomer(t.Context(), sparse(staging, "gone"))
		expectError(t, "insert of an id that was used before", err, persistence.ErrExists)
	}
}
