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

func listKeys(t T, store persistence.Store) []*domain.APIKey {
	t.Helper()
	keys, err := store.ListKeys(t.Context())
	if err != nil {
		t.Fatalf("list keys: %v", err)
	}
	return keys
}

func everyFieldOfAKeyIsKept(t T, store persistence.Store) {
	elsewhere := time.FixedZone("elsewhere", -3*60*60)
	timely := apiKey("timely")
	timely.CreatedAt = noon.In(elsewhere).Add(1999 * time.Microsecond)
	timely.ExpiresAt, timely.RevokedAt, timely.LastUsedAt = new(timely.CreatedAt), new(timely.CreatedAt), new(timely.CreatedAt)
	timely.ReplacedBy = "Timely"
	given := clone(timely)
	insertKey(t, store, timely)
	expectEqual(t, "the key that was given", timely, given)
	at := noon.Add(time.Millisecond)
	timely.CreatedAt, timely.ExpiresAt, timely.RevokedAt, timely.LastUsedAt = at, &at, &at, &at

	keys := []*domain.APIKey{{ID: "bare", CreatedAt: noon}, timely, apiKey("Timely")}
	insertKey(t, store, keys[0])
	insertKey(t, store, keys[2])
	for i, text := range harderTexts {
		key := apiKey(fmt.Sprint("text ", i))
		key.Name, key.Hash, key.EnvironmentID, key.Scope, key.ReplacedBy = text, text, text, domain.Scope(text), text
		insertKey(t, store, key)
		keys = append(keys, key)
	}
	for _, text := range hardTexts {
		key := apiKey(text)
		insertKey(t, store, key)
		keys = append(keys, key)
	}
	for _, key := range keys {
		expectEqual(t, "key", storedKey(t, store, key.ID), key)
	}
	slices.SortFunc(keys, func(a, b *domain.APIKey) int { return strings.Compare(a.ID, b.ID) })
	expectEqual(t, "keys", listKeys(t, store), keys)
}

func heldKeyIDExists(t T, store persistence.Store) {
	live, revoked := apiKey("live"), apiKey("revoked")
	revoked.RevokedAt = new(noon)
	for _, key := range []*domain.APIKey{live, revoked} {
		insertKey(t, store, key)
		other := apiKey(key.ID)
		other.EnvironmentID, other.Name = staging, "other"
		expectError(t, "second insert", store.InsertKey(t.Context(), other), persistence.ErrExists)
		expectEqual(t, "key", storedKey(t, store, key.ID), key)
	}
	winner := expectOneWinner(t, race(8, func(i int) error {
		key := apiKey("raced")
		key.Name = strconv.Itoa(i)
		return store.InsertKey(t.Context(), key)
	}), persistence.ErrExists)
	if got := storedKey(t, store, "raced").Name; got != strconv.Itoa(winner) {
		t.Errorf("writer %d won, but the key is writer %s's", winner, got)
	}
}

func revokedAndExpiredKeysAreReturned(t T, store persistence.Store) {
	key := apiKey("key")
	key.ExpiresAt, key.RevokedAt = new(noon.AddDate(-1, 0, 0)), new(noon.AddDate(-2, 0, 0))
	insertKey(t, store, key)
	expectEqual(t, "key", storedKey(t, store, key.ID), key)
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{key})
}

func keysAreListedInOrderOfID(t T, store persistence.Store) {
	var keys []*domain.APIKey
	for _, id := range []string{"b", "a", "B", "10", "9", "aa", "a.", "я", "ä", "😀", "\uffff"} {
		key := apiKey(id)
		if len(keys)%2 > 0 {
			key.EnvironmentID = staging
		}
		insertKey(t, store, key)
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b *domain.APIKey) int { return strings.Compare(a.ID, b.ID) })
	expectEqual(t, "keys", listKeys(t, store), keys)
}

func noKeysAreAnEmptySlice(t T, store persistence.Store) {
	insert(t, store, filled(production, "no key"))
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{})
}

func firstRevocationStands(t T, store persistence.Store) {
	key, other := apiKey("key"), apiKey("other")
	insertKey(t, store, key)
	insertKey(t, store, other)
	first := noon.In(time.FixedZone("elsewhere", 60*60)).Add(1999 * time.Microsecond)
	key.RevokedAt = new(noon.Add(time.Millisecond))
	for _, at := range []time.Time{first, noon.Add(time.Hour), noon.Add(-time.Hour), first} {
		if err := store.RevokeKey(t.Context(), key.ID, at); err != nil {
			t.Fatalf("revoke: %v", err)
		}
		expectEqual(t, "key", storedKey(t, store, key.ID), key)
	}
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{key, other})

	err := errors.Join(race(8, func(i int) error {
		return store.RevokeKey(t.Context(), other.ID, noon.Add(time.Duration(i)*time.Second))
	})...)
	if err != nil {
		t.Fatalf("revoke: %v", err)
	}
	revoked := storedKey(t, store, other.ID)
	if revoked.RevokedAt == nil {
		t.Fatalf("the key was revoked by many and is not revoked")
	}
	if err := store.RevokeKey(t.Context(), other.ID, noon.Add(time.Hour)); err != nil {
		t.Fatalf("revoke: %v", err)
	}
	expectEqual(t, "key", storedKey(t, store, other.ID), revoked)
}

func firstSuccessorStands(t T, store persistence.Store) {
	forever, raced, other := apiKey("for ever"), apiKey("raced"), apiKey("other")
	forever.ExpiresAt = nil
	for _, key := range []*domain.APIKey{forever, raced, other} {
		insertKey(t, store, key)
	}
	end := noon.In(time.FixedZone("elsewhere", 60*60)).Add(1999 * time.Microsecond)
	if err := store.RetireKey(t.Context(), forever.ID, "successor", end); err != nil {
		t.Fatalf("retire: %v", err)
	}
	forever.ReplacedBy, forever.ExpiresAt = "successor", new(noon.Add(time.Millisecond))
	for _, by := range []string{"successor", "another"} {
		expectError(t, "second retirement", store.RetireKey(t.Context(), forever.ID, by, noon.Add(time.Hour)), persistence.ErrConflict)
	}
	expectEqual(t, "key", storedKey(t, store, forever.ID), forever)

	winner := expectOneWinner(t, race(8, func(i int) error {
		return store.RetireKey(t.Context(), raced.ID, strconv.Itoa(i), noon.Add(time.Duration(i)*time.Second))
	}), persistence.ErrConflict)
	raced.ReplacedBy, raced.ExpiresAt = strconv.Itoa(winner), new(noon.Add(time.Duration(winner)*time.Second))
	expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{forever, other, raced})

	if err := store.RevokeKey(t.Context(), forever.ID, noon); err != nil {
		t.Fatalf("revoke: %v", err)
	}
	forever.RevokedAt = new(noon)
	expectEqual(t, "the key once revoked", storedKey(t, store, forever.ID), forever)
}

func latestUseStands(t T, store persistence.Store) {
	keys := map[string]*domain.APIKey{"a": apiKey("a"), "b": apiKey("b"), "c": apiKey("c")}
	keys["b"].RevokedAt = new(noon)
	for _, key := range keys {
		insertKey(t, store, key)
	}
	use := func(uses map[string]time.Time) {
		t.Helper()
		if err := store.UseKeys(t.Context(), uses); err != nil {
			t.Fatalf("use %v: %v", uses, err)
		}
		for id, at := range uses {
			key := keys[id]
			if key != nil && (key.LastUsedAt == nil || at.After(*key.LastUsedAt)) {
				key.LastUsedAt = new(at.Truncate(time.Millisecond).UTC())
			}
		}
		expectEqual(t, "keys", listKeys(t, store), []*domain.APIKey{keys["a"], keys["b"], keys["c"]})
	}
	later := noon.In(time.FixedZone("elsewhere", 60*60)).Add(1999 * time.Microsecond)
	use(nil)
	use(map[string]time.Time{"a": noon, "b": later, "missing": noon})
	use(map[string]time.Time{"a": later, "b": noon, "c": noon})
	use(map[string]time.Time{"missing": noon})
	expectError(t, "the missing key", second(store.Key(t.Context(), "missing")), persistence.ErrNotFound)

	err := errors.Join(race(8, func(i int) error {
		return store.UseKeys(t.Context(), map[string]time.Time{"a": noon.Add(time.Duration(i+1) * time.Hour)})
	})...)
	if err != nil {
		t.Fatalf("use: %v", err)
	}
	use(map[string]time.Time{"a": noon.Add(8 * time.Hour)})
}
