package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"clientele/graph/server"
	"clientele/internal/billing"
	billingobserve "clientele/internal/billing/observe"
	"clientele/internal/billingsync"
	"clientele/internal/config"
	"clientele/internal/httpd"
	"clientele/internal/limits"
	"clientele/internal/logging"
	"clientele/internal/metrics"
	"clientele/internal/tracing"
	"clientele/persistence"
	"clientele/persistence/observe"
)

// opsConnections bounds the operations listener, whose connections clients cannot use up.
const opsConnections = 64

// opsGrace is how long a scrape may take when the server stops.
const opsGrace = time.Second

// NewLogger makes the program's logger.
func NewLogger(w io.Writer, cfg config.Config) *slog.Logger {
	return logging.New(w, cfg.Observability.LogFormat, cfg.Observability.Level())
}

// signals are the metrics and traces of a server.
type signals struct {
	metrics *metrics.Metrics
	// tracing is nil without traces.
	tracing *tracing.Tracing
}

func newSignals(ctx context.Context, cfg config.Config, log *slog.Logger) (*signals, error) {
	s := &signals{metrics: metrics.New(metrics.Vocabulary{
		Routes: httpd.RoutePaths(webhookPaths()...), Methods: httpd.Methods(),
		Fields: server.RootFields(), Codes: server.Codes(), Limits: limits.Names(),
		StoreMethods: observe.Methods(), Collections: observe.Collections(), Outcomes: observe.Outcomes(),
		BillingOperations: billingobserve.Operations(), BillingOutcomes: billingobserve.Outcomes(),
		SyncOutcomes: billingsync.Outcomes(), EventKinds: eventKinds(), EventOutcomes: billingsync.EventOutcomes(),
	})}
	if !cfg.Observability.Traces {
		return s, nil
	}
	var err error
	s.tracing, err = tracing.Start(ctx, Version(), log, s.metrics.SpansLost)
	return s, err
}

func eventKinds() []string {
	var kinds []string
	for _, kind := range billing.EventKinds() {
		kinds = append(kinds, string(kind))
	}
	return kinds
}

// engineName is the engine's name in traces and metrics.
func engineName(cfg config.Config) string {
	if cfg.MongoDBURI != "" {
		return "mongodb"
	}
	return "bbolt"
}

// tracer returns the tracer of one package.
func (s *signals) tracer(name string) trace.Tracer {
	if s.tracing == nil {
		return noop.Tracer{}
	}
	return s.tracing.Tracer("clientele/" + name)
}

// close sends the remaining spans.
func (s *signals) close(ctx context.Context) {
	if s.tracing != nil {
		s.tracing.Stop(ctx)
	}
}

// watch measures the calls of a store.
func (s *signals) watch(store persistence.Store, engine string) persistence.Store {
	return observe.Wrap(store, engine, s.tracer("persistence/observe"), s.metrics)
}

// watchProvider measures the calls of a billing provider.
func (s *signals) watchProvider(provider billing.Provider) billing.Provider {
	return billingobserve.Wrap(provider, s.tracer("internal/billing/observe"), s.metrics)
}

// syncs returns where the sync with the billing provider reports.
func (s *signals) syncs() billingsync.Observation {
	return billingsync.Observation{Tracer: s.tracer("internal/billingsync"), Metrics: s.metrics}
}

// observation returns where the HTTP server reports.
func (a *App) observation() httpd.Observation {
	return httpd.Observation{Log: a.log, Tracer: a.signals.tracer("internal/httpd"), Metrics: a.signals.metrics}
}

// serveOps serves operators on their own listener until the context is done. A failure is logged only.
func (a *App) serveOps(ctx context.Context, listener net.Listener) {
	if a.config.Observability.OpsExposed() {
		a.log.WarnContext(ctx, "metrics can be reached from other machines without a key: allow only those that scrape them")
	}
	server := httpd.Server{
		Handler: httpd.NewOpsHandler(httpd.OpsRoutes{
			Metrics: a.signals.metrics.Handler(a.log), Ready: a.store.Ping, Drain: a.drain,
			Profiling: a.config.Observability.OpsProfiling,
		}),
		Drain: &httpd.Drain{}, Grace: opsGrace, Log: a.log, MaxConnections: opsConnections,
	}
	if err := server.Serve(ctx, listener); err != nil {
		a.log.ErrorContext(ctx, "metrics are no longer served", "error", err.Error())
	}
}

// ServeWithOps is Serve with a second listener for operators, which is open until the last request has ended.
func (a *App) ServeWithOps(ctx context.Context, listener, ops net.Listener, out io.Writer) error {
	defer inBackground(context.WithoutCancel(ctx), func(ctx context.Context) { a.serveOps(ctx, ops) })()
	return a.Serve(ctx, listener, out)
}
