// Package tracing sends spans to a collector over OTLP, configured by OpenTelemetry's standard variables, which the SDK
// reads itself. Failures of the collector affect no request. The package knows nothing of what is traced.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	// Every collector accepts OTLP over HTTP; OTLP over gRPC would bring a second HTTP stack into the program.
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"clientele/internal/logging"
)

const (
	stopTimeout = 5 * time.Second
	// logInterval is how often a failure is logged at most.
	logInterval = time.Minute
)

// Tracing makes spans and sends them.
type Tracing struct {
	provider *sdk.TracerProvider
	failures *failureLog
	// stopTimeout is how long Stop may take to send the rest.
	stopTimeout time.Duration
}

// Start begins to send spans. lost is called with the number of spans that could not be sent.
func Start(ctx context.Context, version string, log *slog.Logger, lost func(spans int)) (*Tracing, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("set up tracing: %w", err)
	}
	// Later ones win: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES over ours. Nothing is detected, because the
	// arguments of the process can hold an API key.
	described, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("clientele"), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("set up tracing: %w", err)
	}
	failures := &failureLog{to: log, throttle: logging.NewThrottle(logInterval, 1)}
	// The SDK reports other errors, such as partial success, to a global handler.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { failures.log(err) }))
	return &Tracing{failures: failures, stopTimeout: stopTimeout, provider: sdk.NewTracerProvider(
		sdk.WithResource(described),
		sdk.WithBatcher(&bestEffort{SpanExporter: exporter, failures: failures, lost: lost}),
	)}, nil
}

// Tracer makes the spans of one part of the program.
func (t *Tracing) Tracer(name string) trace.Tracer { return t.provider.Tracer(name) }

// Stop sends what is left, in bounded time, whether or not the context is done.
func (t *Tracing) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.stopTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.failures.log(err)
	}
}

// bestEffort is an exporter whose failures are logged and counted, and not returned.
type bestEffort struct {
	sdk.SpanExporter

	failures *failureLog
	lost     func(spans int)
}

// ExportSpans implements sdk.SpanExporter.
func (e *bestEffort) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.lost(len(spans))
		e.failures.log(err)
	}
	return nil
}

// failureLog logs failures, throttled.
type failureLog struct {
	to       *slog.Logger
	throttle *logging.Throttle
}

func (f *failureLog) log(err error) {
	if times, pass := f.throttle.Pass(""); pass {
		f.to.Warn("traces do not reach their collector, or not all of them; logged at most once a minute",
			"error", logging.Masked(err), "times", times)
	}
}
