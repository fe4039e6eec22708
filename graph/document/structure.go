package document

import (
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/domain"
	"clientele/internal/limits"
)

// structure measures a document before it is validated, because the time of validation grows faster than the document,
// and so can its errors. It visits every part once, however often fragments are spread.
type structure struct {
	schema *ast.Schema
	limits limits.Limits

	aliases, directives int
	// fragments are those measured so far; nil while one is being measured.
	fragments map[string]*extent
	cyclic    bool
	// refusal is for the first limit that was exceeded.
	refusal *domain.Error
}

// extent is the size of a selection with its fragments expanded.
type extent struct {
	// fields counts the top level, size all levels; depth is the number of levels. A fragment is a level too, although the
	// response has none for it, because the validator recurses into it as into a field.
	fields, size, depth int
}

// maxSelections bounds the fields and fragments of a document with its fragments expanded, which is how the validator
// visits them. It is several times a selection of everything around a customer.
const maxSelections = 10_000

// maxComparisons bounds how often the validator compares two fields at the same place of the response: a field that is
// written n times is compared n² times.
const maxComparisons = 40_000

// measure returns whether a fragment is spread in itself, how many fields the validator will compare, and the refusal for
// the first limit that the document exceeds.
func (d *Reader) measure(document *ast.QueryDocument) (cyclic bool, compared int, _ *domain.Error) {
	s := structure{schema: d.schema, limits: d.limits, fragments: map[string]*extent{}}
	size := 0
	for _, operation := range document.Operations {
		s.name(operation.Name)
		s.directive(operation.Directives)
		for _, variable := range operation.VariableDefinitions {
			s.name(variable.Variable)
			s.name(variable.Type.Name())
			s.directive(variable.Directives)
			s.value(variable.DefaultValue)
		}
		e := s.selections(document, operation.SelectionSet)
		size = plus(size, e.size)
		s.check("rootFields", e.fields, d.limits.RootFields, "the operation may have at most %d fields at its root")
		s.check("depth", e.depth, d.limits.Depth, "the operation may be at most %d levels deep, fragments included")
	}
	for _, fragment := range document.Fragments {
		s.fragment(document, fragment)
	}
	s.check("selections", size, maxSelections, "the document may select at most %d fields, fragments put where they are spread")
	if s.refusal != nil || s.cyclic {
		return s.cyclic, 0, s.refusal
	}
	left := maxComparisons
	for _, operation := range document.Operations {
		comparisons(document, []ast.SelectionSet{operation.SelectionSet}, &left)
	}
	for _, fragment := range document.Fragments {
		comparisons(document, []ast.SelectionSet{fragment.SelectionSet}, &left)
	}
	if left < 0 {
		return false, 0, domain.Errorf(domain.BadUserInput, "the operation selects the same fields too often").Limited("comparisons", maxComparisons)
	}
	return false, maxComparisons - left, nil
}

// check refuses what is over a limit, unless something was refused before. The limit is inserted into the sentence.
func (s *structure) check(name string, n, limit int, sentence string) {
	if s.refusal == nil && limits.Over(n, limit) {
		s.refusal = domain.Errorf(domain.BadUserInput, sentence, limit).Limited(name, limit)
	}
}

func (s *structure) name(name string) {
	s.check("nameLength", len(name), s.limits.NameLength, "a name may have at most %d bytes")
}

func (s *structure) selections(document *ast.QueryDocument, all ast.SelectionSet) extent {
	var out extent
	for _, selection := range all {
		if s.refusal != nil {
			break
		}
		var e extent
		switch v := selection.(type) {
		case *ast.Field:
			s.name(v.Name)
			if v.Alias != v.Name {
				s.name(v.Alias)
				s.aliases++
				if s.refusal == nil && limits.Over(s.aliases, s.limits.Aliases) {
					s.refusal = domain.Errorf(domain.TooManyAliases, "the document may have at most %d aliases", s.limits.Aliases).Limited("aliases", s.limits.Aliases)
				}
			}
			s.directive(v.Directives)
			s.arguments(v.Arguments)
			e = s.selections(document, v.SelectionSet)
			e.fields = 1
		case *ast.InlineFragment:
			s.name(v.TypeCondition)
			s.directive(v.Directives)
			e = s.selections(document, v.SelectionSet)
		case *ast.FragmentSpread:
			s.name(v.Name)
			s.directive(v.Directives)
			if definition := document.Fragments.ForName(v.Name); definition != nil {
				e = s.fragment(document, definition)
			}
		}
		out.fields, out.size = plus(out.fields, e.fields), plus(out.size, plus(e.size, 1))
		out.depth = max(out.depth, e.depth+1)
	}
	return out
}

// fragment measures a fragment once.
func (s *structure) fragment(document *ast.QueryDocument, definition *ast.FragmentDefinition) extent {
	e, met := s.fragments[definition.Name]
	if met {
		s.cyclic = s.cyclic || e == nil
		if e == nil {
			return extent{}
		}
		return *e
	}
	s.fragments[definition.Name] = nil
	s.name(definition.Name)
	s.name(definition.TypeCondition)
	s.directive(definition.Directives)
	out := s.selections(document, definition.SelectionSet)
	s.check("depth", out.depth, s.limits.Depth, "the fragment may be at most %d levels deep, fragments included")
	s.fragments[definition.Name] = &out
	return out
}

func (s *structure) directive(all ast.DirectiveList) {
	for _, directive := range all {
		s.directives++
		s.check("directives", s.directives, s.limits.Directives, "the document may have at most %d directives")
		s.name(directive.Name)
		if s.refusal == nil && s.schema.Directives[directive.Name] == nil {
			s.refusal = domain.Errorf(domain.UnsupportedDirective, "the directive @%s is not supported", directive.Name)
		}
		s.arguments(directive.Arguments)
	}
}

func (s *structure) arguments(all ast.ArgumentList) {
	for _, argument := range all {
		s.name(argument.Name)
		s.value(argument.Value)
	}
}

func (s *structure) value(v *ast.Value) {
	s.check("depth", s.depthOf(v), s.limits.Depth, "a value may be at most %d levels deep")
}

func (s *structure) depthOf(v *ast.Value) int {
	if v == nil {
		return 0
	}
	depth := 0
	for _, child := range v.Children {
		s.name(child.Name)
		depth = max(depth, s.depthOf(child.Value)+1)
	}
	return depth
}

// comparisons subtracts from left what the validator compares to find out whether fields at the same place of the response
// can be merged. All sets are at the same place.
func comparisons(document *ast.QueryDocument, sets []ast.SelectionSet, left *int) {
	fields, spreads := map[string][]*ast.Field{}, 0
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, selection := range set {
			if *left--; *left < 0 {
				return
			}
			switch v := selection.(type) {
			case *ast.Field:
				fields[v.Alias] = append(fields[v.Alias], v)
			case *ast.InlineFragment:
				collect(v.SelectionSet)
				// The validator visits it on its own, too.
				comparisons(document, []ast.SelectionSet{v.SelectionSet}, left)
			case *ast.FragmentSpread:
				if definition := document.Fragments.ForName(v.Name); definition != nil {
					spreads++
					collect(definition.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	*left -= spreads * spreads
	for _, same := range fields {
		if len(same) > 1 {
			*left -= len(same) * len(same)
		}
		if *left < 0 {
			return
		}
		inside := make([]ast.SelectionSet, 0, len(same))
		for _, field := range same {
			if len(field.SelectionSet) > 0 {
				inside = append(inside, field.SelectionSet)
			}
		}
		if len(inside) > 0 {
			comparisons(document, inside, left)
		}
	}
}
