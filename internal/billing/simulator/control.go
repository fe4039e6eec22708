package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Customer is all that the simulator has of a customer.
type Customer struct {
	ID string `json:"id"`
	// Deleted customers stay in the list.
	Deleted  bool              `json:"deleted"`
	Name     string            `json:"name,omitempty"`
	Email    string            `json:"email,omitempty"`
	Phone    string            `json:"phone,omitempty"`
	Address  map[string]string `json:"address,omitempty"`
	Shipping map[string]string `json:"shipping,omitempty"` // the address, name and phone
	Locales  []string          `json:"preferredLocales,omitempty"`
	Currency string            `json:"currency,omitempty"`
	Metadata map[string]string `json:"metadata"`
	// CustomFields, TaxIDs and PaymentMethods are "name: value", "type: value" and "id: type last4".
	CustomFields         []string `json:"customFields,omitempty"`
	TaxIDs               []string `json:"taxIds,omitempty"`
	PaymentMethods       []string `json:"paymentMethods,omitempty"`
	DefaultPaymentMethod string   `json:"defaultPaymentMethod,omitempty"`
}

// Customers are all customers there ever were, in order of creation.
func (s *Simulator) Customers() []Customer {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Customer, 0, len(s.customers))
	for _, c := range s.customers {
		shown := Customer{
			ID: c.id, Deleted: c.deleted, Currency: c.currency, Metadata: maps.Clone(c.metadata),
			Name: text(c.fields["name"]), Email: text(c.fields["email"]), Phone: text(c.fields["phone"]),
			Address: texts(c.fields["address"]), DefaultPaymentMethod: c.defaultMethod,
		}
		if shipping, is := c.fields["shipping"].(object); is {
			shown.Shipping = texts(shipping["address"])
			shown.Shipping["name"] = text(shipping["name"])
			if phone := text(shipping["phone"]); phone != "" {
				shown.Shipping["phone"] = phone
			}
		}
		if locales, is := c.fields["preferred_locales"].([]string); is {
			shown.Locales = slices.Clone(locales)
		}
		for _, f := range c.customFields {
			shown.CustomFields = append(shown.CustomFields, fmt.Sprintf("%s: %s", f["name"], f["value"]))
		}
		for _, t := range c.taxIDs {
			shown.TaxIDs = append(shown.TaxIDs, fmt.Sprintf("%s: %s", t["type"], t["value"]))
		}
		for _, m := range s.attached(c.id) {
			shown.PaymentMethods = append(shown.PaymentMethods,
				strings.TrimSpace(fmt.Sprintf("%s: %s %s", m.id, m.kind, text(m.details["last4"]))))
		}
		out = append(out, shown)
	}
	return out
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func texts(v any) map[string]string {
	fields, is := v.(object)
	if !is {
		return nil
	}
	out := map[string]string{}
	for name, value := range fields {
		if value != nil {
			out[name] = text(value)
		}
	}
	return out
}

// ErrRefused is that what was ordered cannot be: there is no such customer or payment method, or it is gone.
var ErrRefused = errors.New("no such customer or payment method, or not in a state for this")

// Attach gives a customer a payment method, as the customer's own browser would, and makes it the one that is
// charged. It returns the method's id. Errors: ErrRefused.
func (s *Simulator) Attach(customerID, paymentMethodID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	attached := s.attachPaymentMethod("", paymentMethodID, customerID)
	if attached.status != http.StatusOK {
		return "", ErrRefused
	}
	c := s.customer(customerID)
	before := c.object(nil)
	c.defaultMethod = text(attached.body["id"])
	s.customerChanged("", c, before)
	return c.defaultMethod, nil
}

// Detach takes a payment method away. Errors: ErrRefused.
func (s *Simulator) Detach(paymentMethodID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.detachPaymentMethod("", paymentMethodID).status != http.StatusOK {
		return ErrRefused
	}
	return nil
}

// UpdateCard gives a card another expiry, as networks do by themselves. Errors: ErrRefused.
func (s *Simulator) UpdateCard(paymentMethodID string, month, year int) error {
	return s.withMethod(paymentMethodID, func(m *paymentMethod) {
		m.details = maps.Clone(m.details)
		m.details["exp_month"], m.details["exp_year"] = month, year
		s.happened("", "payment_method.automatically_updated", m.object(), nil)
	})
}

// WarnOfExpiry sends an event that a card expires soon. Errors: ErrRefused.
func (s *Simulator) WarnOfExpiry(paymentMethodID string) error {
	return s.withMethod(paymentMethodID, func(m *paymentMethod) {
		source := object{"id": m.id, "object": m.kind, "customer": m.customer}
		maps.Copy(source, m.details)
		s.happened("", "customer.source.expiring", source, nil)
	})
}

func (s *Simulator) withMethod(id string, do func(*paymentMethod)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.paymentMethods[id]
	if m == nil || m.customer == "" {
		return ErrRefused
	}
	do(m)
	return nil
}

// Invoice settles a customer's currency, as a first invoice does. Errors: ErrRefused.
func (s *Simulator) Invoice(customerID, currency string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.living(customerID)
	if c == nil {
		return ErrRefused
	}
	before := c.object(nil)
	c.currency = strings.ToLower(currency)
	s.customerChanged("", c, before)
	return nil
}

// Delete deletes a customer for good. Errors: ErrRefused.
func (s *Simulator) Delete(customerID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.deleteCustomer("", customerID) {
		return ErrRefused
	}
	return nil
}

// An order is the body of a request to /_simulator; each reads what it needs.
type order struct {
	PaymentMethod string `json:"paymentMethod"`
	Month         int    `json:"month"`
	Year          int    `json:"year"`
	Currency      string `json:"currency"`
}

// serveControl takes orders from people at a development server:
//
//	GET    /_simulator/customers                      what the simulator has of every customer
//	POST   /_simulator/customers/{id}/attach          {"paymentMethod": "pm_card_visa"}
//	POST   /_simulator/customers/{id}/invoice         {"currency": "EUR"}
//	DELETE /_simulator/customers/{id}
//	POST   /_simulator/payment_methods/{id}/detach
//	POST   /_simulator/payment_methods/{id}/update    {"month": 1, "year": 2031}
//	POST   /_simulator/payment_methods/{id}/expiring
//	GET    /_simulator/events                         what happened, and how much of it was not delivered yet
//	POST   /_simulator/events/deliver                 a Delivery
//	POST   /_simulator/faults                         a Fault
//	DELETE /_simulator/faults
func (s *Simulator) serveControl(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_simulator/customers", func(w http.ResponseWriter, _ *http.Request) {
		show(w, s.Customers(), nil)
	})
	mux.HandleFunc("POST /_simulator/customers/{id}/attach", ordered(func(id string, o order) (any, error) {
		method, err := s.Attach(id, o.PaymentMethod)
		return object{"paymentMethod": method}, err
	}))
	mux.HandleFunc("POST /_simulator/customers/{id}/invoice", ordered(func(id string, o order) (any, error) {
		return object{}, s.Invoice(id, o.Currency)
	}))
	mux.HandleFunc("DELETE /_simulator/customers/{id}", ordered(func(id string, _ order) (any, error) {
		return object{}, s.Delete(id)
	}))
	mux.HandleFunc("POST /_simulator/payment_methods/{id}/detach", ordered(func(id string, _ order) (any, error) {
		return object{}, s.Detach(id)
	}))
	mux.HandleFunc("POST /_simulator/payment_methods/{id}/update", ordered(func(id string, o order) (any, error) {
		return object{}, s.UpdateCard(id, o.Month, o.Year)
	}))
	mux.HandleFunc("POST /_simulator/payment_methods/{id}/expiring", ordered(func(id string, _ order) (any, error) {
		return object{}, s.WarnOfExpiry(id)
	}))
	mux.HandleFunc("GET /_simulator/events", func(w http.ResponseWriter, _ *http.Request) {
		show(w, object{"undelivered": s.undelivered(), "events": s.Events()}, nil)
	})
	mux.HandleFunc("POST /_simulator/events/deliver", func(w http.ResponseWriter, r *http.Request) {
		var how Delivery
		if read(w, r, &how) {
			done, err := s.Deliver(r.Context(), how)
			show(w, done, err)
		}
	})
	mux.HandleFunc("POST /_simulator/faults", func(w http.ResponseWriter, r *http.Request) {
		var fault Fault
		if !read(w, r, &fault) {
			return
		}
		if !slices.Contains(faultKinds, fault.Kind) {
			http.Error(w, fmt.Sprintf("kind must be one of %q", faultKinds), http.StatusBadRequest)
			return
		}
		s.Fail(fault)
		show(w, object{}, nil)
	})
	mux.HandleFunc("DELETE /_simulator/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.Recover()
		show(w, object{}, nil)
	})
	mux.ServeHTTP(w, r)
}

// ordered reads an order, if there is a body, and carries it out on what the path names.
func ordered(do func(id string, o order) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var o order
		if r.ContentLength == 0 || read(w, r, &o) {
			result, err := do(r.PathValue("id"), o)
			show(w, result, err)
		}
	}
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if decoder.Decode(into) != nil {
		http.Error(w, "the body must be a JSON object of what this order takes", http.StatusBadRequest)
		return false
	}
	return true
}

func show(w http.ResponseWriter, body any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body)
}
