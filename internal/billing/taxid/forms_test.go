package taxid

import (
	"slices"
	"strings"
	"testing"
)

// newerExamples are ids of the authority's form for types that Stripe's table has no example for.
var newerExamples = map[string]string{
	"au_acn": "123456789", "au_wpn": "123456789", "cz_dic": "CZ12345678", "fr_siren": "123456789",
	"fr_siret": "12345678900012", "fr_spi": "1234567890123", "is_kt": "123456-7890", "md_cf": "1234567890123",
	"mu_vat": "12345678", "mz_nuit": "123456789", "nz_bn": "1234567890123", "pt_nif": "123456789",
	"sm_coe": "SM12345", "tt_bir": "123456789-1", "tt_vat": "123456",
}

// anExample is one id of each type.
func anExample(t *testing.T, taxType string) string {
	t.Helper()
	if its := examples[taxType]; len(its) > 0 {
		return its[0]
	}
	if newerExamples[taxType] == "" {
		t.Fatalf("%s has no example here", taxType)
	}
	return newerExamples[taxType]
}

func TestEveryTypeTakesItsExampleAndRefusesNonsense(t *testing.T) {
	for taxType := range forms {
		t.Run(taxType, func(t *testing.T) {
			example := anExample(t, taxType)
			if err := ofForm(taxType, example); err != nil {
				t.Errorf("%s: %v", example, err)
			}
			wrong := []string{"", " ", "-", "./-", "not an id!", "Ⅻ", example + "\n", "\t" + example, example + "\x00", example + "\u200b"}
			if !slices.Contains(uncertain, taxType) {
				wrong = append(wrong, "1", example+"-A1.2", strings.Repeat("1", 50))
			}
			for _, mode := range []Mode{Live, Test} {
				for _, value := range wrong {
					if err := Validate(taxType, value, mode); err != ErrForm {
						t.Errorf("%q: %v", value, err)
					}
				}
				if err := Validate(taxType, strings.Repeat("1", MaxLength+1), mode); err != ErrLength {
					t.Errorf("too long: %v", err)
				}
			}
		})
	}
}

func TestTypesThatAreNone(t *testing.T) {
	for _, taxType := range []string{"", "us_ssn", "unknown", "US_EIN", "eu_vat ", "xk_vat"} {
		if err := Validate(taxType, "12-3456789", Test); err != ErrType {
			t.Errorf("%q: %v", taxType, err)
		}
	}
}

// Test accounts take what the provider publishes; live ones judge it like any other id.
func TestPublishedIDs(t *testing.T) {
	for taxType, its := range examples {
		for _, example := range its {
			if err := Validate(taxType, example, Test); err != nil {
				t.Errorf("%s %s: %v", taxType, example, err)
			}
			if got := Canonical(taxType, example); got != example && taxType != "ar_cuit" {
				t.Errorf("%s %s is passed on as %s", taxType, example, got)
			}
		}
	}
	cases := []struct {
		taxType, value string
		test, live     error
	}{
		{"eu_vat", "000000000", nil, ErrForm},
		{"eu_vat", "111111111", nil, ErrForm},
		{"eu_vat", "222222222", nil, ErrForm},
		{"eu_vat", "000 000 000", nil, ErrForm},
		{"eu_vat", "333333333", ErrForm, ErrForm},
		{"au_abn", "000000000", nil, ErrForm},
		{"gb_vat", "222222222", nil, ErrForm},
		{"ch_vat", "000000000", ErrForm, ErrForm},
		{"eu_vat", "DE123456789", nil, ErrCheckDigits},
		{"eu_vat", "de 123 456 789", nil, ErrCheckDigits},
		{"eu_vat", "DE123456780", ErrCheckDigits, ErrCheckDigits},
		{"eu_vat", "FRAB123456789", nil, ErrCheckDigits},
		{"au_abn", "12 345 678 912", nil, ErrCheckDigits},
		{"ch_vat", "CHE123456789MWST", nil, ErrCheckDigits},
		{"in_gst", "12ABCDE3456FGZH", nil, ErrCheckDigits},
		{"us_ein", "123456789", nil, nil},
	}
	for _, c := range cases {
		if test, live := Validate(c.taxType, c.value, Test), Validate(c.taxType, c.value, Live); test != c.test || live != c.live {
			t.Errorf("%s %s: %v with a test account, %v with a live one", c.taxType, c.value, test, live)
		}
	}
}

// Every row is an id in the ways in which it is printed and typed, and the one in which the provider is sent it.
func TestPrintedPunctuation(t *testing.T) {
	cases := []struct {
		taxType, passedOn string
		written           []string
	}{
		{"eu_vat", "DK10150817", []string{"DK10150817", "dk 10 15 08 17", "DK-10150817", " DK\u00a010\u202f15\u200908 17 "}},
		{"eu_vat", "BE0417497106", []string{"BE 0417.497.106", "be-0417.497.106"}},
		{"eu_vat", "ATU13585627", []string{"ATU 13585627", "AT U13585627", "atu13585627"}},
		{"eu_vat", "ESA28015865", []string{"ES-A28015865", "ESA-28015865", "ES A-28.015.865"}},
		{"eu_vat", "FR40303265045", []string{"FR 40 303 265 045", "fr40-303265045"}},
		{"eu_vat", "EL094014201", []string{"EL 094014201", "el-094014201"}},
		{"eu_vat", "XI980780684", []string{"XI 980 7806 84", "xi980780684"}},
		{"eu_vat", "SE556042722001", []string{"SE 556042-7220 01", "SE556042–722001"}},
		{"eu_vat", "IE6433435OA", []string{"IE 6433435OA", "ie6433435oa"}},
		{"gb_vat", "GB220430231", []string{"GB 220 4302 31", "gb220430231"}},
		{"au_abn", "51824753556", []string{"51 824 753 556", "51-824-753-556"}},
		{"br_cnpj", "33.000.167/0001-01", []string{"33.000.167/0001-01", "33000167000101", "33 000 167 / 0001 – 01"}},
		{"br_cpf", "529.982.247-25", []string{"529.982.247-25", "52998224725", "529 982 247 25"}},
		{"ch_vat", "CHE-116.281.710 MWST", []string{"CHE-116.281.710 MWST", "CHE116281710MWST", "che 116 281 710 mwst", "CHE-116.281.710-MWST"}},
		{"ch_vat", "CHE-116.281.710", []string{"CHE-116.281.710", "CHE116281710"}},
		{"ch_uid", "CHE-105.909.036 HR/MWST", []string{"CHE-105.909.036 HR/MWST", "che105909036 hr/mwst"}},
		{"us_ein", "12-3456789", []string{"12-3456789", "123456789", "12 3456789", "12‑3456789", "123-456789"}},
		{"ar_cuit", "30-54668997-9", []string{"30-54668997-9", "30546689979", "30 54668997 9"}},
		{"cl_tin", "76.086.428-5", []string{"76.086.428-5", "76086428-5", "760864285"}},
		{"cl_tin", "7.654.321-6", []string{"7.654.321-6", "76543216"}},
		{"co_nit", "899.999.068-1", []string{"899.999.068-1", "899999068-1", "899 999 068 – 1"}},
		{"co_nit", "899999068", []string{"899.999.068", "899999068"}},
		{"cr_tin", "3-101-123456", []string{"3-101-123456", "3101123456"}},
		{"de_stn", "13381508159", []string{"133/8150/8159", "133 8150 8159", "13381508159"}},
		{"hu_tin", "10625790-4-44", []string{"10625790-4-44", "10625790444"}},
		{"kr_brn", "124-81-00998", []string{"124-81-00998", "1248100998"}},
		{"mx_rfc", "ÑAB010203AB9", []string{"ÑAB-010203-AB9", "ñab 010203 ab9"}},
		{"my_itn", "C 1234567890", []string{"C 1234567890", "C1234567890", "c-1234567890"}},
		{"no_vat", "923609016MVA", []string{"NO 923 609 016 MVA", "923609016", "923 609 016 mva", "NO923609016"}},
		{"fo_vat", "FO123456", []string{"FO 123456", "123456", "fo123456"}},
		{"ro_tin", "1590082", []string{"RO 1590082", "1590082"}},
		{"pl_nip", "5260250995", []string{"526-02-50-995", "526-025-09-95", "5260250995"}},
		{"vn_tin", "0100109106-001", []string{"0100109106-001", "0100109106001"}},
		{"vn_tin", "0300588569", []string{"0300588569", "0300 588 569"}},
		{"hk_br", "12345678-000-05-24-A", []string{"12345678-000-05-24-A", "12345678 -000-05-24-a"}},
		{"ca_gst_hst", "119219814RT0001", []string{"119219814 RT 0001", "11921-9814-RT0001"}},
		{"py_ruc", "80012345-6", []string{"80012345-6", " 80012345-6 "}}, // the form is not certain, so it is left alone
	}
	for _, c := range cases {
		t.Run(c.taxType+" "+c.passedOn, func(t *testing.T) {
			for _, value := range c.written {
				if err := Validate(c.taxType, value, Live); err != nil {
					t.Errorf("%q: %v", value, err)
				}
				if got := Canonical(c.taxType, value); got != c.passedOn {
					t.Errorf("%q is passed on as %q", value, got)
				}
				if !Same(c.taxType, value, c.passedOn) {
					t.Errorf("%q seems to be another id", value)
				}
			}
			if Same(c.taxType, c.passedOn+"1", c.passedOn) {
				t.Error("another id seems to be the same")
			}
		})
	}
}

func TestLayoutsFitTheirTypes(t *testing.T) {
	for taxType, its := range layouts {
		for _, layout := range its {
			if forms[taxType] == nil || strings.Trim(layout, "#.-/") != "" {
				t.Errorf("%s: %s", taxType, layout)
			}
		}
	}
	for taxType := range rewritten {
		if forms[taxType] == nil || layouts[taxType] != nil {
			t.Errorf("%s", taxType)
		}
	}
}

func TestFormsOfTaxIDs(t *testing.T) {
	cases := map[string]struct {
		taxType      string
		right, wrong []string
	}{
		"EU VAT by member state": {
			"eu_vat",
			[]string{
				"ATU12345678", "BE0123456789", "BE1123456789", "BG123456789", "BG0123456789", "CY12345678Z",
				"CZ12345678", "CZ123456789", "CZ1234567890", "DE123456789", "DK12345678", "EE123456789",
				"EL123456789", "ESA1234567Z", "ES12345678Z", "FI12345678", "FRAB123456789", "FR12123456789",
				"HR12345678912", "HU12345678", "HU12345678912", "IE1234567AB", "IE1A23456B", "IE1+23456B",
				"IT12345678912", "LT123456789", "LT123456789123", "LU12345678", "LV12345678912", "MT12345678",
				"NL123456789B12", "PL1234567890", "PT123456789", "RO12", "RO1234567891", "SE123456789123",
				"SI12345678", "SK1234567891",
			},
			[]string{
				"123456789", "ATX12345678", "AT12345678", "BE2123456789", "BE123456789", "BG12345678", "CY123456789",
				"CZ1234567", "DE12345678", "DE1234567890", "DK1234567", "ES123456789", "FRAB12345678", "HU123456789",
				"IE12345678", "LT1234567890", "NL123456789A12", "RO1", "SE1234567890",
				"US123456789", "EU123456789", "CHE123456789",
			},
		},
		"Greece is EL in VAT": {"eu_vat", []string{"EL123456789"}, []string{"GR123456789"}},
		"Northern Ireland is XI in EU VAT, Great Britain is not in it": {
			"eu_vat",
			[]string{"XI123456789", "XI123456789012", "XIGD123", "XIHA123"},
			[]string{"GB123456789", "XI12345678"},
		},
		"British companies, branches, departments, health authorities": {
			"gb_vat",
			[]string{"GB123456789", "GB 123 4567 89", "GB123456789012", "GBGD123", "GBHA123"},
			[]string{"123456789", "GB12345678", "GB1234567890", "GBGD1234", "GBXX123", "XI123456789"},
		},
		"spaces and the case of letters do not matter": {
			"eu_vat", []string{"DK 12 34 56 78", " de123456789 ", "fr ab 123456789"}, []string{"DE\t123456789"},
		},
		"only ASCII letters change case": {
			"ke_pin", []string{"p000111111a"}, []string{"\u017f000111111A", "\u212a000111111A"}, // upper case: S, K
		},
		"United States": {
			"us_ein", []string{"12-3456789", "123456789"}, []string{"12-345678", "12-34567890"},
		},
		"Australia": {"au_abn", []string{"12 345 678 912"}, []string{"1234567891", "123456789123", "1234567891A"}},
		"Brazil, companies, with letters since 2026": {
			"br_cnpj",
			[]string{"01.234.456/5432-10", "01234456543210", "12.ABC.345/01DE-35"},
			[]string{"0123445654321", "12.ABC.345/01DE-3A"},
		},
		"Brazil, persons": {"br_cpf", []string{"12345678987"}, []string{"123.456.789", "123.456.789-8A"}},
		"Switzerland, VAT": {
			"ch_vat",
			[]string{"CHE-123.456.789 MWST", "CHE-123.456.789 TVA", "CHE-123.456.789 IVA", "CHE123456789"},
			[]string{"CH-123.456.789 MWST", "CHE-123.456.78 MWST", "CHE-123.456.789 HR"},
		},
		"India": {
			"in_gst",
			[]string{"12ABCDE3456FGZH", "27AAPFU0939F1ZV", "9917SGP29001OSA"},
			[]string{"12ABCDE3456FGZ", "AAABCDE3456FGZH"},
		},
		"Argentina": {"ar_cuit", []string{"20-12345678-9", "20123456789"}, []string{"20-1234567-9"}},
		"Mexico, letters beyond ASCII": {
			"mx_rfc", []string{"ÑAB010203AB9", "ñab010203ab9", "A&BC010203AB9"}, []string{"AB010203AB9"},
		},
		"South Africa begins with 4": {"za_vat", []string{"4123456789"}, []string{"1123456789"}},
		"Norway":                     {"no_vat", []string{"NO123456789MVA", "123456789"}, []string{"12345678MVA"}},
		"Canada":                     {"ca_gst_hst", []string{"123456789 RT 0002"}, []string{"123456789RC0002"}},
		"Spain":                      {"es_cif", []string{"A12345678", "12345678Z", "X1234567L"}, []string{"123456789"}},
		"Germany, tax number":        {"de_stn", []string{"133/8150/8159", "2893081508152"}, []string{"123456789"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, value := range c.right {
				if err := ofForm(c.taxType, value); err != nil {
					t.Errorf("%q: %v", value, err)
				}
			}
			for _, value := range c.wrong {
				if err := ofForm(c.taxType, value); err != ErrForm {
					t.Errorf("%q: %v", value, err)
				}
			}
		})
	}
}

func live(taxType, value string) error { return Validate(taxType, value, Live) }

// ofForm is live, but for the check digits.
func ofForm(taxType, value string) error {
	if err := live(taxType, value); err != ErrCheckDigits {
		return err
	}
	return nil
}
