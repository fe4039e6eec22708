package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/graphql/playground"
)

// NewPlayground serves a page to try queries on the API at the given path.
//
// The page loads its editor from the internet. Its Content-Security-Policy names each of those files, not their host, which
// serves everybody's scripts, and the script in the page by its hash. The editor needs inline styles.
func NewPlayground(path string) http.Handler {
	var page memory
	playground.Handler("Clientele", path)(&page, nil)
	scripts := append(pageScripts.all(page.text.String()), pageCode.all(page.text.String())...)
	policy := strings.Join([]string{
		"default-src 'none'",
		"script-src " + strings.Join(scripts, " "),
		"style-src 'unsafe-inline' " + strings.Join(pageStyles.all(page.text.String()), " "),
		"img-src data:",
		"font-src data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		// A client that stops reading cannot receive an error either.
		_, _ = w.Write(page.text.Bytes())
	})
}

// source finds what a page loads or runs, and writes it as a policy does.
type source struct {
	form  *regexp.Regexp
	write func(found string) string
}

var (
	pageScripts = source{regexp.MustCompile(`<script\s[^>]*src="([^"]+)"`), func(url string) string { return url }}
	pageStyles  = source{regexp.MustCompile(`<link\s[^>]*href="([^"]+)"`), func(url string) string { return url }}
	pageCode    = source{regexp.MustCompile(`(?s)<script>(.*?)</script>`), func(code string) string {
		sum := sha256.Sum256([]byte(code))
		return fmt.Sprintf("'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
	}}
)

func (s source) all(page string) []string {
	var found []string
	for _, match := range s.form.FindAllStringSubmatch(page, -1) {
		found = append(found, s.write(match[1]))
	}
	return found
}

// memory is a ResponseWriter for the page, which is always the same.
type memory struct{ text bytes.Buffer }

func (*memory) Header() http.Header              { return http.Header{} }
func (*memory) WriteHeader(int)                  {}
func (m *memory) Write(text []byte) (int, error) { return m.text.Write(text) }
