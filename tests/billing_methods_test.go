package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/internal/config"
)

const (
	pendingOperation = `mutation($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { subscription { status } } }`
	activeOperation  = `query($id: String!) { getActiveSubscriptions(input: { customerId: $id }) { status } }`
)

// paid is a subscription that waits for its first payment.
var paid = object{
	"planId": "plan-basic", "billingPeriod": "MONTHLY", "resourceId": "r", "billableFeatures": []object{{"featureId": "feature-01-templates", "quantity": 2}},
}

// paymentMethodOf names a customer and a payment method.
func paymentMethodOf(id, method string) object {
	return object{"customerId": id, "vendorIdentifier": "STRIPE", "paymentMethodId": method}
}

// mustShow compares fields of a customer.
func mustShow(t *testing.T, what string, customer, want object) {
	t.Helper()
	for field, value := range want {
		if customer[field] != value {
			t.Errorf("%s: %s is %v, want %v", what, field, customer[field], value)
		}
	}
}

func TestBillingPaymentMethods(t *testing.T) {
	t.Parallel()
	visa := object{
		"hasPaymentMethod": true, "defaultPaymentMethodType": "CARD", "defaultPaymentMethodLast4Digits": "4242",
		"defaultPaymentExpirationMonth": 8.0, "defaultPaymentExpirationYear": 2030.0,
	}
	none := object{
		"hasPaymentMethod": false, "defaultPaymentMethodId": nil, "defaultPaymentMethodType": nil, "defaultPaymentMethodLast4Digits": nil,
		"defaultPaymentExpirationMonth": nil, "defaultPaymentExpirationYear": nil,
	}
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		change := func(operation, field string, input object) object {
			t.Helper()
			return server.must(t, operation, object{"input": input})[field].(object)
		}
		detach := object{"customerId": "one"}
		server.must(t, provisionOperation, object{"input": object{"customerId": "one", "name": "Name of one"}})
		server.mustFail(t, "CustomerNoBillingId", detachOperation, object{"input": detach})
		// The provider is made to have the customer first.
		attached := change(attachOperation, "attachCustomerPaymentMethod", with(paymentMethodOf("one", "pm_card_visa"), object{"billingCurrency": "DKK"}))
		mustShow(t, "attached", attached, visa)
		mustShow(t, "attached", attached, object{"billingCurrency": "DKK", "billingId": p.known("one")[0].ID})
		mustShow(t, "replaced", change(attachOperation, "attachCustomerPaymentMethod", paymentMethodOf("one", "pm_usBankAccount")), object{
			"hasPaymentMethod": true, "defaultPaymentMethodType": "BANK", "defaultPaymentMethodLast4Digits": "6789", "defaultPaymentExpirationYear": nil,
		})
		server.mustFail(t, "PaymentMethodNotFoundError", attachOperation, object{"input": paymentMethodOf("one", "pm_unknown")})
		server.mustFail(t, "InitStripePaymentMethodError", attachOperation, object{"input": paymentMethodOf("one", "pm_card_visa_chargeDeclined")})
		server.mustFail(t, "IntegrationNotFound", attachOperation, object{"input": with(paymentMethodOf("one", "pm_card_visa"), object{"vendorIdentifier": "ZUORA"})})
		server.mustFail(t, "IntegrationNotFound", attachOperation, object{"input": with(paymentMethodOf("one", "pm_card_visa"), object{"integrationId": "other"})})
		mustShow(t, "after refusals", customerWithBilling(t, server.client, "one"), object{"defaultPaymentMethodLast4Digits": "6789"})

		p.respondWith(func(w http.ResponseWriter, _ call) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error": {"type": "invalid_request_error", "code": "payment_method_unexpected_state", "message": "It cannot be."}}`))
		})
		refusal := server.mustFail(t, "CannotRemovePaymentMethodFromCustomerError", detachOperation, object{"input": detach})
		if refusal.Extensions["providerCode"] != "payment_method_unexpected_state" || strings.Contains(refusal.Message, "It cannot be.") {
			t.Errorf("refused with %v", refusal)
		}
		p.respondWith(nil)
		mustShow(t, "detached", change(detachOperation, "detachCustomerPaymentMethod", detach), object{"hasPaymentMethod": true, "defaultPaymentMethodId": nil})
		server.mustFail(t, "PaymentMethodNotFoundError", detachOperation, object{"input": detach})

		if err := p.Delete(p.known("one")[0].ID); err != nil {
			t.Fatal(err)
		}
		server.mustFail(t, "StripeCustomerIsDeleted", attachOperation, object{"input": paymentMethodOf("one", "pm_card_visa")})
		if status, why := syncOf(customerWithBilling(t, server.client, "one")); status != "ERROR" || !strings.Contains(why, "resyncCustomer") {
			t.Errorf("a deleted customer is %s: %s", status, why)
		}
		change(updateWithBillingOperation, "updateOneCustomer", object{"customerId": "one", "billingId": nil})
		renewed := change(resyncOperation, "resyncCustomer", detach)
		mustShow(t, "made anew", renewed, none)
		if status, why := syncOf(renewed); status != "SUCCESS" || renewed["billingId"] != p.known("one")[1].ID {
			t.Errorf("made anew it is %v: %s", renewed, why)
		}
	})
	unbilled := config.Default()
	unbilled.DataDir = t.TempDir()
	server := startService(t, unbilled)
	server.must(t, provisionOperation, object{"input": object{"customerId": "one"}})
	server.mustFail(t, "IntegrationNotFound", attachOperation, object{"input": paymentMethodOf("one", "pm_card_visa")})
	server.mustFail(t, "IntegrationNotFound", detachOperation, object{"input": object{"customerId": "one"}})
	server.mustFail(t, "IntegrationNotFound", resyncOperation, object{"input": object{"customerId": "one"}})
}

// TestShouldWaitSync has the provider hold an update back. Without shouldWaitSync the
// response does not wait for it.
func TestShouldWaitSync(t *testing.T) {
	t.Parallel()
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		server.must(t, provisionWithBillingOperation, object{"input": object{"customerId": "one", "name": "Name of one", "shouldSyncFree": true}})
		awaitSync(t, server.client, time.Minute, inSync)
		release := make(chan struct{})
		p.watchWith(func(m moment, c call) bool {
			if m == arrived && c.about("Second+name") {
				<-release
			}
			return true
		})
		got := server.must(t, updateWithBillingOperation, object{"input": object{"customerId": "one", "name": "Second name"}})["updateOneCustomer"].(object)
		if status, _ := syncOf(got); status != "PENDING" || got["name"] != "Second name" || p.known("one")[0].Name != "Name of one" {
			t.Errorf("without shouldWaitSync the response is %v, and the provider has %+v", got, p.known("one"))
		}
		close(release)
		got = server.must(t, updateWithBillingOperation, object{"input": object{"customerId": "one", "name": "Third name", "shouldWaitSync": true}})["updateOneCustomer"].(object)
		if status, why := syncOf(got); status != "SUCCESS" || p.known("one")[0].Name != "Third name" {
			t.Errorf("with shouldWaitSync the response is %v: %s, and the provider has %+v", got, why, p.known("one"))
		}
	})
}

// TestBillingActivatesSubscriptions: a subscription that waits for its first payment begins once there is a
// payment method, whether an event or a mutation brings it.
func TestBillingActivatesSubscriptions(t *testing.T) {
	t.Parallel()
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		active := func(id string) int {
			return len(server.must(t, activeOperation, object{"id": id})["getActiveSubscriptions"].([]any))
		}
		for _, id := range []string{"attached", "pushed", "event"} {
			got := server.must(t, pendingOperation, object{"input": object{"customerId": id, "subscriptionParams": paid}})["provisionCustomer"].(object)["subscription"].(object)
			if got["status"] != "PAYMENT_PENDING" || active(id) != 0 {
				t.Errorf("%s begins as %v", id, got)
			}
		}
		all := awaitSync(t, server.client, time.Minute, inSync)
		server.must(t, attachOperation, object{"input": paymentMethodOf("attached", "pm_card_visa")})
		server.must(t, updateWithBillingOperation, object{"input": object{"customerId": "pushed", "billingInformation": information(nil), "shouldWaitSync": true}})
		before := len(p.Events())
		if _, err := p.Attach(text(all["event"]["billingId"]), "pm_card_visa"); err != nil {
			t.Fatal(err)
		}
		if active("event") != 0 {
			t.Error("the server knows of the payment method before the event")
		}
		for _, e := range p.Events()[before:] {
			if response, body := server.event(t, e.Payload, signed(e.Payload, webhookSecret, time.Now())); response.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d, %s", e.Type, response.StatusCode, body)
			}
		}
		for _, id := range []string{"attached", "pushed", "event"} {
			if active(id) != 1 {
				t.Errorf("%s has %d active subscriptions", id, active(id))
			}
		}
	})
}
