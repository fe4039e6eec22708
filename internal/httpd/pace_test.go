package httpd

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const longAnswer = 4 << 20

// long writes a response of so many bytes at once, as the API does, and records when and how that ended.
func long(bytes int) (http.Handler, <-chan error) {
	ended, text := make(chan error, 100), make([]byte, bytes)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(bytes))
		_, err := w.Write(text)
		ended <- err
	}), ended
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	// How many bytes the client reads in a second, and when it is cut off; 0 for never.
	for name, c := range map[string]struct {
		rate  int
		after time.Duration
	}{
		"nothing is read":             {0, 15 * time.Second},
		"a bad line":                  {64 << 10, 0},
		"just fast enough":            {40 << 10, 0},
		"a trickle":                   {1 << 10, 20 * time.Second},
		"too slow for a long answer":  {20 << 10, time.Minute},
		"as fast as a client can be ": {100 << 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				r := routes()
				var ended <-chan error
				r.API, ended = long(longAnswer)
				stop, outcome := serve(t, network, NewHandler(r), time.Second)
				conn, err := network.Dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, "GET /graphql HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				hungUp := make(chan struct{})
				go func() {
					defer close(hungUp)
					for c.rate > 0 {
						<-time.After(100 * time.Millisecond)
						if _, err := io.CopyN(io.Discard, conn, int64(c.rate/10)); err != nil {
							return
						}
					}
				}()
				err = <-ended
				took := time.Since(began)
				switch {
				case c.after == 0 && err != nil:
					t.Errorf("it was cut off after %v: %v", took, err)
				case c.after > 0 && (err == nil || took < c.after/2 || took > c.after):
					t.Errorf("it was cut off after %v (%v), want about %v", took, err, c.after)
				}
				_ = conn.Close()
				<-hungUp
				stop()
				if err := <-outcome; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// listenOn serves on a port of this machine until the test ends, and returns the address.
func listenOn(t *testing.T, server Server) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	outcome := make(chan error, 1)
	go func() { outcome <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		<-outcome
	})
	return listener.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestClientsThatDoNotReadAreCutOffOverTCP(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	handler, ended := long(8 << 20)
	handler = pace{stall: 300 * time.Millisecond, rate: 1 << 20}.keeping(handler, slog.New(slog.NewTextHandler(&log, nil)))
	address := listenOn(t, server(handler, time.Second))
	for range 3 {
		if _, err := io.WriteString(dial(t, address), "GET / HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if err == nil {
				t.Error("the whole answer was written")
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the client was not cut off")
		}
	}
	// Another one on the same server gets all of it, more than once on one connection.
	client := &http.Client{Transport: &http.Transport{}}
	for range 2 {
		response, err := client.Get("http://" + address)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err != nil || n != 8<<20 {
			t.Errorf("a client that reads got %d bytes: %v", n, err)
		}
	}
	client.CloseIdleConnections()
	if got := strings.Count(log.String(), "did not read"); got != 1 {
		t.Errorf("the log has %d lines: %s", got, log.String())
	}
}

func TestClientsThatDoNotReadAreCutOffOverHTTP2(t *testing.T) {
	t.Parallel()
	handler, ended := long(8 << 20)
	var log bytes.Buffer
	server := httptest.NewUnstartedServer(pace{stall: 300 * time.Millisecond, rate: 1 << 20}.keeping(handler, slog.New(slog.NewTextHandler(&log, nil))))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	response, err := client.Get(server.URL)
	if err != nil || response.ProtoMajor != 2 {
		t.Fatalf("%v, over HTTP/%d", err, response.ProtoMajor)
	}
	defer response.Body.Close()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the whole answer was written")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the client was not cut off")
	}
	client.CloseIdleConnections()
}
