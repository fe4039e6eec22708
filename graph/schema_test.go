package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/generated"
)

func schemaOf(t *testing.T) *ast.Schema {
	t.Helper()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	if schema == nil || schema.Query == nil || schema.Mutation == nil {
		t.Fatal("there is no schema")
	}
	return schema
}

// described calls see with everything of the schema that people read, and its description.
func described(schema *ast.Schema, see func(name, description string)) {
	arguments := func(of string, list ast.ArgumentDefinitionList) {
		for _, argument := range list {
			see(of+"("+argument.Name+")", argument.Description)
		}
	}
	for _, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		see(definition.Name, definition.Description)
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			see(definition.Name+"."+field.Name, field.Description)
			arguments(definition.Name+"."+field.Name, field.Arguments)
		}
		for _, value := range definition.EnumValues {
			see(definition.Name+"."+value.Name, value.Description)
		}
	}
	for _, directive := range schema.Directives {
		if directive.Position != nil && directive.Position.Src != nil && !directive.Position.Src.BuiltIn {
			see("@"+directive.Name, directive.Description)
			arguments("@"+directive.Name, directive.Arguments)
		}
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	seen := 0
	described(schemaOf(t), func(name, description string) {
		seen++
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", name)
		}
	})
	if seen < len(floor) {
		t.Errorf("only %d things were looked at", seen)
	}
}

// signature is a type with its default and its deprecation, as floor writes them.
func signature(kind *ast.Type, value *ast.Value, directives ast.DirectiveList) string {
	text := kind.String()
	if value != nil {
		text += " = " + value.String()
	}
	if directives.ForName("deprecated") != nil {
		text += " @deprecated"
	}
	return text
}

// signatures are those of the whole schema.
func signatures(schema *ast.Schema) map[string]string {
	all := map[string]string{}
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			name := definition.Name + "." + field.Name
			all[name] = signature(field.Type, field.DefaultValue, field.Directives)
			for _, argument := range field.Arguments {
				all[name+"("+argument.Name+")"] = signature(argument.Type, argument.DefaultValue, argument.Directives)
			}
		}
	}
	return all
}

func TestTheContractIsKept(t *testing.T) {
	schema := schemaOf(t)
	have := signatures(schema)
	for _, fact := range floor {
		name, want, _ := strings.Cut(fact, ": ")
		if have[name] != want {
			t.Errorf("%s is %q, the contract says %q", name, have[name], want)
		}
	}
	for _, fact := range floorEnums {
		name, values, _ := strings.Cut(fact, ": ")
		enum := schema.Types[name]
		if enum == nil || enum.Kind != ast.Enum {
			t.Errorf("the contract has an enum %s", name)
			continue
		}
		for value := range strings.FieldsSeq(values) {
			if enum.EnumValues.ForName(value) == nil {
				t.Errorf("%s has no value %s, the contract has", name, value)
			}
		}
	}
	for _, name := range floorScalars {
		if scalar := schema.Types[name]; scalar == nil || scalar.Kind != ast.Scalar {
			t.Errorf("the contract has a scalar %s", name)
		}
	}
}

// TestWhatIsNewIsNotRequired: a client of the contract does not send what the contract does not know.
func TestWhatIsNewIsNotRequired(t *testing.T) {
	var known []string
	inContract := map[string]bool{}
	for _, fact := range floor {
		name, _, _ := strings.Cut(fact, ": ")
		known = append(known, name)
		field, _, _ := strings.Cut(name, "(")
		inContract[field] = true
		of, _, _ := strings.Cut(name, ".")
		inContract[of] = true
	}
	for _, definition := range schemaOf(t).Types {
		for _, field := range definition.Fields {
			name := definition.Name + "." + field.Name
			if definition.Kind == ast.InputObject && inContract[definition.Name] && !slices.Contains(known, name) &&
				field.Type.NonNull && field.DefaultValue == nil {
				t.Errorf("%s is required, and not in the contract", name)
			}
			for _, argument := range field.Arguments {
				if inContract[name] && !slices.Contains(known, name+"("+argument.Name+")") && argument.Type.NonNull && argument.DefaultValue == nil {
					t.Errorf("%s(%s) is required, and not in the contract", name, argument.Name)
				}
			}
		}
	}
}
