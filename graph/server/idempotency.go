package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/document"
	"clientele/graph/model"
	"clientele/graph/resolver"
	"clientele/internal/domain"
	"clientele/internal/idempotency"
)

// The headers of idempotent mutations.
const (
	IdempotencyKeyHeader = "Idempotency-Key"
	// ReplayedHeader is true on a stored response.
	ReplayedHeader = "Idempotency-Replayed"
)

// once executes an operation and returns what to write. A mutation with an idempotency key is executed once; its response
// is the same each time, byte for byte.
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
	// Two headers make one text with a comma and a space, which is not a valid key.
	key, err := idempotency.ParseKey(strings.Join(keys, ", "))
	if err != nil {
		return nil, refusedWith(http.StatusBadRequest, err)
	}
	if t.idempotency == nil {
		return nil, refusedWith(http.StatusBadRequest, domain.Errorf(domain.UnsupportedParameter, "the header Idempotency-Key is not supported by this server"))
	}
	body, err := bodyOf(params, operation)
	if err != nil {
		return nil, refusedWith(lostResponseStatus(r), err)
	}
	var executeErr error
	first, err := t.idempotency.Once(ctx, idempotency.Request{
		Actor: resolver.ActorOf(ctx), Mutation: mutationOf(operation), Key: key, Body: body,
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

// refusedKeyStatus is for a valid request that was not executed because of its key.
func refusedKeyStatus(r *http.Request, err error) int {
	if domain.IsKind(err, domain.RateLimited) {
		return http.StatusTooManyRequests
	}
	if _, refused := errors.AsType[*domain.Error](err); refused && responseMediaType(r) == responseType {
		return http.StatusUnprocessableEntity
	}
	return lostResponseStatus(r)
}

func executeKeyed(
	ctx context.Context, seed string, execute func(context.Context) (*graphql.Response, error),
) (idempotency.Outcome, error) {
	ctx, keyed := resolver.WithKey(ctx, seed)
	response, err := execute(ctx)
	if err != nil {
		return idempotency.Outcome{}, err
	}
	var text bytes.Buffer
	if err := encodeJSON(&text, response); err != nil {
		return idempotency.Outcome{}, err
	}
	whole, stored := keyed.Reveal(text.Bytes())
	return idempotency.Outcome{Response: whole, Stored: stored, Final: isFinal(response), Customers: keyed.Customers()}, nil
}

// openCodes are those of errors after which a retry may still make the change, or the change may have been made.
var openCodes = []model.ErrorCode{
	model.ErrorCodeOperationTimeout, model.ErrorCodeUnexpectedError, model.ErrorCodeObjectAlreadyBeingUsedByAnotherRequestError,
	model.ErrorCodeRateLimitExceeded,
}

func isFinal(response *graphql.Response) bool {
	for _, err := range response.Errors {
		if code, ok := err.Extensions["code"].(model.ErrorCode); ok && slices.Contains(openCodes, code) {
			return false
		}
	}
	return true
}

// mutationOf names the mutations of an operation, in order.
func mutationOf(operation *graphql.OperationContext) string {
	var names []string
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Mutation"}) {
		names = append(names, field.Name)
	}
	return strings.Join(names, " ")
}

// bodyOf is everything that the outcome of a request depends on, in canonical form: the tokens of the document, so that
// white space, comments and descriptions do not matter; the name of the operation; and the variables, sorted by name.
// Numbers are equal if they are written alike.
func bodyOf(params *graphql.RawParams, operation *graphql.OperationContext) ([]byte, error) {
	body := struct {
		Document  [][2]string
		Operation string
		Variables map[string]any
	}{Operation: operation.Operation.Name, Variables: params.Variables}
	if body.Variables == nil {
		body.Variables = map[string]any{}
	}
	var err error
	if body.Document, err = document.Tokens(operation.RawQuery); err != nil {
		return nil, err
	}
	return json.Marshal(body)
}
