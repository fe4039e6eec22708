package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

type customer struct {
	id       string
	created  int64
	deleted  bool
	fields   object // name, email, phone, address, shipping, preferred_locales, as the API shows them
	currency string
	// customFields and defaultMethod are the invoice settings.
	customFields  []object
	defaultMethod string
	metadata      map[string]string
	taxIDs        []object
}

var addressParams = []string{"city", "country", "line1", "line2", "postal_code", "state"}

var customerParams = func() []string {
	params := []string{
		"name", "email", "phone", "description", "address", "shipping", "shipping[name]", "shipping[phone]",
		"preferred_locales", "preferred_locales[*]", "invoice_settings[custom_fields]",
		"invoice_settings[custom_fields][*][name]", "invoice_settings[custom_fields][*][value]",
		"invoice_settings[default_payment_method]", "metadata", "metadata[*]",
	}
	for _, p := range addressParams {
		params = append(params, "address["+p+"]", "shipping[address]["+p+"]")
	}
	return params
}()

func (s *Simulator) customer(id string) *customer {
	i := slices.IndexFunc(s.customers, func(c *customer) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return s.customers[i]
}

// living is a customer that can be changed.
func (s *Simulator) living(id string) *customer {
	if c := s.customer(id); c != nil && !c.deleted {
		return c
	}
	return nil
}

func (s *Simulator) createCustomer(c *call) response {
	made := &customer{
		id: newID("cus"), created: s.options.Now().Unix(), fields: object{}, metadata: map[string]string{},
	}
	if refusal := s.change(made, c.form); refusal != nil {
		return *refusal
	}
	s.customers = append(s.customers, made)
	s.happened(c.requestID, "customer.created", made.object(nil), nil)
	return ok(made.object(nil))
}

func (s *Simulator) getCustomer(c *call) response {
	found := s.customer(c.ids[0])
	switch {
	case found == nil:
		return missing(http.StatusNotFound, "id", "customer", c.ids[0])
	case found.deleted:
		return ok(object{"id": found.id, "object": "customer", "deleted": true})
	}
	if slices.Contains(c.form["expand[0]"], "invoice_settings.default_payment_method") {
		return ok(found.object(s.paymentMethods[found.defaultMethod]))
	}
	return ok(found.object(nil))
}

func (s *Simulator) updateCustomer(c *call) response {
	found := s.living(c.ids[0])
	if found == nil {
		return missing(http.StatusNotFound, "id", "customer", c.ids[0])
	}
	before := found.object(nil)
	changed := found.clone()
	if refusal := s.change(changed, c.form); refusal != nil {
		return *refusal
	}
	*found = *changed
	s.customerChanged(c.requestID, found, before)
	return ok(found.object(nil))
}

// customerChanged emits an event of what changed, if anything did.
func (s *Simulator) customerChanged(requestID string, c *customer, before object) {
	after, previous := c.object(nil), object{}
	for name, value := range after {
		if !reflect.DeepEqual(value, before[name]) {
			previous[name] = before[name]
		}
	}
	if len(previous) > 0 {
		s.happened(requestID, "customer.updated", after, previous)
	}
}

func (s *Simulator) removeCustomer(c *call) response {
	if !s.deleteCustomer(c.requestID, c.ids[0]) {
		return missing(http.StatusNotFound, "id", "customer", c.ids[0])
	}
	return ok(object{"id": c.ids[0], "object": "customer", "deleted": true})
}

func (s *Simulator) deleteCustomer(requestID, id string) bool {
	found := s.living(id)
	if found == nil {
		return false
	}
	found.deleted = true
	for _, m := range s.paymentMethods {
		if m.customer == id {
			m.customer, m.detached = "", true
		}
	}
	s.happened(requestID, "customer.deleted", found.object(nil), nil)
	return true
}

func (c *customer) clone() *customer {
	copied := *c
	copied.fields, copied.metadata = maps.Clone(c.fields), maps.Clone(c.metadata)
	copied.customFields, copied.taxIDs = slices.Clone(c.customFields), slices.Clone(c.taxIDs)
	return &copied
}

// change does what the parameters say, or nothing of it.
func (s *Simulator) change(c *customer, form url.Values) *response {
	for _, name := range []string{"name", "email", "phone", "description"} {
		if form.Has(name) {
			c.fields[name] = nullable(form.Get(name))
		}
	}
	if email := form.Get("email"); email != "" && !strings.Contains(email, "@") {
		return refused("email_invalid", "email", "Invalid email address: "+email)
	}
	if phone := form.Get("phone"); len(phone) > 20 {
		return refused("parameter_invalid_string_length", "phone", "Invalid string: "+phone)
	}
	if form.Get("address") == "" && form.Has("address") {
		c.fields["address"] = nil
	}
	if form.Get("shipping") == "" && form.Has("shipping") {
		c.fields["shipping"] = nil
	}
	if address, refusal := readAddress(form, "address"); refusal != nil {
		return refusal
	} else if address != nil {
		c.fields["address"] = address
	}
	if refusal := changeShipping(c, form); refusal != nil {
		return refusal
	}
	if locales := indexed(form, "preferred_locales"); len(locales) > 0 || form.Has("preferred_locales") {
		c.fields["preferred_locales"] = locales
	}
	if refusal := s.changeInvoiceSettings(c, form); refusal != nil {
		return refusal
	}
	return changeMetadata(c.metadata, form)
}

func refused(code, param, message string) *response {
	a := refuse(http.StatusBadRequest, code, param, message)
	return &a
}

func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// readAddress replaces a whole address, so what is not given is null.
func readAddress(form url.Values, param string) (object, *response) {
	var address object
	for _, name := range addressParams {
		key := param + "[" + name + "]"
		if !form.Has(key) {
			continue
		}
		if form.Get(key) == "" {
			return nil, refused("parameter_invalid_empty", key, fmt.Sprintf("You passed an empty string for '%s'. "+
				"We assume empty values are an attempt to unset a parameter; however '%s' cannot be unset.", key, key))
		}
		if address == nil {
			address = object{}
			for _, n := range addressParams {
				address[n] = nil
			}
		}
		address[name] = form.Get(key)
	}
	return address, nil
}

func changeShipping(c *customer, form url.Values) *response {
	address, refusal := readAddress(form, "shipping[address]")
	switch {
	case refusal != nil:
		return refusal
	case address == nil && !form.Has("shipping[name]"):
		return nil
	case address == nil:
		return refused("parameter_missing", "shipping[address]", "Missing required param: shipping[address].")
	case form.Get("shipping[name]") == "":
		return refused("parameter_missing", "shipping[name]", "Missing required param: shipping[name].")
	}
	c.fields["shipping"] = object{
		"name": form.Get("shipping[name]"), "phone": nullable(form.Get("shipping[phone]")), "address": address,
	}
	return nil
}

func (s *Simulator) changeInvoiceSettings(c *customer, form url.Values) *response {
	const fields, method = "invoice_settings[custom_fields]", "invoice_settings[default_payment_method]"
	if form.Has(fields) {
		c.customFields = nil
	}
	var given []object
	for i := 0; form.Has(fmt.Sprintf("%s[%d][name]", fields, i)); i++ {
		name, value := form.Get(fmt.Sprintf("%s[%d][name]", fields, i)), form.Get(fmt.Sprintf("%s[%d][value]", fields, i))
		if name == "" || value == "" || len(name) > 4*40 || len(value) > 4*140 || i >= 4 {
			return refused("parameter_invalid_string_length", fmt.Sprintf("%s[%d]", fields, i), "Invalid string: "+value)
		}
		given = append(given, object{"name": name, "value": value})
	}
	if given != nil {
		c.customFields = given
	}
	if !form.Has(method) {
		return nil
	}
	if m := s.paymentMethods[form.Get(method)]; form.Get(method) != "" && (m == nil || m.customer != c.id) {
		return refused("resource_missing", method, fmt.Sprintf("No such PaymentMethod: '%s'; It's possible this "+
			"PaymentMethod exists but is not attached to the customer.", form.Get(method)))
	}
	c.defaultMethod = form.Get(method)
	return nil
}

// changeMetadata writes into the metadata.
func changeMetadata(metadata map[string]string, form url.Values) *response {
	if form.Has("metadata") {
		clear(metadata)
	}
	for param := range form {
		key, isKey := strings.CutPrefix(param, "metadata[")
		key, closed := strings.CutSuffix(key, "]")
		if !isKey || !closed {
			continue
		}
		value := form.Get(param)
		switch {
		case len(key) > 40 || strings.ContainsAny(key, "[]"):
			return refused("parameter_invalid_string_length", param, "Invalid metadata key: "+key)
		case len([]rune(value)) > 500:
			return refused("parameter_invalid_string_length", param, "Metadata values can have up to 500 characters: "+value)
		case value == "":
			delete(metadata, key)
		default:
			metadata[key] = value
		}
	}
	if len(metadata) > 50 {
		return refused("", "metadata", "Metadata can have up to 50 keys.")
	}
	return nil
}

// indexed are the values of an array.
func indexed(form url.Values, param string) []string {
	values := []string{}
	for i := 0; form.Has(fmt.Sprintf("%s[%d]", param, i)); i++ {
		values = append(values, form.Get(fmt.Sprintf("%s[%d]", param, i)))
	}
	return values
}

// object is the customer as the API shows it, with the default payment method whole if it is given.
func (c *customer) object(expanded *paymentMethod) object {
	fields := slices.Clone(c.customFields)
	settings := object{"custom_fields": any(fields), "default_payment_method": nullable(c.defaultMethod), "footer": nil}
	if len(fields) == 0 {
		settings["custom_fields"] = nil
	}
	if expanded != nil {
		settings["default_payment_method"] = expanded.object()
	}
	out := object{
		"id": c.id, "object": "customer", "created": c.created, "livemode": false, "default_source": nil,
		"currency": nullable(c.currency), "invoice_settings": settings, "metadata": maps.Clone(c.metadata),
		"name": nil, "email": nil, "phone": nil, "description": nil, "address": nil, "shipping": nil,
		"preferred_locales": []string{},
	}
	maps.Copy(out, c.fields)
	return out
}
