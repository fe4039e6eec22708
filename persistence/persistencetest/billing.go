package persistencetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"clientele/internal/domain"
	"clientele/persistence"
)

// billingRules are the cases of persistence.Billing, in the order of its sentences.
func billingRules(reopen func(persistence.Store) (persistence.Store, error)) []rule {
	return []rule{
		{"billing: customers of all environments are found", allEnvironmentsAreLookedThrough},
		{"billing: archived customers are found", archivedCustomersAreFound},
		{"billing: due is what is not after the time", dueIsWhatIsNotAfterTheTime},
		{"billing: the longest due come first", longestDueComeFirst},
		{"billing: due times follow every write", dueTimesFollowEveryWrite},
		{"billing: links follow every write", linksFollowEveryWrite},
		{"billing: linked customers come in order of key", linkedCustomersComeInOrderOfKey},
		{"billing: ids are compared exactly", billingIDsAreComparedExactly},
		{"billing: none are an empty slice", noneAreAnEmptySlice},
		{"billing: an acknowledged write is seen", acknowledgedDueTimeIsSeen},
		{"billing: a refused write changes nothing", refusedWriteLeavesBillingAlone},
		{"billing: results belong to the caller", answeredRefsAreTheCallersOwn},
		{"billing: acknowledged writes outlive the store", dueTimesOutliveTheStore(reopen)},
		{"billing: random changes agree with the oracle", randomChangesAgreeWithTheOracle},
	}
}

// dueAt makes a customer due.
func dueAt(at time.Time) func(*domain.Customer) {
	return func(c *domain.Customer) { c.Sync = &domain.Sync{DueAt: &at} }
}

// hide archives a customer and leaves the rest of it as it is. Archive ends what is due as well, and no engine must
// count on that.
func hide(c *domain.Customer) { c.ArchivedAt = new(noon) }

func linkedTo(billingID string) func(*domain.Customer) {
	return func(c *domain.Customer) { c.BillingID = &billingID }
}

// synced is a new customer with the changes made to it.
func synced(environment, id string, changes ...func(*domain.Customer)) *domain.Customer {
	c := sparse(environment, id)
	for _, change := range changes {
		change(c)
	}
	return c
}

// dueOf is what DueCustomers must return of these customers.
func dueOf(customers []*domain.Customer, at time.Time, limit int) []domain.CustomerRef {
	kept := func(c *domain.Customer) time.Time { return domain.Timestamp(*c.Sync.DueAt) }
	return refsOf(customers, limit, func(c *domain.Customer) bool {
		return c.Sync != nil && c.Sync.DueAt != nil && !kept(c).After(at)
	}, func(a, b *domain.Customer) int { return kept(a).Compare(kept(b)) })
}

// linkedOf is what LinkedCustomers must return of these customers.
func linkedOf(customers []*domain.Customer, billingID string, limit int) []domain.CustomerRef {
	return refsOf(customers, limit, func(c *domain.Customer) bool {
		return c.BillingID != nil && *c.BillingID == billingID
	}, func(_, _ *domain.Customer) int { return 0 })
}

func refsOf(
	customers []*domain.Customer, limit int, wanted func(*domain.Customer) bool, compare func(a, b *domain.Customer) int,
) []domain.CustomerRef {
	found := slices.DeleteFunc(slices.Clone(customers), func(c *domain.Customer) bool { return !wanted(c) })
	slices.SortFunc(found, func(a, b *domain.Customer) int {
		if order := compare(a, b); order != 0 {
			return order
		}
		return strings.Compare(a.Key, b.Key)
	})
	refs := []domain.CustomerRef{}
	for _, c := range found[:max(0, min(limit, len(found)))] {
		refs = append(refs, c.Ref())
	}
	return refs
}

// expectDue expects the store to find the due ones among the customers, which are all that it has.
func expectDue(t T, store persistence.Store, at time.Time, limit int, customers ...*domain.Customer) {
	t.Helper()
	got, err := store.DueCustomers(t.Context(), at, limit)
	if err != nil {
		t.Fatalf("due at %v: %v", at, err)
	}
	expectEqual(t, fmt.Sprintf("at most %d due at %v", limit, at), got, dueOf(customers, at, limit))
}

// expectLinked expects the store to find the linked ones among the customers, which are all that it has.
func expectLinked(t T, store persistence.Store, billingID string, limit int, customers ...*domain.Customer) {
	t.Helper()
	got, err := store.LinkedCustomers(t.Context(), billingID, limit)
	if err != nil {
		t.Fatalf("linked to %q: %v", billingID, err)
	}
	expectEqual(t, fmt.Sprintf("at most %d linked to %q", limit, billingID), got, linkedOf(customers, billingID, limit))
}

// expectLimits expects what expectDue and expectLinked do, for every limit.
func expectLimits(t T, store persistence.Store, at time.Time, billingID string, customers ...*domain.Customer) {
	t.Helper()
	for limit := range len(customers) + 2 {
		expectDue(t, store, at, limit, customers...)
		expectLinked(t, store, billingID, limit, customers...)
	}
}

// allEnvironmentsAreLookedThrough has environments whose names begin alike; not all of them are in the order of
// their keys.
func allEnvironmentsAreLookedThrough(t T, store persistence.Store) {
	var customers []*domain.Customer
	for _, environment := range []string{"e", "E", "e2", "e-", "ä", "staging"} {
		for _, id := range []string{"2/x", "x", "2x"} {
			customers = append(customers, synced(environment, id, dueAt(noon), linkedTo("cus_1")), synced(environment, "not "+id))
		}
	}
	insert(t, store, customers...)
	expectLimits(t, store, noon, "cus_1", customers...)
}

func archivedCustomersAreFound(t T, store persistence.Store) {
	var customers []*domain.Customer
	for i := range 6 {
		c := synced(production, strconv.Itoa(i), dueAt(noon.Add(time.Duration(i%2)*time.Minute)), linkedTo("cus_1"))
		if i%3 == 0 {
			hide(c)
		}
		customers = append(customers, c)
	}
	insert(t, store, customers...)
	expectLimits(t, store, noon.Add(time.Hour), "cus_1", customers...)
	for _, change := range []func(*domain.Customer){hide, unarchived, hide} {
		for i, c := range customers {
			customers[i] = next(c, change)
			replace(t, store, customers[i])
		}
		expectLimits(t, store, noon, "cus_1", customers...)
		expectLimits(t, store, noon.Add(time.Hour), "cus_1", customers...)
	}
	// What changes while a customer is archived is found as well.
	for i, c := range customers {
		customers[i] = next(c, dueAt(noon.Add(-time.Duration(i)*time.Second)), linkedTo("cus_"+strconv.Itoa(i%2)))
		replace(t, store, customers[i])
	}
	expectLimits(t, store, noon, "cus_1", customers...)
	expectLimits(t, store, noon.Add(-2*time.Second), "cus_0", customers...)
}

func dueIsWhatIsNotAfterTheTime(t T, store persistence.Store) {
	var customers []*domain.Customer
	times := append(slices.Clone(awkwardTimes), noon, noon.Add(-time.Millisecond), noon.Add(time.Millisecond))
	for i, at := range times {
		customers = append(customers, synced(production, strconv.Itoa(i), dueAt(at)))
	}
	never := synced(production, "never")
	never.Sync = &domain.Sync{SucceededAt: new(noon.AddDate(-1, 0, 0))}
	customers = append(customers, never, synced(production, "nor ever"))
	insert(t, store, customers...)
	for _, at := range times {
		for _, from := range []time.Duration{-time.Millisecond, -time.Nanosecond, 0, time.Nanosecond, 999 * time.Microsecond, time.Millisecond} {
			expectDue(t, store, domain.Timestamp(at).Add(from), 100, customers...)
		}
		expectDue(t, store, at, 100, customers...)
	}
}

func longestDueComeFirst(t T, store persistence.Store) {
	var customers []*domain.Customer
	for i := range 30 {
		// Ids whose order is not that of the times, some times shared, the times of neither in order of insertion.
		at := noon.Add(time.Duration(i*7%10) * time.Millisecond)
		customers = append(customers, synced([]string{staging, production}[i%2], strconv.Itoa(i*11%30), dueAt(at)))
	}
	ties := []string{"b", "a", "C", "aa", "a/b", "a-b", "ä", "10", "9"}
	for _, id := range ties {
		customers = append(customers, synced("tied", id, dueAt(noon.Add(3*time.Millisecond))))
	}
	insert(t, store, customers...)
	for after := range 11 {
		expectDue(t, store, noon.Add(time.Duration(after)*time.Millisecond), 100, customers...)
	}
	for limit := range len(customers) + 1 {
		expectDue(t, store, noon.Add(time.Hour), limit, customers...)
	}
}

// dueTimesFollowEveryWrite sets, moves and takes away the time of one customer among others.
func dueTimesFollowEveryWrite(t T, store persistence.Store) {
	c := synced(production, "c")
	others := []*domain.Customer{synced(production, "b", dueAt(noon)), synced(production, "d", dueAt(noon.Add(time.Minute)))}
	insert(t, store, append(others, c)...)
	for _, change := range []func(*domain.Customer){
		dueAt(noon),
		func(c *domain.Customer) { c.Sync.Attempts++ },
		dueAt(noon.Add(-time.Hour)),
		dueAt(noon.Add(time.Hour)),
		func(c *domain.Customer) { c.Sync.DueAt = nil },
		func(c *domain.Customer) { c.Sync.DueAt = new(noon.Add(time.Minute)) },
		hide,
		func(c *domain.Customer) { c.Sync = nil },
		dueAt(noon.Add(-time.Millisecond)),
		unarchived,
		func(c *domain.Customer) { c.Sync, c.ArchivedAt = nil, new(noon) },
		unarchived,
	} {
		c = next(c, change)
		replace(t, store, c)
		for _, at := range []time.Time{noon.Add(-time.Minute), noon, noon.Add(time.Minute), noon.Add(2 * time.Hour)} {
			expectDue(t, store, at, 5, append(others, c)...)
		}
	}
}

// linksFollowEveryWrite sets, changes and clears the BillingID of one customer among others.
func linksFollowEveryWrite(t T, store persistence.Store) {
	c := synced(production, "c")
	others := []*domain.Customer{synced(production, "b", linkedTo("cus_1")), synced(production, "d", linkedTo("cus_2"))}
	insert(t, store, append(others, c)...)
	for _, change := range []func(*domain.Customer){
		linkedTo("cus_1"), linkedTo("cus_2"), dueAt(noon), linkedTo("cus_3"), hide, linkedTo("cus_1"), linkedTo(""),
		func(c *domain.Customer) { c.BillingID = nil },
		unarchived, linkedTo("cus_2"),
		func(c *domain.Customer) { c.BillingID, c.ArchivedAt = nil, new(noon) },
	} {
		c = next(c, change)
		replace(t, store, c)
		for _, billingID := range []string{"cus_1", "cus_2", "cus_3", ""} {
			expectLinked(t, store, billingID, 5, append(others, c)...)
		}
	}
}

func linkedCustomersComeInOrderOfKey(t T, store persistence.Store) {
	var customers []*domain.Customer
	for i, id := range []string{"b", "a", "C", "aa", "a/b", "a-b", "ä", "10", "9", "😀", "\uffff"} {
		customers = append(customers,
			synced([]string{"e", "e-", "e2"}[i%3], id, linkedTo("cus_1"), dueAt(noon.Add(-time.Duration(i)*time.Second))),
			synced("e", "other "+id, linkedTo("cus_2")))
	}
	insert(t, store, customers...)
	expectLimits(t, store, noon.Add(-3*time.Second), "cus_1", customers...)
	expectLinked(t, store, "cus_2", 100, customers...)
}

// billingIDsAreComparedExactly has ids that begin alike, end alike, and mean something elsewhere.
func billingIDsAreComparedExactly(t T, store persistence.Store) {
	billingIDs := append(slices.Clone(harderTexts), "cus_1", "CUS_1", "cus_", "cus_10", "a\x00\x01", "a\x00\xc3\xbf", "\x00\x01", "a/b/c")
	var customers []*domain.Customer
	for i, billingID := range billingIDs {
		customers = append(customers, synced(production, strconv.Itoa(i), linkedTo(billingID)))
	}
	// The keys of these end in other customers' keys, and the ids hold whatever an id may.
	for i, id := range hardTexts {
		customers = append(customers, synced(staging, id, linkedTo(billingIDs[i%3]), dueAt(noon)))
	}
	insert(t, store, customers...)
	for _, billingID := range append(billingIDs, "nobody", "cus", "production/1") {
		expectLinked(t, store, billingID, 200, customers...)
	}
	expectDue(t, store, noon, 200, customers...)
}

func noneAreAnEmptySlice(t T, store persistence.Store) {
	expectLimits(t, store, noon, "cus_1")
	c := synced(production, "c", dueAt(noon), linkedTo("cus_1"))
	others := []*domain.Customer{synced(production, "without"), synced(staging, "with all but a time")}
	others[1].Sync = &domain.Sync{Pending: map[domain.SyncPart]int64{domain.SyncName: 1}}
	insert(t, store, append(others, c)...)
	expectDue(t, store, noon.Add(-time.Millisecond), 5, c)
	expectDue(t, store, time.Time{}, 5, c)
	expectDue(t, store, noon, 0, c)
	expectLinked(t, store, "cus_1", 0, c)
	for _, billingID := range []string{"", "cus", "cus_11", "production/c"} {
		expectLinked(t, store, billingID, 5, c)
	}
	c = next(c, func(c *domain.Customer) { c.Sync, c.BillingID = nil, nil })
	replace(t, store, c)
	expectLimits(t, store, noon, "cus_1", c)
}

func acknowledgedDueTimeIsSeen(t T, store persistence.Store) {
	c := synced(production, "c")
	insert(t, store, c)
	for i := range 20 {
		c = next(c, dueAt(noon.Add(time.Duration(-i)*time.Second)), linkedTo(strconv.Itoa(i)))
		replace(t, store, c)
		errs := race(4, func(int) error {
			due, dueErr := store.DueCustomers(t.Context(), *c.Sync.DueAt, 5)
			linked, linkedErr := store.LinkedCustomers(t.Context(), *c.BillingID, 5)
			if len(due) != 1 || len(linked) != 1 {
				return errors.Join(dueErr, linkedErr, fmt.Errorf("got %v and %v, want the customer", due, linked))
			}
			return errors.Join(dueErr, linkedErr)
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("read after write: %v", err)
		}
	}
}

func refusedWriteLeavesBillingAlone(t T, store persistence.Store) {
	live, gone := synced(production, "live", dueAt(noon), linkedTo("cus_1")), synced(production, "gone", dueAt(noon), linkedTo("cus_1"))
	hide(gone)
	insert(t, store, live, gone)
	for _, c := range []*domain.Customer{live, gone} {
		for _, change := range []func(*domain.Customer){
			func(c *domain.Customer) { c.Sync, c.BillingID = nil, nil },
			func(c *domain.Customer) { c.Sync.DueAt, c.BillingID = new(noon.Add(-time.Hour)), new("cus_2") },
		} {
			changed := next(c, change)
			expectError(t, "insert", store.InsertCustomer(t.Context(), changed), persistence.ErrExists)
			changed.Version++
			expectError(t, "replace", store.ReplaceCustomer(t.Context(), changed), persistence.ErrConflict)
		}
	}
	missing := synced(production, "missing", dueAt(noon), linkedTo("cus_1"))
	expectError(t, "replace missing", store.ReplaceCustomer(t.Context(), missing), persistence.ErrNotFound)
	expectLimits(t, store, noon, "cus_1", live, gone)
	expectDue(t, store, noon.Add(-time.Minute), 5, live, gone)
	expectLinked(t, store, "cus_2", 5, live, gone)
}

func answeredRefsAreTheCallersOwn(t T, store persistence.Store) {
	customers := []*domain.Customer{
		synced(production, "a", dueAt(noon), linkedTo("cus_1")), synced(production, "b", dueAt(noon), linkedTo("cus_1")),
	}
	insert(t, store, customers...)
	due, dueErr := store.DueCustomers(t.Context(), noon, 5)
	linked, linkedErr := store.LinkedCustomers(t.Context(), "cus_1", 5)
	if err := errors.Join(dueErr, linkedErr); err != nil {
		t.Fatalf("read: %v", err)
	}
	for _, refs := range [][]domain.CustomerRef{due, linked} {
		for i := range refs {
			refs[i] = domain.CustomerRef{EnvironmentID: "scribbled", CustomerID: "scribbled"}
		}
	}
	expectLimits(t, store, noon, "cus_1", customers...)
}

func dueTimesOutliveTheStore(reopen func(persistence.Store) (persistence.Store, error)) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		if reopen == nil {
			t.Fatalf("the engine gives no Reopen: give one, or name this case in Lacks with the reason")
		}
		var customers []*domain.Customer
		for i := range 6 {
			customers = append(customers, synced(production, strconv.Itoa(i), dueAt(noon.Add(time.Duration(i%3)*time.Second)), linkedTo("cus_"+strconv.Itoa(i%2))))
		}
		insert(t, store, customers...)
		for i, change := range []func(*domain.Customer){hide, dueAt(noon.Add(-time.Hour)), linkedTo("cus_1"), func(c *domain.Customer) { c.Sync = nil }} {
			customers[i] = next(customers[i], change)
			replace(t, store, customers[i])
		}
		closeStore(t, store)
		again, err := reopen(store)
		if err != nil {
			t.Fatalf("reopen: %v", err)
		}
		defer closeStore(t, again)
		expectStored(t, again, customers...)
		expectLimits(t, again, noon.Add(time.Second), "cus_1", customers...)
		expectLimits(t, again, noon.Add(time.Hour), "cus_0", customers...)
	}
}

// randomChangesAgreeWithTheOracle inserts and replaces a few customers of a few environments, at random, and asks in
// between what is due and what is linked.
func randomChangesAgreeWithTheOracle(t T, store persistence.Store) {
	var rounds atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		t := round{rt}
		environment := fmt.Sprintf("round-%d", rounds.Add(1))
		var customers []*domain.Customer
		// What is asked is asked of all environments, so a round must leave nothing to the next.
		defer func() {
			for _, c := range customers {
				replace(t, store, next(c, func(c *domain.Customer) { c.Sync, c.BillingID = nil, nil }))
			}
		}()
		billingIDs := rapid.SampledFrom([]string{"", "a", "A", "ab", "a\x00", "a\x00b", "a/b", "ä", "\xf4\x8f\xbf\xbf"})
		for range rapid.IntRange(1, 12).Draw(rt, "changes") {
			c := sparse(
				environment+rapid.SampledFrom([]string{"", "-", "x"}).Draw(rt, "environment"),
				rapid.SampledFrom([]string{"a", "A", "a/", "aa", "ä"}).Draw(rt, "id"),
			)
			c.Sync, c.BillingID = drawSync(rt), rapid.Ptr(billingIDs, true).Draw(rt, "billing id")
			if rapid.Bool().Draw(rt, "archived") {
				hide(c)
			}
			rt.Logf("%s", show(c))
			if i := slices.IndexFunc(customers, func(other *domain.Customer) bool { return other.Key == c.Key }); i >= 0 {
				c.Version = customers[i].Version + 1
				replace(t, store, c)
				customers[i] = c
			} else {
				insert(t, store, c)
				customers = append(customers, c)
			}
			at := drawTime(rt).Add(time.Duration(rapid.IntRange(-1500, 1500).Draw(rt, "microseconds")) * time.Microsecond)
			limit := rapid.IntRange(0, len(customers)+1).Draw(rt, "limit")
			expectDue(t, store, at, limit, customers...)
			expectLinked(t, store, billingIDs.Draw(rt, "asked for"), limit, customers...)
		}
		expectStored(t, store, customers...)
	})
}
