package document

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"clientele/graph/generated"
)

// Schema is the schema with what this server does, and nothing else: gqlparser puts @defer into every schema, and
// generated clients would use what introspection shows.
func Schema() *ast.Schema {
	served := *generated.NewExecutableSchema(generated.Config{}).Schema()
	served.Directives = maps.Clone(served.Directives)
	delete(served.Directives, "defer")
	return &served
}

// noIntrospection is the rule of a server that does not tell its schema.
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

// validationRules are the rules that documents are held against, always in the same order. A server that does not
// tell its schema has one rule more, and none that looks for the name that was meant: see also ErrorText.
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
