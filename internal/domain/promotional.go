package domain

import "time"

// PromotionalEntitlement is a feature that a customer was given outside of any plan. It lives in the
// customer's document.
type PromotionalEntitlement struct {
	ID          string                       `bson:"id"` // a UUID
	FeatureID   string                       `bson:"featureId"`
	Description *string                      `bson:"description"`
	Period      PromotionalEntitlementPeriod `bson:"period"`
	StartDate   time.Time                    `bson:"startDate"`
	// EndDate is nil for LIFETIME.
	EndDate    *time.Time   `bson:"endDate"`
	Visible    bool         `bson:"visible"`
	UsageLimit *float64     `bson:"usageLimit"`
	Unlimited  bool         `bson:"unlimited"`
	SoftLimit  bool         `bson:"softLimit"`
	Reset      *ResetPeriod `bson:"reset"`
	EnumValues []string     `bson:"enumValues"`
	CreatedAt  time.Time    `bson:"createdAt"`
	UpdatedAt  time.Time    `bson:"updatedAt"`
}

// PromotionalEntitlementPeriod is how long one lasts.
type PromotionalEntitlementPeriod string

// The periods.
const (
	PeriodOneWeek  PromotionalEntitlementPeriod = "ONE_WEEK"
	PeriodOneMonth PromotionalEntitlementPeriod = "ONE_MONTH"
	PeriodSixMonth PromotionalEntitlementPeriod = "SIX_MONTH"
	PeriodOneYear  PromotionalEntitlementPeriod = "ONE_YEAR"
	PeriodLifetime PromotionalEntitlementPeriod = "LIFETIME"
	PeriodCustom   PromotionalEntitlementPeriod = "CUSTOM"
)

// EndAfter is when a period that starts at a time ends; nil for those without an end of their own.
func (p PromotionalEntitlementPeriod) EndAfter(start time.Time) *time.Time {
	var end time.Time
	switch p {
	case PeriodOneWeek:
		end = start.AddDate(0, 0, 7)
	case PeriodOneMonth:
		end = AddMonths(start, 1)
	case PeriodSixMonth:
		end = AddMonths(start, 6)
	case PeriodOneYear:
		end = AddMonths(start, 12)
	default:
		return nil
	}
	return &end
}

// Grants reports whether the entitlement has not ended at a time.
func (p *PromotionalEntitlement) Grants(at time.Time) bool {
	return p.EndDate == nil || at.Before(*p.EndDate)
}
