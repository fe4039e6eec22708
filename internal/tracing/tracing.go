// Package tracing sends spans to a collector over OTLP, set up by OpenTelemetry's standard variables, which the SDK
// reads by itself. What a collector does, or fails to do, touches no request. The package knows nothing of what is
// traced.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	// OTLP over HTTP is what every collector takes; OTLP over gRPC would bring a second HTTP stack into the program.
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"clientele/internal/logging"
)

const (
	stopTimeout = 5 * time.Second
	// logInterval is how often, at most, the log has a failure.
	logInterval = time.Minute
)

// Tracing makes spans and sends them.
type Tracing struct {
	provider *sdk.TracerProvider
	complain *complaints
	// stopTimeout is how long the spans that are left may take to be sent at the end.
	stopTimeout time.Duration
}

// Start begins to send spans. Lost hears how many could not be sent.
func Start(ctx context.Context, version string, log *slog.Logger, lost func(spans int)) (*Tracing, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("set tracing up: %w", err)
	}
	// In order of weight: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word. Nothing is detected: the
	// arguments of the process can hold an API key.
	described, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("clientele"), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("set tracing up: %w", err)
	}
	complain := &complaints{log: log, lines: logging.NewThrottle(logInterval, 1)}
	// What goes wrong beside the sending, such as a collector's remark, is told to the process as a whole.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { complain.about(err) }))
	return &Tracing{complain: complain, stopTimeout: stopTimeout, provider: sdk.NewTracerProvider(
		sdk.WithResource(described),
		sdk.WithBatcher(&forgiving{SpanExporter: exporter, complain: complain, lost: lost}),
	)}, nil
}

// Tracer makes the spans of one part of the program.
func (t *Tracing) Tracer(name string) trace.Tracer { return t.provider.Tracer(name) }

// Stop sends what is left, in bounded time, whether or not the context is done.
func (t *Tracing) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.stopTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.complain.about(err)
	}
}

// forgiving is an exporter whose failures end here.
type forgiving struct {
	sdk.SpanExporter

	complain *complaints
	lost     func(spans int)
}

// ExportSpans implements sdk.SpanExporter.
func (f *forgiving) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := f.SpanExporter.ExportSpans(ctx, spans); err != nil {
		f.lost(len(spans))
		f.complain.about(err)
	}
	return nil
}

// complaints tell of failures, but not of each.
type complaints struct {
	log   *slog.Logger
	lines *logging.Throttle
}

func (c *complaints) about(err error) {
	if times, pass := c.lines.Pass(""); pass {
		c.log.Warn("traces do not reach their collector, or not all of them; this is said once a minute at most",
			"error", logging.Masked(err), "times", times)
	}
}
