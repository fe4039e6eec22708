package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Observability is what operators see of the server.
type Observability struct {
	// LogFormat is text or json.
	LogFormat string
	// LogLevel is debug, info, warn or error.
	LogLevel string
	// OpsListen is the address of metrics and health checks; empty for none.
	OpsListen string
	// OpsProfiling adds Go's profiles to them.
	OpsProfiling bool
	// Traces is whether to send traces, which the standard variables of OpenTelemetry decide; no flag does.
	Traces bool
}

func defaultObservability() Observability {
	return Observability{LogFormat: "text", LogLevel: "info"}
}

func observabilitySettings() []Setting {
	return []Setting{
		{Flag: "log-format", Usage: "format of the log: text or json", commands: serving,
			target: func(c *Config) any { return &c.Observability.LogFormat }},
		{Flag: "log-level", Usage: "what to log at least: debug, info, with a line for each request, warn or error", commands: serving,
			target: func(c *Config) any { return &c.Observability.LogLevel }},
		{Flag: "ops-listen", Usage: "address for metrics and health checks, as in 127.0.0.1:9090; empty for none", commands: serving,
			target: func(c *Config) any { return &c.Observability.OpsListen }},
		{Flag: "ops-profiling", Usage: "whether the same address serves Go's profiles", commands: serving,
			target: func(c *Config) any { return &c.Observability.OpsProfiling }},
	}
}

// Level is the level of the log.
func (o Observability) Level() slog.Level {
	return map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}[o.LogLevel]
}

// OpsExposed reports whether others than this machine can reach the metrics.
func (o Observability) OpsExposed() bool { return o.OpsListen != "" && !isLoopback(o.OpsListen) }

func (o Observability) verify() error {
	switch o.LogFormat {
	case "text", "json":
	default:
		return errors.New("--log-format or CLIENTELE_LOG_FORMAT must be text or json")
	}
	switch o.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		return errors.New("--log-level or CLIENTELE_LOG_LEVEL must be debug, info, warn or error")
	}
	if o.OpsListen != "" {
		_, port, err := net.SplitHostPort(o.OpsListen)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return errors.New("--ops-listen or CLIENTELE_OPS_LISTEN must be an address and a port, as in 127.0.0.1:9090")
		}
	}
	if o.OpsProfiling && o.OpsListen == "" {
		return errors.New("--ops-profiling or CLIENTELE_OPS_PROFILING needs --ops-listen")
	}
	return nil
}

// readTracing decides by the standard variables of OpenTelemetry whether traces are sent. How they are, to whom
// and which of them, its SDK reads by itself: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
// What would be ignored is refused.
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
	// The SDK would go on with its own address, and print this one.
	if collector, err := url.Parse(endpoint); endpoint != "" &&
		(err != nil || collector.Host == "" || collector.Scheme != "http" && collector.Scheme != "https") {
		return fmt.Errorf("%s must be a URL, as in http://127.0.0.1:4318", endpointName)
	}
	return checkSampler(getenv)
}

// checkSampler refuses what would have the SDK send every trace.
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
