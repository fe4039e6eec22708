package document

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const valuesSchema = `
	enum Colour { RED GREEN }
	input In { int: Int ints: [Int!] float: Float string: String boolean: Boolean id: ID colour: Colour colours: [Colour!] in: In ins: [In!] nested: [[Int]] any: Any }
	scalar Any
	type Query { f(in: In, int: Int, ints: [Int!], float: Float, colour: Colour): Int }`

// wrongValues are values of JSON that their types do not take, in a field of In, with what the error says.
var wrongValues = map[string]string{
	`{"int": 1.5}`:                       `in.int must be an Int, a whole number of at most 32 bits, not 1.5`,
	`{"int": 1e400}`:                     `in.int must be an Int, a whole number of at most 32 bits, not 1e400`,
	`{"int": 2147483648}`:                `in.int must be an Int, a whole number of at most 32 bits, not 2147483648`,
	`{"int": -2147483649}`:               `in.int must be an Int, a whole number of at most 32 bits, not -2147483649`,
	`{"int": 9999999999999999999999}`:    `in.int must be an Int, a whole number of at most 32 bits, not 9999999999999999999999`,
	`{"int": "1"}`:                       `in.int must be an Int, a whole number of at most 32 bits, not a string`,
	`{"int": true}`:                      `in.int must be an Int, a whole number of at most 32 bits, not a boolean`,
	`{"int": [1]}`:                       `in.int must be an Int, a whole number of at most 32 bits, not a list`,
	`{"int": {}}`:                        `in.int must be an Int, a whole number of at most 32 bits, not an object`,
	`{"ints": [1, 2.5]}`:                 `in.ints[1] must be an Int, a whole number of at most 32 bits, not 2.5`,
	`{"in": {"ints": [1e-1]}}`:           `in.in.ints[0] must be an Int, a whole number of at most 32 bits, not 1e-1`,
	`{"float": 1e400}`:                   `in.float must be a Float, a number of at most 64 bits, not 1e400`,
	`{"float": "1.5"}`:                   `in.float must be a Float, a number of at most 64 bits, not a string`,
	`{"string": 77665544}`:               `in.string must be a String, not a number`,
	`{"string": ["SecretMark"]}`:         `in.string must be a String, not a list`,
	`{"string": {"SecretMark": 1}}`:      `in.string must be a String, not an object`,
	`{"boolean": "SecretMark"}`:          `in.boolean must be a Boolean, true or false, not a string`,
	`{"boolean": 1}`:                     `in.boolean must be a Boolean, true or false, not a number`,
	`{"id": 1.0}`:                        `in.id must be an ID, a string or a whole number, not a number`,
	`{"id": true}`:                       `in.id must be an ID, a string or a whole number, not a boolean`,
	`{"colour": "SecretMark"}`:           `in.colour must be a value of the enum Colour; there is no such value`,
	`{"colour": "red"}`:                  `in.colour must be a value of the enum Colour; did you mean RED?`,
	`{"colour": "GREN"}`:                 `in.colour must be a value of the enum Colour; did you mean GREEN?`,
	`{"colour": 5}`:                      `in.colour must be a value of the enum Colour, not a number`,
	`{"colours": ["RED", "SecretMark"]}`: `in.colours[1] must be a value of the enum Colour; there is no such value`,
	`{"in": "SecretMark"}`:               `in.in must be an object of the type In, not a string`,
	`{"in": []}`:                         `in.in must be an object of the type In, not a list`,
	`{"ins": [{}, 5]}`:                   `in.ins[1] must be an object of the type In, not a number`,
	`"SecretMark"`:                       `in must be an object of the type In, not a string`,
	`{"int": 1` + zeros + `.5}`:          `in.int must be an Int, a whole number of at most 32 bits, not 1` + zeros[:31] + `…`,
}

var zeros = strings.Repeat("0", 300)

// loaded is a document that fits a schema.
func loaded(t *testing.T, schema *ast.Schema, text string) *ast.QueryDocument {
	t.Helper()
	document, _, errs := NewReader(schema, testLimits, true).Read(text)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return document
}

func TestCoerceRefuses(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: valuesSchema})
	document := loaded(t, schema, `query ($in: In) { f(in: $in) }`)
	for text, want := range wrongValues {
		var value any
		if err := decodeJSON([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		err := values{schema: schema}.coerce(document.Operations[0], map[string]any{"in": value})
		if err == nil || err.Message != want {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
		quiet := values{schema: schema, quiet: true}.coerce(document.Operations[0], map[string]any{"in": value})
		if quiet == nil || strings.Contains(quiet.Message, "Colour") || strings.Contains(quiet.Message, "type In") || strings.Contains(quiet.Message, "did you mean") {
			t.Errorf("%s, quiet: %v", text, quiet)
		}
	}
}

// TestLiteralsAreRefusedAlike writes the values of wrongValues into the document.
func TestLiteralsAreRefusedAlike(t *testing.T) {
	limits := testLimits
	limits.NameLength = 0
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: valuesSchema})
	for text, want := range wrongValues {
		var value any
		if err := decodeJSON([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		for name, document := range map[string]string{
			"argument": `{ f(in: ` + literal(value) + `) }`,
			"default":  `query ($in: In = ` + literal(value) + `) { f(in: $in) }`,
			"fragment": `{ ...F ...G } fragment F on Query { f(in: ` + literal(value) + `) ...G } fragment G on Query { __typename }`,
		} {
			_, _, errs := NewReader(schema, limits, true).Read(document)
			if len(errs) != 1 || errs[0].Message != want {
				t.Errorf("%s, %s: %v, not %s", document, name, errs, want)
			}
		}
	}
	for literal, want := range map[string]string{
		`{ int: 1.0 }`:          `in.int must be an Int, a whole number of at most 32 bits, not 1.0`,
		`{ int: 2e0 }`:          `in.int must be an Int, a whole number of at most 32 bits, not 2e0`,
		`{ int: RED }`:          `in.int must be an Int, a whole number of at most 32 bits, not a name`,
		`{ colour: "RED" }`:     `in.colour must be a value of the enum Colour, not a string: it is written without quotation marks`,
		`{ colour: """RED""" }`: `in.colour must be a value of the enum Colour, not a string: it is written without quotation marks`,
		`{ colour: true }`:      `in.colour must be a value of the enum Colour, not a boolean`,
	} {
		_, _, errs := NewReader(schema, limits, true).Read(`{ f(in: ` + literal + `) }`)
		if len(errs) != 1 || errs[0].Message != want {
			t.Errorf("%s: %v, not %s", literal, errs, want)
		}
	}
}

// literal is a value of JSON as documents have it. A name in the place of an enum's value is written as a name.
func literal(value any) string {
	switch v := value.(type) {
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, literal(element))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for name, element := range v {
			written := literal(element)
			if strings.HasPrefix(name, "colour") {
				written = strings.ReplaceAll(written, `"`, "")
			}
			all = append(all, name+": "+written)
		}
		return "{" + strings.Join(all, ", ") + "}"
	case json.Number:
		return v.String()
	default:
		return fmt.Sprintf("%#v", v)
	}
}

func TestCoerceTakes(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: valuesSchema})
	document := loaded(t, schema, `query ($in: In, $int: Int, $ints: [Int!], $float: Float, $colour: Colour) {
		f(in: $in, int: $int, ints: $ints, float: $float, colour: $colour) }`)
	for sent, want := range map[string]string{
		`{"int": 1.0}`:                        `{"int": 1}`,
		`{"int": 2e0}`:                        `{"int": 2}`,
		`{"int": 1E2}`:                        `{"int": 100}`,
		`{"int": -0.0}`:                       `{"int": 0}`,
		`{"int": 100e-2}`:                     `{"int": 1}`,
		`{"int": 2147483647.0}`:               `{"int": 2147483647}`,
		`{"int": null}`:                       `{"int": null}`,
		`{"ints": [1.0, 2e0, 3]}`:             `{"ints": [1, 2, 3]}`,
		`{"ints": 1.0}`:                       `{"ints": 1}`,
		`{"in": {"int": 1.0}}`:                `{"in": {"int": 1}}`,
		`{"in": {"ints": [1.0]}}`:             `{"in": {"ints": [1]}}`,
		`{"in": {"in": {"in": {"int":1.0}}}}`: `{"in": {"in": {"in": {"int": 1}}}}`,
		`{"in": {"ins": [{"int": 1.0}]}}`:     `{"in": {"ins": [{"int": 1}]}}`,
		`{"in": {"ins": {"int": 1.0}}}`:       `{"in": {"ins": {"int": 1}}}`,
		`{"in": {"nested": [[1.0], [2]]}}`:    `{"in": {"nested": [[1], [2]]}}`,
		`{"float": 1}`:                        `{"float": 1}`,
		`{"float": 0.10}`:                     `{"float": 0.10}`,
		`{"in": {"float": -0.0}}`:             `{"in": {"float": -0.0}}`,
		`{"in": {"id": 7}}`:                   `{"in": {"id": 7}}`,
		`{"in": {"any": [1.0, 1e400]}}`:       `{"in": {"any": [1.0, 1e400]}}`,
		`{"in": {"unknown": 1.0}}`:            `{"in": {"unknown": 1.0}}`,
		`{"unknown": 1.0}`:                    `{"unknown": 1.0}`,
		`{"colour": "RED"}`:                   `{"colour": "RED"}`,
	} {
		var variables, wanted map[string]any
		if err := decodeJSON([]byte(sent), &variables); err != nil {
			t.Fatal(err)
		}
		if err := decodeJSON([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if err := (values{schema: schema}).coerce(document.Operations[0], variables); err != nil {
			t.Errorf("%s: %v", sent, err)
		}
		if !reflect.DeepEqual(variables, wanted) {
			got, _ := json.Marshal(variables)
			t.Errorf("%s is %s, not %s", sent, got, want)
		}
	}
}

// TestUnknownFieldsAreReportedOnce: a fragment is met with each operation that spreads it.
func TestUnknownFieldsAreReportedOnce(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: valuesSchema})
	const document = `query A { ...F } query B { ...F } fragment F on Query { f(in: { itn: 1 }) }`
	_, _, errs := NewReader(schema, testLimits, true).Read(document)
	if len(errs) != 1 || errs[0].Message != `Field "itn" is not defined by type "In". Did you mean "in", "int", "ints", "id", or "ins"?` {
		t.Errorf("%v", errs)
	}
	_, _, errs = NewReader(schema, testLimits, false).Read(document)
	if len(errs) != 1 || errs[0].Message != `Field "itn" is not defined by type "In".` {
		t.Errorf("quiet: %v", errs)
	}
}
