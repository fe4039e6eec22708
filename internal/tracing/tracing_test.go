package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// sink is a collector of traces.
type sink struct {
	mutex    sync.Mutex
	requests []*collector.ExportTraceServiceRequest
}

func (s *sink) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	text, _ := io.ReadAll(body)
	request := &collector.ExportTraceServiceRequest{}
	if err := proto.Unmarshal(text, request); err != nil {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests = append(s.requests, request)
}

// start starts tracing to a collector. The log and the number of lost spans are for after Stop.
func start(t *testing.T, to http.Handler) (*Tracing, *bytes.Buffer, *int) {
	t.Helper()
	server := httptest.NewServer(to)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	var log bytes.Buffer
	lost := 0
	tracing, err := Start(t.Context(), "v1.2.3", slog.New(slog.NewTextHandler(&log, nil)), func(spans int) { lost += spans })
	if err != nil {
		t.Fatal(err)
	}
	return tracing, &log, &lost
}

func TestSpansReachTheCollector(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	for name, c := range map[string]struct{ variable, want string }{
		"under the program's name": {"", "clientele"},
		"under another name":       {"the-shop", "the-shop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_SERVICE_NAME", c.variable)
			to := &sink{}
			tracing, log, lost := start(t, to)
			ctx, parent := tracing.Tracer("test").Start(t.Context(), "parent")
			_, child := tracing.Tracer("test").Start(ctx, "child")
			child.End()
			parent.End()
			// The end of the program is the end of its context.
			done, cancel := context.WithCancel(t.Context())
			cancel()
			tracing.Stop(done)
			if len(to.requests) != 1 || *lost != 0 || log.Len() > 0 {
				t.Fatalf("%d requests, %d lost, %s", len(to.requests), *lost, log)
			}
			sent := to.requests[0].ResourceSpans[0]
			attributes := map[string]string{}
			for _, a := range sent.Resource.Attributes {
				attributes[a.Key] = a.Value.GetStringValue()
			}
			for key, want := range map[string]string{
				"service.name": c.want, "service.version": "v1.2.3", "deployment.environment.name": "test", "telemetry.sdk.language": "go",
			} {
				if attributes[key] != want {
					t.Errorf("%s is %q", key, attributes[key])
				}
			}
			for key := range attributes {
				if strings.HasPrefix(key, "process.") || strings.HasPrefix(key, "host.") {
					t.Errorf("there is %s", key)
				}
			}
			spans := sent.ScopeSpans[0].Spans
			if len(spans) != 2 || spans[0].Name != "child" || !bytes.Equal(spans[0].ParentSpanId, spans[1].SpanId) {
				t.Errorf("the spans are %v", spans)
			}
		})
	}
}

// TestACollectorThatRefuses: its error is logged once, however often it happens.
func TestACollectorThatRefuses(t *testing.T) {
	tracing, log, lost := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `no quota for "ada@example.com"`, http.StatusForbidden)
	}))
	for i := range 3 {
		_, span := tracing.Tracer("test").Start(t.Context(), fmt.Sprint(i))
		span.End()
		if err := tracing.provider.ForceFlush(t.Context()); err != nil {
			t.Errorf("a failure is passed on: %v", err)
		}
	}
	tracing.Stop(t.Context())
	if *lost != 3 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("%d lost; the log is:\n%s", *lost, log)
	}
	if strings.Contains(log.String(), "ada") {
		t.Errorf("the log repeats the collector: %s", log)
	}
}

// TestACollectorThatHangs does not keep the program from its end.
func TestACollectorThatHangs(t *testing.T) {
	ended := make(chan struct{})
	defer close(ended)
	tracing, log, _ := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}))
	tracing.stopTimeout = 10 * time.Millisecond
	_, span := tracing.Tracer("test").Start(t.Context(), "one")
	span.End()
	tracing.Stop(t.Context())
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log is:\n%s", log)
	}
}

func TestThereIsNoCollector(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	var log bytes.Buffer
	tracing, err := Start(t.Context(), "", slog.New(slog.NewTextHandler(&log, nil)), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	tracing.stopTimeout = 50 * time.Millisecond
	_, span := tracing.Tracer("test").Start(t.Context(), "one")
	span.End()
	tracing.Stop(t.Context())
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log is:\n%s", log.String())
	}
}
