package httpd

import "net/http"

// securityHeaders keep browsers from treating a response as a page. A handler may replace them, as the playground does.
var securityHeaders = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// strictTransport keeps browsers from plain HTTP for a year, on this host only.
const strictTransport = "max-age=31536000"

func secure(header http.Header, overTLS bool) {
	for name, value := range securityHeaders {
		header.Set(name, value)
	}
	if overTLS {
		header.Set("Strict-Transport-Security", strictTransport)
	}
}
