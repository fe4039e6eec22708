// Package observe is a decorator of a store: it measures every call and, within a trace, gives it a span. It reports the
// method, the collection, the duration and the outcome, and nothing of arguments or results. It knows the contract, and no
// engine.
package observe

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"clientele/internal/domain"
	"clientele/persistence"
)

// Metrics records every call. Each argument but the time is one of few: the method one of Methods, the collection
// one of Collections, the outcome one of Outcomes.
type Metrics interface {
	StoreCall(method, collection, outcome string, took time.Duration)
}

// The methods, by what they do. Those of customers and keys go by the same names as those of collections.
const (
	insert  = "insert"
	replace = "replace"
	get     = "get"
	getMany = "getMany"
	list    = "list"
	count   = "count"
	revoke  = "revoke"
	retire  = "retire"
	use     = "use"
	remove  = "delete"
	sweep   = "sweep"
	due     = "due"
	linked  = "linked"
	ping    = "ping"
)

// Methods are all that a call can be.
func Methods() []string {
	return []string{insert, replace, get, getMany, list, count, revoke, retire, use, remove, sweep, due, linked, ping}
}

const (
	keysCollection     = "keys"
	requestsCollection = "requests"
	// noCollection is that of a call to the store itself.
	noCollection = "none"
)

// Collections are all that a call can be to.
func Collections() []string {
	names := []string{persistence.CustomerCollection.Name, keysCollection, requestsCollection, noCollection}
	for _, collection := range persistence.Collections {
		names = append(names, collection.Name)
	}
	return names
}

// ok is the outcome of a call without an error, and failed that of a call whose error is not of the contract.
const (
	ok     = "ok"
	failed = "error"
)

// outcomes are the errors of the contract. A fault marks the span as failed.
var outcomes = []struct {
	err   error
	name  string
	fault bool
}{
	{persistence.ErrNotFound, "not_found", false},
	{persistence.ErrExists, "exists", false},
	{persistence.ErrConflict, "conflict", false},
	{persistence.ErrInvalidCursor, "invalid_cursor", false},
	{persistence.ErrBusy, "busy", false},
	{persistence.ErrTooLarge, "too_large", false},
	{persistence.ErrUnavailable, "unavailable", true},
	{persistence.ErrClosed, "closed", true},
	{persistence.ErrInUse, "in_use", true},
	{context.DeadlineExceeded, "timeout", true},
	{context.Canceled, "canceled", false},
}

// Outcomes are all the ways that a call can end.
func Outcomes() []string {
	names := []string{ok, failed}
	for _, o := range outcomes {
		names = append(names, o.name)
	}
	return names
}

func outcomeOf(err error) (name string, fault bool) {
	if err == nil {
		return ok, false
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.name, o.fault
		}
	}
	return failed, true
}

// Store measures the calls of another store.
type Store struct {
	persistence.Views

	to      persistence.Store
	observe observer
}

// Wrap returns a store that measures the calls of the given one. The system is the name of the engine for spans, such as mongodb.
func Wrap(store persistence.Store, system string, tracer trace.Tracer, metrics Metrics) *Store {
	o := observer{tracer: tracer, metrics: metrics, system: semconv.DBSystemNameKey.String(system)}
	to := store.AllDocuments()
	views := persistence.NewViews(persistence.AllDocuments{
		Customers:          documents[domain.Customer]{to.Customers, o, persistence.CustomerCollection.Name},
		Products:           documents[domain.Product]{to.Products, o, persistence.Products.Name},
		Plans:              documents[domain.Plan]{to.Plans, o, persistence.Plans.Name},
		PlanVersions:       documents[domain.Plan]{to.PlanVersions, o, persistence.PlanVersions.Name},
		Addons:             documents[domain.Addon]{to.Addons, o, persistence.Addons.Name},
		AddonVersions:      documents[domain.Addon]{to.AddonVersions, o, persistence.AddonVersions.Name},
		Features:           documents[domain.Feature]{to.Features, o, persistence.Features.Name},
		Coupons:            documents[domain.Coupon]{to.Coupons, o, persistence.Coupons.Name},
		PromotionCodes:     documents[domain.PromotionCode]{to.PromotionCodes, o, persistence.PromotionCodes.Name},
		SubscriptionClaims: documents[domain.SubscriptionClaim]{to.SubscriptionClaims, o, persistence.SubscriptionClaims.Name},
	})
	return &Store{Views: views, to: store, observe: o}
}

// observer records calls.
type observer struct {
	tracer  trace.Tracer
	metrics Metrics
	system  attribute.KeyValue
}

// call makes one call and records it.
func (o observer) call(ctx context.Context, method, collection string, do func(context.Context) error) error {
	began := time.Now()
	// Background work has no trace, and would make a trace of one span for each call.
	var span trace.Span
	if trace.SpanFromContext(ctx).IsRecording() {
		ctx, span = o.tracer.Start(ctx, method+" "+collection, trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(o.system, semconv.DBOperationName(method), semconv.DBCollectionName(collection)))
	}
	// A call that panics has failed too.
	outcome, fault := failed, true
	defer func() {
		o.metrics.StoreCall(method, collection, outcome, time.Since(began))
		if span == nil {
			return
		}
		if outcome != ok {
			// Without the error's text: it is the engine's, and goes to the log at most.
			span.SetAttributes(semconv.ErrorTypeKey.String(outcome))
		}
		if fault {
			span.SetStatus(codes.Error, "")
		}
		// Not deferred by itself: it would write the cause of a panic into the span.
		span.End()
	}()
	err := do(ctx)
	outcome, fault = outcomeOf(err)
	return err
}

// measured is call for a method that returns a value.
func measured[T any](ctx context.Context, o observer, method, collection string, do func(context.Context) (T, error)) (T, error) {
	var value T
	err := o.call(ctx, method, collection, func(ctx context.Context) (err error) {
		value, err = do(ctx)
		return err
	})
	return value, err
}

// Ping implements persistence.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.observe.call(ctx, ping, noCollection, s.to.Ping)
}

// Close implements persistence.Store. It is not measured.
func (s *Store) Close(ctx context.Context) error { return s.to.Close(ctx) }
