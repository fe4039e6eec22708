package resolver

import (
	"math"
	"slices"
	"testing"
	"time"

	"clientele/graph/model"
	"clientele/internal/auth"
	"clientele/internal/domain"
)

// TestScopesAndStatesAreThoseOfTheSchema fails for a scope or a state that is spelled differently in the schema.
func TestScopesAndStatesAreThoseOfTheSchema(t *testing.T) {
	scopes := each([]domain.Scope{domain.ScopeRead, domain.ScopeFull, domain.ScopeAdmin}, func(scope domain.Scope) model.APIKeyScope {
		out := toAPIKey(&domain.APIKey{Scope: scope}, time.Time{}).Scope
		if back := fromCreateAPIKeyInput(model.CreateAPIKeyInput{Scope: out}).Scope; back != scope {
			t.Errorf("the scope %s is %s in the schema, which is read as %s", scope, out, back)
		}
		return out
	})
	if !slices.Equal(scopes, model.AllAPIKeyScope) {
		t.Errorf("the scopes are %v", scopes)
	}
	now := time.Now()
	states := each([]*domain.APIKey{{}, {ExpiresAt: &now}, {RevokedAt: &now}}, func(key *domain.APIKey) model.APIKeyState {
		return toAPIKey(key, now).State
	})
	if !slices.Equal(states, model.AllAPIKeyState) {
		t.Errorf("the states are %v", states)
	}
}

func TestOverlapsAreClamped(t *testing.T) {
	for seconds, want := range map[int]time.Duration{
		0: 0, 1: time.Second, 2_592_000: auth.MaxOverlap, 2_592_001: auth.MaxOverlap + time.Second,
		math.MaxInt: auth.MaxOverlap + time.Second, -1: -time.Second, math.MinInt: -time.Second,
	} {
		if got := fromOverlap(&seconds); got != want {
			t.Errorf("%d seconds are %s, not %s", seconds, got, want)
		}
	}
	if got := fromOverlap(nil); got != 24*time.Hour {
		t.Errorf("the default is %s", got)
	}
}
