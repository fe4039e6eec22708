package simulator

import (
	"net/http"
	"strconv"
)

var couponParams = []string{
	"id", "name", "percent_off", "amount_off", "currency", "currency_options[*][amount_off]", "duration",
	"duration_in_months", "metadata[*]",
}

func (s *Simulator) createCoupon(c *call) response {
	id := c.form.Get("id")
	if id == "" {
		id = newID("")[1:]
	}
	percent, percentErr := strconv.ParseFloat(c.form.Get("percent_off"), 64)
	amount, amountErr := strconv.ParseInt(c.form.Get("amount_off"), 10, 64)
	months, monthsErr := strconv.ParseInt(c.form.Get("duration_in_months"), 10, 64)
	duration := c.form.Get("duration")
	switch {
	case s.coupons[id] != nil:
		return refuse(http.StatusBadRequest, "resource_already_exists", "", "Coupon already exists.")
	case (percentErr == nil) == (amountErr == nil):
		return refuse(http.StatusBadRequest, "parameters_exclusive", "", "Must have either percent_off or amount_off.")
	case percentErr == nil && (percent <= 0 || percent > 100):
		return refuse(http.StatusBadRequest, "", "percent_off", "Invalid percent_off.")
	case amountErr == nil && (amount <= 0 || c.form.Get("currency") == ""):
		return refuse(http.StatusBadRequest, "parameter_missing", "currency", "You must pass currency when passing amount_off.")
	case amountErr == nil && duration == "forever":
		return refuse(http.StatusBadRequest, "", "duration", "An amount_off coupon cannot have duration forever.")
	case (duration == "repeating") != (monthsErr == nil) || monthsErr == nil && months <= 0:
		return refuse(http.StatusBadRequest, "", "duration_in_months", "duration_in_months goes with duration repeating.")
	case len([]rune(c.form.Get("name"))) > 40:
		return refuse(http.StatusBadRequest, "parameter_invalid_string_length", "name", "Invalid string: "+c.form.Get("name"))
	}
	metadata := map[string]string{}
	if refusal := changeMetadata(metadata, c.form); refusal != nil {
		return *refusal
	}
	made := object{
		"id": id, "object": "coupon", "name": nullable(c.form.Get("name")), "duration": duration, "valid": true,
		"percent_off": nil, "amount_off": nil, "currency": nullable(c.form.Get("currency")),
		"duration_in_months": nil, "created": s.options.Now().Unix(), "livemode": false, "metadata": metadata,
		"times_redeemed": 0,
	}
	if percentErr == nil {
		made["percent_off"] = percent
	} else {
		made["amount_off"] = amount
	}
	if monthsErr == nil {
		made["duration_in_months"] = months
	}
	s.coupons[id] = made
	s.happened(c.requestID, "coupon.created", made, nil)
	return ok(made)
}

func (s *Simulator) getCoupon(c *call) response {
	if found := s.coupons[c.ids[0]]; found != nil {
		return ok(found)
	}
	return missing(http.StatusNotFound, "coupon", "coupon", c.ids[0])
}
