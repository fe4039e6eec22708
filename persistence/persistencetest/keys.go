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
	timely.ExpiresAt, timely.RevokedAt = new(timely.CreatedAt), new(timely.CreatedAt)
	given := clone(timely)
	insertKey(t, store, timely)
	expectEqual(t, "the key that was given", timely, given)
	at := noon.Add(time.Millisecond)
	timely.CreatedAt, timely.ExpiresAt, timely.RevokedAt = at, &at, &at

	keys := []*domain.APIKey{{ID: "bare", CreatedAt: noon}, timely, apiKey("Timely")}
	insertKey(t, store, keys[0])
	insertKey(t, store, keys[2])
	for i, text := range harderTexts {
		key := apiKey(fmt.Sprint("text ", i))
		key.Name, key.Hash, key.EnvironmentID, key.Scope = text, text, text, domain.Scope(text)
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

func revokedAndExpiredKeysAreAnswered(t T, store persistence.Store) {
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
