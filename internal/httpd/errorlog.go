package httpd

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"regexp"
)

// fromAddress is how net/http says whose connection it is that went wrong.
var fromAddress = regexp.MustCompile(` from \S+:\d+`)

// errorLog takes what net/http says of connections into the log, without the addresses of clients. That a handshake
// failed is the client's affair, and scanners fail all day; the rest is the operator's.
func errorLog(to *slog.Logger) *log.Logger { return log.New(errorWriter{to}, "", 0) }

type errorWriter struct{ to *slog.Logger }

// Write implements io.Writer; net/http calls it once for each event.
func (w errorWriter) Write(text []byte) (int, error) {
	level := slog.LevelWarn
	if bytes.HasPrefix(text, []byte("http: TLS handshake error")) {
		level = slog.LevelDebug
	}
	line := fromAddress.ReplaceAll(bytes.TrimSpace(text), nil)
	w.to.Log(context.Background(), level, "HTTP server", "event", string(line))
	return len(text), nil
}
