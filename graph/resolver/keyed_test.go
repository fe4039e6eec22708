package resolver

import (
	"context"
	"reflect"
	"testing"
	"time"

	"clientele/graph/model"
	"clientele/internal/domain"
)

func TestSecretsAreRevealedToOneResponse(t *testing.T) {
	keyed := &KeyedResponse{}
	first, second := keyed.hide("server-one"), keyed.hide("server-two")
	for _, placeholder := range []string{first, second} {
		if placeholder == "server-one" || placeholder == "server-two" || first == second {
			t.Fatalf("the placeholder is %q", placeholder)
		}
	}
	text := `{"a":"` + first + `","b":["` + second + `","` + first + `"],"c":"kept"}`
	response, stored := keyed.Reveal([]byte(text))
	if want := `{"a":"server-one","b":["server-two","server-one"],"c":"kept"}`; string(response) != want {
		t.Errorf("the response is %s", response)
	}
	if want := `{"a":null,"b":[null,null],"c":"kept"}`; string(stored) != want {
		t.Errorf("stored is %s", stored)
	}
	if response, stored := new(KeyedResponse).Reveal([]byte(text)); string(response) != text || stored != nil {
		t.Errorf("without secrets it is %s, stored %s", response, stored)
	}
	ctx := withCall(t.Context(), call{actor: domain.Actor{}})
	if secret := shownOnce(ctx, "server-one"); *secret != "server-one" {
		t.Errorf("without an idempotency key it is %q", *secret)
	}
}

// TestCustomersAreFoundInEveryPersonalType: in each type that belongs to a customer, alone and in a list.
func TestCustomersAreFoundInEveryPersonalType(t *testing.T) {
	ada := &domain.Customer{CustomerID: "ada"}
	for _, value := range personalTypes {
		name := reflect.TypeOf(value).Elem().Name()
		one := reflect.New(reflect.TypeOf(value).Elem())
		field := one.Elem().FieldByName("Of")
		if !field.IsValid() {
			field = one.Elem().FieldByName("Source")
		}
		field.Set(reflect.ValueOf(ada))
		list := reflect.MakeSlice(reflect.SliceOf(one.Type()), 0, 2)
		list = reflect.Append(list, one, one)
		for form, value := range map[string]any{"one": one.Interface(), "a list": list.Interface()} {
			found := customersIn(value)
			if len(found) == 0 || found[0] != ada {
				t.Errorf("%s, %s: found %v", name, form, found)
			}
		}
		if found := customersIn(reflect.Zero(one.Type()).Interface()); len(found) > 0 && found[0] != nil {
			t.Errorf("no %s: found %v", name, found)
		}
	}
	for _, nothing := range []any{nil, "text", &model.Coupon{}, []*model.Coupon{{}}} {
		if found := customersIn(nothing); len(found) > 0 {
			t.Errorf("%T: found %v", nothing, found)
		}
	}
}

// TestCustomersOfAStoredResponseAreCollected: the live ones, and only if the response is stored.
func TestCustomersOfAStoredResponseAreCollected(t *testing.T) {
	at := time.Now()
	live, gone := &domain.Customer{CustomerID: "live"}, &domain.Customer{CustomerID: "gone", ArchivedAt: &at}
	resolve := func(c call) {
		t.Helper()
		value := []*model.Customer{{Source: live}, {Source: gone}, nil}
		got, err := CollectCustomers(withCall(t.Context(), c), func(context.Context) (any, error) { return value, nil })
		if err != nil || len(got.([]*model.Customer)) != 3 {
			t.Errorf("got %v, %v", got, err)
		}
	}
	collected := &KeyedResponse{}
	resolve(call{keyed: collected})
	resolve(call{})
	if len(collected.customers) != 1 || collected.customers[0] != live {
		t.Errorf("collected %v", collected.customers)
	}
}
