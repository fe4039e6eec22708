package document

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// TestEveryFieldThatLeadsToKeysNeedsAnAdmin fails for a field at the root that was added without its scope.
func TestEveryFieldThatLeadsToKeysNeedsAnAdmin(t *testing.T) {
	schema := Schema()
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
