// Package billingtest is the suite that every billing provider passes: the sentences of billing.Provider as
// tests. It must not know any one provider.
package billingtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/taxid"
	"clientele/internal/domain"
)

// Account is a provider with nobody in it yet, and what can be done to it behind the program's back.
type Account struct {
	billing.Provider
	// Customers is how many customers there are at the provider, and how many coupons.
	Customers func() int
	// Delete deletes a customer at the provider.
	Delete func(customerID string)
	// Fail makes the next request fail that matches, and Recover ends all failures that did not happen yet. Fail is nil
	// for a provider without a network; its cases are skipped.
	Fail    func(Failure)
	Recover func()
	// Events are all that the provider has sent, with signatures that are right.
	Events func() []SignedEvent
	// PaymentMethod, OtherPaymentMethod and RefusedPaymentMethod can be attached any number of times; Last4 is
	// what the first of them shows.
	PaymentMethod, OtherPaymentMethod, RefusedPaymentMethod string
	Last4                                                   string
}

// SignedEvent is an event as it is received.
type SignedEvent struct {
	Payload   []byte
	Signature string
}

// Failure is a way in which a request fails.
type Failure int

// The failures.
const (
	// AnswerLost: the request is carried out, and its response never comes.
	AnswerLost Failure = iota
	// TimedOut: the same, after a long wait.
	TimedOut
	// Busy: nothing is done, because another request is at work.
	Busy
	// RateLimited: nothing is done, and the provider asks for 7 seconds of rest.
	RateLimited
	// Broken: the provider fails, and the request's key returns that failure from then on.
	Broken
	// Unreachable: nothing is done, and nobody knows.
	Unreachable
)

func (f Failure) String() string {
	return [...]string{"response lost", "timed out", "busy", "rate limited", "broken", "unreachable"}[f]
}

// Rules are those of a provider whose account is live.
func Rules() billing.Rules {
	return billing.Rules{
		MaxPhoneLength: 20, MaxTaxIDs: 5, MaxCustomFields: 4, MaxCustomFieldKeyLength: 40, MaxCustomFieldValueLength: 140,
		MaxMetadataKeys: 44, MaxMetadataKeyLength: 40, MaxMetadataValueLength: 500, SameTaxID: taxid.Same,
		CheckTaxID: func(taxType, value string) error { return taxid.Validate(taxType, value, taxid.Live) },
	}
}

// NewCustomer is a customer whom nobody had before.
func NewCustomer() billing.NewCustomer {
	n := rand.Uint64()
	return billing.NewCustomer{
		Ref: domain.CustomerRef{EnvironmentID: "production", CustomerID: fmt.Sprintf("customer-%d", n)},
		ID:  fmt.Sprintf("11111111-2222-4333-8444-%012x", n%(1<<48)),
	}
}

// Update gives everything that an update can give. Its texts are found in no error.
func Update(customer billing.NewCustomer) billing.CustomerUpdate {
	return billing.CustomerUpdate{
		Ref: customer.Ref, ID: customer.ID,
		Name: new("Secret Name"), Email: new("secret@example.com"),
		Information: domain.BillingInformation{
			BillingAddress: &domain.Address{
				Country: new("DK"), State: new("Secret State"), AddressLine1: new("Secret Street 1"),
				AddressLine2: new("Secret Floor"), City: new("Secret City"), PostalCode: new("2100"),
				PhoneNumber: new("+4512345678"),
			},
			ShippingAddress:     &domain.Address{Country: new("SE"), AddressLine1: new("Secret Road 2")},
			Currency:            new("EUR"),
			InvoiceCustomFields: json.RawMessage(`{"Secret Order": "Secret 7", "Cost centre": "Secret 8"}`),
			Timezone:            new("Europe/Copenhagen"),
			Language:            new("da-DK"),
			CustomerName:        new("Secret Company"),
			Metadata:            json.RawMessage(`{"secret key": "secret value", "n": {"deep": [1, true]}, "gone": null}`),
		},
	}
}

// Coupons are one of each kind.
func Coupons(customer billing.NewCustomer) []*billing.Coupon {
	percent, months := domain.Decimal("12.5"), 3
	return []*billing.Coupon{
		{Ref: customer.Ref, Definition: domain.Coupon{
			Record: domain.Record{RefID: "coupon-percent"}, Name: "An eighth off", PercentOff: &percent,
		}},
		{Ref: customer.Ref, Definition: domain.Coupon{
			Record: domain.Record{RefID: "coupon-amount"}, Name: strings.Repeat("A long name ", 10), DurationInMonths: &months,
			AmountsOff: []domain.Money{{Amount: "5.5", Currency: "USD"}, {Amount: "500", Currency: "JPY"}},
		}},
	}
}

// Accepts calls every method with everything it takes, and is passed by a provider that keeps nothing too.
func Accepts(t *testing.T, p billing.Provider, paymentMethodID string) {
	ctx := t.Context()
	customer := NewCustomer()
	created, err := p.CreateCustomer(ctx, customer)
	if err != nil || created.CustomerID == "" || created.LinkURL == "" || created.RequestID == "" {
		t.Fatalf("create: %+v, %v", created, err)
	}
	id := created.CustomerID
	steps := []struct {
		name string
		call func() (billing.Receipt, error)
	}{
		{"update everything", func() (billing.Receipt, error) { return p.UpdateCustomer(ctx, id, Update(customer)) }},
		{"clear everything", func() (billing.Receipt, error) {
			return p.UpdateCustomer(ctx, id, billing.CustomerUpdate{
				Ref: customer.Ref, ID: customer.ID, Name: new(""), Email: new(""),
				Information: domain.BillingInformation{
					BillingAddress: &domain.Address{}, ShippingAddress: &domain.Address{City: new("")},
					InvoiceCustomFields: json.RawMessage(`{}`),
				},
			})
		}},
		{"set tax ids", func() (billing.Receipt, error) {
			return p.SetTaxIDs(ctx, id, []domain.TaxID{{Type: "eu_vat", Value: "DK12345674"}, {Type: "us_ein", Value: "12-3456789"}})
		}},
		{"attach", func() (billing.Receipt, error) { return p.AttachPaymentMethod(ctx, id, paymentMethodID) }},
		{"set a coupon", func() (billing.Receipt, error) { return p.SetCoupon(ctx, id, Coupons(customer)[0]) }},
		{"set another", func() (billing.Receipt, error) { return p.SetCoupon(ctx, id, Coupons(customer)[1]) }},
		{"remove the coupon", func() (billing.Receipt, error) { return p.SetCoupon(ctx, id, nil) }},
		{"retrieve", func() (billing.Receipt, error) {
			snapshot, err := p.RetrieveCustomer(ctx, id)
			return snapshot.Receipt, err
		}},
	}
	for _, step := range steps {
		if done, err := step.call(); err != nil || done.RequestID == "" {
			t.Errorf("%s: %+v, %v", step.name, done, err)
		}
	}
	if _, err := p.DetachPaymentMethod(ctx, id, paymentMethodID); err != nil {
		t.Errorf("detach: %v", err)
	}
}

// Run runs the suite. open returns a new account each time.
func Run(t *testing.T, open func(t *testing.T) Account) {
	cases := map[string]func(*testing.T, Account){
		"every call is accepted":                        func(t *testing.T, a Account) { Accepts(t, a, a.PaymentMethod) },
		"a creation can be repeated":                    creationCanBeRepeated,
		"a creation finds out what became of it":        creationFindsOut,
		"a spent key is replaced":                       spentKey,
		"what is given is changed and nothing else":     updates,
		"tax ids become those given":                    taxIDs,
		"an attached payment method is charged":         attachment,
		"a detached payment method is gone for good":    detachment,
		"coupons are made once":                         coupons,
		"a customer that was deleted":                   deleted,
		"a customer that never was":                     unknown,
		"failures say what to do":                       failures,
		"errors hold nothing that was sent":             discretion,
		"events lead to what a snapshot shows":          events,
		"only what the provider has signed is an event": signatures,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func create(t *testing.T, a Account) (string, billing.NewCustomer) {
	t.Helper()
	customer := NewCustomer()
	created, err := a.CreateCustomer(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	return created.CustomerID, customer
}

func retrieve(t *testing.T, a Account, id string) billing.Snapshot {
	t.Helper()
	snapshot, err := a.RetrieveCustomer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if snapshot.CustomerID != id || snapshot.RequestID == "" || snapshot.LinkURL == "" || snapshot.At.IsZero() ||
		snapshot.RespondedAt.Before(snapshot.At) || snapshot.RespondedAt.After(time.Now()) {
		t.Errorf("snapshot %+v of %s", snapshot, id)
	}
	return snapshot
}

func must(t *testing.T) func(billing.Receipt, error) billing.Receipt {
	return func(r billing.Receipt, err error) billing.Receipt {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func wantKind(t *testing.T, what string, err error, kind billing.ErrorKind) {
	t.Helper()
	failure, is := errors.AsType[*billing.ProviderError](err)
	if !is || failure.Kind != kind || failure.Code == "" {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func creationCanBeRepeated(t *testing.T, a Account) {
	customer := NewCustomer()
	first, err := a.CreateCustomer(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := a.CreateCustomer(t.Context(), customer)
		if err != nil || again.CustomerID != first.CustomerID {
			t.Fatalf("again: %+v, %v, want %s", again, err, first.CustomerID)
		}
	}
	another := NewCustomer()
	another.Ref.CustomerID = customer.Ref.CustomerID // in another environment, say
	another.Ref.EnvironmentID = "staging"
	if other, err := a.CreateCustomer(t.Context(), another); err != nil || other.CustomerID == first.CustomerID {
		t.Errorf("another customer: %+v, %v", other, err)
	}
	if got := a.Customers(); got != 2 {
		t.Errorf("%d customers, want 2", got)
	}
	if p := retrieve(t, a, first.CustomerID); p.Deleted || len(p.PaymentMethods) > 0 || p.Customer != (billing.CustomerFacts{}) {
		t.Errorf("a new customer is %+v", p)
	}
}

func needsFailures(t *testing.T, a Account) {
	t.Helper()
	if a.Fail == nil {
		t.Skip("the provider has no network that fails")
	}
}

func creationFindsOut(t *testing.T, a Account) {
	needsFailures(t, a)
	for i, failure := range []Failure{AnswerLost, TimedOut, Busy, RateLimited, Unreachable} {
		customer := NewCustomer()
		a.Fail(failure)
		if _, err := a.CreateCustomer(t.Context(), customer); err == nil {
			t.Fatalf("%s: no error", failure)
		}
		created, err := a.CreateCustomer(t.Context(), customer)
		if err != nil {
			t.Fatalf("after %s: %v", failure, err)
		}
		if got := a.Customers(); got != i+1 {
			t.Fatalf("after %s: %d customers, want %d", failure, got, i+1)
		}
		if p := retrieve(t, a, created.CustomerID); p.Deleted {
			t.Errorf("after %s: deleted", failure)
		}
	}
}

func spentKey(t *testing.T, a Account) {
	needsFailures(t, a)
	customer := NewCustomer()
	a.Fail(Broken)
	_, err := a.CreateCustomer(t.Context(), customer)
	wantKind(t, "broken", err, billing.UnknownOutcome)
	for range 2 {
		_, err = a.CreateCustomer(t.Context(), customer)
		wantKind(t, "again", err, billing.KeySpent)
	}
	customer.Generation++
	if _, err = a.CreateCustomer(t.Context(), customer); err != nil {
		t.Errorf("the next generation: %v", err)
	}
	if got := a.Customers(); got != 1 {
		t.Errorf("%d customers, want 1", got)
	}
}

func updates(t *testing.T, a Account) {
	id, customer := create(t, a)
	must(t)(a.UpdateCustomer(t.Context(), id, Update(customer)))
	if got := retrieve(t, a, id).Customer.Currency; got != "EUR" {
		t.Errorf("currency %q, want EUR", got)
	}
	must(t)(a.UpdateCustomer(t.Context(), id, billing.CustomerUpdate{Ref: customer.Ref, ID: customer.ID, Name: new("New")}))
	if got := retrieve(t, a, id).Customer.Currency; got != "EUR" {
		t.Errorf("currency %q after an update that gave none, want EUR", got)
	}
}

func taxIDs(t *testing.T, a Account) {
	ctx := t.Context()
	id, _ := create(t, a)
	values := strings.Fields(`
		DK12345674 DK12345682 DK12345690 DK12345704 DK12345712 DK12345720 DK12345739 DK12345747 DK12345755 DK12345763`)
	vat := func(n int) domain.TaxID { return domain.TaxID{Type: "eu_vat", Value: values[n]} }
	set := func(ids ...domain.TaxID) billing.Receipt { t.Helper(); return must(t)(a.SetTaxIDs(ctx, id, ids)) }

	set(vat(1), vat(2))
	if done := set(vat(2), vat(1)); done.RequestID != "" {
		t.Error("the same tax ids were sent again")
	}
	if done := set(domain.TaxID{Type: "eu_vat", Value: "dk 12 34 56 82"}, vat(2)); done.RequestID != "" {
		t.Error("the same tax ids, written differently, were sent again")
	}
	if done := set(vat(2), vat(3)); done.RequestID == "" {
		t.Error("other tax ids were not sent")
	}
	if done := set(vat(3), vat(2)); done.RequestID != "" {
		t.Error("not all of the other tax ids were set")
	}
	// As many as there may be, twice: there is no room for both.
	set(vat(1), vat(2), vat(3), vat(4), vat(5))
	set(vat(6), vat(7), vat(8), vat(9), vat(0))
	if done := set(vat(6), vat(7), vat(8), vat(9), vat(0)); done.RequestID != "" {
		t.Error("not all of the tax ids were set")
	}
	set(vat(1))
	_, err := a.SetTaxIDs(ctx, id, []domain.TaxID{{Type: "eu_vat", Value: "secret"}})
	wantKind(t, "a wrong tax id", err, billing.Permanent)
	if done := set(vat(1)); done.RequestID != "" {
		t.Error("a wrong tax id cost the right one")
	}
	set()
	if done := set(); done.RequestID != "" {
		t.Error("tax ids were left")
	}
}

func attachment(t *testing.T, a Account) {
	ctx := t.Context()
	id, _ := create(t, a)
	must(t)(a.AttachPaymentMethod(ctx, id, a.PaymentMethod))
	first := retrieve(t, a, id)
	if len(first.PaymentMethods) != 1 || first.PaymentMethods[0].ID != first.Customer.DefaultPaymentMethodID ||
		first.PaymentMethods[0].Details.Last4 != a.Last4 {
		t.Fatalf("%+v", first)
	}
	must(t)(a.AttachPaymentMethod(ctx, id, a.OtherPaymentMethod))
	second := retrieve(t, a, id)
	if len(second.PaymentMethods) != 2 || second.Customer.DefaultPaymentMethodID == first.Customer.DefaultPaymentMethodID {
		t.Fatalf("%+v", second)
	}
	method := first.PaymentMethods[0].ID
	must(t)(a.AttachPaymentMethod(ctx, id, method))
	if p := retrieve(t, a, id); len(p.PaymentMethods) != 2 || p.Customer.DefaultPaymentMethodID != method {
		t.Errorf("an attached method is not charged: %+v", p)
	}

	other, _ := create(t, a)
	for name, methodID := range map[string]string{
		"another customer's": method, "refused": a.RefusedPaymentMethod, "unknown": "pm_unknown", "none": "",
	} {
		_, err := a.AttachPaymentMethod(ctx, other, methodID)
		wantKind(t, name, err, billing.Permanent)
	}
	if p := retrieve(t, a, other); len(p.PaymentMethods) != 0 || p.Customer.DefaultPaymentMethodID != "" {
		t.Errorf("%+v", p)
	}
}

func detachment(t *testing.T, a Account) {
	ctx := t.Context()
	id, _ := create(t, a)
	other, _ := create(t, a)
	must(t)(a.AttachPaymentMethod(ctx, id, a.PaymentMethod))
	method := retrieve(t, a, id).Customer.DefaultPaymentMethodID

	if done := must(t)(a.DetachPaymentMethod(ctx, other, method)); done.RequestID != "" {
		t.Error("somebody else's method was detached")
	}
	if len(retrieve(t, a, id).PaymentMethods) != 1 {
		t.Fatal("somebody else's method was detached")
	}
	must(t)(a.DetachPaymentMethod(ctx, id, method))
	must(t)(a.DetachPaymentMethod(ctx, id, method))
	if p := retrieve(t, a, id); len(p.PaymentMethods) != 0 || p.Customer.DefaultPaymentMethodID != "" {
		t.Errorf("%+v", p)
	}
	_, err := a.AttachPaymentMethod(ctx, id, method)
	wantKind(t, "a detached method came back", err, billing.Permanent)

	if a.Fail == nil {
		return
	}
	// Its response may be lost.
	must(t)(a.AttachPaymentMethod(ctx, id, a.PaymentMethod))
	method = retrieve(t, a, id).Customer.DefaultPaymentMethodID
	a.Fail(AnswerLost)
	if _, err := a.DetachPaymentMethod(ctx, id, method); err == nil {
		t.Error("no error without a response")
	}
	must(t)(a.DetachPaymentMethod(ctx, id, method))
}

func coupons(t *testing.T, a Account) {
	ctx := t.Context()
	id, customer := create(t, a)
	other, _ := create(t, a)
	for _, coupon := range Coupons(customer) {
		for _, c := range []string{id, id, other} {
			must(t)(a.SetCoupon(ctx, c, coupon))
		}
	}
	must(t)(a.SetCoupon(ctx, id, nil))
	must(t)(a.SetCoupon(ctx, id, nil))

	unknown := *Coupons(customer)[0]
	unknown.Definition.BillingID = new("unknown-coupon")
	_, err := a.SetCoupon(ctx, id, &unknown)
	wantKind(t, "a provider's coupon that is not there", err, billing.Permanent)
}

// onCustomer are all calls about a customer that exists.
func onCustomer(ctx context.Context, a Account, id string, customer billing.NewCustomer) map[string]error {
	errs := map[string]error{}
	_, errs["update"] = a.UpdateCustomer(ctx, id, Update(customer))
	_, errs["tax ids"] = a.SetTaxIDs(ctx, id, []domain.TaxID{{Type: "eu_vat", Value: "DK12345674"}})
	_, errs["attach"] = a.AttachPaymentMethod(ctx, id, a.PaymentMethod)
	_, errs["coupon"] = a.SetCoupon(ctx, id, Coupons(customer)[0])
	_, errs["no coupon"] = a.SetCoupon(ctx, id, nil)
	return errs
}

func deleted(t *testing.T, a Account) {
	id, customer := create(t, a)
	must(t)(a.AttachPaymentMethod(t.Context(), id, a.PaymentMethod))
	a.Delete(id)
	for name, err := range onCustomer(t.Context(), a, id, customer) {
		wantKind(t, name, err, billing.DeletedCustomer)
	}
	p := retrieve(t, a, id)
	if !p.Deleted {
		t.Error("the snapshot does not say so")
	}
	if facts := billing.Apply(domain.BillingFacts{}, p.Event()); !facts.Deleted {
		t.Errorf("the facts are %+v", facts)
	}
}

func unknown(t *testing.T, a Account) {
	for _, id := range []string{"cus_unknown", "", "../customers/x"} {
		errs := onCustomer(t.Context(), a, id, NewCustomer())
		_, errs["retrieve"] = a.RetrieveCustomer(t.Context(), id)
		for name, err := range errs {
			wantKind(t, name+" of "+id, err, billing.Permanent)
		}
	}
	if got := a.Customers(); got != 0 {
		t.Errorf("%d customers were made", got)
	}
}

func failures(t *testing.T, a Account) {
	needsFailures(t, a)
	ctx := t.Context()
	id, customer := create(t, a)
	write := func() error { _, err := a.UpdateCustomer(ctx, id, Update(customer)); return err }
	read := func() error { _, err := a.RetrieveCustomer(ctx, id); return err }
	for _, test := range []struct {
		failure Failure
		call    string
		do      func() error
		want    billing.ErrorKind
	}{
		{AnswerLost, "write", write, billing.UnknownOutcome},
		{AnswerLost, "read", read, billing.Temporary},
		{TimedOut, "write", write, billing.UnknownOutcome},
		{TimedOut, "read", read, billing.Temporary},
		{Busy, "write", write, billing.Temporary},
		{RateLimited, "write", write, billing.Temporary},
		{RateLimited, "read", read, billing.Temporary},
		{Broken, "write", write, billing.UnknownOutcome},
		{Broken, "read", read, billing.Temporary},
	} {
		a.Fail(test.failure)
		err := test.do()
		wantKind(t, fmt.Sprint(test.failure, " at a ", test.call), err, test.want)
		failure, _ := errors.AsType[*billing.ProviderError](err)
		if test.failure == RateLimited && (failure == nil || failure.RetryAfter != 7*time.Second) {
			t.Errorf("the rest that the provider asks for is lost: %+v", failure)
		}
		if responded := test.failure == Busy || test.failure == RateLimited || test.failure == Broken; failure != nil &&
			(failure.RequestID != "") != responded {
			t.Errorf("%s: request %q", test.failure, failure.RequestID)
		}
		a.Recover()
		if err := test.do(); err != nil {
			t.Errorf("after %s: %v", test.failure, err)
		}
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := a.UpdateCustomer(canceled, id, Update(customer))
	if kind := billing.KindOf(err); kind != billing.UnknownOutcome && kind != billing.Temporary {
		t.Errorf("canceled: %v", err)
	}
}

func discretion(t *testing.T, a Account) {
	ctx := t.Context()
	id, customer := create(t, a)
	wrong := map[string]func(*billing.CustomerUpdate){
		"email": func(u *billing.CustomerUpdate) { u.Email = new("secret") },
		"phone": func(u *billing.CustomerUpdate) {
			u.Information.BillingAddress.PhoneNumber = new(strings.Repeat("secret", 9))
		},
		"metadata": func(u *billing.CustomerUpdate) { u.Information.Metadata = json.RawMessage(`{"secret[key]": "x"}`) },
		"metadata key": func(u *billing.CustomerUpdate) {
			u.Information.Metadata = json.RawMessage(`{"secret` + strings.Repeat("x", 50) + `":"x"}`)
		},
		"no metadata":  func(u *billing.CustomerUpdate) { u.Information.Metadata = json.RawMessage(`"secret"`) },
		"custom field": func(u *billing.CustomerUpdate) { u.Information.InvoiceCustomFields = json.RawMessage(`["secret"]`) },
	}
	for name, spoil := range wrong {
		update := Update(customer)
		spoil(&update)
		_, err := a.UpdateCustomer(ctx, id, update)
		wantKind(t, name, err, billing.Permanent)
		// What a log would print, to the last field.
		if said := fmt.Sprintf("%v %+v %#v %v", err, err, err, errors.Unwrap(err)); strings.Contains(strings.ToLower(said), "secret") {
			t.Errorf("%s: the error repeats what was sent: %s", name, said)
		}
	}
	_, err := a.SetTaxIDs(ctx, id, []domain.TaxID{{Type: "eu_vat", Value: "secret"}})
	if said := fmt.Sprintf("%v %#v", err, err); err == nil || strings.Contains(said, "secret") {
		t.Errorf("tax id: %s", said)
	}
}

func events(t *testing.T, a Account) {
	ctx := t.Context()
	id, customer := create(t, a)
	must(t)(a.AttachPaymentMethod(ctx, id, a.PaymentMethod))
	must(t)(a.UpdateCustomer(ctx, id, Update(customer)))
	first := retrieve(t, a, id)
	must(t)(a.AttachPaymentMethod(ctx, id, a.OtherPaymentMethod))
	must(t)(a.DetachPaymentMethod(ctx, id, first.Customer.DefaultPaymentMethodID))
	last := retrieve(t, a, id)

	var log []billing.Event
	for _, signed := range a.Events() {
		e, err := a.ParseEvent(signed.Payload, signed.Signature)
		if err != nil || e.ID == "" || e.CreatedAt.IsZero() || e.Kind != billing.Ignored && e.CustomerID != id {
			t.Fatalf("%+v, %v", e, err)
		}
		log = append(log, e)
	}
	kinds := map[billing.EventKind]bool{}
	for _, e := range log {
		kinds[e.Kind] = true
	}
	for _, kind := range []billing.EventKind{billing.PaymentMethodAttached, billing.PaymentMethodDetached, billing.CustomerUpdated} {
		if !kinds[kind] {
			t.Errorf("no event %s", kind)
		}
	}

	// All of this happened within a second or two, so it takes a later snapshot to be sure.
	settling := last.Event()
	settling.CreatedAt = settling.CreatedAt.Add(time.Minute)
	want := billing.Apply(domain.BillingFacts{}, settling)
	for range 100 {
		order := append(slices.Clone(log), log...)
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var facts domain.BillingFacts
		for _, e := range append(order, first.Event(), last.Event()) {
			facts = billing.Apply(facts, e)
		}
		method, charged := facts.DefaultPaymentMethod()
		if !facts.NeedsRefetch() && (!charged || method.ID != last.Customer.DefaultPaymentMethodID || facts.Currency != "EUR") {
			t.Fatalf("settled, but wrong: %+v", facts)
		}
		facts = billing.Apply(facts, settling)
		if fmt.Sprintf("%+v", facts) != fmt.Sprintf("%+v", want) {
			t.Fatalf("got  %+v\nwant %+v", facts, want)
		}
	}
	a.Delete(id)
	signed := a.Events()
	end, err := a.ParseEvent(signed[len(signed)-1].Payload, signed[len(signed)-1].Signature)
	if err != nil || end.Kind != billing.CustomerDeleted || end.CustomerID != id {
		t.Errorf("the end: %+v, %v", end, err)
	}
}

func signatures(t *testing.T, a Account) {
	create(t, a)
	signed := a.Events()[0]
	other := append(slices.Clone(signed.Payload), ' ')
	for name, test := range map[string]SignedEvent{
		"no signature":      {signed.Payload, ""},
		"nonsense":          {signed.Payload, "nonsense"},
		"another payload":   {other, signed.Signature},
		"cut off":           {signed.Payload, signed.Signature[:len(signed.Signature)-2]},
		"an empty payload":  {nil, signed.Signature},
		"twice as much":     {signed.Payload, signed.Signature + signed.Signature},
		"a changed payload": {[]byte(strings.Replace(string(signed.Payload), "cus_", "cuz_", 1)), signed.Signature},
	} {
		if e, err := a.ParseEvent(test.Payload, test.Signature); !errors.Is(err, billing.ErrBadSignature) || e.ID != "" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if _, err := a.ParseEvent(signed.Payload, signed.Signature); err != nil {
		t.Errorf("the event itself: %v", err)
	}
}
