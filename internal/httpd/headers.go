package httpd

import "net/http"

// securityHeaders tell browsers to make no more of an answer than it is. A handler may say otherwise of its own
// answer, as the playground does, which is a page and needs another policy.
var securityHeaders = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// strictTransport keeps browsers from plain HTTP for a year. It does not speak for other hosts of the domain, which
// are not the server's to decide about.
const strictTransport = "max-age=31536000"

func secure(header http.Header, overTLS bool) {
	for name, value := range securityHeaders {
		header.Set(name, value)
	}
	if overTLS {
		header.Set("Strict-Transport-Security", strictTransport)
	}
}
