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

// Receive takes in an event of the provider's. payload and signature are what its request brought. An event that was
// taken in before changes nothing, and neither does one about a customer that nobody is linked to.
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
		s.signals.Metrics.BillingEvent(noKind, eventIgnored)
	default:
		var outcome string
		outcome, err = s.receive(ctx, event)
		s.signals.Metrics.BillingEvent(string(event.Kind), outcome)
	}
	return err
}

// receive takes in an event that the provider sent, and says in a word what came of it.
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
			news = about && s.take(customer, event)
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

// take takes in what the provider said, and reports whether that is news.
func (s *Service) take(customer *domain.Customer, event billing.Event) bool {
	before := customer.Facts()
	after := billing.Apply(before, event)
	if reflect.DeepEqual(before, after) {
		return false
	}
	now := time.Now()
	customer.Learn(domain.Timestamp(now), after)
	if after.Unsettled() && !customer.Archived() {
		if customer.Sync == nil {
			customer.Sync = &domain.Sync{}
		}
		customer.Sync.Await(domain.SyncFacts, now.Add(billing.SettleAfter))
	}
	return true
}
