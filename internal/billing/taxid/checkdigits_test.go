package taxid

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// checkDigitRules are the rules, each with an id that is in use or that its authority gives as an example, and the
// same with one character changed.
var checkDigitRules = []struct{ rule, taxType, right, wrong string }{
	{"Argentina", "ar_cuit", "30-54668997-9", "30-54668997-0"},
	{"Australia, business number", "au_abn", "51 824 753 556", "51 824 753 557"},
	{"Australia, company number", "au_acn", "005 749 986", "005 749 987"},
	{"Bulgaria", "bg_uic", "175074752", "175074753"},
	{"Brazil, companies", "br_cnpj", "33.000.167/0001-01", "33.000.167/0001-02"},
	{"Brazil, companies, with letters", "br_cnpj", "12.ABC.345/01DE-35", "12.ABC.345/01DE-36"},
	{"Brazil, persons", "br_cpf", "529.982.247-25", "529.982.247-26"},
	{"Belarus", "by_tin", "100325912", "100325913"},
	{"Canada, business number", "ca_bn", "119219814", "119219815"},
	{"Canada, GST", "ca_gst_hst", "119219814RT0001", "119219815RT0001"},
	{"Switzerland", "ch_uid", "CHE-105.909.036", "CHE-105.909.037"},
	{"Switzerland, VAT", "ch_vat", "CHE-116.281.710 MWST", "CHE-116.281.711 MWST"},
	{"Chile", "cl_tin", "76.086.428-5", "76.086.428-6"},
	{"Chile, 10 is K", "cl_tin", "61.704.000-K", "61.704.000-1"},
	{"Colombia", "co_nit", "899.999.068-1", "899.999.068-2"},
	{"Czechia", "cz_dic", "CZ00177041", "CZ00177042"},
	{"Spain, companies", "es_cif", "A15075062", "A15075063"},
	{"Spain, companies with a letter", "es_cif", "Q2826000H", "Q2826000I"},
	{"Spain, citizens", "es_cif", "54362315K", "54362315L"},
	{"Spain, foreigners", "es_cif", "X2482300W", "X2482300X"},
	{"France, SIREN", "fr_siren", "404833048", "404833049"},
	{"France, SIRET", "fr_siret", "73282932000074", "73282932000075"},
	{"France, SIRET of the post office", "fr_siret", "35600000049837", "35600000049838"},
	{"United Kingdom", "gb_vat", "GB220430231", "GB220430232"},
	{"United Kingdom, a branch", "gb_vat", "GB220430231001", "GB220430232001"},
	{"Croatia", "hr_oib", "27759560625", "27759560626"},
	{"Hungary", "hu_tin", "10625790-4-44", "10625791-4-44"},
	{"India", "in_gst", "27AAPFU0939F1ZV", "27AAPFU0939F1ZW"},
	{"Italy, persons", "it_cf", "RSSMRA85T10A562S", "RSSMRA85T10A562T"},
	{"Italy, companies", "it_cf", "00905811006", "00905811007"},
	{"Japan", "jp_cn", "7000012050002", "8000012050002"},
	{"Korea", "kr_brn", "124-81-00998", "124-81-00999"},
	{"Norway", "no_vat", "923609016MVA", "923609017MVA"},
	{"New Zealand, business number", "nz_bn", "9429041561751", "9429041561752"},
	{"New Zealand, 8 digits", "nz_gst", "49-091-850", "49-091-851"},
	{"New Zealand, 9 digits", "nz_gst", "136-410-132", "136-410-133"},
	{"Peru", "pe_ruc", "20131312955", "20131312956"},
	{"Poland", "pl_nip", "526-02-50-995", "526-02-50-996"},
	{"Portugal", "pt_nif", "504499777", "504499778"},
	{"Romania, companies", "ro_tin", "1590082", "1590083"},
	{"Serbia", "rs_pib", "104052135", "104052136"},
	{"Russia, companies", "ru_inn", "7736050003", "7736050004"},
	{"Russia, persons", "ru_inn", "500100732259", "500100732250"},
	{"Slovenia", "si_tin", "82646716", "82646717"},
	{"Thailand", "th_vat", "0107544000108", "0107544000109"},
	{"Türkiye, companies", "tr_tin", "8760047464", "8760047465"},
	{"Türkiye, persons", "tr_tin", "10000000146", "10000000147"},
	{"Taiwan", "tw_vat", "22099131", "22099132"},
	{"Taiwan, a 7 that counts twice", "tw_vat", "00501503", "00501504"},
	{"Uruguay", "uy_ruc", "210778720012", "210778720013"},
	{"Vietnam", "vn_tin", "0300588569", "0300588560"},
	{"Vietnam, a branch", "vn_tin", "0100109106-001", "0100109107-001"},
	{"South Africa", "za_vat", "4100105461", "4100105462"},
	{"VAT, Austria", "eu_vat", "ATU13585627", "ATU13585628"},
	{"VAT, Belgium", "eu_vat", "BE0417497106", "BE0417497107"},
	{"VAT, Bulgaria", "eu_vat", "BG175074752", "BG175074753"},
	{"VAT, Croatia", "eu_vat", "HR33392005961", "HR33392005962"},
	{"VAT, Cyprus", "eu_vat", "CY10259033P", "CY10259033Q"},
	{"VAT, Czechia", "eu_vat", "CZ45274649", "CZ45274640"},
	{"VAT, Denmark", "eu_vat", "DK13748136", "DK13748137"},
	{"VAT, Estonia", "eu_vat", "EE100931558", "EE100931559"},
	{"VAT, Finland", "eu_vat", "FI01120389", "FI01120380"},
	{"VAT, France", "eu_vat", "FR40303265045", "FR40303265046"},
	{"VAT, France, the key", "eu_vat", "FR40303265045", "FR41303265045"},
	{"VAT, France, a key with letters", "eu_vat", "FRAB303265045", "FRAB303265046"},
	{"VAT, Germany", "eu_vat", "DE115235681", "DE115235682"},
	{"VAT, Greece", "eu_vat", "EL094014201", "EL094014202"},
	{"VAT, Hungary", "eu_vat", "HU10625790", "HU10625791"},
	{"VAT, Ireland", "eu_vat", "IE6388047V", "IE6388047W"},
	{"VAT, Ireland, a second letter", "eu_vat", "IE6433435OA", "IE6433435OB"},
	{"VAT, Ireland, the older form", "eu_vat", "IE8D79739I", "IE8D79739J"},
	{"VAT, Italy", "eu_vat", "IT00905811006", "IT00905811007"},
	{"VAT, Latvia", "eu_vat", "LV40003245752", "LV40003245753"},
	{"VAT, Lithuania, 9 digits", "eu_vat", "LT119511515", "LT119511516"},
	{"VAT, Lithuania, 12 digits", "eu_vat", "LT100001919017", "LT100001919018"},
	{"VAT, Luxembourg", "eu_vat", "LU20260743", "LU20260744"},
	{"VAT, Malta", "eu_vat", "MT11679112", "MT11679113"},
	{"VAT, Monaco", "eu_vat", "FR53000004605", "FR53000004606"},
	{"VAT, Netherlands", "eu_vat", "NL004495445B01", "NL004495446B01"},
	{"VAT, Netherlands, sole traders", "eu_vat", "NL000099998B57", "NL000099998B58"},
	{"VAT, Northern Ireland", "eu_vat", "XI980780684", "XI980780685"},
	{"VAT, Poland", "eu_vat", "PL5260250995", "PL5260250996"},
	{"VAT, Portugal", "eu_vat", "PT504499777", "PT504499778"},
	{"VAT, Romania", "eu_vat", "RO1590082", "RO1590083"},
	{"VAT, Slovakia", "eu_vat", "SK2022749619", "SK2022749610"},
	{"VAT, Slovenia", "eu_vat", "SI50223054", "SI50223055"},
	{"VAT, Spain", "eu_vat", "ESA28015865", "ESA28015866"},
	{"VAT, Sweden", "eu_vat", "SE556042722001", "SE556042722101"},
}

func TestCheckDigits(t *testing.T) {
	for _, c := range checkDigitRules {
		t.Run(c.rule, func(t *testing.T) {
			if err := live(c.taxType, c.right); err != nil {
				t.Errorf("%s: %v", c.right, err)
			}
			if err := live(c.taxType, c.wrong); err != ErrCheckDigits {
				t.Errorf("%s: %v", c.wrong, err)
			}
		})
	}
	t.Run("every rule is here", func(t *testing.T) {
		seen := map[string]bool{}
		for _, c := range checkDigitRules {
			if seen[c.taxType] = true; c.taxType == "eu_vat" {
				seen[c.right[:2]] = true
			}
		}
		for name := range judged {
			if !seen[name] {
				t.Errorf("%s is not", name)
			}
		}
		for name := range europeanCheckDigits {
			if !seen[name] {
				t.Errorf("the VAT of %s is not", name)
			}
		}
	})
}

// A rule that is stricter than the authority refuses a right id. Every row is one that a careless rule would refuse.
func TestCheckDigitsThatAreNotJudged(t *testing.T) {
	cases := []struct{ why, taxType, value string }{
		{"Bulgarian persons", "eu_vat", "BG0123456789"},
		{"a Bulgarian branch", "bg_uic", "1234567890123"},
		{"letters in a Belarusian id", "by_tin", "MA1234567"},
		{"a Colombian id without its check digit", "co_nit", "899.999.068"},
		{"a Colombian id that has no hyphen", "co_nit", "1234567890"},
		{"Cypriot ids since 2023", "eu_vat", "CY60000000A"},
		{"Czech persons", "eu_vat", "CZ1234567890"},
		{"British departments", "gb_vat", "GBGD001"},
		{"British numbers of the second series", "gb_vat", "GB340804329"},
		{"British numbers of other series", "gb_vat", "GB100000047"},
		{"Dutch sole traders, whose first nine digits break the older rule", "eu_vat", "NL000099998B57"},
		{"a French branch of the post office, by Luhn's rule", "fr_siret", "35600000000048"},
		{"the companies of Monaco, which have no SIREN", "eu_vat", "FR53000004605"},
		{"Hungarian persons", "hu_tin", "8123456789"},
		{"Indian ids of non-residents", "in_gst", "9917SGP29001OSA"},
		{"Indian ids that are no ordinary taxpayer's", "in_gst", "29AAGCB7383J1D1"},
		{"a second letter that is not known in Ireland", "eu_vat", "IE1234567AT"},
		{"an older Irish id with a second letter", "eu_vat", "IE1A23456BC"},
		{"Latvian persons", "eu_vat", "LV12345678912"},
		{"Latvian ids with a remainder that is read differently", "eu_vat", "LV41000000005"},
		{"older Slovak persons", "eu_vat", "SK7000000030"},
		{"Spanish kinds of ids that have no certain rule", "es_cif", "K1234567A"},
		{"Kazakhstan, of whose persons some have wrong check digits", "kz_bin", "020240000556"},
		{"Romanian persons, of whom some have wrong check digits", "ro_tin", "1630615123458"},
		{"Singapore, which publishes no rule", "sg_uen", "196800306F"},
		{"Venezuela, which publishes no rule", "ve_rif", "J-00123072-7"},
		{"Vietnamese citizens", "vn_tin", "012345678901"},
		{"Japanese sole traders", "jp_trn", "T1234567890123"},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			if err := live(c.taxType, c.value); err != nil {
				t.Errorf("%s: %v", c.value, err)
			}
		})
	}
}

func TestEveryMemberStateHasARule(t *testing.T) {
	for _, form := range euVATForms {
		if europeanCheckDigits[form[:2]] == nil {
			t.Errorf("%s has a form and no rule", form[:2])
		}
	}
}

// unjudged are the types whose check digits are not checked, by the reason.
var unjudged = map[string][]string{
	"the authority itself publishes no rule, so that none is certain enough to refuse by": strings.Fields(`
		ad_nrt ae_trn al_tin am_tin au_arn au_wpn aw_tin az_tin bb_tin bd_bin bf_ifu bh_vat bj_ifu bs_tin ca_pst_bc
		ca_pst_mb ca_pst_sk ca_qst cd_nif cm_niu cv_nif de_stn eg_tin et_tin eu_oss_vat fo_vat fr_spi gi_tin gn_nif
		hk_br il_vat is_vat jp_rn ke_pin kg_tin kh_tin la_tin li_uid li_vat lk_vat md_cf md_vat mk_vat mr_nif mu_vat
		my_frp my_itn my_sst ng_tin no_voec np_pan om_vat ph_tin py_ruc ru_kpp sa_vat sg_gst sg_uen sn_ninea sr_fin
		tj_tin tt_bir tt_vat tz_vat ug_tin us_ein uz_tin uz_vat ve_rif zm_tin zw_tin`),
	"the authority gave out ids that break the rule, or gave the rule up": strings.Fields(`
		do_rcn ec_ruc is_kt kz_bin mx_rfc`),
	"kinds of ids with different rules cannot be told apart": strings.Fields(`
		ao_tin ba_tin bo_tin cn_tin cr_tin ge_vat id_npwp jp_trn ma_vat me_pib mz_nuit sm_coe sv_nit ua_vat`),
}

func TestEveryTypeHasARuleOrAReasonForNone(t *testing.T) {
	reasons := map[string]int{}
	for _, taxTypes := range unjudged {
		for _, taxType := range taxTypes {
			reasons[taxType]++
		}
	}
	for taxType := range forms {
		if (judged[taxType] == nil) != (reasons[taxType] == 1) {
			t.Errorf("%s has either a rule or one reason for none", taxType)
		}
	}
	if n := len(judged) + len(reasons); n != len(forms) {
		t.Errorf("%d types have a rule or a reason, %d have a form", n, len(forms))
	}
}

// provenRules are those by which no single digit can be mistyped unseen: the modulus shares no factor with a weight,
// and no two remainders lead to the same check digit. The X are what may be any digit.
var provenRules = []struct{ taxType, pattern string }{
	{"eu_vat", "ATUXXXXXXXX"}, {"eu_vat", "BE0XXXXXXXXX"}, {"eu_vat", "DEXXXXXXXXX"}, {"eu_vat", "DKXXXXXXXX"},
	{"eu_vat", "EEXXXXXXXXX"}, {"eu_vat", "FIXXXXXXXX"}, {"eu_vat", "HRXXXXXXXXXXX"}, {"eu_vat", "HUXXXXXXXX"},
	{"eu_vat", "ITXXXXXXXXXXX"}, {"eu_vat", "LUXXXXXXXX"}, {"eu_vat", "MTXXXXXXXX"}, {"eu_vat", "PLXXXXXXXXXX"},
	{"eu_vat", "SEXXXXXXXXXX01"}, {"eu_vat", "SIXXXXXXXX"},
	{"au_abn", "XXXXXXXXXXX"}, {"by_tin", "XXXXXXXXX"}, {"ca_bn", "XXXXXXXXX"}, {"ca_gst_hst", "XXXXXXXXXRT0001"},
	{"ch_uid", "CHEXXXXXXXXX"}, {"ch_vat", "CHEXXXXXXXXXTVA"}, {"fr_siren", "XXXXXXXXX"}, {"hr_oib", "XXXXXXXXXXX"},
	{"hu_tin", "XXXXXXXX-1-42"}, {"no_vat", "XXXXXXXXXMVA"}, {"nz_bn", "XXXXXXXXXXXXX"}, {"pl_nip", "XXXXXXXXXX"},
	{"rs_pib", "XXXXXXXXX"}, {"si_tin", "XXXXXXXX"}, {"uy_ruc", "XXXXXXXXXXXX"}, {"vn_tin", "XXXXXXXXXX"},
	{"za_vat", "4XXXXXXXXX"},
}

func TestNoSingleDigitIsMistypedUnseen(t *testing.T) {
	for _, c := range provenRules {
		t.Run(c.taxType+" "+c.pattern, func(t *testing.T) {
			first, last := strings.Index(c.pattern, "X"), strings.LastIndex(c.pattern, "X")
			rapid.Check(t, func(t *rapid.T) {
				digits := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), last-1-first, last-1-first, -1).Draw(t, "digits")
				right := ""
				for end := 0; end < 100 && right == ""; end++ {
					value := c.pattern[:first] + digits + strconv.Itoa(100 + end)[1:] + c.pattern[last+1:]
					if live(c.taxType, value) == nil {
						right = value
					}
				}
				if right == "" {
					t.Skip("the digits have no check digits")
				}
				at := rapid.IntRange(first, last).Draw(t, "at")
				other := rapid.ByteRange('0', '9').Filter(func(d byte) bool { return d != right[at] }).Draw(t, "other")
				wrong := right[:at] + string(other) + right[at+1:]
				if err := live(c.taxType, wrong); err != ErrCheckDigits {
					t.Fatalf("%s is right, and so is %s", right, wrong)
				}
			})
		})
	}
}

func FuzzTaxID(f *testing.F) {
	types := Types()
	for _, c := range checkDigitRules {
		f.Add(uint8(slices.Index(types, c.taxType)), c.right)
	}
	for taxType, its := range examples {
		for _, example := range its {
			f.Add(uint8(slices.Index(types, taxType)), example)
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, value string) {
		taxType := types[int(n)%len(types)]
		err := live(taxType, value)
		// What is passed on is of the type too, and does not change any more.
		passedOn := Canonical(taxType, value)
		if err == nil && (live(taxType, passedOn) != nil || Canonical(taxType, passedOn) != passedOn || !Same(taxType, value, passedOn)) {
			t.Errorf("%s %q is passed on as %q: %v", taxType, value, passedOn, live(taxType, passedOn))
		}
		// The case of letters changes nothing.
		lower := live(taxType, upperCase.ReplaceAllStringFunc(value, strings.ToLower))
		if (err == nil) != (lower == nil) {
			t.Errorf("%s %q: %v, in lower case: %v", taxType, value, err, lower)
		}
	})
}

// upperCase is what tidy knows to be upper case.
var upperCase = regexp.MustCompile(`[A-Z]+`)
