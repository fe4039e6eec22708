package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clientele/graph/document"
	"clientele/graph/resolver"
	"clientele/internal/domain"
	"clientele/internal/idempotency"
	"clientele/internal/limits"
	"clientele/persistence"
)

// transport is GraphQL over HTTP: POST with a JSON body, and GET for queries. gqlgen's own transports repeat a body that is
// not JSON in the error, secrets included, and use other status codes.
type transport struct {
	limits    limits.Limits
	rates     rateLimits
	body      bodyReader
	documents *document.Reader
	errors    observedErrors
	// idempotency is nil if idempotency keys are refused.
	idempotency *idempotency.Service
	persisted   *persistedDocuments
}

// Supports accepts every request, so that gqlgen refuses none in its own way.
func (transport) Supports(*http.Request) bool { return true }

// refusal is why a request is not executed.
type refusal struct {
	status int
	// allow is the header Allow; empty if the method is not at fault.
	allow string
	errs  gqlerror.List
}

func refusedWith(status int, err error) *refusal {
	return &refusal{status: status, errs: gqlerror.List{gqlerror.WrapIfUnwrapped(err)}}
}

func notAllowed(allow, message string) *refusal {
	refused := refusedWith(http.StatusMethodNotAllowed, domain.Errorf(domain.BadUserInput, "%s", message))
	refused.allow = allow
	return refused
}

// prepared is a request whose operation is known, valid, and within the limits.
type prepared struct {
	request   *request
	from      documentSource
	operation *graphql.OperationContext
	changes   document.Changes
}

// Do handles one request.
func (t transport) Do(w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor) {
	// gqlgen would recover too, and respond without a media type.
	defer t.errors.recoverRequest(r.Context(), w, r)
	ctx, ready, refused := t.prepare(r.Context(), r, executor)
	if refused == nil {
		refused = authorize(ctx, r, ready.operation)
	}
	var result any
	if refused == nil {
		result, refused = t.carryOut(ctx, w, r, executor, ready)
	}
	// Reading is charged even if nothing was executed.
	c := callOf(ctx)
	t.rates.take(w, resolver.ActorOf(ctx), c.reading.charge())
	if refused != nil {
		if refused.allow != "" {
			w.Header().Set("Allow", refused.allow)
		}
		errs := executor.DispatchError(ctx, refused.errs).Errors
		if c.busy.refused() {
			w.Header().Set("Retry-After", strconv.Itoa(seconds(c.busy.wait())))
		}
		writeError(w, r, refused.status, t.errors.fewBriefly(errs)...)
		return
	}
	if response, ok := result.(*graphql.Response); ok {
		// The documents of the store are not needed any more.
		c.memory.Keep(cap(response.Data))
	}
	writeJSON(w, r, http.StatusOK, result)
}

// prepare reads and checks the request, cheap checks first. The context that it returns has the operation as far as it is
// known, so that a refusal is logged with it.
func (t transport) prepare(
	ctx context.Context, r *http.Request, executor graphql.GraphExecutor,
) (context.Context, prepared, *refusal) {
	if responseMediaType(r) == "" {
		return ctx, prepared{}, refusedWith(http.StatusNotAcceptable,
			domain.Errorf(domain.BadUserInput, "the header Accept must allow %s or %s", responseType, jsonType))
	}
	params, refused := t.body.readParams(r)
	if refused != nil {
		return ctx, prepared{}, refused
	}
	from, refused := t.persisted.resolve(r, params)
	if refused != nil {
		return ctx, prepared{}, refused
	}
	c := callOf(ctx)
	read, tokens, errs := t.documents.Read(params.Query)
	c.document = read
	c.reading.document(tokens)
	if len(errs) > 0 {
		return ctx, prepared{}, &refusal{status: requestErrorStatus(r), errs: errs}
	}
	mismatch := t.documents.Coerce(read, params.OperationName, params.Variables)
	operation, errs := executor.CreateOperationContext(ctx, &params.RawParams)
	ctx = graphql.WithOperationContext(ctx, operation)
	if mismatch != nil {
		errs = gqlerror.List{gqlerror.WrapIfUnwrapped(mismatch)}
	}
	var found document.Changes
	if len(errs) == 0 {
		c.price, found, errs = t.documents.Check(operation)
	}
	if len(errs) > 0 {
		return ctx, prepared{}, &refusal{status: requestErrorStatus(r), errs: errs}
	}
	return ctx, prepared{params, from, operation, found}, nil
}

// authorize refuses an operation that the HTTP method or the scope of the API key does not allow.
func authorize(ctx context.Context, r *http.Request, operation *graphql.OperationContext) *refusal {
	if document.NeedsAdmin(operation) {
		if err := resolver.ActorOf(ctx).AuthorizeAdmin(); err != nil {
			return refusedWith(http.StatusForbidden, err)
		}
	}
	if operation.Operation.Operation != ast.Mutation {
		return nil
	}
	if r.Method == http.MethodGet {
		return notAllowed(http.MethodPost, "GET is for queries; send a mutation with POST")
	}
	if err := resolver.ActorOf(ctx).AuthorizeWrite(); err != nil {
		return refusedWith(http.StatusForbidden, err)
	}
	return nil
}

// carryOut charges for an operation, executes it, and returns what to write.
func (t transport) carryOut(
	ctx context.Context, w http.ResponseWriter, r *http.Request, executor graphql.GraphExecutor, ready prepared,
) (any, *refusal) {
	end, err := t.rates.begin(w, resolver.ActorOf(ctx), callOf(ctx).price.Points, ready.changes)
	if err != nil {
		return nil, refusedWith(http.StatusTooManyRequests, err)
	}
	defer end()
	t.persisted.accept(ctx, ready.from, ready.operation)
	return t.once(ctx, w, r, &ready.request.RawParams, ready.operation, func(ctx context.Context) (*graphql.Response, error) {
		return t.execute(ctx, w, executor, ready.operation, ready.changes)
	})
}

// execute executes an operation and charges for the work. Errors: the context's, if that ended first; RateLimited for a
// query that the store was too busy for, even if parts of it were resolved.
func (t transport) execute(
	ctx context.Context, w http.ResponseWriter, executor graphql.GraphExecutor, operation *graphql.OperationContext, found document.Changes,
) (*graphql.Response, error) {
	c := callOf(ctx)
	if c.price.Scans >= document.ManyScans {
		release, err := c.scans.Reserve(ctx)
		if errors.Is(err, persistence.ErrBusy) {
			err = c.busy.refuse(err)
			w.Header().Set("Retry-After", strconv.Itoa(seconds(c.busy.wait())))
		}
		if err != nil {
			return nil, err
		}
		defer release()
	}
	respond, ctx := executor.DispatchOperation(ctx, operation)
	response := respond(ctx)
	took := done{store: c.work.Done(), fields: c.size.fields.Load()}
	if response != nil {
		took.responseBytes = int64(len(response.Data))
	}
	cost := operationCost{Requested: c.price.Points, Max: t.limits.Cost, Charged: t.rates.reconcile(w, resolver.ActorOf(ctx), found, c.reading.charge(), took)}
	observationOf(ctx).costs(cost.Charged)
	switch {
	case response == nil:
		return nil, ctx.Err()
	case operation.Operation.Operation == ast.Query && c.busy.refused():
		w.Header().Set("Retry-After", strconv.Itoa(seconds(c.busy.wait())))
		return nil, c.busy.refusal()
	case c.size.full() || limits.Over(len(response.Data), t.limits.AnswerBytes):
		response = executor.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(c.size.refusal())})
	}
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["cost"] = cost
	response.Errors = t.errors.few(response.Errors)
	return response, nil
}

// requestErrorStatus is for a well-formed request whose document is not valid. With the older media type, the status of a
// response is always 200.
func requestErrorStatus(r *http.Request) int {
	if responseMediaType(r) == responseType {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// executionStatus is for an execution that failed as a whole.
func executionStatus(r *http.Request, err error) int {
	if domain.IsKind(err, domain.RateLimited) {
		return http.StatusTooManyRequests
	}
	return lostResponseStatus(r)
}

// lostResponseStatus is for an operation that may have been executed, and whose response was lost. With the newer media
// type, 200 requires data.
func lostResponseStatus(r *http.Request) int {
	if responseMediaType(r) == responseType {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// writeError writes the response to a request that was not executed: without data, not even null.
func writeError(w http.ResponseWriter, r *http.Request, status int, errs ...*gqlerror.Error) {
	writeJSON(w, r, status, struct {
		Errors []*gqlerror.Error `json:"errors"`
	}{errs})
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, value any) {
	mediaType := responseMediaType(r)
	if mediaType == "" {
		mediaType = jsonType // A refusal needs some type.
	}
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	// A response depends on the key and the time.
	w.Header().Set("Cache-Control", "no-store")
	if status != http.StatusOK {
		w.WriteHeader(status)
	}
	// A client that stops reading cannot receive an error either.
	_ = encodeJSON(w, value)
}

func encodeJSON(w io.Writer, value any) error {
	if response, ok := value.(*graphql.Response); ok && len(response.Data) > 0 {
		return writeResponse(w, response)
	}
	return encodeValue(w, value)
}

// writeResponse writes a response as encoding/json would, without parsing and copying the data, which is JSON already.
func writeResponse(w io.Writer, response *graphql.Response) error {
	var head, tail bytes.Buffer
	head.WriteByte('{')
	if len(response.Errors) > 0 {
		head.WriteString(`"errors":`)
		if err := encodeValue(&head, response.Errors); err != nil {
			return err
		}
		head.Truncate(head.Len() - 1) // Without the line break.
		head.WriteByte(',')
	}
	head.WriteString(`"data":`)
	if len(response.Extensions) > 0 {
		tail.WriteString(`,"extensions":`)
		if err := encodeValue(&tail, response.Extensions); err != nil {
			return err
		}
		tail.Truncate(tail.Len() - 1)
	}
	tail.WriteString("}\n")
	if len(response.Data) <= holdStep {
		// One write is cheaper than three, copy included.
		head.Write(response.Data)
		head.Write(tail.Bytes())
		_, err := w.Write(head.Bytes())
		return err
	}
	if writer, ok := w.(http.ResponseWriter); ok && writer.Header().Get("Content-Encoding") == "" {
		writer.Header().Set("Content-Length", strconv.Itoa(head.Len()+len(response.Data)+tail.Len()))
	}
	for _, part := range [][]byte{head.Bytes(), response.Data, tail.Bytes()} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

func encodeValue(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
