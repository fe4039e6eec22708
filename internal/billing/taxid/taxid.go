// Package taxid knows the tax ids that the provider takes: their types, the form of each, the check digits of those that have
// some, the layout that they are passed on in, and the published ids that only test accounts take.
//
// It must not know customers, GraphQL or the provider's client. Nothing here repeats a value.
package taxid

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mode is the kind of account that ids are for.
type Mode int

const (
	// Live accounts take ids that an authority may have issued.
	Live Mode = iota
	// Test accounts also take the ids that the provider publishes for tests and as examples, most of which have wrong
	// check digits.
	Test
)

// MaxLength is how many characters a value has at most, punctuation included.
const MaxLength = 50

// The reasons to refuse an id.
var (
	ErrType        = errors.New("must be one of Stripe's tax id types, such as eu_vat")
	ErrLength      = errors.New("must have at most 50 characters")
	ErrForm        = errors.New("must have the form of its type")
	ErrCheckDigits = errors.New("must have check digits that agree with the rest of it")
)

// Validate decides whether an account of the mode may take the value as a tax id of the type. Printed punctuation and
// the case of letters do not matter. Errors: the ones above; ErrType is about the type, the others are about the value.
func Validate(taxType, value string, mode Mode) error {
	form, known := forms[taxType]
	if !known {
		return ErrType
	}
	if utf8.RuneCountInString(value) > MaxLength {
		return ErrLength
	}
	written := tidy(value)
	id := compact(written)
	switch {
	case mode == Test && isPublished(taxType, id):
		return nil
	case !form.MatchString(id):
		return ErrForm
	case !hasRightCheckDigits(taxType, written, id):
		return ErrCheckDigits
	}
	return nil
}

// Types are the known types, in the order of the alphabet.
func Types() []string { return slices.Sorted(maps.Keys(forms)) }

// Same reports whether two ids of one type differ in nothing but how they are written.
func Same(taxType, a, b string) bool {
	return compact(Canonical(taxType, a)) == compact(Canonical(taxType, b))
}

// tidy is a value in upper case, without spaces, and with plain hyphens, which people copy out of documents in several
// widths. Only ASCII letters and the ñ of Mexico change case: Unicode has others whose upper case is an ASCII letter.
func tidy(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(spaces, r):
			return -1
		case strings.ContainsRune(hyphens, r):
			return '-'
		case 'a' <= r && r <= 'z', r == 'ñ':
			return r - 'a' + 'A'
		}
		return r
	}, value)
}

const (
	// No-break, figure, thin and narrow no-break space.
	spaces = " \u00a0\u2007\u2009\u202f"
	// Hyphen, no-break hyphen, figure, en and em dash, minus.
	hyphens = "\u2010\u2011\u2012\u2013\u2014\u2212"
)

var withoutPunctuation = strings.NewReplacer("-", "", ".", "", "/", "")

// compact is a tidy value without the punctuation that authorities print ids with, each in its own way.
func compact(written string) string { return withoutPunctuation.Replace(written) }

// Canonical is a value as the provider documents its type. A value that is not of a documented layout is only tidied.
func Canonical(taxType, value string) string {
	written := tidy(value)
	id := compact(written)
	if rewrite, found := rewritten[taxType]; found {
		return rewrite(written, id)
	}
	for _, layout := range layouts[taxType] {
		if laidOut, fits := layOut(id, layout); fits {
			return laidOut
		}
	}
	if slices.Contains(uncertain, taxType) {
		return strings.TrimSpace(value) // What punctuation means in it is not known.
	}
	return id
}

// layouts are those of documented examples that have punctuation, with # for each letter or digit. Argentina's example
// is grouped in a way that nobody prints, so that it is the authority's here.
var layouts = map[string][]string{
	"ad_nrt":    {"#-######-#"},
	"am_tin":    {"########/#"},
	"ar_cuit":   {"##-########-#"},
	"bd_bin":    {"#########-####"},
	"br_cnpj":   {"##.###.###/####-##"},
	"br_cpf":    {"###.###.###-##"},
	"bs_tin":    {"###.###.###"},
	"ca_pst_bc": {"###-####-####"},
	"ca_pst_mb": {"######-#"},
	"cl_tin":    {"##.###.###-#", "#.###.###-#"},
	"cr_tin":    {"#-###-######"},
	"do_rcn":    {"###-#######-#"},
	"hu_tin":    {"########-#-##"},
	"id_npwp":   {"###.###.###.#-###.###"},
	"is_kt":     {"######-####"},
	"kh_tin":    {"####-#########"},
	"kr_brn":    {"###-##-#####"},
	"la_tin":    {"#########-###"},
	"lk_vat":    {"#########-####"},
	"my_sst":    {"###-####-########"},
	"ng_tin":    {"########-####"},
	"sv_nit":    {"####-######-###-#", "########-#"},
	"us_ein":    {"##-#######"},
	"ve_rif":    {"#-########-#"},
	"vn_tin":    {"##########-###"}, // with a branch; without one there is no hyphen
}

// layOut writes an id as the layout has it, if it has as many characters.
func layOut(id, layout string) (string, bool) {
	characters := []rune(id)
	if strings.Count(layout, "#") != len(characters) {
		return "", false
	}
	var out strings.Builder
	next := 0
	for _, place := range layout {
		if place == '#' {
			place = characters[next]
			next++
		}
		out.WriteRune(place)
	}
	return out.String(), true
}

// rewritten are the types whose layout depends on the value, given as it was written and without punctuation.
var rewritten = map[string]func(written, id string) string{
	"ch_uid":  swissLayout,
	"ch_vat":  swissLayout,
	"co_nit":  colombianLayout,
	"fo_vat":  beginning("FO"),
	"hk_br":   func(written, _ string) string { return written }, // the hyphens show what follows the number
	"mk_vat":  beginning("MK"),
	"my_itn":  malaysianLayout,
	"no_vat":  func(_, id string) string { return strings.TrimSuffix(strings.TrimPrefix(id, "NO"), "MVA") + "MVA" },
	"no_voec": func(_, id string) string { return strings.TrimPrefix(id, "VOEC") },
	"om_vat":  beginning("OM"),
	"ro_tin":  func(_, id string) string { return strings.TrimPrefix(id, "RO") },
}

// beginning is for types whose documented example begins with the country, which many leave out.
func beginning(country string) func(written, id string) string {
	return func(_, id string) string { return country + strings.TrimPrefix(id, country) }
}

var swissParts = regexp.MustCompile(`^CHE-?(\d{3})\.?(\d{3})\.?(\d{3})[-./]*(.*)$`)

// swissLayout keeps what is behind the number, as in CHE-123.456.789 MWST.
func swissLayout(written, id string) string {
	parts := swissParts.FindStringSubmatch(written)
	if parts == nil {
		if parts = swissParts.FindStringSubmatch(id); parts == nil {
			return id
		}
	}
	return strings.TrimSpace("CHE-" + parts[1] + "." + parts[2] + "." + parts[3] + " " + parts[4])
}

// colombianLayout leaves the hyphen to those who wrote one: nothing else shows whether the check digit is there.
func colombianLayout(written, id string) string {
	if !endsInCheckDigit.MatchString(written) {
		return id
	}
	if laidOut, fits := layOut(id, "###.###.###-#"); fits {
		return laidOut
	}
	return id[:len(id)-1] + "-" + id[len(id)-1:]
}

var malaysianParts = regexp.MustCompile(`^([A-Z]{1,3})(\d+)$`)

func malaysianLayout(_, id string) string {
	return malaysianParts.ReplaceAllString(id, "$1 $2")
}
