package server

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// Only the user of a browser would see that the page is blank.
func TestThePlaygroundsPolicyAllowsWhatThePageNeeds(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	NewPlayground("/graphql").ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	page, policy := recorder.Body.String(), recorder.Header().Get("Content-Security-Policy")
	if kind := recorder.Header().Get("Content-Type"); kind != "text/html; charset=utf-8" {
		t.Errorf("Content-Type is %q", kind)
	}
	directives := map[string]string{}
	for directive := range strings.SplitSeq(policy, "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		directives[name] = " " + sources + " "
	}
	urls := regexp.MustCompile(`https://[^"]+`).FindAllString(page, -1)
	if len(urls) != 4 {
		t.Errorf("the page loads %d files from elsewhere, look at its policy: %v", len(urls), urls)
	}
	for _, url := range urls {
		directive := "script-src"
		if strings.HasSuffix(url, ".css") {
			directive = "style-src"
		}
		if !strings.Contains(directives[directive], " "+url+" ") {
			t.Errorf("%s does not allow %s: %s", directive, url, policy)
		}
	}
	if inline := strings.Count(page, "<script>"); inline != 1 || strings.Count(policy, "'sha256-") != inline {
		t.Errorf("%d scripts in the page, and the policy %s", inline, policy)
	}
	for name, want := range map[string]string{
		"default-src": " 'none' ", "connect-src": " 'self' ", "frame-ancestors": " 'none' ", "base-uri": " 'none' ", "form-action": " 'none' ",
	} {
		if directives[name] != want {
			t.Errorf("%s is %q", name, directives[name])
		}
	}
	if strings.Contains(directives["script-src"], "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy allows too much: %s", policy)
	}
}
