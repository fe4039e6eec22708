package catalog

import (
	"context"
	"strings"
	"testing"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

const environment = "development"

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// small is a catalogue that uses every list and most fields; tests replace parts of it.
const small = `features:
  - {id: seats, name: Seats, type: NUMBER, meter: Fluctuating, units: {one: seat, many: seats}}
  - {id: audit, name: Audit log, type: BOOLEAN}
  - {id: login, name: Sign-in, type: ENUM, values: [password, {value: saml, name: SAML}]}
products:
  - id: main
    name: Main
    journey: {end: DOWNGRADE_TO_FREE, downgradePlan: free}
  - {id: other, journey: {start: TRIAL_PERIOD, startPlan: tried}}
addons:
  - id: more
    product: main
    name: More
    pricing: PAID
    maxQuantity: 3
    entitlements: [{feature: seats, limit: 5}]
    prices: [{period: MONTHLY, currency: USD, amount: 1}]
  - {id: most, product: main, name: Most, pricing: FREE, dependencies: [more]}
  - {id: foreign, product: other, name: Foreign, pricing: FREE}
plans:
  - {id: free, product: main, name: Free, pricing: FREE, entitlements: [{feature: seats, limit: 1}]}
  - id: paid
    product: main
    name: Paid
    pricing: PAID
    base: free
    addons: [more, most]
    entitlements:
      - {feature: seats, limit: 10, reset: {every: MONTH, accordingTo: StartOfTheMonth}}
      - {feature: login, values: [saml]}
      - {feature: audit}
    prices:
      - {period: MONTHLY, currency: USD, amount: 29}
      - {period: MONTHLY, currency: USD, model: PER_UNIT, feature: seats, amount: 5, min: 1, max: 100}
      - {period: MONTHLY, country: DK, currency: DKK, amount: 199}
      - period: MONTHLY
        country: DK
        currency: DKK
        model: PER_UNIT
        feature: seats
        tiersMode: GRADUATED
        tiers:
          - {upTo: 10, unit: 35}
          - {unit: 30, flat: 1}
      - {period: ANNUALLY, currency: USD, amount: 290}
    metadata: {color: blue, size: {b: 1, a: [2.50]}}
  - {id: tried, product: other, name: Tried, pricing: PAID, trial: {days: 14}, prices: [{period: MONTHLY, currency: EUR, amount: "9.90"}]}
  - {id: draft, product: main, name: Draft, pricing: FREE, published: false}
  - {id: gift, product: main, name: Gift, pricing: FREE, trial: {months: 1, budget: {limit: 10.5}}}
coupons:
  - {id: ten, name: Ten, percent: 10}
  - {id: five, name: Five, months: 3, amounts: [{currency: USD, amount: 5}, {currency: EUR, amount: 4}]}
promotionCodes:
  - {id: CODE, coupon: ten, starts: 2026-01-01, expires: 2027-01-01T12:00:00+01:00, minimumAmounts: [{currency: USD, amount: 1}]}
`

// edited returns the small catalogue with replacements, given as pairs of old and new text.
func edited(t *testing.T, pairs ...string) string {
	t.Helper()
	text := small
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the catalogue does not contain %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func openStore(t testing.TB) persistence.Store {
	t.Helper()
	store, err := bolt.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return store
}

func newService(store persistence.Catalog) *Service {
	return New(store, WithClock(func() time.Time { return noon }))
}

func parse(t testing.TB, text string) File {
	t.Helper()
	file, err := Parse("catalog.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// apply applies a file and returns what was added and changed, as in "changed plans paid".
func apply(t testing.TB, service *Service, text string) []string {
	t.Helper()
	changes, err := service.Apply(t.Context(), environment, parse(t, text), false)
	if err != nil {
		t.Fatal(err)
	}
	return changedItems(changes)
}

func changedItems(changes Changes) []string {
	list := []string{}
	for _, item := range changes.Items {
		if item.Action != Unchanged {
			list = append(list, string(item.Action)+" "+item.List+" "+item.RefID)
		}
	}
	return list
}

func ref(id string) domain.Ref { return domain.Ref{EnvironmentID: environment, RefID: id} }

func get[T any](t testing.TB, from persistence.Documents[T], id string) *T {
	t.Helper()
	document, err := from.Get(t.Context(), ref(id))
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return document
}

// count returns the number of documents in all lists of the environment, including versions.
func count(t testing.TB, store persistence.Catalog) int {
	t.Helper()
	sum := 0
	for _, count := range []func(context.Context, string, persistence.Filter) (int, error){
		store.Features().Count, store.Products().Count, store.Addons().Count, store.Plans().Count, store.Coupons().Count,
		store.PromotionCodes().Count, store.PlanVersions().Count, store.AddonVersions().Count,
	} {
		n, err := count(t.Context(), environment, nil)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}
