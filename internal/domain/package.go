package domain

import (
	"strconv"
	"strings"
)

// PricingType is whether a package costs something.
type PricingType string

// The pricing types. A CUSTOM package is paid outside of this server.
const (
	PricingFree   PricingType = "FREE"
	PricingPaid   PricingType = "PAID"
	PricingCustom PricingType = "CUSTOM"
)

// Package is what plans and add-ons have in common.
type Package struct {
	Record      `bson:",inline"`
	DisplayName string      `bson:"displayName"`
	Description *string     `bson:"description"`
	ProductID   string      `bson:"productId"` // the product's RefID
	PricingType PricingType `bson:"pricingType"`
	// Published is whether the package can be subscribed to.
	Published bool `bson:"published"`
	// VersionNumber counts the published changes of the package, from 1; each is kept for those who
	// subscribed to it.
	VersionNumber     int                  `bson:"versionNumber"`
	BillingID         *string              `bson:"billingId"`
	HiddenFromWidgets []string             `bson:"hiddenFromWidgets"`
	Entitlements      []PackageEntitlement `bson:"entitlements"`
	Prices            []Price              `bson:"prices"`
	Metadata          Metadata             `bson:"metadata"`
}

// VersionRef is the RefID under which a version of a package is kept. No package's own RefID holds an @.
func VersionRef(refID string, version int) string { return refID + "@" + strconv.Itoa(version) }

// PackageOfVersion is the RefID of the package that a VersionRef is of.
func PackageOfVersion(versionRef string) string {
	refID, _, _ := strings.Cut(versionRef, "@")
	return refID
}

// Plan is a package that a customer subscribes to.
type Plan struct {
	Package `bson:",inline"`
	// BasePlanID is the RefID of the plan whose entitlements this one inherits.
	BasePlanID *string `bson:"basePlanId"`
	// Trial is what a trial of the plan is like unless a subscription says otherwise.
	Trial                   *TrialDefault `bson:"trial"`
	CompatibleAddonIDs      []string      `bson:"compatibleAddonIds"`
	AWSMarketplaceDimension *string       `bson:"awsMarketplaceDimension"`
}

// Addon is a package that comes on top of a plan.
type Addon struct {
	Package `bson:",inline"`
	// MaxQuantity is how many of it one subscription may have; nil is any number.
	MaxQuantity *int64 `bson:"maxQuantity"`
	// DependencyIDs are the add-ons that a subscription must have for this one.
	DependencyIDs []string `bson:"dependencyIds"`
}

// MaxBasePlans is how deep plans are based on each other at most.
const MaxBasePlans = 10

// TrialDefault is a plan's trial.
type TrialDefault struct {
	Units       string           `bson:"units"` // DAY, MONTH
	Duration    int              `bson:"duration"`
	EndBehavior TrialEndBehavior `bson:"endBehavior"`
	Budget      *Budget          `bson:"budget"`
}

// Budget bounds what a subscription may cost.
type Budget struct {
	Limit     Decimal `bson:"limit"`
	SoftLimit bool    `bson:"softLimit"`
}

// PackageEntitlement is a feature that a package grants.
type PackageEntitlement struct {
	ID                  string       `bson:"id"` // a UUID
	FeatureID           string       `bson:"featureId"`
	UsageLimit          *float64     `bson:"usageLimit"`
	Unlimited           bool         `bson:"unlimited"`
	SoftLimit           bool         `bson:"softLimit"`
	Reset               *ResetPeriod `bson:"reset"`
	EnumValues          []string     `bson:"enumValues"`
	Behavior            Behavior     `bson:"behavior"`
	IsCustom            bool         `bson:"isCustom"`
	Description         *string      `bson:"description"`
	DisplayNameOverride *string      `bson:"displayNameOverride"`
	HiddenFromWidgets   []string     `bson:"hiddenFromWidgets"`
}

// Behavior is what an add-on's entitlement does to the plan's one to the same feature.
type Behavior string

// The behaviours: the limit comes on top of the plan's, or instead of it.
const (
	BehaviorIncrement Behavior = "Increment"
	BehaviorOverride  Behavior = "Override"
)

// ResetPeriod is how often the use of a feature starts again at zero.
type ResetPeriod struct {
	Unit string `bson:"unit"` // YEAR, MONTH, WEEK, DAY, HOUR
	// AccordingTo is where a yearly, monthly or weekly period starts; nil for the others.
	AccordingTo *string `bson:"accordingTo"`
}

// BillingPeriod is how often something is paid.
type BillingPeriod string

// The billing periods.
const (
	Monthly  BillingPeriod = "MONTHLY"
	Annually BillingPeriod = "ANNUALLY"
)

// Months is how long the period is.
func (p BillingPeriod) Months() int {
	if p == Annually {
		return 12
	}
	return 1
}

// BillingModel is how a price is charged.
type BillingModel string

// The billing models.
const (
	FlatFee      BillingModel = "FLAT_FEE"
	MinimumSpend BillingModel = "MINIMUM_SPEND"
	PerUnit      BillingModel = "PER_UNIT"
	UsageBased   BillingModel = "USAGE_BASED"
)

// OneOff is the cadence of a price that is paid once; any other is paid each period.
const OneOff = "ONE_OFF"

// TiersMode is how tiers of a price are applied.
type TiersMode string

// The modes: all units at the price of the tier that the quantity falls in, or each unit at its own tier's.
const (
	TiersVolume    TiersMode = "VOLUME"
	TiersGraduated TiersMode = "GRADUATED"
)

// Price is what a package costs: for one billing period, in one currency, in one country or elsewhere.
type Price struct {
	ID      string        `bson:"id"` // a UUID
	Model   BillingModel  `bson:"model"`
	Period  BillingPeriod `bson:"period"`
	Cadence string        `bson:"cadence"` // RECURRING, ONE_OFF
	// CountryCode is the country that the price is for, ISO 3166-1 alpha-2; nil is wherever no other price is.
	CountryCode *string `bson:"countryCode"`
	Currency    string  `bson:"currency"` // ISO 4217
	// FeatureID is the RefID of what is counted, for PER_UNIT and USAGE_BASED.
	FeatureID *string `bson:"featureId"`
	// Amount is for everything, a unit or a block of units; nil where Tiers say it.
	Amount    *Decimal    `bson:"amount"`
	BlockSize *int64      `bson:"blockSize"`
	TiersMode *TiersMode  `bson:"tiersMode"`
	Tiers     []PriceTier `bson:"tiers"`
	// MinUnits and MaxUnits bound the quantity of a PER_UNIT price.
	MinUnits *int64 `bson:"minUnits"`
	MaxUnits *int64 `bson:"maxUnits"`
}

// PriceTier is a price for quantities up to UpTo, which is nil in the last tier.
type PriceTier struct {
	UpTo       *int64   `bson:"upTo"`
	UnitAmount *Decimal `bson:"unitAmount"`
	FlatAmount *Decimal `bson:"flatAmount"`
}

// Charge names what the price is charged for within its package: two prices with one charge are
// alternatives, by period, country or currency.
func (p *Price) Charge() string {
	if p.FeatureID != nil {
		return string(p.Model) + " " + *p.FeatureID
	}
	return string(p.Model)
}

// Total is what so many units cost per billing period. What is charged by later use costs nothing now.
func (p *Price) Total(quantity int64) Decimal {
	switch {
	case p.Model == UsageBased, p.Model == MinimumSpend:
		return "0"
	case len(p.Tiers) > 0 && p.TiersMode != nil && *p.TiersMode == TiersVolume:
		for _, tier := range p.Tiers {
			if tier.UpTo == nil || quantity <= *tier.UpTo {
				return tier.cost(quantity)
			}
		}
		return "0"
	case len(p.Tiers) > 0:
		return p.graduated(quantity)
	case p.Amount == nil:
		return "0"
	case p.Model == FlatFee:
		return *p.Amount
	default:
		block := int64(1)
		if p.BlockSize != nil {
			block = max(block, *p.BlockSize)
		}
		// A block that was begun is paid.
		return p.Amount.Times(WholeDecimal((quantity + block - 1) / block))
	}
}

func (p *Price) graduated(quantity int64) Decimal {
	total, below := Decimal("0"), int64(0)
	for _, tier := range p.Tiers {
		if quantity <= below {
			break
		}
		end := quantity
		if tier.UpTo != nil {
			end = min(quantity, *tier.UpTo)
		}
		total = total.Plus(tier.cost(end - below))
		below = end
	}
	return total
}

func (t PriceTier) cost(units int64) Decimal {
	total := Decimal("0")
	if t.UnitAmount != nil {
		total = t.UnitAmount.Times(WholeDecimal(units))
	}
	if t.FlatAmount != nil {
		total = total.Plus(*t.FlatAmount)
	}
	return total
}
