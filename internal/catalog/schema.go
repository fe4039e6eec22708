package catalog

import (
	"bytes"
	_ "embed" // the schema ships in the binary
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6" // JSON Schema 2020-12 in full, with errors that name their place
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

//go:embed catalog.schema.json
var schemaText []byte

// schema is the form of catalogue files.
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

// checkForm notes where a file does not have the form of the schema.
func checkForm(plain any, found *problems) {
	err := schema().Validate(plain)
	if invalid, ok := err.(*jsonschema.ValidationError); ok { //nolint:errorlint // Validate answers it as it is
		addFormErrors(invalid, found)
	} else if err != nil {
		found.addAt(1, "", "%v", err)
	}
}

// addFormErrors notes the innermost causes; the outer ones only say that there are some.
func addFormErrors(err *jsonschema.ValidationError, found *problems) {
	if len(err.Causes) > 0 {
		for _, cause := range err.Causes {
			addFormErrors(cause, found)
		}
		return
	}
	at := err.InstanceLocation
	switch k := err.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			found.add(step(at, name), "is missing")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			found.add(step(at, name), "is not known here")
		}
	default:
		found.add(at, "%s", sentence(err))
	}
}

// patternRules are the patterns of the schema in words, by the name of the definition that has it.
var patternRules = map[string]string{
	"id":       "must be 1 to 255 letters, digits, '.', '_', ':' and '-', the first a letter or a digit",
	"currency": "must be an ISO 4217 code in upper case, as in USD",
	"country":  "must be an ISO 3166-1 alpha-2 code in upper case, as in DK",
	"amount":   "must be a decimal number, as in 19.99, with at most 50 digits behind the point",
	"percent":  "must be a decimal number, as in 12.5, with at most 50 digits behind the point",
	"time":     "must be a time, as in 2026-12-24T18:00:00Z, or a date, as in 2026-12-24",
}

var typeNames = map[string]string{
	"object": "a group of fields", "array": "a list", "string": "text", "number": "a number", "integer": "a whole number",
	"boolean": "true or false", "null": "nothing",
}

// sentence is what is wrong in our own words, where the library's are for those who write schemas.
func sentence(err *jsonschema.ValidationError) string {
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
		return fmt.Sprintf("must have at least %d entries; leave it out for none", k.Want)
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
