package document

import "testing"

// TestEveryMutationNamesTheCustomerThatItChanges fails for a mutation that was added without a thought to rate limits.
func TestEveryMutationNamesTheCustomerThatItChanges(t *testing.T) {
	schema := Schema()
	for _, mutation := range schema.Mutation.Fields {
		changes := mutation.Directives.ForName(changesCustomerDirective) != nil
		if changes == (mutation.Directives.ForName(changesNoCustomerDirective) != nil) {
			t.Errorf("%s needs @changesCustomer or @changesNoCustomer", mutation.Name)
		}
		input := schema.Types[mutation.Arguments.ForName("input").Type.Name()]
		names, list := customerNamedBy(mutation)
		if list != "" {
			input = schema.Types[input.Fields.ForName(list).Type.Name()]
		}
		named := 0
		for _, name := range names {
			if input.Fields.ForName(name) != nil {
				named++
			}
		}
		if changes && named == 0 {
			t.Errorf("%s: %s has none of the fields %v that name the customer", mutation.Name, input.Name, names)
		}
		if !changes && input.Fields.ForName("customerId") != nil {
			t.Errorf("%s: %s.customerId names a customer, but the mutation says that it changes none", mutation.Name, input.Name)
		}
	}
}
