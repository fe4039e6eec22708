package graph

import (
	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/persistence"
)

// The bounds of a list.
const (
	defaultPageSize = 10
	maxPageSize     = 100
	maxSortFields   = 4
)

// fromCursorPaging reads which page is wanted. Errors: BadUserInput.
func fromCursorPaging(paging *model.CursorPaging) (persistence.PageRequest, error) {
	request := persistence.PageRequest{Limit: defaultPageSize}
	if paging == nil {
		return request, nil
	}
	first, last := paging.First.Value(), paging.Last.Value()
	after, before := paging.After.Value(), paging.Before.Value()
	for _, clash := range []struct {
		given       bool
		field, with string
	}{
		{first != nil && last != nil, "first", "last"},
		{after != nil && last != nil, "after", "last"},
		{before != nil && first != nil, "before", "first"},
		{before != nil && after != nil, "before", "after"},
	} {
		if clash.given {
			return request, domain.FieldErrorf(domain.BadUserInput, "paging."+clash.field, "does not go together with paging.%s", clash.with)
		}
	}
	for _, size := range []struct {
		field string
		value *int
	}{{"paging.first", first}, {"paging.last", last}} {
		if size.value == nil {
			continue
		}
		if *size.value < 1 || *size.value > maxPageSize {
			return request, domain.FieldErrorf(domain.BadUserInput, size.field, "must be from 1 to %d", maxPageSize)
		}
		request.Limit = *size.value
	}
	request.Backward = last != nil || before != nil
	// An empty cursor is the start, or going backwards the end, as no cursor is.
	if after != nil {
		request.After = *after
	}
	if before != nil {
		request.Before = *before
	}
	return request, nil
}

// customerSortFields names what each sort field goes by; the rest are the same for every live customer.
var customerSortFields = map[model.CustomerSortFields]persistence.Field{
	model.CustomerSortFieldsID:                       persistence.FieldID,
	model.CustomerSortFieldsName:                     persistence.FieldName,
	model.CustomerSortFieldsEmail:                    persistence.FieldEmail,
	model.CustomerSortFieldsRefID:                    persistence.FieldCustomerID,
	model.CustomerSortFieldsCustomerID:               persistence.FieldCustomerID,
	model.CustomerSortFieldsCreatedAt:                persistence.FieldCreatedAt,
	model.CustomerSortFieldsUpdatedAt:                persistence.FieldUpdatedAt,
	model.CustomerSortFieldsBillingID:                persistence.FieldBillingID,
	model.CustomerSortFieldsCrmID:                    persistence.FieldCRMID,
	model.CustomerSortFieldsSalesforceID:             persistence.FieldSalesforceID,
	model.CustomerSortFieldsAWSMarketplaceCustomerID: persistence.FieldAWSMarketplaceCustomerID,
}

// fromCustomerSorting reads the order; null is the default of the schema. Errors: BadUserInput.
func fromCustomerSorting(sorting []*model.CustomerSort) ([]persistence.Order, error) {
	if len(sorting) > maxSortFields {
		return nil, domain.FieldErrorf(domain.BadUserInput, "sorting", "must have at most %d fields, it has %d", maxSortFields, len(sorting))
	}
	if sorting == nil {
		return []persistence.Order{{Field: persistence.FieldCreatedAt, Descending: true}}, nil
	}
	var order []persistence.Order
	for _, sort := range sorting {
		field, orders := customerSortFields[sort.Field]
		if !orders {
			continue
		}
		nulls := sort.Nulls.Value()
		order = append(order, persistence.Order{
			Field:      field,
			Descending: sort.Direction == model.SortDirectionDesc,
			NullsFirst: nulls != nil && *nulls == model.SortNullsNullsFirst,
		})
	}
	return order, nil
}

func fromCustomersArguments(
	paging *model.CursorPaging, filter *model.CustomerFilter, sorting []*model.CustomerSort,
) (query persistence.CustomerQuery, err error) {
	if query.Page, err = fromCursorPaging(paging); err != nil {
		return query, err
	}
	if query.Filter, err = fromCustomerFilter(filter); err != nil {
		return query, err
	}
	query.Order, err = fromCustomerSorting(sorting)
	return query, err
}
