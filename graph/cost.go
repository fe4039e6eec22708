package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/scalar"
	"clientele/internal/domain"
)

const (
	// maxCost is more than a full page of customers with every field costs.
	maxCost = 10_000
	// introspectionCost is what asking for the schema costs at least: its answer is a long one.
	introspectionCost = 1_000
	// introspectionSize stands for the length of the lists in the answer.
	introspectionSize = 20
)

// checkCost refuses an operation whose answer would hold too much, or would have to come in parts. Each field costs 1 for every time that
// it can stand in the answer; fields of a page count as often as the page is long. Errors: BadUserInput.
func checkCost(operation *graphql.OperationContext) error {
	counter := costCounter{variables: operation.Variables, left: maxCost}
	counter.spend(operation.Operation.SelectionSet, 1)
	if counter.deferred {
		return domain.Errorf(domain.BadUserInput, "@defer is not supported: every answer comes in one piece")
	}
	if counter.left < 0 {
		return domain.Errorf(domain.BadUserInput,
			"the operation costs too much: the fields that it can answer, those of a page times the length of the page, must be at most %d", maxCost)
	}
	return nil
}

type costCounter struct {
	variables map[string]any
	left      int
	// deferred is whether the operation asks for an answer in parts.
	deferred bool
}

// spend takes the cost of a selection off what is left. Whatever it visits costs something, so it ends
// soon however often fragments are spread in each other.
func (c *costCounter) spend(selections ast.SelectionSet, times int) {
	for _, selection := range selections {
		if c.left -= times; c.left < 0 {
			return
		}
		switch s := selection.(type) {
		case *ast.Field:
			inside := times
			switch {
			case s.Name == "__schema" || s.Name == "__type":
				c.left -= introspectionCost
				inside *= introspectionSize
			case s.Definition != nil && s.Definition.Arguments.ForName("paging") != nil:
				inside *= pageSize(s.ArgumentMap(c.variables)["paging"])
			}
			c.spend(s.SelectionSet, inside)
		case *ast.InlineFragment:
			c.deferred = c.deferred || s.Directives.ForName("defer") != nil
			c.spend(s.SelectionSet, times)
		case *ast.FragmentSpread:
			c.deferred = c.deferred || s.Directives.ForName("defer") != nil
			c.spend(s.Definition.SelectionSet, times)
		}
	}
}

// pageSize is how long a page can be, given the argument as it was sent. A size that the resolver will
// refuse costs as much as the longest page.
func pageSize(paging any) int {
	sizes, _ := paging.(map[string]any)
	for _, name := range []string{"first", "last"} {
		if sizes[name] == nil {
			continue
		}
		if size, err := scalar.UnmarshalInt(sizes[name]); err == nil && size >= 1 && size <= maxPageSize {
			return size
		}
		return maxPageSize
	}
	return defaultPageSize
}
