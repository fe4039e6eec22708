package document

import (
	"strings"
	"testing"
	"unicode/utf8"
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
