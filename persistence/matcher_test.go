package persistence

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Pattern says what a pattern means; texts and patterns are made of characters that are special, that compose, or that
// differ from others in case only.
func TestCompiledPatternsMeanTheSame(t *testing.T) {
	t.Parallel()
	characters := []rune{'a', 'A', 'k', 'K', 'K', 's', 'ſ', 'ß', 'ẞ', 'ı', 'İ', 'i', 'σ', 'ς', 'Σ', 'é', 'e', '\u0301', '\u0323', 'J', '\u030c', 'ǰ', '.', '*', '\n', 0, '😀'}
	inText := rapid.StringOfN(rapid.SampledFrom(characters), 0, 8, -1)
	inPattern := rapid.StringOfN(rapid.SampledFrom(append([]rune{'%', '%', '%', '_', '_', '\\'}, characters...)), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		text, source := inText.Draw(t, "text"), inPattern.Draw(t, "pattern")
		row := Row{FieldName: Text(text)}
		for _, op := range []Op{Like, NotLike, ILike, NotILike} {
			c := Condition{Field: FieldName, Op: op, Operands: []Value{Text(source)}}
			if got, want := Compiled(c).Matches(row), c.Matches(row); got != want {
				t.Fatalf("%q %s %q is %t, want %t", text, op, source, got, want)
			}
		}
	})
}

func TestInComparesAsItsMeaningDoes(t *testing.T) {
	t.Parallel()
	at, _ := Value{kind: timeKind, ms: 5}.AsTime()
	for _, v := range []Value{Text("a"), Text("b"), Time(at), Now(at), {}} {
		for _, op := range []Op{In, NotIn} {
			c := Condition{Field: FieldName, Op: op, Operands: []Value{Text("a"), Now(at)}}
			if got, want := Compiled(c).Matches(Row{FieldName: v}), c.Matches(Row{FieldName: v}); got != want {
				t.Errorf("%#v %s is %t, want %t", v, op, got, want)
			}
		}
	}
}

// reads counts how often a document is asked for a value.
type reads struct {
	Row

	values *int
}

func (r reads) Value(field Field) Value {
	*r.values++
	return r.Row.Value(field)
}

func TestAMatcherCountsConditionsAndReadsAValueOnce(t *testing.T) {
	t.Parallel()
	or := make(Or, 100)
	for i := range or {
		or[i] = Condition{Field: FieldName, Op: ILike, Operands: []Value{Text(fmt.Sprintf("%%%d%%", i))}}
	}
	for _, c := range []struct {
		what        string
		filter      Filter
		conditions  int
		readsOfName int
	}{
		{"no filter", nil, 0, 0},
		{"one condition", or[0], 1, 1},
		{"an or without a match", or, 100, 1},
		{"an or that matches", append(Or{Condition{Field: FieldName, Op: NotNull}}, or...), 1, 1},
		{"an and that does not match", append(And{Condition{Field: FieldName, Op: Null}}, or[0]), 1, 1},
		{"an and that matches", And{Condition{Field: FieldName, Op: NotNull}, Condition{Field: FieldName, Op: NotNull}}, 2, 1},
		{"an empty list", Any{List: ListPhases, Filter: And{}}, 1, 0},
	} {
		values := 0
		m := NewMatcher(c.filter)
		for range 2 {
			m.Matches(reads{Row{FieldName: Text("Ada")}, &values})
		}
		if m.Conditions() != 2*c.conditions || values != 2*c.readsOfName {
			t.Errorf("%s: two documents took %d conditions and %d reads, want %d and %d",
				c.what, m.Conditions(), values, 2*c.conditions, 2*c.readsOfName)
		}
	}
}

func BenchmarkOrOf100Patterns(b *testing.B) {
	or := make(Or, 100)
	for i := range or {
		or[i] = Condition{Field: FieldName, Op: ILike, Operands: []Value{Text(fmt.Sprintf("%%nobody %d%%", i))}}
	}
	row := Row{FieldName: Text("Customer number 4711 of the benchmark")}
	b.Run("compiled", func(b *testing.B) {
		m := NewMatcher(or)
		for b.Loop() {
			m.Matches(row)
		}
	})
	b.Run("one by one", func(b *testing.B) {
		var tests []func(Value) bool
		for _, c := range or {
			tests = append(tests, c.(Condition).test())
		}
		for b.Loop() {
			for _, test := range tests {
				test(row.Value(FieldName))
			}
		}
	})
}
