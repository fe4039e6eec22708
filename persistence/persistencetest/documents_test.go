package persistencetest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"clientele/persistence"
)

// A field that the filled documents leave out is a field that no case keeps.
func TestFilledDocumentsHaveAValueInEveryField(t *testing.T) {
	filled := map[string]any{
		"customer": filled(production, "id"), "product": filledProduct(production, "id"), "plan": filledPlan(production, "id"),
		"addon": filledAddon(production, "id"), "feature": filledFeature(production, "id"), "coupon": filledCoupon(production, "id"),
		"promotion code": filledCode(production, "id"), "subscription claim": filledClaim(production, "id"),
	}
	for name, document := range filled {
		empty := slices.DeleteFunc(emptyFields(name, reflect.ValueOf(document)), func(path string) bool {
			// A filled customer is a live one.
			return path == "customer.ArchivedAt"
		})
		if len(empty) > 0 {
			t.Errorf("no value in %q", empty)
		}
	}
}

// emptyFields are the paths of the fields without a value, in the first element of each list.
func emptyFields(path string, v reflect.Value) []string {
	switch {
	case v.IsZero(), v.Kind() == reflect.Slice && v.Len() == 0:
		return []string{path}
	case v.Kind() == reflect.Pointer:
		return emptyFields(path, v.Elem())
	case v.Kind() == reflect.Slice:
		return emptyFields(path+"[0]", v.Index(0))
	case v.Kind() != reflect.Struct, v.Type() == reflect.TypeFor[time.Time]():
		return nil
	}
	var empty []string
	for i := range v.NumField() {
		empty = append(empty, emptyFields(path+"."+v.Type().Field(i).Name, v.Field(i))...)
	}
	return empty
}

func TestClonesShareNothing(t *testing.T) {
	original, kept := filled(production, "id"), filled(production, "id")
	copied := clone(original)
	if !reflect.DeepEqual(copied, kept) {
		t.Errorf("got %s, want %s", show(copied), show(kept))
	}
	scribble(copied)
	if !reflect.DeepEqual(original, kept) {
		t.Errorf("scribbling on a copy made %s of the original", show(original))
	}
}

// A scribble that leaves something as it was would not find what a store shares.
func TestScribblesChangeEverything(t *testing.T) {
	c := filled(production, "id")
	phases, reset, metadata, unknown := c.Subscriptions[0].Phases, c.PromotionalEntitlements[0].Reset, c.Metadata, c.Unknown
	tiers := c.Subscriptions[0].Charges[0].Price.Tiers
	scribble(c)
	kept := filled(production, "id")
	if reflect.DeepEqual(phases[0], kept.Subscriptions[0].Phases[0]) || reflect.DeepEqual(*reset, *kept.PromotionalEntitlements[0].Reset) ||
		metadata[0] == kept.Metadata[0] || reflect.DeepEqual(tiers, kept.Subscriptions[0].Charges[0].Price.Tiers) || len(unknown) > 0 {
		t.Errorf("got %s", show([]any{phases, reset, metadata, tiers, unknown}))
	}
}

// The suite tries two kinds in all cases; of the others it must know the fields that they are sorted by.
func TestTheSuiteKnowsEverySortField(t *testing.T) {
	known := map[string][]persistence.Field{}
	learn(known, customerKind)
	learn(known, productRecords.kind)
	learn(known, planRecords.kind)
	learn(known, planVersionRecords.kind)
	learn(known, addonRecords.kind)
	learn(known, addonVersionRecords.kind)
	learn(known, featureRecords.kind)
	learn(known, couponRecords.kind)
	learn(known, codeRecords.kind)
	learn(known, claimRecords.kind)
	for _, c := range append([]persistence.Collection{persistence.CustomerCollection}, persistence.Collections...) {
		for _, field := range c.SortFields {
			if !slices.Contains(known[c.Name], field) {
				t.Errorf("%s are sorted by %s, and no case knows how", c.Name, field)
			}
		}
	}
}

func learn[D any](known map[string][]persistence.Field, k kind[D]) {
	for field := range k.values {
		known[k.Name] = append(known[k.Name], field)
	}
}
