package document

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// customerIn says where a mutation's input names the customer that it changes: the fields to look into, the first that
// is given counts, and the list that they are in if it names several.
type customerIn struct {
	list   string
	fields []string
}

// customersChanged are the mutations that change customers. Other mutations name none.
var customersChanged = map[string]customerIn{
	"provisionCustomer":            {fields: []string{"customerId", "refId"}},
	"createOneCustomer":            {fields: []string{"customerId", "refId"}},
	"updateOneCustomer":            {fields: []string{"customerId", "refId"}},
	"archiveCustomer":              {fields: []string{"customerId"}},
	"unarchiveCustomer":            {fields: []string{"customerId"}},
	"importOneCustomer":            {fields: []string{"customerId", "refId"}},
	"importCustomersBulk":          {list: "customers", fields: []string{"customerId", "refId"}},
	"setCouponOnCustomer":          {fields: []string{"id"}},
	"removeCouponFromCustomer":     {fields: []string{"id"}},
	"grantPromotionalEntitlements": {fields: []string{"customerId"}},
	"revokePromotionalEntitlement": {fields: []string{"customerId"}},
	"attachCustomerPaymentMethod":  {fields: []string{"customerId", "refId"}},
	"detachCustomerPaymentMethod":  {fields: []string{"customerId"}},
	"resyncCustomer":               {fields: []string{"customerId"}},
}

// Changes are the changes that an operation asks for.
type Changes struct {
	// All is how many they are.
	All int
	// Of is how many each customer has of them, by the id that the input gives.
	Of map[string]int
}

// changesIn finds the changes that an operation would make.
func changesIn(operation *graphql.OperationContext) Changes {
	found := Changes{Of: map[string]int{}}
	if operation.Operation.Operation != ast.Mutation {
		return found
	}
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Mutation"}) {
		in := customersChanged[field.Name]
		input, _ := field.ArgumentMap(operation.Variables)["input"].(map[string]any)
		if in.list == "" {
			found.add(in, input)
			continue
		}
		switch rows := input[in.list].(type) {
		case []any:
			for _, row := range rows {
				input, _ := row.(map[string]any)
				found.add(in, input)
			}
		case map[string]any:
			// One value stands for a list of one.
			found.add(in, rows)
		case []map[string]any:
			// The same, as the coercion of variables makes it.
			for _, row := range rows {
				found.add(in, row)
			}
		}
	}
	return found
}

func (c *Changes) add(in customerIn, input map[string]any) {
	c.All++
	for _, name := range in.fields {
		if value := input[name]; value != nil {
			c.Of[fmt.Sprint(value)]++
			return
		}
	}
}
