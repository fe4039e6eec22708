package taxid

import (
	"regexp"
	"strings"
)

// forms are the provider's documented tax id types (docs.stripe.com/invoicing/customer/tax-ids and the changelog up to
// 2026-10-28), each with the form of its values, without punctuation, as a regular expression. Check digits are another
// matter, see judged.
//
// A form is never stricter than what is known of the authority's numbers, because refusing a right id keeps a customer
// from paying. So kinds of numbers that the documented example leaves out are in, and where the form is not certain it
// is anyForm.
var forms = compileForms(map[string]string{
	"ad_nrt":     `[A-Z]\d{6}[A-Z]`,
	"ae_trn":     `\d{15}`,
	"al_tin":     `[A-Z]\d{8}[A-Z]`,
	"am_tin":     `\d{8,9}`,
	"ao_tin":     `\d{10}|\d{9}[A-Z]{2}\d{3}`, // company, or a person's identity card
	"ar_cuit":    `\d{11}`,
	"au_abn":     `\d{11}`,
	"au_acn":     `\d{9}`,
	"au_arn":     `\d{12}`,
	"au_wpn":     anyForm,
	"aw_tin":     `\d{8}`,
	"az_tin":     `\d{10}`,
	"ba_tin":     `\d{12,13}`,
	"bb_tin":     `\d{13}`,
	"bd_bin":     `\d{13}`,
	"bf_ifu":     `\d{8}[A-Z]`,
	"bg_uic":     `\d{9,10}|\d{13}`, // 10: a person's number, 13: a branch
	"bh_vat":     `\d{15}`,
	"bj_ifu":     `\d{13}`,
	"bo_tin":     `\d{5,15}`,
	"br_cnpj":    `[A-Z0-9]{12}\d{2}`, // letters since July 2026
	"br_cpf":     `\d{11}`,
	"bs_tin":     `\d{9}`,
	"by_tin":     `[A-Z0-9]{2}\d{7}`,
	"ca_bn":      `\d{9}`,
	"ca_gst_hst": `\d{9}RT\d{4}`,
	"ca_pst_bc":  `PST\d{8}`,
	"ca_pst_mb":  `\d{7}`,
	"ca_pst_sk":  `\d{7}`,
	"ca_qst":     `\d{10}TQ\d{4}`,
	"cd_nif":     `[A-Z]\d{7}[A-Z]`,
	"ch_uid":     swissUID + `[A-Z]{0,10}`, // the register's mark in the canton's language
	"ch_vat":     swissUID + `(MWST|TVA|IVA|VAT)?`,
	"cl_tin":     `\d{7,8}[\dK]`,
	"cm_niu":     `[A-Z]\d{12}[A-Z]`,
	"cn_tin":     `[A-Z0-9]{15,20}`, // 18; older companies 15, persons up to 20
	"co_nit":     `\d{4,13}`,
	"cr_tin":     `\d{8,12}`,
	"cv_nif":     `\d{9}`,
	"cz_dic":     `(CZ)?\d{8,10}`,
	"de_stn":     `\d{10,13}`,
	"do_rcn":     `\d{9}|\d{11}`,
	"ec_ruc":     `\d{13}`,
	"eg_tin":     `\d{9}`,
	"es_cif":     `[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]`,
	"et_tin":     `\d{10}`,
	"eu_oss_vat": `EU\d{9}`,
	"eu_vat":     strings.Join(euVATForms, "|"),
	"fo_vat":     `(FO)?\d{6}`,
	"fr_siren":   `\d{9}`,
	"fr_siret":   `\d{14}`,
	"fr_spi":     `\d{13}`,
	"gb_vat":     `GB` + britishVAT,
	"ge_vat":     `\d{9}|\d{11}`, // 11: a person
	"gi_tin":     anyForm,
	"gn_nif":     `\d{9}`,
	"hk_br":      `\d{8}(\d{3}[A-Z0-9]{0,6})?`, // the certificate adds branch, month and year
	"hr_oib":     `\d{11}`,
	"hu_tin":     `\d{11}|\d{10}`,    // 10: a person
	"id_npwp":    `\d{15,16}|\d{22}`, // 22 with the branch
	"il_vat":     `\d{9}`,
	"in_gst":     `\d{2}[A-Z]{4}[A-Z0-9]\d{4}[A-Z][A-Z0-9]{3}|\d{4}[A-Z]{3}\d{5}[A-Z]{2}[A-Z0-9]`, // or non-resident
	"is_kt":      `\d{10}`,
	"is_vat":     `\d{5,6}`,
	"it_cf":      `[A-Z]{6}[A-Z0-9]{2}[A-Z][A-Z0-9]{2}[A-Z][A-Z0-9]{3}[A-Z]|\d{11}`, // person, or company
	"jp_cn":      `\d{13}`,
	"jp_rn":      `\d{5}`,
	"jp_trn":     `T\d{13}`,
	"ke_pin":     `[A-Z]\d{9}[A-Z]`,
	"kg_tin":     `\d{14}`,
	"kh_tin":     `[A-Z0-9]{4}\d{9}`,
	"kr_brn":     `\d{10}`,
	"kz_bin":     `\d{12}`,
	"la_tin":     `\d{9}(\d{3})?`,
	"li_uid":     swissUID + `[A-Z]{0,10}`,
	"li_vat":     `\d{5}`,
	"lk_vat":     `\d{13}`,
	"ma_vat":     `\d{7,8}|\d{15}`, // 15: the common identifier of an enterprise
	"md_cf":      anyForm,
	"md_vat":     `\d{7}`,
	"me_pib":     `\d{8}|\d{13}`, // 13: a person
	"mk_vat":     `(MK)?\d{13}`,
	"mr_nif":     `\d{8}`,
	"mu_vat":     anyForm,
	"mx_rfc":     `[A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3}`,
	"my_frp":     `\d{8}`,
	"my_itn":     `[A-Z]{1,3}\d{5,15}`,
	"my_sst":     `[A-Z]\d{14}`,
	"mz_nuit":    `\d{9}`,
	"ng_tin":     `\d{10}|\d{12,13}`,
	"no_vat":     `(NO)?\d{9}(MVA)?`,
	"no_voec":    `(VOEC)?\d{7}`,
	"np_pan":     `\d{9}`,
	"nz_bn":      `\d{13}`,
	"nz_gst":     `\d{8,9}`,
	"om_vat":     `(OM)?\d{10}`,
	"pe_ruc":     `\d{11}`,
	"ph_tin":     `\d{9}(\d{3,5})?`,
	"pl_nip":     `\d{10}`,
	"pt_nif":     `\d{9}`,
	"py_ruc":     anyForm,
	"ro_tin":     `(RO)?\d{2,10}|\d{13}`, // company, or person
	"rs_pib":     `\d{9}`,
	"ru_inn":     `\d{10}|\d{12}`, // 12: a person
	"ru_kpp":     `\d{4}[A-Z0-9]{2}\d{3}`,
	"sa_vat":     `\d{15}`,
	"sg_gst":     `[A-Z0-9]{8,12}`,
	"sg_uen":     `\d{8,9}[A-Z]|[A-Z]\d{2}[A-Z0-9]{2}\d{4}[A-Z]`,
	"si_tin":     `\d{8}`,
	"sm_coe":     anyForm,
	"sn_ninea":   `\d{7,9}(\d[A-Z]\d)?`,
	"sr_fin":     `\d{10}`,
	"sv_nit":     `\d{14}|\d{9}`, // 9: the identity card's number is a NIT by now
	"th_vat":     `\d{13}`,
	"tj_tin":     `\d{9}`,
	"tr_tin":     `\d{10,11}`, // 11: a person
	"tt_bir":     anyForm,
	"tt_vat":     anyForm,
	"tw_vat":     `\d{8}`,
	"tz_vat":     `\d{8}[A-Z]`,
	"ua_vat":     `\d{8,12}`,
	"ug_tin":     `\d{10}`,
	"us_ein":     `\d{9}`,
	"uy_ruc":     `\d{12}`,
	"uz_tin":     `\d{9}`,
	"uz_vat":     `\d{12}`,
	"ve_rif":     `[A-Z]\d{9}`,
	"vn_tin":     `\d{10}(\d{3})?|\d{12}`, // with a branch, or a citizen's number
	"za_vat":     `4\d{9}`,
	"zm_tin":     `\d{10}`,
	"zw_tin":     `\d{10}`,
})

// uncertain are the types whose form is not certain. The list is here so that a form cannot become this generous unseen.
var uncertain = []string{"au_wpn", "gi_tin", "md_cf", "mu_vat", "py_ruc", "sm_coe", "tt_bir", "tt_vat"}

const (
	// anyForm only asks for something that can be an id at all.
	anyForm = `[A-Z0-9]+`

	swissUID = `CHE\d{9}`

	// britishVAT follows GB, or XI in Northern Ireland: a company, a branch, a government department or a
	// health authority.
	britishVAT = `(\d{9}|\d{12}|(GD|HA)\d{3})`
)

// euVATForms are the structures that the EU's VIES lists per member state. Greece is EL there, not GR, and
// XI is Northern Ireland.
var euVATForms = []string{
	`ATU\d{8}`,
	`BE[01]\d{9}`,
	`BG\d{9,10}`,
	`CY\d{8}[A-Z]`,
	`CZ\d{8,10}`,
	`DE\d{9}`,
	`DK\d{8}`,
	`EE\d{9}`,
	`EL\d{9}`,
	`ES([A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z])`,
	`FI\d{8}`,
	`FR[A-Z0-9]{2}\d{9}`,
	`HR\d{11}`,
	`HU\d{8}(\d{3})?`, // an older example has eleven digits
	`IE\d[A-Z0-9+*]\d{5}[A-Z]{1,2}`,
	`IT\d{11}`,
	`LT(\d{9}|\d{12})`,
	`LU\d{8}`,
	`LV\d{11}`,
	`MT\d{8}`,
	`NL\d{9}B\d{2}`,
	`PL\d{10}`,
	`PT\d{9}`,
	`RO\d{2,10}`,
	`SE\d{12}`,
	`SI\d{8}`,
	`SK\d{10}`,
	`XI` + britishVAT,
}

func compileForms(forms map[string]string) map[string]*regexp.Regexp {
	compiled := make(map[string]*regexp.Regexp, len(forms))
	for taxType, form := range forms {
		compiled[taxType] = regexp.MustCompile(`^(?:` + form + `)$`)
	}
	return compiled
}
