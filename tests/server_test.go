package tests

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"clientele/internal/app"
	"clientele/internal/config"
	"clientele/persistence/mongo/mongotest"
)

const fullKey = "server-test-key-with-full-access"

// engines are the ways to keep documents; each black-box test runs on all of them.
var engines = []struct {
	name      string
	configure func(t *testing.T, cfg *config.Config)
}{
	{"embedded", func(t *testing.T, cfg *config.Config) { cfg.DataDir = t.TempDir() }},
	{"mongodb", func(t *testing.T, cfg *config.Config) { cfg.MongoDBURI = config.Secret(mongotest.URI(t)) }},
}

// onEngines runs a test against a fresh server on each engine.
func onEngines(t *testing.T, test func(t *testing.T, client *client)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			cfg := config.Default()
			engine.configure(t, &cfg)
			test(t, startServer(t, cfg))
		})
	}
}

// startServer serves in this process until the test ends, and answers a client with full access.
func startServer(t *testing.T, cfg config.Config) *client {
	t.Helper()
	cfg.APIKey = fullKey
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	server, err := app.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		stop()
		t.Fatalf("open: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		t.Fatalf("listen: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := server.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &client{url: "http://" + listener.Addr().String(), key: fullKey}
}
