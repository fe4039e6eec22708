package graph

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/internal/domain"
	"clientele/internal/idempotency"
)

// transport is GraphQL over HTTP: POST with a JSON body, and GET for queries. gqlgen's own transports
// repeat a body that is no JSON in the error, secrets included, and choose other status codes.
type transport struct {
	limits    Limits
	rates     rateLimits
	documents *documents
	errors    presenter
	// idempotency is nil where idempotency keys are refused.
	idempotency *idempotency.Service
	persisted   *persistedDocuments
}

// Supports takes every request, so that this package alone chooses how to refuse one.
func (transport) Supports(*http.Request) bool { return true }

// Do answers one request.
func (t transport) Do(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor) {
	ctx := r.Context()
	refuseAll := func(status int, errs gqlerror.List) {
		answer := executor.DispatchError(ctx, errs)
		writeError(w, r, status, t.limits.fewBriefly(answer.Errors)...)
	}
	refuse := func(status int, err error) { refuseAll(status, gqlerror.List{gqlerror.Wrap(err)}) }
	// gqlgen would recover too, and answer without a media type.
	defer t.errors.recoverRequest(ctx, w, r)
	if responseMediaType(r) == "" {
		refuse(http.StatusNotAcceptable, domain.Errorf(domain.BadUserInput, "the header Accept must allow %s or %s", responseType, jsonType))
		return
	}
	params, status, err := t.limits.readParams(r)
	if err != nil {
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, POST")
		}
		refuse(status, err)
		return
	}
	from, status, refusal := t.persisted.resolve(r, params)
	if refusal != nil {
		refuseAll(status, gqlerror.List{refusal})
		return
	}
	c := callOf(ctx)
	var errs gqlerror.List
	if c.document, errs = t.documents.read(ctx, params.Query); len(errs) > 0 {
		refuseAll(requestErrorStatus(r), errs)
		return
	}
	ctx = withCall(ctx, c)
	operation, errs := executor.CreateOperationContext(ctx, &params.RawParams)
	// Errors are told together with what the operation is.
	ctx = graphql.WithOperationContext(ctx, operation)
	if len(errs) == 0 {
		if err := checkOneOf(t.documents.schema, operation.Operation, operation.Variables); err != nil {
			errs = marked(errcode.ValidationFailed, err)
		}
	}
	if len(errs) > 0 {
		refuseAll(requestErrorStatus(r), errs)
		return
	}
	if c.cost, err = checkCost(operation, t.limits); err != nil {
		refuse(requestErrorStatus(r), err)
		return
	}
	ctx = withCall(ctx, c)
	if operation.Operation.Operation == ast.Mutation {
		if r.Method == http.MethodGet {
			w.Header().Set("Allow", http.MethodPost)
			refuse(http.StatusMethodNotAllowed, domain.Errorf(domain.BadUserInput, "GET is for queries; send a mutation with POST"))
			return
		}
		if err := actorOf(ctx).AuthorizeWrite(); err != nil {
			refuse(http.StatusForbidden, err)
			return
		}
	}
	found := changesIn(operation)
	cost := newOperationCost(costOf(ctx), t.limits.Cost, found)
	if err := t.rates.spend(w, actorOf(ctx), cost, found); err != nil {
		refuse(http.StatusTooManyRequests, err)
		return
	}
	t.persisted.accept(ctx, from, operation)
	answer, status, err := t.once(ctx, w, r, &params.RawParams, operation, func(ctx context.Context) (*graphql.Response, error) {
		return t.execute(ctx, executor, operation, cost)
	})
	if err != nil {
		if status == http.StatusOK && responseMediaType(r) == responseType {
			// In this media type 200 is for answers with data.
			status = http.StatusServiceUnavailable
		}
		refuse(status, err)
		return
	}
	writeJSON(w, r, http.StatusOK, answer)
}

// execute executes an operation that costs so much. Errors: the context's, if that ended first.
func (t transport) execute(
	ctx context.Context, executor graphql.GraphExecutor, operation *graphql.OperationContext, cost operationCost,
) (*graphql.Response, error) {
	respond, ctx := executor.DispatchOperation(ctx, operation)
	answer := respond(ctx)
	size := callOf(ctx).size
	switch {
	case answer == nil:
		return nil, ctx.Err()
	case size.full() || over(len(answer.Data), t.limits.AnswerBytes):
		answer = executor.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(size.refusal())})
	}
	if answer.Extensions == nil {
		answer.Extensions = map[string]any{}
	}
	answer.Extensions["cost"] = cost
	answer.Errors = t.limits.few(answer.Errors)
	return answer, nil
}

// requestErrorStatus is for a request that was understood while its document was not: an answer to clients
// that ask for the newer media type says so in its status, the older one always says 200.
func requestErrorStatus(r *http.Request) int {
	if responseMediaType(r) == responseType {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// writeError answers a request that was not executed: there is no data, not even null.
func writeError(w http.ResponseWriter, r *http.Request, status int, errs ...*gqlerror.Error) {
	writeJSON(w, r, status, struct {
		Errors []*gqlerror.Error `json:"errors"`
	}{errs})
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, answer any) {
	mediaType := responseMediaType(r)
	if mediaType == "" {
		mediaType = jsonType // A refusal has to have some type.
	}
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	// Answers are of one key, and of one moment.
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// Whoever does not read the answer to its end is not there to be told.
	_ = encodeJSON(w, answer)
}

func encodeJSON(w io.Writer, answer any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}
