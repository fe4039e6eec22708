package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"clientele/internal/app"
	"clientele/internal/config"
)

// loud fails the test when the server logs an error.
type loud struct {
	slog.Handler

	t testing.TB
}

func (l loud) Handle(_ context.Context, record slog.Record) error {
	if record.Level >= slog.LevelError {
		record.Attrs(func(a slog.Attr) bool { l.t.Log(a.Key, a.Value); return true })
		l.t.Error("the server logged: " + record.Message)
	}
	return nil
}

func (l loud) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l loud) WithGroup(string) slog.Handler { return l }

// serve runs the server in this process, so that fuzzing measures coverage, and returns its URL.
func serve(t testing.TB) string {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir, cfg.APIKey = t.TempDir(), apiKey
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	server, err := app.New(ctx, cfg, slog.New(loud{slog.DiscardHandler, t}))
	if err != nil {
		stop()
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := server.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// FuzzBody posts any body: the response is JSON and GraphQL, no fault of the server's, short if it is a refusal, and
// does not repeat a body that cannot be read.
func FuzzBody(f *testing.F) {
	vectors, err := readVectors("vectors")
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		v, err := v.written()
		if err != nil {
			f.Fatal(err)
		}
		if body, err := v.body(); err == nil && len(body) < 64<<10 {
			f.Add(body)
		}
	}
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `{"query": "{ __typename }", "operationName": null, "variables": null, "extensions": null}`,
		`{"query": "query A { customers { edges { node { id } } } } mutation B { archiveCustomer(input: {customerId: \"a\"}) { id } }", "operationName": "B"}`,
		`{"query": "query ($p: CursorPaging, $f: CustomerFilter, $s: [CustomerSort!]) { customers(paging: $p, filter: $f, sorting: $s) { totalCount } }", "variables": {"p": {"first": 1}, "f": {"or": {"name": {"in": "a"}}}, "s": {"field": "name", "direction": "ASC"}}}`,
	} {
		f.Add([]byte(body))
	}
	address := serve(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/graphql", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-API-KEY", apiKey)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch response.StatusCode {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("status %d: %.500s", response.StatusCode, text)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(text, &got); err != nil || !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
			t.Fatalf("the response is not JSON: %s, %v: %.500s", response.Header.Get("Content-Type"), err, text)
		}
		_, hasData := got["data"]
		if errs, hasErrors := got["errors"]; !hasErrors && !hasData || hasErrors && bytes.Equal(errs, []byte("[]")) {
			t.Errorf("the response is not GraphQL: %.500s", text)
		}
		if !hasData && len(text) > maxAnswer {
			t.Errorf("the refusal has %d bytes: %.500s", len(text), text)
		}
		if response.StatusCode != http.StatusOK && (hasData || bytes.Contains(text, []byte("SecretMark"))) {
			t.Errorf("the refusal has data, or repeats the body: %.500s", text)
		}
	})
}
