package tests

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// keepAliveClient sends one request after the other on the same connection for as long as the server lets it. It is no
// http.Client, which sends a request again, unseen, when a connection ends under it.
type keepAliveClient struct {
	server    *client
	address   string
	conn      net.Conn
	responses *bufio.Reader
	// reused is whether the connection has had a response.
	reused bool
}

// provision creates a customer; the error is one of the connection, or says what is wrong with the response.
func (k *keepAliveClient) provision(t *testing.T, id string) error {
	if k.conn == nil {
		k.reused = false
		conn, err := net.Dial("tcp", k.address)
		if err != nil {
			return err
		}
		k.conn, k.responses = conn, bufio.NewReader(conn)
	}
	text := body(t, provisionOperation, object{"input": object{"customerId": id}})
	_, err := fmt.Fprintf(k.conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nX-API-KEY: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		k.address, k.server.key, len(text), text)
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(k.responses, nil)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("the response broke off: %s", err.Error())
	}
	k.reused = true
	if response.Close {
		k.hangUp()
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(got), `"customerId":"`+id+`"`) {
		return fmt.Errorf("status %d: %s", response.StatusCode, got)
	}
	return nil
}

func (k *keepAliveClient) hangUp() {
	if k.conn != nil {
		_ = k.conn.Close()
		k.conn = nil
	}
}

// isRefusedConnection reports whether a connection ended while it waited to be accepted, which happens to those that wait
// in the moment in which the server stops to listen.
func isRefusedConnection(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// TestStopUnderLoadFailsNothing stops the server while 32 clients that keep their connections and 8 that make
// a new one for each request provision as fast as they can. Every request on a connection that the server had
// accepted must get its response, and exactly the acknowledged customers must exist afterwards.
func TestStopUnderLoadFailsNothing(t *testing.T) {
	const kept, fresh, before = 32, 8, 500
	for name, c := range map[string]struct {
		arguments []string
		// unready is whether there is time to see the server unready.
		unready bool
	}{
		"at once":       {nil, false},
		"after a delay": {[]string{"--drain-delay=500ms"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dataDir := t.TempDir()
			server := startProcess(t, dataDir, c.arguments...)
			address := strings.TrimPrefix(server.url, "http://")
			var mutex sync.Mutex
			acknowledged := map[string]bool{}
			var responded, next, again atomic.Int64
			busy := make(chan struct{})
			acknowledge := func(id string) {
				mutex.Lock()
				acknowledged[id] = true
				mutex.Unlock()
				if responded.Add(1) == before {
					close(busy)
				}
			}
			var group sync.WaitGroup
			for i := range kept + fresh {
				group.Go(func() {
					k := &keepAliveClient{server: server.client, address: address}
					defer k.hangUp()
					for {
						if i >= kept {
							k.hangUp()
						}
						id := fmt.Sprintf("customer-%06d", next.Add(1))
						err := k.provision(t, id)
						switch {
						case err == nil:
							acknowledge(id)
						case errors.Is(err, syscall.ECONNREFUSED):
							return
						case isRefusedConnection(err) && !k.reused:
							again.Add(1)
							k.hangUp() // The next one is refused.
						default:
							t.Errorf("%s, on a connection that was used before: %t: %v", id, k.reused, err)
							return
						}
					}
				})
			}
			waitFor(t, busy, &group)
			if err := server.command.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if seen := readiness(t, server.client, address); c.unready && !strings.HasSuffix(seen, "503") {
				t.Errorf("the server was never unready: %s", seen)
			}
			if err := server.command.Wait(); err != nil {
				t.Errorf("the server did not end with code 0: %v", err)
			}
			group.Wait()

			server = startProcess(t, dataDir)
			mustHave(t, server.client, acknowledged)
			t.Logf("%d provisions were acknowledged and are there; %d new connections were not accepted any more", len(acknowledged), again.Load())
		})
	}
}

// readiness polls /readyz of a server that is stopping until it accepts no connection, and returns the statuses that
// it saw, each once in a row.
func readiness(t *testing.T, server *client, address string) string {
	var seen []string
	for {
		k := &keepAliveClient{server: server, address: address}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return strings.Join(seen, " ")
		}
		k.conn = conn
		_, err = io.WriteString(conn, "GET /readyz HTTP/1.1\r\nHost: server\r\n\r\n")
		if err == nil {
			var response *http.Response
			if response, err = http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				if status := fmt.Sprint(response.StatusCode); len(seen) == 0 || seen[len(seen)-1] != status {
					seen = append(seen, status)
				}
				if response.StatusCode == http.StatusServiceUnavailable && !response.Close {
					t.Error("the server keeps a connection while it drains")
				}
			}
		}
		k.hangUp()
		if err != nil && !isRefusedConnection(err) {
			t.Errorf("readiness: %v", err)
		}
	}
}

// TestStopUnderLoadFailsNothingOverTLS is the same for HTTP/2, where many requests share a connection.
func TestStopUnderLoadFailsNothingOverTLS(t *testing.T) {
	const clients, before = 16, 300
	dataDir := t.TempDir()
	certFile, keyFile, cert := writeCertificate(t, t.TempDir(), "one")
	server := startProcess(t, dataDir, "--tls-cert", certFile, "--tls-key", keyFile)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	sender := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	var mutex sync.Mutex
	acknowledged := map[string]bool{}
	var next atomic.Int64
	busy := make(chan struct{})
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for {
				id := fmt.Sprintf("customer-%06d", next.Add(1))
				reused := false
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }})
				err := provisionIn(ctx, t, sender, server.client, id)
				if errors.Is(err, syscall.ECONNREFUSED) {
					return
				}
				if !reused && (isRefusedConnection(err) || errors.Is(err, io.EOF)) {
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", id, err)
					return
				}
				mutex.Lock()
				acknowledged[id] = true
				if len(acknowledged) == before {
					close(busy)
				}
				mutex.Unlock()
			}
		})
	}
	waitFor(t, busy, &group)
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Errorf("the server did not end with code 0: %v", err)
	}
	group.Wait()
	server = startProcess(t, dataDir)
	if found, want := listAllIDs(t, server.client), slices.Sorted(maps.Keys(acknowledged)); !slices.Equal(found, want) {
		t.Errorf("%d customers were acknowledged, %d are there; acknowledged and lost: %v; there and not acknowledged: %v",
			len(want), len(found), difference(want, found), difference(found, want))
	}
}

// A person at a terminal, or a supervisor that has waited long enough, sends the signal again.
func TestSecondSignalEndsTheServerAtOnce(t *testing.T) {
	server := startProcess(t, t.TempDir(), "--drain-delay=1h")
	if err := server.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for {
		response, err := http.Get(server.url + "/readyz")
		if err != nil {
			t.Fatalf("the server does not wait: %v", err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusServiceUnavailable {
			break
		}
	}
	err := server.stop(t, syscall.SIGTERM)
	if status, ok := server.command.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("the server ended with %v", err)
	}
}
