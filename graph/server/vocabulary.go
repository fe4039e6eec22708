package server

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/generated"
	"clientele/graph/model"
)

// What operators are told of operations is in these words and no others, so that no client makes new ones.

// RootFields are the fields that an operation can begin with.
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

// Codes are all codes of errors.
func Codes() []string {
	var names []string
	for _, code := range model.AllErrorCode {
		names = append(names, string(code))
	}
	return names
}
