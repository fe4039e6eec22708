package bolt

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clientele/persistence"
)

// Texts that are made of the bytes that the encoding itself uses find what ordinary texts do not.
var (
	texts = rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("\x00\x01\x02a/\u007f\u00ff")), 0, 4, -1), rapid.String())
	times = rapid.Custom(func(t *rapid.T) persistence.Value {
		return persistence.Time(time.UnixMilli(rapid.Int64().Draw(t, "ms")))
	})
	known  = rapid.OneOf(rapid.Map(texts, persistence.Text), times)
	values = rapid.OneOf(known, rapid.Just(persistence.Value{}))
)

var byName = customers.index("production", persistence.FieldName)

// The order of the keys is the order of the values, then of the customer ids.
func TestEntriesAreInOrderOfValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := values.Draw(t, "a"), values.Draw(t, "b")
		idA, idB := texts.Draw(t, "idA"), texts.Draw(t, "idB")
		want := cmp.Or(a.Compare(b), strings.Compare(idA, idB))
		if got := bytes.Compare(byName.entry(a, idA), byName.entry(b, idB)); got != want {
			t.Fatalf("the keys compare as %d, the values as %d", got, want)
		}
	})
}

func TestEntryLeadsToPrimaryKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, id := values.Draw(t, "value"), texts.Draw(t, "id")
		if got := byName.primaryKey(byName.entry(value, id)); string(got) != "production/"+id {
			t.Fatalf("got %q", got)
		}
	})
}

// No entry of one environment is in the range of another, even if one's name starts with the other's.
func TestEnvironmentsAreApart(t *testing.T) {
	environments := rapid.StringOfN(rapid.SampledFrom([]rune("\x00.0ab\u00ff")), 0, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		one, other := environments.Draw(t, "one"), environments.Draw(t, "other")
		for _, field := range persistence.CustomerSortFields {
			entry := customers.index(one, field).entry(known.Draw(t, "value"), texts.Draw(t, "id"))
			if customers.index(other, field).all().holds(entry) != (one == other) {
				t.Fatalf("range of %q and entry %q", other, entry)
			}
		}
	})
}

// What a condition leaves of an index holds every entry that satisfies it and, for the conditions that a
// range can express, no other.
func TestRangesHoldWhatSatisfies(t *testing.T) {
	exact := []persistence.Op{
		persistence.Equal, persistence.Greater, persistence.GreaterOrEqual, persistence.Less, persistence.LessOrEqual,
		persistence.In, persistence.Null, persistence.NotNull,
	}
	inexact := []persistence.Op{
		persistence.NotEqual, persistence.NotIn, persistence.Like, persistence.ILike, persistence.NotLike, persistence.NotILike,
	}
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.SampledFrom(persistence.CustomerSortFields).Draw(t, "field")
		operand, stored := known, values
		if field == persistence.FieldCustomerID {
			operand = rapid.Map(texts, persistence.Text)
			stored = operand
		}
		condition := persistence.Condition{Field: field, Op: rapid.SampledFrom(slices.Concat(exact, inexact)).Draw(t, "op")}
		switch condition.Op {
		case persistence.Null, persistence.NotNull:
		case persistence.In, persistence.NotIn:
			condition.Operands = rapid.SliceOfN(operand, 0, 4).Draw(t, "operands")
		case persistence.Like, persistence.ILike, persistence.NotLike, persistence.NotILike:
			pattern := rapid.StringOfN(rapid.SampledFrom([]rune("\x00a%_\\")), 0, 4, -1)
			condition.Operands = []persistence.Value{persistence.Text(pattern.Draw(t, "pattern"))}
		default:
			condition.Operands = []persistence.Value{operand.Draw(t, "operand")}
		}
		// The operands themselves are the values that are hard to get right.
		values := append([]persistence.Value{stored.Draw(t, "other")}, condition.Operands...)
		value := rapid.SampledFrom(values).Draw(t, "value")
		id, _ := value.AsText()
		if field != persistence.FieldCustomerID {
			id = texts.Draw(t, "id")
		}

		x := customers.index("production", field)
		entry := x.entry(value, id)
		holding := 0
		for _, r := range x.narrowed([]persistence.Condition{condition}) {
			if r.holds(entry) {
				holding++
			}
		}
		matches := condition.Matches(persistence.Row{field: value})
		precise := slices.Contains(exact, condition.Op)
		if holding > 1 || matches && holding == 0 || precise && !matches && holding == 1 {
			t.Fatalf("matches: %t, ranges that hold the entry: %d", matches, holding)
		}
	})
}

// A segment's range holds what the contract says of the segment.
func TestSegmentRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segment := persistence.Segment{
			Field: persistence.FieldName, Null: rapid.Bool().Draw(t, "null"), Descending: rapid.Bool().Draw(t, "descending"),
		}
		positioned := known
		if segment.Null {
			positioned = rapid.Just(persistence.Value{})
		}
		if rapid.Bool().Draw(t, "from") {
			segment.From = &persistence.Position{Value: positioned.Draw(t, "position"), WholeValue: rapid.Bool().Draw(t, "whole")}
			if !segment.From.WholeValue {
				segment.From.TieBreaker = texts.Draw(t, "tie")
			}
		}
		value, id := values.Draw(t, "value"), texts.Draw(t, "id")
		if segment.From != nil && rapid.Bool().Draw(t, "same value") {
			value = segment.From.Value
		}

		want := value.IsNull() == segment.Null
		if from := segment.From; from != nil {
			order := value.Compare(from.Value)
			if order == 0 && !from.WholeValue {
				order = strings.Compare(id, from.TieBreaker)
			}
			if segment.Descending {
				order = -order
			}
			want = want && (order > 0 || order == 0 && from.WholeValue)
		}
		if got := byName.segment(segment).holds(byName.entry(value, id)); got != want {
			t.Fatalf("the range holds the entry: %t, the segment wants it: %t", got, want)
		}
	})
}
