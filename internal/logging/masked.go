package logging

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// maxText is as much of a foreign text as a line holds.
const maxText = 2_000

const mask = "…"

// What libraries repeat of the values that they choke on stands in quotes, as in strconv.Atoi: parsing "Ada"; and
// an email address is one without quotes too. A quote that is not closed reaches to the end. An apostrophe behind a
// letter is no quote.
var (
	quoted     = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*(?:\"|$)|`[^`]*(?:`|$)")
	apostrophe = regexp.MustCompile(`(^|[^\pL\pN])'[^']*(?:'|$)`)
	address    = regexp.MustCompile(`[^\s"'<>(),;:=\[\]{}]+@[^\s"'<>(),;:=\[\]{}]+`)
)

// Masked is the text of an error of unknown origin, without what may be a value that a client sent: our own errors
// hold none, but those of libraries may. Whoever needs the value has the request id, and whoever sent it.
func Masked(err error) string { return masked(err.Error()) }

// MaskedPanic is the cause of a panic: its text if the runtime wrote it, and else its type and masked text.
func MaskedPanic(cause any) string {
	if err, ok := cause.(runtime.Error); ok {
		return masked(err.Error())
	}
	switch c := cause.(type) {
	case string:
		return masked(c)
	case error:
		return fmt.Sprintf("%T: %s", cause, masked(c.Error()))
	default:
		// A document that panicked as it is would be written out in full.
		return fmt.Sprintf("a value of type %T", cause)
	}
}

func masked(text string) string {
	cut := len(text) > maxText
	if cut {
		// Up to the last space, so that no half of an address is left.
		text = text[:max(0, strings.LastIndexByte(text[:maxText], ' '))]
	}
	text = quoted.ReplaceAllString(text, mask)
	text = apostrophe.ReplaceAllString(text, "${1}"+mask)
	text = address.ReplaceAllString(text, mask)
	if cut {
		text += " [cut]"
	}
	return text
}
