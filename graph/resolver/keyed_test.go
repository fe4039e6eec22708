package resolver

import (
	"context"
	"reflect"
	"testing"
	"time"

	"clientele/graph/model"
	"clientele/internal/domain"
)

func TestSecretsAreRevealedToOneAnswer(t *testing.T) {
	a := &KeyedResponse{}
	first, second := a.hide("server-one"), a.hide("server-two")
	for _, placeholder := range []string{first, second} {
		if placeholder == "server-one" || placeholder == "server-two" || first == second {
			t.Fatalf("the placeholder is %q", placeholder)
		}
	}
	text := `{"a":"` + first + `","b":["` + second + `","` + first + `"],"c":"kept"}`
	answer, kept := a.Reveal([]byte(text))
	if want := `{"a":"server-one","b":["server-two","server-one"],"c":"kept"}`; string(answer) != want {
		t.Errorf("answered is %s", answer)
	}
	if want := `{"a":null,"b":[null,null],"c":"kept"}`; string(kept) != want {
		t.Errorf("kept is %s", kept)
	}
	if answer, kept := new(KeyedResponse).Reveal([]byte(text)); string(answer) != text || kept != nil {
		t.Errorf("without secrets it is %s, kept %s", answer, kept)
	}
	ctx := withCall(t.Context(), call{actor: domain.Actor{}})
	if secret := shownOnce(ctx, "server-one"); *secret != "server-one" {
		t.Errorf("without an idempotency key it is %q", *secret)
	}
}

// TestEveryPersonalAnswerNamesItsCustomers: whatever type belongs to a customer is known to, alone and in a list.
func TestEveryPersonalAnswerNamesItsCustomers(t *testing.T) {
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
		for form, answer := range map[string]any{"one": one.Interface(), "a list": list.Interface()} {
			found := customersIn(answer)
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

// TestCustomersOfAnAnswerAreNoted: the live ones, and only where an answer is kept.
func TestCustomersOfAnAnswerAreNoted(t *testing.T) {
	at := time.Now()
	live, gone := &domain.Customer{CustomerID: "live"}, &domain.Customer{CustomerID: "gone", ArchivedAt: &at}
	resolve := func(c call) {
		t.Helper()
		answer := []*model.Customer{{Source: live}, {Source: gone}, nil}
		got, err := CollectCustomers(withCall(t.Context(), c), func(context.Context) (any, error) { return answer, nil })
		if err != nil || len(got.([]*model.Customer)) != 3 {
			t.Errorf("got %v, %v", got, err)
		}
	}
	noted := &KeyedResponse{}
	resolve(call{keyed: noted})
	resolve(call{})
	if len(noted.customers) != 1 || noted.customers[0] != live {
		t.Errorf("noted %v", noted.customers)
	}
}
