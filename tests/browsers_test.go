package tests

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clientele/internal/config"
)

const listedOrigin = "https://admin.example.com"

// startListed starts a service whose API pages of listedOrigin may use.
func startListed(t *testing.T) *service {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.Network.CORSAllowedOrigins = []string{listedOrigin}
	return startService(t, cfg)
}

// A browser sends these by itself for whatever page: without a preflight, and without a key. They must change
// nothing and reveal nothing, even if a proxy in front of the server adds the key.
func TestCrossSiteRequestsAreRefused(t *testing.T) {
	server := startEmbedded(t)
	mutation := body(t, provisionOperation, object{"input": object{"customerId": "forged"}})
	forged := url.Values{"query": {`mutation { provisionCustomer(input: { customerId: "forged" }) { customer { id } } }`}}
	query := "/graphql?" + url.Values{"query": {count}}.Encode()
	foreign := map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
	older := map[string]string{"Origin": "https://evil.example"}
	with := func(base map[string]string, contentType string) map[string]string {
		headers := map[string]string{"Content-Type": contentType}
		for name, value := range base {
			headers[name] = value
		}
		return headers
	}
	cases := map[string]struct {
		method, path string
		headers      map[string]string
		body         string
		status       int
		code         string
	}{
		"a form":                   {"POST", "/graphql", with(foreign, "application/x-www-form-urlencoded"), forged.Encode(), 403, "IdentityForbidden"},
		"a form with a file":       {"POST", "/graphql", with(foreign, "multipart/form-data; boundary=x"), "--x--", 403, "IdentityForbidden"},
		"text that is JSON":        {"POST", "/graphql", with(foreign, "text/plain"), mutation, 403, "IdentityForbidden"},
		"JSON, past the preflight": {"POST", "/graphql", with(foreign, "application/json"), mutation, 403, "IdentityForbidden"},
		"an image":                 {"GET", query, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}, "", 403, "IdentityForbidden"},
		"a link":                   {"GET", query, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "", 403, "IdentityForbidden"},
		"another host of the site": {"GET", query, map[string]string{"Sec-Fetch-Site": "same-site"}, "", 403, "IdentityForbidden"},
		"a form, an older browser": {"POST", "/graphql", with(older, "application/x-www-form-urlencoded"), forged.Encode(), 403, "IdentityForbidden"},
		"text, an older browser":   {"POST", "/graphql", with(older, "text/plain"), mutation, 403, "IdentityForbidden"},
		"text, a browser without Sec-Fetch headers": {"POST", "/graphql", with(nil, "text/plain"), mutation, 415, "BadUserInput"},
		"a form, without Sec-Fetch headers":         {"POST", "/graphql", with(nil, "application/x-www-form-urlencoded"), forged.Encode(), 415, "BadUserInput"},
		"no content type at all":                    {"POST", "/graphql", nil, mutation, 415, "BadUserInput"},
		"a mutation in an address":                  {"GET", "/graphql?" + forged.Encode(), nil, "", 405, "BadUserInput"},
		"a preflight, with no list":                 {"OPTIONS", "/graphql", map[string]string{"Origin": listedOrigin, "Access-Control-Request-Method": "POST"}, "", 403, "IdentityForbidden"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := server.exchange(t, c.method, c.path, c.headers, strings.NewReader(c.body))
			mustBeError(t, name, got, c.status, c.code)
			for header := range got.header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("the response has %s", header)
				}
			}
			// What a browser really sends has no key.
			if bare := server.withoutKey.exchange(t, c.method, c.path, c.headers, strings.NewReader(c.body)); bare.status != 401 && bare.status != 403 {
				t.Errorf("without a key: status %d: %s", bare.status, bare.body)
			}
			mustHaveNoCustomers(t, name, server)
		})
	}
}

func TestAllowedCallersCanUseTheAPI(t *testing.T) {
	server := startListed(t)
	query := "/graphql?" + url.Values{"query": {count}}.Encode()
	post := body(t, count, nil)
	for name, c := range map[string]struct {
		method, path string
		headers      map[string]string
		// shared is whether the page may read the response.
		shared bool
	}{
		"a back end":               {"POST", "/graphql", nil, false},
		"a back end, GET":          {"GET", query, map[string]string{"Accept": "application/graphql-response+json"}, false},
		"Node's fetch":             {"POST", "/graphql", map[string]string{"Sec-Fetch-Mode": "cors"}, false},
		"the playground":           {"POST", "/graphql", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": server.url}, false},
		"an address that is typed": {"GET", query, map[string]string{"Sec-Fetch-Site": "none"}, false},
		"a page on the list":       {"POST", "/graphql", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": listedOrigin}, true},
		"a page on the list, GET":  {"GET", query, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": listedOrigin}, true},
	} {
		t.Run(name, func(t *testing.T) {
			headers := map[string]string{"Content-Type": "application/json"}
			for name, value := range c.headers {
				headers[name] = value
			}
			var text io.Reader
			if c.method == http.MethodPost {
				text = strings.NewReader(post)
			}
			got := server.exchange(t, c.method, c.path, headers, text)
			if got.status != http.StatusOK || len(got.Errors) > 0 {
				t.Errorf("status %d: %s", got.status, got.body)
			}
			if shared := got.header.Get("Access-Control-Allow-Origin") == listedOrigin; shared != c.shared {
				t.Errorf("the response is shared: %t", shared)
			}
		})
	}
	t.Run("a preflight of a page on the list", func(t *testing.T) {
		got := server.withoutKey.exchange(t, http.MethodOptions, "/graphql", map[string]string{
			"Origin": listedOrigin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-api-key",
		}, nil)
		allowed := strings.ToLower(got.header.Get("Access-Control-Allow-Headers"))
		if got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Origin") != listedOrigin ||
			!strings.Contains(allowed, "x-api-key") || !strings.Contains(allowed, "content-type") {
			t.Errorf("status %d, %v", got.status, got.header)
		}
	})
	t.Run("a page on the list reads why it is refused", func(t *testing.T) {
		got := server.withoutKey.exchange(t, http.MethodPost, "/graphql", map[string]string{
			"Origin": listedOrigin, "Content-Type": "application/json",
		}, strings.NewReader(post))
		mustBeError(t, "no key", got, http.StatusUnauthorized, "Unauthenticated")
		if got.header.Get("Access-Control-Allow-Origin") != listedOrigin {
			t.Errorf("%v", got.header)
		}
	})
	t.Run("a page that is not on the list does not", func(t *testing.T) {
		got := server.exchange(t, http.MethodPost, "/graphql", map[string]string{
			"Origin": "https://evil.example", "Content-Type": "application/json",
		}, strings.NewReader(post))
		mustBeError(t, "another origin", got, http.StatusForbidden, "IdentityForbidden")
		if got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("Vary") != "Origin" {
			t.Errorf("%v", got.header)
		}
	})
}
