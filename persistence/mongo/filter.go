package mongo

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/persistence"
)

// compile writes a filter as a query that means the same.
//
// Most of the null semantics come from MongoDB itself: a comparison, a range or a regular expression
// matches only values of the operand's type, and null has a type of its own. The operators that negate
// match null as well, so it is excluded by name.
//
// An Any is left to findsTooMuch and its callers: it compiles to everything, so that the query finds what
// matches and more, because nothing in a filter negates another filter. MongoDB has $elemMatch for it, but not
// everything that speaks its protocol looks into embedded documents. Who filters by an Any therefore filters by
// a field with an index beside it, such as persistence.FieldSubscribedAt, so that little too much is found.
func compile(filter persistence.Filter) (bson.D, error) {
	switch f := filter.(type) {
	case persistence.And:
		if len(f) == 0 {
			return bson.D{}, nil
		}
		return compileAll("$and", f)
	case persistence.Or:
		if len(f) == 0 {
			return is(fieldKey, "$in", bson.A{}), nil
		}
		return compileAll("$or", f)
	case persistence.Any:
		return bson.D{}, nil
	case persistence.Condition:
		return compileCondition(f)
	default:
		return nil, fmt.Errorf("mongodb: a filter cannot be of type %T", filter)
	}
}

// findsTooMuch reports whether the query of a filter finds more than the filter matches: whether there is an Any in it
// or a pattern, which MongoDB cannot compare in normal form.
func findsTooMuch(filter persistence.Filter) bool {
	return looksIntoLists(filter) || persistence.HasPattern(filter)
}

func looksIntoLists(filter persistence.Filter) bool {
	switch f := filter.(type) {
	case persistence.Any:
		return true
	case persistence.And:
		return slices.ContainsFunc(f, looksIntoLists)
	case persistence.Or:
		return slices.ContainsFunc(f, looksIntoLists)
	default:
		return false
	}
}

func compileAll(operator string, filters []persistence.Filter) (bson.D, error) {
	all := make(bson.A, len(filters))
	for i, filter := range filters {
		compiled, err := compile(filter)
		if err != nil {
			return nil, err
		}
		all[i] = compiled
	}
	return bson.D{{Key: operator, Value: all}}, nil
}

// comparisons are the operators that MongoDB has under another name.
var comparisons = map[persistence.Op]string{
	persistence.Equal:          "$eq",
	persistence.Greater:        "$gt",
	persistence.GreaterOrEqual: "$gte",
	persistence.Less:           "$lt",
	persistence.LessOrEqual:    "$lte",
}

func compileCondition(c persistence.Condition) (bson.D, error) {
	field := string(c.Field)
	if operator, ok := comparisons[c.Op]; ok {
		return is(field, operator, operand(c.Operands[0])), nil
	}
	switch c.Op {
	case persistence.Null:
		return is(field, "$eq", nil), nil
	case persistence.NotNull:
		return is(field, "$ne", nil), nil
	case persistence.In:
		return is(field, "$in", operands(c.Operands)), nil
	case persistence.NotIn, persistence.NotEqual:
		return is(field, "$nin", append(operands(c.Operands), nil)), nil
	case persistence.Like, persistence.ILike:
		pattern := c.Pattern()
		matches := bson.E{Key: "$regex", Value: pattern.Expression()}
		prefixes := pattern.Starts()
		if len(prefixes) == 1 {
			return bson.D{{Key: field, Value: append(startsWith(prefixes[0]), matches)}}, nil
		}
		starts := bson.A{}
		for _, start := range prefixes {
			starts = append(starts, bson.D{{Key: field, Value: startsWith(start)}})
		}
		return bson.D{{Key: "$or", Value: starts}, {Key: field, Value: bson.D{matches}}}, nil
	case persistence.NotLike, persistence.NotILike:
		// The expression finds too much, so what it does not find would be too little.
		return is(field, "$ne", nil), nil
	default:
		return nil, fmt.Errorf("mongodb: a filter cannot have the operator %q", c.Op)
	}
}

// startsWith is the range of the texts with a prefix, for an index; the expression alone would serve as
// well only if it began with its anchor, but its flags come first.
func startsWith(prefix string) bson.D {
	if prefix == "" {
		return nil
	}
	texts := bson.D{{Key: "$gte", Value: prefix}}
	if next, ok := behindPrefix(prefix); ok {
		texts = append(texts, bson.E{Key: "$lt", Value: next})
	}
	return texts
}

// behindPrefix is the smallest text that is greater than every text with the prefix, if there is one. Texts
// are ordered by their bytes, which for valid UTF-8 is the order of their characters.
func behindPrefix(prefix string) (string, bool) {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		if last == utf8.MaxRune {
			continue // Nothing comes after it, so the character before it must give way.
		}
		next := last + 1
		if !utf8.ValidRune(next) {
			next = 0xE000 // The surrogates are no characters.
		}
		return prefix + string(next), true
	}
	return "", false
}

// is makes the condition that a field stands in the relation of an operator to a value.
func is(field, operator string, value any) bson.D {
	return bson.D{{Key: field, Value: bson.D{{Key: operator, Value: value}}}}
}

func operands(values []persistence.Value) bson.A {
	out := make(bson.A, len(values))
	for i, value := range values {
		out[i] = operand(value)
	}
	return out
}

// operand is a value as BSON.
func operand(value persistence.Value) any {
	if text, ok := value.AsText(); ok {
		return text
	}
	if at, ok := value.AsTime(); ok {
		return bson.NewDateTimeFromTime(at)
	}
	return nil
}
