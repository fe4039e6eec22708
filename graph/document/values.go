package document

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"clientele/graph/scalar"
	"clientele/internal/domain"
)

// values checks values against the types of inputs, in variables and in documents alike: a mistake has the same code and
// message in both. gqlparser's own check has Go types in its messages, different codes in the two places, accepts enums in
// any case, and refuses 1.0 for an Int.
type values struct {
	schema *ast.Schema
	// quiet is whether errors name no types, because the server does not show its schema.
	quiet bool
}

// coerce checks variables against the types of an operation and gives whole numbers their plain form. Missing ones, nulls
// and unknown fields are left to gqlparser. Errors: BadUserInput with the field; of values it repeats only numbers.
func (v values) coerce(operation *ast.OperationDefinition, variables map[string]any) *domain.Error {
	for _, definition := range operation.VariableDefinitions {
		value, sent := variables[definition.Variable]
		if !sent {
			continue
		}
		coerced, err := v.coerceValue(definition.Type, value, ast.Path{ast.PathName(definition.Variable)})
		if err != nil {
			return err
		}
		variables[definition.Variable] = coerced
	}
	return nil
}

func (v values) coerceValue(t *ast.Type, value any, path ast.Path) (any, *domain.Error) {
	if value == nil {
		return nil, nil //nolint:nilnil // null is a value
	}
	if t.Elem != nil {
		list, isList := value.([]any)
		if !isList {
			// A value may be sent instead of a list of one.
			return v.coerceValue(t.Elem, value, path)
		}
		for i := range list {
			coerced, err := v.coerceValue(t.Elem, list[i], append(path, ast.PathIndex(i)))
			if err != nil {
				return nil, err
			}
			list[i] = coerced
		}
		return list, nil
	}
	definition := v.schema.Types[t.NamedType]
	if definition == nil {
		return value, nil
	}
	switch definition.Kind {
	case ast.InputObject:
		object, isObject := value.(map[string]any)
		if !isObject {
			return nil, v.mismatch(definition, path, kindOf(value))
		}
		for _, field := range definition.Fields {
			inside, sent := object[field.Name]
			if !sent {
				continue
			}
			coerced, err := v.coerceValue(field.Type, inside, append(path, ast.PathName(field.Name)))
			if err != nil {
				return nil, err
			}
			object[field.Name] = coerced
		}
	case ast.Enum:
		if name, isText := value.(string); !isText || definition.EnumValues.ForName(name) == nil {
			got := kindOf(value)
			got.name = name
			return nil, v.mismatch(definition, path, got)
		}
	case ast.Scalar:
		coerced, fits := coerceScalar(definition.Name, value)
		if !fits {
			return nil, v.mismatch(definition, path, kindOf(value))
		}
		return coerced, nil
	}
	return value, nil
}

// coerceScalar converts JSON to a built-in scalar. The API's own scalars check their values when they are read.
func coerceScalar(name string, value any) (_ any, fits bool) {
	number, isNumber := value.(json.Number)
	_, isText := value.(string)
	switch name {
	case "Int":
		whole, err := scalar.UnmarshalInt(number)
		return json.Number(strconv.Itoa(whole)), isNumber && err == nil
	case "Float":
		_, err := scalar.UnmarshalFloat(number)
		return value, isNumber && err == nil
	case "String":
		return value, isText
	case "Boolean":
		_, isTruth := value.(bool)
		return value, isTruth
	case "ID":
		return value, isText || isNumber && strings.Trim(number.String(), "-0123456789") == ""
	default:
		return value, true
	}
}

// sent is what a client sent, as far as an error may show it.
type sent struct {
	// kind is the kind of value, such as "a list".
	kind string
	// number is repeated in errors; name is an unknown value of an enum, which is not.
	number, name string
}

// mismatch is the error of a value that does not fit its type.
func (v values) mismatch(definition *ast.Definition, path ast.Path, got sent) *domain.Error {
	must, not := "", ", not "+got.kind
	switch definition.Kind {
	case ast.InputObject:
		must = "must be an object"
		if !v.quiet {
			must += " of the type " + definition.Name
		}
	case ast.Enum:
		must = "must be a value of its enum"
		if !v.quiet {
			must = "must be a value of the enum " + definition.Name
		}
		if got.name != "" {
			not = "; there is no such value"
			if meant := v.suggested(definition, got.name); meant != "" {
				not = "; did you mean " + meant + "?"
			}
		}
	default:
		must = scalar.Rules[definition.Name]
		if got.number != "" && (definition.Name == "Int" || definition.Name == "Float") {
			not = ", not " + got.number
		}
	}
	return domain.FieldErrorf(domain.BadUserInput, Shorten(path.String()), "%s", must+not)
}

// suggested is a value of an enum with a similar name, if there is one.
func (v values) suggested(definition *ast.Definition, name string) string {
	if v.quiet || len(name) > maxSuggestedFor {
		return ""
	}
	var names []string
	for _, value := range definition.EnumValues {
		if strings.EqualFold(value.Name, name) {
			return value.Name
		}
		names = append(names, value.Name)
	}
	if near := core.SuggestionList(name, names); len(near) > 0 {
		return near[0]
	}
	return ""
}

const (
	// maxSuggestedFor is the longest name that others are compared with.
	maxSuggestedFor = 64
	// maxShownNumber is how many characters of a number an error shows.
	maxShownNumber = 32
)

func kindOf(value any) sent {
	switch v := value.(type) {
	case string:
		return sent{kind: "a string"}
	case json.Number:
		return sent{kind: "a number", number: shownNumber(v.String())}
	case bool:
		return sent{kind: "a boolean"}
	case []any:
		return sent{kind: "a list"}
	default:
		return sent{kind: "an object"}
	}
}

func shownNumber(digits string) string {
	if len(digits) > maxShownNumber {
		return digits[:maxShownNumber] + "…"
	}
	return digits
}

// rule checks the values in documents. It replaces gqlparser's rule of the same name.
func (v values) rule() core.Rule {
	return core.Rule{Name: rules.ValuesOfCorrectTypeRule.Name, RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		c := literalChecker{values: v, addError: addError, wrong: map[*ast.Value]bool{}}
		observers.OnField(func(_ *core.Walker, field *ast.Field) {
			if field.Definition != nil {
				c.arguments(field.Definition.Arguments, field.Arguments)
			}
		})
		observers.OnDirective(func(_ *core.Walker, directive *ast.Directive) {
			if directive.Definition != nil {
				c.arguments(directive.Definition.Arguments, directive.Arguments)
			}
		})
		observers.OnVariable(func(_ *core.Walker, variable *ast.VariableDefinition) {
			if variable.DefaultValue != nil {
				c.check(variable.Type, variable.DefaultValue, ast.Path{ast.PathName(variable.Variable)})
			}
		})
	}}
}

type literalChecker struct {
	values

	addError core.AddErrFunc
	// wrong are the values that were already reported: a fragment is visited once for each operation.
	wrong map[*ast.Value]bool
}

func (c *literalChecker) arguments(definitions ast.ArgumentDefinitionList, sent ast.ArgumentList) {
	for _, argument := range sent {
		if definition := definitions.ForName(argument.Name); definition != nil {
			c.check(definition.Type, argument.Value, ast.Path{ast.PathName(argument.Name)})
		}
	}
}

// check checks a value against a type. A value may be written instead of a list of one.
func (c *literalChecker) check(t *ast.Type, value *ast.Value, path ast.Path) {
	switch {
	case value.Kind == ast.Variable:
		return // Another rule compares the types.
	case value.Kind == ast.NullValue:
		if t.NonNull {
			c.add(value, core.Message(`Expected value of type "%s", found null.`, t))
		}
		return
	case t.Elem != nil && value.Kind == ast.ListValue:
		for i, child := range value.Children {
			c.check(t.Elem, child.Value, append(path, ast.PathIndex(i)))
		}
		return
	case t.Elem != nil:
		c.check(t.Elem, value, path)
		return
	}
	definition := c.schema.Types[t.NamedType]
	if definition == nil {
		return
	}
	switch definition.Kind {
	case ast.InputObject:
		if value.Kind != ast.ObjectValue {
			c.mismatched(definition, value, path, literalKind(value))
			return
		}
		c.object(definition, value, path)
	case ast.Enum:
		switch {
		case value.Kind == ast.EnumValue && definition.EnumValues.ForName(value.Raw) == nil:
			c.mismatched(definition, value, path, sent{name: value.Raw})
		case value.Kind == ast.StringValue || value.Kind == ast.BlockValue:
			c.mismatched(definition, value, path, sent{kind: "a string: it is written without quotation marks"})
		case value.Kind != ast.EnumValue:
			c.mismatched(definition, value, path, literalKind(value))
		}
	case ast.Scalar:
		if !isScalarLiteral(definition.Name, value) {
			c.mismatched(definition, value, path, literalKind(value))
		}
	}
}

func (c *literalChecker) object(definition *ast.Definition, value *ast.Value, path ast.Path) {
	for _, field := range definition.Fields {
		if field.Type.NonNull && field.DefaultValue == nil && value.Children.ForName(field.Name) == nil {
			c.add(value, core.Message(`Field "%s.%s" of required type "%s" was not provided.`, definition.Name, field.Name, field.Type))
		}
	}
	if definition.Directives.ForName("oneOf") != nil {
		if len(value.Children) != 1 {
			c.add(value, core.Message(`OneOf Input Object "%s" must specify exactly one key.`, definition.Name))
		} else if only := value.Children[0]; only.Value.Kind == ast.NullValue {
			c.add(only.Value, core.Message(`Field "%s.%s" must be non-null.`, definition.Name, only.Name))
		}
	}
	for _, child := range value.Children {
		field := definition.Fields.ForName(child.Name)
		if field != nil {
			c.check(field.Type, child.Value, append(path, ast.PathName(child.Name)))
			continue
		}
		if c.wrong[child.Value] {
			continue
		}
		c.wrong[child.Value] = true
		unknown := core.Message(`Field "%s" is not defined by type "%s".`, child.Name, definition.Name)
		options := []core.ErrorOption{unknown, core.At(child.Position)}
		if !c.quiet && len(child.Name) <= maxSuggestedFor {
			var names []string
			for _, field := range definition.Fields {
				names = append(names, field.Name)
			}
			options = slices.Insert(options, 1, core.SuggestListQuoted("Did you mean", child.Name, names))
		}
		c.addError(options...)
	}
}

func (c *literalChecker) add(value *ast.Value, message core.ErrorOption) {
	if !c.wrong[value] {
		c.addError(message, core.At(value.Position))
	}
	c.wrong[value] = true
}

func (c *literalChecker) mismatched(definition *ast.Definition, value *ast.Value, path ast.Path, got sent) {
	refusal := c.mismatch(definition, path, got)
	c.add(value, func(err *gqlerror.Error) { err.Err, err.Message = refusal, refusal.Message })
}

// isScalarLiteral reports whether a value in a document fits a built-in scalar. As the specification says, an Int in a
// document has neither a point nor an exponent.
func isScalarLiteral(name string, value *ast.Value) bool {
	switch name {
	case "Int":
		number, err := strconv.ParseInt(value.Raw, 10, 64)
		return value.Kind == ast.IntValue && err == nil && number >= math.MinInt32 && number <= math.MaxInt32
	case "Float":
		_, err := strconv.ParseFloat(value.Raw, 64)
		return (value.Kind == ast.IntValue || value.Kind == ast.FloatValue) && err == nil
	case "String":
		return value.Kind == ast.StringValue || value.Kind == ast.BlockValue
	case "Boolean":
		return value.Kind == ast.BooleanValue
	case "ID":
		return value.Kind == ast.StringValue || value.Kind == ast.BlockValue || value.Kind == ast.IntValue
	default:
		return true
	}
}

// literalKind is kindOf for a value in a document.
func literalKind(value *ast.Value) sent {
	switch value.Kind {
	case ast.IntValue, ast.FloatValue:
		return sent{kind: "a number", number: shownNumber(value.Raw)}
	case ast.StringValue, ast.BlockValue:
		return sent{kind: "a string"}
	case ast.BooleanValue:
		return sent{kind: "a boolean"}
	case ast.ListValue:
		return sent{kind: "a list"}
	case ast.ObjectValue:
		return sent{kind: "an object"}
	default:
		return sent{kind: "a name"}
	}
}
