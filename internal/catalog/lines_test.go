package catalog

import (
	"errors"
	"strings"
	"testing"
)

// mistakes are files with one mistake each. HERE is in the line where an author would look for it.
var mistakes = map[string]struct{ text, message string }{
	"a tab as indentation":                 {"coupons:\n\t- id: HERE\n", "cannot start any token"},
	"a tab further in":                     {"coupons:\n  - id: c\n\tname: HERE\n", "tab character"},
	"a block that is indented too far":     {"coupons:\n  - id: c\n     name: HERE\n", "mapping values"},
	"a block that is indented too little":  {"# comment\ncoupons:\n  - id: c\n name: HERE\n", "did not find expected key"},
	"a field without a colon":              {"coupons:\n  - id: c\n    name HERE\n    percent: 5\n", "could not find expected ':'"},
	"a list without a colon":               {"# comment\ncoupons\nplans: [] # HERE\n", "does the line before it lack a colon"},
	"a text with a colon":                  {"coupons:\n  - id: c\n    name: C: HERE\n", "mapping values"},
	"a text that begins with @":            {"coupons:\n  - id: c\n    name: @HERE\n", "cannot start any token"},
	"an unknown escape":                    {"coupons:\n  - id: c\n    name: \"\\q HERE\"\n", "unknown escape"},
	"a quote that is never closed":         {"coupons:\n  - id: c\n    name: \"HERE\n    percent: 5\nplans: []\n", "end of stream, before the end of the file"},
	"a bracket that is never closed":       {"coupons:\n  - {id: c, # HERE\nplans: []\n", "did not find expected ',' or '}'"},
	"a list that is never closed":          {"coupons: [ # HERE\n", "before the end of the file"},
	"JSON without a comma":                 {"{\n  \"features\": [\n    {\"id\": \"a\"}\n    {\"id\": \"HERE\"}\n  ]\n}\n", "in the block that begins in line "},
	"JSON without a colon":                 {"{\n  \"features\": [],\n  \"HERE\" []\n}\n", "did not find expected ',' or '}'"},
	"JSON without its end":                 {"{ \"HERE\": [],\n  \"features\": [\n  ]\n", "before the end of the file"},
	"a field next to a list":               {"coupons:\n  - id: c\n  name: HERE\n", "did not find expected '-' indicator"},
	"an unknown anchor":                    {"coupons:\n  - id: c\n    name: *HERE\n", "unknown anchor"},
	"an unknown anchor in the first line":  {"coupons: *HERE\n", "unknown anchor"},
	"a second document":                    {"coupons: []\n# comment\n\n--- # HERE\nplans: []\n", "a second one begins here"},
	"a second document, empty":             {"---\ncoupons: []\n--- # HERE\n", "a second one begins here"},
	"a mistake in the second":              {"coupons: []\n---\nplans: [}HERE\n", "did not find"},
	"a duplicate list":                     {"coupons: []\nplans: []\ncoupons: [] # HERE\n", "is a duplicate"},
	"a duplicate field":                    {"coupons:\n  - id: c\n    name: C\n    percent: 5\n    id: HERE\n", "is a duplicate"},
	"a duplicate field in braces":          {"coupons:\n  - {id: c, name: C,\n     percent: 5,\n     id: HERE}\n", "is a duplicate"},
	"a merge key":                          {"coupons:\n  - &c {id: c, name: C, percent: 5}\n  - id: d\n    <<: *c # HERE\n", "merge keys"},
	"a tag":                                {"coupons:\n  - name: C\n    percent: 5\n    id: !!binary HERE\n", "YAML tag"},
	"after an anchor":                      {"features:\n  - id: f\n    name: F\n    type: BOOLEAN\n    metadata: &m\n      a: 1\n    status: HERE\ncoupons:\n  - {id: c, name: C, percent: 5, metadata: *m}\n", "status"},
	"an alias":                             {"features:\n  - id: f\n    name: &n F\n    type: BOOLEAN\n    meter: *n # HERE\n", "meter"},
	"after a literal block":                {"coupons:\n  - id: c\n    name: C\n    description: |\n      one\n\n      two\n\n    percent: 500 # HERE\n", "at most 100"},
	"after a folded block":                 {"coupons:\n  - id: c\n    name: C\n    description: >-\n      one\n      two\n    percent: 500 # HERE\n", "at most 100"},
	"after a quoted text of several lines": {"coupons:\n  - id: c\n    name: C\n    description: \"one\n\n      two\"\n    percent: 500 # HERE\n", "at most 100"},
	"after a plain text of several lines":  {"coupons:\n  - id: c\n    name: one\n      two\n    percent: 500 # HERE\n", "at most 100"},
	"after comments":                       {"# one\n\ncoupons:\n# two\n  - id: c\n    # three\n    name: C\n\n    percent: 500 # HERE\n", "at most 100"},
	"after a directive":                    {"%YAML 1.1\n---\ncoupons:\n  - {id: c, name: C, percent: 500} # HERE\n", "at most 100"},
	"an unknown YAML version":              {"%YAML 3.0 # HERE\n---\ncoupons: []\n", "incompatible"},
	"in braces of several lines":           {"coupons:\n  - {id: c,\n     name: C,\n     percent: 500} # HERE\n", "at most 100"},
	"a missing field":                      {"coupons:\n  - name: C # HERE\n    percent: 5\n", "is missing"},
	"a control character":                  {"coupons:\n  - id: c\n    name: \"\x01HERE\"\n", "U+0001"},
	"a byte that is not UTF-8":             {"coupons:\n  - id: c\n    name: \"\xffHERE\"\n", "0xFF"},
	"a line separator in a text":           {"coupons:\n  - id: c\n    name: 'a\u2028b'\n    percent: 500 # HERE\n", "at most 100"},
	"a next-line character":                {"coupons:\n  - id: c\n    name: 'a\u0085b'\n    percent: 500 # HERE\n", "at most 100"},
	"after a paragraph separator":          {"coupons:\n  - id: c\n    name: 'a\u2029b'\n     percent: 500 # HERE\n", ""},
	"the last line without a line break":   {"coupons:\n  - id: c\n    name: C\n    percent: 500 # HERE", "at most 100"},
	"the first line":                       {"coupons: a: HERE\n", "mapping values"},
}

func TestProblemsHaveTheLineOfTheMistake(t *testing.T) {
	t.Parallel()
	forms := map[string]func(string) string{
		"as it is": func(text string) string { return text },
		"CRLF":     func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") },
		"CR":       func(text string) string { return strings.ReplaceAll(text, "\n", "\r") },
		"BOM":      func(text string) string { return "\ufeff" + text },
		"BOM and CRLF, after a comment": func(text string) string {
			if strings.HasPrefix(text, "%") {
				return text // a directive must come first
			}
			return "\ufeff" + strings.ReplaceAll("# comment\n\n"+text, "\n", "\r\n")
		},
	}
	for name, c := range mistakes {
		for form, change := range forms {
			t.Run(name+", "+form, func(t *testing.T) {
				t.Parallel()
				text := change(c.text)
				before, _, found := strings.Cut(text, "HERE")
				if !found {
					t.Fatal("the case has no line")
				}
				before = strings.ReplaceAll(before, "\r\n", "\n")
				want := 1 + strings.Count(before, "\n") + strings.Count(before, "\r")
				_, err := Parse("catalog.yaml", []byte(text))
				invalid, ok := errors.AsType[*InvalidError](err)
				if !ok {
					// Some mistakes are found only when the items are built.
					invalid = problemsOf(t, text)
				}
				got := invalid.Problems[0]
				if got.Line != want || !strings.Contains(got.Path+" "+got.Text, c.message) {
					t.Errorf("want line %d, %q; got %v", want, c.message, invalid)
				}
			})
		}
	}
}

// problemsOf returns the problems of a file that matches the schema.
func problemsOf(t *testing.T, text string) *InvalidError {
	t.Helper()
	file, err := Parse("catalog.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = DryRun(t.Context(), file)
	invalid, ok := errors.AsType[*InvalidError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	return invalid
}
