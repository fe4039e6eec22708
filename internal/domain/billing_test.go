package domain_test

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"

	"clientele/internal/domain"
)

func TestBillingInformationOverOlder(t *testing.T) {
	t.Parallel()
	danish, swedish := &domain.Address{Country: new("DK"), City: new("Copenhagen")}, &domain.Address{Country: new("SE")}
	metadata := func(text string) *domain.BillingInformation {
		return &domain.BillingInformation{Metadata: json.RawMessage(text)}
	}
	full := &domain.BillingInformation{
		BillingAddress: danish, ShippingAddress: danish, Currency: new("DKK"), TaxIDs: []domain.TaxID{{"eu_vat", "1"}},
		InvoiceCustomFields: json.RawMessage(`{"a":"b"}`), PaymentMethodID: new("pm"), Timezone: new("UTC"), Language: new("da"),
		CustomerName: new("Ada"), Metadata: json.RawMessage(`{"a":"b"}`), IntegrationID: new("integration"),
	}
	for field, value := range reflect.ValueOf(*full).Fields() {
		if value.IsZero() {
			t.Errorf("%s is not tested", field.Name)
		}
	}
	for name, c := range map[string]struct{ older, newer, all *domain.BillingInformation }{
		"nothing older": {nil, metadata(`{}`), metadata(`{}`)},
		"what is not given stays": {
			full, &domain.BillingInformation{InvoiceCustomFields: json.RawMessage(`null`), Metadata: json.RawMessage(`null`)}, full,
		},
		"what is given takes its place": {
			&domain.BillingInformation{
				BillingAddress: danish, ShippingAddress: danish, Currency: new("DKK"), TaxIDs: []domain.TaxID{{"eu_vat", "1"}},
				InvoiceCustomFields: json.RawMessage(`{"a":"b"}`), PaymentMethodID: new("pm"), Timezone: new("UTC"), Language: new("da"), CustomerName: new("Ada"),
			},
			&domain.BillingInformation{
				BillingAddress: swedish, ShippingAddress: swedish, Currency: new("SEK"), TaxIDs: []domain.TaxID{},
				InvoiceCustomFields: json.RawMessage(`{}`), PaymentMethodID: new("pm2"), Timezone: new("Europe/Stockholm"), Language: new("sv"), CustomerName: new(""),
			},
			&domain.BillingInformation{
				BillingAddress: swedish, ShippingAddress: swedish, Currency: new("SEK"), TaxIDs: []domain.TaxID{},
				InvoiceCustomFields: json.RawMessage(`{}`), PaymentMethodID: new("pm2"), Timezone: new("Europe/Stockholm"), Language: new("sv"), CustomerName: new(""),
			},
		},
		"metadata is merged by key": {metadata(`{"a": 1, "b": 2}`), metadata(`{"b": null, "c": "3"}`), metadata(`{"a":1,"b":null,"c":"3"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.newer.Over(c.older); !reflect.DeepEqual(got, c.all) {
				t.Errorf("got %+v, want %+v", got, c.all)
			}
		})
	}
}

func TestDefaultPaymentMethodIsOneThatIsAttached(t *testing.T) {
	t.Parallel()
	methods := []domain.PaymentMethodFacts{{ID: "first"}, {ID: "detached", Detached: true}, {ID: "last"}}
	for id, known := range map[string]bool{"first": true, "last": true, "detached": false, "unknown": false, "": false} {
		got, found := domain.BillingFacts{DefaultPaymentMethodID: id, PaymentMethods: methods}.DefaultPaymentMethod()
		if found != known || found && got.ID != id || !found && got.ID != "" {
			t.Errorf("%q: got %q, %t", id, got.ID, found)
		}
	}
}

func TestFactsAreFetchedAgainIfTheyDoNotAddUp(t *testing.T) {
	t.Parallel()
	methods := func(n int) []domain.PaymentMethodFacts {
		out := make([]domain.PaymentMethodFacts, n)
		for i := range out {
			out[i].ID = strconv.Itoa(i)
		}
		return out
	}
	tied := domain.FactMark{Tied: true}
	for name, c := range map[string]struct {
		facts domain.BillingFacts
		want  bool
	}{
		"nothing is known":                           {domain.BillingFacts{}, false},
		"the default payment method is known":        {domain.BillingFacts{DefaultPaymentMethodID: "1", PaymentMethods: methods(2)}, false},
		"the default payment method is not known":    {domain.BillingFacts{DefaultPaymentMethodID: "2", PaymentMethods: methods(2)}, true},
		"events of one time disagree":                {domain.BillingFacts{Mark: tied}, true},
		"events of one time disagree about a method": {domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{{ID: "1", Mark: tied}}}, true},
		"50 payment methods":                         {domain.BillingFacts{PaymentMethods: methods(50)}, false},
		"51 payment methods":                         {domain.BillingFacts{PaymentMethods: methods(51)}, true},
	} {
		if got := c.facts.NeedsRefetch(); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
