package httpd

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"sync"
	"time"
)

// precompressed compresses a constant document once, not for every request: these need no API key, so nothing else
// bounds their cost.
func precompressed(next http.Handler) http.Handler {
	var (
		once    sync.Once
		header  http.Header
		content []byte
	)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		wanted, _ := acceptsGzip(r.Header.Values("Accept-Encoding"))
		// A range is of the uncompressed document.
		if !wanted || r.Method != http.MethodGet || r.Header.Get("Range") != "" {
			next.ServeHTTP(w, r)
			return
		}
		once.Do(func() {
			header, content = compressed(next, r)
		})
		maps.Copy(w.Header(), header)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// recorded keeps the response of a handler.
type recorded struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorded) Header() http.Header                { return r.header }
func (r *recorded) WriteHeader(int)                    {}
func (r *recorded) Write(text []byte) (n int, _ error) { return r.body.Write(text) }

// compressed returns the response of a handler to a request without its header.
func compressed(handler http.Handler, r *http.Request) (http.Header, []byte) {
	whole := *r
	whole.Header = http.Header{}
	document := &recorded{header: http.Header{}}
	handler.ServeHTTP(document, &whole)
	var content bytes.Buffer
	// The level is valid, and a buffer takes everything, so there are no errors.
	writer, _ := gzip.NewWriterLevel(&content, gzip.BestCompression)
	_, _ = writer.Write(document.body.Bytes())
	_ = writer.Close()
	header := http.Header{"Content-Encoding": {"gzip"}}
	for _, name := range []string{"Content-Type", "Cache-Control"} {
		if value := document.header.Get(name); value != "" {
			header.Set(name, value)
		}
	}
	if tag := document.header.Get("ETag"); tag != "" {
		// The same content, but not the same bytes.
		header.Set("ETag", "W/"+tag)
	}
	return header, content.Bytes()
}
