package resolver

import (
	"time"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// The fields that are compared and sorted by in memory, within one document, and have no name in persistence.
const (
	fieldSubscriptionID   persistence.Field = "subscriptionId"
	fieldResourceID       persistence.Field = "resourceId"
	fieldStartDate        persistence.Field = "startDate"
	fieldTrialEndDate     persistence.Field = "trialEndDate"
	fieldCancellationDate persistence.Field = "cancellationDate"
	fieldEffectiveEndDate persistence.Field = "effectiveEndDate"
	fieldPlanID           persistence.Field = "planId"
	fieldPlanUUID         persistence.Field = "planUuid"
	fieldFeatureID        persistence.Field = "featureId"
	fieldBillingModel     persistence.Field = "billingModel"
)

// listSpec is what it takes to read the filter and the order of a list.
type listSpec struct {
	names fieldNames
	// now is the time at which statuses are compared.
	now time.Time
	// couponsOf returns the RefIDs of the coupons of the customers that match.
	couponsOf func(persistence.Filter) ([]string, error)
}

// fieldNames has the fields whose name in the store differs from their name in the schema.
type fieldNames map[string]persistence.Field

func (n fieldNames) field(name string) persistence.Field {
	if field, differs := n[name]; differs {
		return field
	}
	return persistence.Field(name)
}

// alwaysNull stands for fields that are null for every customer that can be found.
const alwaysNull persistence.Field = ""

// customerList is the listSpec of customers at a time.
func customerList(now time.Time) listSpec {
	return listSpec{now: now, names: fieldNames{
		"refId": persistence.FieldCustomerID, "deletedAt": alwaysNull, "crmHubspotCompanyId": alwaysNull,
		"crmHubspotCompanyUrl": alwaysNull, "searchQuery": alwaysNull,
	}}
}

var subscriptionList = listSpec{names: fieldNames{"refId": fieldSubscriptionID, "payingCustomerId": persistence.FieldCustomerID}}

// withPromotional matches customers with a promotional entitlement of a status at a time. The condition on PromotedAt has
// an index, which keeps the scan short.
func withPromotional(now time.Time, status persistence.And) persistence.And {
	var either persistence.Or
	if matchesStatus(status, customers.PromotionalActive) {
		either = append(either,
			persistence.Condition{Field: persistence.FieldEndDate, Op: persistence.Null},
			persistence.Condition{Field: persistence.FieldEndDate, Op: persistence.Greater, Operands: []persistence.Value{persistence.Now(now)}})
	}
	if matchesStatus(status, customers.PromotionalExpired) {
		either = append(either,
			persistence.Condition{Field: persistence.FieldEndDate, Op: persistence.LessOrEqual, Operands: []persistence.Value{persistence.Now(now)}})
	}
	return persistence.And{
		persistence.Condition{Field: persistence.FieldPromotedAt, Op: persistence.NotNull},
		persistence.Any{List: persistence.ListPromotionalEntitlements, Filter: either},
	}
}

// withSubscription matches customers with a subscription whose phase at a time has a status.
func withSubscription(now time.Time, status persistence.And) persistence.And {
	wanted := persistence.Condition{Field: persistence.FieldStatus, Op: persistence.In}
	for _, s := range domain.SubscriptionStatuses {
		if matchesStatus(status, s) {
			wanted.Operands = append(wanted.Operands, persistence.Text(string(s)))
		}
	}
	at := []persistence.Value{persistence.Now(now)}
	return persistence.And{
		persistence.Condition{Field: persistence.FieldSubscribedAt, Op: persistence.NotNull},
		persistence.Any{List: persistence.ListSubscriptions, Filter: persistence.Any{List: persistence.ListPhases, Filter: persistence.And{
			wanted,
			persistence.Condition{Field: persistence.FieldFrom, Op: persistence.LessOrEqual, Operands: at},
			persistence.Or{
				persistence.Condition{Field: persistence.FieldUntil, Op: persistence.Null},
				persistence.Condition{Field: persistence.FieldUntil, Op: persistence.Greater, Operands: at},
			},
		}}},
	}
}

func matchesStatus[S ~string](filter persistence.And, status S) bool {
	return filter.Matches(persistence.Row{persistence.FieldStatus: persistence.Text(string(status))})
}
