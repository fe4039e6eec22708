package persistence

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var testBinding = Scope{EnvironmentID: "production"}.binding([]Order{{Field: FieldName}, {Field: FieldCustomerID}})

func drawValue(t *rapid.T) Value {
	return rapid.OneOf(
		rapid.Just(Value{}),
		rapid.Map(rapid.String(), Text),
		rapid.Map(rapid.Int64Range(time.Time{}.UnixMilli(), 1<<48), func(ms int64) Value { return Time(time.UnixMilli(ms)) }),
	).Draw(t, "value")
}

func TestCursorHoldsItsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := make([]Value, rapid.IntRange(1, 4).Draw(t, "count"))
		for i := range values {
			values[i] = drawValue(t)
		}
		got, err := decodeCursor(testBinding, encodeCursor(testBinding, values), len(values))
		if err != nil || !slices.Equal(got, values) {
			t.Errorf("got %+v, %v, want %+v", got, err, values)
		}
	})
}

func TestDamagedCursorIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cursor := encodeCursor(testBinding, []Value{drawValue(t), drawValue(t)})
		damaged := []byte(cursor)
		at := rapid.IntRange(0, len(damaged)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "damage") {
		case 0:
			damaged[at] ^= rapid.ByteRange(1, 255).Draw(t, "change")
		case 1:
			damaged = slices.Delete(damaged, at, rapid.IntRange(at+1, len(damaged)).Draw(t, "to"))
		case 2:
			damaged = slices.Insert(damaged, at, rapid.Byte().Draw(t, "added"))
		}
		if string(damaged) != cursor {
			expectRefused(t, testBinding, string(damaged), 2)
		}
	})
}

func TestForeignCursorIsRefused(t *testing.T) {
	one := Condition{Field: FieldName, Op: Equal, Operands: []Value{Text("a")}}
	scopes := []Scope{
		{}, {EnvironmentID: "production"}, {EnvironmentID: "staging"}, {EnvironmentID: `production" nil`},
		{EnvironmentID: "production", Filter: one},
		{EnvironmentID: "production", Filter: And{one}}, {EnvironmentID: "production", Filter: Or{one}},
		{EnvironmentID: "production", Filter: And{one, one}}, {EnvironmentID: "production", Filter: And{And{one}, one}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldEmail, Op: Equal, Operands: []Value{Text("a")}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldName, Op: NotEqual, Operands: []Value{Text("a")}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldName, Op: Equal, Operands: []Value{Text("A")}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldName, Op: In, Operands: []Value{Text("a"), Text("b")}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldName, Op: In, Operands: []Value{Text(`a", "b`)}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{Time(time.UnixMilli(1))}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{Time(time.UnixMilli(2))}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{Now(time.UnixMilli(2))}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{Text("2")}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{Text("now")}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{{}}}},
		{EnvironmentID: "production", Filter: Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{Text("null")}}},
		{EnvironmentID: "production", Filter: Any{List: ListPhases, Filter: one}},
		{EnvironmentID: "production", Filter: Any{List: ListSubscriptions, Filter: one}},
		{EnvironmentID: "production", Filter: Any{List: ListPhases, Filter: And{one}}},
		{Collection: "plans", EnvironmentID: "production"},
		{Collection: "planVersions", EnvironmentID: "production"},
		{Collection: "production"},
	}
	orders := [][]Order{
		{{Field: FieldName}, {Field: FieldCustomerID}},
		{{Field: FieldName, Descending: true}, {Field: FieldCustomerID}},
		{{Field: FieldName, NullsFirst: true}, {Field: FieldCustomerID}},
		{{Field: FieldEmail}, {Field: FieldCustomerID}},
	}
	var bindings [][]byte
	for _, scope := range scopes {
		for _, order := range orders {
			bindings = append(bindings, scope.binding(order))
		}
	}
	values := []Value{Text("a"), Text("b")}
	for i, from := range bindings {
		for j, to := range bindings {
			if cursor := encodeCursor(from, values); i != j {
				expectRefused(t, to, cursor, len(values))
			}
		}
	}
}

// A walk may go on in another request, whose time is another.
func TestCursorIsGoodAtAnotherTime(t *testing.T) {
	scope := func(now time.Time) Scope {
		older := Condition{Field: FieldCreatedAt, Op: Less, Operands: []Value{Now(now)}}
		return Scope{Filter: And{older, Or{older, Any{List: ListPhases, Filter: Any{List: ListPhases, Filter: older}}}}}
	}
	order := []Order{{Field: FieldName}}
	earlier, later := scope(time.UnixMilli(1)).binding(order), scope(time.UnixMilli(2)).binding(order)
	values := []Value{Text("a")}
	if got, err := decodeCursor(later, encodeCursor(earlier, values), 1); err != nil || !slices.Equal(got, values) {
		t.Errorf("got %+v, %v, want %+v", got, err, values)
	}
}

func TestCursorOfAnotherLengthOrVersionIsRefused(t *testing.T) {
	values := []Value{Text("a"), Text("b")}
	cursor := encodeCursor(testBinding, values)
	expectRefused(t, testBinding, cursor, 1)
	expectRefused(t, testBinding, cursor, 3)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	raw[0]++
	expectRefused(t, testBinding, base64.RawURLEncoding.EncodeToString(raw), 2)
}

func TestWhatIsNoCursorIsRefused(t *testing.T) {
	for _, cursor := range []string{"", "=", "====", "A", "AQ", "AQAAAAAAAAAA", "%", "\x00", "\xff", "null", strings.Repeat("A", 1<<20)} {
		expectRefused(t, testBinding, cursor, 2)
	}
}

func expectRefused(t interface {
	Helper()
	Errorf(format string, args ...any)
}, binding []byte, cursor string, count int,
) {
	t.Helper()
	if values, err := decodeCursor(binding, cursor, count); !errors.Is(err, ErrInvalidCursor) || values != nil {
		t.Errorf("%q: got %+v, %v, want %v", cursor, values, err, ErrInvalidCursor)
	}
}

// FuzzDecodeCursor looks for a panic, and for a text that is accepted without having been made here.
func FuzzDecodeCursor(f *testing.F) {
	for _, values := range [][]Value{
		{Text("a"), Text("b")}, {{}, Text("b")}, {Time(time.UnixMilli(-1)), Text("")}, {Text("\x00<😀\n"), Text(`"`)},
	} {
		cursor := encodeCursor(testBinding, values)
		f.Add(cursor)
		f.Add(cursor + "\n")
		f.Add(cursor + "==")
		f.Add(cursor[:len(cursor)-1])
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		values, err := decodeCursor(testBinding, cursor, 2)
		if err != nil {
			expectRefused(t, testBinding, cursor, 2)
			return
		}
		if made := encodeCursor(testBinding, values); made != cursor {
			t.Errorf("accepted %q, which is %q", cursor, made)
		}
	})
}
