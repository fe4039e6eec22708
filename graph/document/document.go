package document

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"clientele/internal/domain"
	"clientele/internal/limits"
)

// Reader reads operation documents: it parses them, measures them, and validates them against the schema, cheap checks
// first. gqlgen's executor would parse and validate by itself, but measure nothing in between.
type Reader struct {
	schema *ast.Schema
	limits limits.Limits
	values values
	rules  []core.Rule
	kept   *documentCache
}

// NewReader returns a reader of documents for a schema. With introspection, documents may select the schema, and errors
// may name parts of it that the client did not send.
func NewReader(schema *ast.Schema, bounds limits.Limits, introspection bool) *Reader {
	inputs := values{schema: schema, quiet: !introspection}
	return &Reader{
		schema: schema, limits: bounds, values: inputs, rules: validationRules(inputs), kept: newDocumentCache(),
	}
}

// Read parses and validates a document. tokens is the work: how many tokens were read, plus the validator's comparisons
// in the same unit; 0 for a cached document.
func (d *Reader) Read(text string) (_ *ast.QueryDocument, tokens int, _ gqlerror.List) {
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
	tokens += compared / ComparisonsPerToken
	if len(errs) == 0 {
		d.kept.add(text, document, tokens)
	}
	return document, tokens, errs
}

// parse is Read without the cache. compared is how many fields the validator compared.
func (d *Reader) parse(readable *documentText) (_ *ast.QueryDocument, compared int, _ gqlerror.List) {
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

// countTokens counts tokens up to the limit. What is no token is left to the parser.
func (d *Reader) countTokens(text *documentText) (int, error) {
	lexed := lexer.New(&ast.Source{Input: text.text})
	for n := text.descriptions; ; n++ {
		if limits.Over(n, d.limits.Tokens) {
			return n, domain.FieldErrorf(domain.BadUserInput, "query", "must have at most %d tokens; send values as variables", d.limits.Tokens).Limited("tokens", d.limits.Tokens)
		}
		if token, _ := lexed.ReadToken(); token.Kind == lexer.EOF || token.Kind == lexer.Invalid {
			return n, nil
		}
	}
}

// validate returns the errors of a document, up to the limit.
func (d *Reader) validate(document *ast.QueryDocument, cyclic bool) (errs gqlerror.List) {
	type enough struct{}
	defer func() {
		// There is no other way to stop a rule.
		if cause := recover(); cause != nil && cause != (enough{}) {
			panic(cause)
		}
	}()
	applied := d.rules
	if cyclic {
		// Other rules may not end with such fragments.
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
			if limits.Over(len(errs), d.limits.Errors) {
				panic(enough{})
			}
		})
	}
	validator.Walk(d.schema, document, observers)
	return errs
}

// Coerce checks the variables of an operation against their types and gives whole numbers their plain form. Without
// an operation of that name it does nothing. Errors: BadUserInput.
func (d *Reader) Coerce(document *ast.QueryDocument, operationName string, variables map[string]any) error {
	operation := document.Operations.ForName(operationName)
	if operation == nil {
		return nil
	}
	if err := d.values.coerce(operation, variables); err != nil {
		return err
	}
	return nil
}

// Check decides whether a valid operation may run with its variables. It returns the operation's price and the changes
// that it requests.
func (d *Reader) Check(operation *graphql.OperationContext) (Price, Changes, gqlerror.List) {
	if err := checkOneOf(d.schema, operation.Operation, operation.Variables); err != nil {
		return Price{}, Changes{}, marked(errcode.ValidationFailed, err)
	}
	found := changesIn(operation)
	price, err := d.price(operation, found)
	if err != nil {
		return Price{}, Changes{}, gqlerror.List{gqlerror.Wrap(err)}
	}
	return price, found, nil
}

func marked(code string, errs ...*gqlerror.Error) gqlerror.List {
	for _, err := range errs {
		errcode.Set(err, code)
	}
	return errs
}
