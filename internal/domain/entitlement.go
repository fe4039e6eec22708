package domain

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// EffectiveEntitlement is what a customer may use of a feature, all that grants it taken together.
type EffectiveEntitlement struct {
	FeatureID string
	// UsageLimit is nil for a feature that is there or not, and where Unlimited is set.
	UsageLimit *float64
	Unlimited  bool
	SoftLimit  bool
	Reset      *ResetPeriod
	EnumValues []string
	// UpdatedAt is when the entitlement was given.
	UpdatedAt time.Time
}

// Entitlements are what the customer may use at a time, one a feature, in order of feature. What grants it
// are the subscriptions that run, and promotional entitlements; of several the most generous wins, and of
// enum values all are there. With a resource, only its subscriptions count and those without one.
func (c *Customer) Entitlements(at time.Time, resourceID *string) []EffectiveEntitlement {
	best := map[string]EffectiveEntitlement{}
	add := func(e EffectiveEntitlement) {
		if known, found := best[e.FeatureID]; found {
			e = mostGenerous(known, e)
		}
		best[e.FeatureID] = e
	}
	for _, s := range c.Subscriptions {
		foreign := resourceID != nil && s.ResourceID != nil && *s.ResourceID != *resourceID
		if foreign || !s.Running(at) {
			continue
		}
		for _, e := range s.Entitlements {
			add(EffectiveEntitlement{
				FeatureID: e.FeatureID, UsageLimit: e.UsageLimit, Unlimited: e.Unlimited, SoftLimit: e.SoftLimit,
				Reset: e.Reset, EnumValues: e.EnumValues, UpdatedAt: s.CreatedAt,
			})
		}
	}
	for _, p := range c.PromotionalEntitlements {
		if p.Grants(at) {
			add(EffectiveEntitlement{
				FeatureID: p.FeatureID, UsageLimit: p.UsageLimit, Unlimited: p.Unlimited, SoftLimit: p.SoftLimit,
				Reset: p.Reset, EnumValues: p.EnumValues, UpdatedAt: p.UpdatedAt,
			})
		}
	}
	out := make([]EffectiveEntitlement, 0, len(best))
	for _, e := range best {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b EffectiveEntitlement) int { return strings.Compare(a.FeatureID, b.FeatureID) })
	return out
}

// mostGenerous is the one of two that lets more through: without a limit rather than with one, a higher
// limit rather than a lower, a soft one rather than a hard.
func mostGenerous(a, b EffectiveEntitlement) EffectiveEntitlement {
	values := slices.Concat(a.EnumValues, b.EnumValues)
	slices.Sort(values)
	winner := a
	if b.moreThan(a) {
		winner = b
	}
	winner.EnumValues = slices.Compact(values)
	return winner
}

func (e EffectiveEntitlement) moreThan(other EffectiveEntitlement) bool {
	switch {
	case e.Unlimited != other.Unlimited:
		return e.Unlimited
	case limitOf(e) != limitOf(other):
		return limitOf(e) > limitOf(other)
	default:
		return e.SoftLimit && !other.SoftLimit
	}
}

func limitOf(e EffectiveEntitlement) float64 {
	if e.UsageLimit == nil {
		return 0
	}
	return *e.UsageLimit
}

// Inherited are the entitlements of a plan over those of the plan it is based on: its own win.
func Inherited(base, own []PackageEntitlement) []PackageEntitlement {
	out := slices.Clone(base)
	for _, e := range own {
		if i := entitlementTo(out, e.FeatureID); i >= 0 {
			out[i] = e
		} else {
			out = append(out, e)
		}
	}
	return out
}

// WithAddon are the entitlements of a subscription with so many of an add-on more: its limits come on top, or
// instead of what is there, as each of them says.
func WithAddon(entitlements []PackageEntitlement, addon []PackageEntitlement, quantity int64) []PackageEntitlement {
	out := slices.Clone(entitlements)
	for _, e := range addon {
		i := entitlementTo(out, e.FeatureID)
		if e.Behavior == BehaviorOverride {
			out = Inherited(out, []PackageEntitlement{e})
			continue
		}
		if e.UsageLimit != nil {
			limit := *e.UsageLimit * float64(quantity)
			if i >= 0 && out[i].UsageLimit != nil {
				limit += *out[i].UsageLimit
			}
			e.UsageLimit = &limit
		}
		if i < 0 {
			out = append(out, e)
			continue
		}
		e.Unlimited = e.Unlimited || out[i].Unlimited
		e.SoftLimit = e.SoftLimit || out[i].SoftLimit
		if e.Unlimited {
			e.UsageLimit = nil
		}
		e.Reset = cmp.Or(e.Reset, out[i].Reset)
		e.EnumValues = slices.Compact(slices.Sorted(slices.Values(slices.Concat(out[i].EnumValues, e.EnumValues))))
		out[i] = e
	}
	return out
}

// WithUnits are the entitlements of a subscription that pays so many units of a feature: these are the limit, in
// place of what the plan says of the feature.
func WithUnits(entitlements []PackageEntitlement, id, featureID string, units int64) []PackageEntitlement {
	limit := float64(units)
	bought := PackageEntitlement{ID: id, FeatureID: featureID}
	if i := entitlementTo(entitlements, featureID); i >= 0 {
		bought = entitlements[i]
	}
	bought.UsageLimit, bought.Unlimited, bought.IsCustom = &limit, false, false
	return Inherited(entitlements, []PackageEntitlement{bought})
}

func entitlementTo(entitlements []PackageEntitlement, featureID string) int {
	return slices.IndexFunc(entitlements, func(e PackageEntitlement) bool { return e.FeatureID == featureID })
}
