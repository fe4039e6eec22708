package simulator

import (
	"net/http"
	"regexp"
	"slices"
)

// maxTaxIDs is Stripe's limit.
const maxTaxIDs = 5

var (
	taxTypes = regexp.MustCompile(`^[a-z]{2,3}(_[a-z]+)+$`)
	// Stripe knows the form of each type. One is enough here to see what a refusal leads to.
	euVAT = regexp.MustCompile(`^[A-Z]{2}[A-Z+*]{0,3}[0-9][0-9A-Z+*]{1,12}$`)
	// verifications are how the ids end that Stripe has for tests of what comes after the form.
	verifications = map[string]string{"000000000": "verified", "111111111": "unverified", "222222222": "pending"}
)

// verification is the outcome of the authority's check for the types that Stripe asks about.
func verification(kind, value string) any {
	switch kind {
	case "eu_vat", "gb_vat", "au_abn":
	default:
		return nil
	}
	status := "pending"
	if known, found := verifications[value]; found {
		status = known
	}
	return object{"status": status, "verified_name": nil, "verified_address": nil}
}

func (s *Simulator) listTaxIDs(c *call) response {
	found := s.living(c.ids[0])
	if found == nil {
		return missing(http.StatusNotFound, "customer", "customer", c.ids[0])
	}
	items := slices.Clone(found.taxIDs)
	slices.Reverse(items)
	return page(c, "/v1/customers/"+c.ids[0]+"/tax_ids", items)
}

func (s *Simulator) createTaxID(c *call) response {
	found := s.living(c.ids[0])
	kind, value := c.form.Get("type"), c.form.Get("value")
	switch {
	case found == nil:
		return missing(http.StatusNotFound, "customer", "customer", c.ids[0])
	case !taxTypes.MatchString(kind):
		return refuse(http.StatusBadRequest, "", "type", "Invalid type: "+kind)
	case value == "", kind == "eu_vat" && verifications[value] == "" && !euVAT.MatchString(value):
		return refuse(http.StatusBadRequest, "tax_id_invalid", "value", "Invalid value for "+kind+": "+value)
	case len(found.taxIDs) >= maxTaxIDs:
		return refuse(http.StatusBadRequest, "", "", "A customer can have at most 5 tax IDs.")
	}
	made := object{
		"id": newID("txi"), "object": "tax_id", "customer": found.id, "type": kind, "value": value,
		"created": s.options.Now().Unix(), "livemode": false, "verification": verification(kind, value),
	}
	found.taxIDs = append(found.taxIDs, made)
	s.happened(c.requestID, "customer.tax_id.created", made, nil)
	return ok(made)
}

func (s *Simulator) deleteTaxID(c *call) response {
	found := s.living(c.ids[0])
	if found == nil {
		return missing(http.StatusNotFound, "customer", "customer", c.ids[0])
	}
	i := slices.IndexFunc(found.taxIDs, func(t object) bool { return t["id"] == c.ids[1] })
	if i < 0 {
		return missing(http.StatusNotFound, "id", "tax_id", c.ids[1])
	}
	s.happened(c.requestID, "customer.tax_id.deleted", found.taxIDs[i], nil)
	found.taxIDs = slices.Delete(found.taxIDs, i, i+1)
	return ok(object{"id": c.ids[1], "object": "tax_id", "deleted": true})
}
