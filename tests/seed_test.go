package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"testing"
)

// What the tests of subscriptions ask for. A price's own id is that of the catalogue.
const (
	moneyFields      = `{ amount currency }`
	featureFields    = `{ id refId displayName featureType featureUnits featureUnitsPlural meterType description }`
	totalPriceFields = `totalPrice { subTotal ` + moneyFields + ` addonsTotal ` + moneyFields + ` total ` + moneyFields + ` }`

	subscriptionFields = `id subscriptionId refId customerId payingCustomerId resourceId environmentId status pricingType billingPeriod
    cancelReason paymentCollection paymentCollectionMethod wasInTrial startDate endDate trialEndDate cancellationDate effectiveEndDate
    billingCycleAnchor currentBillingPeriodStart currentBillingPeriodEnd createdAt additionalMetaData
    customer { customerId } resource { resourceId createdAt } budget { limit hasSoftLimit } trialConfiguration { trialEndBehavior }
    plan { id refId displayName pricingType status versionNumber product { id refId displayName } basePlan { refId } compatibleAddons { refId } }
    addons { id quantity addon { id refId displayName pricingType versionNumber maxQuantity } }
    prices { id usageLimit billingModel price { billingModel billingPeriod billingCountryCode price ` + moneyFields + `
      minUnitQuantity maxUnitQuantity feature { refId } } }
    ` + totalPriceFields + `
    coupon { id refId name type discountValue percentOff amountsOff ` + moneyFields + ` status durationInMonths startDate expirationDate }
    coupons { refId } latestInvoice { billingId } scheduledUpdates { createdAt } futureUpdates { createdAt } syncStates { status }`

	entitlementFields = `isGranted accessDeniedReason usageLimit hasUnlimitedUsage hasSoftLimit resetPeriod enumValues entitlementUpdatedAt
    feature ` + featureFields

	wholeCustomerFields = `id customerId refId name email environmentId createdAt updatedAt deletedAt additionalMetaData hasPaymentMethod
    hasActiveSubscription hasActiveResource totalActiveSubscription totalActivePromotionalEntitlements
    statistics { activeSubscriptionsByPricingType { pricingType totalCount } }
    trialedPlans { productRefId planRefId } eligibleForTrial { productRefId eligible }
    coupon { id refId name type status percentOff amountsOff ` + moneyFields + ` durationInMonths }
    subscriptions { subscriptionId } promotionalEntitlements { featureId status }
    syncStates { status } environment { id } billingId billingLinkUrl experimentInfo { groupType }`

	seedProvisionOperation = `mutation Provision($input: ProvisionCustomerInput!) {
  provisionCustomer(input: $input) {
    customer { ` + wholeCustomerFields + ` }
    subscription { ` + subscriptionFields + ` }
    entitlements { ` + entitlementFields + ` }
    entitlementsV2 { __typename ... on FeatureEntitlement { ` + entitlementFields + ` } }
    subscriptionDecisionStrategy subscriptionStrategyDecision
  }
}`
	seedGetOperation = `query Get($input: GetCustomerByRefIdInput!) { getCustomerByRefId(input: $input) { ` + wholeCustomerFields + ` } }`
)

// TestSeed sends the examples of the customer guide that this server was made after, in the names of the API, and
// compares every answer with the recorded one.
func TestSeed(t *testing.T) {
	id := object{"customerId": "customer-test-id"}
	params := func(more object) object {
		params := object{
			"planId": "plan-basic", "resourceId": "resource-01",
			"billableFeatures": []object{{"featureId": "feature-01-templates", "quantity": 2}},
			"billingPeriod":    "MONTHLY", "addons": []object{{"addonId": "addon-extra-stuff", "quantity": 1}},
			"promotionCode": "STIGG30", "billingCountryCode": "DK", "additionalMetaData": object{"key": "value"},
		}
		maps.Copy(params, more)
		return params
	}
	steps := []struct {
		name      string
		operation string
		variables object
	}{
		{"provision", seedProvisionOperation, object{"input": object{
			"customerId": "customer-test-id", "name": "My very first customer", "email": "john@example.com", "couponRefId": "coupon-test-id",
			"subscriptionParams": params(nil), "additionalMetaData": object{"key": "value"},
		}}},
		{"provision another that need not pay first", seedProvisionOperation, object{"input": object{
			"customerId": "other", "subscriptionParams": params(object{"awaitPaymentConfirmation": false}),
		}}},
		{"update", `mutation Update($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { ` + wholeCustomerFields + ` } }`,
			object{"input": object{
				"customerId": "customer-test-id", "email": "john@example.com", "couponRefId": "coupon-test-id",
				"billingInformation": object{"billingAddress": object{"country": "DK"}}, "additionalMetaData": object{"key": "value"},
			}}},
		{"get", seedGetOperation, object{"input": id}},
		{"get an unknown customer", seedGetOperation, object{"input": object{"customerId": "customer-demo-01"}}},
		{"archive", `mutation Archive($input: ArchiveCustomerInput!) { archiveCustomer(input: $input) {
  customerId name email deletedAt hasActiveSubscription } }`, object{"input": id}},
		{"get the archived customer", seedGetOperation, object{"input": id}},
		{"list without the archived customer", `{ customers { totalCount edges { node { customerId } } } }`, nil},
		{"active subscriptions of the archived customer", `{ getActiveSubscriptions(input: { customerId: "customer-test-id" }) { subscriptionId } }`, nil},
		{"entitlements of the archived customer", `{ cachedEntitlements(query: { customerId: "customer-test-id" }) { ` + entitlementFields + ` } }`, nil},
		{"the coupon without the archived customer", `{ coupon(id: "coupon-test-id") { refId status customers { customerId } } }`, nil},
		{"unarchive", `mutation Unarchive($input: UnarchiveCustomerInput!) { unarchiveCustomer(input: $input) {
  customerId name email deletedAt hasActiveSubscription
  subscriptions(filter: {}) { status cancelReason cancellationDate endDate effectiveEndDate } } }`, object{"input": id}},
		{"archive again", archiveOperation, object{"input": id}},
		{"provision the archived id", seedProvisionOperation, object{"input": id}},
	}
	onEnginesWith(t, exampleCatalog, func(t *testing.T, server *service) {
		var transcript bytes.Buffer
		for _, step := range steps {
			record(t, &transcript, step.name, server.do(t, step.operation, step.variables))
		}
		compareWithRecorded(t, "testdata/seed.txt", transcript.Bytes())
	})
}

// costForm is what an answer says of its cost, which has tests of its own.
var costForm = regexp.MustCompile(`,"extensions":\{"cost":\{[^{}]*\}\}`)

// record adds an answer to a transcript, without what differs from run to run.
func record(t *testing.T, transcript *bytes.Buffer, name string, got *answer) {
	t.Helper()
	var body bytes.Buffer
	if err := json.Indent(&body, costForm.ReplaceAll(got.body, nil), "", "  "); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(transcript, "# %s\n%d %s\n", name, got.status, timeless(body.String()))
}

// compareWithRecorded compares a transcript with the recorded one, or records it with -update.
func compareWithRecorded(t *testing.T, recorded string, transcript []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(recorded, transcript, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(transcript, want) {
		t.Errorf("the answers differ from %s; they were:\n%s", recorded, transcript)
	}
}
