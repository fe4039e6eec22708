package document

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// adminFields are the root fields that require an API key of scope admin.
var adminFields = []string{"apiKeys", "createApiKey", "rollApiKey", "revokeApiKey"}

// NeedsAdmin reports whether an operation selects one of the adminFields.
func NeedsAdmin(operation *graphql.OperationContext) bool {
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query", "Mutation"}) {
		if slices.Contains(adminFields, field.Name) {
			return true
		}
	}
	return false
}
