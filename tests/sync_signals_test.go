package tests

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"clientele/internal/billing/simulator"
)

// syncErrorOperation selects a customer's sync state, and the id that the log has.
const syncErrorOperation = `query($input: GetCustomerByRefIdInput!) {
  getCustomerByRefId(input: $input) { id customerId syncStates { status error } }
}`

// awaitFailure waits until the log has a text and the customer the status ERROR.
func awaitFailure(t *testing.T, server *service, id, text string) object {
	t.Helper()
	var customer object
	await(t, 30*time.Second, func() string {
		customer = server.must(t, syncErrorOperation, object{"input": object{"customerId": id}})["getCustomerByRefId"].(object)
		if status, _ := syncOf(customer); status != "ERROR" || !strings.Contains(server.log.String(), text) {
			return fmt.Sprintf("%s is %s; the log is\n%s", id, status, server.log.String())
		}
		return ""
	})
	return customer
}

// syncedMetrics are the metrics once no sync is under way: what a sync wrote can be read before it is counted.
func (s *service) syncedMetrics(t *testing.T) string {
	t.Helper()
	await(t, 30*time.Second, func() string {
		metrics := s.metrics(t)
		for _, want := range []string{"clientele_billing_syncs_running 0", "clientele_billing_syncs_waiting 0"} {
			if !strings.Contains(metrics, "\n"+want+"\n") {
				return "there is no " + want
			}
		}
		return ""
	})
	// They are not gathered at one moment: what was counted before the last sync ended may be from before it.
	return s.metrics(t)
}

// TestServerIsReadyWithoutTheProvider: the provider's failure is logged once, not for each customer, and does
// not make the server unready.
func TestServerIsReadyWithoutTheProvider(t *testing.T) {
	t.Parallel()
	server, sim := startWithSimulator(t)
	sim.Fail(simulator.Fault{Kind: simulator.RateLimited, RetryAfter: time.Hour, Times: 1 << 20})
	const customers = 50
	for i := range customers {
		server.must(t, provisionOperation, object{"input": object{
			"customerId": fmt.Sprint("unlucky-", i), "name": "Margaret Heafield", "email": "margaret@example.com", "shouldSyncFree": true,
		}})
	}
	for i := range customers {
		awaitFailure(t, server, fmt.Sprint("unlucky-", i), "cannot be told")
	}
	if log := server.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "kind=Temporary code=rate_limit") || !strings.Contains(log, "providerRequest=req_") {
		t.Errorf("the log is\n%s", log)
	}
	for _, url := range []string{server.url + "/readyz", server.url + "/healthz", server.ops + "/readyz"} {
		response, err := httpClient.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", url, response.StatusCode)
		}
	}
	metrics := server.syncedMetrics(t)
	for _, want := range []string{
		"clientele_ready 1",
		fmt.Sprintf(`clientele_billing_syncs_total{outcome="passes"} %d`, customers),
		fmt.Sprintf(`clientele_billing_calls_total{operation="createCustomer",outcome="temporary"} %d`, customers),
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
}

// TestLogLineLeadsToTheCustomer: the line of the log leads to the customer, without anything that a person typed.
func TestLogLineLeadsToTheCustomer(t *testing.T) {
	t.Parallel()
	server, _ := startWithSimulator(t)
	server.must(t, provisionOperation, object{"input": object{
		"customerId": "refused-one", "name": "Margaret Heafield", "email": "margaret@example.com", "billingId": "cus_thatNobodyHas",
	}})
	customer := awaitFailure(t, server, "refused-one", "refuses a customer")
	line := regexp.MustCompile(`(?m)^.*refuses a customer.*$`).FindString(server.log.String())
	for _, want := range []string{"level=WARN", "code=resource_missing", "providerRequest=req_"} {
		if !strings.Contains(line, want) {
			t.Errorf("there is no %s in %s", want, line)
		}
	}
	id := regexp.MustCompile(`customer=(\S+)`).FindStringSubmatch(line)
	if id == nil || id[1] != customer["id"] {
		t.Fatalf("the customer is %v, the line %s", customer, line)
	}
	found := server.must(t, `query($id: String!) { customers(filter: { id: { eq: $id } }) { edges { node { customerId } } } }`, object{"id": id[1]})
	if got := fmt.Sprint(found); !strings.Contains(got, "refused-one") {
		t.Errorf("found is %s", got)
	}
	if !strings.Contains(server.syncedMetrics(t), `clientele_billing_syncs_total{outcome="refused"} 1`+"\n") {
		t.Error("the refusal is not counted")
	}
	if log := server.log.String(); strings.Contains(log, "cus_") || strings.Contains(log, "refused-one") {
		t.Errorf("the log is\n%s", log)
	}
}
