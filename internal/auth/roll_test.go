package auth

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

func (f *fixture) mustOpen(t *testing.T, secret string, want bool) {
	t.Helper()
	_, err := f.Authenticate(t.Context(), secret)
	if err != nil && !domain.IsKind(err, domain.Unauthenticated) {
		t.Fatal(err)
	}
	if got := err == nil; got != want {
		t.Errorf("at %s the key opens: %t, want %t", f.at.Sub(noon), got, want)
	}
}

func TestRollMakesAKeyLikeTheOldOne(t *testing.T) {
	t.Parallel()
	f := start(t)
	_, old := f.create(t, Request{EnvironmentID: "staging", Scope: domain.ScopeAdmin, Name: "the shop", ValidFor: 48 * time.Hour})
	f.at = noon.Add(10 * time.Hour)
	rolled, err := f.Roll(t.Context(), old.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	want := &domain.APIKey{
		ID: rolled.Key.ID, Hash: hash(rolled.Secret), EnvironmentID: "staging", Scope: domain.ScopeAdmin, Name: "the shop",
		CreatedAt: f.at, ExpiresAt: new(f.at.Add(48 * time.Hour)),
	}
	retired := *old
	retired.ReplacedBy, retired.ExpiresAt = want.ID, new(f.at.Add(time.Hour))
	for _, c := range []struct {
		what      string
		got, want *domain.APIKey
	}{{"the new key", rolled.Key, want}, {"the old key", rolled.Replaced, &retired}} {
		stored, err := f.store.Key(t.Context(), c.want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.got, c.want) || !reflect.DeepEqual(stored, c.want) {
			t.Errorf("%s: got %+v, stored %+v, want %+v", c.what, c.got, stored, c.want)
		}
	}
}

func TestTheOldKeyIsValidForTheOverlap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		validFor, overlap, opensFor time.Duration
	}{
		"an hour":                       {0, time.Hour, time.Hour},
		"none":                          {0, 0, 0},
		"the most":                      {0, MaxOverlap, MaxOverlap},
		"no longer than it would have":  {time.Minute, time.Hour, time.Minute},
		"shorter than it would have":    {time.Hour, time.Minute, time.Minute},
		"less than a millisecond is no": {0, time.Microsecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			secret, old := f.create(t, Request{EnvironmentID: "a", Scope: domain.ScopeFull, ValidFor: c.validFor})
			rolled, err := f.Roll(t.Context(), old.ID, c.overlap)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []struct {
				after time.Duration
				opens bool
			}{{c.opensFor - time.Millisecond, c.opensFor > 0}, {c.opensFor, false}, {c.opensFor + time.Second, false}} {
				f.at = noon.Add(at.after)
				f.mustOpen(t, secret, at.opens)
			}
			f.at = noon.Add(time.Second)
			f.mustOpen(t, rolled.Secret, true)
		})
	}
}

// TestARollAtOnceDoesNotDependOnClocks: another server's clock may be behind.
func TestARollAtOnceDoesNotDependOnClocks(t *testing.T) {
	t.Parallel()
	f := start(t)
	secret, old := f.create(t, full("a"))
	if _, err := f.Roll(t.Context(), old.ID, 0); err != nil {
		t.Fatal(err)
	}
	f.at = noon.Add(-time.Hour)
	f.mustOpen(t, secret, false)
}

func TestRollRefuses(t *testing.T) {
	t.Parallel()
	f := start(t)
	_, live := f.create(t, full("a"))
	_, revoked := f.create(t, full("a"))
	_, expired := f.create(t, Request{EnvironmentID: "a", Scope: domain.ScopeFull, ValidFor: time.Minute})
	_, replaced := f.create(t, full("a"))
	if err := f.Revoke(t.Context(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Roll(t.Context(), replaced.ID, MaxOverlap); err != nil {
		t.Fatal(err)
	}
	f.at = noon.Add(time.Hour)
	before := f.list(t)
	for name, c := range map[string]struct {
		id      string
		overlap time.Duration
		field   string
	}{
		"a revoked key":        {revoked.ID, time.Hour, "id"},
		"an expired key":       {expired.ID, time.Hour, "id"},
		"a replaced key":       {replaced.ID, time.Hour, "id"},
		"a negative overlap":   {live.ID, -1, "overlap"},
		"an overlap too long":  {live.ID, MaxOverlap + 1, "overlap"},
		"an overlap of a year": {live.ID, 365 * 24 * time.Hour, "overlap"},
	} {
		rolled, err := f.Roll(t.Context(), c.id, c.overlap)
		refusal, ok := errors.AsType[*domain.Error](err)
		if !ok || refusal.Kind != domain.BadUserInput || refusal.Facts["field"] != c.field || rolled.Secret != "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := f.Roll(t.Context(), "0123456789abcdef", 0); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("an unknown key: %v", err)
	}
	if after := f.list(t); !reflect.DeepEqual(after, before) {
		t.Errorf("the keys changed from %+v to %+v", before, after)
	}
}

// stealingKeys is a store in which another server is faster to replace a key.
type stealingKeys struct{ persistence.Keys }

func (s stealingKeys) RetireKey(ctx context.Context, id, replacedBy string, at time.Time) error {
	return errors.Join(s.Keys.RetireKey(ctx, id, "faster", at), s.Keys.RetireKey(ctx, id, replacedBy, at))
}

func TestOneOfTwoRollsWins(t *testing.T) {
	t.Parallel()
	f := start(t)
	_, old := f.create(t, full("a"))
	late := New(stealingKeys{f.store})
	late.now = f.now
	if rolled, err := late.Roll(t.Context(), old.ID, time.Hour); !domain.IsKind(err, domain.Conflict) || rolled.Secret != "" {
		t.Errorf("got %v", err)
	}
	for _, key := range f.list(t) {
		if usable := key.Usable(noon); usable != (key.ID == old.ID) {
			t.Errorf("key %+v is usable: %t", key, usable)
		}
	}
}

func TestTheKeysOfAnEnvironmentAreLimited(t *testing.T) {
	t.Parallel()
	f := start(t)
	var last *domain.APIKey
	for i := range MaxKeys {
		_, last = f.create(t, Request{EnvironmentID: "a", Scope: domain.ScopeFull, Name: fmt.Sprint(i)})
	}
	mustBeFull := func(what string, err error) {
		t.Helper()
		if !domain.IsKind(err, domain.TooManyAPIKeys) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	_, _, err := f.Create(t.Context(), full("a"))
	mustBeFull("one more", err)
	_, err = f.Roll(t.Context(), last.ID, time.Hour)
	mustBeFull("a roll with an overlap", err)
	if _, _, err := f.Create(t.Context(), full("b")); err != nil {
		t.Errorf("in another environment: %v", err)
	}
	if _, err := f.Roll(t.Context(), last.ID, 0); err != nil {
		t.Errorf("a roll without an overlap: %v", err)
	}
	mustBeFull("after the roll", second(f.Create(t.Context(), full("a"))))
	for _, key := range f.list(t) {
		if key.EnvironmentID == "a" && key.Usable(noon) {
			if err := f.Revoke(t.Context(), key.ID); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if _, _, err := f.Create(t.Context(), full("a")); err != nil {
		t.Errorf("once one was revoked: %v", err)
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

func TestKeysGivenAtEarlierStarts(t *testing.T) {
	t.Parallel()
	f := start(t)
	secrets := []string{given, given + "-2", given + "-3"}
	for _, secret := range secrets {
		if err := f.Bootstrap(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	f.create(t, full(DefaultEnvironment))
	if err := f.Revoke(t.Context(), idOf(hash(secrets[1]))); err != nil {
		t.Fatal(err)
	}
	earlier, err := f.GivenEarlier(t.Context(), secrets[2])
	if err != nil {
		t.Fatal(err)
	}
	if len(earlier) != 1 || earlier[0].ID != idOf(hash(given)) {
		t.Errorf("got %+v", earlier)
	}
}
