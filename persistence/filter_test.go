package persistence_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clientele/persistence"
)

func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		name       string
		pattern    string
		ignoreCase bool
		matches    []string
		misses     []string
	}{
		{name: "a pattern without wildcards is equality", pattern: "ab", matches: []string{"ab"}, misses: []string{"", "a", "abc", "xab", "AB", "ab\n"}},
		{name: "an empty pattern matches the empty text", pattern: "", matches: []string{""}, misses: []string{"a", "\n"}},
		{name: "a percent sign is any run", pattern: "a%b", matches: []string{"ab", "axb", "axxb", "ab b", "a%b"}, misses: []string{"a", "abc", "xab"}},
		{name: "a percent sign alone matches everything", pattern: "%", matches: []string{"", "a", "\n", "\x00", "日本"}},
		{name: "an underscore is one character", pattern: "a_", matches: []string{"ab", "a_", "a日", "a😀", "a\n", "a\x00"}, misses: []string{"a", "abc", "ae\u0301"}},
		{name: "a backslash escapes a percent sign", pattern: `a\%`, matches: []string{"a%"}, misses: []string{"a", "ab", `a\`, `a\%`}},
		{name: "a backslash escapes an underscore", pattern: `\_`, matches: []string{"_"}, misses: []string{"a", `\_`}},
		{name: "a backslash escapes a backslash", pattern: `\\`, matches: []string{`\`}, misses: []string{`\\`, ""}},
		{name: "a backslash before a letter is the letter", pattern: `\d\n`, matches: []string{"dn"}, misses: []string{"1\n", `\d\n`}},
		{name: "a backslash at the end stands for itself", pattern: `a\`, matches: []string{`a\`}, misses: []string{"a", `a\\`}},
		{name: "an escaped backslash leaves the wildcard be", pattern: `\\%`, matches: []string{`\`, `\a`}, misses: []string{"%", `%\`}},
		{name: "case is kept", pattern: "Ä%", matches: []string{"Ä", "Äb"}, misses: []string{"ä"}},
		{name: "case is ignored", pattern: "aÄя", ignoreCase: true, matches: []string{"aÄя", "AäЯ"}, misses: []string{"aaя"}},
		{name: "case is ignored around wildcards", pattern: `%B\_`, ignoreCase: true, matches: []string{"b_", "AB_"}, misses: []string{"bx"}},
		{name: "a regular expression is literal", pattern: ".*", matches: []string{".*"}, misses: []string{"", "a", ".a"}},
		{name: "anchors are literal", pattern: "^a$", matches: []string{"^a$"}, misses: []string{"a"}},
		{name: "groups and classes are literal", pattern: "(a|b)[c]{1}+?", matches: []string{"(a|b)[c]{1}+?"}, misses: []string{"ac"}},
		{name: "a flag is literal", pattern: "(?i)a", matches: []string{"(?i)a"}, misses: []string{"A", "a"}},
		{name: "a run goes across lines", pattern: "a%b", matches: []string{"a\nb", "a\r\n\nb"}},
		{name: "the end is the end of the text, not of a line", pattern: "%a", matches: []string{"a", "b\na"}, misses: []string{"a\n", "a\nb"}},
		{name: "the start is the start of the text, not of a line", pattern: "a%", matches: []string{"a\nb"}, misses: []string{"b\na"}},
		{name: "NUL is a character", pattern: "a\x00%", matches: []string{"a\x00", "a\x00b"}, misses: []string{"a", "ab", "a0"}},
		{name: "an accent of its own is a character", pattern: "e_", matches: []string{"e\u0301"}, misses: []string{"\u00e9"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pattern := persistence.ParsePattern(test.pattern, test.ignoreCase)
			for _, text := range test.matches {
				if !pattern.Regexp().MatchString(text) {
					t.Errorf("%q does not match %q", test.pattern, text)
				}
			}
			for _, text := range test.misses {
				if pattern.Regexp().MatchString(text) {
					t.Errorf("%q matches %q", test.pattern, text)
				}
			}
			if strings.Contains(pattern.Expression(), "\x00") {
				t.Errorf("%q holds a NUL, which BSON would take for its end", pattern.Expression())
			}
		})
	}
}

func TestPrefixOfAPattern(t *testing.T) {
	for _, test := range []struct {
		name       string
		pattern    string
		ignoreCase bool
		want       string
	}{
		{"up to a percent sign", "ab%c", false, "ab"},
		{"up to an underscore", "ab_c", false, "ab"},
		{"all of a pattern without wildcards", "ab", false, "ab"},
		{"escaped wildcards belong to it", `a\%\_\\b%`, false, `a%_\b`},
		{"a backslash at the end belongs to it", `a\`, false, `a\`},
		{"NUL belongs to it", "a\x00b%", false, "a\x00b"},
		{"nothing before a wildcard", "%a", false, ""},
		{"nothing when case is ignored", "ab%", true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := persistence.ParsePattern(test.pattern, test.ignoreCase).Prefix; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

const patternAlphabet = "aAbä日%_\\.*$(\x00\n"

func drawText(t *rapid.T, what string) string {
	return rapid.StringOfN(rapid.RuneFrom([]rune(patternAlphabet)), 0, 5, -1).Draw(t, what)
}

// likes is the meaning of a pattern in the plainest words.
func likes(pattern, text []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch {
	case pattern[0] == '%':
		return likes(pattern[1:], text) || len(text) > 0 && likes(pattern, text[1:])
	case pattern[0] == '\\' && len(pattern) > 1:
		pattern = pattern[1:]
	case pattern[0] == '_':
		return len(text) > 0 && likes(pattern[1:], text[1:])
	}
	return len(text) > 0 && text[0] == pattern[0] && likes(pattern[1:], text[1:])
}

func TestPatternsMeanWhatLikeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, text := drawText(t, "pattern"), drawText(t, "text")
		parsed := persistence.ParsePattern(pattern, false)
		got := parsed.Regexp().MatchString(text)
		if want := likes([]rune(pattern), []rune(text)); got != want {
			t.Errorf("%q like %q: got %t, want %t", text, pattern, got, want)
		}
		if got && !strings.HasPrefix(text, parsed.Prefix) {
			t.Errorf("%q is like %q and does not start with its prefix %q", text, pattern, parsed.Prefix)
		}
	})
}

func TestEscapedTextMatchesItselfAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, other := drawText(t, "text"), drawText(t, "other")
		pattern := persistence.ParsePattern(persistence.Escape(text), false).Regexp()
		if !pattern.MatchString(text) {
			t.Errorf("%q does not match itself", text)
		}
		if pattern.MatchString(other) != (text == other) {
			t.Errorf("%q escaped matches %q", text, other)
		}
	})
}

func TestEveryPatternIsARegularExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := persistence.ParsePattern(rapid.String().Draw(t, "pattern"), rapid.Bool().Draw(t, "ignore case"))
		if _, err := regexp.Compile(pattern.Expression()); err != nil {
			t.Errorf("%q: %v", pattern.Expression(), err)
		}
	})
}

func condition(op persistence.Op, operands ...persistence.Value) persistence.Condition {
	return persistence.Condition{Field: persistence.FieldName, Op: op, Operands: operands}
}

// uniform is a document whose every field holds one value, and whose every list one such document.
type uniform persistence.Value

func (u uniform) Value(persistence.Field) persistence.Value { return persistence.Value(u) }

func (u uniform) Elements(persistence.List) []persistence.Document { return []persistence.Document{u} }

// matches evaluates a filter over a document whose every field holds v, compiled and not.
func matches(t *testing.T, filter persistence.Filter, v persistence.Value) bool {
	t.Helper()
	got := filter.Matches(uniform(v))
	if persistence.Compiled(filter).Matches(uniform(v)) != got {
		t.Errorf("%#v means something else when compiled", filter)
	}
	return got
}

func TestOperators(t *testing.T) {
	text := persistence.Text
	at := func(ms int64) persistence.Value { return persistence.Time(time.UnixMilli(ms)) }
	now := func(ms int64) persistence.Value { return persistence.Now(time.UnixMilli(ms)) }
	null := persistence.Value{}
	for _, test := range []struct {
		name      string
		condition persistence.Condition
		matches   []persistence.Value
		misses    []persistence.Value
	}{
		{"eq", condition(persistence.Equal, text("b")), []persistence.Value{text("b")}, []persistence.Value{text("B"), text(""), null}},
		{"eq empty", condition(persistence.Equal, text("")), []persistence.Value{text("")}, []persistence.Value{text("a"), null}},
		{"neq", condition(persistence.NotEqual, text("b")), []persistence.Value{text("B"), text("")}, []persistence.Value{text("b"), null}},
		{"gt", condition(persistence.Greater, text("b")), []persistence.Value{text("b\x00"), text("c"), text("ä")}, []persistence.Value{text("b"), text("a"), text("C"), null}},
		{"gte", condition(persistence.GreaterOrEqual, text("b")), []persistence.Value{text("b"), text("c")}, []persistence.Value{text("a"), null}},
		{"lt", condition(persistence.Less, text("b")), []persistence.Value{text("a"), text("C"), text("")}, []persistence.Value{text("b"), text("c"), null}},
		{"lte", condition(persistence.LessOrEqual, text("b")), []persistence.Value{text("b"), text("a")}, []persistence.Value{text("c"), null}},
		{"in", condition(persistence.In, text("a"), text("b")), []persistence.Value{text("a"), text("b")}, []persistence.Value{text("c"), text("A"), null}},
		{"in nothing", condition(persistence.In), nil, []persistence.Value{text("a"), text(""), null}},
		{"notIn", condition(persistence.NotIn, text("a"), text("b")), []persistence.Value{text("c"), text("")}, []persistence.Value{text("a"), null}},
		{"notIn nothing", condition(persistence.NotIn), []persistence.Value{text("a"), text("")}, []persistence.Value{null}},
		{"like", condition(persistence.Like, text("a%")), []persistence.Value{text("a"), text("ab")}, []persistence.Value{text("A"), text("b"), null}},
		{"notLike", condition(persistence.NotLike, text("a%")), []persistence.Value{text("A"), text("")}, []persistence.Value{text("ab"), null}},
		{"iLike", condition(persistence.ILike, text("a%")), []persistence.Value{text("a"), text("Ab")}, []persistence.Value{text("b"), null}},
		{"notILike", condition(persistence.NotILike, text("a%")), []persistence.Value{text("b"), text("")}, []persistence.Value{text("Ab"), null}},
		{"like everything", condition(persistence.Like, text("%")), []persistence.Value{text("a"), text("")}, []persistence.Value{null}},
		{"null", condition(persistence.Null), []persistence.Value{null}, []persistence.Value{text(""), text("a"), at(0)}},
		{"notNull", condition(persistence.NotNull), []persistence.Value{text(""), text("a"), at(0)}, []persistence.Value{null}},
		{"eq time", condition(persistence.Equal, at(5)), []persistence.Value{at(5)}, []persistence.Value{at(4), at(6), at(-5), null}},
		{"neq time", condition(persistence.NotEqual, at(5)), []persistence.Value{at(4)}, []persistence.Value{at(5), null}},
		{"gt time", condition(persistence.Greater, at(5)), []persistence.Value{at(6)}, []persistence.Value{at(5), at(-6), null}},
		{"gte time", condition(persistence.GreaterOrEqual, at(5)), []persistence.Value{at(5), at(6)}, []persistence.Value{at(4), null}},
		{"lt time", condition(persistence.Less, at(-5)), []persistence.Value{at(-6)}, []persistence.Value{at(-5), at(5), null}},
		{"lte time", condition(persistence.LessOrEqual, at(-5)), []persistence.Value{at(-5), at(-6)}, []persistence.Value{at(-4), null}},
		{"gt now", condition(persistence.Greater, now(5)), []persistence.Value{at(6)}, []persistence.Value{at(5), null}},
		{"eq now", condition(persistence.Equal, now(5)), []persistence.Value{at(5), now(5)}, []persistence.Value{at(6), null}},
		{"in now", condition(persistence.In, now(5)), []persistence.Value{at(5), now(5)}, []persistence.Value{at(6), null}},
		{"notIn now", condition(persistence.NotIn, now(5)), []persistence.Value{at(6)}, []persistence.Value{at(5), null}},
		{"in times", condition(persistence.In, at(1), at(2)), []persistence.Value{at(2)}, []persistence.Value{at(3), null}},
		{"notIn times", condition(persistence.NotIn, at(1), at(2)), []persistence.Value{at(3)}, []persistence.Value{at(1), null}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, v := range test.matches {
				if !matches(t, test.condition, v) {
					t.Errorf("misses %+v", v)
				}
			}
			for _, v := range test.misses {
				if matches(t, test.condition, v) {
					t.Errorf("matches %+v", v)
				}
			}
		})
	}
}

func TestAndOr(t *testing.T) {
	a, b := condition(persistence.Like, persistence.Text("a%")), condition(persistence.Like, persistence.Text("%b"))
	for _, test := range []struct {
		name    string
		filter  persistence.Filter
		matches []string
		misses  []string
	}{
		{"and", persistence.And{a, b}, []string{"ab"}, []string{"a", "b", "c"}},
		{"or", persistence.Or{a, b}, []string{"ab", "a", "b"}, []string{"c"}},
		{"an empty and matches everything", persistence.And{}, []string{"a", ""}, nil},
		{"an empty or matches nothing", persistence.Or{}, nil, []string{"a", ""}},
		{"nested", persistence.And{persistence.Or{a, b}, persistence.Or{b}}, []string{"ab", "b"}, []string{"a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, text := range test.matches {
				if !matches(t, test.filter, persistence.Text(text)) {
					t.Errorf("misses %q", text)
				}
			}
			for _, text := range test.misses {
				if matches(t, test.filter, persistence.Text(text)) {
					t.Errorf("matches %q", text)
				}
			}
		})
	}
}

// holder is a document with lists.
type holder struct {
	persistence.Row

	lists map[persistence.List][]persistence.Document
}

func (h holder) Elements(list persistence.List) []persistence.Document { return h.lists[list] }

func TestAny(t *testing.T) {
	named := func(names ...string) []persistence.Document {
		var out []persistence.Document
		for _, name := range names {
			out = append(out, persistence.Row{persistence.FieldName: persistence.Text(name)})
		}
		return out
	}
	document := holder{
		Row: persistence.Row{persistence.FieldName: persistence.Text("outside")},
		lists: map[persistence.List][]persistence.Document{
			persistence.ListPhases: named("ab", "c"),
			persistence.ListSubscriptions: {
				holder{lists: map[persistence.List][]persistence.Document{persistence.ListPhases: named("x")}},
				holder{lists: map[persistence.List][]persistence.Document{persistence.ListPhases: named("y", "z")}},
			},
		},
	}
	phase := func(filter persistence.Filter) persistence.Filter {
		return persistence.Any{List: persistence.ListPhases, Filter: filter}
	}
	like := func(pattern string) persistence.Filter { return condition(persistence.Like, persistence.Text(pattern)) }
	for _, test := range []struct {
		name   string
		filter persistence.Filter
		want   bool
	}{
		{"one of them", phase(like("c")), true},
		{"none of them", phase(like("d")), false},
		{"the document itself is not one of them", phase(like("outside")), false},
		{"one of them has both", phase(persistence.And{like("a%"), like("%b")}), true},
		{"two of them have one each", phase(persistence.And{like("a%"), like("c")}), false},
		{"two of them, each by its own", persistence.And{phase(like("a%")), phase(like("c"))}, true},
		{"any of a list", phase(persistence.And{}), true},
		{"any of an empty list", persistence.Any{List: persistence.ListPromotionalEntitlements, Filter: persistence.And{}}, false},
		{"in a list of lists", persistence.Any{List: persistence.ListSubscriptions, Filter: phase(like("z"))}, true},
		{"not in a list of lists", persistence.Any{List: persistence.ListSubscriptions, Filter: phase(like("ab"))}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.filter.Matches(document); got != test.want {
				t.Errorf("matches: %t, want %t", got, test.want)
			}
			if got := persistence.Compiled(test.filter).Matches(document); got != test.want {
				t.Errorf("matches when compiled: %t, want %t", got, test.want)
			}
		})
	}
}

func TestNoFilterCompilesToEverything(t *testing.T) {
	if !persistence.Compiled(nil).Matches(persistence.Row{}) {
		t.Error("a nil filter misses")
	}
}

func TestFilterReadsItsOwnField(t *testing.T) {
	filter := persistence.Compiled(condition(persistence.Equal, persistence.Text("a")))
	row := persistence.Row{persistence.FieldName: persistence.Text("a"), persistence.FieldEmail: persistence.Text("b")}
	if !filter.Matches(row) {
		t.Error("the condition reads another field than it names")
	}
}

func TestValuesOrder(t *testing.T) {
	// Each value comes before the one after it.
	for _, values := range [][]persistence.Value{
		{{}, persistence.Text(""), persistence.Text("\x00"), persistence.Text("A"), persistence.Text("a"), persistence.Text("a\x00"), persistence.Text("ab"), persistence.Text("ä"), persistence.Text("😀")},
		{{}, persistence.Time(time.Time{}), persistence.Time(time.UnixMilli(-1)), persistence.Time(time.UnixMilli(0)), persistence.Time(time.UnixMilli(1))},
	} {
		for i, a := range values {
			for j, b := range values {
				if got := a.Compare(b); got < 0 != (i < j) || got == 0 != (i == j) {
					t.Errorf("%+v compared with %+v is %d", a, b, got)
				}
			}
		}
	}
}

func TestTimeIsAMillisecondInUTC(t *testing.T) {
	at := time.Date(2024, time.March, 31, 2, 30, 0, 123999999, time.FixedZone("Berlin", 2*60*60))
	got, isTime := persistence.Time(at).AsTime()
	if want := time.Date(2024, time.March, 31, 0, 30, 0, 123000000, time.UTC); !isTime || got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, isText := persistence.Time(at).AsText(); isText {
		t.Error("a time is a text")
	}
	if _, isTime := persistence.Text("a").AsTime(); isTime {
		t.Error("a text is a time")
	}
	if !persistence.NullableText(nil).IsNull() || persistence.NullableText(new("")).IsNull() {
		t.Error("a nullable text is null if it is there")
	}
}
