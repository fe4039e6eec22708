package httpd

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]struct{ wanted, always bool }{
		"":                              {false, false},
		"gzip":                          {true, false},
		"GZIP":                          {true, false},
		"x-gzip":                        {true, false},
		"gzip, deflate, br, zstd":       {true, false},
		"br;q=1.0, gzip;q=0.8, *;q=0.1": {true, false},
		"br, deflate":                   {false, false},
		"gzip;q=0":                      {false, false},
		"gzip; q=0.000":                 {false, false},
		"gzip;q=0.001":                  {true, false},
		"*":                             {true, false},
		"*;q=0":                         {false, false},
		"gzip;q=0, *":                   {false, false},
		"identity":                      {false, false},
		"gzip, identity":                {true, false},
		"gzip;q=0.5, identity":          {false, false},
		"gzip;q=0.5, identity;q=0.5":    {true, false},
		"gzip, identity;q=0":            {true, true},
		"gzip;q=0.1, *;q=0":             {true, true},
		"gzip, identity;q=0.1, *;q=0":   {true, false},
		"identity;q=0":                  {false, false},
		"*, identity;q=0":               {true, true},
		"identity;q=0, gzip;q=0":        {false, false},
		"gzip;q=2":                      {false, false},
		"gzip;q=-1":                     {false, false},
		"gzip;q=NaN":                    {false, false},
		"gzip;q=a":                      {false, false},
		"gzip;level=9":                  {false, false},
		"gzipped":                       {false, false},
		" gzip ;  Q = 0.5 ":             {true, false},
		",,gzip,":                       {true, false},
	} {
		if wanted, always := acceptsGzip([]string{header}); wanted != want.wanted || always != want.always {
			t.Errorf("%q: %t, %t", header, wanted, always)
		}
	}
	if wanted, _ := acceptsGzip([]string{"br", "gzip"}); !wanted {
		t.Error("two headers are not one")
	}
}

// unzipped is the body of a response, whatever it is encoded in.
func unzipped(t *testing.T, response *http.Response) string {
	t.Helper()
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		reader, err := gzip.NewReader(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = reader
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCompression(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", minCompressed/16)
	write := func(parts ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for _, part := range parts {
				_, _ = w.Write([]byte(part))
			}
		}
	}
	status := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	served := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"tag"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(long))
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		method  string
		accept  string
		header  string // one more, with its value
		status  int
		body    string
		gzipped bool
		etag    string
	}{
		"long":                         {handler: write(long), accept: "gzip", status: 200, body: long, gzipped: true},
		"long in parts":                {handler: write("a", long, "b"), accept: "gzip", status: 200, body: "a" + long + "b", gzipped: true},
		"long in small parts":          {handler: write(strings.Split(long, "7")...), accept: "gzip", status: 200, body: strings.ReplaceAll(long, "7", "")},
		"small parts that get long":    {handler: write(strings.SplitAfter(long+long, "7")...), accept: "gzip", status: 200, body: long + long, gzipped: true},
		"long, not asked for":          {handler: write(long), status: 200, body: long},
		"long, refused":                {handler: write(long), accept: "gzip;q=0", status: 200, body: long},
		"long, another":                {handler: write(long), accept: "br", status: 200, body: long},
		"a byte too short":             {handler: write(long[1:]), accept: "gzip", status: 200, body: long[1:]},
		"short, and nothing else":      {handler: write("{}"), accept: "gzip, identity;q=0", status: 200, body: "{}", gzipped: true},
		"nothing at all":               {handler: write(), accept: "gzip", status: 200},
		"an error":                     {handler: status(400, long), accept: "gzip", status: 400, body: long, gzipped: true},
		"a short error":                {handler: status(503, "no"), accept: "gzip", status: 503, body: "no"},
		"HEAD":                         {handler: write(long), method: "HEAD", accept: "gzip", status: 200, body: long},
		"a file":                       {handler: served, method: "GET", accept: "gzip", status: 200, body: long, gzipped: true, etag: `W/"tag"`},
		"a file, not asked for":        {handler: served, method: "GET", status: 200, body: long, etag: `"tag"`},
		"a part of a file":             {handler: served, method: "GET", accept: "gzip", header: "Range: bytes=1-2", status: 206, body: "12", etag: `"tag"`},
		"a file that is known":         {handler: served, method: "GET", accept: "gzip", header: `If-None-Match: W/"tag"`, status: 304, etag: `"tag"`},
		"a file that is known plainly": {handler: served, method: "GET", accept: "gzip", header: `If-None-Match: "tag"`, status: 304, etag: `"tag"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(cmp.Or(c.method, "POST"), "/", nil)
			if c.accept != "" {
				request.Header.Set("Accept-Encoding", c.accept)
			}
			if name, value, found := strings.Cut(c.header, ": "); found {
				request.Header.Set(name, value)
			}
			recorder := httptest.NewRecorder()
			newCompression().wrap(c.handler).ServeHTTP(recorder, request)
			response := recorder.Result()
			if got := response.Header.Get("Content-Encoding"); got != map[bool]string{true: "gzip"}[c.gzipped] {
				t.Errorf("Content-Encoding is %q", got)
			}
			if c.gzipped && (response.Header.Get("Content-Length") != "" || recorder.Body.Len() > len(c.body)+64) {
				t.Errorf("%d bytes, Content-Length %q", recorder.Body.Len(), response.Header.Get("Content-Length"))
			}
			if got := unzipped(t, response); response.StatusCode != c.status || got != c.body {
				t.Errorf("status %d: %d bytes, not %d", response.StatusCode, len(got), len(c.body))
			}
			if response.Header.Get("Vary") != "Accept-Encoding" || response.Header.Get("ETag") != c.etag {
				t.Errorf("%v", response.Header)
			}
		})
	}
}

// TestCompressionIsBounded: with all compressors in use a response is not compressed, and each slot is released.
func TestCompressionIsBounded(t *testing.T) {
	t.Parallel()
	c := newCompression()
	long := strings.Repeat("a", minCompressed)
	handler := c.wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) }))
	encoding := func() string {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("Accept-Encoding", "gzip")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if got := unzipped(t, recorder.Result()); got != long {
			t.Fatalf("%d bytes", len(got))
		}
		return recorder.Header().Get("Content-Encoding")
	}
	for range 3 * compressors() {
		if got := encoding(); got != "gzip" {
			t.Fatalf("a compressor did not come back: %q", got)
		}
	}
	if !c.slots.TryAcquire(compressors()) {
		t.Fatal("a slot was not released")
	}
	if got := encoding(); got != "" {
		t.Errorf("beyond the bound: %q", got)
	}
}

// TestAPanicLeavesNoCompleteResponse: a client must not take half a response for a whole one, and one that was not begun is an
// error of the server's.
func TestAPanicLeavesNoCompleteResponse(t *testing.T) {
	t.Parallel()
	c := newCompression()
	for name, held := range map[string]int{"begun": minCompressed, "held back": 10} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("Accept-Encoding", "gzip")
		func() {
			defer func() {
				if cause := recover(); fmt.Sprint(cause) != "broken" {
					t.Errorf("%s: %v", name, cause)
				}
			}()
			c.wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, strings.Repeat("a", held))
				panic("broken")
			})).ServeHTTP(recorder, request)
		}()
		if name == "held back" && recorder.Body.Len() > 0 {
			t.Errorf("%s: %d bytes were sent", name, recorder.Body.Len())
		}
		if reader, err := gzip.NewReader(recorder.Body); err == nil {
			if _, err := io.ReadAll(reader); err == nil {
				t.Errorf("%s: the answer is complete", name)
			}
		}
		if c.slots.TryAcquire(compressors()) {
			c.slots.Release(compressors())
		} else {
			t.Errorf("%s: the compressor did not come back", name)
		}
	}
}
