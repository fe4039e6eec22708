package tests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"clientele/internal/config"
)

// inputField is a field of an input type, as introspection shows it.
type inputField struct {
	name, kind string // kind is the type without its lists and marks
	required   bool
	list       bool
}

// inputTypes returns the fields of every input type, and the arguments of every field of the operations under the name
// of its operation type: "Mutation.archiveCustomer".
func inputTypes(t *testing.T, server *service) map[string][]inputField {
	t.Helper()
	const of = ` name type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } `
	schema := server.must(t, `{ __schema { types { kind name inputFields {`+of+`} fields(includeDeprecated: true) { name args {`+of+`} } } } }`, nil)["__schema"].(object)
	all := map[string][]inputField{}
	read := func(list any) []inputField {
		fields, _ := list.([]any)
		out := make([]inputField, len(fields))
		for i, field := range fields {
			out[i].name = text(field.(object)["name"])
			is := field.(object)["type"].(object)
			out[i].required = is["kind"] == "NON_NULL"
			for is["ofType"] != nil {
				out[i].list = out[i].list || is["kind"] == "LIST"
				is = is["ofType"].(object)
			}
			out[i].kind = text(is["name"])
		}
		return out
	}
	for _, one := range schema["types"].([]any) {
		definition := one.(object)
		switch name := text(definition["name"]); {
		case definition["kind"] == "INPUT_OBJECT":
			all[name] = read(definition["inputFields"])
		case name == "Query" || name == "Mutation":
			for _, field := range definition["fields"].([]any) {
				all[name+"."+text(field.(object)["name"])] = read(field.(object)["args"])
			}
		}
	}
	return all
}

// textPaths are the paths below an input type to everything of one of the kinds; an entry of a list is [0]. Filters, which
// hold filters, are left out.
func textPaths(types map[string][]inputField, name, path string, kinds ...string) []string {
	var paths []string
	for _, field := range types[name] {
		at := strings.TrimPrefix(path+"."+field.name, ".")
		if field.list {
			at += "[0]"
		}
		switch {
		case slices.Contains(kinds, field.kind):
			paths = append(paths, at)
		case types[field.kind] != nil && !strings.HasSuffix(field.kind, "Filter"):
			paths = append(paths, textPaths(types, field.kind, at, kinds...)...)
		}
	}
	return paths
}

// put is a copy of the input with the value at the path; ok is whether the input has something there.
func put(input any, path string, value any) (changed any, ok bool) {
	if path == "" {
		return value, input != nil
	}
	step, rest, _ := strings.Cut(path, ".")
	name, isList := strings.CutSuffix(step, "[0]")
	fields, isObject := input.(object)
	if !isObject || fields[name] == nil {
		return input, false
	}
	out := maps.Clone(fields)
	if !isList {
		out[name], ok = put(fields[name], rest, value)
		return out, ok
	}
	list := slices.Clone(fields[name].([]any))
	list[0], ok = put(list[0], rest, value)
	out[name] = list
	return out, ok
}

// fullInputs are inputs of each mutation that have, between them, a value in every text and JSON field.
func fullInputs() map[string][]object {
	address := func(extra object) object {
		return with(object{"city": "Vilnius", "state": "V", "postalCode": "01103", "country": "LT"}, extra)
	}
	information := object{
		"billingAddress":  address(object{"addressLine1": "1", "addressLine2": "2", "phoneNumber": "3"}),
		"shippingAddress": address(object{"addressLine1": "1", "addressLine2": "2", "phoneNumber": "3"}),
		"taxIds":          []any{object{"type": "eu_vat", "value": "DK10150817"}}, "invoiceCustomFields": object{"a": "b"},
		"paymentMethodId": "pm", "timezone": "Europe/Vilnius", "language": "lt", "customerName": "Ada", "metadata": object{"a": "b"}, "integrationId": "i",
	}
	customer := object{
		"name": "Ada", "email": "ada@example.com", "refId": "ada", "customerId": "ada", "environmentId": "development", "billingId": "b",
		"awsMarketplaceCustomerId": "a", "salesforceId": "s", "crmId": "c", "couponRefId": "ten", "additionalMetaData": object{"a": "b"},
		"billingInformation": information,
	}
	subscription := object{
		"planId": "basic", "billingPeriod": "MONTHLY", "refId": "sub", "subscriptionId": "sub", "resourceId": "r", "billingId": "b", "salesforceId": "s",
		"additionalMetaData": object{"a": "b"}, "promotionCode": "OPEN", "billingCountryCode": "DK",
		"addons": []any{object{"addonId": "extra"}}, "billableFeatures": []any{object{"featureId": "seats", "quantity": 3}},
		"billingInformation": object{
			"billingAddress": address(object{"line1": "1", "line2": "2"}), "taxIds": []any{object{"type": "eu_vat", "value": "DK10150817"}},
			"metadata": object{"a": "b"}, "integrationId": "i",
		},
		"subscriptionEntitlements": []any{object{"featureId": "seats", "usageLimit": 1, "description": "d"}},
		"priceOverrides":           []any{object{"featureId": "seats", "price": object{"amount": 1}}},
	}
	subscribing := func(without string, changes object) object {
		params := with(subscription, changes)
		if without != "" {
			delete(params, without)
		}
		return object{"customerId": "ada", "subscriptionParams": params}
	}
	row := object{}
	for _, field := range []string{"name", "email", "refId", "customerId", "environmentId", "billingId", "salesforceId", "additionalMetaData"} {
		row[field] = customer[field]
	}
	coupon := object{"environmentId": "development", "refId": "c", "name": "C", "description": "d", "additionalMetaData": object{"a": "b"}}
	named := object{"customerId": "ada", "environmentId": "development"}
	return map[string][]object{
		"provisionCustomer": {
			customer, subscribing("", nil),
			subscribing("billableFeatures", object{"charges": []any{object{"id": "seats", "type": "FEATURE", "quantity": 3}}}),
			subscribing("promotionCode", object{"appliedCoupon": object{"couponId": "ten"}}),
			subscribing("promotionCode", object{"appliedCoupon": object{"billingCouponId": "b"}}),
			subscribing("promotionCode", object{"appliedCoupon": object{"promotionCode": "OPEN"}}),
			subscribing("promotionCode", object{"appliedCoupon": object{"discount": object{"name": "D", "description": "d", "percentOff": 1}}}),
			subscribing("", object{"priceOverrides": []any{object{"addonId": "extra", "featureId": "seats", "price": object{"amount": 1}}}}),
			subscribing("", object{"priceOverrides": []any{object{"currencyId": "x", "featureId": "seats"}}}),
			subscribing("", object{"priceOverrides": []any{object{"creditRate": object{"currencyId": "x", "costFormula": "x", "customCurrencyId": "x", "amount": 1}, "featureId": "seats"}}}),
			subscribing("subscriptionEntitlements", object{"entitlements": []any{object{"feature": object{"featureId": "region", "enumValues": []any{"eu"}}}}}),
			subscribing("subscriptionEntitlements", object{"entitlements": []any{object{"feature": object{"featureId": "region", "featureGroupId": "g"}}}}),
			subscribing("subscriptionEntitlements", object{"entitlements": []any{object{"credit": object{"customCurrencyId": "x", "amount": 1, "cadence": "MONTH"}}}}),
		},
		"createOneCustomer":            {customer},
		"updateOneCustomer":            {customer},
		"archiveCustomer":              {named},
		"unarchiveCustomer":            {named},
		"importOneCustomer":            {row, with(object{"paymentMethodId": "pm"}, row)},
		"importCustomersBulk":          {{"environmentId": "development", "customers": []any{row}}, {"integrationId": "i", "customers": []any{with(object{"paymentMethodId": "pm"}, row)}}},
		"createOneCoupon":              {with(object{"percentOff": 1}, coupon)},
		"updateOneCoupon":              {coupon},
		"archiveOneCoupon":             {{"environmentId": "development", "refId": "none"}},
		"setCouponOnCustomer":          {{"id": "ada", "relationId": "ten"}},
		"removeCouponFromCustomer":     {{"id": "ada", "relationId": "ten"}},
		"grantPromotionalEntitlements": {{"customerId": "ada", "environmentId": "development", "promotionalEntitlements": []any{object{"featureId": "region", "enumValues": []any{"eu"}, "period": "LIFETIME"}}}},
		"revokePromotionalEntitlement": {{"customerId": "ada", "environmentId": "development", "featureId": "sso"}},
		"attachCustomerPaymentMethod":  {{"customerId": "ada", "refId": "ada", "environmentId": "development", "paymentMethodId": "pm", "integrationId": "i", "vendorIdentifier": "STRIPE"}},
		"detachCustomerPaymentMethod":  {named},
		"resyncCustomer":               {named},
		"createApiKey":                 {{"name": "n", "scope": "READ", "environmentId": "development"}},
		"rollApiKey":                   {{"id": "0", "environmentId": "development"}},
		"revokeApiKey":                 {{"id": "0", "environmentId": "development"}},
	}
}

// selections are what has to be selected of the result of a mutation.
var selections = map[string]string{
	"provisionCustomer": "{ customer { id } }", "importCustomersBulk": "", "createOneCoupon": "{ id }", "updateOneCoupon": "{ id }",
	"archiveOneCoupon": "{ id }", "grantPromotionalEntitlements": "{ id }", "revokePromotionalEntitlement": "{ id }",
	"createApiKey": "{ apiKey { id } }", "rollApiKey": "{ apiKey { id } }", "revokeApiKey": "{ apiKey { id } }",
}

// mutationOf is an operation with a mutation of one input.
func mutationOf(types map[string][]inputField, name string) string {
	selection, listed := selections[name]
	if !listed {
		selection = "{ id }"
	}
	return fmt.Sprintf("mutation($input: %s!) { %s(input: $input) %s }", types["Mutation."+name][0].kind, name, selection)
}

// otherRules are the texts of inputs that are refused by a rule of their own, by what ends their paths: the code that a
// control character in them has.
var otherRules = map[string][]string{
	// They name what has to be there.
	"addonId":         {"AddonNotFound", "BadUserInput"},
	"featureId":       {"FeatureNotFound", "PromotionalEntitlementNotFoundError", "BadUserInput"},
	"charges[0].id":   {"FeatureNotFound", "BadUserInput"},
	"couponRefId":     {"CouponNotFound"},
	"couponId":        {"CouponNotFound"},
	"relationId":      {"CouponNotFound"},
	"id":              {"CustomerNotFound", "ApiKeyNotFound"},
	"refId":           {"CouponNotFound", "BadUserInput", "EntityIdDifferentFromRefIdError", "FailedToImportCustomer"},
	"customerId":      {"BadUserInput", "EntityIdDifferentFromRefIdError", "FailedToImportCustomer"},
	"environmentId":   {"IdentityForbidden", "FailedToImportCustomer"},
	"integrationId":   {"IntegrationNotFound", "BadUserInput"},
	"subscriptionId":  {"EntityIdDifferentFromRefIdError"},
	"enumValues[0]":   {"BadUserInput"},
	"paymentMethodId": {"IntegrationNotFound", "BadUserInput", "FailedToImportCustomer"},
	// They have a closed form.
	"country":            {"InvalidAddressError"},
	"billingCountryCode": {"BadUserInput"},
	"timezone":           {"BadUserInput"},
	"language":           {"BadUserInput"},
	"taxIds[0].type":     {"InvalidTaxId"},
	"taxIds[0].value":    {"InvalidTaxId"},
	// They are not supported with any value.
	"billingCouponId":  {"UnsupportedParameter"},
	"currencyId":       {"UnsupportedParameter"},
	"costFormula":      {"UnsupportedParameter"},
	"featureGroupId":   {"UnsupportedParameter"},
	"customCurrencyId": {"UnsupportedParameter"},
}

// dropped are texts that the schema takes for its clients' sake and that go nowhere.
var dropped = []string{
	"subscriptionParams.billingInformation.taxRateIds[0]", "subscriptionParams.billingInformation.couponId",
	"subscriptionParams.billingInformation.chargeOnBehalfOfAccount",
}

// TestControlCharactersAreRefusedEverywhere walks every text of every mutation. Queries keep nothing: a text with a
// control character in them finds what has it, which is nothing.
func TestControlCharactersAreRefusedEverywhere(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	applyCatalog(t, cfg, testCatalog, "development")
	admin := createKey(t, cfg, "development", "admin")
	server := startService(t, cfg)
	server.key = admin
	types := inputTypes(t, server)
	server.must(t, provisionOperation, object{"input": object{"customerId": "ada", "name": "Ada"}})
	server.must(t, createCouponOperation, object{"input": object{"refId": "c", "name": "C", "percentOff": 1}})
	before := stored(t, server.client) + storedCoupons(t, server)
	inputs := fullInputs()
	walked := 0
	for name, arguments := range types {
		mutation, isMutation := strings.CutPrefix(name, "Mutation.")
		if !isMutation {
			continue
		}
		if len(arguments) != 1 || arguments[0].name != "input" || len(inputs[mutation]) == 0 {
			t.Errorf("%s has other arguments than an input, or there is no example of it", mutation)
			continue
		}
		operation := mutationOf(types, mutation)
		check := func(path string, value any) {
			t.Helper()
			i := slices.IndexFunc(inputs[mutation], func(input object) bool { _, ok := put(input, path, value); return ok })
			if i < 0 {
				t.Errorf("%s: no example has %s", mutation, path)
				return
			}
			input, _ := put(inputs[mutation][i], path, value)
			got := server.do(t, operation, object{"input": input})
			if got.status != 200 || len(got.Errors) != 1 {
				t.Errorf("%s.%s takes %q: status %d, %s", mutation, path, value, got.status, got.body)
				return
			}
			walked++
			code := text(got.Errors[0].Extensions["code"])
			if strings.Contains(got.Errors[0].Message, "control character") {
				return
			}
			for ending, codes := range otherRules {
				if (path == ending || strings.HasSuffix(path, "."+ending)) && slices.Contains(codes, code) {
					return
				}
			}
			t.Errorf("%s.%s: %q is refused with %s: %s", mutation, path, value, code, got.Errors[0].Message)
		}
		for _, path := range textPaths(types, arguments[0].kind, "", "String", "ID") {
			if slices.Contains(dropped, path) {
				continue
			}
			for _, control := range []string{"a\x00", "a\x1bb", "a\u0085b", "a\x7fb"} {
				check(path, control)
			}
			if !strings.HasSuffix(path, "description") {
				check(path, "a\nb")
			}
		}
		for _, path := range textPaths(types, arguments[0].kind, "", "JSON") {
			check(path, object{"a\x00": "b"})
			if strings.HasSuffix(path, "invoiceCustomFields") {
				check(path, object{"a": "b\n"})
			}
		}
	}
	if walked < 500 {
		t.Errorf("only %d texts were sent", walked)
	}
	if after := stored(t, server.client) + storedCoupons(t, server); after != before {
		t.Errorf("refused writes changed\n%s\nto\n%s", before, after)
	}
}

// TestDescriptionsMayHaveLineBreaks: descriptions are the texts of several lines.
func TestDescriptionsMayHaveLineBreaks(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		const lines = "One\r\n\tTwo\nThree"
		made := server.must(t, createCouponOperation, object{"input": object{"refId": "c", "name": "C", "percentOff": 1, "description": lines}})["createOneCoupon"].(object)
		if made["description"] != lines {
			t.Errorf("got %q", made["description"])
		}
	})
}

// emailWrites are the ways in which an email address comes in.
var emailWrites = map[string]struct {
	operation string
	input     func(email string) object
	code      string
}{
	"provision":   {provisionOperation, func(email string) object { return object{"customerId": "new", "email": email} }, "BadUserInput"},
	"create":      {createOperation, func(email string) object { return object{"customerId": "new", "email": email} }, "BadUserInput"},
	"update":      {changeOperation, func(email string) object { return object{"customerId": "ada", "email": email} }, "BadUserInput"},
	"import":      {importOperation, func(email string) object { return object{"customerId": "new", "email": email} }, "BadUserInput"},
	"bulk import": {bulkImportOperation, func(email string) object { return object{"customers": []object{{"customerId": "new", "email": email}}} }, "FailedToImportCustomer"},
}

func TestUnreadableEmailsAreRefused(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada", "email": "ada@example.com"}})
		for name, c := range map[string]struct{ email, rule string }{
			"a zero-width space":          {"a\u200bda@example.com", "invisible"},
			"a right-to-left override":    {"ada@exa\u202emple.com", "invisible"},
			"a variation selector":        {"ada\ufe0f@example.com", "invisible"},
			"a Hangul filler":             {"ada@example\u3164.com", "invisible"},
			"an empty Braille pattern":    {"ada\u2800@example.com", "invisible"},
			"a tag":                       {"ada@example.com\U000e0041", "invisible"},
			"a replacement character":     {"ada\ufffd@example.com", "replacement"},
			"a noncharacter":              {"ada\ufdd0@example.com", "invisible"},
			"the last code point":         {"ada@example.com\U0010ffff", "invisible"},
			"a private-use character":     {"\ue000ada@example.com", "private-use"},
			"an ideographic full stop":    {"ada@example\u3002com", "ideographic"},
			"a full-width @":              {"ada\uff20example.com", "full-width"},
			"full-width digits":           {"ada\uff11@example.com", "full-width"},
			"a hyphen in front":           {"ada@-example.com", "hyphen"},
			"a hyphen behind":             {"ada@example-.com", "hyphen"},
			"a label of 64":               {"ada@" + strings.Repeat("a", 64) + ".com", "63 characters"},
			"a quoted one with a tag":     {"\"a\U000e0062\"@example.com", "invisible"},
			"half of a pair, as replaced": {"ada@ex\ufffdmple.com", "replacement"},
		} {
			for way, write := range emailWrites {
				field := "email"
				if write.code != "BadUserInput" {
					field = ""
				}
				t.Run(name+", "+way, func(t *testing.T) {
					mustRefuse(t, server, write.operation, write.input(c.email), refusal{code: write.code, field: field, words: c.rule, state: field == ""})
				})
			}
		}
		for name, email := range map[string]string{
			"an IDN": "ada@exämple.de", "an IDN, encoded": "ada@xn--exmple-cua.de", "an IDN in Arabic": "ada@مثال.إختبار", "an IDN in Korean": "ada@실례.테스트",
			"a quoted local part": `"ada lovelace"@example.com`, "a quoted local part with an @": `"ada@home"@example.com`,
			"a label of 63": "ada@" + strings.Repeat("a", 63) + ".com", "hyphens in a label": "ada@a--b.com", "a hyphen in front of all": "-ada@example.com",
		} {
			t.Run(name, func(t *testing.T) {
				changed := server.must(t, changeOperation, object{"input": object{"customerId": "ada", "email": email}})["updateOneCustomer"].(object)
				if changed["email"] != email {
					t.Errorf("got %q", changed["email"])
				}
			})
		}
	})
}

// cleared are the fields that null takes away, with a value for each.
var cleared = object{
	"name": "Ada", "email": "ada@example.com", "billingId": "b", "crmId": "c", "salesforceId": "s", "awsMarketplaceCustomerId": "a", "couponRefId": "ten",
}

// TestEmptyTextsAreNone walks every input with a field that a generated client sends empty when it is not set.
func TestEmptyTextsAreNone(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		types := inputTypes(t, server)
		inputs := fullInputs()
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada", "subscriptionParams": object{"planId": "free", "subscriptionId": "held"}}})
		ids := 0
		// Whether something is sent empty or null, the response is the same.
		same := func(name string, send func(value any) *apiResponse) {
			t.Helper()
			empty, without := send(""), send(nil)
			if len(empty.Errors) != len(without.Errors) || len(empty.Errors) > 0 && empty.Errors[0].Extensions["code"] != without.Errors[0].Extensions["code"] {
				t.Errorf("%s: empty is %s, null is %s", name, empty.body, without.body)
			}
		}
		walked := map[string]int{}
		for name, arguments := range types {
			operation, field, isOperation := strings.Cut(name, ".")
			if !isOperation {
				continue
			}
			for _, argument := range arguments {
				for _, path := range textPaths(types, argument.kind, "", "String", "ID", "ConnectionCursor") {
					ending := path[strings.LastIndexByte(path, '.')+1:]
					if !slices.Contains([]string{"environmentId", "refId", "promotionCode", "before", "after"}, ending) || isRequired(types, argument.kind, path) {
						continue
					}
					walked[ending]++
					if operation == "Query" {
						continue // Below.
					}
					i := slices.IndexFunc(inputs[field], func(input object) bool { _, ok := put(input, path, ""); return ok })
					if i < 0 {
						t.Errorf("%s: no example has %s", name, path)
						continue
					}
					same(name+" "+path, func(value any) *apiResponse {
						ids++
						input, _ := put(fresh(field, inputs[field][i], path, fmt.Sprintf("fresh-%d", ids)), path, value)
						return server.do(t, mutationOf(types, field), object{"input": input})
					})
				}
			}
		}
		for field, least := range map[string]int{"environmentId": 15, "refId": 6, "promotionCode": 2, "before": 7, "after": 7} {
			if walked[field] < least {
				t.Errorf("only %d inputs with %s were found", walked[field], field)
			}
		}
		for name, query := range map[string]string{
			"getCustomerByRefId": `query($v: String) { getCustomerByRefId(input: { customerId: "ada", environmentId: $v }) { customerId } }`,
			"entitlements":       `query($v: String) { entitlements(query: { customerId: "ada", environmentId: $v }) { __typename } }`,
			"cachedEntitlements": `query($v: String) { cachedEntitlements(query: { customerId: "ada", environmentId: $v }) { __typename } }`,
			"active":             `query($v: String) { getActiveSubscriptions(input: { customerId: "ada", environmentId: $v }) { id } }`,
			"getSubscription":    `query($v: String) { getSubscription(input: { subscriptionId: "held", environmentId: $v }) { subscriptionId } }`,
			"pages forwards":     `query($v: ConnectionCursor) { customers(paging: { first: 1, after: $v, before: $v }) { edges { node { customerId } } } }`,
			"pages backwards":    `query($v: ConnectionCursor) { customers(paging: { last: 1, after: $v, before: $v }) { edges { node { customerId } } } }`,
			"pages":              `query($v: ConnectionCursor) { coupons(paging: { before: $v, after: $v }) { edges { node { refId } } } }`,
		} {
			empty, without := server.must(t, query, object{"v": ""}), server.must(t, query, object{})
			if fmt.Sprint(empty) != fmt.Sprint(without) {
				t.Errorf("%s: empty is %v, left out is %v", name, empty, without)
			}
		}
		// In updates and imports the empty text clears what null clears, and at the beginning it is nothing.
		for field, value := range cleared {
			show := func(id string) any { return read(t, server.client, id)[field] }
			if field == "couponRefId" {
				show = func(id string) any {
					if coupon := couponOf(t, server, id); coupon != "" {
						return coupon
					}
					return nil
				}
			}
			server.must(t, changeOperation, object{"input": object{"customerId": "ada", field: value}})
			if got := show("ada"); got != value {
				t.Fatalf("%s is %v", field, got)
			}
			server.must(t, changeOperation, object{"input": object{"customerId": "ada", field: ""}})
			if got := show("ada"); got != nil {
				t.Errorf("%s is %v after an update with the empty text", field, got)
			}
			server.must(t, provisionOperation, object{"input": object{"customerId": "new-" + field, field: ""}})
			if got := show("new-" + field); got != nil {
				t.Errorf("%s is %v in a new customer", field, got)
			}
			if slices.ContainsFunc(types["ImportCustomerInput"], func(f inputField) bool { return f.name == field }) {
				server.must(t, changeOperation, object{"input": object{"customerId": "ada", field: value}})
				server.must(t, importOperation, object{"input": object{"customerId": "ada", field: ""}})
				if got := show("ada"); got != nil {
					t.Errorf("%s is %v after an import with the empty text", field, got)
				}
			}
		}
		// All of it at once, as a client sends it that cannot leave anything out.
		zero := object{"customerId": "zero", "refId": "", "environmentId": ""}
		for field := range cleared {
			zero[field] = ""
		}
		server.must(t, provisionOperation, object{"input": zero})
		server.must(t, changeOperation, object{"input": zero})
		// An id that is required is never none.
		mustRefuse(t, server, provisionOperation, object{"customerId": ""}, refusal{code: "BadUserInput", field: "customerId"})
		mustRefuse(t, server, createCouponOperation, object{"refId": "", "name": "C", "percentOff": 1}, refusal{code: "BadUserInput", field: "refId"})
	})
}

// fresh makes the ids in a mutation's input new, but for the one at the path.
func fresh(mutation string, input object, path, id string) object {
	input = maps.Clone(input)
	switch mutation {
	case "createOneCoupon":
		input["refId"] = id
		return input
	case "importCustomersBulk":
		row := with(input["customers"].([]any)[0].(object), object{"customerId": id, "refId": id})
		input["customers"] = []any{row}
		return input
	}
	if input["customerId"] != nil {
		input["customerId"] = id
		if input["refId"] != nil {
			input["refId"] = id
		}
	}
	if params, ok := input["subscriptionParams"].(object); ok {
		params = with(params, object{"subscriptionId": id, "refId": id})
		if path == "subscriptionParams.refId" {
			delete(params, "subscriptionId") // An empty one has to count as none by itself.
		}
		input["subscriptionParams"] = params
	}
	return input
}

// isRequired reports whether the field at a path has to be given.
func isRequired(types map[string][]inputField, kind, path string) bool {
	step, rest, more := strings.Cut(path, ".")
	name := strings.TrimSuffix(step, "[0]")
	i := slices.IndexFunc(types[kind], func(field inputField) bool { return field.name == name })
	if more {
		return isRequired(types, types[kind][i].kind, rest)
	}
	return types[kind][i].required
}

// TestNullsBesideConditions: a client with a variable for everything sends null for what it leaves out.
func TestNullsBesideConditions(t *testing.T) {
	const everything = `query($name: String, $email: String, $names: [String!], $other: StringFieldComparison, $more: CustomerFilter, $either: [CustomerFilter], $status: SubscriptionStatus) {
  customers(sorting: [{ field: customerId, direction: ASC }], filter: {
    name: { eq: $name, in: $names, like: $name, is: null }, email: { iLike: $email }, crmId: $other, or: $either, and: [$more, null],
    subscriptions: { status: { eq: $status } }, searchQuery: { iLike: $email }
  }) { totalCount edges { node { customerId } } } }`
	onEngines(t, func(t *testing.T, server *service) {
		for id, name := range map[string]string{"a": "Ada", "b": "Bea", "c": "Cora"} {
			server.must(t, provisionOperation, object{"input": object{"customerId": id, "name": name, "email": strings.ToLower(name) + "@example.com"}})
		}
		nulls := object{"name": nil, "email": nil, "names": nil, "other": nil, "more": nil, "either": nil, "status": nil}
		for name, c := range map[string]struct {
			variables object
			want      string
		}{
			"a name":                         {object{"name": "Ada"}, "a"},
			"names":                          {object{"names": []string{"Ada", "Cora"}}, "a c"},
			"an email address":               {object{"email": "bea%"}, "b"},
			"another comparison":             {object{"other": object{"is": true, "isNot": nil, "eq": nil}}, "a b c"},
			"an and":                         {object{"more": object{"name": object{"like": "%a", "eq": nil}, "and": nil}}, "a b c"},
			"an or with a null":              {object{"either": []any{nil, object{"name": object{"eq": "Ada"}}}}, "a"},
			"an or with a comparison of one": {object{"either": []any{object{"name": object{"eq": nil}}, object{"name": object{"eq": "Ada"}}}}, "a"},
			"a name and names":               {object{"name": "Ada", "names": []string{"Ada", "Cora"}}, "a"},
		} {
			found := server.must(t, everything, with(nulls, c.variables))["customers"].(object)
			got := joined(found["edges"], func(e object) string { return text(e["node"].(object)["customerId"]) })
			if got != c.want || int(found["totalCount"].(float64)) != len(strings.Fields(c.want)) {
				t.Errorf("%s: found %q of %v, want %q", name, got, found["totalCount"], c.want)
			}
		}
		refused := server.mustFail(t, "BadUserInput", everything, nulls)
		if field := text(refused.Extensions["field"]); !strings.HasPrefix(field, "filter.") || !strings.Contains(refused.Message, "null") {
			t.Errorf("nothing but nulls: %+v", refused)
		}
	})
}

// TestFloatingPointNumbersAreRounded: what clients computed is rounded to what is kept.
func TestFloatingPointNumbersAreRounded(t *testing.T) {
	tenth, fifth := 0.1, 0.2
	third := 100 / 3.0
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		n := 0
		for name, c := range map[string]struct {
			discount object
			want     object
		}{
			"a third":                   {object{"percentOff": third}, object{"percentOff": 33.333333333333}},
			"two thirds":                {object{"percentOff": 2 * third}, object{"percentOff": 66.666666666667}},
			"a third by its old name":   {object{"discountValue": third}, object{"percentOff": 33.333333333333}},
			"a sum":                     {object{"percentOff": tenth + fifth}, object{"percentOff": 0.3}},
			"just below 100":            {object{"percentOff": 99.99999999999999}, object{"percentOff": 100.0}},
			"12 digits stay":            {object{"percentOff": 1.000000000001}, object{"percentOff": 1.000000000001}},
			"an amount that is a sum":   {object{"amountsOff": []object{{"amount": tenth + fifth}}}, object{"amountsOff": 0.3}},
			"a large amount":            {object{"amountsOff": []object{{"amount": 1000000.1 + fifth}}}, object{"amountsOff": 1000000.3}},
			"an amount with two thirds": {object{"amountsOff": []object{{"amount": 20 / 3.0}}}, object{"amountsOff": 6.666666666667}},
		} {
			n++
			made := server.must(t, createCouponOperation, object{"input": with(object{"refId": fmt.Sprintf("c%d", n), "name": "C"}, c.discount)})["createOneCoupon"].(object)
			for field, want := range c.want {
				got := made[field]
				if field == "amountsOff" {
					got = got.([]any)[0].(object)["amount"]
				}
				if got != want {
					t.Errorf("%s: %s is %v, want %v", name, field, got, want)
				}
			}
		}
		server.mustFail(t, "BadUserInput", createCouponOperation, object{"input": object{"refId": "none", "name": "C", "percentOff": 1e-13}})
		server.mustFail(t, "AmountTooLarge", createCouponOperation, object{"input": object{"refId": "none", "name": "C", "amountsOff": []object{{"amount": 1e300}}}})

		// Every amount of a subscription.
		noise := tenth + fifth
		for name, params := range map[string]object{
			"a unit's price":  {"planId": "basic", "priceUnitAmount": noise},
			"an override":     {"planId": "basic", "priceOverrides": []object{{"featureId": "seats", "price": object{"amount": noise}}}},
			"tiers":           {"planId": "basic", "priceOverrides": []object{{"featureId": "seats", "tiers": []object{{"upTo": 2, "unitPrice": object{"amount": noise}}, {"flatPrice": object{"amount": noise}}}}}},
			"the least spend": {"planId": "basic", "minimumSpend": object{"minimum": object{"amount": 1000000.1 + fifth}}},
			"a budget":        {"planId": "basic", "budget": object{"limit": third, "hasSoftLimit": true}},
			"a discount":      {"planId": "basic", "appliedCoupon": object{"discount": object{"percentOff": third}}},
			"amounts off":     {"planId": "basic", "appliedCoupon": object{"discount": object{"amountsOff": []object{{"amount": third}}}}},
		} {
			n++
			got := server.do(t, `mutation($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { subscription { budget { limit } totalPrice { total { amount } } coupon { percentOff amountsOff { amount } }
  prices { price { price { amount } tiers { unitPrice { amount } flatPrice { amount } } } } } } }`, object{"input": object{
				"customerId": fmt.Sprintf("s%d", n), "subscriptionParams": with(object{"billingPeriod": "MONTHLY", "billableFeatures": []object{{"featureId": "seats", "quantity": 3}}}, params),
			}})
			if got.status != 200 || len(got.Errors) > 0 {
				t.Errorf("%s: %s", name, got.body)
				continue
			}
			for _, unrounded := range []string{"0.30000000000000004", "33.333333333333336", "1000000.2999999999"} {
				if strings.Contains(string(got.body), unrounded) {
					t.Errorf("%s is not rounded: %s", name, got.body)
				}
			}
			if !strings.Contains(string(got.body), "0.3") && !strings.Contains(string(got.body), "33.333333333333") && !strings.Contains(string(got.body), "1.0000003e+06") {
				t.Errorf("%s failed: %s", name, got.body)
			}
		}
	})
}

// TestPromotionCodesInAnyCase: people type codes as they like.
func TestPromotionCodesInAnyCase(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			cfg := config.Default()
			engine.configure(t, &cfg)
			file := writeFile(t, "codes.yaml", readFile(t, testCatalog)+"  - { id: Mixed-Case30, coupon: ten, maxRedemptions: 2 }\n  - { id: lower, coupon: ten }\n")
			applyCatalog(t, cfg, file, "development")
			server := startService(t, cfg)
			n := 0
			redeem := func(params object) *apiResponse {
				n++
				return server.do(t, `mutation($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { subscription { subscriptionId coupon { refId } } } }`,
					object{"input": object{"customerId": fmt.Sprintf("c%d", n), "subscriptionParams": with(basic(nil), params)}})
			}
			for _, code := range []string{"OPEN", "open", "Open", "oPEN", "lower", "LOWER", "Lower"} {
				for name, params := range map[string]object{
					"the code": {"promotionCode": code}, "the applied coupon's": {"appliedCoupon": object{"promotionCode": code}},
					"both, in different cases": {"promotionCode": code, "appliedCoupon": object{"promotionCode": strings.ToUpper(code)}},
				} {
					if got := redeem(params); got.status != 200 || len(got.Errors) > 0 || !strings.Contains(string(got.body), `"refId":"ten"`) {
						t.Errorf("%s %s: %s", name, code, got.body)
					}
				}
			}
			// One counter, however the code is written.
			for _, code := range []string{"mixed-case30", "MIXED-CASE30"} {
				if got := redeem(object{"promotionCode": code}); len(got.Errors) > 0 {
					t.Errorf("%s: %s", code, got.body)
				}
			}
			for code, want := range map[string]string{
				"mIxEd-CaSe30": "PromotionCodeMaxRedemptionsReached", "Mixed-Case30": "PromotionCodeMaxRedemptionsReached", "off": "PromotionCodeNotActive",
				"usedup%": "PromotionCodeNotFound", "ope_": "PromotionCodeNotFound", "opens": "PromotionCodeNotFound",
			} {
				if got := redeem(object{"promotionCode": code}); got.code() != want {
					t.Errorf("%s: want %s, got %s", code, want, got.body)
				}
			}
		})
	}
}

// TestNamesAreFoundHoweverAccentsAreComposed: a keyboard composes accents, a file system takes them apart.
func TestNamesAreFoundHoweverAccentsAreComposed(t *testing.T) {
	const composed, decomposed = "Jos\u00e9 Mu\u00f1oz", "Jose\u0301 Mun\u0303oz"
	onEngines(t, func(t *testing.T, server *service) {
		for id, name := range map[string]string{"c": composed, "d": decomposed, "n": "Jose Munoz", "g": "\uac01\uac00", "h": "\u1100\u1161\u11a8\u1100\u1161", "k": "Kim", "s": "Stra\u00dfe"} {
			server.must(t, provisionOperation, object{"input": object{"customerId": id, "name": name}})
			if got := read(t, server.client, id)["name"]; got != name {
				t.Errorf("%q is kept as %q", name, got)
			}
		}
		name := func(operator string, value any) object { return object{"name": object{operator: value}} }
		for what, c := range map[string]struct {
			filter object
			want   string
		}{
			"a search, composed":            {object{"searchQuery": object{"iLike": "jos\u00e9"}}, "c d"},
			"a search, decomposed":          {object{"searchQuery": object{"iLike": "%MUN\u0303OZ%"}}, "c d"},
			"a search without accents":      {object{"searchQuery": object{"iLike": "munoz"}}, "n"},
			"iLike, composed":               {name("iLike", "JOS\u00c9%"), "c d"},
			"iLike, decomposed":             {name("iLike", "jose\u0301 %"), "c d"},
			"iLike a character":             {name("iLike", "jos_ m%"), "c d n"},
			"iLike a letter":                {name("iLike", "jose%"), "n"},
			"like, composed":                {name("like", composed), "c d"},
			"like, decomposed":              {name("like", "Jose\u0301%"), "c d"},
			"like a letter":                 {name("like", "Jose%"), "n"},
			"like Hangul":                   {name("like", "\uac01%"), "g h"},
			"like Hangul in parts":          {name("like", "\u1100\u1161\u11a8%"), "g h"},
			"like a K":                      {name("like", "Ki%"), "k"},
			"like another K":                {name("like", "\u212ai%"), "k"},
			"notLike":                       {name("notLike", "Jos\u00e9%"), "g h k n s"},
			"notILike":                      {name("notILike", "%mun\u0303oz"), "g h k n s"},
			"a sharp s":                     {name("iLike", "STRA\u1e9eE"), "s"},
			"a sharp s is no ss":            {name("iLike", "strasse"), ""},
			"eq, composed":                  {name("eq", composed), "c d"},
			"eq, decomposed":                {name("eq", decomposed), "c d"},
			"in":                            {name("in", []string{decomposed, "Kim"}), "c d k"},
			"neq":                           {name("neq", decomposed), "g h k n s"},
			"notIn":                         {name("notIn", []string{composed, "Kim"}), "g h n s"},
			"an alternative, beside others": {object{"or": []object{name("like", "Jos\u00e9%"), name("eq", "Kim")}}, "c d k"},
		} {
			found := server.must(t, `query($filter: CustomerFilter) { customers(paging: { first: 50 }, filter: $filter, sorting: [{ field: customerId, direction: ASC }]) {
  totalCount edges { node { customerId } } } }`, object{"filter": c.filter})["customers"].(object)
			got := joined(found["edges"], func(e object) string { return text(e["node"].(object)["customerId"]) })
			if got != c.want || int(found["totalCount"].(float64)) != len(strings.Fields(c.want)) {
				t.Errorf("%s: found %q of %v, want %q", what, got, found["totalCount"], c.want)
			}
		}
		// Ids are compared letter by letter: these are two customers.
		for _, id := range []string{"\u00e9", "e\u0301"} {
			server.must(t, provisionOperation, object{"input": object{"customerId": id}})
			if got := server.found(t, object{"customerId": object{"eq": id}}); got != id {
				t.Errorf("the customer %+q is found as %+q", id, got)
			}
		}
	})
}
