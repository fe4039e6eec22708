package billingsync

import (
	"context"
	"errors"
	"reflect"
	"time"

	"clientele/internal/billing"
	"clientele/internal/domain"
	"clientele/persistence"
)

// maxLinked is how many customers may be linked to one at the provider for its events to reach them all.
const maxLinked = 100

// Receive applies an event of the provider, given as its request's body and signature. A repeated event changes nothing,
// and neither does one about a customer that none is linked to.
// Errors: billing.ErrBadSignature and billing.ErrBadEvent, after which nothing is written; of any other error the
// provider should send the event again.
func (s *Service) Receive(ctx context.Context, payload []byte, signature string) error {
	event, err := s.provider.ParseEvent(payload, signature)
	switch {
	case errors.Is(err, billing.ErrBadSignature):
		s.signals.Metrics.BillingEvent(noKind, eventBadSignature)
	case err != nil:
		s.signals.Metrics.BillingEvent(noKind, eventBadEvent)
	case event.Kind == billing.Ignored:
		s.logThin(ctx, event)
		s.signals.Metrics.BillingEvent(noKind, eventIgnored)
	default:
		var outcome string
		outcome, err = s.receive(ctx, event)
		s.signals.Metrics.BillingEvent(string(event.Kind), outcome)
	}
	return err
}

// logThin logs a thin event: an endpoint that sends nothing else leaves what happens at the provider unknown.
func (s *Service) logThin(ctx context.Context, event billing.Event) {
	if event.ThinType == "" {
		return
	}
	const what = "a thin event of the billing provider was ignored: it does not carry what changed; only snapshot events do"
	if times, pass := s.signals.lines.Pass(what); pass {
		s.log.InfoContext(ctx, what, "event", event.ID, "type", event.ThinType, "times", times)
	}
}

// receive applies an event to the linked customers and returns its outcome for metrics.
func (s *Service) receive(ctx context.Context, event billing.Event) (outcome string, err error) {
	linked, err := s.store.LinkedCustomers(ctx, event.CustomerID, maxLinked)
	if err != nil {
		return eventFailed, err
	}
	outcome = eventUnlinked
	var errs []error
	for _, ref := range linked {
		var about, news bool
		_, err := s.change(ctx, ref, func(customer *domain.Customer) bool {
			about = customer.BillingID != nil && *customer.BillingID == event.CustomerID
			news = about && s.apply(customer, event)
			return news
		})
		switch {
		case errors.Is(err, persistence.ErrNotFound):
		case err != nil:
			errs = append(errs, err)
		case news:
			outcome = eventNews
		case about && outcome == eventUnlinked:
			outcome = eventKnown
		}
	}
	if err := errors.Join(errs...); err != nil {
		return eventFailed, err
	}
	return outcome, nil
}

// apply applies an event to a customer, and reports whether it changed anything.
func (s *Service) apply(customer *domain.Customer, event billing.Event) bool {
	now := time.Now()
	before := customer.Facts()
	known, healed := billing.WithoutFuture(before, now)
	after := billing.Apply(known, event)
	if reflect.DeepEqual(before, after) {
		return false
	}
	customer.RecordFacts(domain.Timestamp(now), after)
	// While there was a date in the future, events may have been dropped, which only the whole snapshot makes up for.
	missed := healed && event.Kind != billing.CustomerRetrieved && !after.Deleted
	if (missed || after.NeedsRefetch()) && !customer.Archived() {
		if customer.Sync == nil {
			customer.Sync = &domain.Sync{}
		}
		customer.Sync.Enqueue(domain.SyncFacts, now.Add(billing.RefetchAfter))
	}
	return true
}
