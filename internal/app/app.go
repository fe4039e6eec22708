// Package app builds the program out of its parts and runs it. No other package knows them all.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"clientele/graph/resolver"
	"clientele/graph/server"
	"clientele/internal/admission"
	"clientele/internal/auth"
	"clientele/internal/catalog"
	"clientele/internal/config"
	"clientele/internal/httpd"
	"clientele/internal/idempotency"
	"clientele/persistence"
	"clientele/persistence/bolt"
	"clientele/persistence/mongo"
)

// closeTimeout is how long the store may take to close.
const closeTimeout = 10 * time.Second

// App is a program with an open store.
type App struct {
	config config.Config
	store  persistence.Store
	keys   *auth.Service
	// catalog is the file to apply; nil if there is none.
	catalog *catalog.File
	// documents are the trusted documents, and what else clients may send.
	documents server.DocumentConfig
	// certificate is nil for plain HTTP.
	certificate *httpd.Certificate
	// memory bounds what the requests of a server hold.
	memory  memory
	signals *signals
	// scans has the slots for operations that read much more than they return.
	scans *admission.Gate
	drain *httpd.Drain
	log   *slog.Logger
	// storage describes where the documents are.
	storage string
}

// New opens the store. Close must be called if the error is nil.
func New(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	if _, err := findProvider(cfg.Billing.Provider()); err != nil {
		return nil, err
	}
	// Before the store is opened: an invalid file should not touch the data.
	file, err := readCatalog(cfg)
	if err != nil {
		return nil, err
	}
	documents, err := readDocuments(cfg)
	if err != nil {
		return nil, err
	}
	var certificate *httpd.Certificate
	if cfg.Network.TLS() {
		if certificate, err = httpd.LoadCertificate(cfg.Network.TLSCert, cfg.Network.TLSKey, log); err != nil {
			return nil, err
		}
	}
	signals, err := newSignals(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	store, storage, err := openStore(ctx, cfg, signals)
	if err != nil {
		signals.close(ctx)
		return nil, err
	}
	var keyOptions []auth.Option
	if cfg.Command == config.CommandServe {
		// Other commands print what they did.
		keyOptions = append(keyOptions, auth.WithLog(log))
	}
	a := &App{
		config: cfg, store: store, keys: auth.New(store, keyOptions...), catalog: file, documents: documents, certificate: certificate,
		signals: signals, scans: admission.New(admission.Limits{}, signals.metrics), drain: &httpd.Drain{}, log: log, storage: storage,
	}
	signals.metrics.Scans(a.scans.Load)
	// Scrapes outlive the context.
	scraping := context.WithoutCancel(ctx)
	signals.metrics.Server(Version(), engineName(cfg), func() bool {
		return httpd.Readiness(scraping, a.store.Ping, a.drain) == nil
	})
	return a, nil
}

func openStore(ctx context.Context, cfg config.Config, signals *signals) (persistence.Store, string, error) {
	if cfg.MongoDBURI != "" {
		open := mongo.Open
		if cfg.OnlyReads() {
			open = mongo.OpenReadOnly
		}
		store, err := open(ctx, string(cfg.MongoDBURI))
		if err != nil {
			return nil, "", fmt.Errorf("open MongoDB: %w", err)
		}
		return signals.watch(store, engineName(cfg)), "MongoDB", nil
	}
	open := bolt.Open
	if cfg.DryRun {
		open = bolt.OpenReadOnly
	}
	store, err := open(ctx, cfg.DataDir)
	if errors.Is(err, persistence.ErrInUse) {
		err = fmt.Errorf("%w: stop the server first", err)
	}
	if err != nil {
		return nil, "", err
	}
	return signals.watch(store, engineName(cfg)), "embedded engine in " + cfg.DataDir, nil
}

// Close releases the store.
func (a *App) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	defer a.signals.close(ctx)
	return a.store.Close(ctx)
}

// Serve prints the server's addresses and storage, and serves on the listener until the context is done.
func (a *App) Serve(ctx context.Context, listener net.Listener, out io.Writer) error {
	a.memory = newMemory(ctx, a.config, a.log)
	secret, err := a.firstKey(ctx)
	if err != nil {
		return err
	}
	earlier, err := a.warnOfEarlierKeys(ctx)
	if err != nil {
		return err
	}
	// Ends last, to record the uses of the last requests.
	defer inBackground(context.WithoutCancel(ctx), a.keys.Run)()
	defer a.serveControl(ctx)()
	var schema http.Handler
	if a.config.Introspection {
		schema = server.NewSchemaHandler()
	}
	checkOrigin, err := httpd.NewOriginCheck(a.config.Network.CORSAllowedOrigins)
	if err != nil {
		return err
	}
	requests := idempotency.New(a.store, a.log)
	defer inBackground(ctx, requests.Run)()
	biller, err := a.newBiller(ctx, listener.Addr())
	if err != nil {
		return err
	}
	defer biller.end()
	useCases := resolver.NewUseCases(a.store, biller.vendor.Rules.Check, time.Now, biller.options()...)
	useCases.Keys = a.keys
	handler := httpd.NewHandler(httpd.Routes{
		API: server.NewHandler(server.Config{
			UseCases:      useCases,
			CheckOrigin:   checkOrigin,
			Authenticate:  a.keys.Authenticate,
			Scans:         func(keyID string) server.Scans { return a.scans.Operation(keyID) },
			Idempotency:   requests,
			Introspection: a.config.Introspection,
			Documents:     a.documents,
			RateLimits:    newRateLimits(a.config),
			Limits:        a.config.Limits,
			Memory:        a.memory.budget,
			Log:           a.log,
			Metrics:       a.signals.metrics,
			Tracer:        a.signals.tracer("graph"),
		}),
		Playground:    server.NewPlayground("/graphql"),
		Schema:        schema,
		Webhook:       biller.webhook,
		Ready:         a.store.Ping,
		Origins:       a.config.Network.CORSAllowedOrigins,
		OriginHeaders: a.config.Network.CORSAllowedHeaders,
		Drain:         a.drain,
		MaxBodyBytes:  a.config.Limits.BodyBytes,
		Observation:   a.observation(),
	})
	if a.config.Exposed() {
		if actor, err := a.keys.Identify(ctx, string(config.ExampleKey)); err == nil {
			return fmt.Errorf("the store accepts the public API key of the README: "+
				"revoke it with `clientele keys revoke %s` before others can reach the server", actor.KeyID)
		}
	}
	if a.config.Exposed() && a.certificate == nil {
		a.log.WarnContext(ctx, "the server can be reached from other machines and speaks plain HTTP: give it a certificate, or put a proxy that ends TLS in front of it")
	}
	catalogue, err := a.startCatalog(ctx)
	if err != nil {
		return err
	}
	// Ends after the last request, which may need the provider.
	defer inBackground(context.WithoutCancel(ctx), biller.run)()
	a.greet(out, listener.Addr(), greeting{secret: secret, earlierKeys: earlier, catalogue: catalogue, billing: biller.greeting})
	bounds := a.config.Limits
	server := httpd.Server{
		Handler: handler, Drain: a.drain, Log: a.log, DrainDelay: a.config.Network.DrainDelay, Grace: a.config.ShutdownGrace,
		Timeouts: httpd.Timeouts{ReadHeader: bounds.ReadHeaderTimeout, Read: bounds.ReadTimeout, Handle: bounds.OperationTimeout}, MaxConnections: a.memory.connections,
	}
	if a.certificate != nil {
		server.TLS = a.certificate.TLSConfig()
	}
	a.log.InfoContext(ctx, "the server has started", "version", Version(), "engine", engineName(a.config), "address", listener.Addr().String(),
		"billing", a.config.Billing.Provider())
	if err := server.Serve(ctx, listener); err != nil {
		return err
	}
	a.log.InfoContext(ctx, "the server has stopped")
	return nil
}

// inBackground runs a function in a goroutine. end cancels its context and waits for it.
func inBackground(ctx context.Context, run func(context.Context)) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// firstKey makes sure that there is an API key: it registers the given one, or creates one if the store has none. It
// returns the secret to print, if one was created.
func (a *App) firstKey(ctx context.Context) (string, error) {
	if a.config.APIKey != "" {
		return "", a.keys.Bootstrap(ctx, string(a.config.APIKey))
	}
	keys, err := a.keys.List(ctx)
	if err != nil || len(keys) > 0 {
		return "", err
	}
	defaults := config.Default()
	secret, _, err := a.keys.Create(ctx, keyRequest(defaults, "made at first start"))
	return secret, err
}

// greeting is what Serve prints besides addresses and storage; empty parts are left out.
type greeting struct {
	secret, catalogue    string
	earlierKeys, billing []string
}

// greet prints what the person at the terminal needs.
func (a *App) greet(out io.Writer, addr net.Addr, g greeting) {
	scheme := "http"
	if a.certificate != nil {
		scheme = "https"
	}
	fmt.Fprintf(out, "Clientele %s\n", Version())
	fmt.Fprintf(out, "  GraphQL     %s://%s/graphql\n", scheme, addr)
	fmt.Fprintf(out, "  Playground  %s://%s/\n", scheme, addr)
	if g.secret != "" {
		fmt.Fprintf(out, "  API key     %s\n", g.secret)
		fmt.Fprintf(out, "              full access to the environment %s; shown this once, kept as a hash\n", auth.DefaultEnvironment)
	}
	writeLines(out, "API key", g.earlierKeys)
	if g.catalogue != "" {
		fmt.Fprintf(out, "  Catalogue   %s\n", g.catalogue)
	}
	writeLines(out, "Billing", g.billing)
	fmt.Fprintf(out, "  Data        %s\n", a.storage)
}

// writeLines writes the lines after one label.
func writeLines(out io.Writer, label string, lines []string) {
	for i, line := range lines {
		fmt.Fprintf(out, "  %-10s  %s\n", []string{label, ""}[min(i, 1)], line)
	}
}
