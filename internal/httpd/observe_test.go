package httpd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"pgregory.net/rapid"

	"clientele/internal/logging"
)

// witness records what a handler reports about its requests.
type witness struct {
	log   bytes.Buffer
	spans *tracetest.SpanRecorder

	mutex        sync.Mutex
	began, panic int
	ended        map[string]int
}

// observing returns a handler of routes, and what it reports.
func observing(t *testing.T, r Routes) (http.Handler, *witness) {
	t.Helper()
	w := &witness{spans: tracetest.NewSpanRecorder(), ended: map[string]int{}}
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(w.spans))
	r.Observation = Observation{
		Log: logging.New(&w.log, logging.FormatJSON, slog.LevelDebug), Tracer: provider.Tracer("test"), Metrics: w,
	}
	return NewHandler(r), w
}

func (w *witness) RequestBegan() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.began++
}

func (w *witness) RequestEnded(route, method string, status int, took time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.ended[fmt.Sprintf("%s %s %d", method, route, status)]++
	if took <= 0 || took > time.Hour {
		w.ended[took.String()]++
	}
}

func (w *witness) Panic() { w.panic++ }

// lines are the lines of the log.
func (w *witness) lines(t *testing.T) []map[string]any {
	t.Helper()
	lines := []map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(w.log.Bytes()))
	for {
		line := map[string]any{}
		if err := decoder.Decode(&line); errors.Is(err, io.EOF) {
			return lines
		} else if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
}

// attributesOf are the attributes of a span as texts.
func attributesOf(span trace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, a := range span.Attributes() {
		out[string(a.Key)] = a.Value.String()
	}
	return out
}

func TestEveryRequestIsObserved(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		method, target string
		route          string
		told           string
		status         int
		level          string
	}{
		"the API":                {"POST", "/graphql", "/graphql", "POST", 200, "INFO"},
		"a query in the address": {"GET", "/graphql?query=SecretMark", "/graphql", "GET", 200, "INFO"},
		"the playground":         {"GET", "/", "/", "GET", 200, "INFO"},
		"a method for others":    {"POST", "/", "other", "POST", 405, "INFO"},
		"a method of its own":    {"SECRETMARK", "/graphql", "/graphql", "other", 200, "INFO"},
		"a method in small":      {"post", "/graphql", "/graphql", "other", 200, "INFO"},
		"an unknown path":        {"GET", "/SecretMark", "other", "GET", 404, "INFO"},
		"a path to clean up":     {"GET", "//SecretMark/../graphql", "/graphql", "GET", 307, "INFO"},
		"the schema":             {"GET", "/schema.graphql", "/schema.graphql", "GET", 200, "INFO"},
		"a probe":                {"GET", "/healthz", "/healthz", "GET", 200, "DEBUG"},
		"another probe":          {"GET", "/readyz", "/readyz", "GET", 200, "DEBUG"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := routes()
			r.Schema = r.Playground
			handler, w := observing(t, r)
			request := httptest.NewRequest(c.method, c.target, strings.NewReader("SecretMark"))
			for _, header := range []string{"X-Api-Key", "User-Agent", "Referer", "Tracestate", "Baggage", "X-Forwarded-For", "Cookie"} {
				request.Header.Set(header, "SecretMark=SecretMark")
			}
			request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			request.Header.Set("X-Request-Id", "the-request")
			response := answerTo(handler, request)

			want := map[string]int{fmt.Sprintf("%s %s %d", c.told, c.route, c.status): 1}
			if w.began != 1 || w.panic != 0 || !maps.Equal(w.ended, want) {
				t.Errorf("counted are %d, %v, want %v", w.began, w.ended, want)
			}
			lines := w.lines(t)
			if len(lines) != 1 {
				t.Fatalf("the log is %s", w.log.String())
			}
			for key, want := range map[string]any{
				"level": c.level, "msg": "request", "method": c.told, "route": c.route, "status": float64(c.status),
				"requestId": "the-request", "traceId": "0af7651916cd43dd8448eb211c80319c",
				"bytes": float64(len(bodyOf(t, response))),
			} {
				if lines[0][key] != want {
					t.Errorf("%s is %v, want %v", key, lines[0][key], want)
				}
			}
			ended := w.spans.Ended()
			if len(ended) != 1 {
				t.Fatalf("there are %d spans", len(ended))
			}
			span := ended[0]
			method := c.told
			if method == "other" {
				method = "_OTHER"
			}
			if got, want := attributesOf(span), map[string]string{
				"http.request.method": method, "http.route": c.route, "http.response.status_code": fmt.Sprint(c.status),
			}; !maps.Equal(got, want) {
				t.Errorf("the span has %v, want %v", got, want)
			}
			if span.Name() != c.told+" "+c.route || span.SpanKind().String() != "server" || span.Status().Code != codes.Unset {
				t.Errorf("the span is %s, %s, %v", span.Name(), span.SpanKind(), span.Status())
			}
			if parent := span.Parent(); parent.SpanID().String() != "b7ad6b7169203331" || parent.TraceState().Len() > 0 {
				t.Errorf("the parent is %v", parent)
			}
			if strings.Contains(strings.ToLower(w.log.String()+fmt.Sprint(attributesOf(span))), "secretmark") {
				t.Errorf("what the client sent is told: %s", w.log.String())
			}
		})
	}
}

func TestFactsOfPartsAreInTheLine(t *testing.T) {
	t.Parallel()
	r := routes()
	r.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		logging.AddFields(r.Context(), slog.Int("cost", 7))
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "four")
	})
	handler, w := observing(t, r)
	// A recorder takes the early hints for the response, a server does not.
	server := httptest.NewServer(handler)
	response, err := http.Get(server.URL + "/graphql")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	server.Close()
	line := w.lines(t)[0]
	if line["cost"] != 7.0 || line["status"] != 418.0 || line["bytes"] != 4.0 {
		t.Errorf("the line is %v", line)
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do            func(http.ResponseWriter)
		status        int
		logged, abort bool
	}{
		"before the answer": {func(http.ResponseWriter) { panic(`the customer "SecretMark"`) }, 500, true, false},
		"within it":         {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "half"); panic("later") }, 200, true, true},
		"asked for":         {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 0, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := routes()
			r.API = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.do(w) })
			handler, w := observing(t, r)
			recorder := httptest.NewRecorder()
			request := httptest.NewRequest("POST", "/graphql", nil)
			request.Header.Set("X-Request-Id", "the-request")
			func() {
				defer func() {
					if cause := recover(); (cause == http.ErrAbortHandler) != c.abort || cause != nil && !c.abort {
						t.Errorf("the panic goes on with %v", cause)
					}
				}()
				handler.ServeHTTP(recorder, request)
			}()
			if c.status == 500 && (recorder.Code != 500 || recorder.Body.String() != "an unexpected error happened\n") {
				t.Errorf("the answer is %d, %q", recorder.Code, recorder.Body)
			}
			if want := map[string]int{fmt.Sprintf("POST /graphql %d", c.status): 1}; !maps.Equal(w.ended, want) {
				t.Errorf("counted are %v, want %v", w.ended, want)
			}
			lines := w.lines(t)
			if c.logged {
				if w.panic != 1 || lines[0]["msg"] != "panic" || lines[0]["requestId"] != "the-request" ||
					!strings.Contains(fmt.Sprint(lines[0]["stack"]), "observe_test.go:") {
					t.Errorf("counted are %d; the line is %v", w.panic, lines[0])
				}
				lines = lines[1:]
			}
			if len(lines) != 1 || lines[0]["msg"] != "request" || lines[0]["route"] != "/graphql" {
				t.Errorf("the log is %s", w.log.String())
			}
			if strings.Contains(w.log.String(), "SecretMark") {
				t.Errorf("the log has what was quoted: %s", w.log.String())
			}
			if span := w.spans.Ended()[0]; (span.Status().Code == codes.Error) != (c.status == 500 || c.status == 0) {
				t.Errorf("the span's status is %v", span.Status())
			}
		})
	}
}

// TestTheServerCanReachItsWriter: a handler can set a deadline through what counts its response.
func TestTheServerCanReachItsWriter(t *testing.T) {
	t.Parallel()
	r := routes()
	var err error
	r.API = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		err = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
	})
	handler, _ := observing(t, r)
	server := httptest.NewServer(handler)
	defer server.Close()
	response, getErr := http.Get(server.URL + "/graphql")
	if getErr != nil {
		t.Fatal(getErr)
	}
	_ = response.Body.Close()
	if err != nil {
		t.Errorf("the deadline: %v", err)
	}
}

// TestAnyTraceparent: whatever the header holds, a request is served, and nothing of it but a trace id is recorded.
func TestAnyTraceparent(t *testing.T) {
	t.Parallel()
	form := rapid.OneOf(rapid.String(), rapid.StringMatching(`0[0-2]-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-mark)?`))
	rapid.Check(t, func(rt *rapid.T) {
		handler, w := observing(t, routes())
		request := httptest.NewRequest("GET", "/graphql", nil)
		sent := form.Draw(rt, "traceparent")
		request.Header["Traceparent"] = []string{sent}
		if response := answerTo(handler, request); response.StatusCode != 200 {
			rt.Fatalf("status %d", response.StatusCode)
		}
		ended := w.spans.Ended()
		if len(ended) == 0 {
			return // The caller said that its trace is not kept.
		}
		span := ended[0]
		if parent := span.Parent(); parent.IsValid() && !strings.Contains(sent, parent.TraceID().String()) {
			rt.Fatalf("the parent is %v", parent)
		}
		if keys := slices.Sorted(maps.Keys(attributesOf(span))); len(keys) != 3 {
			rt.Fatalf("the attributes are %v", keys)
		}
	})
}

func TestOpsRoutes(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	for name, c := range map[string]struct {
		target    string
		profiling bool
		status    int
	}{
		"metrics":                   {"/metrics", false, 200},
		"alive":                     {"/healthz", false, 200},
		"ready":                     {"/readyz", false, 200},
		"the API is elsewhere":      {"/graphql", false, 404},
		"no profiles":               {"/debug/pprof/heap", false, 404},
		"profiles":                  {"/debug/pprof/heap", true, 200},
		"the list of profiles":      {"/debug/pprof/", true, 200},
		"arguments, no profile":     {"/debug/pprof/cmdline", false, 404},
		"arguments, with profiling": {"/debug/pprof/cmdline", true, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := NewOpsHandler(OpsRoutes{Metrics: metrics, Ready: routes().Ready, Profiling: c.profiling})
			if response := answerTo(handler, httptest.NewRequest("GET", c.target, nil)); response.StatusCode != c.status {
				t.Errorf("the status is %d", response.StatusCode)
			}
		})
	}
}
