package billing_test

import (
	"strings"
	"testing"

	"clientele/internal/billing"
	"clientele/internal/domain"
)

// TestKey pins the keys: with another one, a creation that an older version began is made twice.
func TestKey(t *testing.T) {
	customer := billing.NewCustomer{
		Ref: domain.CustomerRef{EnvironmentID: "production", CustomerID: strings.Repeat("ä", 255)}, ID: "uuid-1",
	}
	const want = "clientele-customer-" + "8d5910fffcdfa7d0ec37b6a85a99b5454d9126f9956479808996839579362e8c"
	if got := customer.Key(); got != want+"-0" {
		t.Errorf("got %s, want %s-0", got, want)
	}
	customer.Generation = 2
	if got := customer.Key(); got != want+"-2" {
		t.Errorf("got %s, want %s-2", got, want)
	}
	for name, change := range map[string]func(*billing.NewCustomer){
		"environment": func(c *billing.NewCustomer) { c.Ref.EnvironmentID = "staging" },
		"customer id": func(c *billing.NewCustomer) { c.Ref.CustomerID = "ä" },
		"uuid":        func(c *billing.NewCustomer) { c.ID = "uuid-2" },
	} {
		other := customer
		change(&other)
		if other.Key() == customer.Key() {
			t.Errorf("customers of another %s share a key", name)
		}
	}
}

func TestProviderErrorSaysItInALine(t *testing.T) {
	failure := &billing.ProviderError{Kind: billing.Permanent, Code: "email_invalid", Param: "email", RequestID: "req_1"}
	if got, want := failure.Error(), "billing provider: Permanent (email_invalid) on email, request req_1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if billing.KindOf(nil) != "" || billing.KindOf(billing.ErrBadEvent) != "" || billing.KindOf(failure) != billing.Permanent {
		t.Error("KindOf is wrong")
	}
}
