package tests

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestStopLosesNoRequest stops the server while 32 clients provision as fast as they can, and
// compares what was acknowledged with what is there afterwards.
//
// Each request has a connection of its own, because a connection that is kept alive can be closed by the
// server just as the client begins to use it, which looks like a lost request.
// Without that, there are two ways for a request to fail: its connection was refused, or it was reset while
// it still waited to be accepted. That a reset connection had indeed not been accepted shows afterwards: its
// customer does not exist.
func TestStopLosesNoRequest(t *testing.T) {
	const clients, before = 32, 500
	dataDir := t.TempDir()
	server := startProcess(t, dataDir)
	// A connection that idles must not hold the server up. It is opened first, and stays open.
	server.must(t, count, nil)

	single := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var mutex sync.Mutex
	acknowledged := map[string]bool{}
	var responded, next atomic.Int64
	busy := make(chan struct{})
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for {
				id := fmt.Sprintf("customer-%06d", next.Add(1))
				err := provisionWith(t, single, server.client, id)
				if errors.Is(err, syscall.ECONNREFUSED) {
					return
				}
				if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
					continue // The next one is refused.
				}
				if err != nil {
					t.Errorf("%s: %v", id, err)
					return
				}
				mutex.Lock()
				acknowledged[id] = true
				mutex.Unlock()
				if responded.Add(1) == before {
					close(busy)
				}
			}
		})
	}
	waitFor(t, busy, &group)
	if err := server.stop(t, syscall.SIGTERM); err != nil {
		t.Errorf("the server did not end with code 0: %v", err)
	}
	group.Wait()

	server = startProcess(t, dataDir)
	mustHave(t, server.client, acknowledged)
	t.Logf("%d provisions were acknowledged, %d sent", len(acknowledged), next.Load())
}

// mustHave expects a server to have the customers that were acknowledged, and no others.
func mustHave(t *testing.T, client *client, acknowledged map[string]bool) {
	t.Helper()
	found := listAllIDs(t, client)
	if want := slices.Sorted(maps.Keys(acknowledged)); !slices.Equal(found, want) {
		t.Errorf("%d customers were acknowledged, %d are there; acknowledged and lost: %v; there and not acknowledged: %v",
			len(want), len(found), difference(want, found), difference(found, want))
	}
}

// provisionWith creates a customer; the error is one of the connection, or says what is wrong with the
// response.
func provisionWith(t *testing.T, sender *http.Client, client *client, id string) error {
	return provisionIn(t.Context(), t, sender, client, id)
}

func provisionIn(ctx context.Context, t *testing.T, sender *http.Client, client *client, id string) error {
	t.Helper()
	text, err := json.Marshal(object{"query": provisionOperation, "variables": object{"input": object{"customerId": id}}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, client.url+"/graphql", bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-KEY", client.key)
	response, err := sender.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		// A response that was begun must be finished: this must not be taken for a request that was never
		// accepted.
		return fmt.Errorf("the response broke off: %s", err.Error())
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(got), `"customerId":"`+id+`"`) {
		return fmt.Errorf("status %d: %s", response.StatusCode, got)
	}
	return nil
}

// listAllIDs returns the ids of all customers, in order.
func listAllIDs(t *testing.T, client *client) []string {
	t.Helper()
	var ids []string
	paging := object{"first": 100}
	for {
		got := client.list(t, object{"paging": paging, "sorting": []object{{"field": "customerId", "direction": "ASC"}}})
		ids = append(ids, got.ids...)
		if !got.hasNext {
			if got.total != len(ids) {
				t.Errorf("%d customers are listed, %d counted", len(ids), got.total)
			}
			return ids
		}
		paging = object{"first": 100, "after": got.endCursor}
	}
}

// difference is what a has and b has not.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(id string) bool { return slices.Contains(b, id) })
}

// TestStopWaitsForRequestsInFlight stops the server in the middle of a request, which the client sends to its
// end only when the server accepts no more connections.
func TestStopWaitsForRequestsInFlight(t *testing.T) {
	text := body(t, provisionOperation, object{"input": object{"customerId": "late"}})
	for name, c := range map[string]struct {
		header string
		// sent is how much of the request goes out before the server gets the signal.
		sent func(header string) string
		// begun waits until the server has begun with it.
		begun func(t *testing.T, server *process, responses *bufio.Reader)
	}{
		"whose body is still to come": {
			header: "Expect: 100-continue\r\n",
			sent:   func(header string) string { return header },
			begun: func(t *testing.T, _ *process, responses *bufio.Reader) {
				// The server says this when the handler begins to read.
				for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
					if line, err := responses.ReadString('\n'); err != nil || line != want {
						t.Fatalf("%q, %v", line, err)
					}
				}
			},
		},
		"whose header is still to come": {
			sent: func(header string) string { return header[:len(header)/2] },
			begun: func(t *testing.T, server *process, _ *bufio.Reader) {
				// Connections are accepted in the order in which they were made, so once a later one has
				// its response, this one was accepted.
				single := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				if err := provisionWith(t, single, server.client, "later"); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dataDir := t.TempDir()
			server := startProcess(t, dataDir)
			address := strings.TrimPrefix(server.url, "http://")
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = connection.Close() }()
			request := fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: %s\r\nX-API-KEY: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n",
				address, fullKey, len(text), c.header)
			early := c.sent(request)
			if _, err := io.WriteString(connection, early); err != nil {
				t.Fatal(err)
			}
			responses := bufio.NewReader(connection)
			c.begun(t, server, responses)
			if err := server.command.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			for {
				other, err := net.Dial("tcp", address)
				if errors.Is(err, syscall.ECONNREFUSED) {
					break
				}
				if err == nil {
					_ = other.Close()
				}
			}
			if _, err := io.WriteString(connection, request[len(early):]+text); err != nil {
				t.Fatalf("the server does not take the rest: %v", err)
			}
			response, err := http.ReadResponse(responses, nil)
			if err != nil {
				t.Fatalf("no response: %v", err)
			}
			got, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(got), `"customerId":"late"`) {
				t.Errorf("status %d, %v: %s", response.StatusCode, err, got)
			}
			if err := server.command.Wait(); err != nil {
				t.Errorf("the server did not end with code 0: %v", err)
			}
			server = startProcess(t, dataDir)
			if ids := listAllIDs(t, server.client); !slices.Contains(ids, "late") {
				t.Errorf("afterwards there is %v", ids)
			}
		})
	}
}
