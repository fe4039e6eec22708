package tests

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
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

// otherEnvironment is an environment beside the one of fullKey.
const otherEnvironment = "other"

// service is a server of the test's own with a client for each kind of caller.
type service struct {
	*client // full access to the environment development

	reader      *client // may only read there
	otherClient *client // full access to otherEnvironment
	withoutKey  *client // has no key
	log         *logBuffer
	// ops is where metrics and health checks are.
	ops string
}

// onEngines runs a test against a fresh server on each engine. The test fails if the server logs
// a warning or an error: none of what these tests send is the server's fault.
func onEngines(t *testing.T, test func(t *testing.T, server *service)) {
	t.Helper()
	onEnginesWith(t, "", test)
}

// The catalogues of the tests: one with something for each rule, and the one of the README.
const (
	testCatalog    = "testdata/catalog.yaml"
	exampleCatalog = "../examples/catalog.yaml"
)

// onEnginesWith is onEngines with a catalogue in the environment development.
func onEnginesWith(t *testing.T, file string, test func(t *testing.T, server *service)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			cfg := config.Default()
			engine.configure(t, &cfg)
			if file != "" {
				applyCatalog(t, cfg, file, "development")
			}
			server := startService(t, cfg)
			test(t, server)
			if text := server.log.String(); text != "" {
				t.Errorf("the server logged:\n%s", text)
			}
		})
	}
}

// startEmbedded starts a service on the embedded engine, for what does not depend on the engine.
func startEmbedded(t *testing.T) *service {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	return startService(t, cfg)
}

// startService serves in this process until the test ends.
func startService(t *testing.T, cfg config.Config) *service {
	t.Helper()
	readKey := createKey(t, cfg, "development", "read")
	otherKey := createKey(t, cfg, otherEnvironment, "full")
	log := &logBuffer{}
	cfg.APIKey = fullKey
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cfg.Observability.Traces = true
	server, err := app.New(ctx, cfg, everySignal.logger(log, cfg))
	if err != nil {
		stop()
		t.Fatalf("open: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		t.Fatalf("listen: %v", err)
	}
	ops, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		t.Fatalf("listen: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- server.ServeWithOps(ctx, listener, ops, io.Discard) }()
	t.Cleanup(func() {
		// The server would wait for what may be on its way on these.
		httpClient.CloseIdleConnections()
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := server.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	url := "http://" + listener.Addr().String()
	return &service{
		client: &client{url: url, key: fullKey}, reader: &client{url: url, key: readKey},
		otherClient: &client{url: url, key: otherKey}, withoutKey: &client{url: url}, log: log, ops: "http://" + ops.Addr().String(),
	}
}

// createKey makes an API key in the store of a server that does not run yet.
func createKey(t *testing.T, cfg config.Config, environment, scope string) string {
	t.Helper()
	cfg.Command, cfg.Environment, cfg.KeyScope = config.CommandKeysCreate, environment, scope
	secret, _, _ := strings.Cut(runCommand(t, cfg), "\n")
	return secret
}

// applyCatalog applies a catalogue file in the store of a server that does not run yet.
func applyCatalog(t *testing.T, cfg config.Config, file, environment string) {
	t.Helper()
	cfg.Command, cfg.Catalog, cfg.Environment = config.CommandCatalogApply, file, environment
	runCommand(t, cfg)
}

// runCommand runs one of the program's commands and returns what it printed.
func runCommand(t *testing.T, cfg config.Config) string {
	t.Helper()
	var out strings.Builder
	if err := app.Run(t.Context(), cfg, &out, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatalf("%s: %v", cfg.Command, err)
	}
	return out.String()
}

// logBuffer keeps the warnings and errors that the server logs.
type logBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *logBuffer) Write(text []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(text)
}

func (b *logBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}
