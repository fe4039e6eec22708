package tests

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestBillingProviderIsDown provisions customers while the provider's port is closed, and then opens it. What is
// stored of them is pushed without further requests; billing information, which is not stored, has to be sent again.
func TestBillingProviderIsDown(t *testing.T) {
	t.Parallel()
	const clients = 16
	id := func(i int) string { return fmt.Sprintf("customer-%03d", i) }
	informed := func(i int) bool { return i%3 == 2 }
	onEnginesWithBilling(t, unreachableProvider, func(t *testing.T, server *service, p *provider) {
		customers := manyOrFew(t, 200, 40)
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
			if got, err := server.send(t.Context(), provisionWithBillingOperation, object{"input": input}); err != nil || len(got.Errors) > 0 {
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
				if _, err := server.send(t.Context(), updateWithBillingOperation, object{"input": object{"customerId": id(i), "billingInformation": information(nil)}}); err != nil {
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
		t.Logf("%d customers provisioned while the provider was down: %d at the provider afterwards, wrong links %d; %d pushed without further requests, %d once their billing information was sent again",
			customers, len(p.Customers()), countWrongLinks(t, p, all), customers-down, down)
	})
}

// TestBillingProviderHangs has the provider accept every request and respond to none. Provisions and updates do not
// wait for it; with shouldWaitSync they wait for ten seconds.
func TestBillingProviderHangs(t *testing.T) {
	t.Parallel()
	const clients = 16
	// bound is many times what a write takes without a provider. Requests at the provider would take 20 seconds, an
	// attempt 45, and 200 customers far longer than that.
	const bound, waitBound = 10 * time.Second, 18 * time.Second
	onEnginesWithBilling(t, startProvider, func(t *testing.T, server *service, p *provider) {
		customers := manyOrFew(t, 200, 40)
		var held, responded, slowest atomic.Int64
		release := make(chan struct{})
		let := sync.OnceFunc(func() { close(release) })
		// The server waits for what is under way when it is stopped.
		t.Cleanup(let)
		p.watchWith(func(_ moment, c call) bool {
			held.Add(1)
			defer held.Add(-1)
			select {
			case <-release:
				responded.Add(1)
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
			timed(bound, provisionWithBillingOperation, object{"customerId": id, "name": "Old name", "billingInformation": information(nil)})
			timed(bound, updateWithBillingOperation, object{"customerId": id, "name": "New name", "billingInformation": information(nil)})
		})
		hanging := held.Load()
		if hanging == 0 || responded.Load() > 0 {
			t.Errorf("%d requests hang and %d got a response", hanging, responded.Load())
		}
		var patient sync.WaitGroup
		for operation, input := range map[string]object{
			updateWithBillingOperation: {"shouldWaitSync": true, "name": "Newest name"}, resyncOperation: {"shouldWaitSync": true},
			attachOperation: {"vendorIdentifier": "STRIPE", "paymentMethodId": "pm_card_visa"},
		} {
			patient.Go(func() { timed(waitBound, operation, with(input, object{"customerId": "customer-000"})) })
		}
		patient.Wait()
		for id, customer := range customersWithBilling(t, server.client) {
			if status, why := syncOf(customer); status == "SUCCESS" || customer["billingId"] != nil {
				t.Errorf("%s is %s: %s", id, status, why)
			}
		}
		let()
		await(t, time.Minute, func() string {
			if responded.Load() == 0 {
				return "the provider responds to nothing"
			}
			return ""
		})
		t.Logf("%d mutations returned while %d requests to the provider hung, each within %s; the bound is %s, and %s with shouldWaitSync",
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
