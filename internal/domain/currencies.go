package domain

import (
	"slices"
	"strings"
)

// currencies are the ISO 4217 codes that the API has, sorted: those of its first version, and all that the provider
// charges in. The API's schema names the same ones.
var currencies = strings.Fields(`
	AED AFN ALL AMD ANG AOA ARS AUD AWG AZN
	BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD
	CAD CDF CHF CLP CNY COP CRC CVE CZK
	DJF DKK DOP DZD
	EGP ETB EUR
	FJD FKP
	GBP GEL GIP GMD GNF GTQ GYD
	HKD HNL HRK HTG HUF
	IDR ILS INR ISK
	JMD JOD JPY
	KES KGS KHR KMF KRW KWD KYD KZT
	LAK LBP LKR LRD LSL
	MAD MDL MGA MKD MMK MNT MOP MRO MUR MVR MWK MXN MYR MZN
	NAD NGN NIO NOK NPR NZD
	OMR
	PAB PEN PGK PHP PKR PLN PYG
	QAR
	RON RSD RUB RWF
	SAR SBD SCR SEK SGD SHP SLE SLL SOS SRD STD SVC SZL
	THB TJS TND TOP TRY TTD TWD TZS
	UAH UGX USD UYU UZS
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
