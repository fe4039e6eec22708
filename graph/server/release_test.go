package server

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"clientele/graph/document"
)

// releasedFile is the schema as last released, without its descriptions. What clients were made of it goes on to
// work: of what it has, only what it says is deprecated may be dropped.
const releasedFile = "testdata/released.graphql"

var writeRelease = flag.Bool("release", false, "write the schema of this version down as released")

// contractOfRelease is what a released schema promises.
func contractOfRelease(schema *ast.Schema) contract {
	c := contract{
		kinds: map[string]ast.DefinitionKind{}, members: map[string][]string{}, signatures: map[string]*ast.FieldDefinition{},
		oneOf: map[string]bool{}, leaving: map[string]bool{},
	}
	all, lasting := reached(schema, false), reached(schema, true)
	for name, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		c.kinds[name], c.members[name], c.oneOf[name] = definition.Kind, membersOf(definition), isOneOf(definition)
		// Nobody needs a type that only what is deprecated leads to.
		c.leaving[name] = all[name] && !lasting[name]
		for _, value := range definition.EnumValues {
			c.leaving[name+"."+value.Name] = isDeprecated(value.Directives)
		}
	}
	for name, signature := range signatures(schema) {
		of, _, _ := strings.Cut(name, ".")
		if c.kinds[of] == "" {
			continue
		}
		field, _, _ := strings.Cut(name, "(")
		c.leaving[name] = c.leaving[of] || c.leaving[field] || isDeprecated(signature.Directives) ||
			isDeprecated(schema.Types[of].Fields.ForName(field[len(of)+1:]).Directives)
		// Whether something stays deprecated is no client's concern.
		c.signatures[name] = &ast.FieldDefinition{Type: signature.Type, DefaultValue: signature.DefaultValue}
	}
	return c
}

// reached are the types that the operations lead to, by way of what is not deprecated if it has to last.
func reached(schema *ast.Schema, lasting bool) map[string]bool {
	found := map[string]bool{}
	var visit func(name string)
	follow := func(to *ast.Type, directives ast.DirectiveList) {
		if !lasting || !isDeprecated(directives) {
			visit(to.Name())
		}
	}
	visit = func(name string) {
		if found[name] {
			return
		}
		found[name] = true
		definition := schema.Types[name]
		for _, field := range definition.Fields {
			follow(field.Type, field.Directives)
			for _, argument := range field.Arguments {
				if !lasting || !isDeprecated(field.Directives) {
					follow(argument.Type, argument.Directives)
				}
			}
		}
		for _, possible := range schema.PossibleTypes[name] {
			visit(possible.Name)
		}
		for _, of := range definition.Interfaces {
			visit(of)
		}
	}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root != nil {
			visit(root.Name)
		}
	}
	return found
}

func isDeprecated(directives ast.DirectiveList) bool { return directives.ForName("deprecated") != nil }

func TestTheReleasedSchemaIsKept(t *testing.T) {
	text, err := os.ReadFile(releasedFile)
	if err != nil {
		t.Fatal(err)
	}
	released, err := gqlparser.LoadSchema(&ast.Source{Name: releasedFile, Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	promised := contractOfRelease(released)
	// What went missing from the file would be missed by nobody. It may not have less than the contract.
	for _, found := range contractOf(t, floor).breaks(released) {
		t.Errorf("as released, %s", found)
	}
	schema := schemaOf(t)
	for _, found := range append(promised.breaks(schema), promised.demands(schema)...) {
		t.Errorf("clients of the last release would break: %s", found)
	}
	if *writeRelease && !t.Failed() {
		var text strings.Builder
		text.WriteString("# The schema as last released. `make release-schema` writes it, and a test keeps it.\n\n")
		formatter.NewFormatter(&text, formatter.WithIndent("  "), formatter.WithoutDescription()).FormatSchema(document.WithoutPolicy(schema))
		if err := os.WriteFile(releasedFile, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const smallRelease = `
type Query { old(by: Leaving): Gone @deprecated find(by: Filter, more: Int @deprecated): Thing! }
interface Named { name: String }
type Thing implements Named { name: String id: String! @deprecated kind: Kind! }
type Gone { inner: GoneInner } type GoneInner { id: String }
input Leaving { kind: Kind }
input Filter { name: String one: Choice size: Int @deprecated }
input Choice { a: String b: String }
input Only @oneOf { a: String }
enum Kind { NEW OLD @deprecated }
enum Unused { A }
`

// TestWhatMayBeDropped: something goes in two releases, one that deprecates it and one that drops it.
func TestWhatMayBeDropped(t *testing.T) {
	read := func(text string) *ast.Schema {
		schema, err := gqlparser.LoadSchema(&ast.Source{Input: text})
		if err != nil {
			t.Fatal(err)
		}
		return schema
	}
	released := contractOfRelease(read(smallRelease))
	old := "old(by: Leaving): Gone @deprecated"
	for name, test := range map[string]struct {
		changes []string // what is replaced, and with what
		want    string
	}{
		"a deprecated field":           {[]string{" id: String! @deprecated", ""}, ""},
		"a deprecated argument":        {[]string{", more: Int @deprecated", ""}, ""},
		"a deprecated input field":     {[]string{" size: Int @deprecated", ""}, ""},
		"a deprecated value":           {[]string{" OLD @deprecated", ""}, ""},
		"a field and its types":        {[]string{old, "", "type Gone { inner: GoneInner } type GoneInner { id: String }", "", "input Leaving { kind: Kind }", ""}, ""},
		"the argument of a field":      {[]string{"(by: Leaving)", "", "input Leaving { kind: Kind }", ""}, ""},
		"a deprecation":                {[]string{"OLD @deprecated", "OLD", "id: String! @deprecated", "id: String!"}, ""},
		"the choice of one field":      {[]string{" @oneOf", ""}, ""},
		"a deprecated field's type":    {[]string{"id: String! @deprecated", "id: Int! @deprecated"}, "Thing.id is Int!, not String!"},
		"a value that is not":          {[]string{"NEW OLD", "OLD"}, "Kind has no NEW"},
		"a field that is not":          {[]string{" kind: Kind!", ""}, "Thing.kind is missing"},
		"a type that nothing leads to": {[]string{"enum Unused { A }", ""}, "Unused is no ENUM"},
		"an interface of a type":       {[]string{" implements Named", ""}, "Thing has no Named"},
		"an interface":                 {[]string{" implements Named", "", "interface Named { name: String }", ""}, "Named is no INTERFACE|Named.name is missing|Thing has no Named"},
		"the choice of several":        {[]string{"input Choice {", "input Choice @oneOf {"}, "Choice takes one field only"},
	} {
		t.Run(name, func(t *testing.T) {
			text := smallRelease
			for i := 0; i < len(test.changes); i += 2 {
				if !strings.Contains(text, test.changes[i]) {
					t.Fatalf("there is no %q to change", test.changes[i])
				}
				text = strings.Replace(text, test.changes[i], test.changes[i+1], 1)
			}
			if found := strings.Join(released.breaks(read(text)), "|"); found != test.want {
				t.Errorf("found %q, not %q", found, test.want)
			}
		})
	}
}
