package bolt

import (
	"bytes"
	"slices"

	"go.etcd.io/bbolt"

	"clientele/persistence"
)

// maxCandidates is how many documents a query reads at most to put them in order itself, rather than walk
// the index of its order. Reading that many takes a few milliseconds; a walk can be shorter, if many of
// the documents on its way match, or as long as the environment.
const maxCandidates = 2000

// conditionsOf are conditions that every document that matches the filter satisfies. Those inside an Any are
// of the elements of a list, which have fields of the same names.
func conditionsOf(filter persistence.Filter) []persistence.Condition {
	switch filter := filter.(type) {
	case persistence.Condition:
		return []persistence.Condition{filter}
	case persistence.And:
		var out []persistence.Condition
		for _, part := range filter {
			out = append(out, conditionsOf(part)...)
		}
		return out
	default:
		return nil
	}
}

// narrowed is what the conditions leave of an index: ranges, in order, that hold the entries of all
// documents that match. Not all documents in them do.
func (x index) narrowed(conditions []persistence.Condition) []keyRange {
	ranges := []keyRange{x.all()}
	for _, condition := range x.narrowing(conditions) {
		ranges = intersect(ranges, x.ranges(condition))
	}
	return ranges
}

// narrowing are the conditions on the field of the index.
func (x index) narrowing(conditions []persistence.Condition) (out []persistence.Condition) {
	for _, condition := range conditions {
		if condition.Field == x.field {
			out = append(out, condition)
		}
	}
	return out
}

// ranges is what one condition leaves of the index.
func (x index) ranges(condition persistence.Condition) []keyRange {
	wanted := x.notNull()
	switch condition.Op {
	case persistence.Null:
		wanted = x.only(persistence.Value{})
	case persistence.Equal, persistence.In:
		return x.onlyThese(condition.Operands)
	case persistence.Greater:
		wanted.low = x.only(condition.Operands[0]).high
	case persistence.GreaterOrEqual:
		wanted.low = x.only(condition.Operands[0]).low
	case persistence.Less:
		wanted.high = x.only(condition.Operands[0]).low
	case persistence.LessOrEqual:
		wanted.high = x.only(condition.Operands[0]).high
	case persistence.Like:
		// An empty start says nothing, not even that the value is a text.
		if starts := condition.Pattern().Starts(); starts[0] != "" {
			return x.startingWithAny(starts)
		}
	default:
		// Whatever has a value may satisfy the others.
	}
	return []keyRange{wanted}
}

// startingWithAny is the ranges of the texts that start with one of these, of which none starts with another.
func (x index) startingWithAny(starts []string) []keyRange {
	slices.Sort(starts)
	ranges := make([]keyRange, len(starts))
	for i, start := range starts {
		ranges[i] = x.textsFrom(start)
	}
	return ranges
}

func (x index) onlyThese(values []persistence.Value) []keyRange {
	ranges := make([]keyRange, len(values))
	for i, value := range values {
		ranges[i] = x.only(value)
	}
	byLow := func(a, b keyRange) int { return bytes.Compare(a.low, b.low) }
	slices.SortFunc(ranges, byLow)
	return slices.CompactFunc(ranges, func(a, b keyRange) bool { return byLow(a, b) == 0 })
}

// shortcut finds the index, other than the one of the query's order, whose entries the conditions narrow
// down the furthest. There is none unless it holds at most maxCandidates entries, and fewer than are left
// of the order's own index.
func shortcut(
	m *meter, tx *bbolt.Tx, ordered index, left []keyRange, conditions []persistence.Condition,
) (best index, bestRanges []keyRange, found bool, err error) {
	fewest := maxCandidates + 1
	for _, field := range ordered.collection.SortFields {
		mentioned := slices.ContainsFunc(conditions, func(c persistence.Condition) bool { return c.Field == field })
		if !mentioned || field == ordered.field {
			continue
		}
		x := index{collection: ordered.collection, field: field, prefix: ordered.prefix}
		ranges := x.narrowed(conditions)
		n, err := countEntries(m, x.bucket(tx), ranges, fewest)
		if err != nil {
			return index{}, nil, false, err
		}
		if n < fewest {
			best, bestRanges, fewest, found = x, ranges, n, true
		}
	}
	if !found {
		return index{}, nil, false, nil
	}
	n, err := countEntries(m, ordered.bucket(tx), left, fewest+1)
	return best, bestRanges, fewest < n, err
}

// countEntries counts the entries in the ranges, and gives up at the limit.
func countEntries(m *meter, bucket *bbolt.Bucket, ranges []keyRange, limit int) (int, error) {
	n := 0
	for range entries(bucket, ranges, false) {
		if err := m.row(); err != nil {
			return 0, err
		}
		if n++; n >= limit {
			break
		}
	}
	return n, nil
}
