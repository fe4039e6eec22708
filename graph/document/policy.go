package document

import (
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

// The directives of graph/schema/policy.graphqls. What they mean is described there.
const (
	listSizeDirective          = "listSize"
	storedDirective            = "stored"
	belongsToCustomerDirective = "belongsToCustomer"
	changesCustomerDirective   = "changesCustomer"
	changesNoCustomerDirective = "changesNoCustomer"
)

func isPolicy(directive string) bool {
	switch directive {
	case listSizeDirective, storedDirective, belongsToCustomerDirective, changesCustomerDirective, changesNoCustomerDirective:
		return true
	default:
		return false
	}
}

// assumedSize is the assumed length of a list without pages; 1 for any other field.
func assumedSize(field *ast.FieldDefinition) int {
	directive := field.Directives.ForName(listSizeDirective)
	if directive == nil {
		return 1
	}
	// The schema was validated when it was generated, so the text is a number.
	size, _ := strconv.Atoi(directive.Arguments.ForName("assumed").Value.Raw)
	return size
}

// customerNamedBy returns the fields of a mutation's input that can name the customer that it changes, and the field
// with the list of inputs if it changes several. No fields: it changes no customer.
func customerNamedBy(mutation *ast.FieldDefinition) (fields []string, list string) {
	directive := mutation.Directives.ForName(changesCustomerDirective)
	if directive == nil {
		return nil, ""
	}
	arguments := directive.ArgumentMap(nil)
	for _, name := range arguments["namedBy"].([]any) {
		fields = append(fields, name.(string))
	}
	list, _ = arguments["list"].(string)
	return fields, list
}

// storedTypes are the types whose objects are documents of their own in the store.
var storedTypes = sync.OnceValue(func() map[string]bool {
	types := map[string]bool{}
	for name, definition := range Schema().Types {
		if definition.Directives.ForName(storedDirective) != nil {
			types[name] = true
		}
	}
	return types
})

// BelongsToCustomer reports whether objects of a type belong to one customer and are archived with it.
func BelongsToCustomer(definition *ast.Definition) bool {
	return definition.Directives.ForName(belongsToCustomerDirective) != nil
}

// WithoutPolicy returns a copy of the schema that shows no policy, for clients to read.
func WithoutPolicy(schema *ast.Schema) *ast.Schema {
	public := *schema
	public.Directives = maps.Clone(schema.Directives)
	maps.DeleteFunc(public.Directives, func(name string, _ *ast.DirectiveDefinition) bool { return isPolicy(name) })
	public.Types = make(map[string]*ast.Definition, len(schema.Types))
	for name, definition := range schema.Types {
		shown := *definition
		shown.Directives = withoutPolicy(definition.Directives)
		shown.Fields = make(ast.FieldList, len(definition.Fields))
		for i, field := range definition.Fields {
			shownField := *field
			shownField.Directives = withoutPolicy(field.Directives)
			shown.Fields[i] = &shownField
		}
		public.Types[name] = &shown
	}
	return &public
}

func withoutPolicy(directives ast.DirectiveList) ast.DirectiveList {
	return slices.DeleteFunc(slices.Clone(directives), func(d *ast.Directive) bool { return isPolicy(d.Name) })
}
