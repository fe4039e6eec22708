package customers_test

import (
	"strings"
	"testing"

	"clientele/internal/customers"
	"clientele/internal/domain"
)

const domainPart = "@example.com"

func provisionEmail(t *testing.T, f *fixture, email string) (*domain.Customer, error) {
	t.Helper()
	return f.Provision(t.Context(), full, customers.Provision{Details: customers.Details{Email: domain.SetTo(email)}})
}

func requireEmail(t *testing.T, f *fixture, email string) {
	t.Helper()
	got, err := provisionEmail(t, f, email)
	if err != nil {
		t.Fatal(err)
	}
	if stored := f.stored(t, "production", got.CustomerID); stored.Email == nil || *stored.Email != email {
		t.Errorf("stored is %s", show(stored))
	}
}

func requireNoEmail(t *testing.T, f *fixture, email string) {
	t.Helper()
	f.requireNothingWritten(t, func() {
		_, err := provisionEmail(t, f, email)
		requireFieldRefusal(t, err, domain.BadUserInput, "email")
	})
}

func TestEmailsThatAreTaken(t *testing.T) {
	t.Parallel()
	f := start(t)
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
	}
	for name, email := range cases {
		t.Run(name, func(t *testing.T) { requireEmail(t, f, email) })
	}
}

func TestEmailsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
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
		t.Run(name, func(t *testing.T) { requireNoEmail(t, f, email) })
	}
}

// RFC 5322 allows a quoted string whether or not it needs its quotes.
func TestEmailsWithQuotesTheyDoNotNeed(t *testing.T) {
	t.Parallel()
	f := start(t)
	cases := map[string]string{
		"quotes around an atom":  `"ada"@example.com`,
		"quotes around dots":     `"ada.lovelace"@example.com`,
		"a backslash of no need": `"ada\ lovelace"@example.com`,
		"a backslash in an atom": `"a\da k"@example.com`,
	}
	for name, email := range cases {
		t.Run(name, func(t *testing.T) { requireEmail(t, f, email) })
	}
}

// An addr-spec has no white space and no control characters around its parts, not even those that only
// Unicode knows; they come along when an address is copied from a page.
func TestEmailsWithInvisibleCharacters(t *testing.T) {
	t.Parallel()
	f := start(t)
	cases := map[string]string{
		"a no-break space behind":       "ada@example.com\u00a0",
		"a no-break space in front":     "\u00a0ada@example.com",
		"an ideographic space":          "ada\u3000lovelace@example.com",
		"a line separator behind":       "ada@example.com\u2028",
		"a next-line control character": "ada@example.com\u0085",
	}
	for name, email := range cases {
		t.Run(name, func(t *testing.T) { requireNoEmail(t, f, email) })
	}
}

func TestTwoCustomersMayShareAnEmail(t *testing.T) {
	t.Parallel()
	f := start(t)
	requireEmail(t, f, "ada@example.com")
	requireEmail(t, f, "ada@example.com")
	if n := f.count(t, full); n != 2 {
		t.Errorf("%d customers", n)
	}
}
