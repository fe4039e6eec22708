package tests

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"clientele/internal/config"
	"clientele/persistence/mongo/mongotest"
)

// provisionConcurrently provisions customers at the same time, alternating between servers. It returns the ids of
// those created, and how often each error code refused one.
func provisionConcurrently(t *testing.T, servers []*service, customers int, params func(i int) object) (made map[string]bool, refused map[string]int) {
	t.Helper()
	made, refused = map[string]bool{}, map[string]int{}
	var mutex sync.Mutex
	var group sync.WaitGroup
	for i := range customers {
		group.Go(func() {
			id := fmt.Sprintf("customer-%d", i)
			got, err := servers[i%len(servers)].send(t.Context(), subscribeOperation, object{"input": object{"customerId": id, "subscriptionParams": params(i)}})
			mutex.Lock()
			defer mutex.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case len(got.Errors) > 0:
				refused[text(got.Errors[0].Extensions["code"])]++
			default:
				made[id] = true
			}
		})
	}
	group.Wait()
	return made, refused
}

// mustListOnly expects a server to have exactly the customers of made.
func mustListOnly(t *testing.T, server *service, made map[string]bool) {
	t.Helper()
	found := allCustomerIDs(t, server.client)
	for id := range made {
		if !found[id] {
			t.Errorf("%s was made and is not there", id)
		}
	}
	if len(found) != len(made) {
		t.Errorf("%d customers were made, %d are there", len(made), len(found))
	}
}

// allCustomerIDs returns the ids of all customers.
func allCustomerIDs(t *testing.T, client *client) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	var after any
	for {
		page := client.must(t, `query($paging: CursorPaging) { customers(paging: $paging, sorting: [{ field: customerId, direction: ASC }]) {
  edges { node { customerId } } pageInfo { hasNextPage endCursor } } }`, object{"paging": object{"first": 100, "after": after}})["customers"].(object)
		for _, edge := range page["edges"].([]any) {
			found[text(edge.(object)["node"].(object)["customerId"])] = true
		}
		if after = page["pageInfo"].(object)["endCursor"]; page["pageInfo"].(object)["hasNextPage"] != true {
			return found
		}
	}
}

// TestPromotionCodeIsUsedUpToItsMaximum: of 200 customers who want a code at once that is good for 50, 50 are
// made.
func TestPromotionCodeIsUsedUpToItsMaximum(t *testing.T) {
	test := func(t *testing.T, servers ...*service) {
		t.Helper()
		made, refused := provisionConcurrently(t, servers, 200, func(int) object { return basic(object{"promotionCode": "FIFTY"}) })
		if len(made) != 50 || refused["PromotionCodeMaxRedemptionsReached"] != 150 {
			t.Errorf("%d were made; refused were %v", len(made), refused)
		}
		mustListOnly(t, servers[0], made)
		// Who was refused can be made without the code.
		for i := range 200 {
			if id := fmt.Sprintf("customer-%d", i); !made[id] {
				servers[0].must(t, subscribeOperation, object{"input": object{"customerId": id, "subscriptionParams": basic(nil)}})
				break
			}
		}
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) { test(t, server) })
	t.Run("two servers on one MongoDB", func(t *testing.T) { test(t, twoServers(t)...) })
}

// TestSubscriptionIDIsGivenOnce: of 50 customers who want one subscription id at once, one is made.
func TestSubscriptionIDIsGivenOnce(t *testing.T) {
	test := func(t *testing.T, servers ...*service) {
		t.Helper()
		made, refused := provisionConcurrently(t, servers, 50, func(int) object {
			return object{"planId": "free", "subscriptionId": "wanted", "promotionCode": "FIFTY"}
		})
		if len(made) != 1 || refused["DuplicatedEntityNotAllowed"] != 49 {
			t.Errorf("%d were made; refused were %v", len(made), refused)
		}
		mustListOnly(t, servers[0], made)
		s := servers[0].must(t, getSubscriptionOperation, object{"id": "wanted"})["getSubscription"].(object)
		if id := text(s["customer"].(object)["customerId"]); !made[id] {
			t.Errorf("the subscription is %s's, who was refused", id)
		}
		// The 49 have used the code no more than the subscription id.
		made, refused = provisionConcurrently(t, servers, 60, func(int) object { return object{"planId": "free", "promotionCode": "FIFTY"} })
		if len(made) != 49 || refused["PromotionCodeMaxRedemptionsReached"]+refused["DuplicatedEntityNotAllowed"] != 11 {
			t.Errorf("afterwards %d were made; refused were %v", len(made), refused)
		}
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) { test(t, server) })
	t.Run("two servers on one MongoDB", func(t *testing.T) { test(t, twoServers(t)...) })
}

// twoServers are servers of one MongoDB database with the test's catalogue.
func twoServers(t *testing.T) []*service {
	t.Helper()
	cfg := config.Default()
	cfg.MongoDBURI = config.Secret(mongotest.URI(t))
	applyCatalog(t, cfg, testCatalog, "development")
	return []*service{startService(t, cfg), startService(t, cfg)}
}

// TestKillNeverOverusesAPromotionCode kills the server in the middle of provisions with a code, and uses up the
// rest of the code at the next server. Acknowledged customers have their subscriptions; the
// code is never overused; and uses of requests in flight at the kill return when their lease ends.
func TestKillNeverOverusesAPromotionCode(t *testing.T) {
	const customers, clients, redemptions = 2_000, 16, 1_000
	if testing.Short() {
		t.Skip("sends 2,000 requests")
	}
	dataDir := t.TempDir()
	server := startProcess(t, dataDir, "--catalog", testCatalog)
	var next, responded atomic.Int64
	acknowledged := make([]bool, customers)
	halfWay := make(chan struct{})
	var group sync.WaitGroup
	provision := func() (used bool) {
		i := int(next.Add(1)) - 1
		if i >= customers {
			return true
		}
		got, err := server.send(t.Context(), subscribeOperation, object{"input": object{"customerId": fmt.Sprintf("customer-%d", i),
			"subscriptionParams": object{"planId": "free", "promotionCode": "THOUSAND", "subscriptionId": fmt.Sprintf("s-%d", i)}}})
		if err != nil {
			return true // The server was killed.
		}
		if len(got.Errors) > 0 {
			if got.Errors[0].Extensions["code"] != "PromotionCodeMaxRedemptionsReached" {
				t.Errorf("customer %d: %s", i, got.body)
			}
			return true
		}
		acknowledged[i] = true
		if responded.Add(1) == redemptions/2 {
			close(halfWay)
		}
		return false
	}
	work := func() {
		for !provision() {
		}
	}
	for range clients {
		group.Go(work)
	}
	waitFor(t, halfWay, &group)
	server.kill(t)
	group.Wait()
	before := responded.Load()
	if before >= redemptions {
		t.Fatal("the kill came too late to prove anything")
	}

	server = startProcess(t, dataDir)
	// The first group may still be waited for by the goroutine that waits for its end.
	var second sync.WaitGroup
	for range clients {
		second.Go(work)
	}
	second.Wait()
	found := allCustomerIDs(t, server.client)
	if len(found) > redemptions || len(found) < redemptions-clients {
		t.Errorf("%d customers have a code that is good for %d", len(found), redemptions)
	}
	for i, ok := range acknowledged {
		if ok && !found[fmt.Sprintf("customer-%d", i)] {
			t.Errorf("customer %d was acknowledged and is lost", i)
		}
	}
	for id := range found {
		var i int
		if _, err := fmt.Sscanf(id, "customer-%d", &i); err != nil {
			t.Fatal(err)
		}
		data := server.must(t, `query($id: String!) { getSubscription(input: { subscriptionId: $id }) { customer { customerId } coupon { refId } } }`,
			object{"id": fmt.Sprintf("s-%d", i)})
		if got := fmt.Sprint(data["getSubscription"]); got != fmt.Sprintf("map[coupon:map[refId:ten] customer:map[customerId:%s]]", id) {
			t.Errorf("%s is half written: %s", id, got)
		}
	}
	t.Logf("killed after %d responses; %d customers have the code, which is good for %d", before, len(found), redemptions)
}
