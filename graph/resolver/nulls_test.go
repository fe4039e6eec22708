package resolver

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"clientele/graph/generated"
	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/persistence"
)

// reading reads a filter of one type from JSON.
type reading func(t testing.TB, sent map[string]any) (persistence.Filter, error)

func readAs[F any](spec listSpec) reading {
	return func(t testing.TB, sent map[string]any) (persistence.Filter, error) {
		t.Helper()
		text, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		var filter F
		if err := json.Unmarshal(text, &filter); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return fromFilter(&filter, spec)
	}
}

// readings are all kinds of filters, by their type in the schema.
var readings = map[string]reading{
	"CustomerFilter": readAs[model.CustomerFilter](customerList(time.Unix(0, 0))),
	"ProductFilter":  readAs[model.ProductFilter](listSpec{}),
	"PlanFilter":     readAs[model.PlanFilter](listSpec{}),
	"AddonFilter":    readAs[model.AddonFilter](listSpec{}),
	"FeatureFilter":  readAs[model.FeatureFilter](listSpec{}),
	"CouponFilter": readAs[model.CouponFilter](listSpec{couponsOf: func(persistence.Filter) ([]string, error) {
		return []string{"used"}, nil
	}}),
	"PromotionalEntitlementFilter": readAs[model.PromotionalEntitlementFilter](listSpec{}),
	"CustomerSubscriptionFilter":   readAs[model.CustomerSubscriptionFilter](subscriptionList),
	"SubscriptionAddonFilter":      readAs[model.SubscriptionAddonFilter](listSpec{}),
	"SubscriptionPriceFilter":      readAs[model.SubscriptionPriceFilter](listSpec{}),
	"PriceFilter":                  readAs[model.PriceFilter](listSpec{}),
}

func mustRead(t testing.TB, read reading, sent map[string]any) persistence.Filter {
	t.Helper()
	filter, err := read(t, sent)
	if err != nil {
		t.Fatalf("%v: %v", sent, err)
	}
	return filter
}

// mustBeNull expects a filter to be refused because there is nothing but nulls in it.
func mustBeNull(t testing.TB, read reading, path string, sent map[string]any) {
	t.Helper()
	_, err := read(t, sent)
	refusal, ok := err.(*domain.Error)
	if !ok || refusal.Kind != domain.BadUserInput || refusal.Facts["field"] != path {
		t.Errorf("%v: got %v, want a refusal of %s", sent, err, path)
	}
}

type obj = map[string]any

// TestNullsInFilters goes through every field and operator of every filter: generated clients send null for each that
// they do not use.
func TestNullsInFilters(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for name, definition := range schema.Types {
		if definition.Kind == ast.InputObject && definition.Fields.ForName("and") != nil && readings[name] == nil {
			t.Errorf("%s is not among the readings", name)
		}
	}
	for name, read := range readings {
		t.Run(name, func(t *testing.T) {
			condition := obj{"id": obj{"eq": "x"}}
			want := mustRead(t, read, condition)
			beside := func(what obj) {
				t.Helper()
				sent := maps.Clone(condition)
				maps.Copy(sent, what)
				if got := mustRead(t, read, sent); !reflect.DeepEqual(got, want) {
					t.Errorf("%v is %#v, want %#v", sent, got, want)
				}
			}
			within := func(field, operator string, value any) {
				t.Helper()
				sent, without := obj{field: obj{operator: value}}, obj{field: obj{operator: value}}
				for _, other := range schema.Types[schema.Types[name].Fields.ForName(field).Type.Name()].Fields {
					if other.Name != operator {
						sent[field].(obj)[other.Name] = nil
					}
				}
				if got, want := mustRead(t, read, sent), mustRead(t, read, without); !reflect.DeepEqual(got, want) {
					t.Errorf("%v is %#v, want %#v", sent, got, want)
				}
			}
			everything := obj{}
			for _, field := range schema.Types[name].Fields {
				everything[field.Name] = nil
				mustBeNull(t, read, "filter."+field.Name, obj{field.Name: nil})
				if field.Name != "id" {
					beside(obj{field.Name: nil})
				}
				inner := schema.Types[field.Type.Name()]
				if inner.Fields.ForName("and") != nil {
					continue
				}
				all := obj{}
				for _, operator := range inner.Fields {
					all[operator.Name] = nil
					mustBeNull(t, read, "filter."+field.Name+"."+operator.Name, obj{field.Name: obj{operator.Name: nil}})
					if field.Name != "id" {
						beside(obj{field.Name: obj{operator.Name: nil}})
					}
					mustBeNull(t, read, "filter.or[0]."+field.Name+"."+operator.Name, obj{"or": []any{obj{field.Name: obj{operator.Name: nil}}}})
				}
				if field.Name != "id" {
					beside(obj{field.Name: all})
				}
				if inner.Fields.ForName("is") != nil {
					within(field.Name, "is", true)
					within(field.Name, "isNot", false)
				}
			}
			if _, err := read(t, everything); !domain.IsKind(err, domain.BadUserInput) {
				t.Errorf("everything null: %v", err)
			}
			delete(everything, "id")
			beside(everything)
			for _, list := range []string{"and", "or"} {
				mustBeNull(t, read, "filter."+list+"[0]", obj{list: []any{nil}})
				mustBeNull(t, read, "filter."+list+"[0]", obj{list: []any{nil, nil}, "id": obj{}})
				beside(obj{list: []any{nil}})
				beside(obj{list: []any{nil, obj{"id": nil}, obj{"id": obj{"eq": nil}}, obj{"and": []any{obj{"or": nil}}}}})
				alone := mustRead(t, read, obj{list: []any{condition}})
				for _, sent := range [][]any{{nil, condition}, {condition, nil}, {obj{"id": nil}, condition}, {condition, obj{"id": obj{"in": nil}}}, {obj{"or": []any{nil}}, condition}} {
					if got := mustRead(t, read, obj{list: sent}); !reflect.DeepEqual(got, alone) {
						t.Errorf("%s %v is %#v, want %#v", list, sent, got, alone)
					}
				}
			}
			within("id", "eq", "x")
			within("id", "in", []string{})
			if got := mustRead(t, read, obj{"id": obj{}, "and": []any{}, "or": []any{}}); got != nil {
				t.Errorf("a filter without conditions is %#v", got)
			}
			if got := mustRead(t, read, obj{"or": []any{obj{}, condition}}); reflect.DeepEqual(got, mustRead(t, read, obj{"or": []any{condition}})) {
				t.Error("an empty alternative is taken for one of nulls")
			}
		})
	}
}

// TestNullsOfNestedObjects: an object of nulls is no condition, although the same object without them is one.
func TestNullsOfNestedObjects(t *testing.T) {
	name := obj{"name": obj{"eq": "x"}}
	for _, test := range []struct {
		name       string
		kind       string
		sent, want obj
	}{
		{"a status of subscriptions", "CustomerFilter", obj{"name": obj{"eq": "x"}, "subscriptions": obj{"status": obj{"eq": nil}}}, name},
		{"no status of subscriptions", "CustomerFilter", obj{"name": obj{"eq": "x"}, "subscriptions": obj{"status": nil}}, name},
		{"a status of grants", "CustomerFilter", obj{"name": obj{"eq": "x"}, "promotionalEntitlements": obj{"status": obj{"in": nil}}}, name},
		{"a search for nothing", "CustomerFilter", obj{"name": obj{"eq": "x"}, "searchQuery": obj{"iLike": nil}}, name},
		{"an alternative of nulls", "CustomerFilter", obj{"or": []any{name, obj{"subscriptions": obj{"status": obj{"eq": nil}}}}}, obj{"or": []any{name}}},
		{"customers of coupons", "CouponFilter", obj{"name": obj{"eq": "x"}, "customers": obj{"id": nil, "customerId": obj{"eq": nil}}}, name},
		{"a plan of subscriptions", "CustomerSubscriptionFilter", obj{"refId": obj{"eq": "x"}, "plan": obj{"refId": obj{"eq": nil}}}, obj{"refId": obj{"eq": "x"}}},
		{"a span of time", "ProductFilter", obj{"refId": obj{"eq": "x"}, "createdAt": obj{"between": nil, "gt": nil}}, obj{"refId": obj{"eq": "x"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			read := readings[test.kind]
			if got, want := mustRead(t, read, test.sent), mustRead(t, read, test.want); !reflect.DeepEqual(got, want) {
				t.Errorf("got %#v, want %#v", got, want)
			}
		})
	}
	if got := mustRead(t, readings["CustomerFilter"], obj{"subscriptions": obj{}}); got == nil {
		t.Error("customers with any subscription cannot be found")
	}
}

// TestNullsChangeNothing adds nulls anywhere to random filters.
func TestNullsChangeNothing(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	read := readings["CustomerFilter"]
	fields := slices.Sorted(func(yield func(string) bool) {
		for _, field := range schema.Types["CustomerFilter"].Fields {
			if !yield(field.Name) {
				return
			}
		}
	})
	operators := func(field string) []string {
		var names []string
		for _, operator := range schema.Types[schema.Types["CustomerFilter"].Fields.ForName(field).Type.Name()].Fields {
			names = append(names, operator.Name)
		}
		return names
	}
	text := rapid.SampledFrom([]string{"name", "email", "customerId", "billingId", "id", "environmentId"})
	var draw func(t *rapid.T, depth int) obj
	draw = func(t *rapid.T, depth int) obj {
		filter := obj{}
		for range rapid.IntRange(0, 2).Draw(t, "comparisons") {
			comparison := obj{}
			for _, operator := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"eq", "neq", "gt", "like", "iLike"}), 1, 3, rapid.ID[string]).Draw(t, "operators") {
				comparison[operator] = rapid.SampledFrom([]string{"", "a", "a%"}).Draw(t, "operand")
			}
			filter[text.Draw(t, "field")] = comparison
		}
		for _, list := range []string{"and", "or"} {
			if depth > 1 && rapid.Bool().Draw(t, list) {
				all := []any{}
				for range rapid.IntRange(0, 2).Draw(t, "filters") {
					all = append(all, draw(t, depth-1))
				}
				filter[list] = all
			}
		}
		return filter
	}
	var addNulls func(t *rapid.T, filter obj) obj
	addNulls = func(t *rapid.T, filter obj) obj {
		out := obj{}
		for field, value := range filter {
			switch value := value.(type) {
			case []any:
				all := []any{}
				for _, one := range value {
					if !hasComparison(filter) {
						all = append(all, one)
						continue
					}
					for range rapid.IntRange(0, 1).Draw(t, "nulls in front") {
						all = append(all, rapid.SampledFrom([]any{nil, obj{"name": nil}, obj{"email": obj{"eq": nil}}, obj{"and": []any{nil}}}).Draw(t, "null"))
					}
					all = append(all, addNulls(t, one.(obj)))
				}
				out[field] = all
			case obj:
				comparison := maps.Clone(value)
				for _, operator := range operators(field) {
					if _, there := comparison[operator]; !there && rapid.Bool().Draw(t, "null for "+operator) {
						comparison[operator] = nil
					}
				}
				out[field] = comparison
			}
		}
		// In an object without a condition, a null says that there is none.
		if !hasComparison(filter) {
			return out
		}
		for _, field := range fields {
			if _, there := out[field]; !there && rapid.IntRange(0, 3).Draw(t, "null for "+field) == 0 {
				out[field] = nil
			}
		}
		return out
	}
	rapid.Check(t, func(rt *rapid.T) {
		filter := draw(rt, 3)
		nulls := addNulls(rt, filter)
		want := mustRead(t, read, filter)
		got, err := read(t, nulls)
		switch {
		case want == nil && domain.IsKind(err, domain.BadUserInput):
		case err != nil:
			rt.Fatalf("%s: %v", show(nulls), err)
		case !reflect.DeepEqual(got, want):
			rt.Fatalf("%s is %#v\n%s is %#v", show(nulls), got, show(filter), want)
		}
	})
}

// hasComparison reports whether there is a comparison anywhere in a filter.
func hasComparison(filter obj) bool {
	for _, value := range filter {
		list, isList := value.([]any)
		if !isList || slices.ContainsFunc(list, func(one any) bool { return hasComparison(one.(obj)) }) {
			return true
		}
	}
	return false
}

func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
