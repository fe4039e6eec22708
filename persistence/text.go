package persistence

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm" // the Go team's own; the standard library has no normal forms
)

// composed is a text in normal form C.
func composed(text string) string {
	if isASCII(text) {
		return text
	}
	return norm.NFC.String(text)
}

// folded is a text in normal form C with its case folded, letter by letter. It is composed again, because some letters
// have a composed form in one case only.
func folded(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	return composed(strings.Map(foldRune, composed(text)))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// iotaBelow is a mark, although the iota has it for another case. Marks are not folded: they would compose.
const iotaBelow = '\u0345'

// foldRune is the same for all characters that differ in case alone.
func foldRune(r rune) rune {
	if r == iotaBelow {
		return r
	}
	least, alone := r, true
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		if other != iotaBelow {
			least, alone = min(least, other), false
		}
	}
	if alone {
		return r
	}
	return unicode.ToLower(least)
}

// storedAs are the characters that a stored text can have where its form has this one, itself first. It reports false
// for a wildcard and where a stored text can have several characters for this one, or one for several.
func storedAs(r rune, ignoreCase bool) ([]rune, bool) {
	if r < 0 || !standsAlone(r) {
		return nil, false
	}
	stored := append([]rune{r}, variants().of[r]...)
	if !ignoreCase {
		return stored, true
	}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		switch {
		case standsAlone(other):
			stored = append(append(stored, other), variants().of[other]...)
		case other == iotaBelow || composed(string(other)) != string(other):
			// It is never in a form, and a variant of one that is.
		default:
			return nil, false
		}
	}
	slices.Sort(stored[1:])
	return append(stored[:1], slices.Compact(stored[1:])...), true
}

// standsAlone reports whether the character of a form comes from one character that was stored.
func standsAlone(r rune) bool {
	if r < utf8.RuneSelf {
		return true
	}
	text := string(r)
	return norm.NFD.IsNormalString(text) && norm.NFC.PropertiesString(text).BoundaryBefore() && !variants().within[r]
}

// characterVariants are the characters that are others in normal form C.
type characterVariants struct {
	// of are those that begin with a character in normal form C.
	of map[rune][]rune
	// within are the characters that come later in such a form.
	within map[rune]bool
}

// variants looks at every character that has a decomposition; none is behind the last block of ideographs for
// compatibility.
var variants = sync.OnceValue(func() characterVariants {
	v := characterVariants{of: map[rune][]rune{}, within: map[rune]bool{}}
	const last = 0x2FA1F
	for r := rune(utf8.RuneSelf); r <= last; r++ {
		form := composed(string(r))
		if form == string(r) {
			continue
		}
		for i, part := range []rune(form) {
			if i == 0 {
				v.of[part] = append(v.of[part], r)
			} else {
				v.within[part] = true
			}
		}
	}
	return v
})
