package graph

import (
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/scalar"
	"clientele/internal/domain"
)

const (
	// maxCost is more than a full page of customers with every field costs.
	maxCost = 10_000
	// metadataCost stands for the length of metadata, which can be as long as many other fields together.
	metadataCost = 10
	// introspectionCost is what asking for the schema costs at least: its answer is a long one.
	introspectionCost = 1_000
	// introspectionSize stands for the length of the lists in the answer.
	introspectionSize = 20
)

// listSizes are how long the lists without pages are taken to be, by the name of the field, where that matters:
// where a list leads to documents of its own, or back to where it came from.
var listSizes = map[string]int{
	"Coupon.customers":                  100,
	"Customer.subscriptions":            3,
	"Customer.promotionalEntitlements":  3,
	"Customer.eligibleForTrial":         10,
	"Plan.entitlements":                 3,
	"Plan.packageEntitlements":          3,
	"Plan.inheritedEntitlements":        3,
	"Plan.inheritedPackageEntitlements": 3,
	"Plan.prices":                       3,
	"Addon.entitlements":                3,
	"Addon.packageEntitlements":         3,
	"Addon.prices":                      3,
	"CustomerSubscription.addons":       3,
	"CustomerSubscription.prices":       3,
	"Plan.compatibleAddons":             5,
	"Addon.dependencies":                5,
}

// maxNesting is how often a type may stand on the way to one field. Lists that lead back to where
// they came from would otherwise multiply beyond all cost.
const maxNesting = 3

// checkCost answers what an operation costs, and refuses one whose answer would hold too much, or would have to come in parts. Each field
// costs 1 for every time that it can stand in the answer; fields of a page count as often as the page is long,
// those of another list as listSizes says. Errors: BadUserInput.
func checkCost(operation *graphql.OperationContext) (int, error) {
	counter := costCounter{variables: operation.Variables, left: maxCost, within: map[string]int{}}
	counter.spend(operation.Operation.SelectionSet, 1)
	if counter.nested != "" {
		return 0, domain.Errorf(domain.BadUserInput, "the operation has the type %s more than %d times on the way to one field", counter.nested, maxNesting)
	}
	if counter.deferred {
		return 0, domain.Errorf(domain.BadUserInput, "@defer is not supported: every answer comes in one piece")
	}
	if counter.left < 0 {
		return 0, domain.Errorf(domain.BadUserInput,
			"the operation costs too much: the fields that it can answer, those of a page times the length of the page, must be at most %d", maxCost)
	}
	return maxCost - counter.left, nil
}

type costCounter struct {
	variables map[string]any
	left      int
	// deferred is whether the operation asks for an answer in parts.
	deferred bool
	// within counts the types on the way to where the counter is, and nested is one that is there too often.
	within map[string]int
	nested string
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
			if s.Name == "additionalMetaData" {
				c.left -= (metadataCost - 1) * times
			}
			inside := times
			switch {
			case s.Name == "__schema" || s.Name == "__type":
				c.left -= introspectionCost
				inside *= introspectionSize
			case s.Definition != nil && s.Definition.Arguments.ForName("paging") != nil:
				inside *= pageSize(s.ArgumentMap(c.variables)["paging"])
			case s.ObjectDefinition != nil && listSizes[s.ObjectDefinition.Name+"."+s.Name] > 0:
				inside *= listSizes[s.ObjectDefinition.Name+"."+s.Name]
			}
			c.enter(s, inside)
		case *ast.InlineFragment:
			c.deferred = c.deferred || s.Directives.ForName("defer") != nil
			c.spend(s.SelectionSet, times)
		case *ast.FragmentSpread:
			c.deferred = c.deferred || s.Directives.ForName("defer") != nil
			c.spend(s.Definition.SelectionSet, times)
		}
	}
}

// enter spends what is inside a field.
func (c *costCounter) enter(field *ast.Field, inside int) {
	// The schema itself is as deep as it is.
	if field.Definition == nil || len(field.SelectionSet) == 0 || strings.HasPrefix(field.Definition.Type.Name(), "__") {
		c.spend(field.SelectionSet, inside)
		return
	}
	name := field.Definition.Type.Name()
	c.within[name]++
	if c.within[name] > maxNesting {
		c.nested, c.left = name, -1
	}
	c.spend(field.SelectionSet, inside)
	c.within[name]--
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
