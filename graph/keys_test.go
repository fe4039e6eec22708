package graph

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/model"
	"clientele/internal/auth"
	"clientele/internal/domain"
)

// TestEveryFieldThatLeadsToKeysNeedsAnAdmin fails for a field at the root that was added without its scope.
func TestEveryFieldThatLeadsToKeysNeedsAnAdmin(t *testing.T) {
	schema := schemaOf(t)
	var leads func(name string, seen map[string]bool) bool
	leads = func(name string, seen map[string]bool) bool {
		if name == "ApiKey" {
			return true
		}
		if seen[name] || schema.Types[name] == nil {
			return false
		}
		seen[name] = true
		return slices.ContainsFunc(schema.Types[name].Fields, func(field *ast.FieldDefinition) bool {
			return leads(field.Type.Name(), seen)
		})
	}
	found := 0
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, field := range root.Fields {
			if field.Name == "__schema" || field.Name == "__type" {
				continue
			}
			admin := leads(field.Type.Name(), map[string]bool{})
			if admin != slices.Contains(adminFields, field.Name) {
				t.Errorf("%s leads to API keys: %t", field.Name, admin)
			}
			if admin {
				found++
			}
		}
	}
	if found != len(adminFields) {
		t.Errorf("the schema has %d of %d fields", found, len(adminFields))
	}
}

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

func TestSecretsAreRevealedToOneAnswer(t *testing.T) {
	a := &answered{}
	first, second := a.hide("server-one"), a.hide("server-two")
	for _, placeholder := range []string{first, second} {
		if placeholder == "server-one" || placeholder == "server-two" || first == second {
			t.Fatalf("the placeholder is %q", placeholder)
		}
	}
	text := `{"a":"` + first + `","b":["` + second + `","` + first + `"],"c":"kept"}`
	answer, kept := a.reveal([]byte(text))
	if want := `{"a":"server-one","b":["server-two","server-one"],"c":"kept"}`; string(answer) != want {
		t.Errorf("answered is %s", answer)
	}
	if want := `{"a":null,"b":[null,null],"c":"kept"}`; string(kept) != want {
		t.Errorf("kept is %s", kept)
	}
	if answer, kept := new(answered).reveal([]byte(text)); string(answer) != text || kept != nil {
		t.Errorf("without secrets it is %s, kept %s", answer, kept)
	}
	ctx := withCall(t.Context(), call{actor: domain.Actor{}})
	if secret := shownOnce(ctx, "server-one"); *secret != "server-one" {
		t.Errorf("without an idempotency key it is %q", *secret)
	}
}
