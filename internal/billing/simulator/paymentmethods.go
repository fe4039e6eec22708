package simulator

import (
	"net/http"
	"slices"
	"strings"
)

type paymentMethod struct {
	id       string
	created  int64
	kind     string // card, us_bank_account, …
	details  object
	customer string // "" if it is nobody's
	detached bool   // once detached it is useless
	order    int    // of attachment
}

// examples are the ids that Stripe's documentation gives for tests. Each stands for a new method.
var examples = map[string]paymentMethod{
	"pm_card_visa":       cardExample("visa", "4242"),
	"pm_card_mastercard": cardExample("mastercard", "4444"),
	"pm_card_amex":       cardExample("amex", "8431"),
	"pm_usBankAccount":   {kind: "us_bank_account", details: object{"last4": "6789", "bank_name": "TEST BANK"}},
	"pm_cashapp":         {kind: "cashapp", details: object{"cashtag": "$test"}},
	"pm_link":            {kind: "link", details: object{"email": "test@example.com"}},
}

// declined is an example that no customer can have.
const declined = "pm_card_visa_chargeDeclined"

func cardExample(brand, last4 string) paymentMethod {
	return paymentMethod{kind: "card", details: object{
		"brand": brand, "last4": last4, "exp_month": 8, "exp_year": 2030, "funding": "credit", "country": "US",
	}}
}

func (m *paymentMethod) object() object {
	return object{
		"id": m.id, "object": "payment_method", "type": m.kind, m.kind: m.details, "created": m.created,
		"customer": nullable(m.customer), "livemode": false, "metadata": object{},
		"billing_details": object{"name": nil, "email": nil, "phone": nil, "address": nil},
	}
}

func (s *Simulator) getPaymentMethod(c *call) response {
	if m := s.paymentMethods[c.ids[0]]; m != nil {
		return ok(m.object())
	}
	if example, known := examples[c.ids[0]]; known {
		example.id = c.ids[0]
		return ok(example.object())
	}
	return missing(http.StatusNotFound, "payment_method", "PaymentMethod", c.ids[0])
}

func (s *Simulator) attach(c *call) response {
	return s.attachPaymentMethod(c.requestID, c.ids[0], c.form.Get("customer"))
}

func (s *Simulator) attachPaymentMethod(requestID, id, customerID string) response {
	if s.living(customerID) == nil {
		return missing(http.StatusBadRequest, "customer", "customer", customerID)
	}
	if id == declined {
		return refuse(http.StatusPaymentRequired, "card_declined", "", "Your card was declined.")
	}
	m := s.paymentMethods[id]
	if example, known := examples[id]; known {
		example.id, example.created = newID("pm"), s.options.Now().Unix()
		m = &example
	}
	switch {
	case m == nil:
		return missing(http.StatusNotFound, "payment_method", "PaymentMethod", id)
	case m.customer != "":
		return refuse(http.StatusBadRequest, "payment_method_unexpected_state", "payment_method",
			"The payment method you provided has already been attached to a customer.")
	case m.detached:
		return refuse(http.StatusBadRequest, "payment_method_unexpected_state", "payment_method",
			"This PaymentMethod was previously used without being attached to a Customer or was detached from a "+
				"Customer, and may not be used again.")
	}
	m.customer, m.order = customerID, len(s.paymentMethods)
	s.paymentMethods[m.id] = m
	s.happened(requestID, "payment_method.attached", m.object(), nil)
	return ok(m.object())
}

func (s *Simulator) detach(c *call) response {
	return s.detachPaymentMethod(c.requestID, c.ids[0])
}

func (s *Simulator) detachPaymentMethod(requestID, id string) response {
	m := s.paymentMethods[id]
	switch {
	case m == nil:
		return missing(http.StatusNotFound, "payment_method", "PaymentMethod", id)
	case m.customer == "":
		return refuse(http.StatusBadRequest, "payment_method_unexpected_state", "payment_method",
			"The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	owner := s.customer(m.customer)
	before := owner.object(nil)
	m.customer, m.detached = "", true
	s.happened(requestID, "payment_method.detached", m.object(), object{"customer": owner.id})
	if owner.defaultMethod == id {
		owner.defaultMethod = ""
		s.customerChanged(requestID, owner, before)
	}
	return ok(m.object())
}

// attached are a customer's payment methods, newest first.
func (s *Simulator) attached(customerID string) []*paymentMethod {
	var methods []*paymentMethod
	for _, m := range s.paymentMethods {
		if m.customer == customerID {
			methods = append(methods, m)
		}
	}
	slices.SortFunc(methods, func(a, b *paymentMethod) int {
		if a.order != b.order {
			return b.order - a.order
		}
		return strings.Compare(a.id, b.id)
	})
	return methods
}

func (s *Simulator) listPaymentMethods(c *call) response {
	if s.living(c.ids[0]) == nil {
		return missing(http.StatusNotFound, "customer", "customer", c.ids[0])
	}
	var items []object
	for _, m := range s.attached(c.ids[0]) {
		items = append(items, m.object())
	}
	return page(c, "/v1/customers/"+c.ids[0]+"/payment_methods", items)
}
