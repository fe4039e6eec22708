package resolver

import (
	"strings"
	"testing"
	"time"

	"clientele/graph/model"
	"clientele/internal/domain"
)

func TestTheSyncStateSaysWhatToDo(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	failed := func(kind domain.SyncFailureKind, again *time.Time) func(*domain.Customer) {
		return func(c *domain.Customer) {
			c.EnqueueFullSync(at)
			c.Sync.Attempts, c.Sync.RequestID = 3, "req_1"
			c.Sync.Fail(domain.SyncFailure{Kind: kind, Code: "some_code", Param: "email", At: at}, again)
		}
	}
	for name, c := range map[string]struct {
		make   func(*domain.Customer)
		status model.SyncStatus
		// says are parts of the error; none is no error.
		says []string
	}{
		"never synced": {func(*domain.Customer) {}, model.SyncStatusNoSyncRequired, nil},
		"pending":      {func(c *domain.Customer) { c.EnqueueFullSync(at) }, model.SyncStatusPending, nil},
		"pushed":       {func(c *domain.Customer) { c.EnqueueFullSync(at); clear(c.Sync.Pending); c.Sync.Succeed(at) }, model.SyncStatusSuccess, nil},
		"it passes":    {failed(domain.SyncTemporary, &at), model.SyncStatusError, []string{"some_code on email", "attempt 3", "next attempt is at 2024-02-29T12:00:00.000Z", "req_1"}},
		"it passes, and information is lost": {
			func(c *domain.Customer) {
				failed(domain.SyncTemporary, &at)(c)
				c.Sync.Pending[domain.SyncInformation] = 1
			},
			model.SyncStatusError, []string{"next attempt is at", "send all of it again"},
		},
		"refused": {failed(domain.SyncRefused, nil), model.SyncStatusError, []string{"refuses", "some_code on email", "resyncCustomer", "req_1"}},
		"refused, and information is lost": {
			func(c *domain.Customer) {
				failed(domain.SyncRefused, nil)(c)
				c.Sync.Pending[domain.SyncInformation] = 1
			},
			model.SyncStatusError, []string{"refuses", "some_code on email", "send all of it again", "req_1"},
		},
		"deleted":       {failed(domain.SyncDeleted, nil), model.SyncStatusError, []string{"deleted", "billingId to null", "resyncCustomer"}},
		"not passed on": {failed(domain.SyncInformationLost, nil), model.SyncStatusError, []string{"billing information", "send all of it again"}},
		"unconfirmed":   {failed(domain.SyncUnconfirmed, nil), model.SyncStatusError, []string{"not known", "billingId", "resyncCustomer"}},
		"found deleted": {func(c *domain.Customer) { c.RecordFacts(at, domain.BillingFacts{Deleted: true}) }, model.SyncStatusError, []string{"deleted", "billingId to null"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			customer := &domain.Customer{BillingID: new("cus_1")}
			c.make(customer)
			got := syncStateOf(customer)
			if got.Status != c.status || *got.SyncedEntityID != "cus_1" {
				t.Errorf("got %+v", got)
			}
			if (got.Error == nil) != (c.says == nil) {
				t.Fatalf("the error is %v", got.Error)
			}
			for _, part := range c.says {
				if !strings.Contains(*got.Error, part) {
					t.Errorf("%q does not say %q", *got.Error, part)
				}
			}
		})
	}
}

func TestThePaymentMethodIsTheDefaultOne(t *testing.T) {
	t.Parallel()
	card := domain.PaymentMethodDetails{Type: domain.PaymentMethodCard, Last4: "4242", ExpirationMonth: 8, ExpirationYear: 2030}
	methods := []domain.PaymentMethodFacts{{ID: "pm_1", Details: card}, {ID: "pm_2"}, {ID: "pm_3", Detached: true}}
	for name, c := range map[string]struct {
		facts domain.BillingFacts
		has   bool
		// id, kind, last4, month, year and currency are empty where the field is null.
		id, kind, last4 string
		month, year     int
		currency        string
	}{
		"nothing known":           {},
		"a card":                  {facts: domain.BillingFacts{DefaultPaymentMethodID: "pm_1", PaymentMethods: methods, Currency: "EUR"}, has: true, id: "pm_1", kind: "CARD", last4: "4242", month: 8, year: 2030, currency: "EUR"},
		"one without details":     {facts: domain.BillingFacts{DefaultPaymentMethodID: "pm_2", PaymentMethods: methods}, has: true, id: "pm_2"},
		"none that is charged":    {facts: domain.BillingFacts{PaymentMethods: methods}, has: true},
		"one that was detached":   {facts: domain.BillingFacts{DefaultPaymentMethodID: "pm_3", PaymentMethods: methods[2:]}},
		"one never reported":      {facts: domain.BillingFacts{DefaultPaymentMethodID: "pm_9"}},
		"a currency of no schema": {facts: domain.BillingFacts{Currency: "XXX"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := &model.Customer{}
			setPaymentMethod(got, c.facts)
			if got.HasPaymentMethod != c.has || valueOf(got.DefaultPaymentMethodID) != c.id || string(valueOf(got.DefaultPaymentMethodType)) != c.kind ||
				valueOf(got.DefaultPaymentMethodLast4Digits) != c.last4 || valueOf(got.DefaultPaymentExpirationMonth) != c.month ||
				valueOf(got.DefaultPaymentExpirationYear) != c.year || string(valueOf(got.BillingCurrency)) != c.currency {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// valueOf is what a pointer points to, or nothing.
func valueOf[T any](p *T) T {
	var value T
	if p != nil {
		value = *p
	}
	return value
}
