package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
)

// Observability is what operators see of the server.
type Observability struct {
	LogFormat    string `flag:"log-format" default:"text" oneof:"text json" usage:"format of the log: text or json"`
	LogLevel     string `flag:"log-level" default:"info" oneof:"debug info warn error" usage:"what to log at least: debug, info, with a line for each request, warn or error"`
	OpsListen    string `flag:"ops-listen" usage:"address for metrics and health checks, as in 127.0.0.1:9090; empty for none"`
	OpsProfiling bool   `flag:"ops-profiling" default:"false" usage:"whether the same address serves Go's profiles"`
	// Traces is whether to send traces, which the standard variables of OpenTelemetry decide; no flag does.
	Traces bool
}

// Level is the level of the log.
func (o Observability) Level() slog.Level {
	return map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}[o.LogLevel]
}

// OpsExposed reports whether other machines can reach the metrics.
func (o Observability) OpsExposed() bool { return o.OpsListen != "" && !isLoopback(o.OpsListen) }

func (o Observability) verify() error {
	if o.OpsListen == "" && o.OpsProfiling {
		return wrong("ops-profiling", "needs --ops-listen")
	}
	if o.OpsListen == "" {
		return nil
	}
	return checkAddress("ops-listen", o.OpsListen)
}

// readTracing decides by OpenTelemetry's standard variables whether traces are sent. The SDK reads the rest itself: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
// Values that the SDK would ignore are refused.
func (o *Observability) readTracing(getenv func(string) string) error {
	first := func(names ...string) (string, string) {
		for _, name := range names {
			if value := getenv(name); value != "" {
				return name, value
			}
		}
		return "", ""
	}
	if disabled, _ := strconv.ParseBool(getenv("OTEL_SDK_DISABLED")); disabled {
		return nil
	}
	endpointName, endpoint := first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "":
		o.Traces = endpoint != ""
	case "otlp":
		o.Traces = true
	case "none":
	default:
		return errors.New("OTEL_TRACES_EXPORTER must be otlp or none")
	}
	if !o.Traces {
		return nil
	}
	name, protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
	if protocol != "" && protocol != "http/protobuf" {
		return fmt.Errorf("%s must be http/protobuf", name)
	}
	// The SDK would print this address, and use its default.
	if collector, err := url.Parse(endpoint); endpoint != "" &&
		(err != nil || collector.Host == "" || collector.Scheme != "http" && collector.Scheme != "https") {
		return fmt.Errorf("%s must be a URL, as in http://127.0.0.1:4318", endpointName)
	}
	return checkSampler(getenv)
}

// checkSampler refuses what the SDK would ignore, and then send every trace.
func checkSampler(getenv func(string) string) error {
	switch strings.ToLower(strings.TrimSpace(getenv("OTEL_TRACES_SAMPLER"))) {
	case "", "always_on", "always_off", "parentbased_always_on", "parentbased_always_off":
	case "traceidratio", "parentbased_traceidratio":
		text := strings.TrimSpace(getenv("OTEL_TRACES_SAMPLER_ARG"))
		if ratio, err := strconv.ParseFloat(text, 64); text != "" && (err != nil || !(ratio >= 0 && ratio <= 1)) {
			return errors.New("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1")
		}
	default:
		return errors.New("OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, alone or with parentbased_ in front")
	}
	return nil
}
