package tests

import (
	"fmt"
	"sync"
	"testing"
)

const versionedOperation = `mutation($input: UpdateCustomerInput!) { updateOneCustomer(input: $input) { version name } }`

// versionOf is the version of a customer.
func versionOf(t *testing.T, client *client, id string) int {
	t.Helper()
	data := client.must(t, `query($id: String!) { getCustomerByRefId(input: { customerId: $id }) { version } }`, object{"id": id})
	return int(data["getCustomerByRefId"].(object)["version"].(float64))
}

// TestVersionsCountChanges: a customer's version grows with what changes it, and with nothing else.
func TestVersionsCountChanges(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada", "name": "Ada"}})
		want := 1
		step := func(what string, grows int, query string, input object) {
			t.Helper()
			server.do(t, query, object{"input": input})
			want += grows
			if got := versionOf(t, server.client, "ada"); got != want {
				t.Errorf("after %s the version is %d, want %d", what, got, want)
			}
		}
		step("provisioning", 0, getOperation, object{"customerId": "ada"})
		step("a change", 1, updateOperation, object{"customerId": "ada", "name": "Eve"})
		step("the same change again", 0, updateOperation, object{"customerId": "ada", "name": "Eve"})
		step("an update that names nothing", 0, updateOperation, object{"customerId": "ada"})
		step("billing information, which is not kept", 0, updateOperation, object{"customerId": "ada", "billingInformation": object{"language": "da"}})
		step("a refused change", 0, updateOperation, object{"customerId": "ada", "email": "none"})
		step("metadata", 1, updateOperation, object{"customerId": "ada", "additionalMetaData": object{"k": 1}})
		step("metadata that is there", 0, updateOperation, object{"customerId": "ada", "additionalMetaData": object{"k": 1}})
		step("metadata of no key", 0, updateOperation, object{"customerId": "ada", "additionalMetaData": object{}})
		server.must(t, archiveOperation, object{"input": object{"customerId": "ada"}})
		step("archiving and bringing back", 2, unarchiveOperation, object{"customerId": "ada"})
		// A change returns the version that it made.
		data := server.must(t, versionedOperation, object{"input": object{"customerId": "ada", "name": "Bea", "ifVersion": want}})
		if got := data["updateOneCustomer"].(object)["version"]; got != float64(want+1) {
			t.Errorf("the change returned the version %v, want %d", got, want+1)
		}
	})
}

// TestChangesForAVersion has a case for each input with an ifVersion.
func TestChangesForAVersion(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		for name, c := range map[string]struct {
			operation string
			input     object
			// entity returns the version of what the input changes.
			entity string
		}{
			"updateOneCustomer": {updateOperation, object{"customerId": "ada", "name": "Eve"}, "customer"},
			"archiveCustomer":   {archiveOperation, object{"customerId": "ada"}, "customer"},
			"updateOneCoupon":   {updateCouponOperation, object{"refId": "ten", "name": "New"}, "coupon"},
			"archiveOneCoupon":  {archiveCouponOperation, object{"refId": "ten"}, "coupon"},
		} {
			t.Run(name, func(t *testing.T) {
				id := "ada " + name
				ref := "ten-" + name
				server.must(t, provisionOperation, object{"input": object{"customerId": id, "name": "Ada"}})
				server.must(t, updateOperation, object{"input": object{"customerId": id, "crmId": "crm"}})
				server.must(t, createCouponOperation, object{"input": object{"refId": ref, "name": "Ten", "percentOff": 10}})
				server.must(t, updateCouponOperation, object{"input": object{"refId": ref, "description": "x"}})
				input := object{}
				for key, value := range c.input {
					input[key] = value
				}
				if c.entity == "customer" {
					input["customerId"] = id
				} else {
					input["refId"] = ref
				}
				snapshot := func() string {
					return stored(t, server.client) + server.do(t, `query($id: String!) { coupon(id: $id) { version name status updatedAt } }`, object{"id": ref}).withoutCost()
				}
				before := snapshot()
				for _, wrong := range []int{-1, 0, 1, 3, 2147483647} {
					input["ifVersion"] = wrong
					err := server.mustFail(t, "VersionMismatch", c.operation, object{"input": input})
					if err.Extensions["currentVersion"] != float64(2) || err.Extensions["field"] != "ifVersion" || err.Extensions["isValidationError"] != false {
						t.Errorf("for the version %d: %v", wrong, err.Extensions)
					}
				}
				if after := snapshot(); after != before {
					t.Errorf("a change for another version changed\n%s\nto\n%s", before, after)
				}
				for _, malformed := range []any{"2", 2.5, 1e10, true} {
					input["ifVersion"] = malformed
					if got := server.do(t, c.operation, object{"input": input}); len(got.Errors) != 1 || got.Errors[0].Extensions["isValidationError"] != true {
						t.Errorf("for the version %v: %s", malformed, got.body)
					}
				}
				input["ifVersion"] = 2
				server.must(t, c.operation, object{"input": input})
				if snapshot() == before {
					t.Error("a change for the current version changed nothing")
				}
				if name == "updateOneCustomer" || name == "updateOneCoupon" {
					input["ifVersion"], input["name"] = nil, "Newest"
					server.must(t, c.operation, object{"input": input})
				}
			})
		}
		// An unknown or archived customer is none, whatever the version.
		server.mustFail(t, "CustomerNotFound", updateOperation, object{"input": object{"customerId": "nobody", "ifVersion": 1}})
		server.mustFail(t, "CustomerNotFound", updateOperation, object{"input": object{"customerId": "ada archiveCustomer", "ifVersion": 3}})
	})
}

// TestOneOfManyChangesForAVersionWins lets 20 clients change what they have read; on MongoDB they are clients of two
// servers.
func TestOneOfManyChangesForAVersionWins(t *testing.T) {
	test := func(t *testing.T, servers ...*service) {
		t.Helper()
		servers[0].must(t, provisionOperation, object{"input": object{"customerId": "ada"}})
		var mutex sync.Mutex
		outcomes := map[string]int{}
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				got, err := servers[i%len(servers)].send(t.Context(), versionedOperation, object{"input": object{
					"customerId": "ada", "name": fmt.Sprint("Ada ", i), "ifVersion": 1,
				}})
				mutex.Lock()
				defer mutex.Unlock()
				switch {
				case err != nil:
					t.Error(err)
				case len(got.Errors) == 0:
					outcomes["changed"]++
				default:
					outcomes[text(got.Errors[0].Extensions["code"])]++
				}
			})
		}
		group.Wait()
		if outcomes["changed"] != 1 || outcomes["VersionMismatch"] != 19 {
			t.Errorf("the outcomes are %v", outcomes)
		}
		if got := versionOf(t, servers[0].client, "ada"); got != 2 {
			t.Errorf("the version is %d, want 2", got)
		}
	}
	onEngines(t, func(t *testing.T, server *service) { test(t, server) })
	t.Run("two servers on one MongoDB", func(t *testing.T) { test(t, twoServers(t)...) })
}
