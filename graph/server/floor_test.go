package server

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// floor is the published contract, one fact a line, sorted: "Type.field: its type", "Type.field(argument): its
// type", each with " = " and the default if it has one and with " @deprecated" if it is; "type Name", "input
// Name" and "scalar Name"; "enum Name: its values" and "union Name: its members". Clients are generated from it.
// None of it may be dropped, renamed or retyped.
//
//go:embed testdata/contract.txt
var floor string

// contract is what facts say.
type contract struct {
	kinds      map[string]ast.DefinitionKind
	members    map[string][]string             // the values of an enum, the members of a union, the interfaces of a type
	signatures map[string]*ast.FieldDefinition // by "Type.field" and "Type.field(argument)"
	oneOf      map[string]bool                 // the inputs that take one field only
	// leaving is what is deprecated, by the names above and "Enum.VALUE": it may be dropped.
	leaving map[string]bool
}

var kindWords = map[string]ast.DefinitionKind{
	"type": ast.Object, "interface": ast.Interface, "input": ast.InputObject, "scalar": ast.Scalar, "enum": ast.Enum, "union": ast.Union,
}

func contractOf(t *testing.T, facts string) contract {
	t.Helper()
	c := contract{
		kinds: map[string]ast.DefinitionKind{}, members: map[string][]string{}, signatures: map[string]*ast.FieldDefinition{},
	}
	for fact := range strings.Lines(facts) {
		name, what, isDetailed := strings.Cut(strings.TrimSpace(fact), ": ")
		if word, of, isKind := strings.Cut(name, " "); isKind {
			kind, isKnown := kindWords[word]
			if !isKnown {
				t.Fatalf("the contract says %q, which is no fact", fact)
			}
			c.kinds[of], c.members[of] = kind, strings.Fields(what)
			continue
		}
		document, err := parser.ParseSchema(&ast.Source{Input: "input fact { of: " + what + " }"})
		if err != nil || !isDetailed || !strings.Contains(name, ".") {
			t.Fatalf("the contract says %q, which is no fact: %v", fact, err)
		}
		c.signatures[name] = document.Definitions[0].Fields[0]
	}
	for name := range c.signatures {
		if of, _, _ := strings.Cut(name, "."); c.kinds[of] == "" {
			t.Fatalf("the contract says %s, and not what %s is", name, of)
		}
	}
	return c
}

// breaks are the ways in which the schema breaks the contract, sorted.
func (c contract) breaks(schema *ast.Schema) []string {
	var found []string
	report := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for name, kind := range c.kinds {
		definition := schema.Types[name]
		if definition == nil && c.leaving[name] {
			continue
		}
		if definition == nil || definition.Kind != kind {
			report("%s is no %s", name, kind)
			continue
		}
		have := membersOf(definition)
		for _, member := range c.members[name] {
			if !slices.Contains(have, member) && !c.leaving[name+"."+member] {
				report("%s has no %s", name, member)
			}
		}
		if isOneOf(definition) && !c.oneOf[name] {
			report("%s takes one field only", name)
		}
	}
	have := signatures(schema)
	for name, want := range c.signatures {
		of, _, _ := strings.Cut(name, ".")
		isSent := c.kinds[of] == ast.InputObject || strings.HasSuffix(name, ")")
		is := have[name]
		switch {
		case is == nil && c.leaving[name]:
			continue
		case is == nil:
			report("%s is missing", name)
			continue
		case isSent && !fits(want.Type, is.Type), !isSent && !fits(is.Type, want.Type):
			report("%s is %s, not %s", name, is.Type, want.Type)
		}
		if is, want := defaultOf(is), defaultOf(want); is != want {
			report("%s is %s by default, not %s", name, is, want)
		}
		if want.Directives.ForName("deprecated") != nil && is.Directives.ForName("deprecated") == nil {
			report("%s is not deprecated", name)
		}
	}
	slices.Sort(found)
	return found
}

// demands are what the schema requires of clients that know no more than the contract, sorted.
func (c contract) demands(schema *ast.Schema) []string {
	var found []string
	for name, is := range signatures(schema) {
		of, _, _ := strings.Cut(name, ".")
		field, _, isArgument := strings.Cut(name, "(")
		// Nobody is led to an input or a field that is new but by something else that is new.
		isAsked := c.kinds[of] == ast.InputObject || isArgument && c.signatures[field] != nil
		if isAsked && c.signatures[name] == nil && is.Type.NonNull && is.DefaultValue == nil {
			found = append(found, name+" is required and new")
		}
	}
	slices.Sort(found)
	return found
}

// membersOf are the values of an enum, the members of a union, the interfaces of a type.
func membersOf(definition *ast.Definition) []string {
	members := slices.Concat(definition.Types, definition.Interfaces)
	for _, value := range definition.EnumValues {
		members = append(members, value.Name)
	}
	return members
}

func isOneOf(definition *ast.Definition) bool { return definition.Directives.ForName("oneOf") != nil }

// defaultOf is the default as a schema writes it.
func defaultOf(field *ast.FieldDefinition) string {
	if field.DefaultValue == nil {
		return "nothing"
	}
	return field.DefaultValue.String()
}

// fits reports whether every value of the first type is one of the second.
func fits(value, place *ast.Type) bool {
	switch {
	case place.NonNull && !value.NonNull:
		return false
	case place.Elem == nil || value.Elem == nil:
		return place.Elem == nil && value.Elem == nil && value.NamedType == place.NamedType
	}
	return fits(value.Elem, place.Elem)
}

// signatures are the fields and arguments of the whole schema, by "Type.field" and "Type.field(argument)".
func signatures(schema *ast.Schema) map[string]*ast.FieldDefinition {
	all := map[string]*ast.FieldDefinition{}
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			name := definition.Name + "." + field.Name
			all[name] = field
			for _, argument := range field.Arguments {
				all[name+"("+argument.Name+")"] = &ast.FieldDefinition{
					Type: argument.Type, DefaultValue: argument.DefaultValue, Directives: argument.Directives,
				}
			}
		}
	}
	return all
}
