package httpd

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestConstantDocumentsAreCompressedOnce: clients without an API key cannot make the server compress repeatedly.
func TestConstantDocumentsAreCompressedOnce(t *testing.T) {
	text := strings.Repeat("type Customer { id: ID! }\n", 1000)
	var made atomic.Int64
	handler := NewHandler(Routes{
		Observation: unobserved,
		API:         http.NotFoundHandler(), Playground: http.NotFoundHandler(),
		Schema: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			made.Add(1)
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "public, no-cache")
			w.Header().Set("ETag", `"tag"`)
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
		}),
	})
	get := func(headers map[string]string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/schema.graphql", nil)
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder
	}
	// The first request is conditional, and must not decide what others get.
	for i, known := range []string{`"other"`, `"tag"`, `W/"tag"`, ""} {
		headers := map[string]string{"Accept-Encoding": "gzip"}
		if known != "" {
			headers["If-None-Match"] = known
		}
		got := get(headers)
		want := http.StatusOK
		if strings.Contains(known, "tag") {
			want = http.StatusNotModified
		}
		if got.Code != want || got.Header().Get("ETag") != `W/"tag"` || got.Header().Get("Vary") != "Accept-Encoding" || got.Header().Get("Cache-Control") != "public, no-cache" {
			t.Errorf("%d, with %s: status %d, %v", i, known, got.Code, got.Header())
		}
		if want != http.StatusOK {
			continue
		}
		reader, err := gzip.NewReader(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(reader); err != nil || string(plain) != text || got.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%d: %v: %d bytes of %d, %v", i, err, len(plain), len(text), got.Header())
		}
	}
	if made.Load() != 1 {
		t.Errorf("it was made %d times", made.Load())
	}
	if got := get(nil); got.Body.String() != text || got.Header().Get("ETag") != `"tag"` || got.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("as it is: status %d, %v", got.Code, got.Header())
	}
	if got := get(map[string]string{"Accept-Encoding": "gzip", "Range": "bytes=0-3"}); got.Code != http.StatusPartialContent || got.Body.String() != "type" {
		t.Errorf("a range: status %d, %q", got.Code, got.Body)
	}
}
