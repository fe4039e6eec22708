package document

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"clientele/graph/generated"
)

// Schema is the schema that the server serves. The definitions of directives that clients cannot use are left out, so
// that neither introspection nor generated clients have them: @defer, which gqlparser adds, and the server's own policy.
// Fields and types keep their policy; see policy.go.
func Schema() *ast.Schema {
	served := *generated.NewExecutableSchema(generated.Config{}).Schema()
	served.Directives = maps.Clone(served.Directives)
	delete(served.Directives, "defer")
	maps.DeleteFunc(served.Directives, func(name string, _ *ast.DirectiveDefinition) bool { return isPolicy(name) })
	return &served
}

// noIntrospection is the rule of a server that does not show its schema.
var noIntrospection = core.Rule{
	Name: "NoIntrospection",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnField(func(_ *core.Walker, field *ast.Field) {
			if field.Name == "__schema" || field.Name == "__type" {
				addError(core.Message("introspection is off on this server"), core.At(field.Position))
			}
		})
	},
}

// validationRules are the rules for documents, always in the same order. A server that does not show its schema has one
// rule more, and its rules suggest no names; see also ErrorText.
func validationRules(inputs values) []core.Rule {
	all := rules.NewDefaultRules().GetInner()
	all[rules.ValuesOfCorrectTypeRule.Name] = inputs.rule().RuleFunc
	if inputs.quiet {
		for name, quiet := range map[string]core.Rule{
			rules.FieldsOnCorrectTypeRule.Name: rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
			rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
			rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
			rules.ScalarLeafsRule.Name:         rules.ScalarLeafsRuleWithoutSuggestions,
		} {
			all[name] = quiet.RuleFunc
		}
		all[noIntrospection.Name] = noIntrospection.RuleFunc
	}
	ordered := make([]core.Rule, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		ordered = append(ordered, core.Rule{Name: name, RuleFunc: all[name]})
	}
	return ordered
}
