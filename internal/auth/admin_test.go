package auth

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"clientele/internal/domain"
)

// admin is a key of scope admin in an environment, and what it may do.
func (f *fixture) admin(t *testing.T, environmentID string) (Admin, *domain.APIKey) {
	t.Helper()
	_, key := f.create(t, Request{EnvironmentID: environmentID, Scope: domain.ScopeAdmin})
	return f.For(actorOf(key)), key
}

func TestOnlyAnAdminManagesKeys(t *testing.T) {
	t.Parallel()
	f := start(t)
	_, key := f.create(t, full("a"))
	before := f.list(t)
	for _, scope := range []domain.Scope{domain.ScopeRead, domain.ScopeFull, ""} {
		nobody := f.For(domain.Actor{KeyID: key.ID, EnvironmentID: "a", Scope: scope})
		_, listErr := nobody.List(t.Context())
		_, _, createErr := nobody.Create(t.Context(), NewKey{Scope: domain.ScopeRead})
		_, rollErr := nobody.Roll(t.Context(), KeyRef{ID: key.ID}, 0)
		_, revokeErr := nobody.Revoke(t.Context(), KeyRef{ID: key.ID}, true)
		for what, err := range map[string]error{"list": listErr, "create": createErr, "roll": rollErr, "revoke": revokeErr} {
			if !domain.IsKind(err, domain.IdentityForbidden) {
				t.Errorf("scope %q, %s: %v", scope, what, err)
			}
		}
	}
	if !reflect.DeepEqual(f.list(t), before) {
		t.Error("the keys changed")
	}
}

// TestAnotherEnvironmentDoesNotExist compares the error for a key of another environment with that for no key at all.
func TestAnotherEnvironmentDoesNotExist(t *testing.T) {
	t.Parallel()
	f := start(t)
	here, own := f.admin(t, "here")
	_, theirs := f.admin(t, "there")
	for what, do := range map[string]func(id string) error{
		"roll":   func(id string) error { _, err := here.Roll(t.Context(), KeyRef{ID: id}, 0); return err },
		"revoke": func(id string) error { _, err := here.Revoke(t.Context(), KeyRef{ID: id}, true); return err },
	} {
		unknown, elsewhere := do("0123456789abcdef"), do(theirs.ID)
		if !domain.IsKind(unknown, domain.APIKeyNotFound) || !reflect.DeepEqual(elsewhere, unknown) {
			t.Errorf("%s: %v of a key elsewhere, %v of none", what, elsewhere, unknown)
		}
		if strings.Contains(unknown.Error(), "0123456789abcdef") {
			t.Errorf("%s repeats what may be a secret: %v", what, unknown)
		}
	}
	keys, err := here.List(t.Context())
	if err != nil || len(keys) != 1 || keys[0].ID != own.ID {
		t.Errorf("got %+v, %v", keys, err)
	}
	_, _, createErr := here.Create(t.Context(), NewKey{EnvironmentID: new("there"), Scope: domain.ScopeRead})
	_, rollErr := here.Roll(t.Context(), KeyRef{EnvironmentID: new("there"), ID: own.ID}, 0)
	_, revokeErr := here.Revoke(t.Context(), KeyRef{EnvironmentID: new("there"), ID: own.ID}, true)
	for what, err := range map[string]error{"create": createErr, "roll": rollErr, "revoke": revokeErr} {
		if !domain.IsKind(err, domain.IdentityForbidden) {
			t.Errorf("%s there: %v", what, err)
		}
	}
}

func TestAnAdminCreates(t *testing.T) {
	t.Parallel()
	f := start(t)
	here, _ := f.admin(t, "here")
	end := noon.Add(time.Hour + 1_999_999)
	secret, key, err := here.Create(t.Context(), NewKey{
		EnvironmentID: new("here"), Scope: domain.ScopeAdmin, Name: "next", ExpiresAt: new(end.In(time.FixedZone("CET", 3600))),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &domain.APIKey{
		ID: key.ID, Hash: hash(secret), EnvironmentID: "here", Scope: domain.ScopeAdmin, Name: "next",
		CreatedAt: noon, ExpiresAt: new(noon.Add(time.Hour + time.Millisecond)),
	}
	if !reflect.DeepEqual(key, want) {
		t.Errorf("got %+v, want %+v", key, want)
	}
	for name, request := range map[string]NewKey{
		"name":      {Scope: domain.ScopeRead, Name: "a\nb"},
		"scope":     {},
		"expiresAt": {Scope: domain.ScopeRead, ExpiresAt: new(noon)},
	} {
		_, _, err := here.Create(t.Context(), request)
		if !domain.IsKind(err, domain.BadUserInput) || !strings.HasPrefix(err.Error(), name+" ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAdminListsUsableKeysAndTheLastOthers(t *testing.T) {
	t.Parallel()
	f := start(t)
	here, own := f.admin(t, "here")
	for i := range maxEnded + 5 {
		f.at = noon.Add(time.Duration(i+1) * time.Second)
		_, key := f.create(t, Request{EnvironmentID: "here", Scope: domain.ScopeRead, Name: fmt.Sprint(i)})
		if err := f.Revoke(t.Context(), key.ID); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := here.List(t.Context())
	if err != nil || len(keys) != maxEnded+1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	if keys[0].Name != fmt.Sprint(maxEnded+4) || keys[maxEnded-1].Name != "5" || keys[maxEnded].ID != own.ID {
		t.Errorf("the list begins with %q and ends with %q and %q", keys[0].Name, keys[maxEnded-1].Name, keys[maxEnded].ID)
	}
}

func TestRevokingTheOwnKeyNeedsConfirmation(t *testing.T) {
	t.Parallel()
	f := start(t)
	here, own := f.admin(t, "here")
	if _, err := here.Revoke(t.Context(), KeyRef{ID: own.ID}, false); !domain.IsKind(err, domain.BadUserInput) || !strings.Contains(err.Error(), "ownKey") {
		t.Errorf("got %v", err)
	}
	key, err := here.Revoke(t.Context(), KeyRef{ID: own.ID}, true)
	if err != nil || key.RevokedAt == nil || !key.RevokedAt.Equal(noon) {
		t.Errorf("got %+v, %v", key, err)
	}
}

func TestASecondRevocationReturnsTheFirst(t *testing.T) {
	t.Parallel()
	f := start(t)
	here, _ := f.admin(t, "here")
	_, key := f.create(t, full("here"))
	for range 2 {
		got, err := here.Revoke(t.Context(), KeyRef{ID: key.ID}, false)
		if err != nil || !got.RevokedAt.Equal(noon) {
			t.Errorf("got %+v, %v", got, err)
		}
		f.at = f.at.Add(time.Hour)
	}
}

func TestChangesAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	f := start(t)
	var log bytes.Buffer
	WithLog(slog.New(slog.NewTextHandler(&log, nil)))(f.Service)
	here, own := f.admin(t, "here")
	secret, key, err := here.Create(t.Context(), NewKey{Scope: domain.ScopeRead, Name: "the name"})
	if err != nil {
		t.Fatal(err)
	}
	rolled, err := here.Roll(t.Context(), KeyRef{ID: key.ID}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := here.Revoke(t.Context(), KeyRef{ID: rolled.Key.ID}, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	for i, want := range []string{"created", "created", "rolled", "revoked"} {
		by := "by=" + own.ID
		if i == 0 {
			by = "by=operator"
		}
		if len(lines) != 4 || !strings.Contains(lines[i], want) || !strings.Contains(lines[i], by) {
			t.Fatalf("line %d should say %s and %s:\n%s", i, want, by, log.String())
		}
	}
	for _, text := range []string{secret, rolled.Secret, key.Hash, "the name"} {
		if strings.Contains(log.String(), text) {
			t.Errorf("%q is in the log", text)
		}
	}
}
