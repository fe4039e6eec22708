package tests

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/config"
	"clientele/tests/clientops"
)

// sizedOperation is a row of the table in docs/operations.md.
type sizedOperation struct {
	// what is the first column of the row.
	what      string
	query     string
	variables object
	// single is whether it is a read of one customer or subscription.
	single bool
	// scan is whether the price depends on how many rows there are, which it does not know.
	scan bool
}

// chargedOperations are operations of real shapes, most of them written from the schema as generated clients do.
func chargedOperations(schema *ast.Schema) []sizedOperation {
	widest := func(field string) string { return clientops.Widest(schema, ast.Query, field).Query }
	flat := func(field string) string { return clientops.Flat(schema, ast.Query, field).Query }
	change := func(field string) string { return clientops.Widest(schema, ast.Mutation, field).Query }
	full := object{"input": object{"customerId": "full"}}
	var rows []object
	for i := range 1000 {
		rows = append(rows, object{"customerId": fmt.Sprint("row-", i), "name": "Row", "email": "row@example.com", "updatedAt": "2024-01-01T00:00:00Z"})
	}
	return []sizedOperation{
		{"one customer, 7 fields", getOperation, full, true, false},
		{"one customer, every scalar", flat("getCustomerByRefId"), full, true, false},
		{"one customer and everything around it", widest("getCustomerByRefId"), full, true, false},
		{"one subscription and everything around it", widest("getSubscription"), object{"input": object{"subscriptionId": "full-1"}}, true, false},
		{"the active subscriptions of a customer, and everything around them", widest("getActiveSubscriptions"), full, true, false},
		{"what a customer may use", widest("cachedEntitlements"), object{"query": object{"customerId": "full"}}, true, false},
		{"100 customers, every scalar", flat("customers"), object{"paging": object{"first": 100}}, false, false},
		{"10 customers and everything around them", widest("customers"), object{"paging": object{"first": 10}}, false, false},
		{"a search among 1,000 customers, with the count", listOperation, object{"filter": object{"searchQuery": object{"iLike": "4"}}, "paging": object{"first": 20}}, false, true},
		{"the count of all customers", count, nil, false, false},
		{"provision a customer with a subscription, everything returned", change("provisionCustomer"), fullCustomer("another"), false, false},
		{"update a name, everything returned", change("updateOneCustomer"), object{"input": object{"customerId": "another", "name": "A"}}, false, false},
		{"archive a customer", archiveOperation, object{"input": object{"customerId": "another"}}, false, false},
		{"import 1,000 customers", `mutation($input: ImportCustomerBulkInput!) { importCustomersBulk(input: $input) }`, object{"input": object{"customers": rows}}, false, false},
	}
}

// fullCustomer is the input of a customer of the example catalogue with something in everything.
func fullCustomer(id string) object {
	metadata := object{}
	for i := range 10 {
		metadata[fmt.Sprint("key-", i)] = strings.Repeat("x", 40)
	}
	return object{"input": object{
		"customerId": id, "name": "A customer with everything", "email": "everything@example.com", "couponRefId": "coupon-test-id",
		"additionalMetaData": metadata,
		"subscriptionParams": object{
			"planId": "plan-basic", "resourceId": "resource-01", "subscriptionId": id + "-1", "billingPeriod": "MONTHLY", "awaitPaymentConfirmation": false,
			"billableFeatures": []object{{"featureId": "feature-01-templates", "quantity": 2}},
			"addons":           []object{{"addonId": "addon-extra-stuff", "quantity": 1}}, "promotionCode": "STIGG30",
		},
	}}
}

// schemaOfServer is what a generator reads.
func schemaOfServer(t *testing.T, server *service) *ast.Schema {
	t.Helper()
	got := server.withoutKey.exchange(t, http.MethodGet, "/schema.graphql", nil, nil)
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: string(got.body)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestChargesOfRealOperations runs operations of real shapes with the limits of a server that others can reach. Run it
// with -v to see the table of docs/operations.md, which must agree with what is charged.
func TestChargesOfRealOperations(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	exposed := cfg
	exposed.Listen = ":8080"
	perMinute, burst := exposed.KeyRate()
	cfg.RateLimits.Key, cfg.RateLimits.KeyBurst = config.Quota(perMinute), config.Quota(burst)
	applyCatalog(t, cfg, exampleCatalog, "development")
	server := startService(t, cfg)
	server.must(t, provisionOperation, fullCustomer("full"))
	server.must(t, `mutation { grantPromotionalEntitlements(input: { customerId: "full", promotionalEntitlements: [
		{ featureId: "feature-01-templates", usageLimit: 500, period: ONE_MONTH }, { featureId: "feature-02-analytics", period: ONE_MONTH }] }) { id } }`, nil)
	for start := 0; start < 1000; start += 500 {
		var rows []object
		for i := range 500 {
			rows = append(rows, object{"customerId": fmt.Sprintf("customer-%04d", start+i), "name": "Somebody", "email": "somebody@example.com", "updatedAt": "2024-01-01T00:00:00Z"})
		}
		server.must(t, `mutation($input: ImportCustomerBulkInput!) { importCustomersBulk(input: $input) }`, object{"input": object{"customers": rows}})
	}
	documented := chargesTable(t)
	t.Log("| operation | price at worst | charged | a minute at the default rate |\n| --- | --- | --- | --- |")
	for _, o := range chargedOperations(schemaOfServer(t, server)) {
		// A generated client sends the same document again and again. Without its variables it is read, and no more.
		server.get(t, url.Values{"query": {o.query}})
		got := server.do(t, o.query, o.variables)
		if got.status != http.StatusOK || len(got.Errors) > 0 {
			t.Errorf("%s: status %d: %.500s", o.what, got.status, got.body)
			continue
		}
		price, charged := costOf(t, got)
		t.Logf("| %s | %d | %d | %d |", o.what, price, charged, perMinute/charged)
		if charged > price && !o.scan {
			t.Errorf("%s: charged %d, which is more than its price %d", o.what, charged, price)
		}
		if o.single && 6000*charged > perMinute {
			t.Errorf("%s: %d points each are more than %d a minute, 6,000 times", o.what, charged, perMinute)
		}
		row, exists := documented[o.what]
		if !exists || row[0] != price || math.Abs(float64(row[1]-charged)) > 0.1*float64(charged) || row[2] != perMinute/row[1] {
			t.Errorf("docs/operations.md says %v of %q", row, o.what)
		}
	}
}

// costOf is the price of an operation, and what it was charged.
func costOf(t *testing.T, got *apiResponse) (price, charged int) {
	t.Helper()
	var response struct {
		Extensions struct {
			Cost struct{ Requested, Charged int }
		}
	}
	if err := json.Unmarshal(got.body, &response); err != nil {
		t.Fatal(err)
	}
	return response.Extensions.Cost.Requested, response.Extensions.Cost.Charged
}

// chargesTable is the table of docs/operations.md by its first column.
func chargesTable(t *testing.T) map[string][3]int {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][3]int{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 {
			continue
		}
		var row [3]int
		isRow := true
		for i, cell := range cells[1:] {
			row[i], err = strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(cell), ",", ""))
			isRow = isRow && err == nil
		}
		if isRow {
			rows[strings.TrimSpace(cells[0])] = row
		}
	}
	return rows
}
