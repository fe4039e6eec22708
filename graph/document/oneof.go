package document

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkOneOf checks the variables of an operation against @oneOf: an input with this directive has one field, and it is
// not null. The validator checks only values in the document.
func checkOneOf(schema *ast.Schema, operation *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	for _, variable := range operation.VariableDefinitions {
		path := ast.Path{ast.PathName("variable"), ast.PathName(variable.Variable)}
		if err := checkOneOfIn(schema, schema.Types[variable.Type.Name()], variables[variable.Variable], path); err != nil {
			return err
		}
	}
	return nil
}

func checkOneOfIn(schema *ast.Schema, definition *ast.Definition, value any, path ast.Path) *gqlerror.Error {
	if definition == nil || definition.Kind != ast.InputObject {
		return nil
	}
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			if err := checkOneOfIn(schema, definition, element, append(path, ast.PathIndex(i))); err != nil {
				return err
			}
		}
	case []map[string]any: // The coercion makes this of a value that was sent without its list.
		for _, element := range v {
			if err := checkOneOfIn(schema, definition, element, path); err != nil {
				return err
			}
		}
	case map[string]any:
		sent, null := 0, false
		for _, field := range definition.Fields {
			inside, isSent := v[field.Name]
			if !isSent {
				continue
			}
			sent, null = sent+1, null || inside == nil
			if err := checkOneOfIn(schema, schema.Types[field.Type.Name()], inside, append(path, ast.PathName(field.Name))); err != nil {
				return err
			}
		}
		if definition.Directives.ForName("oneOf") != nil && (sent != 1 || null) {
			return gqlerror.ErrorPathf(path, "must have one field, and a value for it")
		}
	}
	return nil
}
