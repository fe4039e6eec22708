package validate

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"clientele/internal/domain"
)

// maxLabelLength bounds one label of a domain, in characters.
const maxLabelLength = 63

// Email accepts an addr-spec of RFC 5322 with nothing around it, international and quoted parts included. It refuses
// invisible characters and those that look like others. Errors: BadUserInput.
func Email(field, email string) error {
	if err := Name(field, email); err != nil {
		return err
	}
	refuse := func(rule string) error { return domain.FieldErrorf(domain.BadUserInput, field, "%s", rule) }
	if !utf8.ValidString(email) || strings.ContainsFunc(email, invisible) {
		return refuse("must not contain invisible, formatting, replacement or private-use characters, nor spaces other than the plain one")
	}
	if strings.ContainsFunc(email, lookalike) {
		return refuse("must not contain full-width, half-width, ideographic or styled forms of letters, digits and marks")
	}
	// Between angle brackets the parser accepts only an addr-spec, but it skips spaces around the parts. Those are allowed
	// only inside a quoted local part.
	_, err := mail.ParseAddress("<" + email + ">")
	outside := email
	if closing := strings.LastIndexByte(email, '"'); closing > 0 && email[0] == '"' {
		outside = email[closing:]
	}
	if err != nil || strings.Contains(outside, " ") {
		return refuse("must be an email address, as in ada@example.com")
	}
	host := email[strings.LastIndexByte(email, '@')+1:]
	if strings.HasPrefix(host, "[") {
		return nil
	}
	for label := range strings.SplitSeq(host, ".") {
		if utf8.RuneCountInString(label) > maxLabelLength {
			return refuse("must have a domain whose parts between the dots have at most 63 characters each")
		}
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return refuse("must have a domain whose parts between the dots neither begin nor end with a hyphen")
		}
	}
	return nil
}

// blank are the characters that show nothing although Unicode calls them letters or symbols.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // the Braille pattern without dots
		{Lo: 0xFFFC, Hi: 0xFFFD, Stride: 1}, // stand for an object, and for what could not be decoded
	},
	R32: []unicode.Range32{
		{Lo: 0x1D159, Hi: 0x1D159, Stride: 1}, // the null note head
	},
}

// invisible reports whether a character shows nothing, changes how others are shown, or has no public meaning.
// Other_Default_Ignorable_Code_Point has the Hangul fillers and the tags.
func invisible(r rune) bool {
	return r != ' ' && unicode.In(r,
		unicode.Zs, unicode.Zl, unicode.Zp, unicode.Cf, unicode.Co, unicode.Cs, blank,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Bidi_Control,
		unicode.Noncharacter_Code_Point,
	)
}

// lookalikes are forms of ASCII letters, digits and marks that mail programs turn into the plain ones or confuse with them.
var lookalikes = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x2024, Hi: 0x2026, Stride: 1}, // dots that lead the eye
		{Lo: 0x2460, Hi: 0x24FF, Stride: 1}, // enclosed letters and digits
		{Lo: 0x3001, Hi: 0x3002, Stride: 1}, // the ideographic comma and full stop
		{Lo: 0xFE10, Hi: 0xFE1F, Stride: 1}, // forms for vertical text
		{Lo: 0xFE30, Hi: 0xFE6F, Stride: 1}, // more of these, and small forms
		{Lo: 0xFF00, Hi: 0xFFEF, Stride: 1}, // full-width and half-width forms
	},
	R32: []unicode.Range32{
		{Lo: 0x1D400, Hi: 0x1D7FF, Stride: 1}, // letters and digits in mathematical styles
		{Lo: 0x1F100, Hi: 0x1F1E5, Stride: 1}, // enclosed letters and digits
	},
}

func lookalike(r rune) bool { return unicode.Is(lookalikes, r) }
