package document

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Changes counts the changes that an operation requests.
type Changes struct {
	All int
	// Of counts the changes of each customer, by the id in the input.
	Of map[string]int
}

func changesIn(operation *graphql.OperationContext) Changes {
	found := Changes{Of: map[string]int{}}
	if operation.Operation.Operation != ast.Mutation {
		return found
	}
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Mutation"}) {
		names, list := customerNamedBy(field.Definition)
		input, _ := field.ArgumentMap(operation.Variables)["input"].(map[string]any)
		if list == "" {
			found.add(names, input)
			continue
		}
		switch rows := input[list].(type) {
		case []any:
			for _, row := range rows {
				input, _ := row.(map[string]any)
				found.add(names, input)
			}
		case map[string]any:
			// A value may be sent instead of a list of one.
			found.add(names, rows)
		case []map[string]any:
			// The coercion of variables makes this of it.
			for _, row := range rows {
				found.add(names, row)
			}
		}
	}
	return found
}

func (c *Changes) add(names []string, input map[string]any) {
	c.All++
	for _, name := range names {
		if value := input[name]; value != nil {
			c.Of[fmt.Sprint(value)]++
			return
		}
	}
}
