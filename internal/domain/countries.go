package domain

import (
	"slices"
	"strings"
)

// alsoTaken are what the provider takes for a country beside those of ISO 3166-1, sorted: Ascension, Tristan da Cunha
// and Kosovo.
var alsoTaken = []string{"AC", "TA", "XK"}

// countries are the 249 officially assigned codes of ISO 3166-1 alpha-2, sorted. They are written out
// because the region tables at hand (golang.org/x/text) also take 38 codes that are withdrawn, reserved or
// user-assigned for countries: AN, SU, UK, XK and the like. A test of internal/billing compares this list
// with those tables.
var countries = strings.Fields(`
	AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ
	BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
	CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ
	DE DJ DK DM DO DZ
	EC EE EG EH ER ES ET
	FI FJ FK FM FO FR
	GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY
	HK HM HN HR HT HU
	ID IE IL IM IN IO IQ IR IS IT
	JE JM JO JP
	KE KG KH KI KM KN KP KR KW KY KZ
	LA LB LC LI LK LR LS LT LU LV LY
	MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
	NA NC NE NF NG NI NL NO NP NR NU NZ
	OM
	PA PE PF PG PH PK PL PM PN PR PS PT PW PY
	QA
	RE RO RS RU RW
	SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ
	TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
	UA UG UM US UY UZ
	VA VC VE VG VI VN VU
	WF WS
	YE YT
	ZA ZM ZW
`)

// IsCountry reports whether the text is the code of a country, in upper case: one of ISO 3166-1 alpha-2, or one that
// the provider takes beside them.
func IsCountry(code string) bool {
	_, found := slices.BinarySearch(countries, code)
	return found || slices.Contains(alsoTaken, code)
}

// Country is the code of a country in upper case, given in any case; false if IsCountry knows none like it.
func Country(code string) (string, bool) {
	if len(code) != 2 {
		return "", false // so that no letter beyond ASCII becomes one within
	}
	upper := strings.ToUpper(code)
	return upper, IsCountry(upper)
}
