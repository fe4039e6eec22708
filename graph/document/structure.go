package document

import (
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/domain"
	"clientele/internal/limits"
)

// structure measures a document before it is held against the schema, because that takes time that grows faster
// than the document, and tells one error for each thing that is wrong. It visits every part once, however often
// fragments are spread in each other.
type structure struct {
	schema *ast.Schema
	limits limits.Limits

	aliases, directives int
	// fragments are those measured so far, and nil for one that is being measured.
	fragments map[string]*extent
	// cyclic is whether a fragment is spread in itself.
	cyclic bool
	// refusal is the first limit that was passed.
	refusal *domain.Error
}

// extent is how large a selection is once its fragments are put where they are spread.
type extent struct {
	// fields are those at its own level, size is all that it selects, depth is how deep that is nested. A fragment
	// is a level too, although it is none of the answer: the validator goes through it like through a field.
	fields, size, depth int
}

// maxSelections bounds the fields and fragments of a document, fragments put where they are spread: the validator goes
// into a fragment as often. It is several times what a selection of everything around a customer has.
const maxSelections = 10_000

// maxComparisons bounds how often the validator has to compare two fields that stand in the same place of an
// answer. A field that is written n times is compared n² times.
const maxComparisons = 40_000

// measure answers the first limit that a document passes, whether a fragment of it is spread in itself, and how many
// fields the validator will compare.
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

// check refuses what is over a limit, unless something was refused before. The sentence has a place for the limit.
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

// fragment measures a fragment the first time that it is met.
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

// value measures a value that is written in the document.
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

// comparisons takes off what is left what it takes the validator to see that fields which stand in the same place of
// the answer are the same. All sets are such a place.
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
				// The validator looks at what is in it for itself, too.
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
