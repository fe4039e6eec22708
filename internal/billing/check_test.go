package billing

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"clientele/internal/billing/taxid"
	"clientele/internal/domain"
)

// rules are those of a provider with few tax ids and much metadata, for an account of the mode.
func rules(mode taxid.Mode) Rules {
	return Rules{
		MaxPhoneLength: 20, MaxTaxIDs: 5, MaxCustomFields: 4, MaxCustomFieldKeyLength: 40, MaxCustomFieldValueLength: 140,
		MaxMetadataKeys: 44, MaxMetadataKeyLength: 40, MaxMetadataValueLength: 500, SameTaxID: taxid.Same,
		CheckTaxID: func(taxType, value string) error { return taxid.Validate(taxType, value, mode) },
	}
}

func TestCheck(t *testing.T) {
	type info = domain.BillingInformation
	type address = domain.Address
	const (
		badAddress = domain.InvalidAddress
		badInput   = domain.BadUserInput
	)
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	billed := func(a address) info { return info{BillingAddress: &a} }
	long := func(n int) *string { return new(strings.Repeat("ä", n)) }
	object := func(keys, keyLength, valueLength int) json.RawMessage {
		fields := map[string]string{}
		for i := range keys {
			fields[fmt.Sprintf("%0*d", keyLength, i)] = strings.Repeat("ä", valueLength)
		}
		encoded, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	taxIDs := func(n int) []domain.TaxID {
		var ids []domain.TaxID
		for i := range n {
			ids = append(ids, domain.TaxID{Type: "us_ein", Value: fmt.Sprintf("12-345678%d", i)})
		}
		return ids
	}

	// An empty path means that the information is right.
	cases := map[string]struct {
		info info
		kind domain.Kind
		path string
	}{
		"nothing given":                {info: info{}},
		"nothing given in the address": {info: info{BillingAddress: &address{}, ShippingAddress: &address{}}},
		"everything right":             {info: filled("x")},

		"country":                            {info: billed(address{Country: new("DK")})},
		"country, United Kingdom is GB":      {info: billed(address{Country: new("GB")})},
		"country, UK is only reserved":       {billed(address{Country: new("UK")}), badAddress, "billingAddress.country"},
		"country, Kosovo":                    {info: billed(address{Country: new("XK")})},
		"country, Ascension":                 {info: billed(address{Country: new("AC")})},
		"country, Tristan da Cunha":          {info: billed(address{Country: new("TA")})},
		"country, ZZ is user-assigned":       {billed(address{Country: new("ZZ")}), badAddress, "billingAddress.country"},
		"country, EU is not one":             {billed(address{Country: new("EU")}), badAddress, "billingAddress.country"},
		"country, AN is withdrawn":           {billed(address{Country: new("AN")}), badAddress, "billingAddress.country"},
		"country, SU is withdrawn":           {billed(address{Country: new("SU")}), badAddress, "billingAddress.country"},
		"country in lower case":              {info: billed(address{Country: new("dk")})},
		"country in both cases":              {info: billed(address{Country: new("xK")})},
		"country, other letters":             {billed(address{Country: new("\u0131t")}), badAddress, "billingAddress.country"}, // upper case: IT
		"country, alpha-3":                   {billed(address{Country: new("DNK")}), badAddress, "billingAddress.country"},
		"country, numeric":                   {billed(address{Country: new("208")}), badAddress, "billingAddress.country"},
		"country, a region's number":         {billed(address{Country: new("001")}), badAddress, "billingAddress.country"},
		"country, empty":                     {billed(address{Country: new("")}), badAddress, "billingAddress.country"},
		"country with a space":               {billed(address{Country: new("DK ")}), badAddress, "billingAddress.country"},
		"shipping country":                   {info{ShippingAddress: &address{Country: new("UK")}}, badAddress, "shippingAddress.country"},
		"address text of 255 characters":     {info: billed(address{City: long(255)})},
		"address text, empty":                {info: billed(address{City: new("")})},
		"state too long":                     {billed(address{State: long(256)}), badAddress, "billingAddress.state"},
		"line 1 too long":                    {billed(address{AddressLine1: long(256)}), badAddress, "billingAddress.addressLine1"},
		"line 2 too long":                    {billed(address{AddressLine2: long(256)}), badAddress, "billingAddress.addressLine2"},
		"city too long":                      {billed(address{City: long(256)}), badAddress, "billingAddress.city"},
		"postal code too long":               {billed(address{PostalCode: long(256)}), badAddress, "billingAddress.postalCode"},
		"phone number of 20 characters":      {info: billed(address{PhoneNumber: long(20)})},
		"phone number too long":              {billed(address{PhoneNumber: long(21)}), badAddress, "billingAddress.phoneNumber"},
		"shipping phone of 255 characters":   {info: info{ShippingAddress: &address{PhoneNumber: long(255)}}},
		"shipping phone too long":            {info{ShippingAddress: &address{PhoneNumber: long(256)}}, badAddress, "shippingAddress.phoneNumber"},
		"shipping text":                      {info{ShippingAddress: &address{City: long(256)}}, badAddress, "shippingAddress.city"},
		"address text, control character":    {billed(address{City: new("Aar\nhus")}), badAddress, "billingAddress.city"},
		"address text, C1 control character": {billed(address{City: new("Aar\u0085hus")}), badAddress, "billingAddress.city"},
		"address text, not UTF-8":            {billed(address{City: new("Aar\xffhus")}), badAddress, "billingAddress.city"},

		"5 tax ids": {info: info{TaxIDs: taxIDs(5)}},
		"6 tax ids": {info{TaxIDs: taxIDs(6)}, badInput, "taxIds"},
		"tax id, its place": {
			info{TaxIDs: append(taxIDs(1), domain.TaxID{Type: "us_ein", Value: "1"})}, domain.InvalidTaxID, "taxIds[1].value",
		},
		"tax id, wrong check digits": {
			info{TaxIDs: append(taxIDs(1), domain.TaxID{Type: "eu_vat", Value: "DK12345678"})},
			domain.InvalidTaxID, "taxIds[1].value",
		},
		"tax id, the same again": {info{TaxIDs: append(taxIDs(2), taxIDs(1)...)}, domain.InvalidTaxID, "taxIds[2]"},
		"tax id, the same again, written differently": {
			info{TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: "DK12345674"}, {Type: "eu_vat", Value: "dk 12 34 56 74"}}},
			domain.InvalidTaxID, "taxIds[1]",
		},
		"tax id, the same value of another type": {
			info: info{TaxIDs: []domain.TaxID{{Type: "fr_siren", Value: "404833048"}, {Type: "np_pan", Value: "404833048"}}},
		},
		"tax id, the same again in another layout": {
			info{TaxIDs: []domain.TaxID{{Type: "br_cpf", Value: "52998224725"}, {Type: "br_cpf", Value: "529.982.247-25"}}},
			domain.InvalidTaxID, "taxIds[1]",
		},
		"tax id, the same again without its country": {
			info{TaxIDs: []domain.TaxID{{Type: "no_vat", Value: "NO 923 609 016 MVA"}, {Type: "no_vat", Value: "923609016"}}},
			domain.InvalidTaxID, "taxIds[1]",
		},
		"tax id, one of the provider's examples": {
			info{TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: "DE123456789"}}}, domain.InvalidTaxID, "taxIds[0].value",
		},
		"tax id, one for tests": {
			info{TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: "000000000"}}}, domain.InvalidTaxID, "taxIds[0].value",
		},
		"tax id, unknown type": {
			info{TaxIDs: []domain.TaxID{{Type: "us_ssn", Value: "12-3456789"}}}, domain.InvalidTaxID, "taxIds[0].type",
		},
		"tax id, Stripe's own unknown": {
			info{TaxIDs: []domain.TaxID{{Type: "unknown", Value: "12-3456789"}}}, domain.InvalidTaxID, "taxIds[0].type",
		},
		"tax id, type in upper case": {
			info{TaxIDs: []domain.TaxID{{Type: "US_EIN", Value: "12-3456789"}}}, domain.InvalidTaxID, "taxIds[0].type",
		},
		"tax id, value too long": {
			info{TaxIDs: []domain.TaxID{{Type: "gi_tin", Value: strings.Repeat("1", 51)}}},
			domain.InvalidTaxID, "taxIds[0].value",
		},
		"tax id, value too long by its spaces": {
			info{TaxIDs: []domain.TaxID{{Type: "gi_tin", Value: "1" + strings.Repeat(" ", 50)}}},
			domain.InvalidTaxID, "taxIds[0].value",
		},

		"custom fields at the limits":       {info: info{InvoiceCustomFields: object(4, 40, 140)}},
		"custom fields, an empty text":      {info: info{InvoiceCustomFields: object(1, 1, 0)}},
		"custom fields, empty":              {info: info{InvoiceCustomFields: raw(`{}`)}},
		"custom fields, null":               {info: info{InvoiceCustomFields: raw(`null`)}},
		"custom fields, 5 keys":             {info{InvoiceCustomFields: object(5, 1, 1)}, badInput, "invoiceCustomFields"},
		"custom fields, empty key":          {info{InvoiceCustomFields: raw(`{"":"a"}`)}, badInput, "invoiceCustomFields"},
		"custom fields, key too long":       {info{InvoiceCustomFields: object(1, 41, 1)}, badInput, "invoiceCustomFields"},
		"custom fields, value too long":     {info{InvoiceCustomFields: object(1, 1, 141)}, badInput, "invoiceCustomFields"},
		"custom fields, value a number":     {info{InvoiceCustomFields: raw(`{"a":1}`)}, badInput, "invoiceCustomFields"},
		"custom fields, value null":         {info{InvoiceCustomFields: raw(`{"a":null}`)}, badInput, "invoiceCustomFields"},
		"custom fields, value an object":    {info{InvoiceCustomFields: raw(`{"a":{}}`)}, badInput, "invoiceCustomFields"},
		"custom fields, a list":             {info{InvoiceCustomFields: raw(`[{}]`)}, badInput, "invoiceCustomFields"},
		"custom fields, not JSON":           {info{InvoiceCustomFields: raw(`{`)}, badInput, "invoiceCustomFields"},
		"metadata":                          {info: info{Metadata: object(44, 40, 500)}},
		"metadata, null":                    {info: info{Metadata: raw(`null`)}},
		"metadata, empty":                   {info: info{Metadata: raw(`{}`)}},
		"metadata, all kinds of values":     {info: info{Metadata: raw(`{"a":1,"b":true,"c":[],"d":{"e":"f"},"g":null,"h":""}`)}},
		"metadata, JSON of 500 characters":  {info: info{Metadata: raw(`{"a": [ "` + strings.Repeat("ä", 496) + `" ] }`)}},
		"metadata, JSON too long":           {info{Metadata: raw(`{"a":["` + strings.Repeat("ä", 497) + `"]}`)}, domain.InvalidMetadata, "metadata"},
		"metadata, 45 keys":                 {info{Metadata: object(45, 2, 1)}, domain.InvalidMetadata, "metadata"},
		"metadata, an empty key":            {info{Metadata: raw(`{"":"a"}`)}, domain.InvalidMetadata, "metadata"},
		"metadata, an empty key, no value":  {info{Metadata: raw(`{"":null}`)}, domain.InvalidMetadata, "metadata"},
		"metadata, key with [":              {info{Metadata: raw(`{"a[":"b"}`)}, domain.InvalidMetadata, "metadata"},
		"metadata, key with ]":              {info{Metadata: raw(`{"]":"b"}`)}, domain.InvalidMetadata, "metadata"},
		"metadata, a key of ours":           {info{Metadata: raw(`{"a":"b","clientele_id":"c"}`)}, domain.InvalidMetadata, "metadata"},
		"metadata, a key of ours, no value": {info{Metadata: raw(`{"clientele_":null}`)}, domain.InvalidMetadata, "metadata"},
		"metadata, a key much like ours":    {info: info{Metadata: raw(`{"clientele":"a","Clientele_id":"b"}`)}},
		"metadata, key too long":            {info{Metadata: object(1, 41, 1)}, domain.InvalidMetadata, "metadata"},
		"metadata, value too long":          {info{Metadata: object(1, 1, 501)}, domain.InvalidMetadata, "metadata"},
		"metadata, a list":                  {info{Metadata: raw(`[]`)}, domain.InvalidMetadata, "metadata"},
		"time zone":                         {info: info{Timezone: new("America/Argentina/Buenos_Aires")}},
		"time zone, a fixed offset":         {info: info{Timezone: new("Etc/GMT+5")}},
		"time zone, UTC":                    {info: info{Timezone: new("UTC")}},
		"time zone, by its newer name":      {info: info{Timezone: new("Europe/Kyiv")}},
		"time zone, by its older name":      {info: info{Timezone: new("Europe/Kiev")}},
		"time zone, an old link":            {info: info{Timezone: new("US/Pacific")}},
		"time zone, Asia/Calcutta":          {info: info{Timezone: new("Asia/Calcutta")}},
		"time zone, empty":                  {info{Timezone: new("")}, badInput, "timezone"},
		"time zone, Local":                  {info{Timezone: new("Local")}, badInput, "timezone"},
		"time zone, unknown":                {info{Timezone: new("Europe/Atlantis")}, badInput, "timezone"},
		"time zone, a folder":               {info{Timezone: new("Europe")}, badInput, "timezone"},
		"time zone, an offset":              {info{Timezone: new("+01:00")}, badInput, "timezone"},
		"time zone, too long":               {info{Timezone: new("Europe/" + strings.Repeat("B", 58))}, badInput, "timezone"},
		"time zone, a path":                 {info{Timezone: new("Europe/../Europe/Berlin")}, badInput, "timezone"},
		"time zone, a path by dots":         {info{Timezone: new("Europe/./Berlin")}, badInput, "timezone"},
		"time zone, a path by slashes":      {info{Timezone: new("Europe//Berlin")}, badInput, "timezone"},
		"time zone, the host's own":         {info{Timezone: new("localtime")}, badInput, "timezone"},
		"time zone, the host's default":     {info{Timezone: new("posixrules")}, badInput, "timezone"},
		"time zone, the host's copy":        {info{Timezone: new("posix/Europe/Berlin")}, badInput, "timezone"},
		"time zone, the host's other copy":  {info{Timezone: new("right/Europe/Berlin")}, badInput, "timezone"},
		"time zone, a table of zones":       {info{Timezone: new("zone1970.tab")}, badInput, "timezone"},
		"language":                          {info: info{Language: new("da")}},
		"language with region":              {info: info{Language: new("pt-BR")}},
		"language with script and more":     {info: info{Language: new("zh-Hant-TW-u-ca-roc")}},
		"language with a wide region":       {info: info{Language: new("es-419")}},
		"language, in lower case":           {info: info{Language: new("pt-br")}},
		"language, in upper case":           {info: info{Language: new("EN-US")}},
		"language, empty":                   {info{Language: new("")}, badInput, "language"},
		"language, not well-formed":         {info{Language: new("english")}, badInput, "language"},
		"language, a trailing hyphen":       {info{Language: new("en-")}, badInput, "language"},
		"language with an underscore":       {info{Language: new("en_US")}, badInput, "language"},
		"language, unknown":                 {info{Language: new("xx")}, badInput, "language"},
		"language, undetermined":            {info{Language: new("und")}, badInput, "language"},
		"language, root":                    {info{Language: new("root")}, badInput, "language"},
		"language, private":                 {info{Language: new("x-ours")}, badInput, "language"},
		"language, too long":                {info{Language: new("en-x-" + strings.Repeat("a-", 15) + "b")}, badInput, "language"},

		"payment method of 255 characters":  {info: info{PaymentMethodID: long(255)}},
		"payment method, empty":             {info{PaymentMethodID: new("")}, badInput, "paymentMethodId"},
		"payment method, too long":          {info{PaymentMethodID: long(256)}, badInput, "paymentMethodId"},
		"payment method, control character": {info{PaymentMethodID: new("pm\x00")}, badInput, "paymentMethodId"},
		"customer name, empty":              {info{CustomerName: new("")}, badInput, "customerName"},
		"customer name, too long":           {info{CustomerName: long(256)}, badInput, "customerName"},
		"customer name, control character":  {info{CustomerName: new("a\tb")}, badInput, "customerName"},
		"integration, empty":                {info{IntegrationID: new("")}, badInput, "integrationId"},
		"integration, too long":             {info{IntegrationID: long(256)}, badInput, "integrationId"},
		"integration, control character":    {info{IntegrationID: new("a\x7f")}, badInput, "integrationId"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := rules(taxid.Live).Check("input.billingInformation", c.info)
			if c.path == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if path := "input.billingInformation." + c.path; !isRefusal(err, c.kind, path) {
				t.Fatalf("want %s at %s, got: %v", c.kind, path, err)
			}
		})
	}
}

// What the provider publishes for tests, its test accounts take; of all else they judge like the others.
func TestATestAccountTakesPublishedTaxIDs(t *testing.T) {
	for value, right := range map[string]bool{"DE123456789": true, "000000000": true, "DE115235681": true, "DE115235682": false, "": false} {
		info := domain.BillingInformation{TaxIDs: []domain.TaxID{{Type: "eu_vat", Value: value}}}
		if err := rules(taxid.Test).Check("in", info); (err == nil) != right || err != nil && !isRefusal(err, domain.InvalidTaxID, "in.taxIds[0].value") {
			t.Errorf("%q: %v", value, err)
		}
	}
	info := domain.BillingInformation{BillingAddress: &domain.Address{Country: new("ZZ")}}
	if err := rules(taxid.Test).Check("in", info); !isRefusal(err, domain.InvalidAddress, "in.billingAddress.country") {
		t.Errorf("%v", err)
	}
}

func TestMetadataTexts(t *testing.T) {
	for raw, want := range map[string]map[string]string{
		``:                               {},
		`null`:                           {},
		`{}`:                             {},
		`{"a":"b","c":"","ä":" \u00e4"}`: {"a": "b", "c": "", "ä": " ä"},
		`{"a":null}`:                     {"a": ""},
		`{"a": 1.50, "b": [ {"c": null } ], "d": true}`: {"a": "1.50", "b": `[{"c":null}]`, "d": "true"},
	} {
		if texts, err := MetadataTexts(json.RawMessage(raw)); err != nil || !maps.Equal(texts, want) {
			t.Errorf("%s: %v, %v", raw, texts, err)
		}
	}
	for _, raw := range []string{`[]`, `"a"`, `{`} {
		if texts, err := MetadataTexts(json.RawMessage(raw)); err == nil {
			t.Errorf("%s: %v", raw, texts)
		}
	}
}

// The list of countries is compared with golang.org/x/text, which is of another origin. It knows these
// codes too: withdrawn, exceptionally or transitionally reserved, and user-assigned.
func TestCountriesAreThoseOfISO3166(t *testing.T) {
	notOfficial := strings.Fields(`
		AC AN BU CP CQ CS CT DD DG DY EA EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ RH SU TA TP UK UN VD WK XK YD
		YU ZR`)
	accepted := 0
	for first := 'A'; first <= 'Z'; first++ {
		for second := 'A'; second <= 'Z'; second++ {
			code := string(first) + string(second)
			region, err := language.ParseRegion(code)
			official := err == nil && region.IsCountry() && !slices.Contains(notOfficial, code)
			official = official || slices.Contains([]string{"AC", "TA", "XK"}, code) // which the provider takes too

			err = rules(taxid.Live).Check("in", domain.BillingInformation{BillingAddress: &domain.Address{Country: &code}})
			if official != (err == nil) {
				t.Errorf("%s: official %v, answered %v", code, official, err)
			}
			if err == nil {
				accepted++
			}
		}
	}
	if accepted != 249+3 {
		t.Errorf("%d codes are accepted, ISO 3166-1 has 249 and the provider takes 3 more", accepted)
	}
}

// Every field holds the marker, and one after the other every field is spoilt by a value that holds it.
func TestNoErrorHoldsAValue(t *testing.T) {
	const marker = "S3cr3tM4rk"
	full := filled(marker)
	for _, value := range []any{full, *full.BillingAddress, *full.ShippingAddress} {
		fields := reflect.ValueOf(value)
		for i := range fields.NumField() {
			if name := fields.Type().Field(i).Name; fields.Field(i).IsZero() && name != "Currency" {
				t.Errorf("%s.%s is not filled: this test must know every field", fields.Type(), name)
			}
		}
	}

	bad := new(marker + "\n" + strings.Repeat(marker, 30))
	badJSON := func(format string) json.RawMessage {
		return json.RawMessage(strings.ReplaceAll(fmt.Sprintf(format, strings.Repeat(marker, 60)), "KEY", marker))
	}
	spoilt := map[string]func(*domain.BillingInformation){
		"billingAddress.country":      func(i *domain.BillingInformation) { i.BillingAddress.Country = bad },
		"billingAddress.state":        func(i *domain.BillingInformation) { i.BillingAddress.State = bad },
		"billingAddress.addressLine1": func(i *domain.BillingInformation) { i.BillingAddress.AddressLine1 = bad },
		"billingAddress.addressLine2": func(i *domain.BillingInformation) { i.BillingAddress.AddressLine2 = bad },
		"billingAddress.city":         func(i *domain.BillingInformation) { i.BillingAddress.City = bad },
		"billingAddress.postalCode":   func(i *domain.BillingInformation) { i.BillingAddress.PostalCode = bad },
		"billingAddress.phoneNumber":  func(i *domain.BillingInformation) { i.BillingAddress.PhoneNumber = bad },
		"shippingAddress.country":     func(i *domain.BillingInformation) { i.ShippingAddress.Country = bad },
		"shippingAddress.phoneNumber": func(i *domain.BillingInformation) { i.ShippingAddress.PhoneNumber = bad },
		"taxIds":                      func(i *domain.BillingInformation) { i.TaxIDs = slices.Repeat(i.TaxIDs, 6) },
		"taxIds[1]":                   func(i *domain.BillingInformation) { i.TaxIDs = slices.Repeat(i.TaxIDs, 2) },
		"taxIds[0].type":              func(i *domain.BillingInformation) { i.TaxIDs[0].Type = marker },
		"taxIds[0].value":             func(i *domain.BillingInformation) { i.TaxIDs[0].Type = "eu_vat" },
		"invoiceCustomFields":         func(i *domain.BillingInformation) { i.InvoiceCustomFields = badJSON(`{"KEY":"%s"}`) },
		"invoiceCustomFields#key":     func(i *domain.BillingInformation) { i.InvoiceCustomFields = badJSON(`{"%s":"KEY"}`) },
		"invoiceCustomFields#value":   func(i *domain.BillingInformation) { i.InvoiceCustomFields = badJSON(`{"KEY":["%s"]}`) },
		"invoiceCustomFields#object":  func(i *domain.BillingInformation) { i.InvoiceCustomFields = badJSON(`"KEY%s"`) },
		"invoiceCustomFields#JSON":    func(i *domain.BillingInformation) { i.InvoiceCustomFields = badJSON(`KEY%s`) },
		"paymentMethodId":             func(i *domain.BillingInformation) { i.PaymentMethodID = bad },
		"timezone":                    func(i *domain.BillingInformation) { i.Timezone = new("Europe/" + marker) },
		"timezone#long":               func(i *domain.BillingInformation) { i.Timezone = bad },
		"language":                    func(i *domain.BillingInformation) { i.Language = new(marker) },
		"language#long":               func(i *domain.BillingInformation) { i.Language = bad },
		"customerName":                func(i *domain.BillingInformation) { i.CustomerName = bad },
		"metadata":                    func(i *domain.BillingInformation) { i.Metadata = badJSON(`{"KEY":"%s"}`) },
		"metadata#key":                func(i *domain.BillingInformation) { i.Metadata = badJSON(`{"%s":"KEY"}`) },
		"metadata#brackets": func(i *domain.BillingInformation) {
			i.Metadata = json.RawMessage(`{"[` + marker + `]":"` + marker + `"}`)
		},
		"metadata#ours": func(i *domain.BillingInformation) {
			i.Metadata = json.RawMessage(`{"clientele_` + marker + `":"` + marker + `"}`)
		},
		"metadata#object": func(i *domain.BillingInformation) { i.Metadata = badJSON(`"KEY%s"`) },
		"integrationId":   func(i *domain.BillingInformation) { i.IntegrationID = bad },
	}
	for name, spoil := range spoilt {
		t.Run(name, func(t *testing.T) {
			info := filled(marker)
			if err := rules(taxid.Live).Check("in", info); err != nil {
				t.Fatalf("refused before it was spoilt: %v", err)
			}
			spoil(&info)
			err := rules(taxid.Live).Check("in", info)
			var refusal *domain.Error
			if !errors.As(err, &refusal) {
				t.Fatalf("not refused: %v", err)
			}
			path, _, _ := strings.Cut(name, "#")
			if refusal.Facts["field"] != "in."+path {
				t.Errorf("the field is %v, not %s", refusal.Facts["field"], path)
			}
			if all := fmt.Sprintf("%s %#v", err, *refusal); strings.Contains(strings.ToLower(all), strings.ToLower(marker)) {
				t.Errorf("the error holds the value: %s", all)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("en-GB", "Europe/Berlin", "DE")
	f.Add("zh-cmn-Hans-u-ca-roc-t-en-x-a", "Etc/GMT+5", "UK")
	f.Add("i-klingon", "../../etc/passwd", "001")
	f.Add("\xff", "a\x00", "")
	f.Fuzz(func(t *testing.T, tag, zone, country string) {
		cases := map[string]domain.BillingInformation{
			"in.language":               {Language: &tag},
			"in.timezone":               {Timezone: &zone},
			"in.billingAddress.country": {BillingAddress: &domain.Address{Country: &country}},
		}
		for path, info := range cases {
			err := rules(taxid.Live).Check("in", info)
			if err != nil && !isRefusal(err, domain.BadUserInput, path) && !isRefusal(err, domain.InvalidAddress, path) {
				t.Errorf("%s: not a refusal of the field: %v", path, err)
			}
		}
	})
}

// filled is right billing information with the given text wherever a free text may stand.
func filled(text string) domain.BillingInformation {
	address := func() *domain.Address {
		return &domain.Address{
			Country: new("DK"), State: &text, AddressLine1: &text, AddressLine2: &text, City: &text,
			PostalCode: &text, PhoneNumber: &text,
		}
	}
	return domain.BillingInformation{
		BillingAddress:      address(),
		ShippingAddress:     address(),
		TaxIDs:              []domain.TaxID{{Type: "tt_vat", Value: text}},
		InvoiceCustomFields: json.RawMessage(`{"` + text + `":"` + text + `"}`),
		PaymentMethodID:     &text,
		Timezone:            new("Europe/Copenhagen"),
		Language:            new("da"),
		CustomerName:        &text,
		Metadata:            json.RawMessage(`{"` + text + `":"` + text + `"}`),
		IntegrationID:       &text,
	}
}

func isRefusal(err error, kind domain.Kind, path string) bool {
	var refusal *domain.Error
	return errors.As(err, &refusal) && refusal.Kind == kind && refusal.Facts["field"] == path &&
		strings.HasPrefix(refusal.Message, path+" must ")
}
