package httpd

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestSecurityHeadersAreOnEveryResponse(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
	}
	cases := map[string]struct {
		method, target string
		headers        map[string]string
		status         int
	}{
		"the API":                 {"POST", "/graphql", nil, 200},
		"the playground":          {"GET", "/", nil, 200},
		"alive":                   {"GET", "/healthz", nil, 200},
		"ready":                   {"GET", "/readyz", nil, 200},
		"an unknown path":         {"GET", "/unknown", nil, 404},
		"a wrong method":          {"POST", "/readyz", nil, 405},
		"a path that is not tidy": {"GET", "/a/../readyz", nil, 307},
		"a preflight": {
			"OPTIONS", "/graphql", map[string]string{"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}, 204,
		},
		"a preflight that is refused": {
			"OPTIONS", "/graphql", map[string]string{"Origin": "https://b.example", "Access-Control-Request-Method": "POST"}, 403,
		},
	}
	for name, c := range cases {
		for scheme, state := range map[string]*tls.ConnectionState{"http": nil, "https": {}} {
			t.Run(name+" over "+scheme, func(t *testing.T) {
				t.Parallel()
				r := routes()
				r.Origins = []string{"https://a.example"}
				request := httptest.NewRequest(c.method, c.target, nil)
				request.TLS = state
				for name, value := range c.headers {
					request.Header.Set(name, value)
				}
				response := answerTo(NewHandler(r), request)
				if response.StatusCode != c.status {
					t.Errorf("got %d", response.StatusCode)
				}
				for header, value := range want {
					if got := response.Header.Values(header); len(got) != 1 || got[0] != value {
						t.Errorf("%s is %q", header, got)
					}
				}
				strict := ""
				if state != nil {
					strict = "max-age=31536000"
				}
				if got := response.Header.Get("Strict-Transport-Security"); got != strict {
					t.Errorf("Strict-Transport-Security is %q", got)
				}
			})
		}
	}
}

func TestAHandlerMayHaveAPolicyOfItsOwn(t *testing.T) {
	t.Parallel()
	r := routes()
	r.Playground = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		_, _ = io.WriteString(w, "page")
	})
	got := answerTo(NewHandler(r), httptest.NewRequest("GET", "/", nil)).Header
	if policy := got.Values("Content-Security-Policy"); len(policy) != 1 || policy[0] != "default-src 'self'" {
		t.Errorf("got %q", policy)
	}
	if got.Get("X-Content-Type-Options") != "nosniff" {
		t.Error("the others are gone")
	}
}
