package document

import (
	"slices"
	"testing"
)

// changeNoCustomer are the mutations that no customer is charged for.
var changeNoCustomer = []string{"createOneCoupon", "updateOneCoupon", "archiveOneCoupon", "createApiKey", "rollApiKey", "revokeApiKey"}

// TestEveryMutationSaysWhomItChanges fails for a mutation that was added without a thought to rate limits.
func TestEveryMutationSaysWhomItChanges(t *testing.T) {
	schema := Schema()
	for _, mutation := range schema.Mutation.Fields {
		in, changesOne := customersChanged[mutation.Name]
		if changesOne == slices.Contains(changeNoCustomer, mutation.Name) {
			t.Errorf("%s has to be in one of customersChanged and changeNoCustomer", mutation.Name)
		}
		if !changesOne {
			continue
		}
		input := schema.Types[mutation.Arguments.ForName("input").Type.Name()]
		if in.list != "" {
			input = schema.Types[input.Fields.ForName(in.list).Type.Name()]
		}
		for _, name := range in.fields {
			if input.Fields.ForName(name) == nil {
				t.Errorf("%s: %s has no field %s", mutation.Name, input.Name, name)
			}
		}
		for _, name := range []string{"customerId", "refId"} {
			if input.Fields.ForName(name) != nil && !slices.Contains(in.fields, name) {
				t.Errorf("%s: %s.%s may name the customer", mutation.Name, input.Name, name)
			}
		}
	}
	for name := range customersChanged {
		if schema.Mutation.Fields.ForName(name) == nil {
			t.Errorf("there is no mutation %s", name)
		}
	}
}
