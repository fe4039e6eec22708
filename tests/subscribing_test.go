package tests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// subscribeOperation provisions a customer and returns its subscription.
const subscribeOperation = `mutation Subscribe($input: ProvisionCustomerInput!) {
  provisionCustomer(input: $input) {
    customer { customerId hasActiveSubscription hasActiveResource totalActiveSubscription
      statistics { activeSubscriptionsByPricingType { pricingType totalCount } }
      trialedPlans { planRefId productRefId } eligibleForTrial { productRefId eligible }
      subscriptions(filter: {}, sorting: [{ field: startDate, direction: ASC }]) { plan { refId } status startDate pricingType } }
    subscriptionDecisionStrategy
    subscription { ` + subscriptionFields + ` isCustomPriceSubscription billingId salesforceId }
    entitlements { feature { refId } isGranted usageLimit hasUnlimitedUsage hasSoftLimit enumValues resetPeriod }
  }
}`

// basic is a subscription to the plan basic that nothing is wrong with, with changes; a nil takes a field away.
func basic(changes object) object {
	params := object{
		"planId": "basic", "billingPeriod": "MONTHLY", "billableFeatures": []object{{"featureId": "seats", "quantity": 2}},
	}
	for name, value := range changes {
		params[name] = value
		if value == nil {
			delete(params, name)
		}
	}
	return params
}

// with is the object with more in it.
func with(base, more object) object {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

// subscribed provisions a customer and summarizes the result: one text a fact, "" for what is
// missing.
func subscribed(t *testing.T, client *client, input object) map[string]string {
	t.Helper()
	return summary(client.must(t, subscribeOperation, object{"input": input})["provisionCustomer"].(object))
}

func summary(provisioned object) map[string]string {
	customer := provisioned["customer"].(object)
	out := map[string]string{
		"decision":     text(provisioned["subscriptionDecisionStrategy"]),
		"entitlements": entitlementsInShort(provisioned["entitlements"]),
		"active":       text(customer["totalActiveSubscription"]), "activeResource": text(customer["hasActiveResource"]),
		"all": joined(customer["subscriptions"], func(s object) string {
			return text(s["plan"].(object)["refId"]) + " " + text(s["status"])
		}),
		"tried":    joined(customer["trialedPlans"], func(p object) string { return text(p["planRefId"]) }),
		"eligible": joined(customer["eligibleForTrial"], eligible),
		"statistics": joined(customer["statistics"].(object)["activeSubscriptionsByPricingType"], func(s object) string {
			return text(s["pricingType"]) + " " + text(s["totalCount"])
		}),
	}
	subscription, found := provisioned["subscription"].(object)
	if !found {
		return out
	}
	for _, name := range []string{
		"subscriptionId", "status", "pricingType", "billingPeriod", "paymentCollection", "paymentCollectionMethod", "resourceId",
		"wasInTrial", "startDate", "isCustomPriceSubscription", "billingId", "salesforceId", "additionalMetaData",
	} {
		out[name] = text(subscription[name])
	}
	out["plan"] = text(subscription["plan"].(object)["refId"])
	out["addons"] = joined(subscription["addons"], func(a object) string {
		return text(a["addon"].(object)["refId"]) + " " + text(a["quantity"])
	})
	if total, found := subscription["totalPrice"].(object); found {
		for name, amount := range total {
			out[name] = money(amount)
		}
	}
	if coupon, found := subscription["coupon"].(object); found {
		out["coupon"] = text(coupon["refId"])
		out["couponName"] = text(coupon["name"])
	}
	if trial, found := subscription["trialConfiguration"].(object); found {
		out["trialEnd"] = text(trial["trialEndBehavior"])
	}
	out["anchored"] = text(subscription["billingCycleAnchor"] != nil)
	out["trial"] = between(subscription["startDate"], subscription["trialEndDate"])
	out["ends"] = between(subscription["startDate"], subscription["endDate"])
	out["period"] = between(subscription["currentBillingPeriodStart"], subscription["currentBillingPeriodEnd"])
	if budget, found := subscription["budget"].(object); found {
		out["budget"] = text(budget["limit"])
	}
	return out
}

func eligible(e object) string {
	if e["eligible"] == true {
		return ""
	}
	return "not " + text(e["productRefId"])
}

// entitlementsInShort is as in `region[eu] seats=2 sso storage=50/MONTH`.
func entitlementsInShort(list any) string {
	return joined(list, func(e object) string {
		feature, _ := e["feature"].(object)
		if e["isGranted"] != true || feature == nil {
			return "denied: " + text(e["accessDeniedReason"])
		}
		out := text(feature["refId"])
		switch {
		case e["hasUnlimitedUsage"] == true:
			out += "=unlimited"
		case e["usageLimit"] != nil:
			out += "=" + text(e["usageLimit"])
		}
		if e["hasSoftLimit"] == true {
			out += "~"
		}
		if values, found := e["enumValues"].([]any); found {
			out += strings.ReplaceAll(fmt.Sprint(values), " ", ",")
		}
		if e["resetPeriod"] != nil {
			out += "/" + text(e["resetPeriod"])
		}
		return out
	})
}

func joined(list any, each func(object) string) string {
	items, _ := list.([]any)
	var out []string
	for _, item := range items {
		if one := each(item.(object)); one != "" {
			out = append(out, one)
		}
	}
	return strings.Join(out, " ")
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func money(amount any) string {
	m := amount.(object)
	return fmt.Sprintf("%v %v", m["amount"], m["currency"])
}

// between is the time between two times of a response, in days if it is whole days.
func between(from, until any) string {
	start, err1 := time.Parse(time.RFC3339, text(from))
	end, err2 := time.Parse(time.RFC3339, text(until))
	switch {
	case err1 != nil || err2 != nil:
		return ""
	case end.Equal(start.AddDate(0, 1, 0)):
		return "a month"
	case end.Equal(start.AddDate(1, 0, 0)):
		return "a year"
	case end.Sub(start)%(24*time.Hour) == 0:
		return fmt.Sprintf("%d days", end.Sub(start)/(24*time.Hour))
	default:
		return end.Sub(start).String()
	}
}

// mustBe compares the facts that a case names.
func mustBe(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: got %q, want %q", name, got[name], want[name])
		}
	}
	if t.Failed() {
		t.Logf("all: %v", got)
	}
}

// faultOfInput are the codes of which the input alone is to blame, whatever is stored.
var faultOfInput = []string{
	"BadUserInput", "UnsupportedParameter", "MissingEntityIdError", "EntityIdDifferentFromRefIdError", "InvalidMetadataError",
	"InvalidAddressError", "InvalidTaxId", "BillingPeriodMissingError", "InvalidQuantity", "AmountTooLarge", "InvalidEntitlementResetPeriod",
}

// refusedFor is the refusal of a field with a code.
func refusedFor(code, field string) refusal {
	return refusal{code: code, field: field, state: !slices.Contains(faultOfInput, code)}
}
