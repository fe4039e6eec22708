package server

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
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
	if facts := strings.Count(floor, "\n"); seen < facts {
		t.Errorf("only %d things were looked at", seen)
	}
}

func TestTheContractIsKept(t *testing.T) {
	// What went missing from the file of facts would be missed by nobody.
	if facts := slices.Collect(strings.Lines(floor)); len(facts) < 1390 || !slices.IsSorted(facts) {
		t.Errorf("the contract has %d facts in order, not 1390 or more", len(facts))
	}
	for _, found := range contractOf(t, floor).breaks(schemaOf(t)) {
		t.Error(found)
	}
}

// TestWhatIsNewIsNotRequired: a client of the contract does not send what the contract does not know.
func TestWhatIsNewIsNotRequired(t *testing.T) {
	for _, found := range contractOf(t, floor).demands(schemaOf(t)) {
		t.Error(found)
	}
}

const smallContract = `Filter.name: String!
Filter.size: Int = 1
Query.find(filter): Filter = {name:"a"}
Query.find: [Thing!]
Query.old: String @deprecated
Thing.color: Color!
Thing.id: String!
enum Color: BLUE RED
input Filter
scalar Time
type Other
type Query
type Thing
union Any: Other Thing
`

const smallSchema = `
type Query { find(filter: Filter = { name: "a" }): [Thing!] old: String @deprecated any: Any }
type Thing { id: String! color: Color! }
type Other { id: String }
input Filter { name: String! size: Int = 1 }
enum Color { RED BLUE }
union Any = Thing | Other
scalar Time
`

// changed is the small schema with a change.
func changed(t *testing.T, from, to string) *ast.Schema {
	t.Helper()
	if !strings.Contains(smallSchema, from) {
		t.Fatalf("there is no %q to change", from)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: strings.Replace(smallSchema, from, to, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestBreaksAreFound looks at the small schema with a change as a new version of the contract, and of itself.
func TestBreaksAreFound(t *testing.T) {
	contract, released := contractOf(t, smallContract), contractOfRelease(changed(t, "", ""))
	for name, test := range map[string]struct{ from, to, want string }{
		"as it is":                        {},
		"a field is new":                  {"id: String }", "id: String more: String! }", ""},
		"an enum value is new":            {"{ RED", "{ GREEN RED", ""},
		"a member is new":                 {"| Other", "| Other | Query", ""},
		"an output is stricter":           {"[Thing!]", "[Thing!]!", ""},
		"an input is looser":              {"name: String!", "name: String", ""},
		"a new input may be left out":     {"size:", "more: String size:", ""},
		"a new input has a default":       {"size:", `more: String! = "b" size:`, ""},
		"a new argument may be left out":  {"find(", "find(more: String ", ""},
		"a new field demands":             {"any: Any", "any: Any more(id: String!): Any", ""},
		"more is deprecated":              {"any: Any", "any: Any @deprecated", ""},
		"a field is dropped":              {" color: Color!", "", "Thing.color is missing"},
		"an input field is dropped":       {"size: Int = 1", "", "Filter.size is missing"},
		"an argument is dropped":          {`(filter: Filter = { name: "a" })`, "", "Query.find(filter) is missing"},
		"a field is renamed":              {"color:", "colour:", "Thing.color is missing"},
		"an output is retyped":            {"id: String!", "id: ID!", "Thing.id is ID!, not String!"},
		"an output is looser":             {"id: String!", "id: String", "Thing.id is String, not String!"},
		"an element is looser":            {"[Thing!]", "[Thing]", "Query.find is [Thing], not [Thing!]"},
		"a list becomes one":              {"[Thing!]", "Thing", "Query.find is Thing, not [Thing!]"},
		"one becomes a list":              {"id: String!", "id: [String!]!", "Thing.id is [String!]!, not String!"},
		"an input is stricter":            {"size: Int =", "size: Int! =", "Filter.size is Int!, not Int"},
		"an argument is stricter":         {"filter: Filter =", "filter: Filter! =", "Query.find(filter) is Filter!, not Filter"},
		"a default changes":               {"= 1", "= 2", "Filter.size is 2 by default, not 1"},
		"a default is dropped":            {" = 1", "", "Filter.size is nothing by default, not 1"},
		"a default is new":                {"name: String!", `name: String! = "b"`, `Filter.name is "b" by default, not nothing`},
		"an argument's default changes":   {`"a"`, `"b"`, `Query.find(filter) is {name:"b"} by default, not {name:"a"}`},
		"a deprecation is dropped":        {"@deprecated", "", "Query.old is not deprecated"},
		"an enum value is dropped":        {"RED BLUE", "RED", "Color has no BLUE"},
		"a member is dropped":             {"| Other", "", "Any has no Other"},
		"a type is dropped":               {"scalar Time", "", "Time is no SCALAR"},
		"a type is of another kind":       {"scalar Time", "enum Time { NOW }", "Time is no SCALAR"},
		"a new input is required":         {"size:", "more: String! size:", "Filter.more is required and new"},
		"a new argument is required":      {"find(", "find(more: String! ", "Query.find(more) is required and new"},
		"a dropped field hides no others": {"id: String! color: Color!", "color: Color", "Thing.color is Color, not Color!|Thing.id is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			schema := changed(t, test.from, test.to)
			if found := strings.Join(append(contract.breaks(schema), contract.demands(schema)...), "|"); found != test.want {
				t.Errorf("of the contract: found %q, not %q", found, test.want)
			}
			if strings.Contains(test.want, "deprecated") {
				return // Only the contract says what has to be deprecated.
			}
			if found := strings.Join(append(released.breaks(schema), released.demands(schema)...), "|"); found != test.want {
				t.Errorf("of the release: found %q, not %q", found, test.want)
			}
		})
	}
}
