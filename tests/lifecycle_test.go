package tests

import (
	"bytes"
	"flag"
	"regexp"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the recorded responses")

// TestLifecycle sends a customer's whole life over HTTP and compares every response with the recorded one,
// which is the same for all engines.
func TestLifecycle(t *testing.T) {
	id := object{"customerId": "customer-test-id"}
	steps := []struct {
		name      string
		operation string
		variables object
	}{
		{"provision", provisionOperation, object{"input": object{
			"customerId": "customer-test-id", "name": "My very first customer", "email": "john@example.com",
			"subscriptionParams": nil, "additionalMetaData": object{"key": "value", "plan.$tier": object{"seats": 3}},
			"billingInformation": object{
				"billingAddress": object{"country": "DK", "city": "Odense", "addressLine1": "Vestergade 1", "postalCode": "5000"},
				"taxIds":         []object{{"type": "eu_vat", "value": "DK12345674"}}, "currency": "DKK", "language": "da-DK",
			},
		}}},
		{"provision another", provisionOperation, object{"input": object{
			"refId": "other", "billingId": "cus_1", "crmId": "crm-1", "salesforceId": "sf-1", "awsMarketplaceCustomerId": "aws-1",
			"createdAt": "2020-02-29T12:30:00.5+01:00", "excludeFromExperiment": true,
		}}},
		{"get", getOperation, object{"input": id}},
		{"update the email, a key and another key", updateOperation, object{"input": object{
			"customerId": "customer-test-id", "email": "jane@example.com", "billingId": "cus_2",
			"additionalMetaData": object{"key": nil, "added": []any{1, "two", nil}},
		}}},
		{"update nothing", updateOperation, object{"input": id}},
		{"list by creation", listOperation, object{"sorting": []object{{"field": "createdAt", "direction": "ASC"}}}},
		{"list by name, nulls first, a page of one", listOperation, object{
			"paging": object{"first": 1}, "sorting": []object{{"field": "name", "direction": "DESC", "nulls": "NULLS_FIRST"}},
		}},
		{"list by filter", listOperation, object{"filter": object{"email": object{"iLike": "JANE@%"}, "name": object{"isNot": true}}}},
		{"archive", archiveOperation, object{"input": id}},
		{"get the archived", getOperation, object{"input": id}},
		{"list without the archived", listOperation, nil},
		{"update the archived", updateOperation, object{"input": object{"customerId": "customer-test-id", "name": "Back"}}},
		{"archive the archived", archiveOperation, object{"input": id}},
		{"provision the archived id", provisionOperation, object{"input": id}},
		{"provision an id in use", provisionOperation, object{"input": object{"customerId": "other"}}},
		{"unarchive", unarchiveOperation, object{"input": id}},
		{"get the unarchived", getOperation, object{"input": id}},
		{"unarchive the live", unarchiveOperation, object{"input": id}},
		{"unarchive the unknown", unarchiveOperation, object{"input": object{"customerId": "nobody"}}},
	}
	onEngines(t, func(t *testing.T, server *service) {
		var transcript bytes.Buffer
		for _, step := range steps {
			record(t, &transcript, step.name, server.do(t, step.operation, step.variables))
		}
		compareWithRecorded(t, "testdata/lifecycle.txt", transcript.Bytes())
	})
}

// What differs from run to run, and what to write in its place.
var changing = []struct {
	form *regexp.Regexp
	mark string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`), "(uuid)"},
	{regexp.MustCompile(`"20(?:2[6-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`), `"(now)"`},
	{regexp.MustCompile(`"subscription-[a-z0-9]{12}"`), `"(subscription)"`},
	{regexp.MustCompile(`("requestId": )"[A-Z0-9]{26}"`), `$1"(request)"`},
	{regexp.MustCompile(`("(?:cursor|startCursor|endCursor)": )"[\w-]+"`), `$1"(cursor)"`},
}

func timeless(text string) string {
	for _, c := range changing {
		text = c.form.ReplaceAllString(text, c.mark)
	}
	return text
}
