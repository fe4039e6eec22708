package taxid

import (
	"regexp"
	"slices"
	"strings"
)

// A digitCheck reports whether the check digits of a tax id agree with the rest of it. It is given the letters and
// digits, in upper case, of a value that has its type's form.
type digitCheck func(id string) bool

// hasRightCheckDigits checks a value of its type's form, given tidy and without punctuation.
func hasRightCheckDigits(taxType, written, id string) bool {
	check, found := judged[taxType]
	if !found {
		return true
	}
	if taxType == "co_nit" && !endsInCheckDigit.MatchString(written) {
		// A NIT may come without its check digit, and only the hyphen shows that it did not.
		return true
	}
	return check(id)
}

var endsInCheckDigit = regexp.MustCompile(`-\d$`)

// judged are the types whose check digits are always right in an issued id: the authority publishes the rule, and all ids
// in use keep it. A kind of id within a type for which that does not hold is excepted in its line. Rejecting a valid id
// keeps a customer from paying; the authority finds out about an invalid one. The test lists the reasons for all others.
var judged = map[string]digitCheck{
	"ar_cuit":    checkCharacter("09987654321", 5, 4, 3, 2, 7, 6, 5, 4, 3, 2),
	"au_abn":     remainder(89, []int{10}, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19), // of the id less 1 in its first digit
	"au_acn":     divisible(10, 8, 7, 6, 5, 4, 3, 2, 1, 1),
	"bg_uic":     ofLength(9, bulgarian),
	"br_cnpj":    brazilianCompany,
	"br_cpf":     brazilianPerson,
	"by_tin":     onlyDigits(checkCharacter("0123456789-", 29, 23, 19, 17, 13, 7, 5, 3)),
	"ca_bn":      luhn,
	"ca_gst_hst": first(9, luhn), // the business number
	"ch_uid":     digitsOf(swiss),
	"ch_vat":     digitsOf(swiss),
	"cl_tin":     padded(9, checkCharacter("0K987654321", 3, 2, 7, 6, 5, 4, 3, 2)),
	"co_nit":     padded(16, checkCharacter("01987654321", 71, 67, 59, 53, 47, 43, 41, 37, 29, 23, 19, 17, 13, 7, 3)),
	"cz_dic":     digitsOf(czech),
	"es_cif":     spanish,
	"eu_vat":     europeanVAT,
	"fr_siren":   luhn,
	"fr_siret":   frenchBranch,
	"gb_vat":     digitsOf(british),
	"hr_oib":     iso7064Mod11And10,
	"hu_tin":     ofLength(11, hungarian),
	"in_gst":     indian,
	"it_cf":      italianPersonOrCompany,
	"jp_cn":      japanese,
	"kr_brn":     korean,
	"no_vat":     digitsOf(divisible(11, 3, 2, 7, 6, 5, 4, 3, 2, 1)),
	"nz_bn":      divisible(10, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1), // a global location number
	// The check digit is what is missing to 11, hence the signs.
	"nz_gst": padded(9, twiceWeighted("0123456789-",
		[]int{-3, -2, -7, -6, -5, -4, -3, -2}, []int{-7, -4, -3, -2, -5, -2, -7, -6})),
	"pe_ruc": checkCharacter("10987654321", 5, 4, 3, 2, 7, 6, 5, 4, 3, 2),
	"pl_nip": polish,
	"pt_nif": portuguese,
	"ro_tin": digitsOf(romanianTaxpayer),
	"rs_pib": iso7064Mod11And10,
	"ru_inn": russian,
	"si_tin": slovenian,
	"th_vat": checkCharacter("10987654321", 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2),
	"tr_tin": turkish,
	"tw_vat": taiwanese,
	"uy_ruc": divisible(11, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2, 1),
	"vn_tin": vietnamese,
	"za_vat": luhn,
}

// europeanCheckDigits are given what follows the member state's letters.
var europeanCheckDigits = map[string]digitCheck{
	"AT": austrian,
	"BE": belgian,
	"BG": ofLength(9, bulgarian),
	"CY": cypriot,
	"CZ": czech,
	"DE": iso7064Mod11And10,
	"DK": divisible(11, 2, 7, 6, 5, 4, 3, 2, 1),
	"EE": divisible(10, 3, 7, 1, 3, 7, 1, 3, 7, 1),
	"EL": checkCharacter("01234567890", 256, 128, 64, 32, 16, 8, 4, 2),
	"ES": spanish,
	"FI": divisible(11, 7, 9, 10, 5, 8, 4, 2, 1),
	"FR": french,
	"HR": iso7064Mod11And10,
	"HU": hungarian,
	"IE": irish,
	"IT": luhn,
	"LT": lithuanian,
	"LU": func(id string) bool { return number(id[:6])%89 == number(id[6:]) },
	"LV": latvian,
	"MT": divisible(37, 3, 4, 6, 7, 8, 9, 10, 1),
	"NL": dutch,
	"PL": polish,
	"PT": portuguese,
	"RO": romanianCompany,
	"SE": first(10, luhn),
	"SI": slovenian,
	"SK": slovak,
	"XI": british,
}

func europeanVAT(id string) bool {
	check, found := europeanCheckDigits[id[:2]]
	return !found || check(id[2:])
}

// What several types share, in the alphabet's order.
var (
	bulgarian = twiceWeighted("01234567890", []int{1, 2, 3, 4, 5, 6, 7, 8}, []int{3, 4, 5, 6, 7, 8, 9, 10})
	// Longer ids are those of persons, and of groups.
	czech      = ofLength(8, checkCharacter("10987654321", 8, 7, 6, 5, 4, 3, 2))
	hungarian  = divisible(10, 9, 7, 3, 1, 9, 7, 3, 1)
	polish     = checkCharacter("0123456789-", 6, 5, 7, 2, 3, 4, 5, 6, 7)
	portuguese = checkCharacter("00987654321", 9, 8, 7, 6, 5, 4, 3, 2)
	slovenian  = checkCharacter("-0987654321", 8, 7, 6, 5, 4, 3, 2)
	swiss      = divisible(11, 5, 4, 3, 2, 7, 6, 5, 4, 1)

	// 0 and 42 are the first and the second series; 55 is reported of others, and accepted.
	britishCompany = remainder(97, []int{0, 42, 55}, 8, 7, 6, 5, 4, 3, 2, 10, 1)
)

// british leaves out departments and health authorities, which have three digits.
func british(id string) bool { return len(id) < 9 || britishCompany(id) }

// austrian begins with U.
func austrian(id string) bool { return (luhnSum(id[1:8])+4+digit(id[8]))%10 == 0 }

func belgian(id string) bool { return (number(id[:8])+number(id[8:]))%97 == 0 }

func brazilianCompany(id string) bool {
	// The value of a letter is as far from 0 as its character is, which is what digit returns.
	return checkCharacter("00987654321", 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)(id) &&
		checkCharacter("00987654321", 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)(id)
}

func brazilianPerson(id string) bool {
	return checkCharacter("00987654321", 10, 9, 8, 7, 6, 5, 4, 3, 2)(id) &&
		checkCharacter("00987654321", 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)(id)
}

func cypriot(id string) bool {
	if id[0] == '6' {
		return true // since 2023, with another rule
	}
	sum := 0
	for i := range 8 {
		if i%2 == 0 {
			sum += oddPlace[digit(id[i])]
		} else {
			sum += digit(id[i])
		}
	}
	return id[8] == byte('A'+sum%26)
}

// oddPlace has the values of digits, and of the letters from A, in the odd places of Cypriot and Italian ids.
var oddPlace = []int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

// dutch ids of sole traders have check digits by another rule since 2020.
func dutch(id string) bool {
	return checkCharacter("0123456789-", 9, 8, 7, 6, 5, 4, 3, 2)(id) || iso7064Mod97And10("NL"+id)
}

// french is a key and a SIREN. The key's rule is certain if it is digits, and Monaco's companies have no SIREN.
func french(id string) bool {
	key, siren := id[:2], id[2:]
	if !strings.HasPrefix(siren, "000") && !luhn(siren) {
		return false
	}
	return !allDigits(key) || number(key) == (12+3*(number(siren)%97))%97
}

// frenchBranch is a SIREN and five digits. The post office has more branches than Luhn's rule has room for.
func frenchBranch(id string) bool {
	if strings.HasPrefix(id, "356000000") && weightedSum(id, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)%5 == 0 {
		return true
	}
	return luhn(id[:9]) && luhn(id)
}

// indian leaves out what is no ordinary taxpayer's: those without a Z, and those of non-residents, who have a digit
// where the others have their account's first letter.
func indian(id string) bool {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if id[13] != 'Z' || allDigits(id[2:3]) {
		return true
	}
	sum := 0
	for i := range 14 {
		product := strings.IndexByte(alphabet, id[i]) * (1 + i%2)
		sum += product/36 + product%36
	}
	return id[14] == alphabet[(36-sum%36)%36]
}

// irish has two forms: the older one has its first digit for the last, and a letter or a sign in its place; the newer
// one may have a second letter, which counts.
func irish(id string) bool {
	const letters = "WABCDEFGHIJKLMNOPQRSTUV"
	digits, second := id[:7], 0
	if len(id) == 9 {
		second = strings.IndexByte("WABCDEFGHI", id[8])
	}
	switch old := !allDigits(id[1:2]); {
	case second < 0, old && len(id) == 9:
		return true
	case old:
		digits = "0" + id[2:7] + id[:1]
	}
	return id[7] == letters[(weightedSum(digits, 8, 7, 6, 5, 4, 3, 2)+9*second)%23]
}

// italianPersonOrCompany takes letters in the place of digits as they are: persons have them who would share an id.
func italianPersonOrCompany(id string) bool {
	if len(id) == 11 {
		return luhn(id)
	}
	sum := 0
	for i := range 15 {
		value := digit(id[i])
		if value > 9 {
			value = int(id[i] - 'A')
		}
		if i%2 == 0 {
			value = oddPlace[value]
		}
		sum += value
	}
	return id[15] == byte('A'+sum%26)
}

// japanese has its check digit in front.
func japanese(id string) bool {
	return digit(id[0]) == 9-weightedSum(id[1:], 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)%9
}

func korean(id string) bool {
	return (weightedSum(id, 1, 3, 7, 1, 3, 7, 1, 3, 5, 1)+digit(id[8])*5/10)%10 == 0
}

// latvian leaves out persons, who begin with 0 to 3, and the remainder of 4, of which one reads different rules.
func latvian(id string) bool {
	return id[0] <= '3' || checkCharacter("3210-987654", 9, 1, 4, 8, 3, 10, 2, 5, 7, 6)(id) ||
		weightedSum(id, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6)%11 == 4
}

func lithuanian(id string) bool {
	once := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2}
	twice := []int{3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4}
	n := len(id) - 1
	return twiceWeighted("01234567890", once[:n], twice[:n])(id)
}

func romanianCompany(id string) bool {
	return padded(10, checkCharacter("01234567890", 70, 50, 30, 20, 10, 70, 50, 30, 20))(id)
}

// romanianTaxpayer leaves out persons: numbers with wrong check digits were given to some.
func romanianTaxpayer(id string) bool { return len(id) == 13 || romanianCompany(id) }

func russian(id string) bool {
	if len(id) == 10 {
		return checkCharacter("01234567890", 2, 4, 10, 3, 5, 9, 4, 6, 8)(id)
	}
	return checkCharacter("01234567890", 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)(id) &&
		checkCharacter("01234567890", 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)(id)
}

// spanish are companies, citizens and foreigners. Other letters have rules that are not certain.
func spanish(id string) bool {
	const citizens = "TRWAGMYFPDXBNJZSQVHLCKE"
	switch kind := id[0]; {
	case strings.IndexByte("ABCDEFGHJNPQRSUVW", kind) >= 0:
		// Which companies have a digit and which a letter is a matter of their kind, and not judged.
		check := luhnSum(id[1:8]+"0") % 10
		return id[8] == "0987654321"[check] || id[8] == "JIHGFEDCBA"[check]
	case strings.IndexByte("XYZ", kind) >= 0:
		return id[8] == citizens[number(string('0'+kind-'X')+id[1:8])%23]
	case allDigits(id[:8]):
		return id[8] == citizens[number(id[:8])%23]
	}
	return true
}

// slovak ids may be those of older persons, of which some have 0 where the rule asks for 10.
func slovak(id string) bool {
	n := number(id)
	return n%11 == 0 || n%10 == 0 && n/10%11 == 10
}

func taiwanese(id string) bool {
	sum := 0
	for i, weight := range []int{1, 2, 1, 2, 1, 2, 4, 1} {
		product := weight * digit(id[i])
		sum += product/10 + product%10
	}
	// 7 times 4 is 28, whose digits add up to 10, which counts as 1 or as 0.
	return sum%5 == 0 || id[6] == '7' && sum%5 == 4
}

func turkish(id string) bool {
	if len(id) == 11 {
		return checkCharacter("0123456789", 7, -1, 7, -1, 7, -1, 7, -1, 7)(id) &&
			checkCharacter("0123456789", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)(id)
	}
	sum := 0
	for i := range 9 {
		shifted := (digit(id[i]) + 9 - i) % 10
		power := shifted << (9 - i) % 9
		if shifted != 0 && power == 0 {
			power = 9
		}
		sum += power
	}
	return (sum+digit(id[9]))%10 == 0
}

// vietnamese leaves out citizens, who have twelve digits; a branch has three more than its company.
func vietnamese(id string) bool {
	return len(id) == 12 || checkCharacter("-9876543210", 31, 29, 23, 19, 17, 13, 7, 5, 3)(id)
}

// divisible is the rule that the weighted sum, the check digit's included, is a multiple of the modulus.
func divisible(modulus int, weights ...int) digitCheck {
	return remainder(modulus, []int{0}, weights...)
}

// remainder is the rule that the weighted sum, the check digit's included, leaves one of the remainders.
func remainder(modulus int, remainders []int, weights ...int) digitCheck {
	return func(id string) bool { return slices.Contains(remainders, weightedSum(id, weights...)%modulus) }
}

// checkCharacter is the rule that the character after those with weights is the one that stands in the list at the
// remainder of the weighted sum, with as many remainders as the list is long. A hyphen stands where there is none.
func checkCharacter(list string, weights ...int) digitCheck {
	return func(id string) bool {
		n := len(list)
		return id[len(weights)] == list[(weightedSum(id, weights...)%n+n)%n]
	}
}

// twiceWeighted is checkCharacter, but if the first weights lead to a remainder of 10 the second do instead.
func twiceWeighted(list string, once, twice []int) digitCheck {
	return func(id string) bool {
		if n := len(list); (weightedSum(id, once...)%n+n)%n == 10 {
			return checkCharacter(list, twice...)(id)
		}
		return checkCharacter(list, once...)(id)
	}
}

func luhn(id string) bool { return luhnSum(id)%10 == 0 }

// luhnSum doubles every second digit from the right and adds all the digits up.
func luhnSum(id string) int {
	sum := 0
	for i := range len(id) {
		product := digit(id[len(id)-1-i]) * (1 + i%2)
		sum += product/10 + product%10
	}
	return sum
}

func iso7064Mod11And10(id string) bool {
	product := 10
	for i := range len(id) - 1 {
		sum := (digit(id[i]) + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = 2 * sum % 11
	}
	return (product+digit(id[len(id)-1]))%10 == 1
}

func iso7064Mod97And10(id string) bool {
	rest := 0
	for i := range len(id) {
		if value := digit(id[i]); value > 9 {
			rest = (rest*100 + int(id[i]-'A') + 10) % 97
		} else {
			rest = (rest*10 + value) % 97
		}
	}
	return rest == 1
}

// first judges the first characters only.
func first(n int, check digitCheck) digitCheck { return func(id string) bool { return check(id[:n]) } }

// ofLength judges ids of one length only.
func ofLength(n int, check digitCheck) digitCheck {
	return func(id string) bool { return len(id) != n || check(id) }
}

// onlyDigits judges ids without letters only.
func onlyDigits(check digitCheck) digitCheck {
	return func(id string) bool { return !allDigits(id) || check(id) }
}

// digitsOf judges the digits, whatever letters are around them.
func digitsOf(check digitCheck) digitCheck {
	return func(id string) bool { return check(strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) }
}

// padded judges the id with the zeros in front that it is short of.
func padded(n int, check digitCheck) digitCheck {
	return func(id string) bool { return check(strings.Repeat("0", max(0, n-len(id))) + id) }
}

// weightedSum is the sum of the first digits, each times its weight.
func weightedSum(id string, weights ...int) int {
	sum := 0
	for i, weight := range weights {
		sum += weight * digit(id[i])
	}
	return sum
}

// digit is how far the character is from 0, which for a digit is its value.
func digit(c byte) int { return int(c) - '0' }

func allDigits(id string) bool {
	return strings.Trim(id, "0123456789") == ""
}

// number is the value of at most 18 digits.
func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + digit(digits[i])
	}
	return n
}
