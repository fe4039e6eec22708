package domain

import (
	"slices"
	"strings"
)

// currencies are the ISO 4217 codes that the API has, sorted; the API's schema names the same ones.
var currencies = strings.Fields(`
	AED ALL AMD ANG AUD AWG AZN
	BAM BBD BDT BGN BIF BMD BND BRL BSD BWP BYN BZD
	CAD CDF CHF CLP CNY CZK
	DJF DKK DOP DZD
	EGP ETB EUR
	FJD
	GBP GEL GIP GMD GNF GYD
	HKD HRK HTG
	IDR ILS INR ISK
	JMD JPY
	KES KGS KHR KMF KRW KYD KZT
	LBP LKR LRD LSL
	MAD MDL MGA MKD MMK MNT MOP MRO MVR MWK MXN MYR MZN
	NAD NGN NOK NPR NZD
	PGK PHP PKR PLN PYG
	QAR
	RON RSD RUB RWF
	SAR SBD SCR SEK SGD SLE SLL SOS SZL
	THB TJS TOP TRY TTD TZS
	UAH UGX USD UZS
	VND VUV
	WST
	XAF XCD XOF XPF
	YER
	ZAR ZMW
`)

// Currencies are the codes of the currencies that the API has, sorted.
func Currencies() []string { return slices.Clone(currencies) }

// IsCurrency reports whether the text is the code of a currency that the API has.
func IsCurrency(code string) bool {
	_, found := slices.BinarySearch(currencies, code)
	return found
}
