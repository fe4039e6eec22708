package httpd

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// ask sends a request on a connection and returns the response.
func ask(t *testing.T, conn net.Conn, answers *bufio.Reader, path string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
		t.Fatalf("the connection is gone: %v", err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response
}

// The client cannot know that the server stops while its request is on the way.
func TestServeFinishesOneMoreRequestOnAnIdleConnection(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"at once": 0, "almost too late": lastRequestTimeout - 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				stop, outcome := serve(t, network, NewHandler(routes()), 20*time.Second)
				conn, err := network.Dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				answers := bufio.NewReader(conn)
				if got := ask(t, conn, answers, "/healthz"); got.Close {
					t.Error("the server hangs up before it is told to stop")
				}
				stop()
				<-time.After(after)
				synctest.Wait()
				if got := ask(t, conn, answers, "/healthz"); got.StatusCode != 200 || !got.Close {
					t.Errorf("got %d, close %t", got.StatusCode, got.Close)
				}
				if _, err := answers.ReadByte(); err != io.EOF {
					t.Errorf("the connection goes on: %v", err)
				}
				if err := <-outcome; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestServeDoesNotWaitLongForAnIdleConnection(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ delay, grace, want time.Duration }{
		"without a delay":                      {0, 20 * time.Second, lastRequestTimeout},
		"with a short grace":                   {0, time.Second, time.Second},
		"the time counts from the signal":      {time.Second, 20 * time.Second, lastRequestTimeout},
		"the delay is enough for every client": {10 * time.Second, 20 * time.Second, 10 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				stop, outcome := serveWith(t, network, Server{
					Handler: NewHandler(routes()), Log: noLog, Drain: &Drain{}, DrainDelay: c.delay, Grace: c.grace,
				})
				conn, err := network.Dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				ask(t, conn, bufio.NewReader(conn), "/healthz")
				synctest.Wait()
				stop()
				told := time.Now()
				<-outcome
				if took := time.Since(told); took != c.want {
					t.Errorf("the server took %v, want %v", took, c.want)
				}
			})
		})
	}
}

func TestServeAcceptsConnectionsDuringTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const delay = 10 * time.Second
		network, drain, r := newPipes(), &Drain{}, routes()
		r.Drain = drain
		stop, outcome := serveWith(t, network, Server{Handler: NewHandler(r), Log: noLog, Drain: drain, DrainDelay: delay, Grace: time.Second})
		status := func(path string) (int, bool) {
			conn, err := network.Dial(t.Context(), "", "")
			if err != nil {
				return 0, true
			}
			defer func() { _ = conn.Close() }()
			got := ask(t, conn, bufio.NewReader(conn), path)
			return got.StatusCode, got.Close
		}
		for path, want := range map[string]int{"/readyz": 200, "/healthz": 200, "/graphql": 200} {
			if got, closes := status(path); got != want || closes {
				t.Errorf("before: %s answers %d, close %t", path, got, closes)
			}
		}
		stop()
		synctest.Wait()
		for _, wait := range []time.Duration{0, delay - 1} {
			<-time.After(wait)
			for path, want := range map[string]int{"/readyz": 503, "/healthz": 200, "/graphql": 200} {
				if got, closes := status(path); got != want || !closes {
					t.Errorf("%v after the signal: %s answers %d, close %t", wait, path, got, closes)
				}
			}
		}
		<-time.After(1)
		synctest.Wait()
		if got, _ := status("/healthz"); got != 0 {
			t.Errorf("after the delay a new connection is answered with %d", got)
		}
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	})
}

// When the listener breaks there is nothing left to wait for.
func TestServeDoesNotWaitForTheDelayOfABrokenListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		stop, outcome := serveWith(t, network, Server{Handler: NewHandler(routes()), Log: noLog, Drain: &Drain{}, DrainDelay: time.Hour, Grace: time.Second})
		stop()
		synctest.Wait()
		began := time.Now()
		_ = network.Close()
		if err := <-outcome; err == nil || time.Since(began) != 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
