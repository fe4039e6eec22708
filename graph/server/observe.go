package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"clientele/graph/model"
	"clientele/internal/logging"
)

// Metrics counts operations. Its labels have few values, whatever clients send: the kind is query, mutation or none, the
// field one of RootFields, none or several, the code one of Codes or none, and the limit the name of one. The cost is what
// was charged; 0 if the operation was not executed.
type Metrics interface {
	Operation(kind, field, code string, cost int, took time.Duration)
	Refusal(limit string)
	// Replay is an operation that got a stored response.
	Replay()
	Untrusted()
	Panic()
}

const (
	none    = "none"
	several = "several" // root fields
)

// maxReported is how many fields and codes of one operation the log and a span have.
const maxReported = 10

// observation is what metrics, span and log report of one operation: its kind and fields, its cost and its errors. Its
// name, document and variables come from the client and are not reported. All methods do nothing on nil, which is the
// observation outside the handler.
type observation struct {
	metrics Metrics
	span    trace.Span
	began   time.Time

	mutex  sync.Mutex
	kind   string
	fields []string
	codes  []string
	cost   int
}

type observationKey struct{}

func observationOf(ctx context.Context) *observation {
	o, _ := ctx.Value(observationKey{}).(*observation)
	return o
}

// observed reports each request to the handler: to the metrics, in a span, and in the log line of the request.
func observed(config Config, errors observedErrors, next http.Handler) http.Handler {
	tracer := config.Tracer
	if tracer == nil {
		tracer = noop.Tracer{}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := &observation{metrics: config.Metrics, began: time.Now(), kind: none}
		ctx := logging.Begin(r.Context(), r.Header.Get(RequestIDHeader))
		ctx, o.span = tracer.Start(ctx, "GraphQL")
		defer o.end(ctx)
		ctx = context.WithValue(ctx, observationKey{}, o)
		defer errors.recoverRequest(ctx, w, r)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// observedErrors is a presenter that counts errors and panics.
type observedErrors struct{ presenter }

func (o observedErrors) present(ctx context.Context, err error) *gqlerror.Error {
	out := o.presenter.present(ctx, err)
	if out.Extensions != nil {
		observationOf(ctx).failed(ctx, out.Extensions)
	}
	return out
}

func (o observedErrors) recover(ctx context.Context, cause any) error {
	observationOf(ctx).panicked()
	return o.presenter.recover(ctx, cause)
}

// recoverRequest is deferred around the handling of a request, and writes the response if that panicked outside the fields
// of an operation.
func (o observedErrors) recoverRequest(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(cause)
	}
	ctx = withCall(ctx, &call{requestID: logging.RequestID(ctx)})
	writeError(w, r, http.StatusInternalServerError, o.present(ctx, o.recover(ctx, cause)))
}

// end reports the observation.
func (o *observation) end(ctx context.Context) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	field, code := none, none
	switch len(o.fields) {
	case 0:
	case 1:
		field = o.fields[0]
	default:
		field = several
	}
	if len(o.codes) > 0 {
		code = o.codes[0]
	}
	if o.metrics != nil {
		o.metrics.Operation(o.kind, field, code, o.cost, time.Since(o.began))
	}
	facts := []slog.Attr{slog.String("operation", o.kind)}
	if len(o.fields) > 0 {
		facts = append(facts, slog.String("fields", joined(o.fields)))
	}
	if len(o.codes) > 0 {
		facts = append(facts, slog.String("codes", joined(o.codes)))
	}
	if o.cost > 0 {
		facts = append(facts, slog.Int("cost", o.cost))
	}
	logging.AddFields(ctx, facts...)
	if o.span.IsRecording() {
		o.describe(field)
	}
	o.span.End()
}

// describe sets the attributes of the span.
func (o *observation) describe(field string) {
	o.span.SetName("GraphQL " + o.kind + " " + field)
	if o.kind != none {
		o.span.SetAttributes(semconv.GraphQLOperationTypeKey.String(o.kind), attribute.StringSlice("clientele.fields", o.fields[:min(len(o.fields), maxReported)]))
	}
	if o.cost > 0 {
		o.span.SetAttributes(attribute.Int("clientele.cost", o.cost))
	}
	if len(o.codes) == 0 {
		return
	}
	o.span.SetAttributes(attribute.StringSlice("clientele.codes", o.codes[:min(len(o.codes), maxReported)]), semconv.ErrorTypeKey.String(o.codes[0]))
	for _, fault := range []model.ErrorCode{model.ErrorCodeUnexpectedError, model.ErrorCodeOperationTimeout} {
		if slices.Contains(o.codes, string(fault)) {
			o.span.SetStatus(codes.Error, "")
		}
	}
}

func joined(names []string) string { return strings.Join(names[:min(len(names), maxReported)], ",") }

// is records the kind and the fields of a valid operation. Its fields are those of the schema.
func (o *observation) is(operation *ast.OperationDefinition) {
	if o == nil || operation == nil {
		return
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.kind == none {
		o.kind = string(operation.Operation)
		o.collect(operation.SelectionSet, map[string]bool{})
	}
}

func (o *observation) collect(selections ast.SelectionSet, spread map[string]bool) {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			if !slices.Contains(o.fields, s.Name) {
				o.fields = append(o.fields, s.Name)
			}
		case *ast.InlineFragment:
			o.collect(s.SelectionSet, spread)
		case *ast.FragmentSpread:
			if !spread[s.Name] && s.Definition != nil {
				spread[s.Name] = true
				o.collect(s.Definition.SelectionSet, spread)
			}
		}
	}
}

func (o *observation) costs(cost int) {
	if o == nil {
		return
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.cost = cost
}

// failed records the code of an error in the response, and counts a refusal by a limit.
func (o *observation) failed(ctx context.Context, extensions map[string]any) {
	if o == nil {
		return
	}
	if graphql.HasOperationContext(ctx) {
		o.is(graphql.GetOperationContext(ctx).Operation)
	}
	if limit, ok := extensions["limit"].(string); ok && o.metrics != nil {
		o.metrics.Refusal(limit)
	}
	code := fmt.Sprint(extensions["code"])
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !slices.Contains(o.codes, code) {
		o.codes = append(o.codes, code)
	}
}

// replayed counts a stored response. The operation is not executed, so watchOperation does not see it.
func (o *observation) replayed(ctx context.Context) {
	o.is(graphql.GetOperationContext(ctx).Operation)
	if o != nil && o.metrics != nil {
		o.metrics.Replay()
	}
	logging.AddFields(ctx, slog.Bool("replayed", true))
}

func (o *observation) panicked() {
	if o != nil && o.metrics != nil {
		o.metrics.Panic()
	}
}

// watchOperation observes the operation once it is valid.
func watchOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	observationOf(ctx).is(graphql.GetOperationContext(ctx).Operation)
	return next(ctx)
}

func (o *observation) untrusted() {
	if o != nil && o.metrics != nil {
		o.metrics.Untrusted()
	}
}
