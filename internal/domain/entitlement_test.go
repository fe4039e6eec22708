package domain

import (
	"fmt"
	"testing"
)

// line is an entitlement in words.
func line(e EffectiveEntitlement) string {
	text := e.FeatureID
	if e.UsageLimit != nil {
		text += fmt.Sprint(" ", *e.UsageLimit)
	}
	if e.Unlimited {
		text += " unlimited"
	}
	if e.SoftLimit {
		text += " soft"
	}
	if e.Reset != nil {
		text += " " + e.Reset.Unit
	}
	if len(e.EnumValues) > 0 {
		text += fmt.Sprint(" ", e.EnumValues)
	}
	return text
}

func TestTheMostGenerousEntitlementWins(t *testing.T) {
	t.Parallel()
	sub := func(status SubscriptionStatus, resource *string, entitlements ...PackageEntitlement) Subscription {
		return Subscription{Phases: []Phase{{Status: status, From: start}}, ResourceID: resource, Entitlements: entitlements}
	}
	limit := func(n float64) PackageEntitlement { return PackageEntitlement{FeatureID: "seats", UsageLimit: &n} }
	soft := limit(5)
	soft.SoftLimit = true
	unlimited := PackageEntitlement{FeatureID: "seats", Unlimited: true}
	promo := func(n float64, ended bool) PromotionalEntitlement {
		p := PromotionalEntitlement{FeatureID: "seats", UsageLimit: &n}
		if ended {
			p.EndDate = &start
		}
		return p
	}
	regions := func(values ...string) PackageEntitlement {
		return PackageEntitlement{FeatureID: "regions", EnumValues: values}
	}
	for name, c := range map[string]struct {
		customer Customer
		resource *string
		want     []string
	}{
		"nothing": {Customer{}, nil, nil},
		"the higher limit of two subscriptions": {
			Customer{Subscriptions: []Subscription{sub(Active, nil, limit(5)), sub(InTrial, nil, limit(7))}}, nil, []string{"seats 7"}},
		"no limit rather than one": {
			Customer{Subscriptions: []Subscription{sub(Active, nil, unlimited), sub(Active, nil, limit(1e6))}}, nil, []string{"seats unlimited"}},
		"a soft limit rather than the same hard one": {
			Customer{Subscriptions: []Subscription{sub(Active, nil, limit(5)), sub(Active, nil, soft)}}, nil, []string{"seats 5 soft"}},
		"a promotional entitlement above the plan's": {
			Customer{Subscriptions: []Subscription{sub(Active, nil, limit(5))}, PromotionalEntitlements: []PromotionalEntitlement{promo(9, false)}}, nil, []string{"seats 9"}},
		"a promotional entitlement below the plan's": {
			Customer{Subscriptions: []Subscription{sub(Active, nil, limit(5))}, PromotionalEntitlements: []PromotionalEntitlement{promo(3, false)}}, nil, []string{"seats 5"}},
		"a promotional entitlement that has ended": {
			Customer{PromotionalEntitlements: []PromotionalEntitlement{promo(9, true)}}, nil, nil},
		"a promotional entitlement alone": {
			Customer{PromotionalEntitlements: []PromotionalEntitlement{promo(9, false)}}, nil, []string{"seats 9"}},
		"subscriptions that do not run": {
			Customer{Subscriptions: []Subscription{
				sub(PaymentPending, nil, limit(1)), sub(NotStarted, nil, limit(1)), sub(Expired, nil, limit(1)), sub(Canceled, nil, limit(1)),
			}}, nil, nil},
		"enum values of all": {
			Customer{Subscriptions: []Subscription{sub(Active, nil, regions("us", "eu")), sub(Active, nil, regions("eu", "asia"))}}, nil, []string{"regions [asia eu us]"}},
		"in order of feature": {
			Customer{Subscriptions: []Subscription{sub(Active, nil, limit(1), regions("eu"))}}, nil, []string{"regions [eu]", "seats 1"}},
		"without a resource, those of all": {
			Customer{Subscriptions: []Subscription{sub(Active, new("a"), limit(5)), sub(Active, new("b"), limit(7))}}, nil, []string{"seats 7"}},
		"with a resource, its own and those without one": {
			Customer{Subscriptions: []Subscription{sub(Active, new("a"), limit(5)), sub(Active, new("b"), limit(7)), sub(Active, nil, regions("eu"))}},
			new("a"), []string{"regions [eu]", "seats 5"}},
	} {
		var got []string
		for _, e := range c.customer.Entitlements(start, c.resource) {
			got = append(got, line(e))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestEntitlementsOfBasePlansAndAddons(t *testing.T) {
	t.Parallel()
	limit := func(n float64, behavior Behavior) PackageEntitlement {
		return PackageEntitlement{FeatureID: "seats", UsageLimit: &n, Behavior: behavior}
	}
	with := func(e PackageEntitlement, soft bool, reset string) PackageEntitlement {
		e.SoftLimit = soft
		if reset != "" {
			e.Reset = &ResetPeriod{Unit: reset}
		}
		return e
	}
	flag := PackageEntitlement{FeatureID: "sso"}
	unlimited := PackageEntitlement{FeatureID: "seats", Unlimited: true}
	for name, c := range map[string]struct {
		got  []PackageEntitlement
		want string
	}{
		"a plan's own stands in place of its base's":                   {Inherited([]PackageEntitlement{limit(5, ""), flag}, []PackageEntitlement{limit(2, "")}), "[seats 2 sso]"},
		"what the base alone has is inherited":                         {Inherited([]PackageEntitlement{flag}, nil), "[sso]"},
		"an add-on comes on top, as often as it is there":              {WithAddon([]PackageEntitlement{limit(5, "")}, []PackageEntitlement{limit(10, BehaviorIncrement)}, 3), "[seats 35]"},
		"an add-on stands instead":                                     {WithAddon([]PackageEntitlement{limit(5, "")}, []PackageEntitlement{limit(3, BehaviorOverride)}, 2), "[seats 3]"},
		"an add-on that stands instead, of nothing, does not multiply": {WithAddon(nil, []PackageEntitlement{limit(3, BehaviorOverride)}, 2), "[seats 3]"},
		"units that are paid are the limit":                            {WithUnits([]PackageEntitlement{limit(5, ""), flag}, "id", "seats", 2), "[seats 2 sso]"},
		"units that are paid, without a limit before":                  {WithUnits([]PackageEntitlement{unlimited}, "id", "seats", 2), "[seats 2]"},
		"units that are paid, of what the plan does not grant":         {WithUnits([]PackageEntitlement{flag}, "id", "seats", 2), "[sso seats 2]"},
		"an add-on alone":                    {WithAddon(nil, []PackageEntitlement{limit(10, BehaviorIncrement), flag}, 2), "[seats 20 sso]"},
		"more of what has no limit has none": {WithAddon([]PackageEntitlement{unlimited}, []PackageEntitlement{limit(10, BehaviorIncrement)}, 1), "[seats unlimited]"},
		"an add-on without a reset leaves the plan's": {
			WithAddon([]PackageEntitlement{with(limit(5, ""), false, "DAY")}, []PackageEntitlement{limit(1, BehaviorIncrement)}, 1), "[seats 6 DAY]"},
		"an add-on with a reset of its own": {
			WithAddon([]PackageEntitlement{with(limit(5, ""), false, "DAY")}, []PackageEntitlement{with(limit(1, BehaviorIncrement), false, "WEEK")}, 1), "[seats 6 WEEK]"},
		"an add-on on top of a soft limit": {
			WithAddon([]PackageEntitlement{with(limit(5, ""), true, "")}, []PackageEntitlement{limit(1, BehaviorIncrement)}, 1), "[seats 6 soft]"},
		"units that are paid, of a soft limit that is reset": {
			WithUnits([]PackageEntitlement{with(limit(5, ""), true, "DAY")}, "id", "seats", 2), "[seats 2 soft DAY]"},
		"an add-on without a limit": {WithAddon([]PackageEntitlement{limit(5, "")}, []PackageEntitlement{unlimited}, 1), "[seats unlimited]"},
	} {
		var got []string
		for _, e := range c.got {
			got = append(got, line(EffectiveEntitlement{FeatureID: e.FeatureID, UsageLimit: e.UsageLimit, Unlimited: e.Unlimited, SoftLimit: e.SoftLimit, Reset: e.Reset}))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}
