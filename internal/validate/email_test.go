package validate_test

import (
	"strings"
	"testing"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

const domainPart = "@example.com"

func requireEmail(t *testing.T, email string) {
	t.Helper()
	if err := validate.Email("email", email); err != nil {
		t.Errorf("%q is refused: %v", email, err)
	}
}

// requireNoEmail checks that an address is refused with a sentence that has the given words.
func requireNoEmail(t *testing.T, email, words string) {
	t.Helper()
	err := validate.Email("email", email)
	requireRefused(t, err, domain.BadUserInput, "email")
	if !strings.Contains(err.Error(), words) {
		t.Errorf("%q does not say %q", err, words)
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"plain":                              "ada@example.com",
		"a plus tag":                         "ada+clientele@example.com",
		"dots in the local part":             "ada.k.lovelace@example.com",
		"every mark of an atom":              "!#$%&'*+-/=?^_`{|}~@example.com",
		"digits":                             "1815@example.com",
		"upper case is kept":                 "Ada@Example.COM",
		"a sub-domain":                       "ada@mail.example.co.uk",
		"a hyphen in the domain":             "ada@my-example.com",
		"a host without a dot":               "ada@localhost",
		"a domain literal":                   "ada@[127.0.0.1]",
		"a quoted local part with a space":   `"ada lovelace"@example.com`,
		"a quoted local part with an @":      `"ada@home"@example.com`,
		"a quoted local part with a quote":   `"ada\"k\"lovelace"@example.com`,
		"a quoted local part with brackets":  `"<ada>"@example.com`,
		"an international domain":            "ada@exämple.de",
		"an international domain, encoded":   "ada@xn--exmple-cua.de",
		"an international local part":        "ада@example.com",
		"1 character on each side":           "a@b",
		"255 characters":                     strings.Repeat("a", 255-len(domainPart)) + domainPart,
		"255 wide characters":                strings.Repeat("é", 255-len(domainPart)) + domainPart,
		"the form of an encoded word is one": "=?utf-8?q?ada?=@example.com",
		"a label of 63 characters":           "ada@" + strings.Repeat("a", 63) + ".example",
		"a label of 63 wide characters":      "ada@" + strings.Repeat("я", 63) + ".example",
		"hyphens within a label":             "ada@a--b.example",
		"a hyphen at an end, locally":        "-ada-@example.com",
		"a domain of digits":                 "ada@163.com",
		"a domain in Arabic":                 "ada@مثال.إختبار",
		"a domain in Chinese":                "ada@例子.测试",
		"a domain in Hindi, with a mark":     "ada@डाटामेल.भारत",
		"a domain in Korean":                 "ada@실례.테스트",
		"an accent of its own":               "jose\u0301@example.com",
		"a quoted local part, international": "\"ада лавлейс\"@example.com",
	}
	for name, email := range cases {
		t.Run(name, func(t *testing.T) { requireEmail(t, email) })
	}
}

func TestEmailRefusesOtherForms(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"empty":                            "",
		"no @":                             "ada",
		"only an @":                        "@",
		"no domain":                        "ada@",
		"no local part":                    "@example.com",
		"an empty quoted local part":       `""@example.com`,
		"two @":                            "ada@home@example.com",
		"a display name":                   "Ada Lovelace <ada@example.com>",
		"a quoted display name":            `"Ada Lovelace" <ada@example.com>`,
		"an empty display name":            `"" <ada@example.com>`,
		"angle brackets":                   "<ada@example.com>",
		"one angle bracket in front":       "<ada@example.com",
		"one angle bracket behind":         "ada@example.com>",
		"a comment behind":                 "ada@example.com (Ada)",
		"a comment right behind":           "ada@example.com(Ada)",
		"a comment in front":               "(Ada) ada@example.com",
		"a comment in the local part":      "ada(k)@example.com",
		"a comment in the domain":          "ada@(home)example.com",
		"a space in front":                 " ada@example.com",
		"a space behind":                   "ada@example.com ",
		"a space in the local part":        "ada lovelace@example.com",
		"a space in the domain":            "ada@example .com",
		"a space around the @":             "ada @ example.com",
		"a tab behind":                     "ada@example.com\t",
		"a newline behind":                 "ada@example.com\n",
		"a header behind":                  "ada@example.com\r\nBcc: eve@example.com",
		"a newline in the local part":      "ada\n@example.com",
		"a newline in a quoted local part": "\"ada\nk\"@example.com",
		"a NUL":                            "ada\x00@example.com",
		"a NUL behind":                     "ada@example.com\x00",
		"a DEL":                            "ada\x7f@example.com",
		"not UTF-8":                        "ada\xff@example.com",
		"a dot in front":                   ".ada@example.com",
		"a dot before the @":               "ada.@example.com",
		"two dots":                         "ada..k@example.com",
		"a dot behind the @":               "ada@.example.com",
		"a dot at the end":                 "ada@example.com.",
		"two dots in the domain":           "ada@example..com",
		"a quote that does not end":        `"ada@example.com`,
		"two addresses":                    "ada@example.com, eve@example.com",
		"two addresses with a semicolon":   "ada@example.com; eve@example.com",
		"a group":                          "friends: ada@example.com;",
		"a link":                           "mailto:ada@example.com",
		"a domain literal that is open":    "ada@[127.0.0.1",
		"256 characters":                   strings.Repeat("a", 256-len(domainPart)) + domainPart,
		"256 wide characters":              strings.Repeat("é", 256-len(domainPart)) + domainPart,
	}
	for name, email := range cases {
		t.Run(name, func(t *testing.T) { requireNoEmail(t, email, "") })
	}
}

// RFC 5322 allows a quoted string whether or not it needs its quotes.
func TestEmailWithQuotesThatItDoesNotNeed(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"quotes around an atom":  `"ada"@example.com`,
		"quotes around dots":     `"ada.lovelace"@example.com`,
		"a backslash of no need": `"ada\ lovelace"@example.com`,
		"a backslash in an atom": `"a\da k"@example.com`,
	}
	for name, email := range cases {
		t.Run(name, func(t *testing.T) { requireEmail(t, email) })
	}
}

// Invisible characters come along when an address is copied from a page.
func TestEmailRefusesInvisibleCharacters(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"a no-break space behind":       "ada@example.com\u00a0",
		"a no-break space in front":     "\u00a0ada@example.com",
		"an ideographic space":          "ada\u3000lovelace@example.com",
		"a line separator behind":       "ada@example.com\u2028",
		"a next-line control character": "ada@example.com\u0085",
	}
	// Each of these anywhere in the address.
	for name, r := range map[string]rune{
		"a soft hyphen":                 0xAD,
		"a zero-width space":            0x200B,
		"a zero-width non-joiner":       0x200C,
		"a zero-width joiner":           0x200D,
		"a left-to-right mark":          0x200E,
		"a right-to-left mark":          0x200F,
		"an Arabic letter mark":         0x61C,
		"a right-to-left override":      0x202E,
		"the end of an embedding":       0x202C,
		"a right-to-left isolate":       0x2067,
		"the end of an isolate":         0x2069,
		"a word joiner":                 0x2060,
		"an invisible times":            0x2062,
		"a byte order mark":             0xFEFF,
		"a grapheme joiner":             0x34F,
		"the first variation selector":  0xFE00,
		"the emoji variation selector":  0xFE0F,
		"variation selector 17":         0xE0100,
		"the last variation selector":   0xE01EF,
		"a Mongolian selector":          0x180B,
		"a Mongolian vowel separator":   0x180E,
		"a Hangul choseong filler":      0x115F,
		"a Hangul jungseong filler":     0x1160,
		"a Hangul filler":               0x3164,
		"a half-width Hangul filler":    0xFFA0,
		"an empty Braille pattern":      0x2800,
		"a Khmer vowel that is not one": 0x17B4,
		"a null note head":              0x1D159,
		"a musical beam":                0x1D173,
		"a shorthand format control":    0x1BCA0,
		"a language tag":                0xE0001,
		"a tag letter":                  0xE0041,
		"the end of tags":               0xE007F,
		"an unassigned ignorable":       0xE0FFF,
		"an annotation anchor":          0xFFF9,
		"an object replacement":         0xFFFC,
		"a replacement character":       0xFFFD,
		"a noncharacter":                0xFFFE,
		"the last of the plane":         0xFFFF,
		"a noncharacter of Arabic":      0xFDD0,
		"a noncharacter, astral":        0x1FFFE,
		"the last code point":           0x10FFFF,
		"a private-use character":       0xE000,
		"an astral private-use one":     0xF0000,
		"a no-break space":              0xA0,
		"an em space":                   0x2003,
		"a narrow no-break space":       0x202F,
		"an Ogham space":                0x1680,
		"a paragraph separator":         0x2029,
		"an escape":                     0x1B,
		"a C1 control":                  0x9B,
	} {
		for place, form := range map[string]string{
			"in front": "%sada@example.com", "in the local part": "a%sda@example.com", "before the @": "ada%s@example.com",
			"behind the @": "ada@%sexample.com", "in the domain": "ada@exam%sple.com", "behind": "ada@example.com%s",
			"in quotes": `"a%sda"@example.com`, "in a literal": "ada@[127.%s0.0.1]",
		} {
			cases[name+" "+place] = strings.Replace(form, "%s", string(r), 1)
		}
	}
	for name, email := range cases {
		t.Run(name, func(t *testing.T) { requireNoEmail(t, email, "") })
	}
	requireNoEmail(t, "ada\u200b@example.com", "invisible")
}

// Mail programs and registries turn these into other characters, or confuse them with others.
func TestEmailRefusesLookalikes(t *testing.T) {
	t.Parallel()
	for name, email := range map[string]string{
		"an ideographic full stop":       "ada@example\u3002com",
		"a full-width full stop":         "ada@example\uff0ecom",
		"a half-width full stop":         "ada@example\uff61com",
		"a small full stop":              "ada@example\ufe52com",
		"a leader dot":                   "ada@example\u2024com",
		"a full-width @":                 "ada\uff20example.com",
		"a full-width @ beside another":  "ada\uff20home@example.com",
		"a small @":                      "ada\ufe6bexample.com",
		"full-width letters":             "\uff41da@example.com",
		"full-width letters, the domain": "ada@\uff45xample.com",
		"full-width digits":              "ada1\uff11@example.com",
		"half-width katakana":            "\uff76@example.com",
		"mathematical letters":           "\U0001d41ada@example.com",
		"circled letters":                "\u24d0da@example.com",
		"a vertical form":                "ada@example\ufe12com",
	} {
		t.Run(name, func(t *testing.T) { requireNoEmail(t, email, "full-width") })
	}
}

func TestEmailChecksTheLabelsOfTheDomain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ email, rule string }{
		"a label of 64 characters":      {"ada@" + strings.Repeat("a", 64) + ".example", "63 characters"},
		"a label of 64 wide characters": {"ada@example." + strings.Repeat("я", 64), "63 characters"},
		"a hyphen in front":             {"ada@-example.com", "hyphen"},
		"a hyphen behind":               {"ada@example-.com", "hyphen"},
		"a hyphen at the end":           {"ada@example.com-", "hyphen"},
		"a hyphen at the start of .com": {"ada@example.-com", "hyphen"},
		"only a hyphen":                 {"ada@-", "hyphen"},
		"behind a quoted local part":    {`"ada@home"@-example.com`, "hyphen"},
	} {
		t.Run(name, func(t *testing.T) { requireNoEmail(t, c.email, c.rule) })
	}
}
