package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

var noon = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)

const given = "a-secret-that-was-given-at-start"

// fixture is a service over a store of its own, at noon until a test says otherwise.
type fixture struct {
	*Service
	dir   string
	store *bolt.Store
	at    time.Time
}

func start(t *testing.T) *fixture {
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
	f.store, f.Service = store, New(store)
	f.now = func() time.Time { return f.at }
	return f
}

func (f *fixture) create(t *testing.T, request Request) (string, *domain.APIKey) {
	t.Helper()
	secret, key, err := f.Create(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return secret, key
}

func (f *fixture) list(t *testing.T) []*domain.APIKey {
	t.Helper()
	keys, err := f.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// holds reports whether any file of the data directory has the text in it, as it is or in hexadecimal.
func (f *fixture) holds(t *testing.T, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(f.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(text)) || bytes.Contains(content, fmt.Appendf(nil, "%x", text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func full(environmentID string) Request {
	return Request{EnvironmentID: environmentID, Scope: domain.ScopeFull}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.at = noon.Add(1_234_567 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	secret, key := f.create(t, Request{
		EnvironmentID: "production", Scope: domain.ScopeRead, Name: "the shop", ValidFor: time.Hour,
	})

	if !regexp.MustCompile(`^server-[a-z2-7]{26}$`).MatchString(secret) {
		t.Errorf("the secret has not the form of one")
	}
	if err := domain.CheckSecret(secret); err != nil {
		t.Errorf("the secret is too weak: %v", err)
	}
	want := &domain.APIKey{
		ID: key.ID, Hash: key.Hash, EnvironmentID: "production", Scope: domain.ScopeRead, Name: "the shop",
		CreatedAt: noon.Add(time.Millisecond), ExpiresAt: new(noon.Add(time.Hour + time.Millisecond)),
	}
	if !reflect.DeepEqual(key, want) {
		t.Errorf("got %+v, want %+v", key, want)
	}
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(key.ID) || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(key.Hash) {
		t.Errorf("id %q, hash %q", key.ID, key.Hash)
	}
	stored, err := f.store.Key(t.Context(), key.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(stored, want) {
		t.Errorf("stored is %+v, want %+v", stored, want)
	}
}

func TestCreateMakesADifferentSecretEachTime(t *testing.T) {
	t.Parallel()
	f := start(t)
	first, firstKey := f.create(t, full("production"))
	second, secondKey := f.create(t, full("production"))
	if first == second || firstKey.ID == secondKey.ID {
		t.Error("two keys are one")
	}
	if len(f.list(t)) != 2 {
		t.Error("two keys are not in the list")
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	f := start(t)
	cases := map[string]struct {
		request Request
		field   string
	}{
		"no environment":              {Request{Scope: domain.ScopeFull}, "environment"},
		"an environment with a slash": {full("a/b"), "environment"},
		"an environment of 65":        {full(strings.Repeat("a", 65)), "environment"},
		"no scope":                    {Request{EnvironmentID: "production"}, "scope"},
		"an unknown scope":            {Request{EnvironmentID: "production", Scope: "write"}, "scope"},
		"a name of 256":               {Request{EnvironmentID: "a", Scope: domain.ScopeFull, Name: strings.Repeat("a", 256)}, "name"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			secret, key, err := f.Create(t.Context(), c.request)
			refusal, ok := errors.AsType[*domain.Error](err)
			if !ok || refusal.Kind != domain.BadUserInput || refusal.Facts["field"] != c.field {
				t.Errorf("got %v", err)
			}
			if secret != "" || key != nil {
				t.Error("the refusal comes with a key")
			}
		})
	}
	if keys := f.list(t); len(keys) != 0 {
		t.Errorf("%d keys were stored", len(keys))
	}
}

func TestValidFor(t *testing.T) {
	t.Parallel()
	f := start(t)
	cases := map[string]struct {
		validFor time.Duration
		want     *time.Time
	}{
		"zero is for ever":                    {0, nil},
		"less than zero is for ever":          {-time.Hour, nil},
		"a time ends then":                    {time.Hour, new(noon.Add(time.Hour))},
		"less than a millisecond is cut":      {1_999_999, new(noon.Add(time.Millisecond))},
		"the end is at millisecond precision": {time.Millisecond, new(noon.Add(time.Millisecond))},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, key := f.create(t, Request{EnvironmentID: "production", Scope: domain.ScopeFull, ValidFor: c.validFor})
			if !reflect.DeepEqual(key.ExpiresAt, c.want) {
				t.Errorf("got %v, want %v", key.ExpiresAt, c.want)
			}
		})
	}
}

func TestAuthenticateReturnsTheActor(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, environment := range []string{"production", "staging"} {
		for _, scope := range []domain.Scope{domain.ScopeFull, domain.ScopeRead} {
			t.Run(fmt.Sprint(environment, " ", scope), func(t *testing.T) {
				secret, key := f.create(t, Request{EnvironmentID: environment, Scope: scope})
				got, err := f.Authenticate(t.Context(), secret)
				if err != nil {
					t.Fatal(err)
				}
				if want := (domain.Actor{KeyID: key.ID, EnvironmentID: environment, Scope: scope}); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		}
	}
}

func TestAuthenticateRefusesAlike(t *testing.T) {
	t.Parallel()
	f := start(t)
	usable, usableKey := f.create(t, full("production"))
	expired, _ := f.create(t, Request{EnvironmentID: "production", Scope: domain.ScopeFull, ValidFor: time.Hour})
	revoked, revokedKey := f.create(t, full("production"))
	if err := f.Revoke(t.Context(), revokedKey.ID); err != nil {
		t.Fatal(err)
	}
	// Two secrets could share an id; the whole hash has to agree.
	const twin = "a-secret-whose-id-another-one-has"
	err := f.store.InsertKey(t.Context(), &domain.APIKey{
		ID: idOf(hash(twin)), Hash: hash(usable), EnvironmentID: "production", Scope: domain.ScopeFull, CreatedAt: noon,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.at = noon.Add(time.Hour)

	want := &domain.Error{
		Kind: domain.Unauthenticated, Message: "Unauthenticated: send a valid API key in the header X-API-KEY",
	}
	cases := map[string]string{
		"missing":                  "",
		"unknown":                  "server-abcdefghijklmnopqrstuvwxyz",
		"expired":                  expired,
		"revoked":                  revoked,
		"the id alone":             twin,
		"the public id":            usableKey.ID,
		"the hash":                 usableKey.Hash,
		"in upper case":            strings.ToUpper(usable),
		"with a space behind":      usable + " ",
		"with a newline behind":    usable + "\n",
		"without its last letter":  usable[:len(usable)-1],
		"without its prefix":       strings.TrimPrefix(usable, secretPrefix),
		"very long":                strings.Repeat(usable, 1000),
		"with the header's scheme": "Bearer " + usable,
	}
	for name, secret := range cases {
		t.Run(name, func(t *testing.T) {
			actor, err := f.Authenticate(t.Context(), secret)
			if !reflect.DeepEqual(err, error(want)) {
				t.Errorf("got %#v, want %#v", err, want)
			}
			if actor != (domain.Actor{}) {
				t.Errorf("the refusal comes with the actor %+v", actor)
			}
		})
	}
	if _, err := f.Authenticate(t.Context(), usable); err != nil {
		t.Errorf("the usable key is refused as well: %v", err)
	}
}

func TestAKeyIsValidUntilItExpires(t *testing.T) {
	t.Parallel()
	f := start(t)
	secret, _ := f.create(t, Request{EnvironmentID: "production", Scope: domain.ScopeFull, ValidFor: time.Hour})
	cases := map[string]struct {
		at      time.Time
		refused bool
	}{
		"at once":               {noon, false},
		"a nanosecond before":   {noon.Add(time.Hour - 1), false},
		"at the end":            {noon.Add(time.Hour), true},
		"long after":            {noon.AddDate(100, 0, 0), true},
		"by a clock put back":   {noon.Add(-time.Hour), false},
		"at the end, elsewhere": {noon.Add(time.Hour).In(time.FixedZone("CET", 3600)), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f.at = c.at
			if _, err := f.Authenticate(t.Context(), secret); domain.IsKind(err, domain.Unauthenticated) != c.refused {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A store that fails says nothing of the key: the caller may try again with it.
func TestAuthenticateReturnsErrorsOfTheStore(t *testing.T) {
	t.Parallel()
	f := start(t)
	secret, _ := f.create(t, full("production"))
	if err := f.store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	actor, err := f.Authenticate(t.Context(), secret)
	if !errors.Is(err, persistence.ErrClosed) || domain.IsKind(err, domain.Unauthenticated) {
		t.Errorf("got %v", err)
	}
	if actor != (domain.Actor{}) {
		t.Errorf("the failure comes with the actor %+v", actor)
	}
}

func TestOnlyTheHashIsStored(t *testing.T) {
	t.Parallel()
	f := start(t)
	made, madeKey := f.create(t, Request{EnvironmentID: "production", Scope: domain.ScopeFull, Name: "the shop"})
	if err := f.Bootstrap(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	if err := f.Revoke(t.Context(), madeKey.ID); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{made, given} {
		stored, err := f.store.Key(t.Context(), idOf(hash(secret)))
		if err != nil {
			t.Fatal(err)
		}
		document, err := json.Marshal(stored)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{secret, strings.TrimPrefix(secret, secretPrefix), secret[len(secret)-12:]} {
			if bytes.Contains(document, []byte(part)) {
				t.Errorf("the document has %q: %s", part, document)
			}
			if f.holds(t, part) {
				t.Errorf("the data directory has %q", part)
			}
		}
		// If the hash were not found either, the search would not be looking at the keys.
		if !f.holds(t, stored.Hash) {
			t.Error("the data directory lacks the hash")
		}
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := start(t)
	secret, key := f.create(t, full("production"))
	other, _ := f.create(t, full("production"))

	f.at = noon.Add(1_999_999 * time.Nanosecond)
	if err := f.Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	f.at = noon.Add(time.Hour)
	if err := f.Revoke(t.Context(), key.ID); err != nil {
		t.Errorf("a second time: %v", err)
	}
	stored, err := f.store.Key(t.Context(), key.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := *key
	want.RevokedAt = new(noon.Add(time.Millisecond))
	if !reflect.DeepEqual(stored, &want) {
		t.Errorf("got %+v, want %+v", stored, want)
	}
	if _, err := f.Authenticate(t.Context(), secret); !domain.IsKind(err, domain.Unauthenticated) {
		t.Errorf("the revoked key: %v", err)
	}
	if _, err := f.Authenticate(t.Context(), other); err != nil {
		t.Errorf("the other key: %v", err)
	}
	if len(f.list(t)) != 2 {
		t.Error("the revoked key is not in the list any more")
	}
}

func TestRevokeOfAnUnknownKey(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, id := range []string{"0123456789abcdef", ""} {
		if err := f.Revoke(t.Context(), id); !errors.Is(err, persistence.ErrNotFound) {
			t.Errorf("%q: got %v", id, err)
		}
	}
}

func TestListIsInOrderOfID(t *testing.T) {
	t.Parallel()
	f := start(t)
	if keys := f.list(t); keys == nil || len(keys) != 0 {
		t.Errorf("without keys it is %v", keys)
	}
	for range 10 {
		f.create(t, full("production"))
	}
	keys := f.list(t)
	if len(keys) != 10 {
		t.Fatalf("%d keys", len(keys))
	}
	for i := range keys[1:] {
		if keys[i].ID >= keys[i+1].ID {
			t.Errorf("%s comes before %s", keys[i].ID, keys[i+1].ID)
		}
	}
}

func TestBootstrapGivesFullAccessToTheDefaultEnvironment(t *testing.T) {
	t.Parallel()
	f := start(t)
	for range 3 {
		if err := f.Bootstrap(t.Context(), given); err != nil {
			t.Fatal(err)
		}
		f.at = f.at.Add(time.Hour)
	}
	keys := f.list(t)
	if len(keys) != 1 {
		t.Fatalf("%d keys", len(keys))
	}
	want := &domain.APIKey{
		ID: keys[0].ID, Hash: keys[0].Hash, EnvironmentID: "development", Scope: domain.ScopeFull,
		Name: "given at start", CreatedAt: noon,
	}
	if !reflect.DeepEqual(keys[0], want) {
		t.Errorf("got %+v, want %+v", keys[0], want)
	}
	got, err := f.Authenticate(t.Context(), given)
	if err != nil {
		t.Fatal(err)
	}
	if want := (domain.Actor{KeyID: keys[0].ID, EnvironmentID: "development", Scope: domain.ScopeFull}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestBootstrapInARace(t *testing.T) {
	t.Parallel()
	f := start(t)
	errs := make([]error, 20)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = f.Bootstrap(t.Context(), given) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if keys := f.list(t); len(keys) != 1 {
		t.Errorf("%d keys", len(keys))
	}
}

func TestBootstrapKeepsOtherKeys(t *testing.T) {
	t.Parallel()
	f := start(t)
	secret, _ := f.create(t, full("production"))
	if err := f.Bootstrap(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Authenticate(t.Context(), secret); err != nil {
		t.Error(err)
	}
}

func TestBootstrapRefusesAnEndedKey(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*testing.T, *fixture) string{
		"revoked when it was given before": func(t *testing.T, f *fixture) string {
			if err := f.Bootstrap(t.Context(), given); err != nil {
				t.Fatal(err)
			}
			if err := f.Revoke(t.Context(), idOf(hash(given))); err != nil {
				t.Fatal(err)
			}
			return given
		},
		"revoked when it was made": func(t *testing.T, f *fixture) string {
			secret, key := f.create(t, full("development"))
			if err := f.Revoke(t.Context(), key.ID); err != nil {
				t.Fatal(err)
			}
			return secret
		},
		"expired": func(t *testing.T, f *fixture) string {
			secret, _ := f.create(t, Request{EnvironmentID: "development", Scope: domain.ScopeFull, ValidFor: time.Hour})
			return secret
		},
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			secret := prepare(t, f)
			f.at = noon.Add(time.Hour)
			before := f.list(t)
			err := f.Bootstrap(t.Context(), secret)
			if !domain.IsKind(err, domain.BadUserInput) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the refusal tells the secret: %v", err)
			}
			if !reflect.DeepEqual(f.list(t), before) {
				t.Error("the keys changed")
			}
			if _, err := f.Authenticate(t.Context(), secret); !domain.IsKind(err, domain.Unauthenticated) {
				t.Errorf("the secret opens again: %v", err)
			}
		})
	}
}

// A start of the server must not give an existing key more access.
func TestBootstrapDoesNotExtendAKey(t *testing.T) {
	t.Parallel()
	cases := map[string]Request{
		"read access":         {EnvironmentID: "development", Scope: domain.ScopeRead},
		"another environment": {EnvironmentID: "production", Scope: domain.ScopeFull},
		"both":                {EnvironmentID: "production", Scope: domain.ScopeRead},
	}
	for name, request := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			secret, _ := f.create(t, request)
			before := f.list(t)
			err := f.Bootstrap(t.Context(), secret)
			if !domain.IsKind(err, domain.BadUserInput) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v", err)
			}
			if !reflect.DeepEqual(f.list(t), before) {
				t.Errorf("the keys changed from %+v", before)
			}
			actor, err := f.Authenticate(t.Context(), secret)
			if err != nil || actor.Scope != request.Scope || actor.EnvironmentID != request.EnvironmentID {
				t.Errorf("got %+v, %v", actor, err)
			}
		})
	}
}

func TestBootstrapOfAKeyWithFullAccess(t *testing.T) {
	t.Parallel()
	f := start(t)
	secret, _ := f.create(t, Request{EnvironmentID: "development", Scope: domain.ScopeFull, ValidFor: time.Hour})
	before := f.list(t)
	if err := f.Bootstrap(t.Context(), secret); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(f.list(t), before) {
		t.Errorf("the keys changed from %+v", before)
	}
}

// failingKeys is a store that knows that a key exists and fails to read it.
type failingKeys struct{ persistence.Keys }

var errBroken = errors.New("disk on fire")

func (failingKeys) Key(context.Context, string) (*domain.APIKey, error) { return nil, errBroken }

func TestBootstrapReturnsErrorsOfTheStore(t *testing.T) {
	t.Parallel()
	f := start(t)
	if err := f.Bootstrap(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	if err := New(failingKeys{f.store}).Bootstrap(t.Context(), given); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

func TestBootstrapRefusesWeakSecrets(t *testing.T) {
	t.Parallel()
	f := start(t)
	cases := map[string]string{
		"empty":          "",
		"23 characters":  strings.Repeat("x", 23),
		"256 characters": strings.Repeat("x", 256),
		"a space":        given + " ",
		"a newline":      given + "\n",
		"beyond ASCII":   given + "é",
	}
	for name, secret := range cases {
		t.Run(name, func(t *testing.T) {
			if err := f.Bootstrap(t.Context(), secret); !domain.IsKind(err, domain.BadUserInput) {
				t.Errorf("got %v", err)
			}
		})
	}
	if keys := f.list(t); len(keys) != 0 {
		t.Errorf("%d keys were stored", len(keys))
	}
}

func TestErrorsOfTheStoreAreReturned(t *testing.T) {
	t.Parallel()
	f := start(t)
	if err := f.store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"Create": func() error {
			secret, key, err := f.Create(t.Context(), full("production"))
			if secret != "" || key != nil {
				t.Error("a key that was not stored is answered")
			}
			return err
		},
		"Bootstrap": func() error { return f.Bootstrap(t.Context(), given) },
		"List": func() error {
			_, err := f.List(t.Context())
			return err
		},
		"Revoke": func() error { return f.Revoke(t.Context(), "0123456789abcdef") },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			if err := call(); !errors.Is(err, persistence.ErrClosed) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestImpossibleKeysAreNotLookedUp has no store to look into.
func TestImpossibleKeysAreNotLookedUp(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", "short", strings.Repeat("x", domain.MaxSecretLength+1), "server-with-a-space in-it-is-no-key"} {
		if _, err := New(nil).Authenticate(t.Context(), secret); !domain.IsKind(err, domain.Unauthenticated) {
			t.Errorf("%q: %v", secret, err)
		}
	}
}
