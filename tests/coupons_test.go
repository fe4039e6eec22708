package tests

import (
	"fmt"
	"testing"
)

const (
	couponFields = `id refId name description type status source discountValue percentOff amountsOff ` + moneyFields + `
    durationInMonths additionalMetaData billingId billingLinkUrl environmentId createdAt updatedAt syncStates { status } environment { id }`

	createCouponOperation  = `mutation($input: CreateCouponInput!) { createOneCoupon(input: $input) { ` + couponFields + ` } }`
	updateCouponOperation  = `mutation($input: UpdateCouponInput!) { updateOneCoupon(input: $input) { ` + couponFields + ` } }`
	archiveCouponOperation = `mutation($input: ArchiveCouponInput!) { archiveOneCoupon(input: $input) { ` + couponFields + ` } }`
	setCouponOperation     = `mutation($input: SetCouponOnCustomerInput!) { setCouponOnCustomer(input: $input) { customerId updatedAt coupon { refId status } } }`
	removeCouponOperation  = `mutation($input: RemoveCouponFromCustomerInput!) { removeCouponFromCustomer(input: $input) { customerId updatedAt coupon { refId } } }`
	customersCouponQuery   = `query($id: String!) { getCustomerByRefId(input: { customerId: $id }) { id updatedAt coupon { refId status } } }`
	couponQuery            = `query($id: String!) { coupon(id: $id) { ` + couponFields + ` customers { customerId } } }`
)

// couponOf is the refId of a customer's coupon, "" for none.
func couponOf(t *testing.T, server *service, customerID string) string {
	t.Helper()
	customer := server.must(t, customersCouponQuery, object{"id": customerID})["getCustomerByRefId"].(object)
	coupon, _ := customer["coupon"].(object)
	return text(coupon["refId"])
}

// storedCoupons returns every coupon as JSON.
func storedCoupons(t *testing.T, server *service) string {
	t.Helper()
	return server.do(t, `{ coupons(paging: { first: 100 }, sorting: [{ field: refId, direction: ASC }]) { totalCount edges { node { `+couponFields+` } } } }`, nil).withoutCost()
}

func TestCouponsAreMade(t *testing.T) {
	cases := map[string]struct {
		input object
		want  map[string]string
	}{
		"per cent":                 {object{"percentOff": 12.5}, map[string]string{"type": "PERCENTAGE", "percentOff": "12.5", "discountValue": "12.5", "amountsOff": "", "durationInMonths": ""}},
		"per cent by its old name": {object{"discountValue": 20}, map[string]string{"type": "PERCENTAGE", "percentOff": "20"}},
		"all of it":                {object{"percentOff": 100, "type": "PERCENTAGE"}, map[string]string{"percentOff": "100"}},
		"amounts": {object{"amountsOff": []object{{"amount": 7.25, "currency": "DKK"}, {"amount": 1}}, "durationInMonths": 3}, map[string]string{
			"type": "FIXED", "percentOff": "", "discountValue": "7.25", "amountsOff": "[map[amount:7.25 currency:DKK] map[amount:1 currency:USD]]", "durationInMonths": "3"}},
		"with everything": {object{"percentOff": 1, "description": "For friends.", "additionalMetaData": object{"k": object{"a.b": 1}}, "environmentId": "development"},
			map[string]string{"description": "For friends.", "additionalMetaData": "map[k:map[a.b:1]]"}},
		"for the longest time": {object{"percentOff": 1, "durationInMonths": 1200}, map[string]string{"durationInMonths": "1200"}},
	}
	onEngines(t, func(t *testing.T, server *service) {
		n := 0
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				n++
				id := fmt.Sprintf("coupon-%d", n)
				made := server.must(t, createCouponOperation, object{"input": with(object{"refId": id, "name": "Name"}, c.input)})["createOneCoupon"].(object)
				got := map[string]string{}
				for field, value := range made {
					got[field] = text(value)
				}
				c.want["refId"], c.want["name"], c.want["status"], c.want["source"], c.want["environmentId"] = id, "Name", "ACTIVE", "STIGG", "development"
				mustBe(t, got, c.want)
				// It is found by both of its names, as it was returned.
				for _, key := range []string{id, got["id"]} {
					found := server.must(t, couponQuery, object{"id": key})["coupon"].(object)
					if fmt.Sprint(found["customers"]) != "[]" {
						t.Errorf("a new coupon has the customers %v", found["customers"])
					}
					delete(found, "customers")
					if fmt.Sprint(found) != fmt.Sprint(made) {
						t.Errorf("made as %v, found as %v", made, found)
					}
				}
				if got := server.otherClient.must(t, couponQuery, object{"id": id})["coupon"]; got != nil {
					t.Errorf("another environment has %v", got)
				}
			})
		}
	})
}

func TestCouponRefusals(t *testing.T) {
	create := func(input object) object { return with(object{"refId": "new", "name": "New"}, input) }
	cases := map[string]struct {
		operation string
		input     object
		want      refusal
	}{
		"an id in use":                {createCouponOperation, create(object{"refId": "ten", "percentOff": 1}), refusedFor("DuplicatedEntityNotAllowed", "refId")},
		"an archived coupon's id":     {createCouponOperation, create(object{"refId": "retired", "percentOff": 1}), refusedFor("DuplicatedEntityNotAllowed", "refId")},
		"an id of no form":            {createCouponOperation, create(object{"refId": "a b", "percentOff": 1}), refusedFor("BadUserInput", "refId")},
		"an empty id":                 {createCouponOperation, create(object{"refId": "", "percentOff": 1}), refusedFor("BadUserInput", "refId")},
		"an empty name":               {createCouponOperation, create(object{"name": "", "percentOff": 1}), refusedFor("BadUserInput", "name")},
		"a name too long":             {createCouponOperation, create(object{"name": long(256), "percentOff": 1}), refusedFor("BadUserInput", "name")},
		"a description too long":      {createCouponOperation, create(object{"description": long(1001), "percentOff": 1}), refusedFor("BadUserInput", "description")},
		"no discount":                 {createCouponOperation, create(nil), refusedFor("BadUserInput", "")},
		"two discounts":               {createCouponOperation, create(object{"percentOff": 1, "amountsOff": []object{{"amount": 1}}}), refusedFor("BadUserInput", "")},
		"a discount by both names":    {createCouponOperation, create(object{"percentOff": 1, "discountValue": 1}), refusedFor("BadUserInput", "discountValue")},
		"no per cent":                 {createCouponOperation, create(object{"percentOff": 0}), refusedFor("BadUserInput", "")},
		"more than all":               {createCouponOperation, create(object{"percentOff": 100.01}), refusedFor("BadUserInput", "")},
		"no amount":                   {createCouponOperation, create(object{"amountsOff": []object{{"amount": 0}}}), refusedFor("BadUserInput", "")},
		"two amounts of a currency":   {createCouponOperation, create(object{"amountsOff": []object{{"amount": 1}, {"amount": 2, "currency": "USD"}}}), refusedFor("BadUserInput", "")},
		"an amount above all":         {createCouponOperation, create(object{"amountsOff": []object{{"amount": 1e12 + 1}}}), refusedFor("AmountTooLarge", "")},
		"a type that does not fit":    {createCouponOperation, create(object{"percentOff": 1, "type": "FIXED"}), refusedFor("BadUserInput", "type")},
		"no month":                    {createCouponOperation, create(object{"percentOff": 1, "durationInMonths": 0}), refusedFor("BadUserInput", "durationInMonths")},
		"half a month":                {createCouponOperation, create(object{"percentOff": 1, "durationInMonths": 1.5}), refusedFor("BadUserInput", "durationInMonths")},
		"1,201 months":                {createCouponOperation, create(object{"percentOff": 1, "durationInMonths": 1201}), refusedFor("BadUserInput", "durationInMonths")},
		"metadata that is none":       {createCouponOperation, create(object{"percentOff": 1, "additionalMetaData": "x"}), refusedFor("InvalidMetadataError", "additionalMetaData")},
		"another environment":         {createCouponOperation, create(object{"percentOff": 1, "environmentId": otherEnvironment}), refusal{code: "IdentityForbidden", state: true}},
		"an update of an unknown one": {updateCouponOperation, object{"refId": "nothing", "name": "x"}, refusedFor("CouponNotFound", "refId")},
		"an update of an archived":    {updateCouponOperation, object{"refId": "retired", "name": "x"}, refusedFor("EntityIsArchivedError", "refId")},
		"an update to no name":        {updateCouponOperation, object{"refId": "ten", "name": nil, "description": "x"}, refusedFor("BadUserInput", "name")},
		"an update with wrong data":   {updateCouponOperation, object{"refId": "ten", "name": "x", "additionalMetaData": wide(51)}, refusedFor("InvalidMetadataError", "additionalMetaData")},
		"an unknown one archived":     {archiveCouponOperation, object{"refId": "nothing"}, refusedFor("CouponNotFound", "refId")},
		"an archived one archived":    {archiveCouponOperation, object{"refId": "retired"}, refusedFor("EntityIsArchivedError", "refId")},

		"an unknown one for a customer":    {setCouponOperation, object{"id": "ada", "relationId": "nothing"}, refusedFor("CouponNotFound", "relationId")},
		"an archived one for a customer":   {setCouponOperation, object{"id": "ada", "relationId": "retired"}, refusedFor("ArchivedCouponCantBeApplied", "relationId")},
		"one for an unknown customer":      {setCouponOperation, object{"id": "nobody", "relationId": "ten"}, refusedFor("CustomerNotFound", "")},
		"one for an archived customer":     {setCouponOperation, object{"id": "gone", "relationId": "ten"}, refusedFor("CustomerNotFound", "")},
		"an unknown one from a customer":   {removeCouponOperation, object{"id": "ada", "relationId": "nothing"}, refusedFor("CouponNotFound", "relationId")},
		"one from an unknown customer":     {removeCouponOperation, object{"id": "nobody", "relationId": "ten"}, refusedFor("CustomerNotFound", "")},
		"one from an archived customer":    {removeCouponOperation, object{"id": "gone", "relationId": "ten"}, refusedFor("CustomerNotFound", "")},
		"an update to an unknown coupon":   {updateOperation, object{"customerId": "ada", "name": "X", "couponRefId": "nothing"}, refusedFor("CouponNotFound", "couponRefId")},
		"an update to an archived coupon":  {updateOperation, object{"customerId": "ada", "name": "X", "couponRefId": "retired"}, refusedFor("ArchivedCouponCantBeApplied", "couponRefId")},
		"a customer with an unknown one":   {createOperation, object{"customerId": "new", "couponRefId": "nothing"}, refusedFor("CouponNotFound", "couponRefId")},
		"a customer with an archived one":  {provisionOperation, object{"customerId": "new", "couponRefId": "retired"}, refusedFor("ArchivedCouponCantBeApplied", "couponRefId")},
		"another environment's, by update": {archiveCouponOperation, object{"refId": "ten", "environmentId": otherEnvironment}, refusal{code: "IdentityForbidden", state: true}},
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		server.must(t, provisionOperation, object{"input": object{"customerId": "ada", "couponRefId": "five"}})
		server.must(t, provisionOperation, object{"input": object{"customerId": "gone", "couponRefId": "ten"}})
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		before := storedCoupons(t, server)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) { mustRefuse(t, server, c.operation, c.input, c.want) })
		}
		if after := storedCoupons(t, server); after != before {
			t.Errorf("the coupons were\n%s\nand are\n%s", before, after)
		}
		if got := couponOf(t, server, "ada"); got != "five" {
			t.Errorf("the customer has the coupon %q", got)
		}
		t.Run("a key that may only read", func(t *testing.T) {
			server.reader.mustFail(t, "IdentityForbidden", archiveCouponOperation, object{"input": object{"refId": "ten"}})
		})
		t.Run("a coupon of another environment", func(t *testing.T) {
			server.otherClient.mustFail(t, "CouponNotFound", updateCouponOperation, object{"input": object{"refId": "ten", "name": "x"}})
		})
	})
}

func TestCouponsAreChanged(t *testing.T) {
	onEngines(t, func(t *testing.T, server *service) {
		made := server.must(t, createCouponOperation, object{"input": object{"refId": "c", "name": "One", "description": "It.", "percentOff": 5,
			"additionalMetaData": object{"kept": 1, "gone": 2}}})["createOneCoupon"].(object)
		change := func(input object) object {
			return server.must(t, updateCouponOperation, object{"input": with(object{"refId": "c"}, input)})["updateOneCoupon"].(object)
		}
		got := change(object{"name": "Two", "additionalMetaData": object{"gone": nil, "new": 3}})
		if got["name"] != "Two" || got["description"] != "It." || fmt.Sprint(got["additionalMetaData"]) != "map[kept:1 new:3]" ||
			got["id"] != made["id"] || got["createdAt"] != made["createdAt"] || got["percentOff"] != 5.0 {
			t.Errorf("%v became %v", made, got)
		}
		if got = change(object{"description": nil, "additionalMetaData": nil}); got["description"] != nil || got["additionalMetaData"] != nil || got["name"] != "Two" {
			t.Errorf("cleared: %v", got)
		}
	})
}

func TestCustomersHaveOneCoupon(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		server.must(t, subscribeOperation, object{"input": object{
			"customerId": "ada", "couponRefId": "ten", "subscriptionParams": basic(object{"subscriptionId": "s"}),
		}})
		has := func(want, total string) {
			t.Helper()
			if got := couponOf(t, server, "ada"); got != want {
				t.Errorf("the coupon is %q, want %q", got, want)
			}
			s := server.must(t, `{ getSubscription(input: { subscriptionId: "s" }) { `+totalPriceFields+` coupon { refId } } }`, nil)["getSubscription"].(object)
			if got := money(s["totalPrice"].(object)["total"]); got != total {
				t.Errorf("the subscription costs %s, want %s", got, total)
			}
			coupon, _ := s["coupon"].(object)
			if got := text(coupon["refId"]); got != want {
				t.Errorf("the subscription's coupon is %q, want %q", got, want)
			}
		}
		update := func(coupon any) {
			t.Helper()
			server.must(t, updateOperation, object{"input": object{"customerId": "ada", "couponRefId": coupon}})
		}
		has("ten", "27 USD")
		update("five")
		has("five", "25 USD")
		server.must(t, updateOperation, object{"input": object{"customerId": "ada", "name": "Ada"}})
		has("five", "25 USD")
		update("")
		has("", "30 USD")
		update("ten")
		update(nil)
		has("", "30 USD")

		ids := server.must(t, `{ coupon(id: "five") { id } getCustomerByRefId(input: { customerId: "ada" }) { id } }`, nil)
		couponUUID, customerUUID := ids["coupon"].(object)["id"], ids["getCustomerByRefId"].(object)["id"]
		server.must(t, setCouponOperation, object{"input": object{"id": customerUUID, "relationId": couponUUID}})
		has("five", "25 USD")
		server.must(t, setCouponOperation, object{"input": object{"id": "ada", "relationId": "ten"}})
		has("ten", "27 USD")
		// Another coupon than the customer's takes nothing away.
		server.must(t, removeCouponOperation, object{"input": object{"id": "ada", "relationId": "five"}})
		has("ten", "27 USD")
		server.must(t, removeCouponOperation, object{"input": object{"id": customerUUID, "relationId": "ten"}})
		has("", "30 USD")
		server.must(t, removeCouponOperation, object{"input": object{"id": "ada", "relationId": "ten"}})
		has("", "30 USD")
	})
}

// Customers with a coupon that is archived keep it, and may set it again; no other customer can get it.
func TestArchivedCoupons(t *testing.T) {
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		for _, id := range []string{"ada", "gone", "other"} {
			server.must(t, provisionOperation, object{"input": object{"customerId": id, "couponRefId": "ten"}})
		}
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		archived := server.must(t, archiveCouponOperation, object{"input": object{"refId": "ten"}})["archiveOneCoupon"].(object)
		if archived["status"] != "ARCHIVED" {
			t.Errorf("archived: %v", archived)
		}
		found := server.must(t, couponQuery, object{"id": "ten"})["coupon"].(object)
		if found["status"] != "ARCHIVED" || fmt.Sprint(found["customers"]) != "[map[customerId:other] map[customerId:ada]]" {
			t.Errorf("found: %v", found)
		}
		server.must(t, setCouponOperation, object{"input": object{"id": "ada", "relationId": "ten"}})
		if got := couponOf(t, server, "ada"); got != "ten" {
			t.Errorf("the customer has the coupon %q", got)
		}
		server.must(t, provisionOperation, object{"input": object{"customerId": "new"}})
		mustRefuse(t, server, setCouponOperation, object{"id": "new", "relationId": "ten"}, refusedFor("ArchivedCouponCantBeApplied", "relationId"))
		mustRefuse(t, server, updateOperation, object{"customerId": "new", "couponRefId": "ten"}, refusedFor("ArchivedCouponCantBeApplied", "couponRefId"))
		mustRefuse(t, server, subscribeOperation, object{"subscriptionParams": basic(object{"promotionCode": "OPEN"})}, refusedFor("PromotionCodeNotActive", "subscriptionParams.promotionCode"))
		// A client that sends all of a customer back sends the coupon that the customer has.
		server.must(t, updateOperation, object{"input": object{"customerId": "ada", "couponRefId": "ten", "name": "Ada"}})
		if got := couponOf(t, server, "ada"); got != "ten" {
			t.Errorf("after an update the customer has the coupon %q", got)
		}
	})
}
