package config

import (
	"log/slog"
	"testing"
)

func TestTheStandardVariablesEnableTraces(t *testing.T) {
	t.Parallel()
	const endpoint = "http://127.0.0.1:4318"
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"by default":                      {nil, false},
		"an endpoint":                     {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, true},
		"an endpoint for traces":          {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint}, true},
		"an exporter":                     {map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true},
		"an endpoint, but no exporter":    {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"}, false},
		"an endpoint for another signal":  {map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": endpoint}, false},
		"disabled":                        {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "true"}, false},
		"not disabled":                    {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "false"}, true},
		"the protocol of the server":      {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, true},
		"another one, and nothing to do":  {map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false},
		"another one, traces have theirs": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, true},
		"a sampler":                       {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "Parentbased_Always_Off"}, true},
		"a share":                         {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}, true},
		"a share by default":              {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}, true},
	} {
		got, err := Load(nil, variables(c.env))
		if err != nil || got.Observability.Traces != c.want {
			t.Errorf("%s: %t, %v", name, got.Observability.Traces, err)
		}
	}
}

func TestWrongObservabilitySettingsAreRefused(t *testing.T) {
	t.Parallel()
	const endpoint = "http://127.0.0.1:4318"
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"another format":        {[]string{"--log-format=xml"}, nil, "--log-format or CLIENTELE_LOG_FORMAT must be text or json"},
		"another level":         {[]string{"--log-level=INFO"}, nil, "--log-level or CLIENTELE_LOG_LEVEL must be debug, info, warn or error"},
		"an address, no port":   {[]string{"--ops-listen=127.0.0.1"}, nil, "--ops-listen or CLIENTELE_OPS_LISTEN must be an address and a port from 0 to 65535, as in 127.0.0.1:8080"},
		"a port above all":      {[]string{"--ops-listen=:65536"}, nil, "--ops-listen or CLIENTELE_OPS_LISTEN must be an address and a port from 0 to 65535, as in 127.0.0.1:8080"},
		"profiles, no listener": {[]string{"--ops-profiling"}, nil, "--ops-profiling or CLIENTELE_OPS_PROFILING needs --ops-listen"},
		"another exporter":      {nil, map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER must be otlp or none"},
		"another protocol": {nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
			"OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf"},
		"another protocol for traces": {nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
			"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL must be http/protobuf"},
		"an endpoint without a scheme": {nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
			"OTEL_EXPORTER_OTLP_ENDPOINT must be a URL, as in http://127.0.0.1:4318"},
		"an endpoint that is no URL": {nil, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "::secret"},
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL, as in http://127.0.0.1:4318"},
		"an endpoint for gRPC": {nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://collector:4317"},
			"OTEL_EXPORTER_OTLP_ENDPOINT must be a URL, as in http://127.0.0.1:4318"},
		"another sampler": {nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "sometimes"},
			"OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, alone or with parentbased_ in front"},
		"a share above all": {nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10"},
			"OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1"},
		"a share that is no number": {nil, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "NaN"},
			"OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1"},
	} {
		if _, err := Load(c.args, variables(c.env)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A command that ends at once has nothing to trace, and must not stumble over variables for the server.
func TestOnlyTheServerReadsTheStandardVariables(t *testing.T) {
	t.Parallel()
	got, err := Load([]string{"keys", "list"}, variables(map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}))
	if err != nil || got.Observability.Traces {
		t.Errorf("%+v, %v", got.Observability, err)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	} {
		if got := (Observability{LogLevel: name}).Level(); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestOpsExposed(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{"": false, "127.0.0.1:9090": false, "localhost:0": false, ":9090": true, "10.0.0.1:9090": true} {
		if got := (Observability{OpsListen: address}).OpsExposed(); got != want {
			t.Errorf("%q: %t", address, got)
		}
	}
}
