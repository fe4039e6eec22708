package billingsync_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
)

// information is billing information of every kind.
func information() *domain.BillingInformation {
	return &domain.BillingInformation{
		BillingAddress:  &domain.Address{Country: new("DK"), City: new(hint + " City"), PhoneNumber: new("+4512345678")},
		ShippingAddress: &domain.Address{Country: new("SE"), AddressLine1: new(hint + " Road 2")},
		Currency:        new("EUR"), Timezone: new("Europe/Copenhagen"), Language: new("da-DK"),
		TaxIDs:              []domain.TaxID{{Type: "eu_vat", Value: "DK12345678"}},
		InvoiceCustomFields: json.RawMessage(`{"` + hint + ` order": "7"}`),
		Metadata:            json.RawMessage(`{"` + hint + `": "value"}`),
	}
}

// requests of the parts, as they are sent.
const (
	create     = "POST /v1/customers"
	update     = "POST /v1/customers/*"
	listTax    = "GET /v1/customers/*/tax_ids"
	addTax     = "POST /v1/customers/*/tax_ids"
	removeTax  = "DELETE /v1/customers/*/tax_ids/*"
	attach     = "POST /v1/payment_methods/*/attach"
	setDefault = update
	findMethod = "GET /v1/payment_methods/*"
	detach     = "POST /v1/payment_methods/*/detach"
	findCoupon = "GET /v1/coupons/*"
	makeCoupon = "POST /v1/coupons"
	retrieve   = "GET /v1/customers/*"
	methods    = "GET /v1/customers/*/payment_methods"
)

// step is a change of a customer, and what follows from it.
type step struct {
	name        string
	change      func(w *world, c *domain.Customer)
	information *domain.BillingInformation
	requests    []string
	stands      string // by default SUCCESS
	there       func(c simulator.Customer) bool
}

func TestEveryPartIsPushedOnceAndOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	wholeSync := func(more ...domain.SyncPart) func(*world, *domain.Customer) {
		return func(_ *world, c *domain.Customer) { c.EnqueueFullSync(time.Now(), more...) }
	}
	wants := func(parts ...domain.SyncPart) func(*world, *domain.Customer) {
		return func(_ *world, c *domain.Customer) { c.EnqueueSync(time.Now(), parts...) }
	}
	setName := func(name *string) func(*world, *domain.Customer) {
		return func(_ *world, c *domain.Customer) { c.Name = name; c.EnqueueSync(time.Now(), domain.SyncName) }
	}
	setCoupon := func(id string, kind func(*domain.Coupon)) func(*world, *domain.Customer) {
		return func(w *world, c *domain.Customer) {
			c.CouponID = new(w.coupon(id, kind))
			c.EnqueueSync(time.Now(), domain.SyncCoupon)
		}
	}
	informed := wants(domain.SyncInformation, domain.SyncFacts)
	synced := step{name: "first", change: wholeSync(), requests: []string{create, update, retrieve, methods}}
	for name, steps := range map[string][]step{
		"a new customer is created, pushed and fetched": {{
			change: wholeSync(), requests: []string{create, update, retrieve, methods},
			there: func(c simulator.Customer) bool { return c.Name == "Ada of c" && c.Email == "c@example.com" },
		}},
		"a customer without name and email is created and fetched": {{
			change: func(_ *world, c *domain.Customer) {
				c.Name, c.Email = nil, nil
				c.EnqueueFullSync(time.Now())
			},
			requests: []string{create, retrieve, methods},
			there:    func(c simulator.Customer) bool { return c.Name == "" && c.Email == "" },
		}},
		"a name that changed is all that is pushed": {synced, {
			change: setName(new("Grace")), requests: []string{update},
			there: func(c simulator.Customer) bool { return c.Name == "Grace" && c.Email == "c@example.com" },
		}},
		"a name that was cleared is cleared there": {synced, {
			change: setName(nil), requests: []string{update},
			there: func(c simulator.Customer) bool { return c.Name == "" && c.Email == "c@example.com" },
		}},
		"an email that was cleared is cleared there": {synced, {
			change: func(_ *world, c *domain.Customer) { c.Email = nil; c.EnqueueSync(time.Now(), domain.SyncEmail) }, requests: []string{update},
			there: func(c simulator.Customer) bool { return c.Name == "Ada of c" && c.Email == "" },
		}},
		"billing information is passed on whole, and then a snapshot is taken": {{
			change: wholeSync(domain.SyncInformation), information: information(),
			requests: []string{create, update, listTax, addTax, retrieve, methods},
			there: func(c simulator.Customer) bool {
				return c.Address["city"] == hint+" City" && c.Shipping["line1"] == hint+" Road 2" && c.Shipping["name"] == "Ada of c" &&
					c.Phone == "+4512345678" && slices.Equal(c.Locales, []string{"da-DK"}) &&
					c.Metadata["clientele_currency"] == "EUR" && c.Metadata["clientele_timezone"] == "Europe/Copenhagen" && c.Metadata[hint] == "value" &&
					slices.Equal(c.CustomFields, []string{hint + " order: 7"}) && slices.Equal(c.TaxIDs, []string{"eu_vat: DK12345678"})
			},
		}},
		"tax ids become those that are given": {
			{
				name: "two", change: wholeSync(domain.SyncInformation),
				information: &domain.BillingInformation{TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: "DK12345678"}, {Type: "gb_vat", Value: "GB123456789"}}},
				requests:    []string{create, update, listTax, addTax, addTax, retrieve, methods},
			},
			{
				name: "another one", change: informed, information: &domain.BillingInformation{TaxIDs: []domain.TaxID{{Type: "gb_vat", Value: "GB123456789"}, {Type: "no_vat", Value: "123456789MVA"}}},
				requests: []string{update, listTax, addTax, removeTax, retrieve, methods},
				there: func(c simulator.Customer) bool {
					return slices.Equal(c.TaxIDs, []string{"gb_vat: GB123456789", "no_vat: 123456789MVA"})
				},
			},
			{
				name: "none given", change: informed, information: &domain.BillingInformation{Language: new("de")},
				requests: []string{update, retrieve, methods},
				there:    func(c simulator.Customer) bool { return len(c.TaxIDs) == 2 },
			},
			{
				name: "none left", change: informed, information: &domain.BillingInformation{TaxIDs: []domain.TaxID{}},
				requests: []string{update, listTax, removeTax, removeTax, retrieve, methods},
				there:    func(c simulator.Customer) bool { return len(c.TaxIDs) == 0 },
			},
		},
		"a tax id that is refused leaves the payment method to be pushed": {{
			change:      wholeSync(domain.SyncInformation),
			information: &domain.BillingInformation{TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: "!"}}, PaymentMethodID: new("pm_card_visa")},
			requests:    []string{create, update, listTax, addTax, attach, setDefault, retrieve, methods}, stands: "REFUSED",
			there: func(c simulator.Customer) bool { return c.Name == "Ada of c" && len(c.PaymentMethods) == 1 },
		}},
		"a payment method is attached in its currency": {synced, {
			change:   func(_ *world, c *domain.Customer) { c.EnqueueAttachment(time.Now(), "pm_card_visa", "EUR") },
			requests: []string{update, attach, setDefault, retrieve, methods},
			there: func(c simulator.Customer) bool {
				return c.DefaultPaymentMethod != "" && c.Metadata["clientele_currency"] == "EUR"
			},
		}},
		"which makes up for no billing information that was lost": {synced, {
			name: "lost", change: informed, requests: []string{retrieve, methods}, stands: "INFORMATION_LOST",
		}, {
			change:   func(_ *world, c *domain.Customer) { c.EnqueueAttachment(time.Now(), "pm_card_visa", "EUR") },
			requests: []string{update, attach, setDefault, retrieve, methods}, stands: "INFORMATION_LOST",
			there: func(c simulator.Customer) bool { return c.DefaultPaymentMethod != "" },
		}},
		"a payment method of billing information is the one that is charged": {{
			change: wholeSync(domain.SyncInformation), information: &domain.BillingInformation{PaymentMethodID: new("pm_card_visa")},
			requests: []string{create, update, attach, setDefault, retrieve, methods},
			there:    func(c simulator.Customer) bool { return len(c.PaymentMethods) == 1 && c.DefaultPaymentMethod != "" },
		}},
		"a payment method is attached, and detached": {
			{
				name: "attached", change: func(_ *world, c *domain.Customer) {
					c.EnqueueFullSync(time.Now())
					c.EnqueueAttachment(time.Now(), "pm_card_visa", "")
				},
				requests: []string{create, update, attach, setDefault, retrieve, methods},
				there:    func(c simulator.Customer) bool { return len(c.PaymentMethods) == 1 && c.DefaultPaymentMethod != "" },
			},
			{
				name: "detached", change: func(_ *world, c *domain.Customer) {
					method, _ := c.Facts().DefaultPaymentMethod()
					c.EnqueueDetachment(time.Now(), method.ID)
				},
				requests: []string{findMethod, detach, retrieve, methods},
				there:    func(c simulator.Customer) bool { return len(c.PaymentMethods) == 0 && c.DefaultPaymentMethod == "" },
			},
		},
		"a payment method that is refused leaves the coupon and the snapshot": {{
			change: func(w *world, c *domain.Customer) {
				c.CouponID = new(w.coupon("tenth", percentOff))
				c.EnqueueFullSync(time.Now())
				c.EnqueueAttachment(time.Now(), "pm_card_visa_chargeDeclined", "")
			},
			requests: []string{create, update, attach, findMethod, findCoupon, makeCoupon, update, retrieve, methods}, stands: "REFUSED",
			there: func(c simulator.Customer) bool { return c.Metadata["clientele_coupon"] != "" },
		}},
		"a name of billing information wins over ours, then and later": {
			{
				name: "given", change: wholeSync(domain.SyncInformation), information: &domain.BillingInformation{CustomerName: new(hint + " Company")},
				requests: []string{create, update, retrieve, methods},
				there:    func(c simulator.Customer) bool { return c.Name == hint+" Company" },
			},
			{
				name: "ours changes", change: setName(new("Grace")), requests: nil,
				there: func(c simulator.Customer) bool { return c.Name == hint+" Company" },
			},
			{
				name: "a shipping address comes", change: informed, information: &domain.BillingInformation{ShippingAddress: &domain.Address{City: new(hint)}},
				requests: []string{update, retrieve, methods},
				there:    func(c simulator.Customer) bool { return c.Name == hint+" Company" && c.Shipping["city"] == hint },
			},
			{
				name: "another is given", change: informed, information: &domain.BillingInformation{CustomerName: new(hint + " Limited")},
				requests: []string{update, retrieve, methods},
				there:    func(c simulator.Customer) bool { return c.Name == hint+" Limited" },
			},
		},
		"a name that was given and refused wins over nothing": {
			synced,
			{
				name: "refused", change: informed,
				information: &domain.BillingInformation{CustomerName: new(hint + " Company"), BillingAddress: &domain.Address{PhoneNumber: new("123456789012345678901")}},
				requests:    []string{update, retrieve, methods}, stands: "REFUSED",
				there: func(c simulator.Customer) bool { return c.Name == "Ada of c" },
			},
			{
				name: "ours changes", change: setName(new("Grace")), requests: []string{update}, stands: "INFORMATION_LOST",
				there: func(c simulator.Customer) bool { return c.Name == "Grace" },
			},
		},
		"a coupon is made there and named, replaced, and removed": {
			synced,
			{
				name: "set", change: setCoupon("tenth", percentOff), requests: []string{findCoupon, makeCoupon, update},
				there: func(c simulator.Customer) bool { return c.Metadata["clientele_coupon"] != "" && c.Name == "Ada of c" },
			},
			{
				name: "removed", change: func(_ *world, c *domain.Customer) { c.CouponID = nil; c.EnqueueSync(time.Now(), domain.SyncCoupon) },
				requests: []string{update},
				there:    func(c simulator.Customer) bool { return c.Metadata["clientele_coupon"] == "" },
			},
		},
		"a coupon that the provider has no word for leaves the rest to be pushed": {
			{
				name: "refused", change: func(w *world, c *domain.Customer) {
					c.CouponID = new(w.coupon("five", amountOffForever))
					c.EnqueueFullSync(time.Now())
				},
				requests: []string{create, update, retrieve, methods}, stands: "REFUSED",
				there: func(c simulator.Customer) bool { return c.Name == "Ada of c" && c.Metadata["clientele_coupon"] == "" },
			},
			{
				name: "the rest is still pushed", change: setName(new("Grace")), requests: []string{update}, stands: "REFUSED",
				there: func(c simulator.Customer) bool { return c.Name == "Grace" },
			},
			{
				name: "mended", change: setCoupon("tenth", percentOff), requests: []string{findCoupon, makeCoupon, update},
				there: func(c simulator.Customer) bool { return c.Metadata["clientele_coupon"] != "" },
			},
		},
		"a customer that is linked by hand is only fetched": {{
			change: func(w *world, c *domain.Customer) {
				id := w.stranger("stranger")
				_, _ = w.sim.Attach(id, "pm_card_amex")
				c.LinkTo(&id)
				c.EnqueueSync(time.Now(), domain.SyncFacts)
			},
			requests: []string{retrieve, methods},
			there:    func(c simulator.Customer) bool { return c.Name == "" && len(c.PaymentMethods) == 1 },
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) { w.walk(w.insert("c"), steps) })
		})
	}
}

// walk takes one step after the other, and each again without anything having changed.
func (w *world) walk(c *domain.Customer, steps []step) {
	w.Helper()
	server := w.server()
	for _, s := range steps {
		w.wire.sent()
		c = w.change(c, func(c *domain.Customer) { s.change(w, c) })
		<-server.Enqueue(w.Context(), c, s.information)
		if sent := w.wire.sent(); !slices.Equal(sent, s.requests) {
			w.Errorf("%s: requests\n%q, wanted\n%q", s.name, sent, s.requests)
		}
		if s.stands == "" {
			s.stands = "SUCCESS"
		}
		c = w.stands(c, s.stands)
		if there := w.there(); s.there != nil && !s.there(there) {
			w.Errorf("%s: there is %+v", s.name, there)
		}
		w.linked(c)
		w.checkFacts(c)
		if s.stands == "SUCCESS" {
			<-server.Enqueue(w.Context(), c, nil)
			if sent := w.wire.sent(); len(sent) > 0 && !slices.Equal(sent, []string{retrieve, methods}) {
				w.Errorf("%s: once more: %q", s.name, sent)
			}
		}
		// Whatever is still to come is another snapshot, in case that events of the same second say something else.
		time.Sleep(billing.RefetchAfter)
		w.due(server)
		if sent := w.wire.sent(); len(sent) > 0 && !slices.Equal(sent, []string{retrieve, methods}) && s.stands == "SUCCESS" {
			w.Errorf("%s: a moment later: %q", s.name, sent)
		}
		w.checkFacts(w.stands(c, s.stands))
		time.Sleep(time.Hour)
		w.due(server)
		if sent := w.wire.sent(); len(sent) > 0 {
			w.Errorf("%s: an hour later: %q", s.name, sent)
		}
	}
}

// linked fails the test unless the customer is linked to the one that the provider has, and to nobody is being made.
func (w *world) linked(c *domain.Customer) {
	w.Helper()
	there := w.there()
	if valueOf(c.BillingID) != there.ID || valueOf(c.BillingLinkURL) != "https://dashboard.stripe.com/test/customers/"+there.ID {
		w.Errorf("linked to %s at %s, the provider has %s", valueOf(c.BillingID), valueOf(c.BillingLinkURL), there.ID)
	}
	if c.Sync.CreatingSince != nil || c.Sync.Lease != nil {
		w.Errorf("creating since %v, leased to %v", c.Sync.CreatingSince, c.Sync.Lease)
	}
}

// checkFacts fails the test unless the customer's facts are what the provider has.
func (w *world) checkFacts(c *domain.Customer) {
	w.Helper()
	there, facts := w.there(), c.Facts()
	attached := 0
	for _, m := range facts.PaymentMethods {
		if !m.Detached {
			attached++
		}
	}
	if facts.RetrievedAt.IsZero() || facts.DefaultPaymentMethodID != there.DefaultPaymentMethod || attached != len(there.PaymentMethods) ||
		facts.Currency != there.Metadata["clientele_currency"] || facts.NeedsRefetch() {
		w.Errorf("known is %+v, there is %+v", facts, there)
	}
}

// TestTheLastOfManyAttachmentsIsKnown makes them within one second, which is all that the provider's times distinguish.
func TestTheLastOfManyAttachmentsIsKnown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		server := w.server()
		c := w.change(w.insert("c"), whole())
		<-server.Enqueue(w.Context(), c, nil)
		for i := range 10 {
			c = w.change(c, func(c *domain.Customer) {
				c.EnqueueAttachment(time.Now(), []string{"pm_card_visa", "pm_card_mastercard"}[i%2], "")
			})
			if err := server.Push(w.Context(), c); err != nil {
				t.Fatal(err)
			}
			if is, known := w.there().DefaultPaymentMethod, w.now(c).Facts().DefaultPaymentMethodID; is != known {
				t.Errorf("after %d attachments %s is charged, and %s is known", i+1, is, known)
			}
		}
	})
}

// TestWhatIsRefusedKeepsNothingElseBack refuses the email address, or what came with it.
func TestWhatIsRefusedKeepsNothingElseBack(t *testing.T) {
	t.Parallel()
	t.Run("the email address", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			c := w.change(w.insert("c", func(c *domain.Customer) { c.Email = new("nobody") }), whole(domain.SyncInformation))
			server := w.server()
			<-server.Enqueue(w.Context(), c, information())
			w.drain(c, server)
			c = w.stands(c, "REFUSED")
			if there := w.there(); there.Name != *c.Name || there.Address["city"] != hint+" City" || len(there.TaxIDs) != 1 {
				t.Errorf("there is %+v", there)
			}
			if _, pending := c.Sync.Pending[domain.SyncEmail]; !pending || len(c.Sync.Pending) > 1 || c.Sync.Failure.Param != "email" {
				t.Error(describe(c))
			}
			c = w.change(c, func(c *domain.Customer) { c.Email = new("ada@example.com") }, want(domain.SyncEmail))
			<-server.Enqueue(w.Context(), c, nil)
			w.stands(c, "SUCCESS")
		})
	})
	t.Run("billing information", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			server := billingsync.New(w.store, choosy{w.provider(w.wire)}, slog.New(slog.NewTextHandler(&w.log, nil)))
			c := w.change(w.insert("c"), whole(domain.SyncInformation))
			<-server.Enqueue(w.Context(), c, information())
			w.drain(c, server)
			c = w.stands(c, "REFUSED")
			if there := w.there(); there.Name != *c.Name || there.Email != *c.Email || there.Address != nil {
				t.Errorf("there is %+v", there)
			}
			if _, pending := c.Sync.Pending[domain.SyncInformation]; !pending || len(c.Sync.Pending) > 1 {
				t.Error(describe(c))
			}
		})
	})
}

// choosy refuses every language.
type choosy struct{ billing.Provider }

func (c choosy) UpdateCustomer(ctx context.Context, id string, update billing.CustomerUpdate) (billing.Receipt, error) {
	if update.Information.Language != nil {
		return billing.Receipt{}, &billing.ProviderError{Kind: billing.Permanent, Code: "a_code", Param: "preferred_locales"}
	}
	return c.Provider.UpdateCustomer(ctx, id, update)
}
