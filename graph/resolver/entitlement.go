package resolver

import (
	"fmt"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/customers"
	"clientele/internal/domain"
)

func toPromotionalEntitlement(c *domain.Customer, p *domain.PromotionalEntitlement, at time.Time) *model.PromotionalEntitlement {
	return &model.PromotionalEntitlement{
		ID: p.ID, FeatureID: p.FeatureID, Description: p.Description,
		Status: model.PromotionalEntitlementStatus(customers.PromotionalStatus(p, at)),
		Period: model.PromotionalEntitlementPeriod(p.Period), StartDate: p.StartDate, EndDate: p.EndDate, IsVisible: p.Visible,
		UsageLimit: p.UsageLimit, HasUnlimitedUsage: &p.Unlimited, Unlimited: &p.Unlimited, HasSoftLimit: &p.SoftLimit,
		ResetPeriod: toResetPeriod(p.Reset), ResetPeriodConfiguration: toResetConfiguration(p.Reset),
		EnumValues: p.EnumValues, EnvironmentID: c.EnvironmentID, CreatedAt: &p.CreatedAt, UpdatedAt: &p.UpdatedAt,
		FeatureGroupIds: []string{}, FeatureGroups: []*model.FeatureGroup{}, Of: c, Source: p,
	}
}

func toEntitlement(e customers.Entitlement) *model.Entitlement {
	return &model.Entitlement{
		IsGranted: true, UsageLimit: e.UsageLimit, HasSoftLimit: &e.SoftLimit, HasUnlimitedUsage: e.Unlimited,
		EntitlementUpdatedAt: &e.UpdatedAt, ResetPeriod: toResetPeriod(e.Reset), ResetPeriodConfiguration: toResetConfiguration(e.Reset),
		Feature: toEntitlementFeature(e.Feature), EnumValues: e.EnumValues,
	}
}

func toEntitlementUnion(e customers.Entitlement) model.EntitlementUnion {
	return &model.FeatureEntitlement{
		IsGranted: true, UsageLimit: e.UsageLimit, HasSoftLimit: &e.SoftLimit, HasUnlimitedUsage: e.Unlimited,
		EntitlementUpdatedAt: &e.UpdatedAt, ResetPeriod: toResetPeriod(e.Reset), ResetPeriodConfiguration: toResetConfiguration(e.Reset),
		Feature: toEntitlementFeature(e.Feature), EnumValues: e.EnumValues,
	}
}

func toEntitlementWithSummary(e customers.Entitlement) *model.EntitlementWithSummary {
	return &model.EntitlementWithSummary{
		IsGranted: true, UsageLimit: e.UsageLimit, EntitlementUpdatedAt: &e.UpdatedAt, Feature: toEntitlementFeature(e.Feature),
	}
}

// denied is the result of a check for a customer without any access.
func denied(why customers.Denial) *model.Entitlement {
	return &model.Entitlement{AccessDeniedReason: enum[model.AccessDeniedReason](&why)}
}

// resetInput is the reset period of a feature's usage, which inputs spread over four fields.
type resetInput struct {
	unit    graphql.Omittable[*model.EntitlementResetPeriod]
	yearly  graphql.Omittable[*model.YearlyResetPeriodConfigInput]
	monthly graphql.Omittable[*model.MonthlyResetPeriodConfigInput]
	weekly  graphql.Omittable[*model.WeeklyResetPeriodConfigInput]
}

// read merges the four. Errors: InvalidResetPeriod for a configuration of another unit.
func (r resetInput) read(path string) (*domain.ResetPeriod, error) {
	unit := r.unit.Value()
	var reset *domain.ResetPeriod
	if unit != nil {
		reset = &domain.ResetPeriod{Unit: unit.String()}
	}
	for _, configuration := range []struct {
		name  string
		unit  model.EntitlementResetPeriod
		value *string
	}{
		{"yearly", model.EntitlementResetPeriodYear, accordingTo(r.yearly.Value())},
		{"monthly", model.EntitlementResetPeriodMonth, accordingTo(r.monthly.Value())},
		{"weekly", model.EntitlementResetPeriodWeek, accordingTo(r.weekly.Value())},
	} {
		if configuration.value == nil {
			continue
		}
		if unit == nil || *unit != configuration.unit {
			return nil, domain.FieldErrorf(domain.InvalidResetPeriod, fmt.Sprintf("%s.%sResetPeriodConfiguration", path, configuration.name),
				"goes with the resetPeriod %s only", configuration.unit)
		}
		reset.AccordingTo = configuration.value
	}
	return reset, nil
}

func accordingTo(configuration any) *string {
	var text string
	switch c := configuration.(type) {
	case *model.YearlyResetPeriodConfigInput:
		if c != nil {
			text = c.AccordingTo.String()
		}
	case *model.MonthlyResetPeriodConfigInput:
		if c != nil {
			text = c.AccordingTo.String()
		}
	case *model.WeeklyResetPeriodConfigInput:
		if c != nil {
			text = c.AccordingTo.String()
		}
	}
	if text == "" {
		return nil
	}
	return &text
}

// isTrue is false for a Boolean that was omitted or is null.
func isTrue(field graphql.Omittable[*bool]) bool {
	value := field.Value()
	return value != nil && *value
}

func fromGrantInput(input model.GrantPromotionalEntitlementsInput) ([]customers.PromotionalEntitlement, error) {
	given := make([]customers.PromotionalEntitlement, len(input.PromotionalEntitlements))
	for i, in := range input.PromotionalEntitlements {
		reset, err := resetInput{
			in.ResetPeriod, in.YearlyResetPeriodConfiguration, in.MonthlyResetPeriodConfiguration, in.WeeklyResetPeriodConfiguration,
		}.read(fmt.Sprintf("promotionalEntitlements[%d]", i))
		if err != nil {
			return nil, err
		}
		visible := in.IsVisible.Value()
		given[i] = customers.PromotionalEntitlement{
			FeatureID: in.FeatureID, Period: domain.PromotionalEntitlementPeriod(in.Period), EndDate: in.CustomEndDate.Value(),
			Hidden: visible != nil && !*visible, UsageLimit: in.UsageLimit.Value(), Unlimited: isTrue(in.HasUnlimitedUsage),
			SoftLimit: isTrue(in.HasSoftLimit), Reset: reset, EnumValues: in.EnumValues.Value(),
		}
	}
	return given, nil
}
