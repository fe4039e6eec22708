// Package filetest is a billing provider in a file, for tests only. It shows what a second provider needs: this package
// and one line in internal/app. It knows no other provider.
package filetest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/taxid"
	"clientele/internal/domain"
)

// The payment methods that can be attached any number of times; Refused never can.
const (
	Card    = "card"
	Bank    = "bank"
	Refused = "refused"
)

// secret signs the events.
const secret = "a secret of tests"

// Describe returns what the program has to know of the provider. Its limits are its own.
func Describe() billing.Vendor {
	return billing.Vendor{
		Integration: domain.Integration{ID: "files", Vendor: "ZUORA"}, Title: "A folder", SignatureHeader: "File-Signature",
		Rules: billing.Rules{
			MaxPhoneLength: 20, MaxTaxIDs: 10, MaxCustomFields: 2, MaxCustomFieldKeyLength: 40, MaxCustomFieldValueLength: 40,
			MaxMetadataKeys: 10, MaxMetadataKeyLength: 40, MaxMetadataValueLength: 100,
			CheckTaxID: func(taxType, value string) error { return taxid.Validate(taxType, value, taxid.Live) }, SameTaxID: taxid.Same,
		},
	}
}

// Customer is a customer in the file.
type Customer struct {
	ID, Key, Name, Email, Coupon string
	Deleted                      bool
	TaxIDs                       []domain.TaxID
	Facts                        billing.CustomerFacts
	Methods                      []billing.PaymentMethod
}

// Provider keeps customers and events in one file. Create it with New.
type Provider struct {
	mu   sync.Mutex
	file string
}

var _ billing.Provider = (*Provider)(nil)

type content struct {
	Serial    int
	Customers []*Customer
	Events    []billing.Event
}

// New returns the provider whose file is in the folder.
func New(folder string) *Provider { return &Provider{file: filepath.Join(folder, "customers.json")} }

// Vendor implements billing.Provider.
func (p *Provider) Vendor() billing.Vendor { return Describe() }

// change reads the file, changes what it holds and writes it back, unless the change fails.
func (p *Provider) change(ctx context.Context, change func(*content) error) (billing.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := &content{}
	raw, err := os.ReadFile(p.file)
	if err == nil {
		err = json.Unmarshal(raw, all)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return billing.Receipt{}, &billing.ProviderError{Kind: billing.Temporary, Code: "file_unreadable"}
	}
	all.Serial++
	if err := change(all); err != nil {
		return billing.Receipt{}, err
	}
	if raw, err = json.Marshal(all); err == nil {
		err = os.WriteFile(p.file, raw, 0o600)
	}
	if err != nil {
		return billing.Receipt{}, &billing.ProviderError{Kind: billing.UnknownOutcome, Code: "file_unwritable"}
	}
	return billing.Receipt{RequestID: fmt.Sprintf("req_%d", all.Serial)}, nil
}

// Customers returns all customers. Errors are of the file, and end the test.
func (p *Provider) Customers() (customers []*Customer) {
	if _, err := p.change(context.Background(), func(all *content) error { customers = all.Customers; return nil }); err != nil {
		panic(err)
	}
	return customers
}

func refused(code string) error { return &billing.ProviderError{Kind: billing.Permanent, Code: code} }

func missing() error {
	return &billing.ProviderError{Kind: billing.Permanent, Code: "not_found", Missing: true}
}

func (c *content) customer(id string) (*Customer, error) {
	i := slices.IndexFunc(c.Customers, func(known *Customer) bool { return known.ID == id })
	if i < 0 {
		return nil, missing()
	}
	return c.Customers[i], nil
}

// changeCustomer is change for one that is not deleted.
func (p *Provider) changeCustomer(ctx context.Context, id string, change func(*content, *Customer) error) (billing.Receipt, error) {
	return p.change(ctx, func(all *content) error {
		customer, err := all.customer(id)
		if err == nil && customer.Deleted {
			err = &billing.ProviderError{Kind: billing.DeletedCustomer, Code: billing.CodeCustomerDeleted}
		}
		if err != nil {
			return err
		}
		return change(all, customer)
	})
}

func (c *content) emit(kind billing.EventKind, customer *Customer, methods ...billing.PaymentMethod) {
	c.Events = append(c.Events, billing.Event{
		ID: fmt.Sprintf("evt_%06d", len(c.Events)), CreatedAt: time.Now().UTC().Truncate(time.Second), Kind: kind, CustomerID: customer.ID,
		Customer: customer.Facts, PaymentMethods: methods,
	})
}

func linkTo(id string) string { return "file:///" + id }

// CreateCustomer implements billing.Provider.
func (p *Provider) CreateCustomer(ctx context.Context, customer billing.NewCustomer) (created billing.Created, err error) {
	created.Receipt, err = p.change(ctx, func(all *content) error {
		i := slices.IndexFunc(all.Customers, func(known *Customer) bool { return known.Key == customer.Key() })
		if i < 0 {
			i = len(all.Customers)
			all.Customers = append(all.Customers, &Customer{ID: fmt.Sprintf("cus_%d", i), Key: customer.Key()})
			all.emit(billing.CustomerUpdated, all.Customers[i])
		}
		created.CustomerID, created.LinkURL = all.Customers[i].ID, linkTo(all.Customers[i].ID)
		return nil
	})
	return created, err
}

// UpdateCustomer implements billing.Provider.
func (p *Provider) UpdateCustomer(ctx context.Context, id string, update billing.CustomerUpdate) (billing.Receipt, error) {
	return p.changeCustomer(ctx, id, func(all *content, customer *Customer) error {
		if Describe().Rules.Check("", update.Information) != nil || update.Email != nil && *update.Email != "" && !strings.Contains(*update.Email, "@") {
			return refused("invalid")
		}
		for to, text := range map[*string]*string{
			&customer.Name: update.Name, &customer.Email: update.Email, &customer.Facts.Currency: update.Information.Currency,
		} {
			if text != nil {
				*to = *text
			}
		}
		all.emit(billing.CustomerUpdated, customer)
		return nil
	})
}

// errUnchanged ends a change that needs no write.
var errUnchanged = errors.New("nothing to change")

func unlessUnchanged(receipt billing.Receipt, err error) (billing.Receipt, error) {
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	return receipt, err
}

// SetTaxIDs implements billing.Provider.
func (p *Provider) SetTaxIDs(ctx context.Context, id string, taxIDs []domain.TaxID) (billing.Receipt, error) {
	return unlessUnchanged(p.changeCustomer(ctx, id, func(_ *content, customer *Customer) error {
		if Describe().Rules.Check("", domain.BillingInformation{TaxIDs: taxIDs}) != nil {
			return refused("tax_id_invalid")
		}
		among := func(ids []domain.TaxID) func(domain.TaxID) bool {
			return func(a domain.TaxID) bool {
				return !slices.ContainsFunc(ids, func(b domain.TaxID) bool { return a.Type == b.Type && taxid.Same(a.Type, a.Value, b.Value) })
			}
		}
		if !slices.ContainsFunc(taxIDs, among(customer.TaxIDs)) && !slices.ContainsFunc(customer.TaxIDs, among(taxIDs)) {
			return errUnchanged
		}
		customer.TaxIDs = taxIDs
		return nil
	}))
}

// AttachPaymentMethod implements billing.Provider.
func (p *Provider) AttachPaymentMethod(ctx context.Context, id, paymentMethodID string) (billing.Receipt, error) {
	return p.changeCustomer(ctx, id, func(all *content, customer *Customer) error {
		i := slices.IndexFunc(customer.Methods, func(m billing.PaymentMethod) bool { return m.ID == paymentMethodID })
		switch {
		case paymentMethodID == Card || paymentMethodID == Bank:
			i = len(customer.Methods)
			customer.Methods = append(customer.Methods, billing.PaymentMethod{
				ID: fmt.Sprintf("pm_%d", all.Serial), Details: domain.PaymentMethodDetails{Type: domain.PaymentMethodCard, Last4: "4242"},
			})
			all.emit(billing.PaymentMethodAttached, customer, customer.Methods[i])
		case i < 0:
			return missing()
		}
		customer.Facts.DefaultPaymentMethodID = customer.Methods[i].ID
		all.emit(billing.CustomerUpdated, customer)
		return nil
	})
}

// DetachPaymentMethod implements billing.Provider.
func (p *Provider) DetachPaymentMethod(ctx context.Context, id, paymentMethodID string) (billing.Receipt, error) {
	return unlessUnchanged(p.changeCustomer(ctx, id, func(all *content, customer *Customer) error {
		i := slices.IndexFunc(customer.Methods, func(m billing.PaymentMethod) bool { return m.ID == paymentMethodID })
		if i < 0 {
			return errUnchanged
		}
		all.emit(billing.PaymentMethodDetached, customer, billing.PaymentMethod{ID: paymentMethodID})
		customer.Methods = slices.Delete(customer.Methods, i, i+1)
		if customer.Facts.DefaultPaymentMethodID == paymentMethodID {
			customer.Facts.DefaultPaymentMethodID = ""
			all.emit(billing.CustomerUpdated, customer)
		}
		return nil
	}))
}

// SetCoupon implements billing.Provider.
func (p *Provider) SetCoupon(ctx context.Context, id string, coupon *billing.Coupon) (billing.Receipt, error) {
	return p.changeCustomer(ctx, id, func(_ *content, customer *Customer) error {
		customer.Coupon = ""
		if coupon != nil {
			if coupon.Definition.BillingID != nil {
				return missing() // This provider has no coupons of its own.
			}
			customer.Coupon = coupon.Definition.RefID
		}
		return nil
	})
}

// RetrieveCustomer implements billing.Provider.
func (p *Provider) RetrieveCustomer(ctx context.Context, id string) (snapshot billing.Snapshot, err error) {
	at := time.Now().UTC().Truncate(time.Second)
	snapshot.Receipt, err = p.change(ctx, func(all *content) error {
		customer, err := all.customer(id)
		if err == nil {
			snapshot = billing.Snapshot{CustomerID: id, At: at.Add(-time.Second), RespondedAt: at, LinkURL: linkTo(id), Deleted: customer.Deleted}
			if !customer.Deleted {
				snapshot.Customer, snapshot.PaymentMethods = customer.Facts, customer.Methods
			}
		}
		return err
	})
	return snapshot, err
}

// Delete deletes a customer behind the program's back.
func (p *Provider) Delete(id string) error {
	_, err := p.changeCustomer(context.Background(), id, func(all *content, customer *Customer) error {
		customer.Deleted = true
		all.emit(billing.CustomerDeleted, customer)
		return nil
	})
	return err
}

// Events returns the payloads of all events, oldest first.
func (p *Provider) Events() (payloads [][]byte) {
	_, err := p.change(context.Background(), func(all *content) error {
		for _, event := range all.Events {
			payload, err := json.Marshal(event)
			if err != nil {
				return err
			}
			payloads = append(payloads, payload)
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	return payloads
}

// Sign returns the signature of a payload.
func Sign(payload []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(payload)
	return hex.EncodeToString(mac.Sum(nil))
}

// ParseEvent implements billing.Provider.
func (p *Provider) ParseEvent(payload []byte, signature string) (billing.Event, error) {
	if !hmac.Equal([]byte(Sign(payload)), []byte(signature)) {
		return billing.Event{}, billing.ErrBadSignature
	}
	var event billing.Event
	if json.Unmarshal(payload, &event) != nil || event.ID == "" {
		return billing.Event{}, billing.ErrBadEvent
	}
	return event, nil
}
