package httpd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// bounded is a server with at most so many connections.
func bounded(handler http.Handler, most int) Server {
	s := server(handler, 20*time.Second)
	s.MaxConnections = most
	return s
}

// alive is a connection that is kept after a request.
func alive(t *testing.T, network *pipes) net.Conn {
	t.Helper()
	conn, err := network.Dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, conn, bufio.NewReader(conn), "/healthz"); got.StatusCode != http.StatusOK {
		t.Fatalf("status %d", got.StatusCode)
	}
	synctest.Wait()
	return conn
}

func isClosed(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	return err == io.EOF
}

func TestTheLongestIdleConnectionMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		stop, outcome := serveWith(t, network, bounded(NewHandler(routes()), 2))
		first, second := alive(t, network), alive(t, network)
		// The first one is used once more, so that the second has been idle for longer.
		<-time.After(time.Second)
		if got := ask(t, first, bufio.NewReader(first), "/healthz"); got.StatusCode != http.StatusOK {
			t.Fatalf("status %d", got.StatusCode)
		}
		synctest.Wait()
		third := alive(t, network)
		if isClosed(first) || !isClosed(second) || isClosed(third) {
			t.Errorf("closed: first %t, second %t, third %t", isClosed(first), isClosed(second), isClosed(third))
		}
		stop()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	})
}

func TestConnectionsInUseMakeNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		handler, proceed := slow()
		stop, outcome := serveWith(t, network, bounded(handler, 2))
		first, second := network.get(), network.get()
		synctest.Wait()
		third := network.get()
		select {
		case got := <-third:
			t.Errorf("a third connection was served: %+v", got)
		case <-time.After(10 * time.Second):
		}
		close(proceed)
		for _, under := range []<-chan reply{first, second, third} {
			if got := <-under; got.err != nil || got.body != "done" {
				t.Errorf("got %+v", got)
			}
		}
		stop()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	})
}

// A connection on which nothing is sent is closed after a second, if others wait.
func TestSilentConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		stop, outcome := serveWith(t, network, bounded(NewHandler(routes()), 3))
		for range 3 {
			if _, err := network.Dial(t.Context(), "", ""); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		began := time.Now()
		alive(t, network)
		if took := time.Since(began); took != silence {
			t.Errorf("it took %v", took)
		}
		stop()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	})
}

func TestAFullServerStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		handler, proceed := slow()
		stop, outcome := serveWith(t, network, bounded(handler, 1))
		first := network.get()
		synctest.Wait()
		// Accepted, and waiting for room: no request on a connection that was accepted is dropped.
		second := network.get()
		synctest.Wait()
		stop()
		synctest.Wait()
		close(proceed)
		for _, under := range []<-chan reply{first, second} {
			if got := <-under; got.err != nil || got.body != "done" {
				t.Errorf("got %+v", got)
			}
		}
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	})
}

// A client that is refused while it still sends has to be able to read why.
func TestABoundedConnectionIsClosedInTwoSteps(t *testing.T) {
	t.Parallel()
	address := listenOn(t, bounded(http.NotFoundHandler(), 1))
	for range 5 {
		conn := dial(t, address)
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nX: "+strings.Repeat("x", 200<<10)+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(conn); err != nil || !strings.Contains(string(text), " 431 ") {
			t.Errorf("%v: %.100s", err, text)
		}
	}
}

// Over real sockets: clients that use up all connections of the API without reading their responses do not affect the
// operations listener, and others are served once they are cut off.
func TestConnectionsAreBoundedOnBothListeners(t *testing.T) {
	t.Parallel()
	const most = 4
	handler, _ := long(8 << 20)
	mux := http.NewServeMux()
	mux.Handle("/long", handler)
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "short") })
	api := listenOn(t, bounded(pace{stall: 2 * time.Second, rate: 1 << 20}.keeping(mux, noLog), most))
	ops := listenOn(t, bounded(NewOpsHandler(OpsRoutes{Metrics: http.NotFoundHandler(), Ready: func(context.Context) error { return nil }}), most))

	for range 2 * most {
		if _, err := io.WriteString(dial(t, api), "GET /long HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	get := func(url string, within time.Duration) error {
		client := &http.Client{Timeout: within, Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get(url)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("status %d: %s", response.StatusCode, text)
		}
		return err
	}
	if err := get("http://"+api+"/short", 500*time.Millisecond); err == nil {
		t.Error("more connections are served than there may be")
	}
	if err := get("http://"+ops+"/readyz", time.Second); err != nil {
		t.Errorf("the operations listener: %v", err)
	}
	if err := get("http://"+api+"/short", 30*time.Second); err != nil {
		t.Errorf("after the others were cut off: %v", err)
	}
	// Idle connections on the operations listener make room as well.
	for range 2 * most {
		conn := dial(t, ops)
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("%q, %v", line, err)
		}
	}
}
