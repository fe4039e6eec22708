package billingsync

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"clientele/internal/billing"
	"clientele/internal/domain"
	"clientele/internal/logging"
)

// Metrics counts syncs and events. Each text is one of few: the outcome of a sync one of Outcomes, that of an event one
// of EventOutcomes, and the kind one of billing.EventKinds, or none.
type Metrics interface {
	Sync(outcome string, took time.Duration)
	BillingEvent(kind, outcome string)
}

// Observation receives metrics and spans.
type Observation struct {
	Tracer  trace.Tracer
	Metrics Metrics
}

// WithObservation sets where metrics and spans go.
func WithObservation(to Observation) Option {
	return func(s *Service) { s.signals.Observation = to }
}

// The ways in which a sync ends. Those that leave something pending go by the names of domain.SyncFailureKind.
const (
	// outcomeSuccess: everything is pushed. A rejected payment method counts if its caller received the refusal.
	outcomeSuccess         = "success"
	outcomeTemporary       = "passes"
	outcomeRefused         = "refused"
	outcomeDeleted         = "deleted"
	outcomeInformationLost = "information_lost"
	outcomeUnconfirmed     = "unconfirmed"
	// outcomeSuperseded: there was a newer change before the end, or another attempt has the lease.
	outcomeSuperseded = "superseded"
	// outcomeUnrecorded: the store failed, so the sync is repeated.
	outcomeUnrecorded = "unrecorded"
)

// Outcomes are all the ways in which a sync ends.
func Outcomes() []string {
	return []string{
		outcomeSuccess, outcomeTemporary, outcomeRefused, outcomeDeleted, outcomeInformationLost, outcomeUnconfirmed,
		outcomeSuperseded, outcomeUnrecorded,
	}
}

var outcomesOfFailures = map[domain.SyncFailureKind]string{
	domain.SyncTemporary: outcomeTemporary, domain.SyncRefused: outcomeRefused, domain.SyncDeleted: outcomeDeleted,
	domain.SyncInformationLost: outcomeInformationLost, domain.SyncUnconfirmed: outcomeUnconfirmed,
}

// The ways in which an event ends.
const (
	eventNews = "news"
	// eventKnown: it reported nothing new.
	eventKnown = "known"
	// eventUnlinked: no customer is linked to the provider's.
	eventUnlinked = "unlinked"
	// eventIgnored: its kind is of no interest.
	eventIgnored      = "ignored"
	eventBadSignature = "bad_signature"
	eventBadEvent     = "bad_event"
	// eventFailed: the store failed, and the provider sends it again.
	eventFailed = "failed"
)

// EventOutcomes are all the ways in which an event ends.
func EventOutcomes() []string {
	return []string{eventNews, eventKnown, eventUnlinked, eventIgnored, eventBadSignature, eventBadEvent, eventFailed}
}

// noKind is that of an event that is unreadable or ignored.
const noKind = "none"

// lineInterval is how often, at most, the log repeats a reason for temporary failures.
const lineInterval = time.Minute

// signals are what operators see of a Service.
type signals struct {
	Observation

	lines *logging.Throttle
}

func newSignals() signals {
	return signals{
		Observation: Observation{Tracer: noop.Tracer{}, Metrics: noMetrics{}}, lines: logging.NewThrottle(lineInterval, 1),
	}
}

type noMetrics struct{}

func (noMetrics) Sync(string, time.Duration)  {}
func (noMetrics) BillingEvent(string, string) {}

// Load is how many syncs of this process wait for a slot, and how many run.
func (s *Service) Load() (waiting, running int) {
	running = len(s.running)
	return max(0, len(s.waiting)-running), running
}

// observe gives an attempt its span. end is for when the attempt was recorded, or was not.
func (s *Service) observe(ctx context.Context, a *attempt) (within context.Context, end func()) {
	began := time.Now()
	ctx, span := s.signals.Tracer.Start(ctx, "sync")
	a.outcome = outcomeUnrecorded
	return ctx, func() {
		s.signals.Metrics.Sync(a.outcome, time.Since(began))
		span.SetAttributes(attribute.String("clientele.sync.outcome", a.outcome))
		if a.outcome != outcomeSuccess && a.outcome != outcomeSuperseded {
			span.SetAttributes(semconv.ErrorTypeKey.String(a.outcome))
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// setOutcome labels the attempt whose outcome was stored with the customer.
func (a *attempt) setOutcome(ctx context.Context, customer *domain.Customer) {
	sync := customer.Sync
	switch {
	case !a.recorded:
		a.outcome = outcomeSuperseded
		return
	case sync.Failure != nil:
		a.outcome = outcomesOfFailures[sync.Failure.Kind]
		a.logFailure(ctx, sync.Failure)
	case customer.Facts().Deleted:
		a.outcome = outcomeDeleted
	case customer.SyncStatus() == domain.SyncSuccess:
		a.outcome = outcomeSuccess
	default:
		a.outcome = outcomeSuperseded
	}
}

// failureTexts are log messages for failures that a person has to act on.
var failureTexts = map[domain.SyncFailureKind]string{
	domain.SyncRefused:         "the billing provider refuses a customer",
	domain.SyncDeleted:         "the billing provider has deleted a customer",
	domain.SyncInformationLost: "billing information of a customer was not passed on to the billing provider, and has to be sent again",
	domain.SyncUnconfirmed:     "nobody knows whether a customer was created at the billing provider",
}

// logFailure logs each failure of a customer once, however often it is retried. Temporary ones are the provider's and may
// concern every customer, so they are throttled.
func (a *attempt) logFailure(ctx context.Context, failure *domain.SyncFailure) {
	if failure.Kind == domain.SyncTemporary {
		a.logTemporary(ctx, failure.Code)
		return
	}
	if was := a.customer.Sync.Failure; was != nil && was.Kind == failure.Kind && was.Code == failure.Code && was.Param == failure.Param {
		return
	}
	facts := []any{"environment", a.ref.EnvironmentID, "customer", a.customer.ID, "code", failure.Code}
	if failure.Param != "" {
		facts = append(facts, "param", failure.Param)
	}
	if a.failure != nil && a.failure.RequestID != "" {
		facts = append(facts, "providerRequest", a.failure.RequestID)
	}
	a.log.WarnContext(ctx, failureTexts[failure.Kind], facts...)
}

func (a *attempt) logTemporary(ctx context.Context, code string) {
	kind, request := billing.UnknownOutcome, ""
	if a.failure != nil {
		kind, request = a.failure.Kind, a.failure.RequestID
	}
	if times, pass := a.signals.lines.Pass(string(kind) + " " + code); pass {
		a.log.WarnContext(ctx, "the billing provider cannot be told of changes; servers try again by themselves, and this is said once a minute at most",
			"kind", kind, "code", code, "providerRequest", request, "times", times)
	}
}

// logThrottled logs that the store failed, which it may do for many customers at once.
func (s *Service) logThrottled(ctx context.Context, what string, err error) {
	if times, pass := s.signals.lines.Pass(what); pass {
		s.log.LogAttrs(ctx, slog.LevelWarn, what, slog.String("error", logging.Masked(err)), slog.Int("times", times))
	}
}
