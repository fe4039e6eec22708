package httpd

import (
	// The standard library's: klauspost/compress is a fifth faster on such responses, and its gzhttp neither bounds how
	// many compress at once nor knows that a client can refuse identity.
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"
)

// maxCompressors bounds the compressors in use, of 1.3 MB each, on a machine of many processors.
const maxCompressors = 32

// minCompressed is the length in bytes from which a response is compressed. Shorter ones fit into a few packets anyway.
const minCompressed = 4 << 10

// compression compresses responses with gzip for clients that accept it, while they are written.
//
// The length of a compressed response that holds both a secret and text of an attacker's choice leaks the secret
// (BREACH). The attack needs a browser that sends the victim's key with requests of the attacker's page. No browser adds
// an API key by itself, and NewOriginCheck refuses requests of foreign pages.
type compression struct {
	// slots bounds the compressors in use, and so their memory; without a slot a response is not compressed. A client
	// that reads slowly keeps its slot.
	slots   *semaphore.Weighted
	writers sync.Pool
}

// compressors is how many compressors may be in use at once.
func compressors() int64 { return int64(min(max(8, 2*runtime.GOMAXPROCS(0)), maxCompressors)) }

func newCompression() *compression {
	return &compression{
		slots: semaphore.NewWeighted(compressors()),
		writers: sync.Pool{New: func() any {
			// The level is valid, so there is no error.
			w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
			return w
		}},
	}
}

// wrap compresses the responses of a handler.
func (c *compression) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Also on responses that are not compressed: a cache must not serve them to a client that accepts gzip.
		w.Header().Add("Vary", "Accept-Encoding")
		wanted, always := acceptsGzip(r.Header.Values("Accept-Encoding"))
		if !wanted || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		compressed := &compressedWriter{ResponseWriter: w, from: c, min: minCompressed}
		if always {
			compressed.min = 1
		}
		// After a panic the response must not look complete.
		defer compressed.release()
		next.ServeHTTP(compressed, r)
		compressed.finish()
	})
}

// acceptsGzip parses the header Accept-Encoding. wanted: the client accepts gzip, and does not prefer identity. always:
// it accepts nothing else. A client that accepts neither gets identity.
func acceptsGzip(values []string) (wanted, always bool) {
	const unknown = -1.0
	gzipped, identity, others := unknown, unknown, unknown
	for accepted := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, parameter, weighted := strings.Cut(accepted, ";")
		q := 1.0
		if weighted {
			name, text, _ := strings.Cut(parameter, "=")
			parsed, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if !strings.EqualFold(strings.TrimSpace(name), "q") || err != nil || !(parsed >= 0 && parsed <= 1) {
				continue
			}
			q = parsed
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			gzipped = max(gzipped, q)
		case "identity":
			identity = q
		case "*":
			others = q
		}
	}
	if gzipped == unknown {
		gzipped = others
	}
	if identity == unknown && others == 0 {
		identity = 0
	}
	wanted = gzipped > 0 && gzipped >= identity
	return wanted, wanted && identity == 0
}

// compressedWriter buffers a response until it is known whether it is long enough to be compressed.
type compressedWriter struct {
	http.ResponseWriter

	from *compression
	min  int
	// status is the response's, 0 before there is one; begun is whether it was sent.
	status int
	begun  bool
	held   []byte
	// gzip is nil for a response that is not compressed.
	gzip *gzip.Writer
}

// Unwrap lets http.ResponseController reach the deadlines of the connection.
func (w *compressedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *compressedWriter) WriteHeader(status int) {
	if status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *compressedWriter) Write(text []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.begun {
		return w.pass(text)
	}
	if len(w.held)+len(text) < w.min {
		w.held = append(w.held, text...)
		return len(text), nil
	}
	w.begin(true)
	return w.pass(text)
}

// FlushError implements what http.ResponseController calls.
func (w *compressedWriter) FlushError() error {
	w.begin(false)
	if w.gzip != nil {
		if err := w.gzip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *compressedWriter) pass(text []byte) (int, error) {
	if w.gzip != nil {
		return w.gzip.Write(text)
	}
	return w.ResponseWriter.Write(text)
}

// begin sends what was buffered, compressed if it is long and can be.
func (w *compressedWriter) begin(long bool) {
	if w.begun {
		return
	}
	w.begun = true
	header := w.Header()
	encodable := w.status != http.StatusNoContent && w.status != http.StatusPartialContent && w.status != http.StatusNotModified &&
		header.Get("Content-Encoding") == "" && header.Get("Content-Range") == ""
	if long && encodable {
		if w.from.slots.TryAcquire(1) {
			w.gzip, _ = w.from.writers.Get().(*gzip.Writer)
			w.gzip.Reset(w.ResponseWriter)
			header.Set("Content-Encoding", "gzip")
			header.Del("Content-Length")
			header.Del("Accept-Ranges")
			// The same content, but not the same bytes.
			if tag := header.Get("ETag"); strings.HasPrefix(tag, `"`) {
				header.Set("ETag", "W/"+tag)
			}
		}
	}
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
	if len(w.held) > 0 {
		// An error means that the client has left.
		_, _ = w.pass(w.held)
		w.held = nil
	}
}

// finish sends the rest of a response that is complete.
func (w *compressedWriter) finish() {
	w.begin(false)
	if w.gzip != nil {
		_ = w.gzip.Close()
	}
}

// release returns the compressor and its slot.
func (w *compressedWriter) release() {
	if w.gzip == nil {
		return
	}
	w.gzip.Reset(io.Discard)
	w.from.writers.Put(w.gzip)
	w.gzip = nil
	w.from.slots.Release(1)
}
