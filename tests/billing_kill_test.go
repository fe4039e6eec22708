package tests

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// syncedChanges are changes of a customer that are pushed to the billing provider. known is whether it has the customer
// already, informed whether billing information comes with the change.
var syncedChanges = []struct {
	name            string
	known, informed bool
	operation       string
	input           func(id string) object
}{
	{"provision", false, true, provisionWithBillingOperation, func(id string) object {
		return object{"customerId": id, "name": "Name of " + id, "email": id + "@example.com", "couponRefId": "coupon-" + id, "billingInformation": information(nil)}
	}},
	{"update", true, true, updateWithBillingOperation, func(id string) object {
		return object{"customerId": id, "name": "New name of " + id, "email": "new-" + id + "@example.com", "couponRefId": "coupon-" + id,
			"billingInformation": information(object{"taxIds": []object{{"type": "de_stn", "value": "1234567890"}}, "paymentMethodId": "pm_card_mastercard"})}
	}},
	{"a coupon", true, false, setCouponOperation, func(id string) object { return object{"id": id, "relationId": "coupon-" + id} }},
	{"no coupon", true, false, removeCouponOperation, func(id string) object { return object{"id": id, "relationId": "old"} }},
	{"attach", true, false, attachOperation, func(id string) object {
		return object{"customerId": id, "vendorIdentifier": "STRIPE", "paymentMethodId": "pm_card_amex"}
	}},
	{"detach", true, false, detachOperation, func(id string) object { return object{"customerId": id} }},
	{"archive", false, true, provisionWithBillingOperation, func(id string) object {
		return object{"customerId": id, "billingInformation": information(nil)}
	}},
}

// killPoint is where a server is killed: at a moment of one of the requests that a change leads to, or when the change
// is responded, which is request 0.
type killPoint struct {
	change, request int
	moment          moment
	id              string
}

// TestBillingSurvivesKills kills the server at each moment of each request that it makes to the billing provider for
// each change, while it provisions another customer. A server that is started afterwards must leave every customer
// with one customer of its own at the provider, which knows all that is kept, and must say of the rest, which is
// billing information, that it has to be sent again.
func TestBillingSurvivesKills(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills a server a hundred times, and waits for leases")
	}
	k := &killing{provider: startProvider(t), dataDir: t.TempDir()}
	k.start(t)
	k.server.must(t, createCouponOperation, object{"input": object{"refId": "old", "name": "Old", "percentOff": 10}})
	points := k.points(t)
	k.prepare(t, points)
	for i, point := range points {
		k.kill(t, i, point)
	}
	began := time.Now()
	for _, point := range points {
		if syncedChanges[point.change].name == "archive" {
			k.server.must(t, unarchiveWithBillingOperation, object{"input": object{"customerId": point.id}})
		}
	}
	resent := 0
	all := awaitSync(t, k.server.client, 3*time.Minute, func(_, status, why string) bool {
		return status == "SUCCESS" || status == "NO_SYNC_REQUIRED" || status == "ERROR" && strings.Contains(why, sendAgain)
	})
	waited := time.Since(began)
	for id, customer := range all {
		status, _ := syncOf(customer)
		if status == "SUCCESS" {
			continue
		}
		resent++
		k.server.must(t, updateWithBillingOperation, object{"input": object{"customerId": id, "billingInformation": information(nil), "shouldWaitSync": true}})
	}
	all = awaitSync(t, k.server.client, time.Minute, inSync)
	wrong := countWrongLinks(t, k.provider, all)
	t.Logf("%d kills at %d different points of %d changes: %d customers, %d at the provider, wrong links %d; %d recovered by themselves within %s of the last kill, %d were said to need billing information again, all SUCCESS after it was sent",
		len(points), len(points), len(syncedChanges), len(all), len(k.provider.Customers()), wrong, len(all)-resent, waited.Round(time.Second), resent)
}

// countWrongLinks counts customers that are not linked to one customer of their own at the provider with all that is kept
// of them, and complains.
func countWrongLinks(t *testing.T, p *provider, all map[string]object) int {
	t.Helper()
	wrong := 0
	there := p.Customers()
	if len(there) != len(all) {
		wrong++
		t.Errorf("%d customers, and %d at the provider", len(all), len(there))
	}
	for _, c := range there {
		id := c.Metadata["clientele_customer_id"]
		customer := all[id]
		coupon, _ := customer["coupon"].(object)
		_, discounted := c.Metadata["clientele_coupon"]
		if text(customer["billingId"]) != c.ID || text(customer["name"]) != c.Name || text(customer["email"]) != c.Email || discounted != (coupon != nil) {
			wrong++
			t.Errorf("%s is %v, and at the provider %+v", id, customer, c)
		}
	}
	return wrong
}

// killing is a server that is killed again and again.
type killing struct {
	*provider

	dataDir string
	server  *process
}

func (k *killing) start(t *testing.T) {
	t.Helper()
	k.server = startProcess(t, k.dataDir, k.arguments()...)
}

// make makes a change of a customer that is ready for it.
func (k *killing) make(t *testing.T, change int, id string) error {
	c := syncedChanges[change]
	_, err := k.server.send(t.Context(), c.operation, object{"input": c.input(id)})
	return err
}

// ready makes the coupon of a customer, and the customer itself if the change needs one that the provider has.
func (k *killing) ready(t *testing.T, change int, id string) {
	t.Helper()
	k.server.must(t, createCouponOperation, object{"input": object{"refId": "coupon-" + id, "name": "Off", "percentOff": 20}})
	if syncedChanges[change].known {
		k.server.must(t, provisionWithBillingOperation, object{"input": object{
			"customerId": id, "name": "Old name of " + id, "couponRefId": "old", "billingInformation": information(nil),
		}})
	}
}

// requestsOfChange are the requests that a change of a customer leads to. A customer is known by its id in what is sent, by the
// provider's id, and by its payment methods; and requests about coupons of other customers are left out.
func (k *killing) requestsOfChange(id string) func(call) bool {
	return func(c call) bool {
		names := []string{id, "/v1/coupons/"}
		for _, there := range k.known(id) {
			names = append(names, there.ID)
			for _, method := range there.PaymentMethods {
				methodID, _, _ := strings.Cut(method, ":")
				names = append(names, methodID)
			}
		}
		return c.about(names...)
	}
}

// points makes each change once to see which requests it leads to.
func (k *killing) points(t *testing.T) []killPoint {
	t.Helper()
	probe := func(change int) string { return fmt.Sprintf("probe-%d", change) }
	for change := range syncedChanges {
		k.ready(t, change, probe(change))
	}
	awaitSync(t, k.server.client, time.Minute, inSync)
	k.awaitQuiet(t)
	var points []killPoint
	for change := range syncedChanges {
		id := probe(change)
		requests := 0
		var mutex sync.Mutex
		counts := k.requestsOfChange(id)
		k.watchWith(func(m moment, c call) bool {
			mutex.Lock()
			defer mutex.Unlock()
			if m == arrived && counts(c) {
				requests++
			}
			return true
		})
		if err := k.make(t, change, id); err != nil {
			t.Fatal(err)
		}
		awaitSync(t, k.server.client, time.Minute, inSync)
		k.watchWith(nil)
		moments := []moment{arrived, carriedOut, responded}
		if syncedChanges[change].name == "archive" {
			moments = []moment{carriedOut}
		} else {
			points = append(points, killPoint{change, 0, responded, fmt.Sprintf("kill-%d-responded", change)})
		}
		mutex.Lock()
		defer mutex.Unlock()
		for n := range requests {
			for i, m := range moments {
				points = append(points, killPoint{change, n + 1, m, fmt.Sprintf("kill-%d-%d-%d", change, n+1, i)})
			}
		}
	}
	return points
}

// prepare makes the customers ready that are to be changed.
func (k *killing) prepare(t *testing.T, points []killPoint) {
	t.Helper()
	for _, point := range points {
		k.ready(t, point.change, point.id)
	}
	awaitSync(t, k.server.client, time.Minute, inSync)
	// What is under way at a kill waits for its lease, and these are not to wait.
	k.awaitQuiet(t)
}

// kill makes a change and kills the server at a point of it, in the middle of whatever else it does.
func (k *killing) kill(t *testing.T, n int, point killPoint) {
	t.Helper()
	reached, killed := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(reached) })
	requests, chosen := 0, -1
	var mutex sync.Mutex
	counts := k.requestsOfChange(point.id)
	k.watchWith(func(m moment, c call) bool {
		mutex.Lock()
		if m == arrived && counts(c) {
			if requests++; requests == point.request {
				chosen = c.number
			}
		}
		here := c.number == chosen && m == point.moment
		mutex.Unlock()
		if here {
			reach()
			<-killed
		}
		return !here
	})
	var clients sync.WaitGroup
	clients.Go(func() {
		if err := k.make(t, point.change, point.id); err == nil && point.request == 0 {
			reach()
		}
	})
	clients.Go(func() {
		_, _ = k.server.send(t.Context(), provisionWithBillingOperation, object{"input": object{
			"customerId": fmt.Sprintf("beside-%03d", n), "name": "Name beside", "shouldSyncFree": true,
		}})
	})
	select {
	case <-reached:
	case <-time.After(time.Minute):
		t.Fatalf("%s never came to its request %d", syncedChanges[point.change].name, point.request)
	}
	if syncedChanges[point.change].name == "archive" {
		k.server.must(t, archiveOperation, object{"input": object{"customerId": point.id}})
	}
	k.server.kill(t)
	close(killed)
	clients.Wait()
	k.watchWith(nil)
	k.start(t)
}
