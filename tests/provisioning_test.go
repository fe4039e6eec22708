package tests

import (
	"fmt"
	"testing"
	"time"
)

// TestSubscribing has a case for each rule of what a new customer's initial subscription is.
func TestSubscribing(t *testing.T) {
	payable := object{"billingInformation": object{"paymentMethodId": "pm_1"}}
	later := time.Now().UTC().AddDate(0, 0, 3).Truncate(time.Second)
	at := func(days int) string { return later.AddDate(0, 0, days).Format("2006-01-02T15:04:05.000Z") }
	facts := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			out[pairs[i]] = pairs[i+1]
		}
		return out
	}
	cases := []struct {
		name     string
		customer object
		params   object
		want     map[string]string
	}{
		// How the plan is decided.
		{"no subscription", nil, nil, facts("decision", "SKIPPED_SUBSCRIPTION_CREATION", "status", "", "all", "", "entitlements", "")},
		{"the requested plan", nil, object{"planId": "free"}, facts("decision", "REQUESTED_PLAN", "plan", "free", "status", "ACTIVE",
			"pricingType", "FREE", "billingPeriod", "", "total", "", "period", "", "anchored", "false", "active", "1", "statistics", "FREE 1",
			"entitlements", "region[eu] seats=1", "wasInTrial", "false", "paymentCollection", "NOT_REQUIRED", "tried", "")},
		{"a product that starts free", nil, object{"planId": "start-free"}, facts("decision", "PREDEFINED_FREE_PLAN", "plan", "start-free", "status", "ACTIVE")},
		{"a product that starts free, whatever was requested", nil,
			object{"planId": "not-start", "promotionCode": "ONCE", "billingPeriod": "ANNUALLY", "addons": []object{{"addonId": "extra"}}},
			facts("decision", "PREDEFINED_FREE_PLAN", "plan", "start-free", "status", "ACTIVE", "coupon", "", "addons", "", "billingPeriod", "")},
		{"a product that starts with a trial and goes on for free", nil, object{"planId": "tried-downgrade"}, facts(
			"decision", "PREDEFINED_TRIAL_PLAN", "plan", "tried-downgrade", "status", "IN_TRIAL", "wasInTrial", "true", "trial", "14 days",
			"ends", "14 days", "trialEnd", "CANCEL_SUBSCRIPTION", "all", "tried-downgrade IN_TRIAL after-trial NOT_STARTED", "active", "1",
			"tried", "tried-downgrade", "eligible", "not trial-downgrade", "billingPeriod", "MONTHLY", "total", "18 USD", "entitlements", "seats=20",
			"period", "")},
		{"a trial of the start plan, whatever was requested", nil, object{"planId": "after-trial"}, facts(
			"decision", "PREDEFINED_TRIAL_PLAN", "plan", "tried-downgrade", "status", "IN_TRIAL", "total", "18 USD")},
		{"a product that starts with a trial and ends", nil, object{"planId": "tried-cancel"}, facts("decision", "PREDEFINED_TRIAL_PLAN",
			"trial", "a month", "ends", "a month", "all", "tried-cancel IN_TRIAL")},
		{"a product that starts with a trial and is paid", nil, object{"planId": "tried-convert"}, facts("decision", "PREDEFINED_TRIAL_PLAN",
			"trial", "7 days", "ends", "", "trialEnd", "CONVERT_TO_PAID", "all", "tried-convert IN_TRIAL")},

		// Trials beside those of the product.
		{"a plan with a trial is none by itself", nil, object{"planId": "with-trial", "billingPeriod": "MONTHLY"}, facts(
			"decision", "REQUESTED_PLAN", "status", "PAYMENT_PENDING", "trial", "", "tried", "", "eligible", "")},
		{"a requested trial", nil, object{"planId": "with-trial", "billingPeriod": "MONTHLY", "trialOverrideConfiguration": object{"isTrial": true}}, facts(
			"decision", "REQUESTED_PLAN", "status", "IN_TRIAL", "trial", "14 days", "trialEnd", "CONVERT_TO_PAID", "eligible", "not main")},
		{"a trial of one's own", nil, basic(object{"startDate": at(-5), "trialOverrideConfiguration": object{"isTrial": true, "trialEndDate": at(2)}}), facts(
			"status", "IN_TRIAL", "trial", "7 days", "trialEnd", "CANCEL_SUBSCRIPTION", "ends", "7 days", "tried", "basic")},
		{"a trial of one's own that is paid afterwards", nil, basic(object{"startDate": at(-5), "trialOverrideConfiguration": object{
			"isTrial": true, "trialEndDate": at(2), "trialEndBehavior": "CONVERT_TO_PAID"}}), facts("trialEnd", "CONVERT_TO_PAID", "ends", "", "trial", "7 days")},
		{"another end for the product's trial", nil, object{"planId": "tried-downgrade", "startDate": at(-3), "trialOverrideConfiguration": object{
			"isTrial": true, "trialEndDate": at(5)}}, facts("status", "IN_TRIAL", "trial", "8 days", "all", "tried-downgrade IN_TRIAL after-trial NOT_STARTED")},
		{"the product's trial converted", nil, object{"planId": "tried-downgrade", "trialOverrideConfiguration": object{
			"isTrial": true, "trialEndBehavior": "CONVERT_TO_PAID"}}, facts("trial", "14 days", "ends", "", "all", "tried-downgrade IN_TRIAL")},
		{"no trial of a plan with one", nil, object{"planId": "with-trial", "billingPeriod": "MONTHLY", "trialOverrideConfiguration": object{"isTrial": false}},
			facts("status", "PAYMENT_PENDING", "trial", "")},
		{"a trial in the future", nil, object{"planId": "with-trial", "billingPeriod": "MONTHLY", "startDate": at(0),
			"trialOverrideConfiguration": object{"isTrial": true}}, facts("status", "NOT_STARTED", "trial", "14 days", "wasInTrial", "false")},

		// The status.
		{"paid, without a payment method", nil, basic(nil), facts("status", "PAYMENT_PENDING", "paymentCollection", "PROCESSING", "entitlements", "",
			"active", "0", "pricingType", "PAID", "billingPeriod", "MONTHLY", "period", "a month", "anchored", "true", "paymentCollectionMethod", "CHARGE", "statistics", "")},
		{"paid, with a payment method", payable, basic(nil), facts("status", "ACTIVE", "paymentCollection", "NOT_REQUIRED", "active", "1",
			"statistics", "PAID 1", "entitlements", "region[eu] seats=2 sso storage=50/MONTH")},
		{"paid by invoice", nil, basic(object{"paymentCollectionMethod": "INVOICE"}), facts("status", "ACTIVE", "paymentCollectionMethod", "INVOICE")},
		{"paid outside the provider", nil, basic(object{"paymentCollectionMethod": "NONE"}), facts("status", "ACTIVE", "isCustomPriceSubscription", "false")},
		{"paid without waiting", nil, basic(object{"awaitPaymentConfirmation": false}), facts("status", "ACTIVE")},
		{"a custom price", nil, object{"planId": "custom"}, facts("status", "ACTIVE", "pricingType", "CUSTOM", "total", "", "entitlements", "seats=unlimited")},
		{"a start in the future", nil, object{"planId": "free", "startDate": at(0)}, facts("status", "NOT_STARTED", "startDate", at(0),
			"entitlements", "", "active", "0", "wasInTrial", "false")},
		{"a start in the past", nil, object{"planId": "free", "startDate": at(-30)}, facts("status", "ACTIVE", "startDate", at(-30))},

		// Names.
		{"an id of the subscription", nil, object{"planId": "free", "subscriptionId": "sub-1"}, facts("subscriptionId", "sub-1")},
		{"a refId of the subscription", nil, object{"planId": "free", "refId": "sub-2"}, facts("subscriptionId", "sub-2")},
		{"both alike", nil, object{"planId": "free", "refId": "sub-3", "subscriptionId": "sub-3"}, facts("subscriptionId", "sub-3")},
		{"a resource where several are allowed", nil, object{"planId": "workspace", "resourceId": "w-1"}, facts("resourceId", "w-1", "activeResource", "true", "entitlements", "seats=3")},
		{"a resource where it is not needed", nil, object{"planId": "free", "resourceId": "w-1"}, facts("resourceId", "w-1")},
		{"what else there is to say", nil, basic(object{"billingId": "b-1", "salesforceId": "s-1", "additionalMetaData": object{"k": 1},
			"budget": object{"limit": 12.5, "hasSoftLimit": true}, "billingCycleAnchor": "NOW",
			"billingInformation": object{"billingAddress": object{"country": "DK"}, "taxIds": []object{{"type": "eu_vat", "value": "DK12345674"}}}}),
			facts("billingId", "b-1", "salesforceId", "s-1", "additionalMetaData", "map[k:1]", "budget", "12.5")},

		// Prices.
		{"the default price", nil, basic(nil), facts("subTotal", "30 USD", "total", "30 USD", "addonsTotal", "0 USD")},
		{"the most units", nil, basic(object{"billableFeatures": []object{{"featureId": "seats", "quantity": 10}}}), facts("total", "70 USD")},
		{"by the year", nil, basic(object{"billingPeriod": "ANNUALLY"}), facts("total", "300 USD", "period", "a year")},
		{"a price of the country", nil, basic(object{"billingCountryCode": "DK", "billableFeatures": []object{{"featureId": "seats", "quantity": 3}}}), facts("total", "256.5 DKK")},
		{"a price of the country, in lower case", nil, basic(object{"billingCountryCode": "dk", "billableFeatures": []object{{"featureId": "seats", "quantity": 3}}}), facts("total", "256.5 DKK")},
		{"a country that is not in ISO 3166", nil, basic(object{"billingCountryCode": "XK"}), facts("total", "30 USD")},
		{"a country without a price of its own", nil, basic(object{"billingCountryCode": "SE"}), facts("total", "30 USD")},
		{"a country without a price by the year", nil, basic(object{"billingCountryCode": "DK", "billingPeriod": "ANNUALLY"}), facts("total", "300 USD")},
		{"another currency", object{"billingInformation": object{"currency": "EUR"}}, basic(nil), facts("total", "26 EUR")},
		{"a quantity by unitQuantity", nil, basic(object{"billableFeatures": nil, "unitQuantity": 4}), facts("total", "40 USD")},
		{"unitQuantity that says nothing", nil, basic(object{"unitQuantity": -1}), facts("total", "30 USD")},
		{"a quantity by charges", nil, basic(object{"billableFeatures": nil, "charges": []object{{"id": "seats", "quantity": 4, "type": "FEATURE"}}}), facts("total", "40 USD")},
		{"blocks of units", nil, object{"planId": "two-units", "billingPeriod": "MONTHLY", "billableFeatures": []object{
			{"featureId": "storage", "quantity": 21}, {"featureId": "seats", "quantity": 3}}}, facts("total", "9 USD")},
		{"a unit price of one's own", nil, basic(object{"priceUnitAmount": 3.25}), facts("total", "26.5 USD")},
		{"a base charge of one's own", nil, basic(object{"priceOverrides": []object{{"baseCharge": true, "price": object{"amount": 12}}}}), facts("total", "22 USD")},
		{"a feature's price of one's own", nil, basic(object{"priceOverrides": []object{{"featureId": "seats", "price": object{"amount": 1, "currency": "USD"}}}}), facts("total", "22 USD")},
		{"tiers of one's own", nil, basic(object{"billableFeatures": []object{{"featureId": "seats", "quantity": 5}}, "priceOverrides": []object{{"featureId": "seats",
			"tiers": []object{{"upTo": 3, "unitPrice": object{"amount": 9}}, {"unitPrice": object{"amount": 2}, "flatPrice": object{"amount": 1}}}}}}), facts("total", "31 USD")},
		{"an add-on's price of one's own", nil, basic(object{"addons": []object{{"addonId": "extra", "quantity": 2}}, "priceOverrides": []object{
			{"addonId": "extra", "baseCharge": true, "price": object{"amount": 1}}}}), facts("total", "32 USD", "addonsTotal", "2 USD")},
		{"a minimum spend", nil, basic(object{"minimumSpend": object{"minimum": object{"amount": 99.5}}}), facts("subTotal", "30 USD", "total", "99.5 USD")},

		// Add-ons.
		{"an add-on", nil, basic(object{"addons": []object{{"addonId": "extra"}}}), facts("addons", "extra 1", "subTotal", "37 USD", "addonsTotal", "7 USD")},
		{"add-ons and what they grant", payable, basic(object{"addons": []object{{"addonId": "extra", "quantity": 3}, {"addonId": "gift"}, {"addonId": "needs-extra"}}}), facts(
			"subTotal", "51 USD", "addonsTotal", "21 USD", "entitlements", "region[asia,eu] seats=17 sso storage=100")},
		{"an add-on in the country's currency", nil, basic(object{"billingCountryCode": "DK", "addons": []object{{"addonId": "extra"}}}), facts("total", "271 DKK", "addonsTotal", "50 DKK")},
		{"a free plan with a paid add-on", nil, object{"planId": "free", "billingPeriod": "MONTHLY", "addons": []object{{"addonId": "extra"}}}, facts(
			"pricingType", "PAID", "status", "PAYMENT_PENDING", "total", "7 USD", "billingPeriod", "MONTHLY")},
		{"a free plan with a free add-on", nil, object{"planId": "free", "addons": []object{{"addonId": "gift"}}}, facts(
			"pricingType", "FREE", "status", "ACTIVE", "total", "", "entitlements", "region[asia,eu] seats=1")},

		// Entitlements of one's own.
		{"an entitlement of one's own", payable, basic(object{"subscriptionEntitlements": []object{{"featureId": "seats", "usageLimit": 3, "hasSoftLimit": true},
			{"featureId": "storage", "hasUnlimitedUsage": true, "resetPeriod": "WEEK", "weeklyResetPeriodConfiguration": object{"accordingTo": "EveryMonday"}}}}),
			facts("entitlements", "region[eu] seats=3~ sso storage=unlimited/WEEK")},
		{"the same in the other form", payable, basic(object{"entitlements": []object{{"feature": object{"featureId": "region", "enumValues": []string{"us"}}}}}),
			facts("entitlements", "region[us] seats=2 sso storage=50/MONTH")},

		// Coupons.
		{"a promotion code", nil, basic(object{"promotionCode": "OPEN"}), facts("subTotal", "30 USD", "total", "27 USD", "coupon", "ten")},
		{"a promotion code as applied coupon", nil, basic(object{"appliedCoupon": object{"promotionCode": "OPEN"}}), facts("total", "27 USD", "coupon", "ten")},
		{"a promotion code twice alike", nil, basic(object{"promotionCode": "OPEN", "appliedCoupon": object{"promotionCode": "OPEN"}}), facts("total", "27 USD")},
		{"a promotion code for this customer", object{"customerId": "ada"}, basic(object{"promotionCode": "FORADA"}), facts("total", "27 USD")},
		{"a promotion code at its minimum", nil, basic(object{"promotionCode": "THIRTY"}), facts("total", "27 USD")},
		{"a promotion code for a first purchase", nil, basic(object{"promotionCode": "FIRST"}), facts("total", "27 USD")},
		{"a promotion code for a free plan", nil, object{"planId": "free", "promotionCode": "OPEN"}, facts("total", "", "coupon", "ten")},
		{"a coupon of the subscription", nil, basic(object{"appliedCoupon": object{"couponId": "five"}}), facts("total", "25 USD", "coupon", "five")},
		{"a coupon that discounts later", nil, basic(object{"appliedCoupon": object{"couponId": "five", "configuration": object{"startDate": at(0)}}}),
			facts("total", "30 USD", "coupon", "five")},
		{"a discount of one's own", nil, basic(object{"appliedCoupon": object{"discount": object{"name": "Ours", "percentOff": 50, "durationInMonths": 2}}}),
			facts("total", "15 USD", "couponName", "Ours")},
		{"a discount of one's own, in money", nil, basic(object{"appliedCoupon": object{"discount": object{"amountsOff": []object{{"amount": 4}}}}}), facts("total", "26 USD")},
		{"a discount of more than it costs", nil, basic(object{"appliedCoupon": object{"discount": object{"amountsOff": []object{{"amount": 400}}}}}), facts("subTotal", "30 USD", "total", "0 USD")},
		{"the customer's coupon", object{"couponRefId": "ten"}, basic(nil), facts("total", "27 USD", "coupon", "ten")},
		{"the subscription's coupon wins", object{"couponRefId": "ten"}, basic(object{"appliedCoupon": object{"couponId": "five"}}), facts("total", "25 USD", "coupon", "five")},
		{"the customer's coupon in another currency", object{"couponRefId": "euros"}, basic(nil), facts("total", "30 USD", "coupon", "")},
	}
	onEnginesWith(t, testCatalog, func(t *testing.T, server *service) {
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				input := with(object{"customerId": fmt.Sprintf("customer-%d", i), "subscriptionParams": c.params}, c.customer)
				if c.params == nil {
					input["subscriptionParams"] = nil
				}
				mustBe(t, subscribed(t, server.client, input), c.want)
			})
		}
		// The code sent with a refused plan has lost no use.
		mustBe(t, subscribed(t, server.client, object{"subscriptionParams": basic(object{"promotionCode": "ONCE"})}), map[string]string{"coupon": "ten"})
	})
}
