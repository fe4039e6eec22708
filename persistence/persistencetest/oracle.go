package persistencetest

import (
	"slices"
	"strings"

	"clientele/internal/domain"
	"clientele/persistence"
)

// fields are all that a filter can name.
var fields = append(slices.Clone(persistence.CustomerSortFields), persistence.FieldEnvironmentID)

// value is what a field of a customer holds. The suite reads documents by itself: an engine that maps a
// field wrongly must not be compared with its own mapping.
func value(c *domain.Customer, field persistence.Field) persistence.Value {
	switch field {
	case persistence.FieldID:
		return persistence.Text(c.ID)
	case persistence.FieldCustomerID:
		return persistence.Text(c.CustomerID)
	case persistence.FieldEnvironmentID:
		return persistence.Text(c.EnvironmentID)
	case persistence.FieldName:
		return persistence.NullableText(c.Name)
	case persistence.FieldEmail:
		return persistence.NullableText(c.Email)
	case persistence.FieldBillingID:
		return persistence.NullableText(c.BillingID)
	case persistence.FieldCRMID:
		return persistence.NullableText(c.CRMID)
	case persistence.FieldSalesforceID:
		return persistence.NullableText(c.SalesforceID)
	case persistence.FieldAWSMarketplaceCustomerID:
		return persistence.NullableText(c.AWSMarketplaceCustomerID)
	case persistence.FieldCreatedAt:
		return persistence.Time(c.CreatedAt)
	case persistence.FieldUpdatedAt:
		return persistence.Time(c.UpdatedAt)
	default:
		panic("the suite does not know the field " + string(field))
	}
}

// isTime reports whether the field holds times; the others hold texts.
func isTime(field persistence.Field) bool {
	return field == persistence.FieldCreatedAt || field == persistence.FieldUpdatedAt
}

// answer is what the whole walk of a query over the customers must meet, in its order.
func answer(query persistence.CustomerQuery, customers []*domain.Customer) []*domain.Customer {
	var out []*domain.Customer
	for _, c := range customers {
		if c.EnvironmentID == query.EnvironmentID && !c.Archived() && matches(query.Filter, c) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *domain.Customer) int { return compare(query.Order, a, b) })
	return out
}

func matches(filter persistence.Filter, c *domain.Customer) bool {
	return filter == nil || filter.Matches(func(f persistence.Field) persistence.Value { return value(c, f) })
}

// compare is the order of two customers, written without what the contract's package offers for it. Ties
// go by customer id, in the direction of the last field.
func compare(order []persistence.Order, a, b *domain.Customer) int {
	ties := persistence.Order{Field: persistence.FieldCustomerID}
	if len(order) > 0 {
		ties.Descending = order[len(order)-1].Descending
	}
	for _, o := range append(slices.Clone(order), ties) {
		if c := compareBy(o, value(a, o.Field), value(b, o.Field)); c != 0 {
			return c
		}
	}
	return 0
}

func compareBy(o persistence.Order, a, b persistence.Value) int {
	if a.IsNull() != b.IsNull() {
		if a.IsNull() == o.NullsFirst {
			return -1
		}
		return 1
	}
	if a.IsNull() {
		return 0
	}
	var c int
	if isTime(o.Field) {
		x, _ := a.AsTime()
		y, _ := b.AsTime()
		c = x.Compare(y)
	} else {
		x, _ := a.AsText()
		y, _ := b.AsText()
		c = strings.Compare(x, y)
	}
	if o.Descending {
		return -c
	}
	return c
}
