// Package observe is a billing provider around a billing provider: it measures every call and, within a trace, gives
// it a span. It reports which operation was called, how long that took and how it ended, and the provider's own name of
// the request, and nothing of what was sent or returned. It knows the port, and no provider.
package observe

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

// Metrics receives every call. The operation is one of Operations, the outcome one of Outcomes.
type Metrics interface {
	BillingCall(operation, outcome string, took time.Duration)
}

// The operations, one for each method that asks the provider.
const (
	createCustomer      = "createCustomer"
	updateCustomer      = "updateCustomer"
	setTaxIDs           = "setTaxIds"
	attachPaymentMethod = "attachPaymentMethod"
	detachPaymentMethod = "detachPaymentMethod"
	setCoupon           = "setCoupon"
	retrieveCustomer    = "retrieveCustomer"
)

// Operations are all that a call can be.
func Operations() []string {
	return []string{createCustomer, updateCustomer, setTaxIDs, attachPaymentMethod, detachPaymentMethod, setCoupon, retrieveCustomer}
}

// ok is the outcome of a call that returned no error, and failed that of one that breaks the contract.
const (
	ok     = "ok"
	failed = "error"
)

// outcomes are those of the kinds of failure.
var outcomes = map[billing.ErrorKind]string{
	billing.Temporary:       "temporary",
	billing.UnknownOutcome:  "unknown_outcome",
	billing.Permanent:       "permanent",
	billing.DeletedCustomer: "deleted_customer",
	billing.KeySpent:        "key_spent",
}

// Outcomes are all the ways that a call can end.
func Outcomes() []string {
	names := []string{ok, failed}
	for _, name := range outcomes {
		names = append(names, name)
	}
	return names
}

func outcomeOf(err error) string {
	if err == nil {
		return ok
	}
	if name, known := outcomes[billing.KindOf(err)]; known {
		return name
	}
	return failed
}

// Provider is the provider around a provider.
type Provider struct {
	to      billing.Provider
	tracer  trace.Tracer
	metrics Metrics
}

var _ billing.Provider = (*Provider)(nil)

// Wrap puts a provider into one that is measured.
func Wrap(provider billing.Provider, tracer trace.Tracer, metrics Metrics) *Provider {
	return &Provider{to: provider, tracer: tracer, metrics: metrics}
}

// call makes one call and reports it.
func (p *Provider) call(ctx context.Context, operation string, do func(context.Context) (billing.Receipt, error)) error {
	began := time.Now()
	var span trace.Span
	if trace.SpanFromContext(ctx).IsRecording() {
		ctx, span = p.tracer.Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient))
	}
	// A call that panics has failed too.
	outcome, request := failed, ""
	defer func() {
		p.metrics.BillingCall(operation, outcome, time.Since(began))
		if span == nil {
			return
		}
		if request != "" {
			span.SetAttributes(attribute.String("clientele.billing.request", request))
		}
		if outcome != ok {
			span.SetAttributes(semconv.ErrorTypeKey.String(outcome))
			span.SetStatus(codes.Error, "")
		}
		// Not deferred by itself: it would write the cause of a panic into the span.
		span.End()
	}()
	receipt, err := do(ctx)
	outcome, request = outcomeOf(err), requestOf(receipt, err)
	return err
}

// CreateCustomer implements billing.Provider, as the methods after it do.
func (p *Provider) CreateCustomer(ctx context.Context, customer billing.NewCustomer) (billing.Created, error) {
	var created billing.Created
	err := p.call(ctx, createCustomer, func(ctx context.Context) (_ billing.Receipt, err error) {
		created, err = p.to.CreateCustomer(ctx, customer)
		return created.Receipt, err
	})
	return created, err
}

// receipted is call for what returns a receipt only.
func (p *Provider) receipted(ctx context.Context, operation string, do func(context.Context) (billing.Receipt, error)) (billing.Receipt, error) {
	var receipt billing.Receipt
	err := p.call(ctx, operation, func(ctx context.Context) (_ billing.Receipt, err error) {
		receipt, err = do(ctx)
		return receipt, err
	})
	return receipt, err
}

// UpdateCustomer implements billing.Provider.
func (p *Provider) UpdateCustomer(ctx context.Context, id string, update billing.CustomerUpdate) (billing.Receipt, error) {
	return p.receipted(ctx, updateCustomer, func(ctx context.Context) (billing.Receipt, error) { return p.to.UpdateCustomer(ctx, id, update) })
}

// SetTaxIDs implements billing.Provider.
func (p *Provider) SetTaxIDs(ctx context.Context, id string, taxIDs []domain.TaxID) (billing.Receipt, error) {
	return p.receipted(ctx, setTaxIDs, func(ctx context.Context) (billing.Receipt, error) { return p.to.SetTaxIDs(ctx, id, taxIDs) })
}

// AttachPaymentMethod implements billing.Provider.
func (p *Provider) AttachPaymentMethod(ctx context.Context, id, paymentMethodID string) (billing.Receipt, error) {
	return p.receipted(ctx, attachPaymentMethod, func(ctx context.Context) (billing.Receipt, error) {
		return p.to.AttachPaymentMethod(ctx, id, paymentMethodID)
	})
}

// DetachPaymentMethod implements billing.Provider.
func (p *Provider) DetachPaymentMethod(ctx context.Context, id, paymentMethodID string) (billing.Receipt, error) {
	return p.receipted(ctx, detachPaymentMethod, func(ctx context.Context) (billing.Receipt, error) {
		return p.to.DetachPaymentMethod(ctx, id, paymentMethodID)
	})
}

// SetCoupon implements billing.Provider.
func (p *Provider) SetCoupon(ctx context.Context, id string, coupon *billing.Coupon) (billing.Receipt, error) {
	return p.receipted(ctx, setCoupon, func(ctx context.Context) (billing.Receipt, error) { return p.to.SetCoupon(ctx, id, coupon) })
}

// RetrieveCustomer implements billing.Provider.
func (p *Provider) RetrieveCustomer(ctx context.Context, id string) (billing.Snapshot, error) {
	var snapshot billing.Snapshot
	err := p.call(ctx, retrieveCustomer, func(ctx context.Context) (_ billing.Receipt, err error) {
		snapshot, err = p.to.RetrieveCustomer(ctx, id)
		return snapshot.Receipt, err
	})
	return snapshot, err
}

// Vendor implements billing.Provider.
func (p *Provider) Vendor() billing.Vendor { return p.to.Vendor() }

// ParseEvent implements billing.Provider. It sends no request, so there is nothing to measure.
func (p *Provider) ParseEvent(payload []byte, signature string) (billing.Event, error) {
	return p.to.ParseEvent(payload, signature)
}

// requestOf is the provider's name of the request.
func requestOf(receipt billing.Receipt, err error) string {
	if request := billing.RequestIDOf(err); request != "" {
		return request
	}
	return receipt.RequestID
}
