package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"clientele/internal/config"
)

// healthTimeout is more than the server takes to find out.
const healthTimeout = 3 * time.Second

// health asks the server that listens on this machine whether it is ready. It is for images that hold nothing else
// that could ask.
func health(ctx context.Context, cfg config.Config, out io.Writer) error {
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return err
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	scheme := "http"
	if cfg.Network.TLS() {
		scheme = "https"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	// No proxy of the environment stands between a machine and itself. The certificate is for another name than
	// this one, and nothing is sent that would have to be kept from anybody.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		return err
	}
	said := strings.TrimSpace(string(text))
	if response.StatusCode != http.StatusOK {
		return errors.New("not ready: " + said)
	}
	_, err = fmt.Fprintln(out, said)
	return err
}
