package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"testing"
	"time"

	"clientele/internal/billing/simulator"
)

// What the tests of subscriptions request. A price's own id is that of the catalogue.
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
// compares every response with the recorded one.
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

// costForm is what a response says of its cost, which has tests of its own. On MongoDB it depends on the time that
// commands took.
var costForm = regexp.MustCompile(`,"extensions":\{"cost":\{[^{}]*\}\}`)

// withoutCost is the body but for what the operation cost.
func (a *apiResponse) withoutCost() string { return string(costForm.ReplaceAll(a.body, nil)) }

// record adds a response to a transcript, without what differs from run to run.
func record(t *testing.T, transcript *bytes.Buffer, name string, got *apiResponse) {
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
		t.Errorf("the responses differ from %s; they were:\n%s", recorded, transcript)
	}
}

// TestBillingSeed shows field for field what the customer guide says of billing: addresses, tax ids and a payment method
// reach the provider though nothing is paid, an update sends them as a whole, a customer is read with how it can be
// charged, and an archived one is still there at the provider.
func TestBillingSeed(t *testing.T) {
	t.Parallel()
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		id := object{"customerId": "customer-test-id"}
		server.must(t, provisionWithBillingOperation, object{"input": with(id, object{
			"name": "My very first customer", "email": "john@example.com", "couponRefId": "coupon-test-id", "subscriptionParams": nil,
			"billingInformation": information(nil), "additionalMetaData": object{"key": "value"},
		})})
		shown := awaitSync(t, server.client, time.Minute, inSync)["customer-test-id"]
		there := p.known("customer-test-id")[0]
		mustShow(t, "provisioned", shown, object{
			"billingId": there.ID, "billingLinkUrl": "https://dashboard.stripe.com/test/customers/" + there.ID, "billingCurrency": "DKK", "hasPaymentMethod": true,
			"defaultPaymentMethodId": there.DefaultPaymentMethod, "defaultPaymentMethodType": "CARD", "defaultPaymentMethodLast4Digits": "4242",
			"defaultPaymentExpirationMonth": 8.0, "defaultPaymentExpirationYear": 2030.0,
		})
		address := map[string]string{
			"country": "DK", "state": "Hovedstaden", "city": "Copenhagen", "postal_code": "1050", "line1": "Kongens Nytorv 1", "line2": "2nd floor",
		}
		shipping := maps.Clone(address)
		shipping["line1"], shipping["name"], shipping["phone"] = "Havnegade 2", "My very first customer", "+45 12 34 56 78"
		mustHave := func(when string, got simulator.Customer, want map[string]any) {
			t.Helper()
			for field, value := range want {
				if found := reflect.ValueOf(got).FieldByName(field).Interface(); !reflect.DeepEqual(found, value) {
					t.Errorf("%s the provider has the %s %v, want %v", when, field, found, value)
				}
			}
		}
		mustHave("after provisioning", there, map[string]any{
			"Name": "My very first customer", "Email": "john@example.com", "Phone": "+45 12 34 56 78", "Address": address, "Shipping": shipping,
			"Locales": []string{"da-DK"}, "CustomFields": []string{"Cost centre: 4711"}, "TaxIDs": []string{"eu_vat: DK13585628", "gb_vat: GB220430231"},
			"PaymentMethods": []string{there.DefaultPaymentMethod + ": card 4242"},
		})
		mustShow(t, "at the provider", object{"colour": there.Metadata["colour"], "currency": there.Metadata["clientele_currency"], "zone": there.Metadata["clientele_timezone"]},
			object{"colour": "blue", "currency": "DKK", "zone": "Europe/Copenhagen"})

		updated := server.must(t, updateWithBillingOperation, object{"input": with(id, object{
			"email": "john@new.example.com", "couponRefId": "coupon-test-id", "shouldWaitSync": true, "billingInformation": object{
				"billingAddress": object{"country": "DK", "city": "Aarhus"}, "taxIds": []object{{"type": "eu_vat", "value": "DK13585628"}},
				"paymentMethodId": "pm_card_mastercard",
			},
		})})["updateOneCustomer"].(object)
		mustShow(t, "updated", updated, object{"email": "john@new.example.com", "defaultPaymentMethodLast4Digits": "4444", "name": "My very first customer"})
		there = p.known("customer-test-id")[0]
		mustHave("after the update", there, map[string]any{
			"Name": "My very first customer", "Email": "john@new.example.com", "Address": map[string]string{"country": "DK", "city": "Aarhus"}, "Shipping": shipping,
			"TaxIDs": []string{"eu_vat: DK13585628"},
		})
		mustShow(t, "read", customerWithBilling(t, server.client, "customer-test-id"), object{
			"hasPaymentMethod": true, "defaultPaymentMethodId": there.DefaultPaymentMethod, "defaultPaymentMethodLast4Digits": "4444",
		})

		before := p.record(t, there.ID)
		archived := server.must(t, archiveOperation, object{"input": id})["archiveCustomer"].(object)
		mustShow(t, "archived", archived, object{"name": nil, "email": nil})
		mustNotBeListed(t, server, "customer-test-id")
		if p.record(t, there.ID) != before {
			t.Error("archiving has changed the provider's record")
		}
		server.mustFail(t, "EntityIsArchivedError", provisionOperation, object{"input": id})
	})
}
