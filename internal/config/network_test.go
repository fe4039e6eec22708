package config

import (
	"strings"
	"testing"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		origin string
		ok     bool
	}{
		"a host":                        {"https://admin.example.com", true},
		"plain HTTP":                    {"http://admin.example.com", true},
		"a port":                        {"http://localhost:3000", true},
		"an address":                    {"http://127.0.0.1:3000", true},
		"an IPv6 address":               {"http://[::1]:3000", true},
		"a name in punycode":            {"https://xn--bcher-kva.example", true},
		"the port of the other scheme":  {"https://a.example:80", true},
		"an extension of Chrome":        {"chrome-extension://abcdefghijklmnopabcdefghijklmnop", true},
		"an extension of Firefox":       {"moz-extension://0f1e2d3c-1111-2222-3333-444455556666", true},
		"an extension of Safari":        {"safari-web-extension://0f1e2d3c-1111-2222-3333-444455556666", true},
		"a panel of an editor":          {"vscode-webview://0f1e2d3c", true},
		"a developer tool on the web":   {"https://studio.apollographql.com", true},
		"every port of localhost":       {"http://localhost:*", true},
		"every port, with TLS":          {"https://localhost:*", true},
		"every port of 127.0.0.1":       {"http://127.0.0.1:*", true},
		"every port of ::1":             {"http://[::1]:*", true},
		"every port of another host":    {"https://admin.example.com:*", false},
		"every port of another machine": {"http://192.168.0.2:*", false},
		"every extension":               {"chrome-extension://*", false},
		"an extension without an id":    {"chrome-extension://", false},
		"an extension and a path":       {"chrome-extension://abc/page.html", false},
		"a file":                        {"file://", false},
		"every port of every host":      {"http://*:*", false},
		"a host that begins like it":    {"http://localhost.example:*", false},
		"every origin":                  {"*", false},
		"every host of a domain":        {"https://*.example.com", false},
		"the origin of no origin":       {"null", false},
		"no scheme":                     {"admin.example.com", false},
		"a scheme alone":                {"https://", false},
		"another scheme":                {"ftp://admin.example.com", false},
		"a slash behind":                {"https://admin.example.com/", false},
		"a path":                        {"https://admin.example.com/app", false},
		"a query":                       {"https://admin.example.com?a", false},
		"a fragment":                    {"https://admin.example.com#a", false},
		"a user":                        {"https://user@admin.example.com", false},
		"a host in upper case":          {"https://Admin.example.com", false},
		"a scheme in upper case":        {"HTTPS://admin.example.com", false},
		"the scheme's own port":         {"https://admin.example.com:443", false},
		"the plain scheme's own port":   {"http://admin.example.com:80", false},
		"an empty port":                 {"https://admin.example.com:", false},
		"a port that is no number":      {"https://admin.example.com:http", false},
		"a name beyond ASCII":           {"https://bücher.example", false},
		"a long form of an IPv6 number": {"http://[0:0:0:0:0:0:0:1]:3000", false},
		"a semicolon in the host":       {"https://a.example;b", false},
		"a port of six digits":          {"https://a.example:123456", false},
		"a space":                       {"https://a.example https://b.example", false},
		"a semicolon":                   {"https://a.example;https://b.example", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Also in front of and behind a valid one.
			for _, list := range []string{c.origin + ",https://b.example", "https://b.example," + c.origin} {
				_, err := Load([]string{"--cors-allowed-origins", list}, variables(nil))
				if c.ok {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				requireSentence(t, err, "--cors-allowed-origins")
			}
		})
	}
}

func TestWrongNetworkSettingsAreRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ flag, names string }{
		"a certificate without its key": {"--tls-cert=c.pem", "--tls-key"},
		"a key without its certificate": {"--tls-key=k.pem", "--tls-cert"},
		"a header with a space":         {"--cors-allowed-headers=X Tenant", "--cors-allowed-headers"},
		"every header":                  {"--cors-allowed-headers=*", "--cors-allowed-headers"},
		"a header and its value":        {"--cors-allowed-headers=X-Tenant: a", "--cors-allowed-headers"},
		"a delay below 0s":              {"--drain-delay=-1ns", "--drain-delay"},
		"a delay above 1h":              {"--drain-delay=1h0m0.000000001s", "--drain-delay"},
		"a delay without a unit":        {"--drain-delay=5", "--drain-delay"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load([]string{c.flag}, variables(nil))
			requireSentence(t, err, c.names)
			if !strings.Contains(err.Error(), "CLIENTELE_") && !strings.Contains(err.Error(), "duration") {
				t.Errorf("the variable is not named: %v", err)
			}
		})
	}
}
