package resolver

import (
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/persistence"
)

const maxSortFields = 4

// fromCursorPaging reads the argument paging. Errors: BadUserInput.
func fromCursorPaging(paging *model.CursorPaging) (persistence.PageRequest, error) {
	request := persistence.PageRequest{Limit: model.DefaultPageSize}
	if paging == nil {
		return request, nil
	}
	first, last := sizes(paging)
	// An empty cursor is none: it means from the start, or backwards from the end.
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

// sizes are first and last. Beside the other one, 0 is ignored: generated clients that cannot omit a field send it.
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

// fromSorting reads an order; null is the default of the schema. Errors: BadUserInput.
func fromSorting[S any](sorting []S, names fieldNames) ([]persistence.Order, error) {
	if len(sorting) > maxSortFields {
		return nil, domain.FieldErrorf(domain.BadUserInput, "sorting", "must have at most %d fields, it has %d", maxSortFields, len(sorting))
	}
	if sorting == nil {
		return []persistence.Order{{Field: persistence.FieldCreatedAt, Descending: true}}, nil
	}
	var order []persistence.Order
	for _, one := range sorting {
		// The schema has a type of its own for the orders of each kind, all of this shape.
		v := reflect.ValueOf(one).Elem()
		field := names.field(v.FieldByName("Field").String())
		if field == alwaysNull || field == persistence.FieldEnvironmentID {
			continue // It has the same value throughout a list.
		}
		nulls := v.FieldByName("Nulls").Interface().(graphql.Omittable[*model.SortNulls]).Value()
		order = append(order, persistence.Order{
			Field:      field,
			Descending: v.FieldByName("Direction").Interface() == model.SortDirectionDesc,
			NullsFirst: nulls != nil && *nulls == model.SortNullsNullsFirst,
		})
	}
	return order, nil
}

// fromArguments reads the arguments of a list with pages. Errors: BadUserInput.
func fromArguments[F, S any](paging *model.CursorPaging, filter *F, sorting []S, spec listSpec) (query persistence.Query, err error) {
	if query.Page, err = fromCursorPaging(paging); err != nil {
		return query, err
	}
	query.Filter, query.Order, err = fromFilterAndSorting(filter, sorting, spec)
	return query, err
}

// fromFilterAndSorting is fromArguments for a list without pages.
func fromFilterAndSorting[F, S any](filter *F, sorting []S, spec listSpec) (persistence.Filter, []persistence.Order, error) {
	read, err := fromFilter(filter, spec)
	if err != nil {
		return nil, nil, err
	}
	order, err := fromSorting(sorting, spec.names)
	return read, order, err
}
