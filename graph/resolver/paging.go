package resolver

import (
	"fmt"
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/persistence"
)

// maxSortFields is how many fields an order can have.
const maxSortFields = 4

// fromCursorPaging reads which page is wanted. Errors: BadUserInput.
func fromCursorPaging(paging *model.CursorPaging) (persistence.PageRequest, error) {
	request := persistence.PageRequest{Limit: model.DefaultPageSize}
	if paging == nil {
		return request, nil
	}
	first, last := sizes(paging)
	// An empty cursor is the start, or going backwards the end, as no cursor is.
	after, before := notEmpty(paging.After), notEmpty(paging.Before)
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
		if *size.value < 1 || *size.value > model.MaxPageSize {
			return request, domain.FieldErrorf(domain.BadUserInput, size.field, "must be from 1 to %d", model.MaxPageSize)
		}
		request.Limit = *size.value
	}
	request.Backward = last != nil || before != nil
	if after != nil {
		request.After = *after
	}
	if before != nil {
		request.Before = *before
	}
	return request, nil
}

// sizes are the sizes of a page that were given. Beside another size, 0 is none: a generated client that can leave
// nothing out sends it for the way in which it does not go.
func sizes(paging *model.CursorPaging) (first, last *int) {
	first, last = paging.First.Value(), paging.Last.Value()
	if first != nil && last != nil {
		switch {
		case *last == 0:
			last = nil
		case *first == 0:
			first = nil
		}
	}
	return first, last
}

// sort is one field of an order, apart from the names that the schema has for the fields of each kind.
type sort struct {
	field     string
	direction model.SortDirection
	nulls     *model.SortNulls
}

// The fields that sort fields go by, beside those that have one name with us and in the schema. Those that
// are "" are the same for everything in a list, so they order nothing.
var (
	customerSortFields = sortFields{
		"refId": persistence.FieldCustomerID, "deletedAt": "", "environmentId": "", "crmHubspotCompanyId": "",
		"crmHubspotCompanyUrl": "", "searchQuery": "",
	}
	catalogSortFields      = sortFields{"environmentId": ""}
	subscriptionSortFields = sortFields{
		"refId": fieldSubscriptionID, "payingCustomerId": persistence.FieldCustomerID, "environmentId": "",
	}
)

type sortFields map[string]persistence.Field

// fromSorting reads an order; null is the default of the schema. Errors: BadUserInput.
func fromSorting[S any](sorting []S, names sortFields) ([]persistence.Order, error) {
	if len(sorting) > maxSortFields {
		return nil, domain.FieldErrorf(domain.BadUserInput, "sorting", "must have at most %d fields, it has %d", maxSortFields, len(sorting))
	}
	if sorting == nil {
		return []persistence.Order{{Field: persistence.FieldCreatedAt, Descending: true}}, nil
	}
	var order []persistence.Order
	for _, one := range sorting {
		s := sortOf(one)
		field, special := names[s.field]
		if !special {
			field = persistence.Field(s.field)
		}
		if field == "" {
			continue
		}
		order = append(order, persistence.Order{
			Field:      field,
			Descending: s.direction == model.SortDirectionDesc,
			NullsFirst: s.nulls != nil && *s.nulls == model.SortNullsNullsFirst,
		})
	}
	return order, nil
}

// sortOf reads one field of an order. The schema has a type of its own for the orders of each kind, all of this shape.
func sortOf(order any) sort {
	v := reflect.ValueOf(order).Elem()
	direction := v.FieldByName("Direction").Interface().(model.SortDirection)
	nulls := v.FieldByName("Nulls").Interface().(graphql.Omittable[*model.SortNulls])
	return sort{fmt.Sprint(v.FieldByName("Field").Interface()), direction, nulls.Value()}
}

// fromArguments reads which page of a list is wanted. Errors: BadUserInput.
func fromArguments[F, S any](
	paging *model.CursorPaging, filter *F, apart func(*F) parts[F], sorting []S, names sortFields,
) (query persistence.Query, err error) {
	if query.Page, err = fromCursorPaging(paging); err != nil {
		return query, err
	}
	query.Filter, query.Order, err = fromFilterAndSorting(filter, apart, sorting, names)
	return query, err
}

// fromFilterAndSorting is fromArguments for a list without pages.
func fromFilterAndSorting[F, S any](
	filter *F, apart func(*F) parts[F], sorting []S, names sortFields,
) (persistence.Filter, []persistence.Order, error) {
	read, err := fromFilter(filter, apart)
	if err != nil {
		return nil, nil, err
	}
	order, err := fromSorting(sorting, names)
	return read, order, err
}
