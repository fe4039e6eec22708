package config

import (
	"strings"
	"testing"
)

func TestMemorySettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args  []string
		env   map[string]string
		want  Memory
		fault string
	}{
		"by default":             {want: Memory{BytesInFlight: Auto, Connections: Auto}},
		"auto":                   {args: []string{"--max-bytes-in-flight=auto", "--max-connections=auto"}, want: Memory{BytesInFlight: Auto, Connections: Auto}},
		"numbers":                {args: []string{"--max-bytes-in-flight=1048576", "--max-connections=1"}, want: Memory{BytesInFlight: 1 << 20, Connections: 1}},
		"by the environment":     {env: map[string]string{"CLIENTELE_MAX_CONNECTIONS": "7"}, want: Memory{BytesInFlight: Auto, Connections: 7}},
		"Go's limit":             {env: map[string]string{"GOMEMLIMIT": "1GiB"}, want: Memory{LimitSet: true, BytesInFlight: Auto, Connections: Auto}},
		"Go's target":            {env: map[string]string{"GOGC": "off"}, want: Memory{PercentSet: true, BytesInFlight: Auto, Connections: Auto}},
		"too few bytes":          {args: []string{"--max-bytes-in-flight=1048575"}, fault: "at least 1048576"},
		"no connection":          {args: []string{"--max-connections=0"}, fault: "--max-connections or CLIENTELE_MAX_CONNECTIONS must be at least 1"},
		"less than none":         {args: []string{"--max-bytes-in-flight=-1"}, fault: "--max-bytes-in-flight must be a whole number, or auto"},
		"no number":              {args: []string{"--max-connections=many"}, fault: "--max-connections must be a whole number, or auto"},
		"more than there can be": {args: []string{"--max-connections=99999999999"}, fault: "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Load(c.args, func(name string) string { return c.env[name] })
			switch {
			case c.fault == "" && (err != nil || got.Memory != c.want):
				t.Errorf("got %+v, %v", got.Memory, err)
			case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
				t.Errorf("got %v", err)
			}
		})
	}
}
