package tests

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// record is everything the provider has of a customer, as JSON.
func (p *provider) record(t *testing.T, billingID string) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"", "/tax_ids", "/payment_methods"} {
		all.Write(p.direct(t, http.MethodGet, "/v1/customers/"+billingID+path))
	}
	return all.String()
}

// mustNotBeListed expects that no query returns the customer.
func mustNotBeListed(t *testing.T, server *service, id string) {
	t.Helper()
	if got := customerWithBilling(t, server.client, id); got != nil {
		t.Errorf("%s is returned: %v", id, got)
	}
	if all := customersWithBilling(t, server.client); all[id] != nil {
		t.Errorf("%s is listed: %v", id, all[id])
	}
}

// TestBillingLeavesArchivedCustomersAlone archives a customer with a pending push, and compares the
// provider's record after the time at which the push was due, after events, and after unarchiving.
func TestBillingLeavesArchivedCustomersAlone(t *testing.T) {
	t.Parallel()
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		one := object{"customerId": "one"}
		server.must(t, provisionWithBillingOperation, object{"input": with(one, object{"name": "Name of one", "email": "one@example.com", "billingInformation": information(nil)})})
		billingID := text(awaitSync(t, server.client, time.Minute, inSync)["one"]["billingId"])
		p.respondWith(func(w http.ResponseWriter, _ call) { w.WriteHeader(http.StatusServiceUnavailable) })
		server.must(t, updateWithBillingOperation, object{"input": with(one, object{"name": "Newer name of one", "shouldWaitSync": true})})
		awaitSync(t, server.client, time.Minute, func(_, status, why string) bool { return status == "ERROR" && strings.Contains(why, "next attempt") })
		before := p.record(t, billingID)
		looks := 0
		same := func(when string) {
			t.Helper()
			looks++
			if got := p.record(t, billingID); got != before {
				t.Errorf("%s the provider's record is\n%swant\n%s", when, got, before)
			}
		}
		server.must(t, archiveOperation, object{"input": one})
		p.respondWith(nil)
		same("after archiving")
		// A server looks after the customers in the order in which they are due. This one is due later, and looked after
		// when its facts are read for the second time.
		server.must(t, provisionWithBillingOperation, object{"input": object{"customerId": "later", "shouldSyncFree": true}})
		later := text(awaitSync(t, server.client, time.Minute, inSync)["later"]["billingId"])
		await(t, time.Minute, func() string {
			reads := 0
			for _, c := range p.requests() {
				if c.method == http.MethodGet && c.path == "/v1/customers/"+later {
					reads++
				}
			}
			if reads < 2 {
				return "the customer that is due later was not looked after"
			}
			return ""
		})
		same("when it was due")
		mustNotBeListed(t, server, "one")
		for _, e := range p.Events() {
			if response, body := server.event(t, e.Payload, signed(e.Payload, webhookSecret, time.Now())); response.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d, %s", e.Type, response.StatusCode, body)
			}
		}
		same("after events")
		mustNotBeListed(t, server, "one")
		server.must(t, unarchiveWithBillingOperation, object{"input": one})
		awaitSync(t, server.client, time.Minute, inSync)
		p.awaitQuiet(t)
		same("after unarchiving")
		if got := customerWithBilling(t, server.client, "one"); got["billingId"] != billingID || got["name"] != nil || got["hasPaymentMethod"] != true {
			t.Errorf("unarchived it is %v", got)
		}
		t.Logf("the provider's record of an archived customer is the same %d bytes at %d looks", len(before), looks)
	})
}

// TestBillingKeepsTheLinkOfCustomersArchivedDuringSync archives a customer while the provider makes it.
func TestBillingKeepsTheLinkOfCustomersArchivedDuringSync(t *testing.T) {
	t.Parallel()
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		one := object{"customerId": "one"}
		reached, release := make(chan struct{}), make(chan struct{})
		reach, let := sync.OnceFunc(func() { close(reached) }), sync.OnceFunc(func() { close(release) })
		t.Cleanup(let)
		p.watchWith(func(m moment, c call) bool {
			if m == carriedOut && c.path == "/v1/customers" {
				reach()
				<-release
			}
			return true
		})
		server.must(t, provisionWithBillingOperation, object{"input": with(one, object{"name": "Name of one", "billingInformation": information(nil)})})
		<-reached
		server.must(t, archiveOperation, object{"input": one})
		let()
		billingID := p.known("one")[0].ID
		await(t, time.Minute, func() string {
			if !strings.Contains(p.kept(), billingID) {
				return "the link is not kept"
			}
			return ""
		})
		mustNotBeListed(t, server, "one")
		calls := len(p.requests())
		if got := server.must(t, unarchiveWithBillingOperation, object{"input": one})["unarchiveCustomer"].(object); got["billingId"] != billingID {
			t.Errorf("unarchived it is %v, want the link to %s", got, billingID)
		}
		awaitSync(t, server.client, time.Minute, func(_, status, _ string) bool { return status != "PENDING" })
		if there := p.known("one"); calls != 1 || len(there) != 1 || there[0].Name != "" || there[0].Email != "" || there[0].Address != nil {
			t.Errorf("after %d requests the provider has %+v", calls, there)
		}
		t.Logf("archived while the provider made it, the customer is linked to %d of %d there, which received nothing more", len(p.known("one")), len(p.Customers()))
	})
}
