// Package observe is a store around a store: it measures every call and, within a trace, gives it a span. It tells
// which method was called on which collection, how long that took and how it ended, and nothing of what was asked
// for or answered. It knows the contract, and no engine.
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

// Metrics hears of every call. Each argument but the time is one of few: the method one of Methods, the collection
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

// ok is the outcome of a call that answered no error, and failed that of one whose error is not of the contract.
const (
	ok     = "ok"
	failed = "error"
)

// outcomes are the errors that are told apart. Faults are those that are nobody's intention.
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

// Store is the store around a store.
type Store struct {
	to      persistence.Store
	observe observer
}

// Wrap puts a store into one that is measured. The system is the name of the engine for spans, such as mongodb.
func Wrap(store persistence.Store, system string, tracer trace.Tracer, metrics Metrics) *Store {
	return &Store{to: store, observe: observer{tracer: tracer, metrics: metrics, system: semconv.DBSystemNameKey.String(system)}}
}

// observer tells of calls.
type observer struct {
	tracer  trace.Tracer
	metrics Metrics
	system  attribute.KeyValue
}

// call makes one call and tells of it.
func (o observer) call(ctx context.Context, method, collection string, do func(context.Context) error) error {
	began := time.Now()
	// What the server does for itself is in nobody's trace, and would be a trace of one span each.
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

// answered is call for what answers a value.
func answered[T any](ctx context.Context, o observer, method, collection string, do func(context.Context) (T, error)) (T, error) {
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

// Close implements persistence.Store. Nobody is there to hear of it.
func (s *Store) Close(ctx context.Context) error { return s.to.Close(ctx) }

// Products implements persistence.Catalog, as the methods after it do.
func (s *Store) Products() persistence.Documents[domain.Product] {
	return documents[domain.Product]{s.to.Products(), s.observe, persistence.Products.Name}
}

// Plans implements persistence.Catalog.
func (s *Store) Plans() persistence.Documents[domain.Plan] {
	return documents[domain.Plan]{s.to.Plans(), s.observe, persistence.Plans.Name}
}

// PlanVersions implements persistence.Catalog.
func (s *Store) PlanVersions() persistence.Documents[domain.Plan] {
	return documents[domain.Plan]{s.to.PlanVersions(), s.observe, persistence.PlanVersions.Name}
}

// Addons implements persistence.Catalog.
func (s *Store) Addons() persistence.Documents[domain.Addon] {
	return documents[domain.Addon]{s.to.Addons(), s.observe, persistence.Addons.Name}
}

// AddonVersions implements persistence.Catalog.
func (s *Store) AddonVersions() persistence.Documents[domain.Addon] {
	return documents[domain.Addon]{s.to.AddonVersions(), s.observe, persistence.AddonVersions.Name}
}

// Features implements persistence.Catalog.
func (s *Store) Features() persistence.Documents[domain.Feature] {
	return documents[domain.Feature]{s.to.Features(), s.observe, persistence.Features.Name}
}

// Coupons implements persistence.Catalog.
func (s *Store) Coupons() persistence.Documents[domain.Coupon] {
	return documents[domain.Coupon]{s.to.Coupons(), s.observe, persistence.Coupons.Name}
}

// PromotionCodes implements persistence.Catalog.
func (s *Store) PromotionCodes() persistence.Documents[domain.PromotionCode] {
	return documents[domain.PromotionCode]{s.to.PromotionCodes(), s.observe, persistence.PromotionCodes.Name}
}

// SubscriptionClaims implements persistence.Catalog.
func (s *Store) SubscriptionClaims() persistence.Documents[domain.SubscriptionClaim] {
	return documents[domain.SubscriptionClaim]{s.to.SubscriptionClaims(), s.observe, persistence.SubscriptionClaims.Name}
}
