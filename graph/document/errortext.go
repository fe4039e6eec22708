package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxShortened bounds, in bytes, a text in an error that comes from a client.
const maxShortened = 300

// ErrorText returns the message of an error about a document or its variables for clients, and the path of the variable,
// if it is about one. With quiet, the message names no part of the schema that the client did not send.
func ErrorText(err *gqlerror.Error, quiet bool) (message, field string) {
	message = err.Message
	isVariable := len(err.Path) > 1 && err.Path[0] == ast.PathName("variable")
	switch {
	case err.Extensions["code"] == errcode.ParseFailed:
		// What follows, in quotation marks or after a colon, is the unexpected text. It can be anything.
		if end := strings.IndexAny(message, `":`); end > 0 {
			message = strings.TrimSpace(message[:end])
		}
	case isVariable && quiet:
		field = fmt.Sprint(err.Path[1])
		message = "the variable " + Shorten(field) + " is not what its type takes"
	case isVariable:
		field = err.Path[1:].String()
		message = "the variable " + Shorten(field) + ": " + message
	case quiet && err.Rule != "" && err.Rule != noIntrospection.Name:
		message = "the document breaks the rule " + err.Rule
	}
	return Shorten(message), Shorten(field)
}

// Shorten cuts a text from a client to a length that an error can have.
func Shorten(text string) string {
	if len(text) <= maxShortened {
		return text
	}
	end := maxShortened
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
