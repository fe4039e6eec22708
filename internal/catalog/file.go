package catalog

import (
	"bytes"
	"encoding/json"

	"clientele/internal/domain"
)

// content is a catalogue in the form of a file. The structs here are the objects of catalog.schema.json, with fields
// in the order in which an export writes them. An export leaves out fields that have their default.
type content struct {
	Features       []feature       `json:"features,omitempty"`
	Products       []product       `json:"products,omitempty"`
	Addons         []addon         `json:"addons,omitempty"`
	Plans          []plan          `json:"plans,omitempty"`
	Coupons        []coupon        `json:"coupons,omitempty"`
	PromotionCodes []promotionCode `json:"promotionCodes,omitempty"`
}

type feature struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description,omitempty"`
	Type        domain.FeatureType `json:"type"`
	Meter       string             `json:"meter,omitempty"`
	Status      string             `json:"status,omitempty"`
	Units       *units             `json:"units,omitempty"`
	Values      []enumValue        `json:"values,omitempty"`
	Metadata    json.RawMessage    `json:"metadata,omitempty"`
}

type units struct {
	One  string `json:"one"`
	Many string `json:"many"`
}

// enumValue is written as text if its name is the value itself.
type enumValue struct {
	Value string `json:"value"`
	Name  string `json:"name,omitempty"`
}

type plainEnumValue enumValue

func (v *enumValue) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		return json.Unmarshal(text, &v.Value)
	}
	return json.Unmarshal(text, (*plainEnumValue)(v))
}

func (v enumValue) MarshalJSON() ([]byte, error) {
	if v.Name == "" {
		return encodeJSON(v.Value)
	}
	return encodeJSON(plainEnumValue(v))
}

type product struct {
	ID                    string          `json:"id"`
	Name                  string          `json:"name,omitempty"`
	Description           string          `json:"description,omitempty"`
	MultipleSubscriptions bool            `json:"multipleSubscriptions,omitempty"`
	Journey               *journey        `json:"journey,omitempty"`
	AWSMarketplaceProduct string          `json:"awsMarketplaceProduct,omitempty"`
	Metadata              json.RawMessage `json:"metadata,omitempty"`
}

type journey struct {
	Start         domain.StartSetup `json:"start,omitempty"`
	StartPlan     string            `json:"startPlan,omitempty"`
	End           domain.EndSetup   `json:"end,omitempty"`
	DowngradePlan string            `json:"downgradePlan,omitempty"`
	Cancellation  string            `json:"cancellation,omitempty"`
}

// heading has the first fields of plans and add-ons.
type heading struct {
	ID                string             `json:"id"`
	Product           string             `json:"product"`
	Name              string             `json:"name"`
	Description       string             `json:"description,omitempty"`
	Pricing           domain.PricingType `json:"pricing"`
	Published         *bool              `json:"published,omitempty"`
	HiddenFromWidgets []string           `json:"hiddenFromWidgets,omitempty"`
}

// offer has the last fields of plans and add-ons.
type offer struct {
	Entitlements []entitlement   `json:"entitlements,omitempty"`
	Prices       []price         `json:"prices,omitempty"`
	Metadata     json.RawMessage `json:"metadata,omitempty"`
}

type plan struct {
	heading
	Base                    string   `json:"base,omitempty"`
	Trial                   *trial   `json:"trial,omitempty"`
	Addons                  []string `json:"addons,omitempty"`
	AWSMarketplaceDimension string   `json:"awsMarketplaceDimension,omitempty"`
	offer
}

type trial struct {
	Days   int                     `json:"days,omitempty"`
	Months int                     `json:"months,omitempty"`
	End    domain.TrialEndBehavior `json:"end,omitempty"`
	Budget *budget                 `json:"budget,omitempty"`
}

type budget struct {
	Limit amount `json:"limit"`
	Soft  bool   `json:"soft,omitempty"`
}

type addon struct {
	heading
	MaxQuantity  *int64   `json:"maxQuantity,omitempty"`
	Dependencies []string `json:"dependencies,omitempty"`
	offer
}

type entitlement struct {
	Feature           string          `json:"feature"`
	Limit             *float64        `json:"limit,omitempty"`
	Unlimited         bool            `json:"unlimited,omitempty"`
	Custom            bool            `json:"custom,omitempty"`
	Soft              bool            `json:"soft,omitempty"`
	Reset             *reset          `json:"reset,omitempty"`
	Values            []string        `json:"values,omitempty"`
	Behavior          domain.Behavior `json:"behavior,omitempty"`
	Name              string          `json:"name,omitempty"`
	Description       string          `json:"description,omitempty"`
	HiddenFromWidgets []string        `json:"hiddenFromWidgets,omitempty"`
}

type reset struct {
	Every       string `json:"every"`
	AccordingTo string `json:"accordingTo,omitempty"`
}

type price struct {
	Period    domain.BillingPeriod `json:"period"`
	Country   string               `json:"country,omitempty"`
	Currency  string               `json:"currency"`
	Cadence   string               `json:"cadence,omitempty"`
	Model     domain.BillingModel  `json:"model,omitempty"`
	Feature   string               `json:"feature,omitempty"`
	Amount    *amount              `json:"amount,omitempty"`
	Block     *int64               `json:"block,omitempty"`
	TiersMode domain.TiersMode     `json:"tiersMode,omitempty"`
	Tiers     []tier               `json:"tiers,omitempty"`
	Min       *int64               `json:"min,omitempty"`
	Max       *int64               `json:"max,omitempty"`
}

type tier struct {
	UpTo *int64  `json:"upTo,omitempty"`
	Unit *amount `json:"unit,omitempty"`
	Flat *amount `json:"flat,omitempty"`
}

type coupon struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Percent     *amount         `json:"percent,omitempty"`
	Amounts     []money         `json:"amounts,omitempty"`
	Months      *int            `json:"months,omitempty"`
	Archived    *bool           `json:"archived,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
}

type money struct {
	Currency string `json:"currency"`
	Amount   amount `json:"amount"`
}

type promotionCode struct {
	ID                string  `json:"id"`
	Coupon            string  `json:"coupon"`
	Active            *bool   `json:"active,omitempty"`
	Starts            string  `json:"starts,omitempty"`
	Expires           string  `json:"expires,omitempty"`
	Customer          string  `json:"customer,omitempty"`
	MaxRedemptions    *int64  `json:"maxRedemptions,omitempty"`
	MinimumAmounts    []money `json:"minimumAmounts,omitempty"`
	FirstPurchaseOnly bool    `json:"firstPurchaseOnly,omitempty"`
}

// amount is a decimal number, written as a number or as text.
type amount domain.Decimal

func (a *amount) UnmarshalJSON(text []byte) error {
	number, err := domain.ParseDecimal(string(bytes.Trim(text, `"`)))
	*a = amount(number)
	return err
}

func (a amount) MarshalJSON() ([]byte, error) {
	if a == "" {
		return []byte("0"), nil
	}
	return []byte(a), nil
}
