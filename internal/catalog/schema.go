package catalog

import (
	"bytes"
	_ "embed" // the schema ships in the binary
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6" // JSON Schema 2020-12 in full, with errors that name the field
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

//go:embed catalog.schema.json
var schemaText []byte

var schema = sync.OnceValue(func() *jsonschema.Schema {
	const name = "catalog.schema.json"
	compiler := jsonschema.NewCompiler()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err == nil {
		err = compiler.AddResource(name, document)
	}
	if err != nil {
		panic(fmt.Sprintf("the embedded schema: %v", err))
	}
	return compiler.MustCompile(name)
})

// checkSchema adds the problems of a file that does not match the schema.
func checkSchema(value any, problems *problemList) {
	err := schema().Validate(value)
	if invalid, ok := err.(*jsonschema.ValidationError); ok { //nolint:errorlint // Validate does not wrap it
		addSchemaProblems(invalid, problems)
	} else if err != nil {
		problems.addAt(1, "", "%v", err)
	}
}

// addSchemaProblems adds the innermost causes; the outer errors only group them.
func addSchemaProblems(err *jsonschema.ValidationError, problems *problemList) {
	if len(err.Causes) > 0 {
		for _, cause := range err.Causes {
			addSchemaProblems(cause, problems)
		}
		return
	}
	at := fieldPath(err.InstanceLocation)
	switch k := err.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			problems.add(at.child(name), "is missing")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			problems.add(at.child(name), "is not a known field")
		}
	default:
		problems.add(at, "%s", schemaRule(err))
	}
}

// patternRules explain the schema's patterns, by the name of the definition.
var patternRules = map[string]string{
	"id":       "must be 1 to 255 letters, digits, '.', '_', ':' and '-', starting with a letter or a digit",
	"currency": "must be an ISO 4217 code in upper case, such as USD",
	"country":  "must be an ISO 3166-1 alpha-2 code in upper case, such as DK",
	"amount":   "must be a decimal number, such as 19.99, with at most 50 digits after the point",
	"percent":  "must be a decimal number, such as 12.5, with at most 50 digits after the point",
	"time":     "must be a time, such as 2026-12-24T18:00:00Z, or a date, such as 2026-12-24",
}

var typeNames = map[string]string{
	"object": "an object", "array": "a list", "string": "text", "number": "a number", "integer": "a whole number",
	"boolean": "true or false", "null": "null",
}

// schemaRule returns the broken rule in words for authors of files; the library's are for authors of schemas.
func schemaRule(err *jsonschema.ValidationError) string {
	switch k := err.ErrorKind.(type) {
	case *kind.Type:
		want := make([]string, len(k.Want))
		for i, name := range k.Want {
			want[i] = typeNames[name]
		}
		text := fmt.Sprintf("must be %s, not %s", strings.Join(want, " or "), typeNames[k.Got])
		if strings.Contains(text, "must be text,") && k.Got != "object" && k.Got != "array" && k.Got != "null" {
			text += "; put it in quotes"
		}
		return text
	case *kind.Enum:
		return "must be one of " + strings.Trim(fmt.Sprint(k.Want), "[]")
	case *kind.Pattern:
		if rule, found := patternRules[path.Base(err.SchemaURL)]; found {
			return rule
		}
		return "must have the form " + k.Want
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, it has %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d entries; leave the field out if there are none", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d entries, it has %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d keys, it has %d", k.Want, k.Got)
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString()
	case *kind.ExclusiveMinimum:
		return "must be more than " + k.Want.RatString()
	default:
		return err.Error()
	}
}
