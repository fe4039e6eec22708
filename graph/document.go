package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"clientele/internal/domain"
)

// documents reads documents: it parses them, measures them, and holds them against the schema, in this order, so
// that what costs more is only done to what passed what costs less. gqlgen's executor would do the first and the
// last by itself, with nothing in between.
type documents struct {
	schema *ast.Schema
	limits Limits
	values values
	rules  []core.Rule
	kept   *documentCache
}

func newDocuments(schema *ast.Schema, limits Limits, introspection bool) *documents {
	inputs := values{schema: schema, quiet: !introspection}
	return &documents{
		schema: schema, limits: limits, values: inputs, rules: validationRules(inputs), kept: newDocumentCache(),
	}
}

// read returns the document of a text, or what is wrong with it, and how many tokens were read for that, with what
// took as long: none of a document that is kept.
func (d *documents) read(text string) (_ *ast.QueryDocument, tokens int, _ gqlerror.List) {
	if document := d.kept.get(text); document != nil {
		return document, 0, nil
	}
	readable, refused := readText(text)
	if refused != nil {
		return nil, 0, marked(errcode.ParseFailed, refused)
	}
	tokens, err := d.countTokens(readable)
	if err != nil {
		return nil, tokens, gqlerror.List{gqlerror.Wrap(err)}
	}
	document, compared, errs := d.parse(readable)
	tokens += compared / comparisonsPerToken
	if len(errs) == 0 {
		d.kept.add(text, document, tokens)
	}
	return document, tokens, errs
}

// parse returns the document of a text, or what is wrong with it, and how many fields were compared for that.
func (d *documents) parse(readable *documentText) (_ *ast.QueryDocument, compared int, _ gqlerror.List) {
	document, err := parser.ParseQuery(&ast.Source{Input: readable.text})
	if err != nil {
		return nil, 0, marked(errcode.ParseFailed, readable.correctError(gqlerror.WrapIfUnwrapped(err)))
	}
	readable.correct(document)
	if len(document.Operations) == 0 {
		return nil, 0, marked(errcode.ValidationFailed, gqlerror.Errorf("there is no operation in the document"))
	}
	cyclic, compared, refusal := d.measure(document)
	if refusal != nil {
		return nil, 0, gqlerror.List{gqlerror.Wrap(refusal)}
	}
	if errs := d.validate(document, cyclic); len(errs) > 0 {
		return nil, compared, marked(errcode.ValidationFailed, errs...)
	}
	return document, compared, nil
}

// countTokens counts tokens until there are too many of them. What is no token is left to the parser.
func (d *documents) countTokens(text *documentText) (int, error) {
	lexed := lexer.New(&ast.Source{Input: text.text})
	for n := text.descriptions; ; n++ {
		if over(n, d.limits.Tokens) {
			return n, limited("tokens", d.limits.Tokens,
				domain.FieldErrorf(domain.BadUserInput, "query", "must have at most %d tokens; send values as variables", d.limits.Tokens))
		}
		if token, _ := lexed.ReadToken(); token.Kind == lexer.EOF || token.Kind == lexer.Invalid {
			return n, nil
		}
	}
}

// validate answers what the schema has against a document, as far as it is going to be told.
func (d *documents) validate(document *ast.QueryDocument, cyclic bool) (errs gqlerror.List) {
	type enough struct{}
	defer func() {
		// A rule cannot be told to stop.
		if cause := recover(); cause != nil && cause != (enough{}) {
			panic(cause)
		}
	}()
	applied := d.rules
	if cyclic {
		// Other rules may go round with the fragments.
		applied = []core.Rule{rules.NoFragmentCyclesRule}
	}
	observers := &core.Events{}
	for _, rule := range applied {
		rule.RuleFunc(observers, func(options ...core.ErrorOption) {
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			errs = append(errs, err)
			if over(len(errs), d.limits.Errors) {
				panic(enough{})
			}
		})
	}
	validator.Walk(d.schema, document, observers)
	return errs
}

// marked gives errors a code.
func marked(code string, errs ...*gqlerror.Error) gqlerror.List {
	for _, err := range errs {
		errcode.Set(err, code)
	}
	return errs
}

// readDocuments is the executor's cache of documents. It has the one that was read for the request, so that the
// executor reads none.
type readDocuments struct{}

// Get implements graphql.Cache.
func (readDocuments) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	document := callOf(ctx).document
	return document, document != nil
}

// Add implements graphql.Cache.
func (readDocuments) Add(context.Context, string, *ast.QueryDocument) {}
