package mongo

import (
	"context"
	"fmt"
	"slices"

	"clientele/persistence"
)

// scan is call for a list or a count. What the indexes do not bound waits for a governor's leave first, because how
// much the server reads is not known until it has done so.
func (s *Store) scan(ctx context.Context, unbounded bool, operation string, do func(context.Context) error) error {
	if unbounded && ctx.Err() == nil && !s.gate.isShut() {
		scanning, release, err := persistence.GovernorOf(ctx).Scan(ctx)
		if err != nil {
			return fmt.Errorf("mongodb: %s: %w", operation, err)
		}
		defer release()
		ctx = scanning
	}
	return s.call(ctx, operation, do)
}

// bounded reports whether an index leads to the pages of a list, with little else on the way: the filter is a
// conjunction of ranges of the order's own field and of values of other fields, or names its documents. The server
// sorts by one field and the tie-breaker; what comes between is sorted here, among all ties.
func (c collection) bounded(filter persistence.Filter, order []persistence.Order) bool {
	if c.identifies(filter) {
		return true
	}
	field := c.TieField()
	if len(order) > 0 {
		field = order[0].Field
	}
	if field != c.TieField() && len(order) > 1 && !c.isStraight(order) {
		return false
	}
	return c.leadsTo(filter, field)
}

// isStraight reports whether the index of the first field is in the whole order.
func (c collection) isStraight(order []persistence.Order) bool {
	return order[1].Field == c.TieField() && order[1].Descending == order[0].Descending
}

func (c collection) leadsTo(filter persistence.Filter, field persistence.Field) bool {
	switch f := filter.(type) {
	case nil:
		return true
	case persistence.And:
		return !slices.ContainsFunc(f, func(part persistence.Filter) bool { return !c.leadsTo(part, field) })
	case persistence.Condition:
		if !slices.Contains(c.SortFields, f.Field) {
			return false
		}
		switch f.Op {
		case persistence.Equal, persistence.In:
			return true
		case persistence.Null, persistence.NotNull, persistence.Greater, persistence.GreaterOrEqual,
			persistence.Less, persistence.LessOrEqual:
			return f.Field == field
		case persistence.Like:
			// A pattern that is more than a prefix may match little of what has the prefix.
			return f.Field == field && f.Operands[0] == persistence.Text(persistence.Escape(f.Pattern().Starts()[0])+"%")
		default:
			return false
		}
	default:
		return false
	}
}

// identifies reports whether a filter matches documents by their ids, of which there are as many as it names.
func (c collection) identifies(filter persistence.Filter) bool {
	switch f := filter.(type) {
	case persistence.And:
		return slices.ContainsFunc(f, c.identifies)
	case persistence.Condition:
		isID := f.Field == c.TieField() || f.Field == persistence.FieldID
		return isID && (f.Op == persistence.Equal || f.Op == persistence.In)
	default:
		return false
	}
}
