package document

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestTextsOfClientsAreCut(t *testing.T) {
	for _, letter := range []string{"a", "é", "€", "😀"} {
		for n := range 400 {
			text := strings.Repeat(letter, n)
			got := Shorten(text)
			if len(text) <= maxShortened && got != text || len(got) > maxShortened+len("…") || !utf8.ValidString(got) {
				t.Fatalf("%d of %s became %d bytes: %q", n, letter, len(got), got)
			}
		}
	}
}

// TestErrorText has one case for each form of message, with what a quiet server says in its place.
func TestErrorText(t *testing.T) {
	rule := func(name string, err *gqlerror.Error) *gqlerror.Error {
		err.Rule = name
		return marked(errcode.ValidationFailed, err)[0]
	}
	parsed := func(message string) *gqlerror.Error {
		return marked(errcode.ParseFailed, gqlerror.Errorf("%s", message))[0]
	}
	variable := marked(errcode.ValidationFailed, gqlerror.ErrorPathf(
		ast.Path{ast.PathName("variable"), ast.PathName("in"), ast.PathName("ints"), ast.PathIndex(1)}, "must be defined"))[0]
	for name, c := range map[string]struct {
		err               *gqlerror.Error
		says, quiet       string
		field, quietField string
	}{
		"an unexpected token":     {parsed("Expected Name, found String \"SecretMark\""), "Expected Name, found String", "Expected Name, found String", "", ""},
		"an unexpected character": {parsed("Cannot parse the unexpected character: SecretMark"), "Cannot parse the unexpected character", "Cannot parse the unexpected character", "", ""},
		"nothing behind":          {parsed("Unexpected <EOF>"), "Unexpected <EOF>", "Unexpected <EOF>", "", ""},
		"a variable":              {variable, "the variable in.ints[1]: must be defined", "the variable in is not what its type takes", "in.ints[1]", "in"},
		"a rule":                  {rule("ScalarLeafs", gqlerror.Errorf(`Field "a" of type "B" must have a selection.`)), `Field "a" of type "B" must have a selection.`, "the document breaks the rule ScalarLeafs", "", ""},
		"introspection":           {rule(noIntrospection.Name, gqlerror.Errorf("introspection is off on this server")), "introspection is off on this server", "introspection is off on this server", "", ""},
		"no operation":            {rule("", gqlerror.Errorf("there is no operation in the document")), "there is no operation in the document", "there is no operation in the document", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if says, field := ErrorText(c.err, false); says != c.says || field != c.field {
				t.Errorf("it says %q of %q", says, field)
			}
			if says, field := ErrorText(c.err, true); says != c.quiet || field != c.quietField {
				t.Errorf("quiet, it says %q of %q", says, field)
			}
		})
	}
}
