package httpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
)

// routes all succeed; say is the text that a route responds with.
func routes() Routes {
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	return Routes{
		API: say("api"), Playground: say("playground"), Ready: func(context.Context) error { return nil }, MaxBodyBytes: 1000,
		Observation: unobserved,
	}
}

var noLog = slog.New(slog.DiscardHandler)

// unobserved discards what the handler reports.
var unobserved = Observation{Log: noLog, Tracer: noop.Tracer{}, Metrics: noMetrics{}}

type noMetrics struct{}

func (noMetrics) RequestBegan()                                   {}
func (noMetrics) RequestEnded(string, string, int, time.Duration) {}
func (noMetrics) Panic()                                          {}

func answerTo(handler http.Handler, request *http.Request) *http.Response {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

func bodyOf(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		method, target string
		status         int
		body           string
	}{
		"the API takes POST":                {"POST", "/graphql", 200, "api"},
		"the API takes GET":                 {"GET", "/graphql?query={a}", 200, "api"},
		"the API judges other methods":      {"DELETE", "/graphql", 200, "api"},
		"nothing is below the API":          {"GET", "/graphql/", 404, "404 page not found\n"},
		"the playground is at the root":     {"GET", "/", 200, "playground"},
		"the playground is not written to":  {"POST", "/", 405, "Method Not Allowed\n"},
		"the playground is nowhere else":    {"GET", "/index.html", 404, "404 page not found\n"},
		"an unknown path":                   {"GET", "/unknown", 404, "404 page not found\n"},
		"an unknown path that is posted to": {"POST", "/unknown", 404, "404 page not found\n"},
		"alive":                             {"GET", "/healthz", 200, "ok\n"},
		"alive is not written to":           {"POST", "/healthz", 405, "Method Not Allowed\n"},
		"ready":                             {"GET", "/readyz", 200, "ready\n"},
		"ready is not written to":           {"POST", "/readyz", 405, "Method Not Allowed\n"},
		"nothing is below ready":            {"GET", "/readyz/store", 404, "404 page not found\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := answerTo(NewHandler(routes()), httptest.NewRequest(c.method, c.target, nil))
			if body := bodyOf(t, response); response.StatusCode != c.status || body != c.body {
				t.Errorf("got %d, %q", response.StatusCode, body)
			}
			if response.Header.Get("X-Request-Id") == "" {
				t.Error("the answer has no request id")
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		sent string
		kept bool
	}{
		"letters, digits and marks are kept": {"a-B_c.9", true},
		"1 character is kept":                {"a", true},
		"64 characters are kept":             {strings.Repeat("a", 64), true},
		"a UUID is kept":                     {"018f3e2a-7c1b-7def-8123-456789abcdef", true},
		"none is replaced":                   {"", false},
		"65 characters are replaced":         {strings.Repeat("a", 65), false},
		"a space is replaced":                {"a b", false},
		"a newline is replaced":              {"a\nlevel=ERROR", false},
		"a newline at the end is replaced":   {"a\n", false},
		"a quote is replaced":                {`a"b`, false},
		"a slash is replaced":                {"a/b", false},
		"markup is replaced":                 {"<script>", false},
		"letters beyond ASCII are replaced":  {"é", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := ""
			r := routes()
			r.API = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Get("X-Request-Id") })
			request := httptest.NewRequest("POST", "/graphql", nil)
			request.Header["X-Request-Id"] = []string{c.sent}
			echoed := answerTo(NewHandler(r), request).Header["X-Request-Id"]

			if len(echoed) != 1 || echoed[0] != seen {
				t.Errorf("the handler saw %q, the answer has %q", seen, echoed)
			}
			if kept := seen == c.sent; kept != c.kept {
				t.Errorf("%q became %q", c.sent, seen)
			}
			if !requestIDForm.MatchString(seen) {
				t.Errorf("%q has not the form of an id", seen)
			}
		})
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	t.Parallel()
	handler := NewHandler(routes())
	seen := map[string]bool{}
	for range 100 {
		seen[answerTo(handler, httptest.NewRequest("GET", "/healthz", nil)).Header.Get("X-Request-Id")] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d ids for 100 requests", len(seen))
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const limit = 1000
	cases := map[string]struct {
		size    int
		refused bool
	}{
		"an empty body": {0, false},
		"1,000 bytes":   {limit, false},
		"1,001 bytes":   {limit + 1, true},
		"64 MiB":        {64 << 20, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var read int64
			var err error
			r := routes()
			r.API = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				read, err = io.Copy(io.Discard, r.Body)
			})
			// Without a length in the header, only what is read can be counted.
			request := httptest.NewRequest("POST", "/graphql", io.LimitReader(zeros{}, int64(c.size)))
			answerTo(NewHandler(r), request)
			if !c.refused {
				if err != nil || read != int64(c.size) {
					t.Errorf("read %d bytes, %v", read, err)
				}
				return
			}
			tooLarge, ok := errors.AsType[*http.MaxBytesError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if tooLarge.Limit != limit || read > limit {
				t.Errorf("read %d bytes, the limit is %d", read, tooLarge.Limit)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestTheServerIsAliveWhateverTheStoreReturns(t *testing.T) {
	t.Parallel()
	r := routes()
	r.Ready = func(context.Context) error { return errors.New("down") }
	if got := answerTo(NewHandler(r), httptest.NewRequest("GET", "/healthz", nil)); got.StatusCode != 200 {
		t.Errorf("got %d", got.StatusCode)
	}
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	const unready = "the store does not answer\n"
	cases := map[string]struct {
		ready  func(context.Context) error
		status int
		body   string
		// after is how long the store takes.
		after time.Duration
	}{
		"the store answers": {
			func(context.Context) error { return nil }, 200, "ready\n", 0,
		},
		"the store answers slowly": {
			func(ctx context.Context) error { return waitFor(ctx, time.Second) }, 200, "ready\n", time.Second,
		},
		"the store fails": {
			func(context.Context) error { return errors.New("secret detail") }, 503, unready, 0,
		},
		"the store hangs and obeys its context": {
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 503, unready, 1500 * time.Millisecond,
		},
		"the store hangs and obeys nothing": {
			func(context.Context) error { return waitFor(context.Background(), time.Hour) }, 503, unready, 1500 * time.Millisecond,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The bubble's clock moves only while all goroutines wait, so the times are exact.
			synctest.Test(t, func(t *testing.T) {
				r := routes()
				r.Ready = c.ready
				started := time.Now()
				response := answerTo(NewHandler(r), httptest.NewRequest("GET", "/readyz", nil))
				if took := time.Since(started); took != c.after || took >= 2*time.Second {
					t.Errorf("the answer took %v", took)
				}
				if body := bodyOf(t, response); response.StatusCode != c.status || body != c.body {
					t.Errorf("got %d, %q", response.StatusCode, body)
				}
				// A bubble must not end before the store has returned.
				<-time.After(time.Hour)
			})
		})
	}
}

func waitFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestReadyzEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := routes()
		told := make(chan error, 1)
		r.Ready = func(ctx context.Context) error { <-ctx.Done(); told <- ctx.Err(); return ctx.Err() }
		ctx, hangUp := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			answerTo(NewHandler(r), httptest.NewRequestWithContext(ctx, "GET", "/readyz", nil))
		}()
		synctest.Wait()
		hangUp()
		if err := <-told; !errors.Is(err, context.Canceled) {
			t.Errorf("the store is told %v", err)
		}
		<-done
	})
}

func TestHealthResponsesArePlainText(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/healthz", "/readyz"} {
		response := answerTo(NewHandler(routes()), httptest.NewRequest("GET", path, nil))
		if got := response.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Errorf("%s: got %s", path, got)
		}
		if !bytes.HasSuffix([]byte(bodyOf(t, response)), []byte("\n")) {
			t.Errorf("%s: the answer does not end its line", path)
		}
	}
}
