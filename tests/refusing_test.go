package tests

import (
	"strings"
	"testing"
)

// TestSubscribingRefusals has a case for each rule that an initial subscription can break. None writes anything:
// no customer, no use of the promotion code, no subscription id.
func TestSubscribingRefusals(t *testing.T) {
	const in = "subscriptionParams"
	seats := func(quantities ...any) []object {
		var out []object
		for _, quantity := range quantities {
			out = append(out, object{"featureId": "seats", "quantity": quantity})
		}
		return out
	}
	addon := func(id string, quantity any) []object { return []object{{"addonId": id, "quantity": quantity}} }
	price := func(override object) object { return basic(object{"priceOverrides": []object{override}}) }
	usd := func(amount any) object { return object{"amount": amount} }
	entitle := func(entitlements ...object) object { return basic(object{"subscriptionEntitlements": entitlements}) }
	discount := func(discount object) object { return basic(object{"appliedCoupon": object{"discount": discount}}) }
	many := make([]object, 101)
	for i := range many {
		many[i] = object{"addonId": "extra"}
	}
	type testCase struct {
		code, field string
		params      object
		customer    object
	}
	cases := map[string]testCase{
		// Ids.
		"subscriptionId and refId differ":                          {"EntityIdDifferentFromRefIdError", in + ".subscriptionId", basic(object{"subscriptionId": "a", "refId": "b"}), nil},
		"a subscription id in use":                                 {"DuplicatedEntityNotAllowed", in + ".subscriptionId", basic(object{"subscriptionId": "taken"}), nil},
		"an empty subscription id":                                 {"BadUserInput", in + ".subscriptionId", basic(object{"subscriptionId": ""}), nil},
		"a refId with white space around":                          {"BadUserInput", in + ".refId", basic(object{"refId": " a", "subscriptionId": nil}), nil},
		"a resource id too long":                                   {"BadUserInput", in + ".resourceId", basic(object{"resourceId": long(256)}), nil},
		"a billing id with a control sign":                         {"BadUserInput", in + ".billingId", basic(object{"billingId": "a\tb"}), nil},
		"an empty Salesforce id":                                   {"BadUserInput", in + ".salesforceId", basic(object{"salesforceId": ""}), nil},
		"the id of a customer":                                     {"DuplicatedEntityNotAllowed", "", basic(nil), object{"customerId": "holder"}},
		"the id of an archived customer":                           {"EntityIsArchivedError", "", basic(nil), object{"customerId": "gone"}},
		"metadata that is none":                                    {"InvalidMetadataError", in + ".additionalMetaData", basic(object{"additionalMetaData": []int{1}}), nil},
		"metadata of too many keys":                                {"InvalidMetadataError", in + ".additionalMetaData", basic(object{"additionalMetaData": wide(51)}), nil},
		"a wrong name beside a good plan":                          {"BadUserInput", "name", basic(nil), object{"name": long(256)}},
		"an address in no country":                                 {"InvalidAddressError", in + ".billingInformation.billingAddress.country", basic(object{"billingInformation": object{"billingAddress": object{"country": "XX"}}}), nil},
		"a tax id of no kind":                                      {"InvalidTaxId", in + ".billingInformation.taxIds[0].type", basic(object{"billingInformation": object{"taxIds": []object{{"type": "x", "value": "1"}}}}), nil},
		"a plan that is unknown":                                   {"PlanNotFound", in + ".planId", object{"planId": "nothing"}, nil},
		"a plan without a name":                                    {"BadUserInput", in + ".planId", object{"planId": ""}, nil},
		"a plan that was not published":                            {"UnPublishedPackage", in + ".planId", object{"planId": "draft"}, nil},
		"no resource where several can be":                         {"BadUserInput", in + ".resourceId", object{"planId": "workspace"}, nil},
		"a withdrawn country in lower case":                        {"BadUserInput", in + ".billingCountryCode", basic(object{"billingCountryCode": "su"}), nil},
		"a country of three letters":                               {"BadUserInput", in + ".billingCountryCode", basic(object{"billingCountryCode": "DNK"}), nil},
		"a country that is none":                                   {"BadUserInput", in + ".billingCountryCode", basic(object{"billingCountryCode": "UK"}), nil},
		"no billing period":                                        {"BillingPeriodMissingError", in + ".billingPeriod", basic(object{"billingPeriod": nil}), nil},
		"no billing period for an add-on":                          {"BillingPeriodMissingError", in + ".billingPeriod", object{"planId": "free", "addons": addon("extra", 1)}, nil},
		"a billing period that is not there":                       {"BadUserInput", in + ".billingPeriod", object{"planId": "flat", "billingPeriod": "ANNUALLY"}, nil},
		"a currency without a price":                               {"BadUserInput", "billingInformation.currency", basic(nil), object{"billingInformation": object{"currency": "GBP"}}},
		"a budget below nothing":                                   {"BadUserInput", in + ".budget.limit", basic(object{"budget": object{"limit": -1, "hasSoftLimit": true}}), nil},
		"a budget above all":                                       {"AmountTooLarge", in + ".budget.limit", basic(object{"budget": object{"limit": 1e12 + 1, "hasSoftLimit": true}}), nil},
		"a start plan's own trial given up":                        {"BadUserInput", in + ".trialOverrideConfiguration.isTrial", object{"planId": "tried-cancel", "trialOverrideConfiguration": object{"isTrial": false}}, nil},
		"a trial of a free plan":                                   {"BadUserInput", in + ".trialOverrideConfiguration.isTrial", object{"planId": "free", "trialOverrideConfiguration": object{"isTrial": true}}, nil},
		"a trial without an end":                                   {"BadUserInput", in + ".trialOverrideConfiguration.trialEndDate", basic(object{"trialOverrideConfiguration": object{"isTrial": true}}), nil},
		"a trial that ended":                                       {"BadUserInput", in + ".trialOverrideConfiguration.trialEndDate", basic(object{"trialOverrideConfiguration": object{"isTrial": true, "trialEndDate": "2020-01-01T00:00:00Z"}}), nil},
		"the product's trial, ended":                               {"BadUserInput", in + ".trialOverrideConfiguration.trialEndDate", object{"planId": "tried-cancel", "trialOverrideConfiguration": object{"isTrial": true, "trialEndDate": "2020-01-01T00:00:00Z"}}, nil},
		"a quantity missing":                                       {"BadUserInput", in + ".billableFeatures", basic(object{"billableFeatures": nil}), nil},
		"a quantity below the least":                               {"InvalidQuantity", in + ".billableFeatures[0]", basic(object{"billableFeatures": seats(1)}), nil},
		"a quantity above the most":                                {"InvalidQuantity", in + ".billableFeatures[0]", basic(object{"billableFeatures": seats(11)}), nil},
		"a part of a unit":                                         {"InvalidQuantity", in + ".billableFeatures[0]", basic(object{"billableFeatures": seats(2.5)}), nil},
		"less than nothing":                                        {"InvalidQuantity", in + ".billableFeatures[0]", object{"planId": "two-units", "billingPeriod": "MONTHLY", "billableFeatures": append(seats(-1), object{"featureId": "storage", "quantity": 1})}, nil},
		"a quantity twice":                                         {"BadUserInput", in + ".billableFeatures[1]", basic(object{"billableFeatures": seats(2, 2)}), nil},
		"a quantity in charges, too":                               {"BadUserInput", in + ".charges[0]", basic(object{"charges": []object{{"id": "seats", "quantity": 2, "type": "FEATURE"}}}), nil},
		"a feature that is unknown":                                {"FeatureNotFound", in + ".billableFeatures[1]", basic(object{"billableFeatures": append(seats(2), object{"featureId": "nothing", "quantity": 1})}), nil},
		"a feature that is not paid":                               {"BadUserInput", in + ".billableFeatures[1]", basic(object{"billableFeatures": append(seats(2), object{"featureId": "storage", "quantity": 1})}), nil},
		"a quantity for a plan without one":                        {"BadUserInput", in + ".billableFeatures[0]", object{"planId": "free", "billableFeatures": seats(2)}, nil},
		"unitQuantity below the least":                             {"InvalidQuantity", in + ".unitQuantity", basic(object{"billableFeatures": nil, "unitQuantity": 1}), nil},
		"unitQuantity with billableFeatures":                       {"BadUserInput", in + ".unitQuantity", basic(object{"unitQuantity": 2}), nil},
		"unitQuantity of two prices":                               {"BadUserInput", in + ".unitQuantity", object{"planId": "two-units", "billingPeriod": "MONTHLY", "unitQuantity": 2}, nil},
		"unitQuantity of none":                                     {"BadUserInput", in + ".unitQuantity", object{"planId": "free", "unitQuantity": 2}, nil},
		"priceUnitAmount of two prices":                            {"BadUserInput", in + ".priceUnitAmount", object{"planId": "flat", "billingPeriod": "MONTHLY", "priceUnitAmount": 2}, nil},
		"priceUnitAmount below nothing":                            {"BadUserInput", in + ".priceUnitAmount", basic(object{"priceUnitAmount": -0.01}), nil},
		"priceUnitAmount above all":                                {"AmountTooLarge", in + ".priceUnitAmount", basic(object{"priceUnitAmount": 1e12 + 1}), nil},
		"a subscription that costs too much":                       {"AmountTooLarge", in, basic(object{"priceUnitAmount": 1e12}), nil},
		"an add-on that is unknown":                                {"AddonNotFound", in + ".addons[0].addonId", basic(object{"addons": addon("nothing", 1)}), nil},
		"an add-on that was not published":                         {"UnPublishedPackage", in + ".addons[0].addonId", basic(object{"addons": addon("draft-addon", 1)}), nil},
		"an add-on that goes with no plan":                         {"IncompatibleSubscriptionAddon", in + ".addons[0].addonId", basic(object{"addons": addon("stranger", 1)}), nil},
		"an add-on without what it needs":                          {"IncompatibleSubscriptionAddon", in + ".addons[0].addonId", basic(object{"addons": addon("needs-extra", 1)}), nil},
		"an add-on without a yearly price":                         {"IncompatibleSubscriptionAddon", in + ".addons[0].addonId", basic(object{"billingPeriod": "ANNUALLY", "addons": addon("monthly-addon", 1)}), nil},
		"an add-on in another currency":                            {"IncompatibleSubscriptionAddon", in + ".addons[0].addonId", basic(object{"addons": addon("extra", 1)}), object{"billingInformation": object{"currency": "EUR"}}},
		"too many of an add-on":                                    {"InvalidQuantity", in + ".addons[0].quantity", basic(object{"addons": addon("extra", 4)}), nil},
		"none of an add-on":                                        {"InvalidQuantity", in + ".addons[0].quantity", basic(object{"addons": addon("extra", 0)}), nil},
		"less than none of an add-on":                              {"InvalidQuantity", in + ".addons[0].quantity", basic(object{"addons": addon("extra", -1)}), nil},
		"an add-on twice":                                          {"BadUserInput", in + ".addons[1].addonId", basic(object{"addons": append(addon("extra", 1), addon("extra", 1)...)}), nil},
		"101 add-ons":                                              {"BadUserInput", in, basic(object{"addons": many}), nil},
		"a price for nothing":                                      {"BadUserInput", in + ".priceOverrides[0]", price(object{"price": usd(1)}), nil},
		"a price for two things":                                   {"BadUserInput", in + ".priceOverrides[0]", price(object{"price": usd(1), "baseCharge": true, "featureId": "seats"}), nil},
		"a price of a feature without one":                         {"BadUserInput", in + ".priceOverrides[0]", price(object{"price": usd(1), "featureId": "storage"}), nil},
		"a price of an add-on not there":                           {"BadUserInput", in + ".priceOverrides[0]", price(object{"price": usd(1), "baseCharge": true, "addonId": "extra"}), nil},
		"a price in another currency":                              {"BadUserInput", in + ".priceOverrides[0].price.currency", price(object{"price": object{"amount": 1, "currency": "EUR"}, "baseCharge": true}), nil},
		"a price below nothing":                                    {"BadUserInput", in + ".priceOverrides[0].price.amount", price(object{"price": usd(-1), "baseCharge": true}), nil},
		"a price above all":                                        {"AmountTooLarge", in + ".priceOverrides[0].price.amount", price(object{"price": usd(1e12 + 1), "baseCharge": true}), nil},
		"a block of no unit":                                       {"InvalidQuantity", in + ".priceOverrides[0].blockSize", price(object{"featureId": "seats", "blockSize": 0}), nil},
		"tiers of the base charge":                                 {"BadUserInput", in + ".priceOverrides[0].tiers", price(object{"baseCharge": true, "tiers": []object{{"unitPrice": usd(1)}}}), nil},
		"tiers without a last one":                                 {"BadUserInput", in + ".priceOverrides[0].tiers[0].upTo", price(object{"featureId": "seats", "tiers": []object{{"upTo": 5, "unitPrice": usd(1)}}}), nil},
		"tiers in no order":                                        {"BadUserInput", in + ".priceOverrides[0].tiers[1].upTo", price(object{"featureId": "seats", "tiers": []object{{"upTo": 5, "unitPrice": usd(1)}, {"upTo": 5, "unitPrice": usd(1)}, {"unitPrice": usd(1)}}}), nil},
		"a tier without a price":                                   {"BadUserInput", in + ".priceOverrides[0].tiers[0]", price(object{"featureId": "seats", "tiers": []object{{}}}), nil},
		"a price and tiers":                                        {"BadUserInput", in + ".priceOverrides[0].tiers", price(object{"featureId": "seats", "price": usd(1), "tiers": []object{{"unitPrice": usd(1)}}}), nil},
		"a price override of nothing":                              {"BadUserInput", in + ".priceOverrides[0]", price(object{"featureId": "seats"}), nil},
		"blocks of a flat fee":                                     {"BadUserInput", in + ".priceOverrides[0].blockSize", price(object{"baseCharge": true, "blockSize": 3}), nil},
		"a start beyond the calendar":                              {"BadUserInput", in + ".startDate", basic(object{"startDate": "9999-12-31T23:59:59Z"}), nil},
		"a code that is unknown, of a product that starts free":    {"PromotionCodeNotFound", in + ".promotionCode", object{"planId": "not-start", "promotionCode": "NOTHING"}, nil},
		"an add-on that is unknown, of a product that starts free": {"AddonNotFound", in + ".addons[0].addonId", object{"planId": "not-start", "addons": []object{{"addonId": "nothing"}}}, nil},
		"a minimum of what is free":                                {"BadUserInput", in + ".minimumSpend.minimum", object{"planId": "free", "minimumSpend": object{"minimum": usd(1)}}, nil},
		"a minimum in another currency":                            {"BadUserInput", in + ".minimumSpend.minimum.currency", basic(object{"minimumSpend": object{"minimum": object{"amount": 1, "currency": "EUR"}}}), nil},
		"an entitlement to what is unknown":                        {"FeatureNotFound", in + ".entitlements", entitle(object{"featureId": "nothing"}), nil},
		"an entitlement twice":                                     {"BadUserInput", in + ".entitlements", entitle(object{"featureId": "sso"}, object{"featureId": "sso"}), nil},
		"a number without a limit":                                 {"BadUserInput", in + ".entitlements", entitle(object{"featureId": "seats"}), nil},
		"a number with two limits":                                 {"BadUserInput", in + ".entitlements", entitle(object{"featureId": "seats", "usageLimit": 1, "hasUnlimitedUsage": true}), nil},
		"a limit below nothing":                                    {"BadUserInput", in + ".entitlements", entitle(object{"featureId": "seats", "usageLimit": -1}), nil},
		"a limit of what is no number":                             {"BadUserInput", in + ".entitlements", entitle(object{"featureId": "sso", "usageLimit": 1}), nil},
		"a value that the feature lacks":                           {"BadUserInput", in + ".entitlements", basic(object{"entitlements": []object{{"feature": object{"featureId": "region", "enumValues": []string{"mars"}}}}}), nil},
		"a reset without its period":                               {"InvalidEntitlementResetPeriod", in + ".subscriptionEntitlements[0].monthlyResetPeriodConfiguration", entitle(object{"featureId": "seats", "usageLimit": 1, "monthlyResetPeriodConfiguration": object{"accordingTo": "StartOfTheMonth"}}), nil},
		"a reset of another period":                                {"InvalidEntitlementResetPeriod", in + ".subscriptionEntitlements[0].weeklyResetPeriodConfiguration", entitle(object{"featureId": "seats", "usageLimit": 1, "resetPeriod": "YEAR", "weeklyResetPeriodConfiguration": object{"accordingTo": "EverySunday"}}), nil},
		"an entitlement to nothing":                                {"BadUserInput", in + ".entitlements[0].feature", basic(object{"entitlements": []object{{}}}), nil},
		"credits as a charge":                                      {"UnsupportedParameter", in + ".charges[0].type", basic(object{"charges": []object{{"id": "c", "quantity": 1, "type": "CREDIT"}}}), nil},
		"credits as an entitlement":                                {"UnsupportedParameter", in + ".entitlements[0].credit", basic(object{"entitlements": []object{{"credit": object{"amount": 1, "cadence": "MONTH", "customCurrencyId": "c"}}}}), nil},
		"credits as a price":                                       {"UnsupportedParameter", in + ".priceOverrides[0].creditRate", price(object{"baseCharge": true, "creditRate": object{"amount": 1, "currencyId": "c"}}), nil},
		"credits as a currency":                                    {"UnsupportedParameter", in + ".priceOverrides[0].currencyId", price(object{"baseCharge": true, "currencyId": "c"}), nil},
		"credits now and then":                                     {"UnsupportedParameter", in + ".priceOverrides[0].creditGrantCadence", price(object{"baseCharge": true, "creditGrantCadence": "MONTHLY"}), nil},
		"a coupon of the provider":                                 {"UnsupportedParameter", in + ".appliedCoupon.billingCouponId", basic(object{"appliedCoupon": object{"billingCouponId": "c"}}), nil},
		"a promotion code that is unknown":                         {"PromotionCodeNotFound", in + ".promotionCode", basic(object{"promotionCode": "NOTHING"}), nil},
		"a promotion code with a wildcard":                         {"PromotionCodeNotFound", in + ".promotionCode", basic(object{"promotionCode": "OPE_"}), nil},
		"a blank promotion code":                                   {"BadUserInput", in + ".promotionCode", basic(object{"promotionCode": " "}), nil},
		"an inactive promotion code":                               {"PromotionCodeNotActive", in + ".promotionCode", basic(object{"promotionCode": "OFF"}), nil},
		"an expired promotion code":                                {"PromotionCodeNotActive", in + ".promotionCode", basic(object{"promotionCode": "PAST"}), nil},
		"a promotion code of the future":                           {"PromotionCodeNotActive", in + ".promotionCode", basic(object{"promotionCode": "FUTURE"}), nil},
		"a promotion code of an old coupon":                        {"PromotionCodeNotActive", in + ".promotionCode", basic(object{"promotionCode": "OFRETIRED"}), nil},
		"a promotion code for another":                             {"PromotionCodeNotForCustomer", in + ".promotionCode", basic(object{"promotionCode": "FORADA"}), nil},
		"a promotion code below its minimum":                       {"PromotionCodeMinimumAmountNotReached", in + ".promotionCode", basic(object{"promotionCode": "HUNDRED"}), nil},
		"a minimum in another currency's code":                     {"PromotionCodeMinimumAmountNotReached", in + ".promotionCode", basic(object{"promotionCode": "THIRTY", "billingCountryCode": "DK"}), nil},
		"a minimum for a free plan":                                {"PromotionCodeMinimumAmountNotReached", in + ".promotionCode", object{"planId": "free", "promotionCode": "THIRTY"}, nil},
		"a promotion code in no currency":                          {"BadUserInput", in + ".promotionCode", basic(object{"promotionCode": "INEUROS"}), nil},
		"a promotion code that is used up":                         {"PromotionCodeMaxRedemptionsReached", in + ".promotionCode", basic(object{"promotionCode": "USEDUP"}), nil},
		"a refused code as applied coupon":                         {"PromotionCodeNotFound", in + ".appliedCoupon.promotionCode", basic(object{"appliedCoupon": object{"promotionCode": "NOTHING"}}), nil},
		"two promotion codes":                                      {"BadUserInput", in + ".appliedCoupon.promotionCode", basic(object{"promotionCode": "OPEN", "appliedCoupon": object{"promotionCode": "ONCE"}}), nil},
		"a code and a coupon":                                      {"BadUserInput", in + ".appliedCoupon", basic(object{"promotionCode": "OPEN", "appliedCoupon": object{"couponId": "five"}}), nil},
		"a coupon and a discount":                                  {"BadUserInput", in + ".appliedCoupon", basic(object{"appliedCoupon": object{"couponId": "five", "discount": object{"percentOff": 5}}}), nil},
		"a coupon that is unknown":                                 {"CouponNotFound", in + ".appliedCoupon.couponId", basic(object{"appliedCoupon": object{"couponId": "nothing"}}), nil},
		"a coupon that is archived":                                {"ArchivedCouponCantBeApplied", in + ".appliedCoupon.couponId", basic(object{"appliedCoupon": object{"couponId": "retired"}}), nil},
		"a coupon in no currency":                                  {"BadUserInput", in + ".appliedCoupon", basic(object{"appliedCoupon": object{"couponId": "euros"}}), nil},
		"a discount of nothing":                                    {"BadUserInput", in + ".appliedCoupon.discount.percentOff", discount(object{"name": "x"}), nil},
		"a discount of two kinds":                                  {"BadUserInput", in + ".appliedCoupon.discount.percentOff", discount(object{"percentOff": 1, "amountsOff": []object{usd(1)}}), nil},
		"a discount of more than all":                              {"BadUserInput", in + ".appliedCoupon.discount.percentOff", discount(object{"percentOff": 100.5}), nil},
		"a discount of no amount":                                  {"BadUserInput", in + ".appliedCoupon.discount.amountsOff", discount(object{"amountsOff": []object{usd(0)}}), nil},
		"a discount for half a month":                              {"BadUserInput", in + ".appliedCoupon.discount.durationInMonths", discount(object{"percentOff": 1, "durationInMonths": 0.5}), nil},
		"a discount without its name":                              {"BadUserInput", in + ".appliedCoupon.discount.name", discount(object{"percentOff": 1, "name": ""}), nil},
		"a customer's coupon that is unknown":                      {"CouponNotFound", "couponRefId", basic(nil), object{"couponRefId": "nothing"}},
		"a customer's coupon that is archived":                     {"ArchivedCouponCantBeApplied", "couponRefId", basic(nil), object{"couponRefId": "retired"}},
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		server.must(t, subscribeOperation, object{"input": object{"customerId": "holder", "subscriptionParams": basic(object{"subscriptionId": "taken", "promotionCode": "USEDUP"})}})
		server.must(t, provisionOperation, object{"input": object{"customerId": "gone"}})
		server.must(t, archiveOperation, object{"input": object{"customerId": "gone"}})
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				params := with(object{"subscriptionId": "wanted"}, c.params)
				if _, has := c.params["refId"]; has && c.params["subscriptionId"] == nil {
					delete(params, "subscriptionId")
				}
				if params["appliedCoupon"] == nil && params["promotionCode"] == nil && params["billingCountryCode"] != "DK" {
					params["promotionCode"] = "ONCE"
				}
				input := with(object{"customerId": "new", "subscriptionParams": params}, c.customer)
				mustRefuse(t, server, subscribeOperation, input, refusedFor(c.code, c.field))
			})
		}
		t.Run("a plan of another environment", func(t *testing.T) {
			server.otherClient.mustFail(t, "PlanNotFound", subscribeOperation, object{"input": object{"subscriptionParams": object{"planId": "free"}}})
		})
		t.Run("nothing was set aside", func(t *testing.T) {
			input := object{"customerId": "new", "subscriptionParams": basic(object{"promotionCode": "ONCE", "subscriptionId": "wanted"})}
			mustBe(t, subscribed(t, server.client, input), map[string]string{"coupon": "ten", "subscriptionId": "wanted"})
			input["customerId"] = "next"
			input["subscriptionParams"] = basic(object{"subscriptionId": "wanted"})
			mustRefuse(t, server, subscribeOperation, input, refusedFor("DuplicatedEntityNotAllowed", in+".subscriptionId"))
			input["subscriptionParams"] = basic(object{"promotionCode": "ONCE"})
			err := server.mustFail(t, "PromotionCodeMaxRedemptionsReached", subscribeOperation, object{"input": input})
			if !strings.Contains(err.Message, "used as often as it can be") {
				t.Error(err.Message)
			}
		})
	})
}
