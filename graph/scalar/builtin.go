package scalar

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"clientele/internal/domain"
)

// The built-in scalars, with the coercion of the GraphQL specification. gqlgen's own also take a number for a String, a
// text for a number, and nearly anything for a Boolean.

// Rules say what each built-in scalar must be, for errors.
var Rules = map[string]string{
	"String":  "must be a String",
	"Boolean": "must be a Boolean, true or false",
	"Int":     "must be an Int, a whole number of at most 32 bits",
	"Float":   "must be a Float, a number of at most 64 bits",
	"ID":      "must be an ID, a string or a whole number",
}

func wrong(name string) error { return domain.Errorf(domain.BadUserInput, "%s", Rules[name]) }

// MarshalString writes a String.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString takes a text. Errors: BadUserInput.
func UnmarshalString(v any) (string, error) {
	text, ok := v.(string)
	if !ok {
		return "", wrong("String")
	}
	return text, nil
}

// MarshalBoolean writes a Boolean.
func MarshalBoolean(b bool) graphql.Marshaler { return graphql.MarshalBoolean(b) }

// UnmarshalBoolean takes true and false. Errors: BadUserInput.
func UnmarshalBoolean(v any) (bool, error) {
	value, ok := v.(bool)
	if !ok {
		return false, wrong("Boolean")
	}
	return value, nil
}

// MarshalInt writes a whole number.
func MarshalInt(i int) graphql.Marshaler { return graphql.MarshalInt(i) }

// UnmarshalInt takes a whole number of 32 bits. Errors: BadUserInput.
func UnmarshalInt(v any) (int, error) {
	number, err := UnmarshalFloat(v)
	if err != nil || number != math.Trunc(number) || number < math.MinInt32 || number > math.MaxInt32 {
		return 0, wrong("Int")
	}
	return int(number), nil
}

// MarshalFloat writes a number.
func MarshalFloat(f float64) graphql.Marshaler { return graphql.MarshalFloat(f) }

// UnmarshalFloat takes a number. Errors: BadUserInput.
func UnmarshalFloat(v any) (float64, error) {
	switch v := v.(type) {
	case int: // a default of the schema
		return float64(v), nil
	case int64: // written in the document
		return float64(v), nil
	case float64: // written in the document
		return v, nil
	case json.Number: // sent as a variable
		if number, err := strconv.ParseFloat(v.String(), 64); err == nil {
			return number, nil
		}
	}
	return 0, wrong("Float")
}
