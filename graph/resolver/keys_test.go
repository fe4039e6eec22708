package resolver

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"clientele/graph/model"
	"clientele/internal/auth"
)

// TestScopesAndStatesAreThoseOfTheSchema fails for a scope or a state that the schema cannot say.
func TestScopesAndStatesAreThoseOfTheSchema(t *testing.T) {
	scopes, states := slices.Collect(maps.Values(toKeyScopes)), slices.Collect(maps.Values(toKeyStates))
	for _, scope := range model.AllAPIKeyScope {
		if !slices.Contains(scopes, scope) || toKeyScopes[keyScopes[scope]] != scope {
			t.Errorf("the scope %s is made of nothing", scope)
		}
	}
	for _, state := range model.AllAPIKeyState {
		if !slices.Contains(states, state) {
			t.Errorf("the state %s is made of nothing", state)
		}
	}
	if len(scopes) != len(model.AllAPIKeyScope) || len(states) != len(model.AllAPIKeyState) {
		t.Errorf("%d scopes, %d states", len(scopes), len(states))
	}
}

func TestOverlapsStayWithinADuration(t *testing.T) {
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
