package graph

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"

	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/internal/idempotency"
)

// The headers of idempotent mutations.
const (
	IdempotencyKeyHeader = "Idempotency-Key"
	// ReplayedHeader is true on an answer that was given before.
	ReplayedHeader = "Idempotency-Replayed"
)

// once executes an operation, with execute, and answers what to write. A mutation with an idempotency key is executed
// once; its answer is the same to the last byte each time.
func (t transport) once(
	ctx context.Context, w http.ResponseWriter, r *http.Request, params *graphql.RawParams, operation *graphql.OperationContext,
	execute func(context.Context) (*graphql.Response, error),
) (any, *refusal) {
	keys := r.Header.Values(IdempotencyKeyHeader)
	if len(keys) == 0 || operation.Operation.Operation != ast.Mutation {
		response, err := execute(ctx)
		if err != nil {
			return nil, refusedWith(executionStatus(r, err), err)
		}
		return response, nil
	}
	// Two of the header are one with a comma and a space in it, which no key has.
	key, err := idempotency.ParseKey(strings.Join(keys, ", "))
	if err != nil {
		return nil, refusedWith(http.StatusBadRequest, err)
	}
	if t.idempotency == nil {
		return nil, refusedWith(http.StatusBadRequest, domain.Errorf(domain.UnsupportedParameter, "the header Idempotency-Key is not supported by this server"))
	}
	body, err := bodyOf(params, operation)
	if err != nil {
		return nil, refusedWith(unansweredStatus(r), err)
	}
	var executeErr error
	first, err := t.idempotency.Once(ctx, idempotency.Request{
		Actor: actorOf(ctx), Mutation: mutationOf(operation), Key: key, Body: body,
	}, func(ctx context.Context, seed string) idempotency.Outcome {
		var outcome idempotency.Outcome
		outcome, executeErr = executeKeyed(ctx, seed, execute)
		return outcome
	})
	if err = errors.Join(err, executeErr); err != nil {
		return nil, refusedWith(refusedKeyStatus(r, err), err)
	}
	if first.Replayed {
		w.Header().Set(ReplayedHeader, "true")
		observationOf(ctx).replayed(ctx)
	}
	return json.RawMessage(first.Text), nil
}

// refusedKeyStatus is for a request that was understood and not executed because of its key.
func refusedKeyStatus(r *http.Request, err error) int {
	if domain.IsKind(err, domain.RateLimited) {
		return http.StatusTooManyRequests
	}
	if _, refused := errors.AsType[*domain.Error](err); refused && responseMediaType(r) == responseType {
		return http.StatusUnprocessableEntity
	}
	return unansweredStatus(r)
}

// executeKeyed executes a mutation that has an idempotency key.
func executeKeyed(
	ctx context.Context, seed string, execute func(context.Context) (*graphql.Response, error),
) (idempotency.Outcome, error) {
	c := callOf(ctx)
	answered := &answered{}
	c.seed, c.answered = seed, answered
	response, err := execute(withCall(ctx, c))
	if err != nil {
		return idempotency.Outcome{}, err
	}
	var text bytes.Buffer
	if err := encodeJSON(&text, response); err != nil {
		return idempotency.Outcome{}, err
	}
	answer, kept := answered.reveal(text.Bytes())
	return idempotency.Outcome{Response: answer, Stored: kept, Final: settled(response), Customers: answered.customers}, nil
}

// unsettledCodes are of errors after which the same request may do something, or may have done it already.
var unsettledCodes = []model.ErrorCode{
	model.ErrorCodeOperationTimeout, model.ErrorCodeUnexpectedError, model.ErrorCodeObjectAlreadyBeingUsedByAnotherRequestError,
	model.ErrorCodeRateLimitExceeded,
}

func settled(response *graphql.Response) bool {
	for _, err := range response.Errors {
		if code, ok := err.Extensions["code"].(model.ErrorCode); ok && slices.Contains(unsettledCodes, code) {
			return false
		}
	}
	return true
}

// mutationOf names the mutations that an operation executes, in their order.
func mutationOf(operation *graphql.OperationContext) string {
	var names []string
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Mutation"}) {
		names = append(names, field.Name)
	}
	return strings.Join(names, " ")
}

// bodyOf is all of a request that its outcome depends on, in one form: the tokens of the document, so that neither
// white space nor comments nor descriptions matter; the name of the operation; and the variables, whose names have no order. Numbers
// are the same if they are written alike.
func bodyOf(params *graphql.RawParams, operation *graphql.OperationContext) ([]byte, error) {
	body := struct {
		Document  [][2]string
		Operation string
		Variables map[string]any
	}{Operation: operation.Operation.Name, Variables: params.Variables}
	if body.Variables == nil {
		body.Variables = map[string]any{}
	}
	readable, refused := readText(operation.RawQuery)
	if refused != nil {
		return nil, refused
	}
	tokens := lexer.New(&ast.Source{Input: readable.text})
	for {
		token, err := tokens.ReadToken()
		if err != nil {
			return nil, err
		}
		if token.Kind == lexer.EOF {
			return json.Marshal(body)
		}
		if token.Kind != lexer.Comment {
			body.Document = append(body.Document, [2]string{token.Kind.Name(), readable.value(token)})
		}
	}
}

// answered collects the live customers that a response is about, and the secrets in it.
type answered struct {
	mu        sync.Mutex
	customers []*domain.Customer
	// secrets are the secrets by the placeholders that stand for them while the response is made.
	secrets map[string]string
}

// hide returns a placeholder for a secret, a text that is nowhere else.
func (a *answered) hide(secret string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.secrets == nil {
		a.secrets = map[string]string{}
	}
	placeholder := "secret-" + rand.Text()
	a.secrets[placeholder] = secret
	return placeholder
}

// reveal returns a response with its secrets, and with nulls in their place, which is what may be kept; nil for the
// response itself.
func (a *answered) reveal(text []byte) (answer, kept []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.secrets) == 0 {
		return text, nil
	}
	answer, kept = text, text
	for placeholder, secret := range a.secrets {
		quoted := []byte(strconv.Quote(placeholder))
		answer = bytes.ReplaceAll(answer, quoted, []byte(strconv.Quote(secret)))
		kept = bytes.ReplaceAll(kept, quoted, []byte("null"))
	}
	return answer, kept
}

// customersAnswered is the resolver middleware that notes the customers of an answer which is to be kept, so that it
// can be dropped with them. It comes before archivedCustomers, and so sees what that leaves.
func customersAnswered(ctx context.Context, next graphql.Resolver) (any, error) {
	answer, err := next(ctx)
	found := customersIn(answer)
	if len(found) == 0 {
		return answer, err
	}
	if a := callOf(ctx).answered; a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, customer := range found {
			if customer != nil && !customer.Archived() {
				a.customers = append(a.customers, customer)
			}
		}
	}
	return answer, err
}

// customersIn are the customers whose own, or whose belongings, an answer of a resolver is.
func customersIn(answer any) []*domain.Customer {
	switch v := answer.(type) {
	case *model.Customer:
		return each([]*model.Customer{v}, customerSource)
	case *model.CustomerSubscription:
		return each([]*model.CustomerSubscription{v}, subscriptionOwner)
	case *model.PromotionalEntitlement:
		return each([]*model.PromotionalEntitlement{v}, promotionalOwner)
	case []*model.Customer:
		return each(v, customerSource)
	case []*model.CustomerSubscription:
		return each(v, subscriptionOwner)
	case []*model.PromotionalEntitlement:
		return each(v, promotionalOwner)
	default:
		// What else leads to them, pages for one, has them in fields of its own.
		return nil
	}
}

func customerSource(c *model.Customer) *domain.Customer {
	if c == nil {
		return nil
	}
	return c.Source
}

func subscriptionOwner(s *model.CustomerSubscription) *domain.Customer {
	if s == nil {
		return nil
	}
	return s.Of
}

func promotionalOwner(p *model.PromotionalEntitlement) *domain.Customer {
	if p == nil {
		return nil
	}
	return p.Of
}

// seedOf is a text of the field's own, the same whenever its request is executed; empty without an idempotency key.
func seedOf(ctx context.Context) string {
	seed := callOf(ctx).seed
	if seed == "" {
		return ""
	}
	return seed + " " + graphql.GetFieldContext(ctx).Field.Alias
}
