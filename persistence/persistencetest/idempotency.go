package persistencetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// idempotencyRules are the cases for keyed requests, in the order of the sentences of persistence.Idempotency.
func idempotencyRules(reopen func(persistence.Store) (persistence.Store, error)) []rule {
	return []rule{
		{"idempotency: every field of a request is kept", everyFieldOfARequestIsKept},
		{"idempotency: a held id exists", heldRequestIDExists},
		{"idempotency: a replace needs the version before its own", replacedRequestNeedsTheVersionBefore},
		{"idempotency: one of many writers of a version wins", oneWriterOfARequestWins},
		{"idempotency: a missing request is not found", missingRequestIsNotFound},
		{"idempotency: requests are copied", requestsAreCopied},
		{"idempotency: requests are found by their customers", requestsAreFoundByTheirCustomers},
		{"idempotency: a deletion needs the version", deletionNeedsTheVersion},
		{"idempotency: one of many deletions wins", oneDeletionWins},
		{"idempotency: what has expired is deleted", expiredRequestsAreDeleted},
		{"idempotency: acknowledged writes outlive the store", requestsOutliveTheStore(reopen)},
	}
}

// keyedRequest has a value in every field.
func keyedRequest(id string) *domain.KeyedRequest {
	return &domain.KeyedRequest{
		ID: id, Version: 1, State: domain.RequestCompleted, Fingerprint: uuid(id),
		Response: []byte("answer \x00 of " + id), CustomerKeys: []string{"production/ada", "production/" + id}, ExpiresAt: noon.Add(time.Hour),
	}
}

func insertRequest(t T, store persistence.Store, requests ...*domain.KeyedRequest) {
	t.Helper()
	for _, r := range requests {
		if err := store.InsertRequest(t.Context(), r); err != nil {
			t.Fatalf("insert request %q: %v", r.ID, err)
		}
	}
}

// replaceRequest stores the next version of a request.
func replaceRequest(t T, store persistence.Store, r *domain.KeyedRequest, change func(*domain.KeyedRequest)) *domain.KeyedRequest {
	t.Helper()
	after := clone(r)
	after.Version++
	change(after)
	if err := store.ReplaceRequest(t.Context(), after); err != nil {
		t.Fatalf("replace request %q: %v", r.ID, err)
	}
	return after
}

func storedRequest(t T, store persistence.Store, id string) *domain.KeyedRequest {
	t.Helper()
	r, err := store.Request(t.Context(), id)
	if err != nil {
		t.Fatalf("read request %q: %v", id, err)
	}
	return r
}

// expectAbout expects the requests about a customer to be those with the ids.
func expectAbout(t T, store persistence.Store, customerKey string, ids ...string) {
	t.Helper()
	found, err := store.RequestsAbout(t.Context(), customerKey, 100)
	if err != nil {
		t.Fatalf("requests about %q: %v", customerKey, err)
	}
	got := []string{}
	for _, r := range found {
		got = append(got, r.ID)
		expectEqual(t, "request "+r.ID, r, storedRequest(t, store, r.ID))
	}
	slices.Sort(got)
	slices.Sort(ids)
	expectEqual(t, "requests about "+customerKey, got, append([]string{}, ids...))
}

func everyFieldOfARequestIsKept(t T, store persistence.Store) {
	requests := []*domain.KeyedRequest{
		keyedRequest("whole"),
		{ID: "bare", Version: 7, ExpiresAt: noon},
		{ID: "empty", Version: 1 << 40, Response: []byte{}, CustomerKeys: []string{}, ExpiresAt: noon},
		{ID: "large", Version: 1, Response: []byte(strings.Repeat("x", 1<<20)), ExpiresAt: noon},
	}
	for i, text := range harderTexts {
		r := keyedRequest(strconv.Itoa(i))
		r.Fingerprint, r.State, r.CustomerKeys = text, domain.RequestState(text), []string{text, text + "x"}
		requests = append(requests, r)
	}
	for _, r := range requests {
		given := clone(r)
		insertRequest(t, store, given)
		expectEqual(t, "the request that was given", given, r)
	}
	for _, r := range requests {
		expectEqual(t, "request "+r.ID, storedRequest(t, store, r.ID), r)
	}
	for i, at := range awkwardTimes {
		r := keyedRequest(fmt.Sprint("time ", i))
		r.ExpiresAt = at
		insertRequest(t, store, r)
		r.ExpiresAt = domain.Timestamp(at)
		expectEqual(t, "request", storedRequest(t, store, r.ID), r)
	}
}

func heldRequestIDExists(t T, store persistence.Store) {
	insertRequest(t, store, keyedRequest("held"))
	for _, version := range []int64{1, 2} {
		other := keyedRequest("held")
		other.Version, other.Fingerprint = version, "other"
		expectError(t, "second insert", store.InsertRequest(t.Context(), other), persistence.ErrExists)
	}
	expectEqual(t, "request", storedRequest(t, store, "held"), keyedRequest("held"))
	for round := range 3 {
		id := fmt.Sprint("raced ", round)
		winner := expectOneWinner(t, race(8, func(i int) error {
			r := keyedRequest(id)
			r.Fingerprint = strconv.Itoa(i)
			return store.InsertRequest(t.Context(), r)
		}), persistence.ErrExists)
		if got := storedRequest(t, store, id).Fingerprint; got != strconv.Itoa(winner) {
			t.Errorf("writer %d won, but the request is writer %s's", winner, got)
		}
	}
}

func replacedRequestNeedsTheVersionBefore(t T, store persistence.Store) {
	r := keyedRequest("r")
	r.Version = 5
	insertRequest(t, store, r)
	for _, version := range []int64{-1, 0, 1, 4, 5, 7, 1 << 40} {
		other := keyedRequest("r")
		other.Version, other.CustomerKeys, other.ExpiresAt = version, []string{"production/other"}, noon
		expectError(t, fmt.Sprintf("replace version 5 by %d", version), store.ReplaceRequest(t.Context(), other), persistence.ErrConflict)
	}
	expectEqual(t, "request", storedRequest(t, store, "r"), r)
	expectAbout(t, store, "production/other")
	for range 3 {
		r = replaceRequest(t, store, r, func(r *domain.KeyedRequest) { r.Response = append(r.Response, 0) })
		expectEqual(t, "request", storedRequest(t, store, "r"), r)
	}
}

func oneWriterOfARequestWins(t T, store persistence.Store) {
	r := keyedRequest("r")
	insertRequest(t, store, r)
	for range 5 {
		written := func(i int) *domain.KeyedRequest {
			after := clone(r)
			after.Version++
			after.Fingerprint = strconv.Itoa(i)
			return after
		}
		errs := race(8, func(i int) error { return store.ReplaceRequest(t.Context(), written(i)) })
		r = written(expectOneWinner(t, errs, persistence.ErrConflict))
		expectEqual(t, "request", storedRequest(t, store, "r"), r)
	}
}

func missingRequestIsNotFound(t T, store persistence.Store) {
	insertRequest(t, store, keyedRequest("here"))
	for _, id := range []string{"missing", "", "HERE", "her", "hereafter"} {
		expectError(t, "Request", second(store.Request(t.Context(), id)), persistence.ErrNotFound)
		r := keyedRequest(id)
		r.Version = 2
		expectError(t, "ReplaceRequest", store.ReplaceRequest(t.Context(), r), persistence.ErrNotFound)
		expectError(t, "DeleteRequest", store.DeleteRequest(t.Context(), id, 1), persistence.ErrNotFound)
	}
	expectAbout(t, store, "production/ada", "here")
}

func requestsAreCopied(t T, store persistence.Store) {
	r := keyedRequest("r")
	given := clone(r)
	insertRequest(t, store, given)
	for range 2 {
		scribble(given)
		expectEqual(t, "request", storedRequest(t, store, "r"), r)
		scribble(storedRequest(t, store, "r"))
		about, err := store.RequestsAbout(t.Context(), "production/ada", 5)
		if err != nil || len(about) != 1 {
			t.Fatalf("got %d requests, %v, want 1", len(about), err)
		}
		scribble(about[0])
		expectEqual(t, "request", storedRequest(t, store, "r"), r)
		r.Version++
		given = clone(r)
		if err := store.ReplaceRequest(t.Context(), given); err != nil {
			t.Fatalf("replace: %v", err)
		}
		expectEqual(t, "the request that was given", given, r)
	}
}

// requestsAreFoundByTheirCustomers has customers whose keys begin alike.
func requestsAreFoundByTheirCustomers(t T, store persistence.Store) {
	customers := []string{"production/a", "production/aa", "production/a\x00", "production/a b", "production/A", "staging/a", "production/", "😀/ä"}
	expectAbout(t, store, customers[0])
	about := map[string][]string{}
	for i, key := range customers {
		for j := range 3 {
			r := keyedRequest(fmt.Sprint(i, " ", j))
			r.CustomerKeys = []string{key}
			if j == 2 {
				// Of several customers, one of them twice.
				other := customers[(i+1)%len(customers)]
				r.CustomerKeys = []string{other, key, other}
				about[other] = append(about[other], r.ID)
			}
			about[key] = append(about[key], r.ID)
			insertRequest(t, store, r)
		}
	}
	bare := keyedRequest("bare")
	bare.CustomerKeys = nil
	insertRequest(t, store, bare)
	for _, key := range customers {
		expectAbout(t, store, key, about[key]...)
		for limit := 1; limit < 6; limit++ {
			found, err := store.RequestsAbout(t.Context(), key, limit)
			if err != nil || len(found) != min(limit, len(about[key])) {
				t.Errorf("about %q: got %d requests, %v, of %d with the limit %d", key, len(found), err, len(about[key]), limit)
			}
		}
	}
	expectAbout(t, store, "production/b")
	expectAbout(t, store, "")
	// They follow every write.
	r := replaceRequest(t, store, storedRequest(t, store, "0 0"), func(r *domain.KeyedRequest) { r.CustomerKeys = []string{customers[1]} })
	expectAbout(t, store, customers[0], slices.DeleteFunc(slices.Clone(about[customers[0]]), func(id string) bool { return id == r.ID })...)
	expectAbout(t, store, customers[1], append(about[customers[1]], r.ID)...)
	replaceRequest(t, store, r, (*domain.KeyedRequest).Clear)
	expectAbout(t, store, customers[1], about[customers[1]]...)
	if err := store.DeleteRequest(t.Context(), "1 0", 1); err != nil {
		t.Fatalf("delete: %v", err)
	}
	expectAbout(t, store, customers[1], slices.DeleteFunc(slices.Clone(about[customers[1]]), func(id string) bool { return id == "1 0" })...)
}

func deletionNeedsTheVersion(t T, store persistence.Store) {
	r := keyedRequest("r")
	r.Version = 5
	insertRequest(t, store, r, keyedRequest("other"))
	for _, version := range []int64{-1, 0, 4, 6} {
		expectError(t, fmt.Sprintf("delete version %d", version), store.DeleteRequest(t.Context(), "r", version), persistence.ErrConflict)
	}
	expectEqual(t, "request", storedRequest(t, store, "r"), r)
	if err := store.DeleteRequest(t.Context(), "r", 5); err != nil {
		t.Fatalf("delete: %v", err)
	}
	expectError(t, "Request", second(store.Request(t.Context(), "r")), persistence.ErrNotFound)
	expectError(t, "second deletion", store.DeleteRequest(t.Context(), "r", 5), persistence.ErrNotFound)
	expectAbout(t, store, "production/ada", "other")
	// The id is free.
	again := keyedRequest("r")
	insertRequest(t, store, again)
	expectEqual(t, "request", storedRequest(t, store, "r"), again)
}

func oneDeletionWins(t T, store persistence.Store) {
	for round := range 3 {
		id := strconv.Itoa(round)
		insertRequest(t, store, keyedRequest(id))
		expectOneWinner(t, race(8, func(int) error { return store.DeleteRequest(t.Context(), id, 1) }), persistence.ErrNotFound)
		expectError(t, "Request", second(store.Request(t.Context(), id)), persistence.ErrNotFound)
	}
}

func expiredRequestsAreDeleted(t T, store persistence.Store) {
	remove := func(at time.Time, limit, want int) {
		t.Helper()
		if got, err := store.DeleteExpiredRequests(t.Context(), at, limit); err != nil || got != want {
			t.Fatalf("deleted %d requests, %v, want %d", got, err, want)
		}
	}
	remove(noon, 10, 0)
	add := func(id string, at time.Time) {
		r := keyedRequest(id)
		r.ExpiresAt = at
		insertRequest(t, store, r)
	}
	for i := range 7 {
		add(fmt.Sprint("old ", i), noon.Add(-time.Duration(i)*time.Hour))
	}
	add("ancient", time.Date(1969, time.July, 20, 0, 0, 0, 0, time.UTC))
	add("soon", noon.Add(time.Millisecond))
	add("late", noon.AddDate(0, 0, 1))
	// One that is put off does not expire.
	replaceRequest(t, store, storedRequest(t, store, "old 3"), func(r *domain.KeyedRequest) { r.ExpiresAt = noon.Add(time.Hour) })
	remove(noon, 3, 3)
	if n := about(t, store, "production/ada"); n != 7 {
		t.Errorf("%d requests are left after the first deletion, want 7", n)
	}
	remove(noon, 100, 4)
	expectAbout(t, store, "production/ada", "soon", "late", "old 3")
	remove(noon, 100, 0)
	remove(noon.Add(time.Millisecond), 100, 1)
	expectError(t, "Request", second(store.Request(t.Context(), "soon")), persistence.ErrNotFound)
	expectAbout(t, store, "production/ada", "late", "old 3")
}

// about is how many requests are about a customer.
func about(t T, store persistence.Store, customerKey string) int {
	t.Helper()
	found, err := store.RequestsAbout(t.Context(), customerKey, 100)
	if err != nil {
		t.Fatalf("requests about %q: %v", customerKey, err)
	}
	return len(found)
}

func requestsOutliveTheStore(reopen func(persistence.Store) (persistence.Store, error)) func(T, persistence.Store) {
	return func(t T, store persistence.Store) {
		if reopen == nil {
			t.Fatalf("the engine gives no Reopen: give one, or name this case in Lacks with the reason")
		}
		insertRequest(t, store, keyedRequest("a"), keyedRequest("b"), keyedRequest("c"))
		b := replaceRequest(t, store, keyedRequest("b"), func(r *domain.KeyedRequest) { r.CustomerKeys = []string{"production/eve"} })
		if err := store.DeleteRequest(t.Context(), "c", 1); err != nil {
			t.Fatalf("delete: %v", err)
		}
		closeStore(t, store)
		again, err := reopen(store)
		if err != nil {
			t.Fatalf("reopen: %v", err)
		}
		defer closeStore(t, again)
		expectEqual(t, "request", storedRequest(t, again, "a"), keyedRequest("a"))
		expectEqual(t, "request", storedRequest(t, again, "b"), b)
		expectAbout(t, again, "production/ada", "a")
		expectAbout(t, again, "production/eve", "b")
		deleted, err := again.DeleteExpiredRequests(t.Context(), noon.AddDate(1, 0, 0), 10)
		if deleted != 2 || err != nil {
			t.Fatalf("deleted %d requests, %v, want 2", deleted, err)
		}
		expectError(t, "Request", errors.Join(second(again.Request(t.Context(), "a")), second(again.Request(t.Context(), "c"))), persistence.ErrNotFound)
	}
}
