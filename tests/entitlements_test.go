package tests

import (
	"fmt"
	"testing"
)

const cachedOperation = `query($query: FetchEntitlementsQuery!) { cachedEntitlements(query: $query) { ` + entitlementFields + ` } }`

// entitlementsOf is what a customer is entitled to, in short; with a resource, for that alone.
func entitlementsOf(t *testing.T, server *service, customerID string, resource ...string) string {
	t.Helper()
	query := object{"customerId": customerID}
	if len(resource) > 0 {
		query["resourceId"] = resource[0]
	}
	cached := server.must(t, cachedOperation, object{"query": query})["cachedEntitlements"]
	return entitlementsInShort(cached)
}

func TestEntitlements(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		subscribe := func(id string, params object) {
			t.Helper()
			server.must(t, subscribeOperation, object{"input": object{"customerId": id, "subscriptionParams": params}})
		}
		is := func(name, customerID, want string, resource ...string) {
			t.Run(name, func(t *testing.T) {
				t.Helper()
				if got := entitlementsOf(t, server, customerID, resource...); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
		now := object{"awaitPaymentConfirmation": false}
		subscribe("plain", object{"planId": "free"})
		subscribe("based", basic(now))
		subscribe("more", basic(with(now, object{"addons": []object{{"addonId": "extra", "quantity": 2}, {"addonId": "gift"}}})))
		subscribe("waiting", basic(nil))
		subscribe("later", object{"planId": "free", "startDate": "2999-01-01T00:00:00Z"})
		subscribe("trying", object{"planId": "tried-downgrade"})
		subscribe("over", object{"planId": "tried-downgrade", "startDate": "2020-01-01T00:00:00Z"})
		subscribe("room", object{"planId": "workspace", "resourceId": "r-1"})
		subscribe("ada", object{"planId": "free"})
		server.must(t, provisionOperation, object{"input": object{"customerId": "nothing"}})

		is("a plan's", "plain", "region[eu] seats=1")
		is("those of the base plan, the plan's own first", "based", "region[eu] seats=2 sso storage=50/MONTH")
		is("add-ons add up, or replace", "more", "region[asia,eu] seats=12 sso storage=100")
		is("none before the first payment", "waiting", "")
		is("none before the start", "later", "")
		is("those of a trial", "trying", "seats=20")
		is("those of the plan after the trial", "over", "seats=2")
		is("none without a subscription", "nothing", "")
		is("of a resource", "room", "seats=3", "r-1")
		is("of another resource", "room", "", "r-2")
		is("of all resources", "room", "seats=3")
		is("of a resource, for a subscription without one", "plain", "region[eu] seats=1", "r-1")

		grant(t, server, object{"featureId": "seats", "period": "LIFETIME", "usageLimit": 8},
			object{"featureId": "region", "period": "LIFETIME", "enumValues": []string{"us"}}, object{"featureId": "sso", "period": "LIFETIME"})
		is("the most generous wins, and values add up", "ada", "region[eu,us] seats=8 sso")
		server.must(t, revokeOperation, object{"input": object{"customerId": "ada", "featureId": "seats"}})
		grant(t, server, object{"featureId": "seats", "period": "LIFETIME", "usageLimit": 0.5})
		is("a small grant takes nothing away", "ada", "region[eu,us] seats=1 sso")
		server.must(t, revokeOperation, object{"input": object{"customerId": "ada", "featureId": "seats"}})
		grant(t, server, object{"featureId": "seats", "period": "LIFETIME", "hasUnlimitedUsage": true})
		is("no limit is more than any", "ada", "region[eu,us] seats=unlimited sso")

		t.Run("the same in short", func(t *testing.T) {
			data := server.must(t, `{ entitlements(query: { customerId: "based" }) { isGranted usageLimit feature { refId } } }`, nil)
			if got := entitlementsInShort(data["entitlements"]); got != "region seats=2 sso storage=50" {
				t.Error(got)
			}
		})
	})
}

func TestEntitlementsOfMissingCustomers(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		id := object{"input": object{"customerId": "gone"}}
		server.must(t, subscribeOperation, object{"input": object{"customerId": "gone", "subscriptionParams": object{"planId": "free"}}})
		server.must(t, archiveOperation, id)
		for customerID, want := range map[string]string{"gone": "denied: CustomerIsArchived", "nobody": "denied: CustomerNotFound"} {
			if got := entitlementsOf(t, server, customerID); got != want {
				t.Errorf("%s: %q", customerID, got)
			}
			server.mustFail(t, "CustomerNotFound", `query($query: FetchEntitlementsQuery!) { entitlements(query: $query) { isGranted } }`,
				object{"query": object{"customerId": customerID}})
		}
		server.mustFail(t, "IdentityForbidden", cachedOperation, object{"query": object{"customerId": "gone", "environmentId": otherEnvironment}})
		server.must(t, unarchiveOperation, id)
		if got := entitlementsOf(t, server, "gone"); got != "" {
			t.Errorf("the cancelled subscription grants %q", got)
		}
	})
}

const getSubscriptionOperation = `query($id: String!) { getSubscription(input: { subscriptionId: $id }) { subscriptionId status cancelReason
  customer { customerId } } }`

func TestReadingSubscriptions(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		for id, params := range map[string]object{
			"free":    {"planId": "free", "resourceId": "r-1"},
			"waiting": basic(nil),
			"later":   {"planId": "free", "startDate": "2999-01-01T00:00:00Z"},
			"trial":   {"planId": "tried-downgrade"},
			"over":    {"planId": "tried-cancel", "startDate": "2020-01-01T00:00:00Z"},
		} {
			server.must(t, subscribeOperation, object{"input": object{"customerId": "c-" + id, "subscriptionParams": with(params, object{"subscriptionId": id})}})
		}
		status := map[string]string{"free": "ACTIVE", "waiting": "PAYMENT_PENDING", "later": "NOT_STARTED", "trial": "IN_TRIAL", "over": "EXPIRED"}
		reason := map[string]string{"over": "TrialEnded"}
		for id, want := range status {
			s := server.must(t, getSubscriptionOperation, object{"id": id})["getSubscription"].(object)
			if s["status"] != want || text(s["cancelReason"]) != reason[id] || s["customer"].(object)["customerId"] != "c-"+id {
				t.Errorf("%s: %v", id, s)
			}
		}
		active := func(input object) string {
			t.Helper()
			data := server.must(t, `query($input: GetActiveSubscriptionsInput!) { getActiveSubscriptions(input: $input) { subscriptionId } }`, object{"input": input})
			return joined(data["getActiveSubscriptions"], func(s object) string { return text(s["subscriptionId"]) })
		}
		for id, want := range map[string]string{"free": "free", "waiting": "", "later": "", "trial": "trial", "over": ""} {
			if got := active(object{"customerId": "c-" + id}); got != want {
				t.Errorf("active of %s: %q", id, got)
			}
		}
		for name, c := range map[string]struct {
			input object
			want  string
		}{
			"its resource":          {object{"resourceId": "r-1"}, "free"},
			"another resource":      {object{"resourceId": "r-2"}, ""},
			"one of some resources": {object{"resourceIds": []string{"r-2", "r-1"}}, "free"},
			"none of some":          {object{"resourceIds": []string{"r-2", "r-3"}}, ""},
			"either way":            {object{"resourceId": "r-1", "resourceIds": []string{"r-2"}}, "free"},
		} {
			if got := active(with(object{"customerId": "c-free"}, c.input)); got != c.want {
				t.Errorf("%s: %q", name, got)
			}
		}
		for _, id := range []string{"nothing", "", "c-free"} {
			server.mustFail(t, "SubscriptionNotFound", getSubscriptionOperation, object{"id": id})
		}
		server.otherClient.mustFail(t, "SubscriptionNotFound", getSubscriptionOperation, object{"id": "free"})
		server.mustFail(t, "CustomerNotFound", `{ getActiveSubscriptions(input: { customerId: "nobody" }) { subscriptionId } }`, nil)
		server.mustFail(t, "IdentityForbidden", `{ getSubscription(input: { subscriptionId: "free", environmentId: "other" }) { subscriptionId } }`, nil)
	})
}

// TestArchivingCancelsSubscriptions: archiving ends what has not ended, whatever its status, and nothing brings it back.
func TestArchivingCancelsSubscriptions(t *testing.T) {
	cases := map[string]struct {
		params object
		want   string
	}{
		"active":                     {object{"planId": "free"}, "CANCELED CustomerArchived"},
		"waiting for payment":        {basic(nil), "CANCELED CustomerArchived"},
		"not started":                {object{"planId": "free", "startDate": "2999-01-01T00:00:00Z"}, "CANCELED CustomerArchived"},
		"in trial":                   {object{"planId": "tried-convert"}, "CANCELED CustomerArchived"},
		"in trial, and what follows": {object{"planId": "tried-downgrade"}, "CANCELED CustomerArchived CANCELED CustomerArchived"},
		"ended before":               {object{"planId": "tried-cancel", "startDate": "2020-01-01T00:00:00Z"}, "EXPIRED TrialEnded"},
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		n := 0
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				n++
				subscriptionID := fmt.Sprintf("s-%d", n)
				customerID := fmt.Sprintf("c-%d", n)
				id := object{"input": object{"customerId": customerID}}
				server.must(t, subscribeOperation, object{"input": object{"customerId": customerID, "subscriptionParams": with(c.params, object{"subscriptionId": subscriptionID})}})
				server.must(t, archiveOperation, id)
				server.mustFail(t, "SubscriptionNotFound", getSubscriptionOperation, object{"id": subscriptionID})
				server.mustFail(t, "CustomerNotFound", `query($id: String!) { getActiveSubscriptions(input: { customerId: $id }) { subscriptionId } }`, object{"id": customerID})
				// The subscription's id stays with its customer.
				server.mustFail(t, "DuplicatedEntityNotAllowed", subscribeOperation, object{"input": object{"customerId": "new", "subscriptionParams": object{"planId": "free", "subscriptionId": subscriptionID}}})
				back := server.must(t, `mutation($input: UnarchiveCustomerInput!) { unarchiveCustomer(input: $input) { hasActiveSubscription
  subscriptions(filter: {}) { status cancelReason } } }`, id)["unarchiveCustomer"].(object)
				got := joined(back["subscriptions"], func(s object) string { return text(s["status"]) + " " + text(s["cancelReason"]) })
				if got != c.want || back["hasActiveSubscription"] != false {
					t.Errorf("got %q, want %q: %v", got, c.want, back)
				}
				server.must(t, getSubscriptionOperation, object{"id": subscriptionID})
			})
		}
	})
}
