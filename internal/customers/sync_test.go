package customers_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"clientele/internal/customers"
	"clientele/internal/domain"
)

// provider records what is pushed, and returns what the test sets.
type provider struct {
	pushed []push
	// refusal is what Push returns.
	refusal error
	// meanwhile happens between the change and its outcome; nil is nothing.
	meanwhile func(*domain.Customer)
}

type push struct {
	customerID  string
	revision    int64
	information *domain.BillingInformation
}

func (p *provider) Enqueue(_ context.Context, customer *domain.Customer, information *domain.BillingInformation) <-chan struct{} {
	p.receive(customer, information)
	done := make(chan struct{})
	close(done)
	return done
}

func (p *provider) Push(_ context.Context, customer *domain.Customer) error {
	p.receive(customer, nil)
	return p.refusal
}

func (p *provider) receive(customer *domain.Customer, information *domain.BillingInformation) {
	p.pushed = append(p.pushed, push{customer.CustomerID, customer.Sync.Revision, information})
	if p.meanwhile != nil {
		p.meanwhile(customer)
	}
}

// startBilled is start with a billing provider.
func startBilled(t testing.TB) (*fixture, *provider) {
	t.Helper()
	f, p := start(t), &provider{}
	f.Service = customers.New(f.store, checkBilling, append(f.options(), customers.WithSync(p), customers.WithIntegration(domain.Integration{ID: "biller", Vendor: "BILLER"}))...)
	return f, p
}

// put stores a customer in place of the one that is there, as the sync does.
func (f *fixture) put(t testing.TB, id string, change func(*domain.Customer)) {
	t.Helper()
	customer := f.stored(t, "production", id)
	change(customer)
	customer.Version++
	if err := f.store.ReplaceCustomer(t.Context(), customer); err != nil {
		t.Fatal(err)
	}
}

// inSync makes a customer one that the provider knows all of.
func inSync(c *domain.Customer) {
	c.LinkTo(new("cus_1"))
	c.EnqueueFullSync(noon)
	clear(c.Sync.Pending)
	c.Sync.Succeed(noon)
}

// linked links a customer as a server without a provider does, which pushes nothing.
func linked(c *domain.Customer) {
	c.Email = new("ada@example.com")
	c.LinkTo(new("cus_2"))
}

func parts(c *domain.Customer) []domain.SyncPart {
	if c.Sync == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(c.Sync.Pending))
}

// TestWhatIsPushed makes each change of a customer and looks at what is written with it.
func TestWhatIsPushed(t *testing.T) {
	t.Parallel()
	const (
		name, email, coupon = domain.SyncName, domain.SyncEmail, domain.SyncCoupon
		information, facts  = domain.SyncInformation, domain.SyncFacts
		attachment          = domain.SyncAttachment
	)
	named := customers.Details{Name: domain.SetTo("Ada"), Email: domain.SetTo("ada@example.com")}
	informed := customers.Details{BillingInformation: &domain.BillingInformation{Timezone: new("Europe/Berlin")}}
	update := func(details customers.Details) func(*testing.T, *fixture) error {
		return func(t *testing.T, f *fixture) error {
			_, err := f.Update(t.Context(), full, customers.Update{Identity: by("ada"), Details: details})
			return err
		}
	}
	provision := func(input customers.Provision) func(*testing.T, *fixture) error {
		return func(t *testing.T, f *fixture) error {
			input.Identity = by("ada")
			_, err := f.Provision(t.Context(), full, input)
			return err
		}
	}
	row := func(row customers.ImportRow) func(*testing.T, *fixture) error {
		return func(t *testing.T, f *fixture) error {
			row.Identity = by("ada")
			_, err := f.Import(t.Context(), full, row)
			return err
		}
	}
	bulk := func(row customers.ImportRow) func(*testing.T, *fixture) error {
		return func(t *testing.T, f *fixture) error {
			row.Identity = by("ada")
			_, err := f.ImportBulk(t.Context(), full, nil, new("biller"), []customers.ImportRow{row})
			return err
		}
	}
	for name, c := range map[string]struct {
		// before is what the stored customer is; nil is none.
		before func(*domain.Customer)
		do     func(*testing.T, *fixture) error
		want   []domain.SyncPart
		// informed is whether the provider gets billing information.
		informed bool
	}{
		"a free customer is none of its business": {do: provision(customers.Provision{Details: named})},
		"unless that is wanted":                   {do: provision(customers.Provision{Details: named, SyncFree: true}), want: []domain.SyncPart{name, email, facts}},
		"a new one with billing information": {
			do:   provision(customers.Provision{Details: customers.Details{Name: domain.SetTo("Ada"), BillingInformation: informed.BillingInformation}}),
			want: []domain.SyncPart{name, information, facts}, informed: true,
		},
		"a new one that the provider has": {
			do:   provision(customers.Provision{Details: customers.Details{BillingID: domain.SetTo("cus_2")}}),
			want: []domain.SyncPart{coupon, facts},
		},
		"a paid subscription": {
			do: func(t *testing.T, f *fixture) error {
				f.offer(t, 1)
				input := subscribing("ada", "sub")
				_, err := f.Provision(t.Context(), full, input)
				return err
			},
			want: []domain.SyncPart{facts},
		},
		"a change of one that it does not know": {before: func(*domain.Customer) {}, do: update(named)},
		"billing information of one that it does not know": {
			before: func(c *domain.Customer) { c.Email = new("old@example.com") }, do: update(informed),
			want: []domain.SyncPart{email, information, facts}, informed: true,
		},
		"a change of one that it knows":       {before: inSync, do: update(named), want: []domain.SyncPart{name, email}},
		"a value that is cleared":             {before: func(c *domain.Customer) { c.Name = new("Ada"); inSync(c) }, do: update(customers.Details{Name: domain.Cleared[string]()}), want: []domain.SyncPart{name}},
		"a value that stays":                  {before: func(c *domain.Customer) { c.Name = new("Ada"); inSync(c) }, do: update(customers.Details{Name: domain.SetTo("Ada")})},
		"what it need not know":               {before: inSync, do: update(customers.Details{CRMID: domain.SetTo("crm"), Metadata: metadata(`{"a": 1}`)})},
		"billing information of one it knows": {before: inSync, do: update(informed), want: []domain.SyncPart{information, facts}, informed: true},
		"another of its customers":            {before: func(c *domain.Customer) { c.Name = new("Ada"); inSync(c) }, do: update(customers.Details{BillingID: domain.SetTo("cus_2")}), want: []domain.SyncPart{name, coupon, facts}},
		"none of its customers any more":      {before: inSync, do: update(customers.Details{BillingID: domain.Cleared[string]()})},
		"a change of one that was linked without a provider": {
			before: linked, do: update(customers.Details{Name: domain.SetTo("Ada")}),
			want: []domain.SyncPart{name, email, coupon, facts},
		},
		"a change of one that was relinked without a provider": {
			before: func(c *domain.Customer) { inSync(c); linked(c) }, do: update(customers.Details{Name: domain.SetTo("Ada")}),
			want: []domain.SyncPart{name, email, coupon, facts},
		},
		"billing information of one that was linked without a provider": {
			before: linked, do: update(informed), want: []domain.SyncPart{email, coupon, information, facts}, informed: true,
		},
		"an attachment to one that was linked without a provider": {
			before: linked,
			do: func(t *testing.T, f *fixture) error {
				_, err := f.AttachPaymentMethod(t.Context(), full, customers.PaymentMethod{Identity: by("ada"), PaymentMethodID: "pm_1", Vendor: "BILLER"})
				return err
			},
			want: []domain.SyncPart{email, coupon, attachment, facts},
		},
		"a row with a payment method of one that was linked without a provider": {
			before: linked, do: row(customers.ImportRow{PaymentMethodID: new("pm_1")}), want: []domain.SyncPart{email, coupon, attachment, facts},
		},
		"a detachment from one that was linked without a provider": {
			before: func(c *domain.Customer) {
				linked(c)
				c.BillingFacts = &domain.BillingFacts{DefaultPaymentMethodID: "pm_1"}
			},
			do: func(t *testing.T, f *fixture) error {
				_, err := f.DetachPaymentMethod(t.Context(), full, by("ada"))
				return err
			},
			want: []domain.SyncPart{email, coupon, domain.SyncDetachment, facts},
		},
		"its coupon": {
			before: inSync,
			do: func(t *testing.T, f *fixture) error {
				f.offer(t, 1)
				_, err := f.SetCoupon(t.Context(), full, "ada", "coupon")
				return err
			},
			want: []domain.SyncPart{coupon},
		},
		"a row that the provider knows": {do: row(customers.ImportRow{Details: customers.Details{BillingID: domain.SetTo("cus_2")}}), want: []domain.SyncPart{coupon, facts}},
		"a row with a payment method":   {do: row(customers.ImportRow{Details: named, PaymentMethodID: new("pm_1")}), want: []domain.SyncPart{attachment, email, facts, name}},
		"a row of one with that method": {
			before: func(c *domain.Customer) {
				inSync(c)
				c.RecordFacts(noon, domain.BillingFacts{DefaultPaymentMethodID: "pm_1", PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1"}}})
			},
			do: row(customers.ImportRow{PaymentMethodID: new("pm_1")}),
		},
		"rows":                    {before: inSync, do: bulk(customers.ImportRow{Details: named}), want: []domain.SyncPart{name, email}},
		"rows with other methods": {before: inSync, do: bulk(customers.ImportRow{PaymentMethodID: new("pm_2")}), want: []domain.SyncPart{attachment, facts}},
		"an attachment": {
			before: func(c *domain.Customer) { c.Name = new("Ada") },
			do: func(t *testing.T, f *fixture) error {
				_, err := f.AttachPaymentMethod(t.Context(), full, customers.PaymentMethod{Identity: by("ada"), PaymentMethodID: "pm_1", Vendor: "BILLER"})
				return err
			},
			want: []domain.SyncPart{attachment, facts, name},
		},
		"an attachment with a currency": {
			before: inSync,
			do: func(t *testing.T, f *fixture) error {
				_, err := f.AttachPaymentMethod(t.Context(), full, customers.PaymentMethod{
					Identity: by("ada"), PaymentMethodID: "pm_1", Vendor: "BILLER", Currency: "EUR", IntegrationID: new("biller"),
				})
				return err
			},
			want: []domain.SyncPart{attachment, facts},
		},
		"a detachment": {
			before: func(c *domain.Customer) {
				inSync(c)
				c.BillingFacts = &domain.BillingFacts{DefaultPaymentMethodID: "pm_1"}
			},
			do: func(t *testing.T, f *fixture) error {
				_, err := f.DetachPaymentMethod(t.Context(), full, by("ada"))
				return err
			},
			want: []domain.SyncPart{domain.SyncDetachment, facts},
		},
		"a detachment of one that is and one that waits": {
			before: func(c *domain.Customer) {
				inSync(c)
				c.BillingFacts = &domain.BillingFacts{DefaultPaymentMethodID: "pm_1"}
				c.EnqueueAttachment(noon, "pm_2", "")
			},
			do: func(t *testing.T, f *fixture) error {
				_, err := f.DetachPaymentMethod(t.Context(), full, by("ada"))
				return err
			},
			want: []domain.SyncPart{domain.SyncDetachment, facts},
		},
		"a detachment of one that waits": {
			before: func(c *domain.Customer) { c.EnqueueFullSync(noon); c.EnqueueAttachment(noon, "pm_2", "") },
			do: func(t *testing.T, f *fixture) error {
				_, err := f.DetachPaymentMethod(t.Context(), full, by("ada"))
				return err
			},
			want: []domain.SyncPart{facts},
		},
		"all of it again": {
			before: func(c *domain.Customer) { c.Name, c.CouponID = new("Ada"), new("ten"); inSync(c) },
			do: func(t *testing.T, f *fixture) error {
				_, err := f.Resync(t.Context(), full, by("ada"), false)
				return err
			},
			want: []domain.SyncPart{coupon, facts, name},
		},
		"an archived customer": {
			before: func(c *domain.Customer) { inSync(c); c.EnqueueSync(noon, name) },
			do:     func(t *testing.T, f *fixture) error { f.archive(t, full, "ada"); return nil },
		},
		"one that comes back": {
			before: func(c *domain.Customer) { inSync(c); c.Archive(noon) },
			do: func(t *testing.T, f *fixture) error {
				_, err := f.Unarchive(t.Context(), full, by("ada"))
				return err
			},
		},
		"one that comes back and was unlinked by hand": {
			before: func(c *domain.Customer) { inSync(c); c.LinkTo(nil); c.Archive(noon) },
			do: func(t *testing.T, f *fixture) error {
				_, err := f.Unarchive(t.Context(), full, by("ada"))
				return err
			},
		},
		"one that comes back and was made there, but never fully pushed": {
			before: func(c *domain.Customer) {
				c.BillingID = new("cus_1")
				c.EnqueueSync(noon, domain.SyncEmail)
				c.Archive(noon)
			},
			do: func(t *testing.T, f *fixture) error {
				_, err := f.Unarchive(t.Context(), full, by("ada"))
				return err
			},
			want: []domain.SyncPart{coupon, facts},
		},
		"one that comes back and was not made there": {
			before: func(c *domain.Customer) { c.EnqueueFullSync(noon); c.Archive(noon) },
			do: func(t *testing.T, f *fixture) error {
				_, err := f.Unarchive(t.Context(), full, by("ada"))
				return err
			},
			want: []domain.SyncPart{facts},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, p := startBilled(t)
			if c.before != nil {
				if _, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")}); err != nil {
					t.Fatal(err)
				}
				f.put(t, "ada", c.before)
			}
			if err := c.do(t, f); err != nil {
				t.Fatal(err)
			}
			stored := f.stored(t, "production", "ada")
			slices.Sort(c.want)
			if got := parts(stored); !slices.Equal(got, c.want) {
				t.Fatalf("%v is pending, want %v", got, c.want)
			}
			if len(c.want) == 0 {
				if len(p.pushed) > 0 {
					t.Fatalf("the provider was sent: %v", p.pushed)
				}
				return
			}
			if len(p.pushed) != 1 || p.pushed[0].customerID != "ada" || p.pushed[0].revision != stored.Sync.Revision || (p.pushed[0].information != nil) != c.informed {
				t.Errorf("the provider was sent %+v of revision %d", p.pushed, stored.Sync.Revision)
			}
			if want := f.at.Add(domain.SyncPickUpAfter); stored.Sync.DueAt == nil || !stored.Sync.DueAt.Equal(want) {
				t.Errorf("it is due at %v, want %s", stored.Sync.DueAt, want)
			}
		})
	}
}

// TestTheNewestRowSaysWhichPaymentMethodIsCharged imports rows for a customer who is charged with pm_1.
func TestTheNewestRowSaysWhichPaymentMethodIsCharged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		// before is what is wanted of the provider already.
		before func(*domain.Customer)
		row    string
		// attach and detach wait for the provider after the row; unchanged is whether they did before.
		attach, detach string
		unchanged      bool
	}{
		"the one that is charged":                {row: "pm_1", unchanged: true},
		"another":                                {row: "pm_2", attach: "pm_2"},
		"the one that another is to replace":     {before: func(c *domain.Customer) { c.EnqueueAttachment(noon, "pm_2", "") }, row: "pm_1", attach: "pm_1"},
		"the one that is to be detached":         {before: func(c *domain.Customer) { c.EnqueueDetachment(noon, "pm_1") }, row: "pm_1", attach: "pm_1"},
		"the one that is charged, another to go": {before: func(c *domain.Customer) { c.EnqueueDetachment(noon, "pm_0") }, row: "pm_1", detach: "pm_0", unchanged: true},
		"the one that is to be attached":         {before: func(c *domain.Customer) { c.EnqueueAttachment(noon, "pm_2", "EUR") }, row: "pm_2", attach: "pm_2", unchanged: true},
		"the one that was refused": {before: func(c *domain.Customer) {
			c.EnqueueAttachment(noon, "pm_2", "")
			c.Sync.Fail(domain.SyncFailure{Kind: domain.SyncRefused}, nil)
		}, row: "pm_2", attach: "pm_2"},
		"a third in place of the one to be attached": {before: func(c *domain.Customer) { c.EnqueueAttachment(noon, "pm_2", "") }, row: "pm_3", attach: "pm_3"},
		"the one to be detached for another":         {before: func(c *domain.Customer) { c.EnqueueDetachment(noon, "pm_1"); c.EnqueueAttachment(noon, "pm_2", "") }, row: "pm_1", attach: "pm_1"},
	} {
		for how, run := range importers {
			t.Run(how+", "+name, func(t *testing.T) {
				t.Parallel()
				f, p := startBilled(t)
				f.provision(t, full, "ada")
				f.put(t, "ada", func(stored *domain.Customer) {
					inSync(stored)
					stored.RecordFacts(noon, domain.BillingFacts{DefaultPaymentMethodID: "pm_1", PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1"}}})
					if c.before != nil {
						c.before(stored)
					}
				})
				p.pushed = nil
				do := func() {
					if err := run(t, f, customers.ImportRow{Identity: by("ada"), PaymentMethodID: &c.row}); err != nil {
						t.Fatal(err)
					}
				}
				if c.unchanged {
					f.requireNothingWritten(t, do)
				} else {
					do()
				}
				if got := f.stored(t, "production", "ada").Sync; got.AttachmentID != c.attach || got.DetachmentID != c.detach {
					t.Errorf("%q is to be attached and %q detached, want %q and %q", got.AttachmentID, got.DetachmentID, c.attach, c.detach)
				}
				if (len(p.pushed) == 0) != c.unchanged {
					t.Errorf("the provider was sent %v", p.pushed)
				}
			})
		}
	}
}

func TestWithoutAProviderNothingIsPushed(t *testing.T) {
	t.Parallel()
	f := start(t)
	details := filled()
	details.BillingInformation = &domain.BillingInformation{Currency: new("EUR"), IntegrationID: new("another")}
	customer, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada"), Details: details, SyncFree: true})
	if err != nil {
		t.Fatal(err)
	}
	if customer.Sync != nil || customer.SyncStatus() != domain.SyncNotRequired {
		t.Errorf("got %+v", customer.Sync)
	}
	attach := func() error {
		_, err := f.AttachPaymentMethod(t.Context(), full, customers.PaymentMethod{Identity: by("ada"), PaymentMethodID: "pm", Vendor: "BILLER"})
		return err
	}
	for name, c := range map[string]struct {
		do    func() error
		field string
	}{
		"attach": {attach, "vendorIdentifier"},
		"detach": {func() error { _, err := f.DetachPaymentMethod(t.Context(), full, by("ada")); return err }, "customerId"},
		"resync": {func() error { _, err := f.Resync(t.Context(), full, by("ada"), true); return err }, "customerId"},
		"import": {func() error {
			_, err := f.Import(t.Context(), full, customers.ImportRow{Identity: by("ada"), PaymentMethodID: new("pm")})
			return err
		}, "paymentMethodId"},
		"bulk import": {func() error { _, err := f.ImportBulk(t.Context(), full, nil, new("biller"), nil); return err }, "integrationId"},
	} {
		t.Run(name, func(t *testing.T) {
			f.requireNothingWritten(t, func() { requireFieldRefusal(t, c.do(), domain.IntegrationNotFound, c.field) })
		})
	}
}

func TestBillingRefusals(t *testing.T) {
	t.Parallel()
	attach := func(change func(*customers.PaymentMethod)) func(*testing.T, *fixture) error {
		return func(t *testing.T, f *fixture) error {
			input := customers.PaymentMethod{Identity: by("ada"), PaymentMethodID: "pm_1", Vendor: "BILLER"}
			change(&input)
			_, err := f.AttachPaymentMethod(t.Context(), full, input)
			return err
		}
	}
	detach := func(t *testing.T, f *fixture) error {
		_, err := f.DetachPaymentMethod(t.Context(), full, by("ada"))
		return err
	}
	for name, c := range map[string]struct {
		before func(*domain.Customer)
		do     func(*testing.T, *fixture) error
		kind   domain.Kind
		field  string
	}{
		"an empty payment method": {do: attach(func(p *customers.PaymentMethod) { p.PaymentMethodID = "" }), kind: domain.BadUserInput, field: "paymentMethodId"},
		"another vendor":          {do: attach(func(p *customers.PaymentMethod) { p.Vendor = "ZUORA" }), kind: domain.IntegrationNotFound, field: "vendorIdentifier"},
		"another integration":     {do: attach(func(p *customers.PaymentMethod) { p.IntegrationID = new("mine") }), kind: domain.IntegrationNotFound, field: "integrationId"},
		"another integration's information": {
			do: func(t *testing.T, f *fixture) error {
				_, err := f.Update(t.Context(), full, customers.Update{Identity: by("ada"), Details: customers.Details{
					BillingInformation: &domain.BillingInformation{IntegrationID: new("mine")},
				}})
				return err
			},
			kind: domain.IntegrationNotFound, field: "billingInformation.integrationId",
		},
		"another integration's rows": {
			do: func(t *testing.T, f *fixture) error {
				_, err := f.ImportBulk(t.Context(), full, nil, new("mine"), nil)
				return err
			},
			kind: domain.IntegrationNotFound, field: "integrationId",
		},
		"detaching what is not there": {do: detach, kind: domain.NoBillingID, field: "customerId"},
		"detaching nothing":           {before: inSync, do: detach, kind: domain.PaymentMethodNotFound, field: "customerId"},
		"a row with no payment method": {do: func(t *testing.T, f *fixture) error {
			_, err := f.Import(t.Context(), full, customers.ImportRow{Identity: by("ada"), PaymentMethodID: new(" ")})
			return err
		}, kind: domain.BadUserInput, field: "paymentMethodId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, p := startBilled(t)
			if _, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")}); err != nil {
				t.Fatal(err)
			}
			if c.before != nil {
				f.put(t, "ada", c.before)
			}
			f.requireNothingWritten(t, func() { requireFieldRefusal(t, c.do(t, f), c.kind, c.field) })
			if len(p.pushed) > 0 {
				t.Errorf("the provider was sent %v", p.pushed)
			}
		})
	}
}

func TestTheProvidersRefusalIsReturned(t *testing.T) {
	t.Parallel()
	f, p := startBilled(t)
	f.provision(t, full, "ada")
	p.refusal = domain.FieldErrorf(domain.PaymentMethodNotFound, "paymentMethodId", "is not there")
	_, err := f.AttachPaymentMethod(t.Context(), full, customers.PaymentMethod{Identity: by("ada"), PaymentMethodID: "pm_1", Vendor: "BILLER"})
	if !errors.Is(err, p.refusal) {
		t.Errorf("got %v", err)
	}
}

// TestWaiting is about when the outcome is in the response.
func TestWaiting(t *testing.T) {
	t.Parallel()
	f, p := startBilled(t)
	f.provision(t, full, "ada")
	p.meanwhile = func(pushed *domain.Customer) { f.put(t, pushed.CustomerID, inSync) }
	update := func(name string, wait bool) *domain.Customer {
		customer, err := f.Update(t.Context(), full, customers.Update{
			Identity: by("ada"), Details: customers.Details{Name: domain.SetTo(name)}, WaitSync: wait,
		})
		if err != nil {
			t.Fatal(err)
		}
		return customer
	}
	if got := update("A", false); got.SyncStatus() != domain.SyncPending {
		t.Errorf("at once: %s", got.SyncStatus())
	}
	if got := update("B", true); got.SyncStatus() != domain.SyncSuccess || *got.Name != "B" {
		t.Errorf("after waiting: %s", got.SyncStatus())
	}
}

// TestAPaidSubscriptionBeginsWithItsPaymentMethod asks for a plan that is paid, with a payment method that the provider
// takes, and with one that it refuses.
func TestAPaidSubscriptionBeginsWithItsPaymentMethod(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes bool
		want  domain.SubscriptionStatus
	}{"taken": {true, domain.Active}, "refused": {false, domain.PaymentPending}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, p := startBilled(t)
			f.offer(t, 1)
			p.meanwhile = func(pushed *domain.Customer) {
				if c.takes {
					f.put(t, pushed.CustomerID, func(stored *domain.Customer) {
						stored.RecordFacts(noon, domain.BillingFacts{PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm_1"}}})
					})
				}
			}
			input := subscribing("ada", "sub")
			input.BillingInformation = &domain.BillingInformation{PaymentMethodID: new("pm_1")}
			got, err := f.Service.Provision(t.Context(), full, input)
			if err != nil {
				t.Fatal(err)
			}
			if status := got.Subscription.Status(noon); status != c.want || got.Customer.Subscriptions[0].Status(noon) != c.want {
				t.Errorf("the status is %s, want %s", status, c.want)
			}
		})
	}
}

// TestTheSyncIsNoEdit lets a sync write between a read and an update that is meant for what was read.
func TestTheSyncIsNoEdit(t *testing.T) {
	t.Parallel()
	f, _ := startBilled(t)
	read := f.provision(t, full, "ada")
	version := read.EditVersion()
	for range 3 {
		f.put(t, "ada", func(c *domain.Customer) { c.Sync.Writes++ })
	}
	if _, err := f.AttachPaymentMethod(t.Context(), full, customers.PaymentMethod{Identity: by("ada"), PaymentMethodID: "pm_1", Vendor: "BILLER"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Resync(t.Context(), full, by("ada"), false); err != nil {
		t.Fatal(err)
	}
	got, err := f.Update(t.Context(), full, customers.Update{
		Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("A")}, IfVersion: &version,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.EditVersion() != version+1 {
		t.Errorf("the version went from %d to %d", version, got.EditVersion())
	}
	_, err = f.Archive(t.Context(), full, by("ada"), &version)
	requireRefusal(t, err, domain.VersionMismatch, map[string]any{"field": "ifVersion", "currentVersion": version + 1})
}

// TestAnotherLinkClearsTheFacts of the one before, with or without a provider.
func TestAnotherLinkClearsTheFacts(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	f.put(t, "ada", func(c *domain.Customer) {
		c.BillingFacts, c.BillingLinkURL = &domain.BillingFacts{Currency: "EUR"}, new("https://example.com")
	})
	if _, err := f.Update(t.Context(), full, customers.Update{Identity: by("ada"), Details: customers.Details{BillingID: domain.SetTo("cus_2")}}); err != nil {
		t.Fatal(err)
	}
	got := f.stored(t, "production", "ada")
	if !reflect.DeepEqual(got.Facts(), domain.BillingFacts{}) || got.BillingLinkURL != nil || *got.BillingID != "cus_2" {
		t.Errorf("got %s with %+v", show(got), got.Facts())
	}
}
