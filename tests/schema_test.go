package tests

import (
	"net/http"
	"strings"
	"testing"

	"clientele/internal/config"
)

// TestSchemaDocument: generators fetch the schema without a key, if the server shows it at all.
func TestSchemaDocument(t *testing.T) {
	const path = "/schema.graphql"
	open := startEmbedded(t).withoutKey
	got := open.exchange(t, http.MethodGet, path, nil, nil)
	if got.status != http.StatusOK || !strings.Contains(string(got.body), "\ntype Query {\n") {
		t.Errorf("status %d: %.200s", got.status, got.body)
	}
	known := map[string]string{"If-None-Match": got.header.Get("ETag")}
	if again := open.exchange(t, http.MethodGet, path, known, nil); again.status != http.StatusNotModified || len(again.body) > 0 {
		t.Errorf("once it is known: status %d: %.200s", again.status, again.body)
	}
	if got := open.exchange(t, http.MethodPost, path, nil, nil); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", got.status)
	}
	cfg := config.Default()
	cfg.DataDir, cfg.Introspection = t.TempDir(), false
	if got := startService(t, cfg).exchange(t, http.MethodGet, path, nil, nil); got.status != http.StatusNotFound {
		t.Errorf("without introspection: status %d: %.200s", got.status, got.body)
	}
}
