package server

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/generated"
	"clientele/graph/model"
)

// Metrics have these labels and no others, so that clients cannot add any.

// RootFields are the fields of Query and Mutation, and those of introspection.
func RootFields() []string {
	names := []string{"__schema", "__type", "__typename"}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, field := range root.Fields {
			names = append(names, field.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Codes are the codes of all errors.
func Codes() []string {
	var names []string
	for _, code := range model.AllErrorCode {
		names = append(names, string(code))
	}
	return names
}
