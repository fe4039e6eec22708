package httpd

import (
	"bytes"
	"log/slog"
	"testing"
)

func TestErrorLog(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.1:49152: EOF\n":        "level=DEBUG msg=\"HTTP server\" event=\"http: TLS handshake error: EOF\"\n",
		"http: TLS handshake error from [2001:db8::1]:49152: EOF\n":    "level=DEBUG msg=\"HTTP server\" event=\"http: TLS handshake error: EOF\"\n",
		"http: Accept error: too many open files; retrying in 5ms":     "level=WARN msg=\"HTTP server\" event=\"http: Accept error: too many open files; retrying in 5ms\"\n",
		"http: superfluous response.WriteHeader call from main (x.go)": "level=WARN msg=\"HTTP server\" event=\"http: superfluous response.WriteHeader call from main (x.go)\"\n",
	} {
		var out bytes.Buffer
		errorLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
			Level: slog.LevelDebug,
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			},
		}))).Print(said)
		if out.String() != want {
			t.Errorf("%q became %q", said, out.String())
		}
	}
}
