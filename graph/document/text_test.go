package document

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"pgregory.net/rapid"
)

// stringOf is the value of the string that is written in a document.
func stringOf(t *testing.T, written string) string {
	t.Helper()
	text := `{ a(b: ` + written + `) }`
	readable, refused := readText(text)
	if refused != nil {
		t.Fatal(refused)
	}
	document, err := parser.ParseQuery(&ast.Source{Input: readable.text})
	if err != nil {
		t.Fatal(err)
	}
	readable.correct(document)
	field, _ := document.Operations[0].SelectionSet[0].(*ast.Field)
	return field.Arguments[0].Value.Raw
}

func TestStringsOfDocuments(t *testing.T) {
	for name, c := range map[string]struct{ written, want string }{
		"no escape":                      {`"Ada 😀"`, "Ada 😀"},
		"the short escapes":              {`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		"four digits":                    {`"\u00e9\u00E9"`, "éé"},
		"a pair":                         {`"\uD83D\uDE00"`, "😀"},
		"a pair in small letters":        {`"\ud83d\ude00"`, "😀"},
		"two pairs":                      {`"\uD83D\uDE00\uD83D\uDE01"`, "😀😁"},
		"braces":                         {`"\u{1F600}"`, "😀"},
		"braces around one digit":        {`"\u{9}"`, "\t"},
		"braces around zeros":            {`"\u{00000000000000000041}"`, "A"},
		"braces around zero":             {`"\u{0}"`, "\x00"},
		"the last character":             {`"\u{10FFFF}"`, "\U0010FFFF"},
		"the one before the surrogates":  {`"\u{D7FF}"`, "\uD7FF"},
		"all kinds in one":               {`"a\n\u{1F600}é\"\uD83D\uDE00\u0041 \\u{1F600}"`, "a\n😀é\"😀A \\u{1F600}"},
		"a quotation mark by its number": {`"\u{22}"`, `"`},
		"a backslash before a u":         {`"\\u{1F600}\\uD83D"`, `\u{1F600}\uD83D`},
		"a block string has no escapes":  {`"""\u{1F600} \uD83D"""`, `\u{1F600} \uD83D`},
		"a block string has one":         {`"""a \""" b"""`, `a """ b`},
		"an empty string":                {`""`, ``},
		"an empty block string":          {`""""""`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stringOf(t, c.written); got != c.want {
				t.Errorf("%s is %q, not %q", c.written, got, c.want)
			}
		})
	}
}

// locationIn is where a part of a text is, as the GraphQL specification counts: lines end with CR, LF or both.
func locationIn(text, part string) gqlerror.Location {
	before, _, _ := strings.Cut(text, part)
	before = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(before)
	return gqlerror.Location{
		Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1,
	}
}

// mustBeAt reads a document and expects one error of a code at a part of it.
func mustBeAt(t *testing.T, text, part, code string) {
	t.Helper()
	_, _, errs := NewReader(Schema(), testLimits, true).Read(text)
	if len(errs) != 1 || errs[0].Extensions["code"] != code || len(errs[0].Locations) != 1 {
		t.Fatalf("%q: %v", text, errs)
	}
	if got, want := errs[0].Locations[0], locationIn(text, part); got != want {
		t.Errorf("%q: the error is at %+v, not %+v", text, got, want)
	}
}

// TestPlacesOfErrors: whatever stands before a mistake, its place is the one that the client sees.
func TestPlacesOfErrors(t *testing.T) {
	get := func(written string) string {
		return `getCustomerByRefId(input: { customerId: ` + written + ` }) { id }`
	}
	for name, before := range map[string]string{
		"nothing":                         `{ `,
		"a pair":                          `{ ` + get(`"\uD83D\uDE00"`) + ` `,
		"braces":                          `{ ` + get(`"\u{1F600}"`) + ` `,
		"a character of four bytes":       `{ ` + get(`"😀"`) + ` `,
		"a comment":                       "# \"😀\" \\u{1F600}\n{ ",
		"a comment at the end of a line":  "{ # é\r\n ",
		"lines that end with CR and LF":   "{\r\n\r\n  ",
		"lines that end with CR":          "{\r\r  ",
		"a block string":                  "{ " + get("\"\"\"é\n😀\r\n\r  a \\\"\"\" \"\" b\n\"\"\"") + " ",
		"a description":                   `"é 😀" query { `,
		"a description with escapes":      `"\u{1F600} \n \uD83D\uDE00" query { `,
		"a description of a few lines":    "\"\"\"\né 😀\r\n  b\r\n\"\"\"\r\nquery { ",
		"a description and a line":        "\"a\"\r\nquery A { ",
		"a description of a variable":     `query A("é" $a: Boolean = true "😀" $b: Boolean = true) { id: __typename @skip(if: $a) @include(if: $b) `,
		"a byte order mark":               "\uFEFF{ ",
		"a description of another":        "query A { __typename } \"\"\"é\n\"\"\" query B { ",
		"a fragment with a description":   "\"é\" fragment F on Query { __typename } query { ...F ",
		"a block string that is repeated": "{ a: " + get("\"\"\"é\n\"\"\"") + " b: " + get("\"\"\"é\n\n\"\"\"") + " ",
	} {
		t.Run(name, func(t *testing.T) {
			mustBeAt(t, before+`nothing }`, "nothing", errcode.ValidationFailed)
			mustBeAt(t, before+`! }`, "! }", errcode.ParseFailed)
		})
	}
}

// TestPlacesOfStrings: the mistake is a string itself.
func TestPlacesOfStrings(t *testing.T) {
	for name, c := range map[string]struct{ text, part, code string }{
		"a value of another type":            {"{\n  customers(paging: \"é\") { totalCount } }", `"é"`, errcode.ValidationFailed},
		"a block string of another type":     {"{ customers(paging: \"\"\"\né\n\n\"\"\") { totalCount } }", `"""`, errcode.ValidationFailed},
		"an escaped one of another type":     {`{ customers(paging: "\u{1F600}") { totalCount } }`, `"`, errcode.ValidationFailed},
		"in a list":                          {"{ customers(sorting: [\r\n\"\"\"é\n\"\"\"]) { totalCount } }", `"""`, errcode.ValidationFailed},
		"where there is no value":            {"{\n  \"é\" }", `"`, errcode.ParseFailed},
		"an empty one where there is none":   {`{ "" }`, `"`, errcode.ParseFailed},
		"a block string where there is none": {"{ __typename\n  \"\"\"\né\n\n\"\"\" }", `"""`, errcode.ParseFailed},
		"before the shorthand of a query":    {`"é" { __typename }`, `"`, errcode.ParseFailed},
		"before a field":                     {"{ __typename\n \"é\" __typename }", `"`, errcode.ParseFailed},
		"two before an operation":            {`"a" "b" query { __typename }`, `"a"`, errcode.ParseFailed},
		"behind the word query":              {`query "a" query { __typename }`, `"a"`, errcode.ParseFailed},
		"two before a variable":              {`query ("a" "b" $a: Int) { __typename }`, `"a"`, errcode.ParseFailed},
		"between a variable and its type":    {`query ($a "a" : Int) { __typename }`, `"a"`, errcode.ParseFailed},
		"before a type":                      {`query ($a: "a" Int) { __typename }`, `"a"`, errcode.ParseFailed},
		"behind the last variable":           {`query ($a: Int "a") { __typename }`, `"a"`, errcode.ParseFailed},
		"before a definition of a type":      {`"a" type Query { a: Int }`, `"a"`, errcode.ParseFailed},
		"not closed, and more lines":         {"query {\r\n \"a\n }", "\n }", errcode.ParseFailed},
		"half a pair":                        {`{ é: a(b: "x\uD83D") }`, `\uD83D`, errcode.ParseFailed},
		"the other half":                     {`{ a(b: "\uDE00") }`, `\uDE00`, errcode.ParseFailed},
		"halves the wrong way round":         {`{ a(b: "\uDE00\uD83D") }`, `\uDE00`, errcode.ParseFailed},
		"halves with something between":      {`{ a(b: "\uD83D \uDE00") }`, `\uD83D`, errcode.ParseFailed},
		"halves in two ways to write":        {`{ a(b: "\uD83D\u{DE00}") }`, `\uD83D`, errcode.ParseFailed},
		"half a pair in braces":              {`{ a(b: "\u{D83D}") }`, `\u{D83D}`, errcode.ParseFailed},
		"empty braces":                       {`{ a(b: "\u{}") }`, `\u{}`, errcode.ParseFailed},
		"braces that are not closed":         {`{ a(b: "\u{41") }`, `\u{41`, errcode.ParseFailed},
		"braces around another letter":       {`{ a(b: "\u{4G}") }`, `\u{4G}`, errcode.ParseFailed},
		"braces around a sign":               {`{ a(b: "\u{+41}") }`, `\u{+41}`, errcode.ParseFailed},
		"beyond the last character":          {`{ a(b: "\u{110000}") }`, `\u{110000}`, errcode.ParseFailed},
		"far beyond the last character":      {`{ a(b: "\u{FFFFFFFFFFFFFFFFF}") }`, `\u{FFF`, errcode.ParseFailed},
		"half a pair in a description":       {"\n\"\\uD83D\" query { __typename }", `\uD83D`, errcode.ParseFailed},
	} {
		t.Run(name, func(t *testing.T) {
			mustBeAt(t, c.text, c.part, c.code)
		})
	}
}

func TestDescriptions(t *testing.T) {
	for name, text := range map[string]string{
		"of a query":                  `"a" query { __typename }`,
		"of a query with a name":      `"""a""" query A { __typename }`,
		"of a mutation":               `"a" mutation A($input: ArchiveCustomerInput!) { archiveCustomer(input: $input) { id } }`,
		"of a fragment":               `query { ...F } "a" fragment F on Query { __typename }`,
		"of a fragment at first":      `"a" fragment F on Query { __typename } "b" query { ...F }`,
		"of a variable":               `query ("a" $a: Boolean!) { __typename @skip(if: $a) }`,
		"of a variable after another": `query ($a: Boolean! """b""" $b: Boolean!) { __typename @skip(if: $a) @include(if: $b) }`,
		"after a default":             `query ($a: String = "x" "b" $b: Boolean!) { customers(filter: { name: { eq: $a } }) { totalCount @skip(if: $b) } }`,
		"after a list":                `query ($a: [String!] = ["x" "y"], "b" $b: Boolean!) { customers(filter: { name: { in: $a } }) { totalCount @skip(if: $b) } }`,
		"that looks like a document":  `"query { nothing }" query { __typename }`,
		"with a comment behind":       "\"a\" # b\nquery { __typename }",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, errs := NewReader(Schema(), testLimits, true).Read(text); len(errs) > 0 {
				t.Errorf("%s: %v", text, errs)
			}
		})
	}
	// A string before a variable that is a default stays one.
	readable, refused := readText(`query ($a: String = "x" $b: Int) { a }`)
	if refused != nil || !strings.Contains(readable.text, `"x"`) || readable.descriptions != 0 {
		t.Errorf("%+v, %v", readable, refused)
	}
}

func TestDescriptionsCountAsTokens(t *testing.T) {
	limits := testLimits
	limits.Tokens = 8
	for text, refused := range map[string]bool{
		`query A { a: __typename }`:                  false,
		`"a" query A { a: __typename }`:              false,
		`"a" query A { a: __typename } "b" query`:    true,
		`"a" query A("b" $a: Int) { a: __typename }`: true,
	} {
		_, _, errs := NewReader(Schema(), limits, true).Read(text)
		if got := len(errs) == 1 && strings.Contains(errs[0].Message, "tokens"); got != refused {
			t.Errorf("%s: %v", text, errs)
		}
	}
}

// TestTextsKeepTheirShape: what is made of a text has the same characters at the same places, but for escapes and
// descriptions.
func TestTextsKeepTheirShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkShape(t, strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{
			`"`, `"""`, `\`, `\"`, `\u`, `\u{1F600}`, `\uD83D\uDE00`, `\u0041`, `{`, `}`, `(`, `)`, `$`, `=`, `@`, "\r", "\n", "\r\n",
			"é", "😀", " ", "#", "query", "fragment", "a", "1", ":", "[", "]", "\uFEFF", ",",
		})).Draw(t, "parts"), ""))
	})
}

func FuzzDocumentText(f *testing.F) {
	for _, text := range []string{
		`"a" query ("b" $a: Int = 1) { a(b: "\u{1F600}") }`, "\"\"\"\r\né\"\"\"\r\nquery { a }", `{ a(b: "\uD83D\uDE00") }`, `"\uD83D`, "{ # \"\r\n }",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) {
			checkShape(t, text)
		}
	})
}

func checkShape(t rapid.TB, text string) {
	t.Helper()
	readable, refused := readText(text)
	if refused != nil {
		return
	}
	lines := func(s string) []string { return strings.Split(strings.ReplaceAll(s, "\r\n", " \n"), "\n") }
	before, after := lines(text), lines(readable.text)
	if len(before) != len(after) {
		t.Fatalf("%q has %d lines, %q has %d", text, len(before), readable.text, len(after))
	}
	for i := range before {
		if utf8.RuneCountInString(before[i]) != utf8.RuneCountInString(after[i]) {
			t.Fatalf("line %d of %q is %q in %q", i+1, text, after[i], readable.text)
		}
	}
	if _, refused := readText(readable.text); refused != nil {
		t.Fatalf("%q is %q, which is refused: %v", text, readable.text, refused)
	}
	// The strings are those that gqlparser sees, at the same places: a string that one of them takes for a comment, or for
	// something else, could hide anything.
	lexed := lexer.New(&ast.Source{Input: readable.text})
	for token, _ := lexed.ReadToken(); token.Kind != lexer.EOF && token.Kind != lexer.Invalid; token, _ = lexed.ReadToken() {
		if token.Kind != lexer.String && token.Kind != lexer.BlockString {
			continue
		}
		if _, known := readable.strings[token.Pos.Start]; !known {
			t.Fatalf("%q: the string at %d is not known", text, token.Pos.Start)
		}
	}
	document, err := parser.ParseQuery(&ast.Source{Input: readable.text})
	if err == nil {
		readable.correct(document)
	}
}
