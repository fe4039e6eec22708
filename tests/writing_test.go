package tests

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clientele/internal/config"
)

// everything is every field of a customer that a write could change.
const everything = `id customerId name email environmentId createdAt updatedAt deletedAt additionalMetaData billingId crmId
  salesforceId awsMarketplaceCustomerId excludeFromExperiment`

const (
	createOperation     = `mutation Create($input: CustomerInput!) { createOneCustomer(input: $input) { ` + everything + ` } }`
	importOperation     = `mutation Import($input: ImportCustomerInput!) { importOneCustomer(input: $input) { ` + everything + ` } }`
	bulkImportOperation = `mutation ImportBulk($input: ImportCustomerBulkInput!) { importCustomersBulk(input: $input) }`
	changeOperation     = `mutation Change($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { ` + everything + ` } }`
)

// stored returns every customer of the client's environment as JSON.
func stored(t *testing.T, client *client) string {
	t.Helper()
	got := client.do(t, `{ customers(paging: { first: 100 }, sorting: [{ field: customerId, direction: ASC }]) {
  totalCount edges { node { `+everything+` } } } }`, nil)
	if got.status != 200 || len(got.Errors) > 0 {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	return got.withoutCost()
}

// read returns one customer with every field; nil for none.
func read(t *testing.T, client *client, id string) object {
	t.Helper()
	data := client.must(t, `query($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) { `+everything+` } }`,
		object{"input": object{"customerId": id}})
	customer, _ := data["getCustomerByRefId"].(object)
	return customer
}

// refusal is what an error must have.
type refusal struct {
	code string
	// field is the input's path; empty when the error is not about one field.
	field string
	// words must stand in the message beside the code.
	words string
	// state is true when the input is not the only one to blame.
	state bool
	facts object
}

// mustRefuse sends a write, expects it to be refused in the way that clients are promised, and looks that
// it changed nothing.
func mustRefuse(t *testing.T, server *service, operation string, input object, want refusal) {
	t.Helper()
	before := stored(t, server.client)
	got := server.do(t, operation, object{"input": input})
	if got.status != 200 || len(got.Errors) != 1 {
		t.Errorf("status %d: %s", got.status, got.body)
		return
	}
	err := got.Errors[0]
	if err.Extensions["code"] != want.code || !strings.Contains(err.Message, want.code) || !strings.Contains(err.Message, want.words) {
		t.Errorf("want the code %s, and in the message too with %q: %s", want.code, want.words, got.body)
	}
	if err.Extensions["isValidationError"] != !want.state {
		t.Errorf("isValidationError is %v", err.Extensions["isValidationError"])
	}
	if id, _ := err.Extensions["requestId"].(string); id == "" || id != got.header.Get("X-Request-Id") {
		t.Errorf("the error's request id is %q, the response's %q", id, got.header.Get("X-Request-Id"))
	}
	if want.field != "" && (err.Extensions["field"] != want.field || !strings.Contains(err.Message, want.field)) {
		t.Errorf("want the field %s, and in the message too: %s", want.field, got.body)
	}
	for name, value := range want.facts {
		if fmt.Sprint(err.Extensions[name]) != fmt.Sprint(value) {
			t.Errorf("the fact %s is %v, want %v", name, err.Extensions[name], value)
		}
	}
	if after := stored(t, server.client); after != before {
		t.Errorf("the refused write changed\n%s\nto\n%s", before, after)
	}
}

// long is a text of n characters that take two bytes each.
func long(n int) string { return strings.Repeat("é", n) }

// wide is an object of n keys.
func wide(n int) object {
	keys := object{}
	for i := range n {
		keys[fmt.Sprintf("key-%02d", i)] = i
	}
	return keys
}

// wrongDetails are the inputs that provisioning and updating refuse alike.
var wrongDetails = map[string]struct {
	input object
	want  refusal
}{
	"a name of 256 characters":                     {object{"name": long(256)}, refusal{code: "BadUserInput", field: "name"}},
	"a blank email":                                {object{"email": " "}, refusal{code: "BadUserInput", field: "email"}},
	"an email of 256 characters":                   {object{"email": strings.Repeat("a", 244) + "@example.com"}, refusal{code: "BadUserInput", field: "email"}},
	"an email without a host":                      {object{"email": "ada"}, refusal{code: "BadUserInput", field: "email"}},
	"an email with an empty host":                  {object{"email": "ada@"}, refusal{code: "BadUserInput", field: "email"}},
	"an email without a local part":                {object{"email": "@example.com"}, refusal{code: "BadUserInput", field: "email"}},
	"an email with two dots":                       {object{"email": "ada..byron@example.com"}, refusal{code: "BadUserInput", field: "email"}},
	"an email with a name around it":               {object{"email": "Ada <ada@example.com>"}, refusal{code: "BadUserInput", field: "email"}},
	"an email in angle brackets":                   {object{"email": "<ada@example.com>"}, refusal{code: "BadUserInput", field: "email"}},
	"an email with a comment":                      {object{"email": "ada@example.com (Ada)"}, refusal{code: "BadUserInput", field: "email"}},
	"two emails":                                   {object{"email": "ada@example.com, bob@example.com"}, refusal{code: "BadUserInput", field: "email"}},
	"an email with a space":                        {object{"email": "ada byron@example.com"}, refusal{code: "BadUserInput", field: "email"}},
	"an email with a space behind it":              {object{"email": "ada@example.com "}, refusal{code: "BadUserInput", field: "email"}},
	"an email with a line break":                   {object{"email": "ada@example.com\n"}, refusal{code: "BadUserInput", field: "email"}},
	"a blank billingId":                            {object{"billingId": " "}, refusal{code: "BadUserInput", field: "billingId"}},
	"a billingId of 256 characters":                {object{"billingId": long(256)}, refusal{code: "BadUserInput", field: "billingId"}},
	"a crmId with a space before it":               {object{"crmId": " crm"}, refusal{code: "BadUserInput", field: "crmId"}},
	"a salesforceId with a control character":      {object{"salesforceId": "a\tb"}, refusal{code: "BadUserInput", field: "salesforceId"}},
	"an awsMarketplaceCustomerId with a space":     {object{"awsMarketplaceCustomerId": "aws "}, refusal{code: "BadUserInput", field: "awsMarketplaceCustomerId"}},
	"metadata that is a text":                      {object{"additionalMetaData": "{}"}, refusal{code: "InvalidMetadataError", field: "additionalMetaData"}},
	"metadata that is a number":                    {object{"additionalMetaData": 5}, refusal{code: "InvalidMetadataError", field: "additionalMetaData"}},
	"metadata that is a list":                      {object{"additionalMetaData": []object{{"a": 1}}}, refusal{code: "InvalidMetadataError", field: "additionalMetaData"}},
	"metadata of 51 keys":                          {object{"additionalMetaData": wide(51)}, refusal{code: "InvalidMetadataError", field: "additionalMetaData", words: "50 keys"}},
	"a metadata key of 41 characters":              {object{"additionalMetaData": object{long(41): 1}}, refusal{code: "InvalidMetadataError", field: "additionalMetaData", words: "40 characters"}},
	"an empty metadata key":                        {object{"additionalMetaData": object{"": 1}}, refusal{code: "InvalidMetadataError", field: "additionalMetaData", words: "40 characters"}},
	"a metadata text of 501 characters as JSON":    {object{"additionalMetaData": object{"k": long(499)}}, refusal{code: "InvalidMetadataError", field: "additionalMetaData", words: "500 characters"}},
	"a metadata list of 501 characters as JSON":    {object{"additionalMetaData": object{"k": []string{long(497)}}}, refusal{code: "InvalidMetadataError", field: "additionalMetaData", words: "500 characters"}},
	"one wrong metadata value among right ones":    {object{"additionalMetaData": object{"a": 1, "k": long(499), "z": 2}}, refusal{code: "InvalidMetadataError", field: "additionalMetaData"}},
	"a withdrawn country in lower case":            {addressWith("country", "su"), refusal{code: "InvalidAddressError", field: "billingInformation.billingAddress.country"}},
	"a country that is none":                       {addressWith("country", "XX"), refusal{code: "InvalidAddressError", field: "billingInformation.billingAddress.country"}},
	"a country of three letters":                   {addressWith("country", "DNK"), refusal{code: "InvalidAddressError", field: "billingInformation.billingAddress.country"}},
	"a shipping country that is none":              {billing("shippingAddress", object{"country": "ZZ"}), refusal{code: "InvalidAddressError", field: "billingInformation.shippingAddress.country"}},
	"a city of 256 characters":                     {addressWith("city", long(256)), refusal{code: "InvalidAddressError", field: "billingInformation.billingAddress.city"}},
	"a type of tax id that is none":                {taxed("xx_vat", "DK12345678"), refusal{code: "InvalidTaxId", field: "billingInformation.taxIds[0].type"}},
	"a tax id that is not of its type's form":      {taxed("eu_vat", "12"), refusal{code: "InvalidTaxId", field: "billingInformation.taxIds[0].value"}},
	"a tax id of wrong check digits":               {taxed("eu_vat", "DK12345678"), refusal{code: "InvalidTaxId", field: "billingInformation.taxIds[0].value"}},
	"a tax id twice":                               {billing("taxIds", slices.Repeat([]object{{"type": "eu_vat", "value": "DK12345674"}}, 2)), refusal{code: "InvalidTaxId", field: "billingInformation.taxIds[1]"}},
	"6 tax ids":                                    {billing("taxIds", slices.Repeat([]object{{"type": "eu_vat", "value": "DK12345674"}}, 6)), refusal{code: "BadUserInput", field: "billingInformation.taxIds"}},
	"a language that is none":                      {billing("language", "da_DK"), refusal{code: "BadUserInput", field: "billingInformation.language"}},
	"a time zone that is none":                     {billing("timezone", "Europe/Odense"), refusal{code: "BadUserInput", field: "billingInformation.timezone"}},
	"a customer name on invoices of 256":           {billing("customerName", long(256)), refusal{code: "BadUserInput", field: "billingInformation.customerName"}},
	"5 custom fields on invoices":                  {billing("invoiceCustomFields", object{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}), refusal{code: "BadUserInput", field: "billingInformation.invoiceCustomFields"}},
	"billing metadata of 45 keys":                  {billing("metadata", wide(45)), refusal{code: "InvalidMetadataError", field: "billingInformation.metadata", words: "44 keys"}},
	"billing metadata under a key of ours":         {billing("metadata", object{"clientele_id": "x"}), refusal{code: "InvalidMetadataError", field: "billingInformation.metadata"}},
	"a telephone number of 21 characters":          {billing("billingAddress", object{"phoneNumber": long(21)}), refusal{code: "InvalidAddressError", field: "billingInformation.billingAddress.phoneNumber"}},
	"billing metadata that is no object":           {billing("metadata", []int{1}), refusal{code: "InvalidMetadataError", field: "billingInformation.metadata"}},
	"a coupon that is unknown":                     {object{"couponRefId": "coupon-1"}, refusal{code: "CouponNotFound", field: "couponRefId", state: true}},
	"an id that differs from the other":            {object{"refId": "another"}, refusal{code: "EntityIdDifferentFromRefIdError"}},
	"an environment that is not the key's":         {object{"environmentId": otherEnvironment}, refusal{code: "IdentityForbidden", state: true}},
	"an environment that is blank":                 {object{"environmentId": " "}, refusal{code: "IdentityForbidden", state: true}},
	"an environment in another case":               {object{"environmentId": "Development"}, refusal{code: "IdentityForbidden", state: true}},
	"a right field beside a wrong one is not kept": {object{"crmId": "crm-right", "billingId": " "}, refusal{code: "BadUserInput", field: "billingId"}},
}

func billing(field string, value any) object {
	return object{"billingInformation": object{field: value}}
}

func addressWith(field string, value any) object {
	return billing("billingAddress", object{field: value})
}

func taxed(kind, value string) object {
	return billing("taxIds", []object{{"type": kind, "value": value}})
}

// wrongIDs are what no customer can be called.
var wrongIDs = map[string]string{
	"empty":                             "",
	"of 256 characters":                 long(256),
	"with a space before it":            " id",
	"with a space behind it":            "id ",
	"of white space":                    " ",
	"with a no-break space":             "\u00a0id",
	"with an ideographic space":         "id\u3000",
	"with a line break":                 "i\nd",
	"with a tab":                        "i\td",
	"with a zero byte":                  "i\x00d",
	"with a deletion":                   "i\x7fd",
	"with a control character of C1":    "i\u0085d",
	"with a line break at the end only": "id\n",
}

func TestProvisioningRefusals(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "taken", "name": "Taken", "additionalMetaData": object{"k": 1}}})
		server.must(t, provisionOperation, object{"input": object{"customerId": "gone", "name": "Gone", "additionalMetaData": object{"k": 1}}})
		archived := server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})["archiveCustomer"].(object)
		for operation, text := range map[string]string{"provisionCustomer": provisionOperation, "createOneCustomer": createOperation} {
			refuse := func(name string, input object, want refusal) {
				t.Run(operation+", "+name, func(t *testing.T) { mustRefuse(t, server, text, input, want) })
			}
			for name, c := range wrongDetails {
				input := object{"customerId": "new", "name": "New"}
				maps.Copy(input, c.input)
				refuse(name, input, c.want)
			}
			for name, id := range wrongIDs {
				refuse("a customerId "+name, object{"customerId": id}, refusal{code: "BadUserInput", field: "customerId"})
				if id != "" { // An empty refId is none.
					refuse("a refId "+name, object{"refId": id}, refusal{code: "BadUserInput", field: "refId"})
				}
			}
			refuse("a creation in the future", object{"createdAt": "2999-01-01T00:00:00Z"}, refusal{code: "BadUserInput", field: "createdAt"})
			duplicate := refusal{
				code: "DuplicatedEntityNotAllowed", words: "Duplicated entity not allowed", state: true,
				facts: object{"entityName": "Customer", "identifier": "taken"},
			}
			refuse("an id in use", object{"customerId": "taken", "name": "Usurper", "additionalMetaData": object{"k": 2}}, duplicate)
			refuse("a refId in use", object{"refId": "taken"}, duplicate)
			refuse("an archived customer's id", object{"customerId": "gone", "name": "Usurper", "additionalMetaData": object{"k": 2}}, refusal{
				code: "EntityIsArchivedError", state: true, facts: object{"entityName": "Customer", "identifier": "gone"},
			})
		}
		// What the archived customer was is unharmed by those who wanted its id.
		back := server.must(t, unarchiveOperation, object{"input": object{"customerId": "gone"}})["unarchiveCustomer"].(object)
		if back["id"] != archived["id"] || fmt.Sprint(back["additionalMetaData"]) != "map[k:1]" || back["name"] != nil {
			t.Errorf("the archived customer came back as %v", back)
		}
	})
}

func TestProvisioning(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		provision := func(input object) object {
			t.Helper()
			return server.must(t, provisionOperation, object{"input": input})["provisionCustomer"].(object)
		}
		for name, input := range map[string]object{
			"customerId alone":                    {"customerId": "one"},
			"refId alone":                         {"refId": "two"},
			"both alike":                          {"customerId": "three", "refId": "three"},
			"customerId with refId null":          {"customerId": "four", "refId": nil},
			"the key's own environment":           {"customerId": "five", "environmentId": "development"},
			"couponRefId null":                    {"customerId": "six", "couponRefId": nil},
			"couponRefId empty":                   {"customerId": "seven", "couponRefId": ""},
			"subscriptionParams null":             {"customerId": "eight", "subscriptionParams": nil},
			"everything null":                     {"customerId": "nine", "name": nil, "email": nil, "billingId": nil, "crmId": nil, "salesforceId": nil, "awsMarketplaceCustomerId": nil, "billingInformation": nil, "additionalMetaData": nil, "createdAt": nil, "environmentId": nil, "shouldSyncFree": nil, "excludeFromExperiment": nil},
			"an empty name":                       {"customerId": "ten", "name": ""},
			"billing information without content": {"customerId": "eleven", "billingInformation": object{"billingAddress": nil, "taxIds": []object{}, "currency": nil, "metadata": nil}},
		} {
			got := provision(input)
			customer := got["customer"].(object)
			id := input["customerId"]
			if id == nil {
				id = input["refId"]
			}
			if customer["customerId"] != id || customer["refId"] != id {
				t.Errorf("%s: %v", name, customer)
			}
			if got["subscriptionDecisionStrategy"] != "SKIPPED_SUBSCRIPTION_CREATION" || got["subscriptionStrategyDecision"] != "SKIPPED_SUBSCRIPTION_CREATION" {
				t.Errorf("%s: %v", name, got)
			}
			if after := read(t, server.client, id.(string)); after == nil || after["id"] != customer["id"] {
				t.Errorf("%s: afterwards it is %v", name, after)
			}
		}

		details := object{
			"name": long(255), "email": strings.Repeat("a", 243) + "@example.com", "billingId": long(255), "crmId": "crm 1",
			"salesforceId": "sf/1", "awsMarketplaceCustomerId": "aws-%_1",
		}
		input := maps.Clone(details)
		input["customerId"], input["createdAt"], input["excludeFromExperiment"] = "full", "1999-12-31T23:59:59.999Z", true
		provision(input)
		got := read(t, server.client, "full")
		for field, value := range details {
			if got[field] != value {
				t.Errorf("%s became %v", field, got[field])
			}
		}
		if got["createdAt"] != "1999-12-31T23:59:59.999Z" || got["updatedAt"].(string) < "2025" || got["excludeFromExperiment"] != true || got["deletedAt"] != nil {
			t.Errorf("the back-dated customer is %v", got)
		}

		// The id belongs to one environment only.
		server.otherClient.must(t, provisionOperation, object{"input": object{"customerId": "full", "environmentId": otherEnvironment}})
		if other := read(t, server.otherClient, "full"); other["environmentId"] != otherEnvironment || other["id"] == got["id"] || other["name"] != nil {
			t.Errorf("the customer of the other environment is %v", other)
		}
	})
}

func TestEmailForms(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		for name, email := range map[string]string{
			"plain":               "ada@example.com",
			"with a tag":          "ada+tag@example.com",
			"with all the signs":  "!#$%&'*+-/=?^_`{|}~@example.com",
			"with dots":           "ada.king.byron@mail.example.co.uk",
			"a host without dots": "ada@localhost",
			"a literal address":   "ada@[192.0.2.1]",
			"quoted, with spaces": `"ada byron"@example.com`,
			"quoted, with quotes": `"ada \"the countess\" byron"@example.com`,
			"quoted without need": `"ada"@example.com`,
			"upper case":          "ADA@EXAMPLE.COM",
			"the same once more":  "ada@example.com",
		} {
			got := server.do(t, provisionOperation, object{"input": object{"customerId": name, "email": email}})
			if len(got.Errors) > 0 {
				t.Errorf("%s: %s", name, got.body)
			} else if customer := read(t, server.client, name); customer["email"] != email {
				t.Errorf("%s: %q became %v", name, email, customer["email"])
			}
		}
	})
}

// TestOddIDs uses ids as odd as they may be in everything that takes one.
func TestOddIDs(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		ids := map[string]string{
			"a slash":                   "a/b",
			"the form of a key":         "development/a",
			"a per cent sign":           "100%",
			"an escaped sequence":       "a%2Fb",
			"an underscore":             "a_b",
			"a backslash":               `a\b`,
			"quotation marks":           `"a"'b'`,
			"an inner space":            "a b",
			"a dollar sign first":       "$where",
			"a dot":                     "a.b",
			"braces":                    `{"$gt": ""}`,
			"mark-up":                   "<script>&amp;",
			"an emoji of several parts": "👩‍👩‍👧",
			"letters beyond the BMP":    "𝔘𝔫𝔦",
			"a combining accent":        "e\u0301",
			"the accent combined":       "\u00e9",
			"a replacement character":   "\ufffd",
			"a line separator within":   "a\u2028b",
			"right to left":             "\u202eabc",
			"255 letters":               strings.Repeat("x", 255),
			"255 letters of two bytes":  long(255),
			"255 letters of four bytes": strings.Repeat("😀", 255),
			"one letter":                "x",
			"the name of a number":      "0",
			"the name of nothing":       "null",
			"another case":              "A/B",
		}
		for name, id := range ids {
			customer := server.must(t, provisionOperation, object{"input": object{"customerId": id, "name": name}})["provisionCustomer"].(object)["customer"].(object)
			if customer["customerId"] != id {
				t.Errorf("%s: %q became %v", name, id, customer["customerId"])
			}
		}
		listed := walk(t, server.client, object{"sorting": []object{{"field": "customerId", "direction": "ASC"}}}, true)
		if want := slices.Sorted(maps.Values(ids)); !slices.Equal(listed, want) {
			t.Errorf("listed %q, want %q", listed, want)
		}
		for name, id := range ids {
			if got := server.found(t, object{"customerId": object{"eq": id}}); got != id {
				t.Errorf("%s: a filter finds %q", name, got)
			}
			server.must(t, changeOperation, object{"input": object{"customerId": id, "crmId": id}})
			if got := read(t, server.client, id); got == nil || got["name"] != name || got["crmId"] != id {
				t.Errorf("%s: %v", name, got)
			}
			if err := server.mustFail(t, "DuplicatedEntityNotAllowed", provisionOperation, object{"input": object{"refId": id}}); err.Extensions["identifier"] != id {
				t.Errorf("%s: %v", name, err.Extensions)
			}
			server.must(t, archiveOperation, object{"input": object{"customerId": id}})
			if got := read(t, server.client, id); got != nil {
				t.Errorf("%s: archived, and still %v", name, got)
			}
		}
		if left := server.found(t, object{}); left != "" {
			t.Errorf("left: %q", left)
		}
	})
}

func TestGeneratedIDs(t *testing.T) {
	form := regexp.MustCompile(`^customer-[a-z0-9]{12}$`)
	onEngines(t, func(t *testing.T, server *service) {
		seen := map[any]bool{}
		for name, input := range map[string]object{"nothing": {}, "null": {"customerId": nil, "refId": nil}, "a name": {"name": "Ada"}, "the same name": {"name": "Ada"}} {
			customer := server.must(t, provisionOperation, object{"input": input})["provisionCustomer"].(object)["customer"].(object)
			id, _ := customer["customerId"].(string)
			if !form.MatchString(id) || seen[id] {
				t.Errorf("%s given: the id is %q", name, id)
			}
			seen[id] = true
			if read(t, server.client, id) == nil {
				t.Errorf("%s given: no customer has the id %q", name, id)
			}
		}
	})
}

func TestUpdatingRefusals(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{
			"customerId": "one", "name": "One", "email": "one@example.com", "billingId": "cus_1", "additionalMetaData": wide(49),
		}})
		provisioned(t, server, "gone")
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		server.otherClient.must(t, provisionOperation, object{"input": object{"customerId": "foreign"}})
		refuse := func(name string, input object, want refusal) {
			t.Run(name, func(t *testing.T) { mustRefuse(t, server, updateOperation, input, want) })
		}
		for name, c := range wrongDetails {
			// Each wrong input comes with a right one, which must not be kept.
			input := object{"customerId": "one", "name": "Changed", "additionalMetaData": object{"changed": true}}
			maps.Copy(input, c.input)
			refuse(name, input, c.want)
		}
		for name, id := range wrongIDs {
			refuse("a customerId "+name, object{"customerId": id, "name": "Changed"}, refusal{code: "BadUserInput", field: "customerId"})
		}
		refuse("no id", object{"name": "Changed"}, refusal{code: "MissingEntityIdError"})
		refuse("ids that are null", object{"customerId": nil, "refId": nil, "name": "Changed"}, refusal{code: "MissingEntityIdError"})
		for name, id := range map[string]string{"unknown": "nobody", "archived": "gone", "of another environment": "foreign", "in another case": "One"} {
			refuse("a customer "+name, object{"customerId": id, "name": "Changed"}, refusal{
				code: "CustomerNotFound", words: "Customer not found", state: true, facts: object{"entityName": "Customer", "identifier": id},
			})
		}
		refuse("51 keys once merged", object{"customerId": "one", "name": "Changed", "additionalMetaData": object{"a": 1, "b": 2}},
			refusal{code: "InvalidMetadataError", field: "additionalMetaData", words: "50 keys"})
	})
}

func TestUpdatingChangesWhatIsSent(t *testing.T) {
	fields := []string{"name", "email", "billingId", "crmId", "salesforceId", "awsMarketplaceCustomerId"}
	onEngines(t, func(t *testing.T, server *service) {
		full := object{"customerId": "one", "additionalMetaData": object{"key": "value"}, "excludeFromExperiment": true, "createdAt": "2020-01-01T00:00:00Z"}
		for _, field := range fields {
			full[field] = field + "@before"
		}
		server.must(t, provisionOperation, object{"input": full})
		// expect reads the customer and compares it with what it was, but for the changes.
		expect := func(name string, was, changes object) object {
			t.Helper()
			now := read(t, server.client, "one")
			want := maps.Clone(was)
			maps.Copy(want, changes)
			want["updatedAt"] = now["updatedAt"]
			if fmt.Sprint(now) != fmt.Sprint(want) {
				t.Errorf("%s:\ngot  %v\nwant %v", name, now, want)
			}
			return now
		}
		was := read(t, server.client, "one")
		for _, field := range fields {
			value := field + "@after"
			returned := server.must(t, changeOperation, object{"input": object{"customerId": "one", field: value}})["updateOneCustomer"]
			was = expect(field+" given", was, object{field: value})
			if fmt.Sprint(returned) != fmt.Sprint(was) {
				t.Errorf("%s: the response is %v, read afterwards it is %v", field, returned, was)
			}
			server.must(t, changeOperation, object{"input": object{"refId": "one", field: nil}})
			was = expect(field+" null", was, object{field: nil})
			server.must(t, changeOperation, object{"input": object{"refId": "one", "customerId": "one", field: nil}})
			was = expect(field+" null once more", was, nil)
			server.must(t, changeOperation, object{"input": object{"customerId": "one", field: "again@" + field}})
			was = expect(field+" given anew", was, object{field: "again@" + field})
		}
		for name, input := range map[string]object{
			"nothing":                         {},
			"couponRefId null":                {"couponRefId": nil},
			"couponRefId empty":               {"couponRefId": ""},
			"the own environment":             {"environmentId": "development"},
			"environmentId null":              {"environmentId": nil},
			"billingInformation null":         {"billingInformation": nil},
			"billingInformation":              {"billingInformation": object{"currency": "DKK"}},
			"shouldWaitSync":                  {"shouldWaitSync": true},
			"metadata without keys":           {"additionalMetaData": object{}},
			"metadata that deletes no key":    {"additionalMetaData": object{"unknown": nil}},
			"the values that are there":       {"name": was["name"], "additionalMetaData": was["additionalMetaData"]},
			"a metadata key as it is already": {"additionalMetaData": object{"key": "value"}},
		} {
			input["customerId"] = "one"
			server.must(t, changeOperation, object{"input": input})
			if now := read(t, server.client, "one"); fmt.Sprint(now) != fmt.Sprint(was) {
				t.Errorf("%s changed\n%v to\n%v", name, was, now)
			}
		}
		server.must(t, changeOperation, object{"input": object{"customerId": "one", "name": "Two at once", "email": nil}})
		expect("two fields at once", was, object{"name": "Two at once", "email": nil})
	})
}

func TestUpdatingMovesTheTimeOfChange(t *testing.T) {
	const longAgo = "2020-01-01T00:00:00.000Z"
	onEngines(t, func(t *testing.T, server *service) {
		for name, input := range map[string]object{
			"a field":            {"name": "New"},
			"a field cleared":    {"email": nil},
			"a metadata key":     {"additionalMetaData": object{"key": 2}},
			"a metadata key off": {"additionalMetaData": object{"key": nil}},
			"metadata cleared":   {"additionalMetaData": nil},
		} {
			server.must(t, importOperation, object{"input": object{
				"customerId": name, "name": "Old", "email": "old@example.com", "additionalMetaData": object{"key": 1}, "updatedAt": longAgo,
			}})
			server.must(t, changeOperation, object{"input": object{"customerId": name, "name": "Old"}})
			if got := read(t, server.client, name); got["updatedAt"] != longAgo {
				t.Errorf("%s: an update that changes nothing moved updatedAt to %v", name, got["updatedAt"])
			}
			input["customerId"] = name
			server.must(t, changeOperation, object{"input": input})
			if got := read(t, server.client, name); got["updatedAt"].(string) <= longAgo || got["createdAt"] != longAgo {
				t.Errorf("%s: created %v, updated %v", name, got["createdAt"], got["updatedAt"])
			}
		}
	})
}

func TestMetadataMergesKeyByKey(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		provisioned(t, server, "one")
		full, replaced := wide(50), wide(50)
		delete(replaced, "key-00")
		replaced["new"] = "x"
		atLimit := object{long(40): long(498), "list": []any{long(496)}}
		// Each step starts from what the step before left.
		for _, step := range []struct {
			name string
			send any
			want any
		}{
			{"the first key", object{"a": 1.0}, object{"a": 1.0}},
			{"another key", object{"b": "two"}, object{"a": 1.0, "b": "two"}},
			{"a key anew", object{"a": object{"deep": []any{1.0, nil}}}, object{"a": object{"deep": []any{1.0, nil}}, "b": "two"}},
			{"a value is replaced, not merged", object{"a": object{"other": true}}, object{"a": object{"other": true}, "b": "two"}},
			{"null deletes the key", object{"a": nil, "c": false}, object{"b": "two", "c": false}},
			{"null deletes what is not there", object{"a": nil}, object{"b": "two", "c": false}},
			{"no keys", object{}, object{"b": "two", "c": false}},
			{"dots and dollar signs are letters", object{"a.b": 1.0, "$set": 2.0, "$": 3.0, ".": 4.0, "a.$.c": 5.0}, object{"b": "two", "c": false, "a.b": 1.0, "$set": 2.0, "$": 3.0, ".": 4.0, "a.$.c": 5.0}},
			{"null deletes a key with a dot", object{"a.b": nil, "$set": nil}, object{"b": "two", "c": false, "$": 3.0, ".": 4.0, "a.$.c": 5.0}},
			{"null clears all", nil, nil},
			{"other names that mean something", object{"__proto__": 1.0, "_id": 2.0, "null": 3.0, "😀": 4.0, " ": 5.0}, object{"__proto__": 1.0, "_id": 2.0, "null": 3.0, "😀": 4.0, " ": 5.0}},
			{"null clears all again", nil, nil},
			{"50 keys", full, full},
			{"one out, one in", object{"key-00": nil, "new": "x"}, replaced},
			{"null clears 50", nil, nil},
			{"a key of 40 and values of 500 characters", atLimit, atLimit},
			{"all keys out", object{long(40): nil, "list": nil}, object{}},
		} {
			server.must(t, changeOperation, object{"input": object{"customerId": "one", "additionalMetaData": step.send}})
			got, want := asJSON(t, read(t, server.client, "one")["additionalMetaData"]), asJSON(t, step.want)
			if got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", step.name, got, want)
			}
		}
	})
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMetadataKeepsWhatWasSent looks at the bytes, which a client's number type would round.
func TestMetadataKeepsWhatWasSent(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		for name, value := range map[string]string{
			"a number beyond 64 bits":         `123456789012345678901234567890`,
			"a fraction with its zeros":       `1.2300`,
			"a number that no float holds":    `1e400`,
			"a list with null":                `[1,null,"x"]`,
			"500 characters of mark-up":       `"` + strings.Repeat("<", 498) + `"`,
			"500 characters with ampersands":  `"` + strings.Repeat("&", 498) + `"`,
			"line separators":                 `"` + strings.Repeat("\u2028", 80) + `"`,
			"500 characters of two bytes":     `"` + long(498) + `"`,
			"a text that looks like null":     `"null"`,
			"a text with what JSON escapes":   `"\"\\\n"`,
			"an object with a repeated thing": `{"a":{"a":{}}}`,
		} {
			// The request is written by hand, because an encoder would write the value in its own way.
			got := server.post(t, fmt.Sprintf(`{"query": %s, "variables": {"input": {"customerId": %s, "additionalMetaData": {"k": %s}}}}`,
				asJSON(t, provisionOperation), asJSON(t, name), value))
			if strings.Contains(string(got.body), `"errors"`) {
				t.Errorf("%s: %s", name, got.body)
				continue
			}
			var returned struct {
				Data struct {
					GetCustomerByRefID struct{ AdditionalMetaData map[string]json.RawMessage }
				}
			}
			got = server.post(t, fmt.Sprintf(`{"query": %s, "variables": {"input": {"customerId": %s}}}`, asJSON(t, getOperation), asJSON(t, name)))
			if err := json.Unmarshal(got.body, &returned); err != nil {
				t.Fatal(err)
			}
			kept := string(returned.Data.GetCustomerByRefID.AdditionalMetaData["k"])
			if kept != value && !(value[0] == '"' && sameText(t, kept, value)) {
				t.Errorf("%s: %s became %s", name, value, kept)
			}
		}
	})
}

// sameText compares two JSON texts, which can be written in more than one way.
func sameText(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y string
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		t.Fatalf("no texts: %s, %s", a, b)
	}
	return x == y
}

func TestArchiving(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{
			"customerId": "one", "name": "One", "email": "one@example.com", "crmId": "crm-1", "billingId": "cus_1",
			"additionalMetaData": object{"key": "value"}, "createdAt": "2020-01-01T00:00:00Z",
		}})
		provisioned(t, server, "two")
		id := object{"customerId": "one"}
		was := read(t, server.client, "one")

		notFound := func(id string) refusal {
			return refusal{code: "CustomerNotFound", words: "Customer not found", state: true, facts: object{"entityName": "Customer", "identifier": id}}
		}
		forbidden := refusal{code: "IdentityForbidden", state: true}
		mustRefuse(t, server, archiveOperation, object{"customerId": "nobody"}, notFound("nobody"))
		mustRefuse(t, server, archiveOperation, object{"customerId": "one", "environmentId": otherEnvironment}, forbidden)
		mustRefuse(t, server, archiveOperation, object{"customerId": ""}, refusal{code: "BadUserInput", field: "customerId"})
		mustRefuse(t, server, unarchiveOperation, object{"customerId": "nobody"}, notFound("nobody"))
		mustRefuse(t, server, unarchiveOperation, object{"customerId": "one", "environmentId": otherEnvironment}, forbidden)
		if _, err := server.otherClient.send(t.Context(), archiveOperation, object{"input": id}); err != nil {
			t.Fatal(err)
		}
		if now := read(t, server.client, "one"); fmt.Sprint(now) != fmt.Sprint(was) {
			t.Errorf("the other environment archived it: %v", now)
		}

		returned := server.must(t, archiveOperation, object{"input": object{"customerId": "one", "environmentId": "development"}})["archiveCustomer"].(object)
		if returned["id"] != was["id"] || returned["name"] != nil || returned["email"] != nil || returned["deletedAt"] == nil {
			t.Errorf("archiving returned %v", returned)
		}
		if read(t, server.client, "one") != nil || server.found(t, object{}) != "two" || server.found(t, object{"searchQuery": object{"iLike": "one"}}) != "" {
			t.Error("the archived customer can still be found")
		}
		mustRefuse(t, server, archiveOperation, id, notFound("one"))
		mustRefuse(t, server, updateOperation, object{"customerId": "one", "name": "Back", "email": "back@example.com"}, notFound("one"))
		mustRefuse(t, server, importOperation, object{"customerId": "one", "name": "Back"}, refusal{code: "EntityIsArchivedError", state: true})
		mustRefuse(t, server, provisionOperation, id, refusal{code: "EntityIsArchivedError", state: true})
		mustRefuse(t, server, unarchiveOperation, object{"customerId": "one", "environmentId": otherEnvironment}, forbidden)

		back := server.must(t, unarchiveOperation, object{"input": id})["unarchiveCustomer"].(object)
		if back["name"] != nil || back["email"] != nil || back["deletedAt"] != nil {
			t.Errorf("unarchiving returned %v", back)
		}
		now := read(t, server.client, "one")
		want := maps.Clone(was)
		want["name"], want["email"], want["updatedAt"] = nil, nil, now["updatedAt"]
		if fmt.Sprint(now) != fmt.Sprint(want) {
			t.Errorf("unarchived:\ngot  %v\nwant %v", now, want)
		}
		if ids := server.found(t, object{}); ids != "one two" {
			t.Errorf("listed: %s", ids)
		}
		before := stored(t, server.client)
		server.must(t, unarchiveOperation, object{"input": id})
		if after := stored(t, server.client); after != before {
			t.Error("unarchiving a live customer changed it")
		}
		server.must(t, changeOperation, object{"input": object{"customerId": "one", "name": "Named anew"}})
		server.must(t, archiveOperation, object{"input": id})
		server.must(t, unarchiveOperation, object{"input": id})
		if now := read(t, server.client, "one"); now["name"] != nil || now["id"] != was["id"] {
			t.Errorf("archived and unarchived a second time: %v", now)
		}
	})
}

func TestImporting(t *testing.T) {
	const early, middle, late = "2020-01-01T00:00:00.000Z", "2021-01-01T00:00:00.000Z", "2022-01-01T00:00:00.000Z"
	onEngines(t, func(t *testing.T, server *service) {
		provisioned(t, server, "gone")
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		// Each step starts from what the step before left.
		for _, step := range []struct {
			name string
			send object
			want object
		}{
			{"a new customer is created, at the row's time", object{"refId": "one", "name": "One", "email": "one@example.com", "billingId": "cus_1", "salesforceId": "sf-1", "additionalMetaData": object{"a": 1}, "updatedAt": middle},
				object{"name": "One", "email": "one@example.com", "billingId": "cus_1", "salesforceId": "sf-1", "additionalMetaData": object{"a": 1}, "updatedAt": middle, "createdAt": middle}},
			{"an older row changes nothing", object{"name": "Older", "additionalMetaData": nil, "updatedAt": early}, object{}},
			{"a row of the same time changes", object{"name": "Same", "updatedAt": middle}, object{"name": "Same"}},
			{"a newer row changes what it has", object{"email": nil, "additionalMetaData": object{"a": nil, "b": 2}, "updatedAt": late}, object{"email": nil, "additionalMetaData": object{"b": 2}, "updatedAt": late}},
			{"the same row again changes nothing", object{"email": nil, "additionalMetaData": object{"a": nil, "b": 2}, "updatedAt": late}, object{}},
			{"what it cannot do is null", object{"paymentMethodId": nil, "environmentId": "development", "updatedAt": late}, object{}},
		} {
			before := read(t, server.client, "one")
			if step.send["refId"] == nil {
				step.send["customerId"] = "one"
			}
			returned := server.must(t, importOperation, object{"input": step.send})["importOneCustomer"]
			got := read(t, server.client, "one")
			want := maps.Clone(before)
			if want == nil {
				want = maps.Clone(got)
			}
			maps.Copy(want, step.want)
			if asJSON(t, got) != asJSON(t, want) || asJSON(t, returned) != asJSON(t, got) {
				t.Errorf("%s:\nreturned %v\nread     %v\nwant     %v", step.name, returned, got, want)
			}
		}
		server.must(t, importOperation, object{"input": object{"customerId": "one", "name": "Now"}})
		if got := read(t, server.client, "one"); got["name"] != "Now" || got["updatedAt"].(string) <= late || got["createdAt"] != middle {
			t.Errorf("a row without a time: %v", got)
		}
		server.must(t, importOperation, object{"input": object{"customerId": "new"}})
		if got := read(t, server.client, "new"); got == nil || got["createdAt"] != got["updatedAt"] || got["createdAt"].(string) <= late {
			t.Errorf("a new customer without a time: %v", got)
		}

		for name, c := range map[string]struct {
			input object
			want  refusal
		}{
			"a payment method":             {object{"customerId": "one", "paymentMethodId": "pm_1"}, refusal{code: "IntegrationNotFound", field: "paymentMethodId", state: true}},
			"an empty payment method":      {object{"customerId": "one", "paymentMethodId": ""}, refusal{code: "IntegrationNotFound", field: "paymentMethodId", state: true}},
			"a time in the future":         {object{"customerId": "one", "name": "X", "updatedAt": "2999-01-01T00:00:00Z"}, refusal{code: "BadUserInput", field: "updatedAt"}},
			"no id":                        {object{"name": "X"}, refusal{code: "MissingEntityIdError"}},
			"ids that differ":              {object{"customerId": "one", "refId": "two"}, refusal{code: "EntityIdDifferentFromRefIdError"}},
			"an id that is too long":       {object{"customerId": long(256)}, refusal{code: "BadUserInput", field: "customerId"}},
			"another environment":          {object{"customerId": "one", "environmentId": otherEnvironment}, refusal{code: "IdentityForbidden", state: true}},
			"an archived id":               {object{"customerId": "gone", "name": "X"}, refusal{code: "EntityIsArchivedError", state: true, facts: object{"identifier": "gone"}}},
			"an email that is none":        {object{"customerId": "one", "name": "X", "email": "none"}, refusal{code: "BadUserInput", field: "email"}},
			"metadata that is none":        {object{"customerId": "one", "name": "X", "additionalMetaData": 5}, refusal{code: "InvalidMetadataError", field: "additionalMetaData"}},
			"metadata that is none, new":   {object{"customerId": "two", "name": "X", "additionalMetaData": 5}, refusal{code: "InvalidMetadataError", field: "additionalMetaData"}},
			"a salesforceId that is blank": {object{"customerId": "two", "salesforceId": " "}, refusal{code: "BadUserInput", field: "salesforceId"}},
		} {
			t.Run(name, func(t *testing.T) { mustRefuse(t, server, importOperation, c.input, c.want) })
		}
	})
}

func TestImportingInBulk(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		server.must(t, importOperation, object{"input": object{"customerId": "old", "name": "Old", "updatedAt": "2020-01-01T00:00:00Z"}})
		provisioned(t, server, "gone")
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		good := object{"customerId": "good", "name": "Good"}
		older := object{"customerId": "old", "name": "Older", "updatedAt": "2019-01-01T00:00:00Z"}
		newer := object{"customerId": "old", "name": "Newer", "updatedAt": "2021-01-01T00:00:00Z"}
		failed := func(ids ...string) refusal {
			return refusal{code: "FailedToImportCustomer", words: "nothing was imported", state: true, facts: object{"failedCustomerIds": ids}}
		}
		for name, c := range map[string]struct {
			input object
			want  refusal
		}{
			"an archived id fails the row":         {object{"customers": []object{good, newer, {"refId": "gone"}}}, failed("gone")},
			"every row that fails is named":        {object{"customers": []object{{"customerId": "a", "email": "none"}, good, {"customerId": "b", "additionalMetaData": 5}, {"customerId": " c"}}}, failed("a", "b", " c")},
			"a row without an id":                  {object{"customers": []object{good, {"name": "Nobody"}}}, failed("")},
			"a row of ids that differ":             {object{"customers": []object{good, {"customerId": "a", "refId": "b"}}}, failed("a")},
			"an id twice":                          {object{"customers": []object{good, newer, {"refId": "good"}}}, failed("good")},
			"a row of the future":                  {object{"customers": []object{good, {"customerId": "a", "updatedAt": "2999-01-01T00:00:00Z"}}}, failed("a")},
			"a row of another environment":         {object{"customers": []object{good, {"customerId": "a", "environmentId": otherEnvironment}}}, failed("a")},
			"a row with a payment method":          {object{"customers": []object{good, {"customerId": "a", "paymentMethodId": "pm_1"}}}, failed("a")},
			"an integration":                       {object{"customers": []object{good}, "integrationId": "stripe"}, refusal{code: "IntegrationNotFound", field: "integrationId", state: true}},
			"another environment":                  {object{"customers": []object{good}, "environmentId": otherEnvironment}, refusal{code: "IdentityForbidden", state: true}},
			"1,001 rows":                           {object{"customers": numberedRows(1001)}, refusal{code: "BadUserInput", field: "customers", words: "1000"}},
			"metadata above the limit when merged": {object{"customers": []object{good, {"customerId": "old", "additionalMetaData": wide(51)}}}, failed("old")},
		} {
			t.Run(name, func(t *testing.T) { mustRefuse(t, server, bulkImportOperation, c.input, c.want) })
		}

		ids := map[any]bool{}
		for name, rows := range map[string][]object{"no rows": {}, "an older row": {older}, "rows": {good, newer, {"refId": "third", "paymentMethodId": nil}}} {
			data := server.must(t, bulkImportOperation, object{"input": object{"customers": rows, "environmentId": "development", "integrationId": nil}})
			id, _ := data["importCustomersBulk"].(string)
			if id == "" || ids[id] {
				t.Errorf("%s: the import's id is %q", name, id)
			}
			ids[id] = true
		}
		if got := read(t, server.client, "old"); got["name"] != "Newer" || got["updatedAt"] != "2021-01-01T00:00:00.000Z" {
			t.Errorf("the older row won: %v", got)
		}
		if got := server.found(t, object{}); got != "good old third" {
			t.Errorf("imported: %s", got)
		}
		// Rows with a time of their own say the same however often they are sent.
		again := object{"input": object{"customers": []object{newer, older}[:1]}}
		before := stored(t, server.client)
		server.must(t, bulkImportOperation, again)
		if after := stored(t, server.client); after != before {
			t.Errorf("the same rows changed\n%s\nto\n%s", before, after)
		}
	})
}

func numberedRows(n int) []object {
	rows := make([]object, n)
	for i := range rows {
		rows[i] = object{"customerId": fmt.Sprintf("row-%04d", i), "name": fmt.Sprintf("Row %d", i), "updatedAt": "2020-01-01T00:00:00Z"}
	}
	return rows
}

func TestImportingTheMostRows(t *testing.T) {
	server := startEmbedded(t)
	input := object{"input": object{"customers": numberedRows(1000)}}
	server.must(t, bulkImportOperation, input)
	if got := server.list(t, nil); got.total != 1000 {
		t.Fatalf("%d customers", got.total)
	}
	before := stored(t, server.client)
	server.must(t, bulkImportOperation, input)
	if stored(t, server.client) != before {
		t.Error("the same rows changed something")
	}
}

// TestBillingInformationIsNotKept sends a mark in every field that can hold one, in every mutation that
// takes billing information, accepted and refused.
func TestBillingInformationIsNotKept(t *testing.T) {
	const mark = "MarkOfTheBilling"
	address := func() object {
		return object{
			"country": "DK", "state": mark + "State", "addressLine1": mark + "Line1", "addressLine2": mark + "Line2",
			"city": mark + "City", "postalCode": mark + "Code", "phoneNumber": mark + "Tel",
		}
	}
	information := func() object {
		return object{
			"billingAddress": address(), "shippingAddress": address(), "currency": "DKK",
			"taxIds":              []object{{"type": "eu_vat", "value": "DK98765433"}},
			"invoiceCustomFields": object{mark + "Field": mark + "Value"}, "paymentMethodId": mark + "Method",
			"timezone": "America/Argentina/ComodRivadavia", "language": "sr-Latn-RS", "customerName": mark + "Name",
			"metadata": object{mark + "Key": mark + "Value"}, "integrationId": mark + "Integration",
		}
	}
	marks := []string{mark, "DK98765433", "ComodRivadavia", "sr-Latn-RS"}
	onEngines(t, func(t *testing.T, server *service) {
		fields := server.must(t, `{ info: __type(name: "CustomerBillingInfo") { inputFields { name } } address: __type(name: "Address") { inputFields { name } } }`, nil)
		for kind, sent := range map[string]object{"info": information(), "address": address()} {
			for _, field := range fields[kind].(object)["inputFields"].([]any) {
				if _, ok := sent[field.(object)["name"].(string)]; !ok {
					t.Errorf("the test sends no %s of the %s", field.(object)["name"], kind)
				}
			}
		}
		// look expects none of the marks in a response.
		look := func(name string, got *apiResponse) {
			t.Helper()
			for _, text := range marks {
				if strings.Contains(string(got.body), text) || strings.Contains(fmt.Sprint(got.header), text) {
					t.Errorf("%s returns %s: %s", name, text, got.body)
				}
			}
		}
		for name, operation := range map[string]string{"provision": provisionOperation, "create": createOperation} {
			got := server.do(t, operation, object{"input": object{"customerId": name, "billingInformation": information()}})
			look(name, got)
			if len(got.Errors) > 0 {
				t.Fatalf("%s: %s", name, got.body)
			}
		}
		server.must(t, updateOperation, object{"input": object{"customerId": "create", "name": "Changed", "billingInformation": information()}})
		// A refusal, for each field that can be refused, does not have the value either.
		for name, wrong := range map[string]object{
			"country":             {"billingAddress": object{"country": mark}},
			"state":               {"shippingAddress": object{"state": mark + long(255)}},
			"tax type":            {"taxIds": []object{{"type": mark, "value": "DK98765433"}}},
			"tax value":           {"taxIds": []object{{"type": "eu_vat", "value": mark}}},
			"invoiceCustomFields": {"invoiceCustomFields": object{mark + long(40): mark}},
			"paymentMethodId":     {"paymentMethodId": mark + long(255)},
			"timezone":            {"timezone": mark},
			"language":            {"language": mark},
			"customerName":        {"customerName": mark + long(255)},
			"metadata":            {"metadata": object{mark + "Key": mark + long(500)}},
			"metadata, no object": {"metadata": mark},
			"integrationId":       {"integrationId": mark + long(255)},
		} {
			for operationName, operation := range map[string]string{"provision": provisionOperation, "update": updateOperation} {
				id := map[string]string{"provision": "refused", "update": "create"}[operationName]
				got := server.do(t, operation, object{"input": object{"customerId": id, "billingInformation": wrong}})
				if len(got.Errors) != 1 || got.Errors[0].Extensions["isValidationError"] != true {
					t.Errorf("%s, %s: %s", operationName, name, got.body)
				}
				look(operationName+" with a wrong "+name, got)
			}
		}
		for _, id := range []string{"provision", "create"} {
			got := server.do(t, `query($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) {
  name email additionalMetaData billingId billingLinkUrl billingCurrency hasPaymentMethod defaultPaymentMethodId defaultPaymentMethodType
  defaultPaymentMethodLast4Digits defaultPaymentExpirationMonth defaultPaymentExpirationYear
  syncStates { vendorIdentifier status syncedEntityId error integration { id integrationId } } } }`, object{"input": object{"customerId": id}})
			look("get", got)
			customer := got.Data["getCustomerByRefId"].(object)
			states := customer["syncStates"].([]any)
			if len(states) != 1 || states[0].(object)["status"] != "NO_SYNC_REQUIRED" || customer["hasPaymentMethod"] != false || customer["billingCurrency"] != nil {
				t.Errorf("%s: without a provider the customer says %s", id, got.body)
			}
		}
		look("list", server.do(t, listOperation, object{"filter": object{"searchQuery": object{"iLike": "%"}}}))
		for _, text := range marks {
			if strings.Contains(server.log.String(), text) {
				t.Errorf("the log holds %s", text)
			}
		}
	})
}

// TestBillingInformationIsInNoFile looks into the data directory of the embedded engine.
func TestBillingInformationIsInNoFile(t *testing.T) {
	const mark = "MarkOfTheBilling"
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	server := startService(t, cfg)
	information := object{
		"billingAddress":  object{"country": "DK", "state": mark, "addressLine1": mark, "addressLine2": mark, "city": mark, "postalCode": mark, "phoneNumber": mark},
		"shippingAddress": object{"city": mark}, "taxIds": []object{{"type": "eu_vat", "value": "DK98765433"}},
		"invoiceCustomFields": object{mark: mark}, "paymentMethodId": mark, "timezone": "America/Argentina/ComodRivadavia",
		"language": "sr-Latn-RS", "customerName": mark, "metadata": object{mark: mark}, "integrationId": mark,
	}
	server.must(t, provisionOperation, object{"input": object{"customerId": "one", "name": "NameThatIsKept", "billingInformation": information}})
	server.must(t, createOperation, object{"input": object{"customerId": "two", "billingInformation": information}})
	server.must(t, updateOperation, object{"input": object{"customerId": "two", "crmId": "crm", "billingInformation": information}})
	for _, text := range []string{mark, "DK98765433", "ComodRivadavia", "sr-Latn-RS"} {
		mustNotContain(t, cfg.DataDir, text)
	}
	// The folder is where the customer is, and its text can be read there.
	kept := strings.Contains(documents(t, cfg), "NameThatIsKept")
	if !kept {
		t.Error("the customer's own name is not in the folder, so looking for anything in it proves nothing")
	}
}

// TestPersonalDataIsInNoErrorOrLog makes writes fail in many ways with a name and an email in them.
func TestPersonalDataIsInNoErrorOrLog(t *testing.T) {
	const name, email = "MarkOfTheName", "mark-of-the-email@example.com"
	onEngines(t, func(t *testing.T, server *service) {
		person := func(more object) object {
			input := object{"customerId": "one", "name": name, "email": email}
			maps.Copy(input, more)
			return input
		}
		provisioned(t, server, "gone")
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		server.must(t, provisionOperation, object{"input": person(nil)})
		for what, c := range map[string]struct {
			operation string
			input     object
		}{
			"an id in use":             {provisionOperation, person(nil)},
			"an archived id":           {provisionOperation, person(object{"customerId": "gone"})},
			"a name that is too long":  {provisionOperation, person(object{"customerId": "new", "name": name + long(255)})},
			"an email that is none":    {provisionOperation, person(object{"customerId": "new", "email": email + "<>"})},
			"an email that is long":    {provisionOperation, person(object{"customerId": "new", "email": strings.Repeat("x", 255) + email})},
			"another wrong field":      {provisionOperation, person(object{"customerId": "new", "billingId": " "})},
			"wrong metadata":           {provisionOperation, person(object{"customerId": "new", "additionalMetaData": []string{email}})},
			"an unsupported field":     {provisionOperation, person(object{"customerId": "new", "couponRefId": "x"})},
			"an unknown customer":      {updateOperation, person(object{"customerId": "nobody"})},
			"an update that is wrong":  {updateOperation, person(object{"email": email + "\n"})},
			"an import of archived":    {importOperation, person(object{"customerId": "gone"})},
			"a row that fails":         {bulkImportOperation, object{"customers": []object{person(object{"email": email + " "}), person(object{"customerId": "gone"})}}},
			"a name of the wrong type": {provisionOperation, person(object{"name": []string{name}})},
			"an email of wrong type":   {provisionOperation, person(object{"email": object{email: email}})},
			"a time that is none":      {provisionOperation, person(object{"createdAt": email})},
		} {
			got := server.do(t, c.operation, object{"input": c.input})
			if len(got.Errors) == 0 {
				t.Errorf("%s is not refused: %s", what, got.body)
			}
			for _, text := range []string{name, email, "mark-of-the-email"} {
				if strings.Contains(string(got.body), text) {
					t.Errorf("%s: the error holds %s: %s", what, text, got.body)
				}
			}
		}
		if log := server.log.String(); strings.Contains(log, name) || strings.Contains(log, "mark-of-the-email") {
			t.Errorf("the log holds personal data:\n%s", log)
		}
	})
}
