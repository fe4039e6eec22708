package tests

import (
	"fmt"
	"testing"
	"time"
)

const (
	promotionalFields = `id featureId status period startDate endDate isVisible usageLimit hasUnlimitedUsage unlimited hasSoftLimit
    resetPeriod resetPeriodConfiguration { ... on MonthlyResetPeriodConfig { monthlyAccordingTo } } enumValues environmentId
    createdAt updatedAt description feature { refId displayName } customer { customerId }`

	grantOperation  = `mutation($input: GrantPromotionalEntitlementsInput!) { grantPromotionalEntitlements(input: $input) { ` + promotionalFields + ` } }`
	revokeOperation = `mutation($input: RevokePromotionalEntitlementInput!) { revokePromotionalEntitlement(input: $input) { ` + promotionalFields + ` } }`
)

// grant gives ada promotional entitlements and returns them.
func grant(t *testing.T, server *service, grants ...object) []any {
	t.Helper()
	data := server.must(t, grantOperation, object{"input": object{"customerId": "ada", "promotionalEntitlements": grants}})
	return data["grantPromotionalEntitlements"].([]any)
}

// promoted is what ada was granted, in short and in order of feature.
func promoted(t *testing.T, server *service) string {
	t.Helper()
	customer := server.must(t, `{ getCustomerByRefId(input: { customerId: "ada" }) { totalActivePromotionalEntitlements
  promotionalEntitlements { featureId status usageLimit } } promotionalEntitlements { totalCount } }`, nil)
	ada := customer["getCustomerByRefId"].(object)
	out := map[string]string{}
	for _, p := range ada["promotionalEntitlements"].([]any) {
		out[text(p.(object)["featureId"])] = text(p.(object)["status"]) + " " + text(p.(object)["usageLimit"])
	}
	return fmt.Sprint(out, ada["totalActivePromotionalEntitlements"], customer["promotionalEntitlements"].(object)["totalCount"])
}

func TestPromotionalEntitlementsAreGranted(t *testing.T) {
	cases := map[string]struct {
		grant object
		want  map[string]string
	}{
		"for a week":          {object{"featureId": "sso", "period": "ONE_WEEK"}, map[string]string{"lasts": "7 days", "usageLimit": "", "hasUnlimitedUsage": "false", "enumValues": ""}},
		"for a month":         {object{"featureId": "sso", "period": "ONE_MONTH"}, map[string]string{"lasts": "1 months"}},
		"for six months":      {object{"featureId": "sso", "period": "SIX_MONTH"}, map[string]string{"lasts": "6 months"}},
		"for a year":          {object{"featureId": "sso", "period": "ONE_YEAR"}, map[string]string{"lasts": "12 months"}},
		"for life":            {object{"featureId": "sso", "period": "LIFETIME"}, map[string]string{"lasts": "", "endDate": ""}},
		"until a date":        {object{"featureId": "sso", "period": "CUSTOM", "customEndDate": "2999-01-01T01:00:00+01:00"}, map[string]string{"endDate": "2999-01-01T00:00:00.000Z"}},
		"a number":            {object{"featureId": "seats", "period": "LIFETIME", "usageLimit": 7.5, "hasSoftLimit": true}, map[string]string{"usageLimit": "7.5", "hasSoftLimit": "true"}},
		"nothing of a number": {object{"featureId": "seats", "period": "LIFETIME", "usageLimit": 0}, map[string]string{"usageLimit": "0", "hasSoftLimit": "false"}},
		"any number":          {object{"featureId": "seats", "period": "LIFETIME", "hasUnlimitedUsage": true}, map[string]string{"usageLimit": "", "hasUnlimitedUsage": "true", "unlimited": "true"}},
		"values":              {object{"featureId": "region", "period": "LIFETIME", "enumValues": []string{"us", "eu"}}, map[string]string{"enumValues": "[us eu]"}},
		"visible by itself":   {object{"featureId": "sso", "period": "LIFETIME"}, map[string]string{"isVisible": "true"}},
		"hidden":              {object{"featureId": "sso", "period": "LIFETIME", "isVisible": false}, map[string]string{"isVisible": "false"}},
		"a number for each month": {object{"featureId": "seats", "period": "LIFETIME", "usageLimit": 1, "resetPeriod": "MONTH", "monthlyResetPeriodConfiguration": object{"accordingTo": "StartOfTheMonth"}},
			map[string]string{"resetPeriod": "MONTH", "resetPeriodConfiguration": "map[monthlyAccordingTo:StartOfTheMonth]"}},
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada"}})
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				granted := grant(t, server, c.grant)[0].(object)
				got := map[string]string{"customer": text(granted["customer"].(object)["customerId"]), "feature": text(granted["feature"].(object)["refId"])}
				for field, value := range granted {
					if _, shaped := got[field]; !shaped {
						got[field] = text(value)
					}
				}
				got["lasts"] = lengthOfGrant(granted)
				c.want["status"], c.want["environmentId"], c.want["customer"], c.want["feature"] = "Active", "development", "ada", text(c.grant["featureId"])
				mustBe(t, got, c.want)
				revoked := server.must(t, revokeOperation, object{"input": object{"customerId": "ada", "featureId": c.grant["featureId"]}})["revokePromotionalEntitlement"].(object)
				if fmt.Sprint(revoked) != fmt.Sprint(granted) {
					t.Errorf("granted %v, revoked %v", granted, revoked)
				}
				if got := promoted(t, server); got != "map[] 0 0" {
					t.Errorf("left is %s", got)
				}
			})
		}
	})
}

// lengthOfGrant is from the start of a grant to its end, in months or days.
func lengthOfGrant(granted object) string {
	start, _ := time.Parse(time.RFC3339, text(granted["startDate"]))
	end, err := time.Parse(time.RFC3339, text(granted["endDate"]))
	if err != nil {
		return ""
	}
	for _, months := range []int{1, 6, 12} {
		// The last day of a shorter month stands for the days that it does not have.
		if same := start.AddDate(0, months, 0); end.Equal(same) || same.Day() != start.Day() && end.Equal(same.AddDate(0, 0, -same.Day())) {
			return fmt.Sprintf("%d months", months)
		}
	}
	return between(granted["startDate"], granted["endDate"])
}

func TestPromotionalEntitlementRefusals(t *testing.T) {
	life := func(featureID string, more object) object {
		return with(object{"featureId": featureID, "period": "LIFETIME"}, more)
	}
	tooMany := make([]object, 101)
	for i := range tooMany {
		tooMany[i] = life("sso", nil)
	}
	const first = "promotionalEntitlements[0]"
	cases := map[string]struct {
		grants   []object
		want     refusal
		customer string
	}{
		"an unknown feature":           {[]object{life("sso", nil), life("nothing", nil)}, refusedFor("FeatureNotFound", "promotionalEntitlements[1].featureId"), "ada"},
		"a feature that is granted":    {[]object{life("sso", nil), life("storage", object{"usageLimit": 9})}, refusedFor("DuplicatedEntityNotAllowed", "promotionalEntitlements[1].featureId"), "ada"},
		"a feature twice":              {[]object{life("sso", nil), life("sso", nil)}, refusedFor("BadUserInput", "promotionalEntitlements[1].featureId"), "ada"},
		"101 features":                 {tooMany, refusedFor("BadUserInput", "promotionalEntitlements"), "ada"},
		"a date for another period":    {[]object{{"featureId": "sso", "period": "ONE_WEEK", "customEndDate": "2999-01-01T00:00:00Z"}}, refusedFor("BadUserInput", first+".customEndDate"), "ada"},
		"no date":                      {[]object{{"featureId": "sso", "period": "CUSTOM"}}, refusedFor("BadUserInput", first+".customEndDate"), "ada"},
		"a date in the past":           {[]object{{"featureId": "sso", "period": "CUSTOM", "customEndDate": "2020-01-01T00:00:00Z"}}, refusedFor("BadUserInput", first+".customEndDate"), "ada"},
		"a number without a limit":     {[]object{life("seats", nil)}, refusedFor("BadUserInput", first), "ada"},
		"a number with two limits":     {[]object{life("seats", object{"usageLimit": 1, "hasUnlimitedUsage": true})}, refusedFor("BadUserInput", first), "ada"},
		"less than nothing":            {[]object{life("seats", object{"usageLimit": -1})}, refusedFor("BadUserInput", first), "ada"},
		"a limit of what is no number": {[]object{life("sso", object{"usageLimit": 1})}, refusedFor("BadUserInput", first), "ada"},
		"no values":                    {[]object{life("region", nil)}, refusedFor("BadUserInput", first), "ada"},
		"a value that there is not":    {[]object{life("region", object{"enumValues": []string{"eu", "mars"}})}, refusedFor("BadUserInput", first), "ada"},
		"values of what has none":      {[]object{life("sso", object{"enumValues": []string{"eu"}})}, refusedFor("BadUserInput", first), "ada"},
		"a start of no period":         {[]object{life("seats", object{"usageLimit": 1, "yearlyResetPeriodConfiguration": object{"accordingTo": "SubscriptionStart"}})}, refusedFor("InvalidEntitlementResetPeriod", first+".yearlyResetPeriodConfiguration"), "ada"},
		"a start of another period":    {[]object{life("seats", object{"usageLimit": 1, "resetPeriod": "DAY", "monthlyResetPeriodConfiguration": object{"accordingTo": "StartOfTheMonth"}})}, refusedFor("InvalidEntitlementResetPeriod", first+".monthlyResetPeriodConfiguration"), "ada"},
		"an unknown customer":          {[]object{life("sso", nil)}, refusedFor("CustomerNotFound", ""), "nobody"},
		"an archived customer":         {[]object{life("sso", nil)}, refusedFor("CustomerNotFound", ""), "gone"},
		"a customer whose id is no id": {[]object{life("sso", nil)}, refusedFor("BadUserInput", "customerId"), ""},
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		for _, id := range []string{"ada", "gone"} {
			server.must(t, provisionOperation, object{"input": object{"customerId": id}})
		}
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		grant(t, server, life("storage", object{"usageLimit": 5}))
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				mustRefuse(t, server, grantOperation, object{"customerId": c.customer, "promotionalEntitlements": c.grants}, c.want)
				if got := promoted(t, server); got != "map[storage:Active 5] 1 1" {
					t.Errorf("the refused grant left %s", got)
				}
			})
		}
		t.Run("another environment", func(t *testing.T) {
			server.mustFail(t, "IdentityForbidden", grantOperation, object{"input": object{"customerId": "ada", "environmentId": otherEnvironment, "promotionalEntitlements": []object{life("sso", nil)}}})
		})
		t.Run("a key that may only read", func(t *testing.T) {
			server.reader.mustFail(t, "IdentityForbidden", revokeOperation, object{"input": object{"customerId": "ada", "featureId": "storage"}})
		})
		revoke := map[string]struct {
			input object
			want  refusal
		}{
			"a feature that was not granted": {object{"customerId": "ada", "featureId": "sso"}, refusedFor("PromotionalEntitlementNotFoundError", "featureId")},
			"a feature that is unknown":      {object{"customerId": "ada", "featureId": "nothing"}, refusedFor("PromotionalEntitlementNotFoundError", "featureId")},
			"an unknown customer's":          {object{"customerId": "nobody", "featureId": "storage"}, refusedFor("CustomerNotFound", "")},
			"an archived customer's":         {object{"customerId": "gone", "featureId": "storage"}, refusedFor("CustomerNotFound", "")},
		}
		for name, c := range revoke {
			t.Run("revoke "+name, func(t *testing.T) {
				mustRefuse(t, server, revokeOperation, c.input, c.want)
				if got := promoted(t, server); got != "map[storage:Active 5] 1 1" {
					t.Errorf("the refused revoke left %s", got)
				}
			})
		}
	})
}

// A grant that has run out is shown as such, and can be given anew. It runs out by the clock, so the test waits
// for the response to change.
func TestPromotionalEntitlementsRunOut(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada"}})
		end := time.Now().Add(2 * time.Second)
		old := grant(t, server, object{"featureId": "seats", "period": "CUSTOM", "customEndDate": end.UTC().Format(time.RFC3339Nano), "usageLimit": 3})[0].(object)
		if got := entitlementsOf(t, server, "ada"); got != "seats=3" {
			t.Errorf("granted: %q", got)
		}
		for promoted(t, server) == "map[seats:Active 3] 1 1" {
			if time.Since(end) > 10*time.Second {
				t.Fatal("the grant does not run out")
			}
		}
		if got := promoted(t, server); got != "map[seats:Expired 3] 0 1" {
			t.Errorf("run out: %s", got)
		}
		if got := entitlementsOf(t, server, "ada"); got != "" {
			t.Errorf("run out: %q", got)
		}
		anew := grant(t, server, object{"featureId": "seats", "period": "LIFETIME", "usageLimit": 4})[0].(object)
		if anew["id"] == old["id"] {
			t.Error("the new grant has the id of the old one")
		}
		if got := promoted(t, server); got != "map[seats:Active 4] 1 1" {
			t.Errorf("anew: %s", got)
		}
	})
}

// What a customer was granted goes with it and comes back with it.
func TestPromotionalEntitlementsOfArchivedCustomers(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		id := object{"input": object{"customerId": "ada"}}
		server.must(t, provisionOperation, id)
		grant(t, server, object{"featureId": "sso", "period": "LIFETIME"})
		list := func() string {
			return fmt.Sprint(server.must(t, `{ promotionalEntitlements { totalCount edges { node { featureId customer { customerId } } } } }`, nil)["promotionalEntitlements"])
		}
		before := list()
		server.must(t, archiveOperation, id)
		if got := list(); got != "map[edges:[] totalCount:0]" {
			t.Errorf("archived: %s", got)
		}
		server.must(t, unarchiveOperation, id)
		if got := list(); got != before || before == "map[edges:[] totalCount:0]" {
			t.Errorf("before %s, afterwards %s", before, got)
		}
	})
}
