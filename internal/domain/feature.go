package domain

// FeatureType is what the use of a feature is measured by.
type FeatureType string

// The feature types: there or not, a number, one or more of a list of values.
const (
	FeatureBoolean FeatureType = "BOOLEAN"
	FeatureNumber  FeatureType = "NUMBER"
	FeatureEnum    FeatureType = "ENUM"
)

// Feature is something of a product that plans, add-ons and promotional entitlements grant.
type Feature struct {
	Record      `bson:",inline"`
	DisplayName string      `bson:"displayName"`
	Description *string     `bson:"description"`
	Type        FeatureType `bson:"type"`
	// MeterType is None, Fluctuating or Incremental; nil unless Type is NUMBER.
	MeterType   *string     `bson:"meterType"`
	Status      string      `bson:"status"` // NEW, SUSPENDED, ACTIVE
	Units       *string     `bson:"units"`
	UnitsPlural *string     `bson:"unitsPlural"`
	EnumValues  []EnumValue `bson:"enumValues"`
	Metadata    Metadata    `bson:"metadata"`
}

// EnumValue is one of the values of an ENUM feature.
type EnumValue struct {
	Value       string `bson:"value"`
	DisplayName string `bson:"displayName"`
}
