package resolver

import (
	"time"

	"clientele/graph/model"
	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// The fields of subscriptions that only their own filters and orders know.
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

// customerFilter takes a filter of customers apart. Statuses depend on the time, which is now.
func customerFilter(now time.Time) func(*model.CustomerFilter) parts[model.CustomerFilter] {
	return func(f *model.CustomerFilter) parts[model.CustomerFilter] {
		return parts[model.CustomerFilter]{f.And, f.Or, []comparison{
			compareText("name", persistence.FieldName, f.Name),
			compareText("email", persistence.FieldEmail, f.Email),
			compareText("refId", persistence.FieldCustomerID, f.RefID),
			compareText("customerId", persistence.FieldCustomerID, f.CustomerID),
			compareText("billingId", persistence.FieldBillingID, f.BillingID),
			compareText("crmId", persistence.FieldCRMID, f.CrmID),
			compareText("crmHubspotCompanyId", alwaysNull, f.CrmHubspotCompanyID),
			compareText("crmHubspotCompanyUrl", alwaysNull, f.CrmHubspotCompanyURL),
			compareText("awsMarketplaceCustomerId", persistence.FieldAWSMarketplaceCustomerID, f.AWSMarketplaceCustomerID),
			compareText("salesforceId", persistence.FieldSalesforceID, f.SalesforceID),
			compareText("couponId", persistence.FieldCouponID, f.CouponID),
			compareID("id", persistence.FieldID, f.ID),
			compareID("environmentId", persistence.FieldEnvironmentID, f.EnvironmentID),
			compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
			compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
			compareDate("deletedAt", alwaysNull, f.DeletedAt),
			compare("searchQuery", f.SearchQuery, func(r *filterReader, path string, c *model.CustomerSearchQueryFilterComparison) persistence.And {
				return r.search(path+".iLike", c)
			}),
			compare("promotionalEntitlements", f.PromotionalEntitlements, func(r *filterReader, path string, f *model.CustomerFilterPromotionalEntitlementFilter) persistence.And {
				if status, void := r.within(path, compareEnum("status", persistence.FieldStatus, f.Status)); !void {
					return withPromotional(now, status)
				}
				return nil
			}),
			compare("subscriptions", f.Subscriptions, func(r *filterReader, path string, f *model.CustomerFilterCustomerSubscriptionFilter) persistence.And {
				if status, void := r.within(path, compareEnum("status", persistence.FieldStatus, f.Status)); !void {
					return withSubscription(now, status)
				}
				return nil
			}),
		}}
	}
}

// withPromotional finds the customers with a promotional entitlement whose status is such. The index of those
// who have any keeps the search short.
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

// withSubscription finds the customers with a subscription whose status is such: one in whose phases now is one
// with that status.
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

func productFilter(f *model.ProductFilter) parts[model.ProductFilter] {
	return parts[model.ProductFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareText("refId", persistence.FieldRefID, f.RefID),
		compareText("displayName", persistence.FieldDisplayName, f.DisplayName),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
	}}
}

func planFilter(f *model.PlanFilter) parts[model.PlanFilter] {
	return parts[model.PlanFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareText("refId", persistence.FieldRefID, f.RefID),
		compareText("displayName", persistence.FieldDisplayName, f.DisplayName),
		compareText("productId", persistence.FieldProductID, f.ProductID),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
	}}
}

func addonFilter(f *model.AddonFilter) parts[model.AddonFilter] {
	return parts[model.AddonFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareText("refId", persistence.FieldRefID, f.RefID),
		compareText("displayName", persistence.FieldDisplayName, f.DisplayName),
		compareText("productId", persistence.FieldProductID, f.ProductID),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
	}}
}

func featureFilter(f *model.FeatureFilter) parts[model.FeatureFilter] {
	return parts[model.FeatureFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareText("refId", persistence.FieldRefID, f.RefID),
		compareText("displayName", persistence.FieldDisplayName, f.DisplayName),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
	}}
}

// couponFilter takes a filter of coupons apart. usedBy answers the ids of the coupons of customers that match.
func couponFilter(usedBy func(persistence.Filter) ([]string, error)) func(*model.CouponFilter) parts[model.CouponFilter] {
	return func(f *model.CouponFilter) parts[model.CouponFilter] {
		return parts[model.CouponFilter]{f.And, f.Or, []comparison{
			compareID("id", persistence.FieldID, f.ID),
			compareText("name", persistence.FieldName, f.Name),
			compareText("refId", persistence.FieldRefID, f.RefID),
			compareText("description", persistence.FieldDescription, f.Description),
			compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
			compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
			compareID("environmentId", persistence.FieldEnvironmentID, f.EnvironmentID),
			compareEnum("type", persistence.FieldType, f.Type),
			compareEnum("status", persistence.FieldStatus, f.Status),
			compareEnum("source", persistence.FieldSource, f.Source),
			compareText("billingId", persistence.FieldBillingID, f.BillingID),
			compare("customers", f.Customers, func(r *filterReader, path string, f *model.CouponFilterCustomerFilter) persistence.And {
				who, void := r.within(path,
					compareID("id", persistence.FieldID, f.ID),
					compareText("refId", persistence.FieldCustomerID, f.RefID),
					compareText("customerId", persistence.FieldCustomerID, f.CustomerID),
				)
				if r.err != nil || void {
					return nil
				}
				ids, err := usedBy(who)
				if err != nil {
					r.err = err
				}
				operands := each(ids, persistence.Text)
				return persistence.And{persistence.Condition{Field: persistence.FieldRefID, Op: persistence.In, Operands: operands}}
			}),
		}}
	}
}

func promotionalFilter(f *model.PromotionalEntitlementFilter) parts[model.PromotionalEntitlementFilter] {
	return parts[model.PromotionalEntitlementFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
		compareEnum("status", persistence.FieldStatus, f.Status),
		compareID("environmentId", persistence.FieldEnvironmentID, f.EnvironmentID),
	}}
}

func subscriptionFilter(f *model.CustomerSubscriptionFilter) parts[model.CustomerSubscriptionFilter] {
	return parts[model.CustomerSubscriptionFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareText("subscriptionId", fieldSubscriptionID, f.SubscriptionID),
		compareText("refId", fieldSubscriptionID, f.RefID),
		compareID("customerId", persistence.FieldCustomerID, f.CustomerID),
		compareID("payingCustomerId", persistence.FieldCustomerID, f.PayingCustomerID),
		compareID("resourceId", fieldResourceID, f.ResourceID),
		compareID("environmentId", persistence.FieldEnvironmentID, f.EnvironmentID),
		compareEnum("status", persistence.FieldStatus, f.Status),
		compareText("billingId", persistence.FieldBillingID, f.BillingID),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("startDate", fieldStartDate, f.StartDate),
		compareDate("endDate", persistence.FieldEndDate, f.EndDate),
		compareDate("trialEndDate", fieldTrialEndDate, f.TrialEndDate),
		compareDate("cancellationDate", fieldCancellationDate, f.CancellationDate),
		compareDate("effectiveEndDate", fieldEffectiveEndDate, f.EffectiveEndDate),
		compare("plan", f.Plan, func(r *filterReader, path string, f *model.CustomerSubscriptionFilterPlanFilter) persistence.And {
			var all persistence.And
			for _, field := range []comparison{
				compareID("id", fieldPlanUUID, f.ID),
				compareText("refId", fieldPlanID, f.RefID),
				compareText("productId", persistence.FieldProductID, f.ProductID),
			} {
				all = append(all, field(r, path)...)
			}
			return all
		}),
	}}
}

func subscriptionAddonFilter(f *model.SubscriptionAddonFilter) parts[model.SubscriptionAddonFilter] {
	return parts[model.SubscriptionAddonFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
	}}
}

func subscriptionPriceFilter(f *model.SubscriptionPriceFilter) parts[model.SubscriptionPriceFilter] {
	return parts[model.SubscriptionPriceFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareDate("updatedAt", persistence.FieldUpdatedAt, f.UpdatedAt),
		compareText("featureId", fieldFeatureID, f.FeatureID),
		compareEnum("billingModel", fieldBillingModel, f.BillingModel),
	}}
}

func priceFilter(f *model.PriceFilter) parts[model.PriceFilter] {
	return parts[model.PriceFilter]{f.And, f.Or, []comparison{
		compareID("id", persistence.FieldID, f.ID),
		compareDate("createdAt", persistence.FieldCreatedAt, f.CreatedAt),
		compareEnum("billingModel", fieldBillingModel, f.BillingModel),
	}}
}
