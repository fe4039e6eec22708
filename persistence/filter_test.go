package persistence_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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
		{name: "an underscore is one character", pattern: "a_", matches: []string{"ab", "a_", "a日", "a😀", "a\n", "a\x00", "ae\u0301"}, misses: []string{"a", "abc", "ae\u0301b"}},
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
		{name: "accents are composed", pattern: "Jos\u00e9", matches: []string{"Jos\u00e9", "Jose\u0301"}, misses: []string{"Jose", "jos\u00e9"}},
		{name: "accents are decomposed", pattern: "Jose\u0301", matches: []string{"Jos\u00e9", "Jose\u0301"}, misses: []string{"Jose"}},
		{name: "a letter does not find it with an accent", pattern: "Jose%", matches: []string{"Jose", "Josef"}, misses: []string{"Jos\u00e9", "Jose\u0301"}},
		{name: "a letter with its accent is one character", pattern: "Jos_", matches: []string{"Jos\u00e9", "Jose\u0301"}, misses: []string{"Jose\u0301\u0301\u0301x"}},
		{name: "an accent without a composed form is a character", pattern: "q_", matches: []string{"q\u0301"}, misses: []string{"q"}},
		{name: "two accents, composed in part", pattern: "%\u1ebf%", matches: []string{"\u1ebf", "x\u00ea\u0301y", "e\u0302\u0301"}, misses: []string{"\u00ea", "e\u0301\u0302"}},
		{name: "accents in another order", pattern: "a\u0323\u0302", matches: []string{"\u1ead", "\u00e2\u0323", "a\u0302\u0323"}},
		{name: "Hangul", pattern: "\uac01%", matches: []string{"\uac01", "\u1100\u1161\u11a8", "\uac00\u11a8x"}, misses: []string{"\uac00"}},
		{name: "a character that is another", pattern: "K%", matches: []string{"K", "\u212a", "\u212ax"}, misses: []string{"k"}},
		{name: "ignoring case, accents as well", pattern: "JOSE\u0301", ignoreCase: true, matches: []string{"jos\u00e9", "Jose\u0301", "JOS\u00c9"}, misses: []string{"jose"}},
		{name: "ignoring case, a letter composed in one case only", pattern: "\u01f0%", ignoreCase: true, matches: []string{"\u01f0", "J\u030c", "j\u030c", "J\u030Cx"}, misses: []string{"j"}},
		{name: "ignoring case, a final sigma is a sigma", pattern: "\u03c3%\u03a3", ignoreCase: true, matches: []string{"\u03a3\u03c2", "\u03c2\u03c3"}},
		{name: "ignoring case, a sharp s is no ss", pattern: "stra\u00dfe", ignoreCase: true, matches: []string{"STRA\u1e9eE", "Stra\u00dfe"}, misses: []string{"strasse", "STRASSE"}},
		{name: "ignoring case, a dotted I is no i", pattern: "\u0130", ignoreCase: true, matches: []string{"\u0130", "I\u0307"}, misses: []string{"i", "I", "\u0131"}},
		{name: "ignoring case, a dotless i is no i", pattern: "\u0131", ignoreCase: true, matches: []string{"\u0131"}, misses: []string{"i", "I"}},
		{name: "ignoring case, a long s is an s", pattern: "s", ignoreCase: true, matches: []string{"S", "\u017f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pattern := persistence.ParsePattern(test.pattern, test.ignoreCase)
			for _, text := range test.matches {
				if !pattern.Match(text) {
					t.Errorf("%q does not match %q", test.pattern, text)
				}
			}
			for _, text := range test.misses {
				if pattern.Match(text) {
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
		{"up to a letter with an accent", "Jos\u00e9", false, "Jos"},
		{"up to an accent", "Jose\u0301", false, "Jos"},
		{"letters of other scripts", "Иван 日%", false, "Иван 日"},
		{"up to Hangul, which can be stored in parts", "a한%", false, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := persistence.ParsePattern(test.pattern, test.ignoreCase).Starts(); !slices.Equal(got, []string{test.want}) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestOtherPrefixes(t *testing.T) {
	got := persistence.ParsePattern("aKb;K_", false).Starts()
	if want := []string{"aKb;K", "a\u212a", "aKb\u037e", "aKb;\u212a"}; !slices.Equal(got, want) {
		t.Errorf("got %+q, want %+q", got, want)
	}
}

// patternAlphabet has letters that compose, those that compose to, marks in several places, and what is something else in
// normal form C.
const patternAlphabet = "aAbBeEkKsSjJ\u00e4\u00c4\u00e9日%_\\.*$(\x00\n\u0301\u0308\u0302\u0323\u030c\u1ebf\u01f0\u212a\u017f\u00df\u1e9eσςΣİıΩ\u2126\u0390\u0345ι\u1fbe\u0344" +
	"\u1100\u1161\u11a8\uac00\uac01\u0915\u0958\u093c\u0f42\u0f43\u0fb7\ufa0e\ufa10\u585a;\u037e=\u2260\u0338\ufb2a\u05e9\u05c1"

func drawText(t *rapid.T, what string) string {
	return rapid.StringOfN(rapid.RuneFrom([]rune(patternAlphabet)), 0, 6, -1).Draw(t, what)
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

// drawPair is a pattern and a text, which is often one that the pattern nearly is.
func drawPair(t *rapid.T) (pattern, text string) {
	pattern, text = drawText(t, "pattern"), drawText(t, "text")
	if rapid.Bool().Draw(t, "alike") {
		text = strings.NewReplacer("%", rapid.SampledFrom([]string{"", "a", "\u0301"}).Draw(t, "run"), "_", "b", `\`, "").Replace(pattern)
	}
	form := rapid.SampledFrom([]func(string) string{norm.NFC.String, norm.NFD.String, func(s string) string { return s }})
	return form.Draw(t, "the pattern's form")(pattern), form.Draw(t, "the text's form")(text)
}

func TestPatternsMeanWhatLikeDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, text := drawPair(t)
		parsed := persistence.ParsePattern(pattern, false)
		got := parsed.Match(text)
		if want := likes([]rune(norm.NFC.String(pattern)), []rune(norm.NFC.String(text))); got != want {
			t.Errorf("%+q like %+q: got %t, want %t", text, pattern, got, want)
		}
	})
}

// TestPatternsIgnoreHowAccentsAreComposed: the same text in another normal form is the same text.
func TestPatternsIgnoreHowAccentsAreComposed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, text := drawPair(t)
		for _, ignoreCase := range []bool{false, true} {
			got := persistence.ParsePattern(pattern, ignoreCase).Match(text)
			for _, other := range []norm.Form{norm.NFC, norm.NFD} {
				if persistence.ParsePattern(pattern, ignoreCase).Match(other.String(text)) != got ||
					persistence.ParsePattern(other.String(pattern), ignoreCase).Match(text) != got {
					t.Errorf("%+q like %+q, ignoring case %t, is %t and the opposite in another form", text, pattern, ignoreCase, got)
				}
			}
		}
	})
}

// TestNothingIsMissed: what engines look for by prefix and by expression has all that matches.
func TestNothingIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, text := drawPair(t)
		for _, ignoreCase := range []bool{false, true} {
			parsed := persistence.ParsePattern(pattern, ignoreCase)
			expression, err := regexp.Compile(parsed.Expression())
			if err != nil {
				t.Fatalf("%q: %v", parsed.Expression(), err)
			}
			if strings.Contains(parsed.Expression(), "\x00") {
				t.Errorf("%q holds a NUL, which BSON would take for its end", parsed.Expression())
			}
			if !parsed.Match(text) {
				continue
			}
			if !expression.MatchString(text) {
				t.Errorf("%+q is like %+q, ignoring case %t, and %+q misses it", text, pattern, ignoreCase, parsed.Expression())
			}
			starts := parsed.Starts()
			if !slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(text, start) }) {
				t.Errorf("%+q is like %+q and starts with none of %+q", text, pattern, starts)
			}
		}
	})
}

// TestEveryCharacterIsFound: each character is like itself, in every normal form, by prefix, by expression and in any case.
func TestEveryCharacterIsFound(t *testing.T) {
	for r := rune(0); r <= 0x30000; r++ {
		plain := norm.NFD.IsNormalString(string(r)) && norm.NFC.IsNormalString(string(r)) && unicode.SimpleFold(r) == r
		if !utf8.ValidRune(r) || plain && r%64 != 0 {
			continue
		}
		for _, text := range []string{string(r), norm.NFC.String(string(r)), norm.NFD.String(string(r))} {
			for _, ignoreCase := range []bool{false, true} {
				parsed := persistence.ParsePattern(persistence.Escape(string(r)), ignoreCase)
				if !parsed.Match(text) {
					t.Fatalf("%+q is not like %+q, ignoring case %t", text, string(r), ignoreCase)
				}
				starts := parsed.Starts()
				if !slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(text, start) }) {
					t.Fatalf("%+q starts with none of %+q", text, starts)
				}
			}
		}
	}
}

func TestEscapedTextMatchesItselfAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, other := drawText(t, "text"), drawText(t, "other")
		pattern := persistence.ParsePattern(persistence.Escape(text), false)
		if !pattern.Match(text) {
			t.Errorf("%q does not match itself", text)
		}
		if pattern.Match(other) != (norm.NFC.String(text) == norm.NFC.String(other)) {
			t.Errorf("%q escaped matches %q", text, other)
		}
	})
}

// TestExpressionsAreBounded: a pattern of many wildcards costs no matcher much.
func TestExpressionsAreBounded(t *testing.T) {
	for _, pattern := range []string{strings.Repeat("a_", 100), strings.Repeat("a\u00e9", 100), strings.Repeat("%a", 100)} {
		expression := persistence.ParsePattern(pattern, true).Expression()
		if n := strings.Count(expression, ".*"); n > 8 {
			t.Errorf("%d runs in %q", n, expression)
		}
	}
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
