package logging

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// maxText is how many bytes of a masked text a line holds.
const maxText = 2_000

const mask = "…"

// Libraries quote the values that they reject, as in strconv.Atoi: parsing "Ada". An email address is masked without
// quotes too. An unclosed quote reaches to the end, and an apostrophe after a letter is no quote.
var (
	quoted     = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*(?:\"|$)|`[^`]*(?:`|$)")
	apostrophe = regexp.MustCompile(`(^|[^\pL\pN])'[^']*(?:'|$)`)
	address    = regexp.MustCompile(`[^\s"'<>(),;:=\[\]{}]+@[^\s"'<>(),;:=\[\]{}]+`)
)

// Masked returns the text of an error of unknown origin without what may be a value of a client: our own errors hold
// none, but those of libraries may.
func Masked(err error) string { return masked(err.Error()) }

// MaskedPanic describes the cause of a panic: its masked text, with the type of an error, or else its type alone.
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
		// Printing the value would print a whole document.
		return fmt.Sprintf("a value of type %T", cause)
	}
}

func masked(text string) string {
	cut := len(text) > maxText
	if cut {
		// At the last space, so that no half of an address is left.
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
