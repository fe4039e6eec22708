package billing_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func at(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }

func card(last4 string) domain.PaymentMethodDetails {
	return domain.PaymentMethodDetails{
		Type: domain.PaymentMethodCard, Last4: last4, ExpirationMonth: 4, ExpirationYear: 2030,
	}
}

func methodEvent(id string, second int, kind billing.EventKind, method, last4 string) billing.Event {
	e := billing.Event{ID: id, CreatedAt: at(second), Kind: kind, CustomerID: "cus_1"}
	e.PaymentMethods = []billing.PaymentMethod{{ID: method}}
	if kind != billing.PaymentMethodDetached {
		e.PaymentMethods[0].Details = card(last4)
	}
	return e
}

func customerEvent(id string, second int, currency, defaultMethod string) billing.Event {
	return billing.Event{
		ID: id, CreatedAt: at(second), Kind: billing.CustomerUpdated, CustomerID: "cus_1",
		Customer: billing.CustomerFacts{Currency: currency, DefaultPaymentMethodID: defaultMethod},
	}
}

func snapshot(id string, second int, currency, defaultMethod string, methods ...string) billing.Event {
	e := customerEvent(id, second, currency, defaultMethod)
	e.Kind = billing.CustomerRetrieved
	for _, m := range methods {
		e.PaymentMethods = append(e.PaymentMethods, billing.PaymentMethod{ID: m, Details: card("4242")})
	}
	return e
}

func applyAll(events ...billing.Event) domain.BillingFacts {
	var facts domain.BillingFacts
	for _, e := range events {
		facts = billing.Apply(facts, e)
	}
	return facts
}

// A view is what of the facts is shown, without the marks that say how it is known.
type view struct {
	Deleted      bool
	Currency     string
	Default      string
	Methods      string
	NeedsRefetch bool
}

func viewOf(f domain.BillingFacts) view {
	v := view{Deleted: f.Deleted, Currency: f.Currency, Default: f.DefaultPaymentMethodID, NeedsRefetch: f.NeedsRefetch()}
	for _, m := range f.PaymentMethods {
		if !m.Detached {
			v.Methods += fmt.Sprintf("%s:%s ", m.ID, m.Details.Last4)
		}
	}
	return v
}

func TestApply(t *testing.T) {
	attached := methodEvent("e1", 1, billing.PaymentMethodAttached, "pm_1", "4242")
	tests := map[string]struct {
		events []billing.Event
		want   view
	}{
		"an attached method is known": {
			[]billing.Event{attached}, view{Methods: "pm_1:4242 "},
		},
		"a newer update changes it": {
			[]billing.Event{attached, methodEvent("e2", 2, billing.PaymentMethodUpdated, "pm_1", "1881")},
			view{Methods: "pm_1:1881 "},
		},
		"so does a warning of its expiry": {
			[]billing.Event{attached, methodEvent("e2", 2, billing.PaymentMethodExpiring, "pm_1", "1881")},
			view{Methods: "pm_1:1881 "},
		},
		"a detached method is gone": {
			[]billing.Event{attached, methodEvent("e2", 2, billing.PaymentMethodDetached, "pm_1", "")}, view{},
		},
		"it is gone too when that was told first": {
			[]billing.Event{methodEvent("e2", 2, billing.PaymentMethodDetached, "pm_1", ""), attached}, view{},
		},
		"and within the same second": {
			[]billing.Event{methodEvent("e0", 1, billing.PaymentMethodDetached, "pm_1", ""), attached}, view{},
		},
		"the customer's newest facts count": {
			[]billing.Event{attached, customerEvent("e3", 3, "EUR", "pm_1"), customerEvent("e2", 2, "", "")},
			view{Currency: "EUR", Default: "pm_1", Methods: "pm_1:4242 "},
		},
		"a default method that nobody described must be asked for": {
			[]billing.Event{customerEvent("e2", 2, "", "pm_1")}, view{Default: "pm_1", NeedsRefetch: true},
		},
		"events of one second that disagree must be asked about": {
			[]billing.Event{customerEvent("e3", 2, "EUR", ""), customerEvent("e2", 2, "USD", "")},
			view{Currency: "EUR", NeedsRefetch: true},
		},
		"events of one second that agree need not": {
			[]billing.Event{customerEvent("e3", 2, "EUR", ""), customerEvent("e2", 2, "EUR", "")},
			view{Currency: "EUR"},
		},
		"a newer event settles it": {
			[]billing.Event{
				customerEvent("e3", 2, "EUR", ""), customerEvent("e2", 2, "USD", ""), customerEvent("e1", 3, "USD", ""),
			},
			view{Currency: "USD"},
		},
		"a newer snapshot settles it": {
			[]billing.Event{
				customerEvent("e3", 2, "EUR", ""), customerEvent("e2", 2, "USD", ""), snapshot("r1", 3, "USD", ""),
			},
			view{Currency: "USD"},
		},
		"a snapshot forgets the methods that it does not have": {
			[]billing.Event{attached, snapshot("r1", 3, "", "pm_2", "pm_2")},
			view{Default: "pm_2", Methods: "pm_2:4242 "},
		},
		"nothing older than a snapshot counts": {
			[]billing.Event{snapshot("r1", 3, "", "pm_2", "pm_2"), attached},
			view{Default: "pm_2", Methods: "pm_2:4242 "},
		},
		"a snapshot does not undo what is newer": {
			[]billing.Event{
				methodEvent("e4", 4, billing.PaymentMethodDetached, "pm_1", ""), snapshot("r1", 3, "", "", "pm_1"),
			},
			view{},
		},
		"a deletion is the end": {
			[]billing.Event{attached, {ID: "e2", CreatedAt: at(0), Kind: billing.CustomerDeleted},
				methodEvent("e9", 9, billing.PaymentMethodAttached, "pm_2", "4242"), snapshot("r9", 9, "EUR", "")},
			view{Deleted: true},
		},
		"what says nothing changes nothing": {
			[]billing.Event{attached, {ID: "e5", CreatedAt: at(5)}}, view{Methods: "pm_1:4242 "},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := viewOf(applyAll(test.events...)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			reversed := slices.Clone(test.events)
			slices.Reverse(reversed)
			if got := viewOf(applyAll(reversed...)); got != test.want {
				t.Errorf("backwards: got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestApplyChangesNothingItIsGiven(t *testing.T) {
	before := applyAll(
		methodEvent("e1", 1, billing.PaymentMethodAttached, "pm_1", "4242"),
		methodEvent("e2", 1, billing.PaymentMethodAttached, "pm_2", "4242"),
	)
	want := slices.Clone(before.PaymentMethods)
	for _, e := range []billing.Event{
		methodEvent("e3", 2, billing.PaymentMethodUpdated, "pm_1", "1881"),
		methodEvent("e4", 2, billing.PaymentMethodDetached, "pm_1", ""),
		snapshot("r1", 3, "", "", "pm_0"),
	} {
		billing.Apply(before, e)
		if !slices.Equal(before.PaymentMethods, want) {
			t.Fatalf("%s changed the facts that it was given", e.Kind)
		}
	}
}

func TestDefaultPaymentMethod(t *testing.T) {
	facts := applyAll(
		methodEvent("e1", 1, billing.PaymentMethodAttached, "pm_1", "4242"), customerEvent("e2", 2, "", "pm_1"),
	)
	if m, ok := facts.DefaultPaymentMethod(); !ok || m.Details.Last4 != "4242" || !facts.HasPaymentMethod() {
		t.Errorf("got %+v, %t", m, ok)
	}
	facts = billing.Apply(facts, methodEvent("e3", 3, billing.PaymentMethodDetached, "pm_1", ""))
	if m, ok := facts.DefaultPaymentMethod(); ok || facts.HasPaymentMethod() || facts.NeedsRefetch() {
		t.Errorf("a detached method is still charged: %+v", m)
	}
}

// A history is what happened at a provider: the events that it sends, snapshots that were taken on the way, and
// how it ended.
type history struct {
	events []billing.Event
	// now and then are the customer at the end.
	currency, defaultMethod string
	methods                 map[string]domain.PaymentMethodDetails
	deleted                 bool
	second                  int
}

// drawHistory plays a provider: a customer whose methods come, change and go, with several changes a second.
func drawHistory(t *rapid.T) *history {
	h := &history{methods: map[string]domain.PaymentMethodDetails{}}
	add := func(e billing.Event) { // event ids are random, as a provider's are
		e.ID = rapid.StringMatching(`evt_[a-z]{2}`).Draw(t, "id") + fmt.Sprint(len(h.events))
		e.CreatedAt = at(h.second)
		h.events = append(h.events, e)
	}
	one := func(id string, details domain.PaymentMethodDetails) []billing.PaymentMethod {
		return []billing.PaymentMethod{{ID: id, Details: details}}
	}
	drawDetails := func() domain.PaymentMethodDetails {
		return card(rapid.SampledFrom([]string{"4242", "4444", "1881"}).Draw(t, "last4"))
	}
	steps := rapid.IntRange(1, 25).Draw(t, "steps")
	for i := range steps {
		h.second += rapid.IntRange(0, 2).Draw(t, "seconds")
		var attached []string
		for id := range h.methods {
			attached = append(attached, id)
		}
		slices.Sort(attached)
		action := rapid.SampledFrom([]string{"attach", "attach", "update", "expire", "detach", "default", "currency",
			"snapshot", "snapshot", "delete"}).Draw(t, "action")
		if len(attached) == 0 && (action == "update" || action == "expire" || action == "detach" || action == "default") {
			action = "attach"
		}
		pick := ""
		if len(attached) > 0 {
			pick = rapid.SampledFrom(attached).Draw(t, "method")
		}
		switch action {
		case "attach":
			id := fmt.Sprintf("pm_%s%d", rapid.StringMatching(`[a-z]`).Draw(t, "name"), i)
			h.methods[id] = drawDetails()
			add(billing.Event{Kind: billing.PaymentMethodAttached, PaymentMethods: one(id, h.methods[id])})
		case "update":
			h.methods[pick] = drawDetails()
			add(billing.Event{Kind: billing.PaymentMethodUpdated, PaymentMethods: one(pick, h.methods[pick])})
		case "expire":
			add(billing.Event{Kind: billing.PaymentMethodExpiring, PaymentMethods: one(pick, h.methods[pick])})
		case "detach":
			delete(h.methods, pick)
			add(billing.Event{Kind: billing.PaymentMethodDetached, PaymentMethods: one(pick, domain.PaymentMethodDetails{})})
			if rapid.Bool().Draw(t, "twice") { // a provider may have two words for it
				h.second += rapid.IntRange(0, 2).Draw(t, "seconds")
				again := h.events[len(h.events)-1]
				add(again)
			}
			if h.defaultMethod == pick {
				h.defaultMethod = ""
				add(h.customerUpdated())
			}
		case "default":
			h.defaultMethod = pick
			add(h.customerUpdated())
		case "currency":
			h.currency = rapid.SampledFrom([]string{"EUR", "USD"}).Draw(t, "currency")
			add(h.customerUpdated())
		case "snapshot":
			// Its time is before what it shows, as a provider's clocks are not all the same.
			early := rapid.IntRange(0, 2).Draw(t, "early")
			add(h.snapshot())
			h.events[len(h.events)-1].CreatedAt = at(h.second - early)
		case "delete":
			if i == steps-1 {
				h.deleted = true
				add(billing.Event{Kind: billing.CustomerDeleted})
			}
		}
	}
	return h
}

func (h *history) customerUpdated() billing.Event {
	return billing.Event{
		Kind: billing.CustomerUpdated, CustomerID: "cus_1",
		Customer: billing.CustomerFacts{Currency: h.currency, DefaultPaymentMethodID: h.defaultMethod},
	}
}

func (h *history) snapshot() billing.Event {
	e := h.customerUpdated()
	e.Kind = billing.CustomerRetrieved
	for id, details := range h.methods {
		e.PaymentMethods = append(e.PaymentMethods, billing.PaymentMethod{ID: id, Details: details})
	}
	return e
}

// shuffle is every event at least once and some of them more often, in any order.
func shuffle(events []billing.Event, chance *rand.Rand) []billing.Event {
	out := slices.Clone(events)
	for _, e := range events {
		for chance.IntN(3) == 0 {
			out = append(out, e)
		}
	}
	chance.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func TestApplyIsIndifferentToOrderAndRepetition(t *testing.T) {
	permutations, unsettled := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		want := applyAll(h.events...)
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range 100 {
			order := shuffle(h.events, chance)
			if got := applyAll(order...); !reflect.DeepEqual(got, want) {
				t.Fatalf("as it happened: %+v\nin order %+v:\n%+v", want, order, got)
			}
			permutations++
		}

		// The facts are what is true at the provider, unless they say themselves that they are in doubt, and
		// in any case once the provider was asked.
		if want.NeedsRefetch() {
			unsettled++
		} else if err := h.compare(want); err != "" {
			t.Fatalf("settled but wrong: %s\n%+v", err, want)
		}
		final := h.snapshot()
		final.ID, final.CreatedAt = "req_final", at(h.second+1)
		settled := billing.Apply(want, final)
		if settled.NeedsRefetch() {
			t.Fatalf("unsettled after a snapshot: %+v", settled)
		}
		if err := h.compare(settled); err != "" {
			t.Fatalf("wrong after a snapshot: %s\n%+v", err, settled)
		}
	})
	t.Logf("%d permutations with repetitions, of histories of which %d needed a snapshot", permutations, unsettled)
	if permutations < 1000 {
		t.Error("fewer than 1,000 permutations")
	}
}

// compare returns what is wrong with the facts, "" if nothing is. Warnings of expiry are no fact of the
// provider's own.
func (h *history) compare(f domain.BillingFacts) string {
	if f.Deleted != h.deleted {
		return "deleted"
	}
	if h.deleted {
		return ""
	}
	if f.Currency != h.currency || f.DefaultPaymentMethodID != h.defaultMethod {
		return "customer"
	}
	known := map[string]domain.PaymentMethodDetails{}
	for _, m := range f.PaymentMethods {
		if !m.Detached {
			known[m.ID] = m.Details
		}
	}
	if !reflect.DeepEqual(known, h.methods) {
		return fmt.Sprintf("payment methods are %v, want %v", known, h.methods)
	}
	return ""
}

// A date that is years ahead, stored by an older version, must not keep newer events out for as long.
func TestFactsOfTheFutureHeal(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	ahead, soon := now.AddDate(70, 0, 0), now.Add(billing.ClockTolerance)
	mark := func(at time.Time) domain.FactMark { return domain.FactMark{At: at, EventID: "evt_0"} }
	card := func(last4 string) domain.PaymentMethodDetails { return domain.PaymentMethodDetails{Last4: last4} }
	for name, c := range map[string]struct {
		facts domain.BillingFacts
		event billing.Event
		found bool
		want  domain.BillingFacts
	}{
		"a currency": {
			domain.BillingFacts{Currency: "EUR", Mark: mark(ahead)},
			billing.Event{ID: "evt_1", CreatedAt: now, Kind: billing.CustomerUpdated, Customer: billing.CustomerFacts{Currency: "DKK"}}, true,
			domain.BillingFacts{Currency: "DKK", Mark: domain.FactMark{At: now, EventID: "evt_1"}},
		},
		"a card": {
			domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1", Details: card("0001"), Mark: mark(ahead)}}},
			billing.Event{ID: "evt_1", CreatedAt: now, Kind: billing.PaymentMethodUpdated, PaymentMethods: []billing.PaymentMethod{{ID: "pm_1", Details: card("0002")}}}, true,
			domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1", Details: card("0002"), Mark: domain.FactMark{At: now, EventID: "evt_1"}}}},
		},
		"a whole snapshot": {
			domain.BillingFacts{RetrievedAt: ahead, Mark: mark(now.Add(-time.Hour))},
			billing.Event{ID: "evt_1", CreatedAt: now, Kind: billing.CustomerUpdated, Customer: billing.CustomerFacts{Currency: "DKK"}}, true,
			domain.BillingFacts{Currency: "DKK", Mark: domain.FactMark{At: now, EventID: "evt_1"}},
		},
		"a clock that is a little off is left alone": {
			domain.BillingFacts{Currency: "EUR", Mark: mark(soon), RetrievedAt: soon},
			billing.Event{ID: "evt_1", CreatedAt: now, Kind: billing.CustomerUpdated, Customer: billing.CustomerFacts{Currency: "DKK"}}, false,
			domain.BillingFacts{Currency: "EUR", Mark: mark(soon), RetrievedAt: soon},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(c.facts.PaymentMethods)
			healed, found := billing.WithoutFuture(c.facts, now)
			if found != c.found || found && c.facts.RetrievedAt.IsZero() && !healed.NeedsRefetch() {
				t.Errorf("found %v, unsettled %v", found, healed.NeedsRefetch())
			}
			if got := billing.Apply(healed, c.event); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if !reflect.DeepEqual(before, c.facts.PaymentMethods) {
				t.Error("the facts given were changed")
			}
		})
	}
	t.Run("a detachment stays", func(t *testing.T) {
		healed, _ := billing.WithoutFuture(domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1", Detached: true, Mark: mark(ahead)}}}, now)
		if healed.HasPaymentMethod() {
			t.Errorf("%+v", healed)
		}
	})
}
