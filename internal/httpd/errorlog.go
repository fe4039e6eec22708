package httpd

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"regexp"
)

// fromAddress is how net/http names the client of a failed connection.
var fromAddress = regexp.MustCompile(` from \S+:\d+`)

// errorLog logs what net/http reports about connections, without the addresses of clients. Failed handshakes are the
// client's problem, and scanners cause many, so they are logged at debug level.
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
