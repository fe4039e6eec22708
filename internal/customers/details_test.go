package customers_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"clientele/internal/customers"
	"clientele/internal/domain"
)

type raw = json.RawMessage

// setters are the texts of a customer by the name that inputs give them.
var setters = map[string]func(*customers.Details, domain.Change[string]){
	"name":                     func(d *customers.Details, c domain.Change[string]) { d.Name = c },
	"email":                    func(d *customers.Details, c domain.Change[string]) { d.Email = c },
	"billingId":                func(d *customers.Details, c domain.Change[string]) { d.BillingID = c },
	"crmId":                    func(d *customers.Details, c domain.Change[string]) { d.CRMID = c },
	"salesforceId":             func(d *customers.Details, c domain.Change[string]) { d.SalesforceID = c },
	"awsMarketplaceCustomerId": func(d *customers.Details, c domain.Change[string]) { d.AWSMarketplaceCustomerID = c },
}

// texts are the same texts of a stored customer.
var texts = map[string]func(*domain.Customer) **string{
	"name":                     func(c *domain.Customer) **string { return &c.Name },
	"email":                    func(c *domain.Customer) **string { return &c.Email },
	"billingId":                func(c *domain.Customer) **string { return &c.BillingID },
	"crmId":                    func(c *domain.Customer) **string { return &c.CRMID },
	"salesforceId":             func(c *domain.Customer) **string { return &c.SalesforceID },
	"awsMarketplaceCustomerId": func(c *domain.Customer) **string { return &c.AWSMarketplaceCustomerID },
}

// uses are the use cases that take details, each on a customer of its own that it may set them of.
var uses = map[string]func(testing.TB, *fixture, customers.Details) (*domain.Customer, error){
	"Provision": func(t testing.TB, f *fixture, d customers.Details) (*domain.Customer, error) {
		return f.Provision(t.Context(), full, customers.Provision{Identity: by(fmt.Sprint("new-", f.ids.Add(1))), Details: d})
	},
	"Update": func(t testing.TB, f *fixture, d customers.Details) (*domain.Customer, error) {
		return f.Update(t.Context(), full, customers.Update{Identity: by("ada"), Details: d})
	},
	"Import of a new customer": func(t testing.TB, f *fixture, d customers.Details) (*domain.Customer, error) {
		return f.Import(t.Context(), full, customers.ImportRow{Identity: by(fmt.Sprint("new-", f.ids.Add(1))), Details: d})
	},
	"Import of a known customer": func(t testing.TB, f *fixture, d customers.Details) (*domain.Customer, error) {
		return f.Import(t.Context(), full, customers.ImportRow{Identity: by("ada"), Details: d})
	},
	"ImportBulk": func(t testing.TB, f *fixture, d customers.Details) (*domain.Customer, error) {
		row := customers.ImportRow{Identity: by("ada"), Details: d}
		if _, err := f.ImportBulk(t.Context(), full, nil, nil, []customers.ImportRow{row}); err != nil {
			return nil, err
		}
		return f.stored(t, "production", "ada"), nil
	},
}

// TestEveryTextHasASetter: a text without a setter is in no case.
func TestEveryTextHasASetter(t *testing.T) {
	t.Parallel()
	want := -1 // A coupon is not only a text; it has cases of its own.
	for field := range reflect.TypeFor[customers.Details]().Fields() {
		if field.Type == reflect.TypeFor[domain.Change[string]]() {
			want++
		}
	}
	if len(setters) != want || len(texts) != want {
		t.Errorf("Details has %d texts, there are %d setters and %d texts", want, len(setters), len(texts))
	}
}

func detail(field string, change domain.Change[string]) customers.Details {
	var d customers.Details
	setters[field](&d, change)
	return d
}

func TestDetailsAreChecked(t *testing.T) {
	t.Parallel()
	type refusal struct {
		kind  domain.Kind
		field string
	}
	cases := map[string]struct {
		details customers.Details
		refusal
	}{
		"name of 256 characters": {detail("name", domain.SetTo(strings.Repeat("a", 256))), refusal{domain.BadUserInput, "name"}},
		"email of another form":  {detail("email", domain.SetTo("ada")), refusal{domain.BadUserInput, "email"}},
		"email empty":            {detail("email", domain.SetTo("")), refusal{domain.BadUserInput, "email"}},
		"metadata, a list":       {customers.Details{Metadata: metadata(`[]`)}, refusal{domain.InvalidMetadata, "additionalMetaData"}},
		"metadata, an empty key": {customers.Details{Metadata: metadata(`{"":1}`)}, refusal{domain.InvalidMetadata, "additionalMetaData"}},
		"metadata, a key of 41":  {customers.Details{Metadata: metadata(`{"` + strings.Repeat("a", 41) + `":1}`)}, refusal{domain.InvalidMetadata, "additionalMetaData"}},
		"metadata, a value of 501": {
			customers.Details{Metadata: metadata(`{"a":"` + strings.Repeat("a", 499) + `"}`)}, refusal{domain.InvalidMetadata, "additionalMetaData"},
		},
		"metadata, 51 keys": {
			customers.Details{Metadata: metadata(object(51))}, refusal{domain.InvalidMetadata, "additionalMetaData"},
		},
		"billing information, refused": {
			customers.Details{BillingInformation: &domain.BillingInformation{Timezone: new("Mars")}},
			refusal{domain.BadUserInput, "billingInformation.timezone"},
		},
		"a right field beside a wrong one": {
			customers.Details{Name: domain.SetTo("Eve"), Metadata: metadata(`[]`)}, refusal{domain.InvalidMetadata, "additionalMetaData"},
		},
	}
	for _, field := range []string{"billingId", "crmId", "salesforceId", "awsMarketplaceCustomerId"} {
		for name, c := range idForms {
			if c.refused {
				cases[field+", "+name] = struct {
					details customers.Details
					refusal
				}{detail(field, domain.SetTo(c.id)), refusal{domain.BadUserInput, field}}
			}
		}
	}
	for use, run := range uses {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.provision(t, full, "ada")
			for name, c := range cases {
				t.Run(name, func(t *testing.T) {
					f.requireNothingWritten(t, func() {
						got, err := run(t, f, c.details)
						if use == "ImportBulk" {
							requireRefusal(t, err, domain.ImportFailed, map[string]any{"failedCustomerIds": []string{"ada"}})
							if !strings.Contains(err.Error(), c.field) {
								t.Errorf("%q does not name %s", err, c.field)
							}
							return
						}
						requireFieldRefusal(t, err, c.kind, c.field)
						if use == "Provision" && got != nil {
							t.Errorf("the refusal came with %s", show(got))
						}
					})
				})
			}
		})
	}
}

// object is a JSON object of n keys.
func object(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(`"key%02d":%d`, i, i)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestDetailsAreStoredExactly(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ field, value string }{
		"name of 1 character":       {"name", "A"},
		"name of 255 characters":    {"name", strings.Repeat("🔑", 255)},
		"name with white space":     {"name", " Ada \u00a0 Lovelace "},
		"name of a direction":       {"name", "\u200fעדה\u200e"},
		"name that is not a letter": {"name", `$set.%_\"`},
		"email in upper case":       {"email", "ADA@Example.COM"},
	}
	for _, field := range []string{"billingId", "crmId", "salesforceId", "awsMarketplaceCustomerId"} {
		for name, c := range idForms {
			if !c.refused {
				cases[field+", "+name] = struct{ field, value string }{field, c.id}
			}
		}
	}
	for use, run := range uses {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.provision(t, full, "ada")
			for name, c := range cases {
				t.Run(name, func(t *testing.T) {
					customer, err := run(t, f, detail(c.field, domain.SetTo(c.value)))
					if err != nil {
						t.Fatal(err)
					}
					stored := f.stored(t, "production", customer.CustomerID)
					if got := *texts[c.field](stored); got == nil || *got != c.value {
						t.Errorf("got %s", show(stored))
					}
				})
			}
		})
	}
}

// Billing information belongs to the provider; here it is checked and dropped.
func TestBillingInformationIsNeverStored(t *testing.T) {
	t.Parallel()
	const marker = "Tristan da Cunha"
	info := &domain.BillingInformation{
		BillingAddress: &domain.Address{City: new(marker)}, ShippingAddress: &domain.Address{AddressLine1: new(marker)},
		CustomerName: new(marker), PaymentMethodID: new(marker), TaxIDs: []domain.TaxID{{Type: "us_ein", Value: marker}},
		Metadata: raw(`{"a":"` + marker + `"}`), InvoiceCustomFields: raw(`{"a":"` + marker + `"}`),
	}
	for use, run := range uses {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.provision(t, full, "ada")
			_, err := run(t, f, customers.Details{Name: domain.SetTo("Edwin Glass"), BillingInformation: info})
			if err != nil {
				t.Fatal(err)
			}
			data := f.bytes(t)
			if strings.Contains(data, marker) {
				t.Error("the data file has billing information")
			}
			if !strings.Contains(data, "Edwin Glass") {
				t.Error("the data file has not the name either, so the search says nothing")
			}
		})
	}
}

func TestBillingInformationAloneChangesNothing(t *testing.T) {
	t.Parallel()
	f := start(t)
	want := f.provision(t, full, "ada")
	f.at = noon.Add(1)
	f.requireNothingWritten(t, func() {
		got, err := uses["Update"](t, f, customers.Details{BillingInformation: &domain.BillingInformation{}})
		if err != nil {
			t.Fatal(err)
		}
		requireSame(t, got, want)
	})
}
