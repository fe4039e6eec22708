package document

import (
	"slices"
	"testing"

	"clientele/graph/model"
)

func TestFiltersThatAreTooLarge(t *testing.T) {
	empty := map[string]any{}
	many := func(n int, filter any) []any { return slices.Repeat([]any{filter}, n) }
	// The most that the bounds allow: each condition alone at the greatest depth.
	var deepest any = map[string]any{"name": map[string]any{"eq": "a"}}
	for range model.MaxFilterDepth - 2 {
		deepest = map[string]any{"and": []any{deepest}}
	}
	for name, c := range map[string]struct {
		filter any
		want   bool
	}{
		"none":                          {nil, false},
		"an empty one":                  {empty, false},
		"as many conditions as allowed": {map[string]any{"and": many(model.MaxFilterConditions, deepest)}, false},
		"many in and":                   {map[string]any{"and": many(maxFilterObjects, empty)}, true},
		"many in or":                    {map[string]any{"or": many(maxFilterObjects, empty)}, true},
		"many in both":                  {map[string]any{"and": many(300, empty), "or": many(300, empty)}, true},
		"many in each of some":          {map[string]any{"and": many(30, map[string]any{"or": many(30, empty)})}, true},
		"many without their list":       {map[string]any{"and": []map[string]any{{"or": many(maxFilterObjects, empty)}}}, true},
		"many in one without its list":  {map[string]any{"and": map[string]any{"or": many(maxFilterObjects, empty)}}, true},
		"operands are no filters":       {map[string]any{"name": map[string]any{"in": many(maxFilterObjects, "a")}}, false},
	} {
		if got := filterTooLarge(c.filter); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
