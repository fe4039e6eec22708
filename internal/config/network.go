package config

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"time"
)

// Network is about clients on other machines. Without a certificate the server speaks plain HTTP.
type Network struct {
	TLSCert            string        `flag:"tls-cert" commands:"serve,health" usage:"certificate chain in PEM to serve HTTPS with; read again when it changes"`
	TLSKey             string        `flag:"tls-key" commands:"serve,health" usage:"private key in PEM of the certificate"`
	CORSAllowedOrigins []string      `flag:"cors-allowed-origins" usage:"origins whose pages may use the API, separated by commas"`
	CORSAllowedHeaders []string      `flag:"cors-allowed-headers" usage:"headers that these pages may send beside those that common clients send, separated by commas"`
	DrainDelay         time.Duration `flag:"drain-delay" default:"0s" min:"0s" usage:"how long the server accepts connections once it is stopping and /readyz returns 503"`
}

// TLS reports whether the server speaks HTTPS.
func (n Network) TLS() bool { return n.TLSCert != "" }

func (n Network) verify() error {
	if (n.TLSCert == "") != (n.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key, or CLIENTELE_TLS_CERT and CLIENTELE_TLS_KEY, are needed together")
	}
	for _, origin := range n.CORSAllowedOrigins {
		if err := checkOrigin(origin); err != nil {
			return wrong("cors-allowed-origins", "%w", err)
		}
	}
	for _, header := range n.CORSAllowedHeaders {
		if !headerForm.MatchString(header) {
			return wrong("cors-allowed-headers", "must be names of headers, such as X-Tenant: letters, digits, - and _, at most 64")
		}
	}
	return nil
}

var (
	// originForm matches an origin with a host in lower case and punycode.
	originForm = regexp.MustCompile(`^(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$`)
	// toolForm matches the origin of an extension of a browser or editor, whose host is an id.
	toolForm = regexp.MustCompile(`^(?:chrome-extension|moz-extension|safari-web-extension|vscode-webview)://[a-z0-9-]+$`)
	// anyPortForm matches every port of the browser's own machine, for development servers.
	anyPortForm = regexp.MustCompile(`^https?://(?:localhost|127\.0\.0\.1|\[::1\]):\*$`)
	headerForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// checkOrigin accepts an origin as browsers write it in the header Origin, or every port of localhost. Any other text
// would never match.
func checkOrigin(origin string) error {
	if origin == "*" {
		return errors.New("must name each origin: * would let every page on the web use the API")
	}
	if toolForm.MatchString(origin) || anyPortForm.MatchString(origin) {
		return nil
	}
	parts := originForm.FindStringSubmatch(origin)
	if parts == nil || (parts[1] == "http" && parts[3] == "80") || (parts[1] == "https" && parts[3] == "443") {
		return errors.New("must be origins as browsers write them, as in https://admin.example.com or http://localhost:3000: " +
			"scheme and host in lower case, the port unless it is the scheme's own, and nothing behind; " +
			"or http://localhost:* for every port, or an extension's, as in chrome-extension://its-id")
	}
	if host := strings.Trim(parts[2], "[]"); strings.HasPrefix(parts[2], "[") && net.ParseIP(host).String() != host {
		return errors.New("must have IPv6 addresses in their short form, as in http://[::1]:3000")
	}
	return nil
}
