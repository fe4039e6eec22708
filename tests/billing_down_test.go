package tests

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestBillingProviderIsDown provisions customers while nobody listens at the provider's port, and opens it then. All
// that is kept of them is told by itself; billing information, which is not, has to be sent again.
func TestBillingProviderIsDown(t *testing.T) {
	t.Parallel()
	const clients = 16
	id := func(i int) string { return fmt.Sprintf("customer-%03d", i) }
	informed := func(i int) bool { return i%3 == 2 }
	onEnginesBilled(t, closedProvider, func(t *testing.T, server *service, p *provider) {
		customers := fewer(t, 200, 40)
		fromMany(clients, customers, func(i int) {
			input := object{"customerId": id(i), "name": "Name of " + id(i), "email": id(i) + "@example.com"}
			switch i % 3 {
			case 0:
				input["shouldSyncFree"] = true
			case 1:
				input["subscriptionParams"] = paid
			case 2:
				input["billingInformation"] = information(nil)
			}
			if got, err := server.send(t.Context(), billedProvisionOperation, object{"input": input}); err != nil || len(got.Errors) > 0 {
				t.Errorf("%s is not provisioned: %v %s", id(i), err, got.body)
			}
		})
		all := awaitSync(t, server.client, time.Minute, func(_, status, why string) bool {
			return status == "ERROR" && strings.Contains(why, "; the next attempt is at ")
		})
		for i := range customers {
			if c := all[id(i)]; c["name"] != "Name of "+id(i) || c["email"] != id(i)+"@example.com" || c["billingId"] != nil {
				t.Errorf("%s was written as %v", id(i), c)
			}
		}
		p.open(t)
		down := 0
		awaitSync(t, server.client, time.Minute, func(id, status, why string) bool {
			var i int
			_, _ = fmt.Sscanf(id, "customer-%d", &i)
			if informed(i) {
				return status == "ERROR" && strings.Contains(why, sendAgain)
			}
			return status == "SUCCESS"
		})
		fromMany(clients, customers, func(i int) {
			if informed(i) {
				if _, err := server.send(t.Context(), billedUpdateOperation, object{"input": object{"customerId": id(i), "billingInformation": information(nil)}}); err != nil {
					t.Error(err)
				}
			}
		})
		all = awaitSync(t, server.client, time.Minute, inSync)
		for i := range customers {
			if informed(i) {
				down++
				if c := all[id(i)]; c["defaultPaymentMethodLast4Digits"] != "4242" || len(p.known(id(i))) != 1 || p.known(id(i))[0].Address["line1"] != "Kongens Nytorv 1" {
					t.Errorf("%s is %v, and at the provider %+v", id(i), c, p.known(id(i)))
				}
			}
		}
		t.Logf("%d customers provisioned while the provider was down: %d at the provider afterwards, wrong links %d; %d told by themselves, %d once their billing information was sent again",
			customers, len(p.Customers()), wrongLinks(t, p, all), customers-down, down)
	})
}

// TestBillingProviderHangs has the provider take every request and answer none. Nobody who provisions or updates waits
// for it, and who asks to wait does so for ten seconds.
func TestBillingProviderHangs(t *testing.T) {
	t.Parallel()
	const clients = 16
	// bound is many times what a write takes without a provider. Requests at the provider would take 20 seconds, an
	// attempt 45, and 200 customers far longer than that.
	const bound, waitBound = 10 * time.Second, 18 * time.Second
	onEnginesBilled(t, startProvider, func(t *testing.T, server *service, p *provider) {
		customers := fewer(t, 200, 40)
		var held, answered, slowest atomic.Int64
		release := make(chan struct{})
		let := sync.OnceFunc(func() { close(release) })
		// The server waits for what is under way when it is stopped.
		t.Cleanup(let)
		p.watchWith(func(_ moment, c call) bool {
			held.Add(1)
			defer held.Add(-1)
			select {
			case <-release:
				answered.Add(1)
			case <-c.ended:
			}
			return true
		})
		timed := func(limit time.Duration, operation string, input object) {
			began := time.Now()
			got, err := server.send(t.Context(), operation, object{"input": input})
			took := time.Since(began)
			if err != nil || len(got.Errors) > 0 || took > limit {
				t.Errorf("after %s: %v %s", took, err, got.body)
			}
			for was := slowest.Load(); limit == bound && int64(took) > was && !slowest.CompareAndSwap(was, int64(took)); was = slowest.Load() {
			}
		}
		fromMany(clients, customers, func(i int) {
			id := fmt.Sprintf("customer-%03d", i)
			timed(bound, billedProvisionOperation, object{"customerId": id, "name": "Old name", "billingInformation": information(nil)})
			timed(bound, billedUpdateOperation, object{"customerId": id, "name": "New name", "billingInformation": information(nil)})
		})
		hanging := held.Load()
		if hanging == 0 || answered.Load() > 0 {
			t.Errorf("%d requests hang and %d were answered", hanging, answered.Load())
		}
		var patient sync.WaitGroup
		for operation, input := range map[string]object{
			billedUpdateOperation: {"shouldWaitSync": true, "name": "Newest name"}, resyncOperation: {"shouldWaitSync": true},
			attachOperation: {"vendorIdentifier": "STRIPE", "paymentMethodId": "pm_card_visa"},
		} {
			patient.Go(func() { timed(waitBound, operation, with(input, object{"customerId": "customer-000"})) })
		}
		patient.Wait()
		for id, customer := range billedCustomers(t, server.client) {
			if status, why := syncOf(customer); status == "SUCCESS" || customer["billingId"] != nil {
				t.Errorf("%s is %s: %s", id, status, why)
			}
		}
		let()
		await(t, time.Minute, func() string {
			if answered.Load() == 0 {
				return "the provider answers nothing"
			}
			return ""
		})
		t.Logf("%d mutations were answered while %d requests to the provider hung, each within %s; the bound is %s, and %s for who waits for the provider",
			2*customers, hanging, time.Duration(slowest.Load()).Round(time.Millisecond), bound, waitBound)
	})
}

// fromMany does something for each number from many clients at once.
func fromMany(clients, numbers int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < numbers; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}
