package billing

import (
	"slices"
	"strings"
	"time"

	"clientele/internal/domain"
)

// RefetchAfter is how long to wait before a refetch, so that the snapshot is newer than the
// events that disagree.
const RefetchAfter = 5 * time.Second

// Apply is what is known after one more event. Events may come in any order and any number of times: the same
// set of events always leads to the same facts. It changes nothing that it is given.
//
// Three rules make it so. What ends for good wins whenever it arrives: a deletion over everything, a detachment
// over whatever else is said of its payment method. Of all else the newest event wins. And nothing older than
// the last snapshot counts, which lets a snapshot forget what was detached before it.
//
// Providers count time in seconds, so two events of one time may disagree, and their order is lost. Then the
// greater event id wins, which is right or wrong but the same everywhere, and the facts need a refetch
// until a snapshot from a later time replaces them.
func Apply(facts domain.BillingFacts, e Event) domain.BillingFacts {
	switch {
	case e.Kind == Ignored || facts.Deleted:
		return facts
	case e.Kind == CustomerDeleted:
		return domain.BillingFacts{Deleted: true}
	case e.CreatedAt.Before(facts.RetrievedAt):
		return facts
	}

	facts.PaymentMethods = slices.Clone(facts.PaymentMethods)
	if e.Kind == CustomerRetrieved {
		facts.RetrievedAt = e.CreatedAt
		facts.PaymentMethods = slices.DeleteFunc(facts.PaymentMethods, func(m domain.PaymentMethodFacts) bool {
			return m.Mark.At.Before(e.CreatedAt)
		})
	}
	if e.Kind == CustomerRetrieved || e.Kind == CustomerUpdated {
		facts = applyCustomer(facts, e)
	}
	for _, method := range e.PaymentMethods {
		facts.PaymentMethods = applyPaymentMethod(facts.PaymentMethods, e, method)
	}
	if len(facts.PaymentMethods) == 0 {
		facts.PaymentMethods = nil // so that equal facts are deeply equal
	}
	return facts
}

func applyCustomer(facts domain.BillingFacts, e Event) domain.BillingFacts {
	known := CustomerFacts{Currency: facts.Currency, DefaultPaymentMethodID: facts.DefaultPaymentMethodID}
	var wins bool
	if facts.Mark, wins = newer(facts.Mark, e, known != e.Customer); wins {
		facts.Currency, facts.DefaultPaymentMethodID = e.Customer.Currency, e.Customer.DefaultPaymentMethodID
	}
	return facts
}

// applyPaymentMethod writes into the methods it is given.
func applyPaymentMethod(
	methods []domain.PaymentMethodFacts, e Event, method PaymentMethod,
) []domain.PaymentMethodFacts {
	i, found := slices.BinarySearchFunc(methods, method.ID, func(m domain.PaymentMethodFacts, id string) int {
		return strings.Compare(m.ID, id)
	})
	if !found {
		methods = slices.Insert(methods, i, domain.PaymentMethodFacts{ID: method.ID})
	}
	m := &methods[i]

	if e.Kind == PaymentMethodDetached {
		if !m.Detached {
			*m = domain.PaymentMethodFacts{ID: m.ID, Detached: true}
		}
		m.Mark, _ = newer(m.Mark, e, false)
		return methods
	}
	if m.Detached {
		return methods
	}
	var wins bool
	if m.Mark, wins = newer(m.Mark, e, m.Details != method.Details); wins {
		m.Details = method.Details
	}
	return methods
}

// newer is the mark after an event, and whether what the event says replaces what is known. A mark without an
// event is older than any.
func newer(mark domain.FactMark, e Event, disagrees bool) (domain.FactMark, bool) {
	switch {
	case mark.EventID == "" || e.CreatedAt.After(mark.At):
		return domain.FactMark{At: e.CreatedAt, EventID: e.ID}, true
	case e.CreatedAt.Before(mark.At) || e.ID == mark.EventID:
		return mark, false
	}
	mark.Tied = mark.Tied || disagrees
	if e.ID < mark.EventID {
		return mark, false
	}
	mark.EventID = e.ID
	return mark, true
}

// WithoutFuture is the facts as they are without dates from the future, and whether there was one. No event that is
// dated so is accepted; a server of an older version, or one with a wrong clock, may have stored one, and nothing newer
// would replace what it says. What had such a date is replaced by whatever comes next, and needs a refetch until then.
func WithoutFuture(facts domain.BillingFacts, now time.Time) (domain.BillingFacts, bool) {
	latest, found := now.Add(ClockTolerance), false
	if facts.RetrievedAt.After(latest) {
		facts.RetrievedAt, found = time.Time{}, true
	}
	if facts.Mark.At.After(latest) {
		facts.Mark, found = domain.FactMark{Tied: true}, true
	}
	facts.PaymentMethods = slices.Clone(facts.PaymentMethods)
	for i := range facts.PaymentMethods {
		if mark := &facts.PaymentMethods[i].Mark; mark.At.After(latest) {
			*mark, found = domain.FactMark{Tied: true}, true
		}
	}
	return facts, found
}
