package httpd

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clientele/internal/pipenet"
)

// pipes is a network in memory, with what the tests do on it.
type pipes struct{ *pipenet.Network }

func newPipes() *pipes { return &pipes{pipenet.New()} }

// client makes a connection of its own for each request.
func (p *pipes) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: p.Dial, DisableKeepAlives: true}}
}

// server stops without a delay.
func server(handler http.Handler, grace time.Duration) Server {
	return Server{Handler: handler, Log: noLog, Drain: &Drain{}, Grace: grace, Timeouts: Timeouts{
		ReadHeader: 5 * time.Second, Read: 30 * time.Second, Handle: 30 * time.Second,
	}}
}

// serve runs Serve in the background, and returns how to stop it and its outcome.
func serve(t *testing.T, network *pipes, handler http.Handler, grace time.Duration) (context.CancelFunc, <-chan error) {
	t.Helper()
	return serveWith(t, network, server(handler, grace))
}

func serveWith(t *testing.T, network *pipes, server Server) (context.CancelFunc, <-chan error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	outcome := make(chan error, 1)
	go func() { outcome <- server.Serve(ctx, network) }()
	return stop, outcome
}

type reply struct {
	body string
	err  error
}

// get sends a request in the background.
func (p *pipes) get() <-chan reply {
	out := make(chan reply, 1)
	go func() {
		response, err := p.client().Get("http://server/")
		if err != nil {
			out <- reply{err: err}
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		out <- reply{string(body), err}
	}()
	return out
}

// slow responds when it is released.
func slow() (handler http.Handler, proceed chan struct{}) {
	proceed = make(chan struct{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-proceed:
			_, _ = io.WriteString(w, "done")
		case <-r.Context().Done():
		}
	}), proceed
}

func TestServeRunsUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		stop, outcome := serve(t, network, NewHandler(routes()), time.Second)
		for range 3 {
			if got := <-network.get(); got.err != nil || got.body != "playground" {
				t.Errorf("got %+v", got)
			}
		}
		stop()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	})
}

func TestServeFinishesRequestsInProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		handler, proceed := slow()
		stop, outcome := serve(t, network, handler, 20*time.Second)
		first, second := network.get(), network.get()
		synctest.Wait()

		stop()
		synctest.Wait()
		if got := <-network.get(); got.err == nil {
			t.Errorf("a new request was answered with %q", got.body)
		}
		select {
		case err := <-outcome:
			t.Fatalf("the server did not wait for the requests: %v", err)
		default:
		}

		// Almost all of the grace may pass.
		<-time.After(19 * time.Second)
		close(proceed)
		for _, under := range []<-chan reply{first, second} {
			if got := <-under; got.err != nil || got.body != "done" {
				t.Errorf("a request under way got %+v", got)
			}
		}
		if err := <-outcome; err != nil {
			t.Errorf("the server drained with %v", err)
		}
	})
}

// An accepted client is served, even if the server stops before the request has arrived.
func TestServeWaitsForARequestInTransit(t *testing.T) {
	t.Parallel()
	const request = "GET /healthz HTTP/1.1\r\nHost: server\r\n\r\n"
	for name, cut := range map[string]int{"nothing of it is there": 0, "half of its header is there": 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				stop, outcome := serve(t, network, NewHandler(routes()), 20*time.Second)
				conn, err := network.Dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, request[:cut]); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				stop()
				synctest.Wait()
				if _, err := io.WriteString(conn, request[cut:]); err != nil {
					t.Fatal(err)
				}
				// The response says that the connection closes, and then it does.
				answer, err := io.ReadAll(conn)
				if err != nil {
					t.Error(err)
				}
				for _, part := range []string{"200 OK", "Connection: close", "ok\n"} {
					if !strings.Contains(string(answer), part) {
						t.Errorf("the answer lacks %q: %q", part, answer)
					}
				}
				if err := <-outcome; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A connection on which nothing ever comes is no reason to wait for the whole grace, nor an error.
func TestServeDoesNotWaitForASilentClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		stop, outcome := serve(t, network, NewHandler(routes()), 20*time.Second)
		conn, err := network.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		stop()
		told := time.Now()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
		if waited := time.Since(told); waited > 5*time.Second {
			t.Errorf("the server waited %v", waited)
		}
		_ = conn.Close()
	})
}

func TestServeDoesNotWaitForAHijackedConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		taken := make(chan net.Conn, 1)
		stop, outcome := serve(t, network, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
			}
			taken <- conn
		}), 20*time.Second)
		conn, err := network.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		hijacked := <-taken
		synctest.Wait()
		stop()
		told := time.Now()
		if err := <-outcome; err != nil || time.Since(told) != 0 {
			t.Errorf("after %v: %v", time.Since(told), err)
		}
		_, _ = hijacked.Close(), conn.Close()
	})
}

// stuck is a network whose listener closes with an error.
type stuck struct{ *pipes }

var errStuck = errors.New("cannot close")

func (s stuck) Close() error { return errors.Join(s.pipes.Close(), errStuck) }

func TestServeReturnsTheErrorOfClosingTheListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := server(NewHandler(routes()), time.Second).Serve(ctx, stuck{newPipes()}); !errors.Is(err, errStuck) {
			t.Errorf("got %v", err)
		}
	})
}

func TestServeCutsOffWhenTheGraceIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		handler, proceed := slow()
		defer close(proceed)
		stop, outcome := serve(t, network, handler, 20*time.Second)
		under := network.get()
		synctest.Wait()

		stop()
		told := time.Now()
		err := <-outcome
		if err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("the server says %v", err)
		}
		if waited := time.Since(told); waited != 20*time.Second {
			t.Errorf("the server waited %v", waited)
		}
		if got := <-under; got.err == nil {
			t.Errorf("the request was answered with %q", got.body)
		}
	})
}

func TestServeClosesIdleConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		stop, outcome := serve(t, network, NewHandler(routes()), 20*time.Second)
		client := &http.Client{Transport: &http.Transport{DialContext: network.Dial}}
		response, err := client.Get("http://server/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		synctest.Wait()

		stop()
		told := time.Now()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
		if waited := time.Since(told); waited >= 20*time.Second {
			t.Errorf("the server waited %v for a connection without a request", waited)
		}
	})
}

func TestServeReturnsTheErrorOfTheListener(t *testing.T) {
	t.Parallel()
	network := newPipes()
	if err := network.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server(NewHandler(routes()), time.Second).Serve(t.Context(), network); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestServeWithAnEndedContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := server(NewHandler(routes()), time.Second).Serve(ctx, network); err != nil {
			t.Error(err)
		}
		if got := <-network.get(); got.err == nil {
			t.Errorf("a request was answered with %q", got.body)
		}
	})
}

// Whoever keeps a connection busy without saying anything must not keep it for long.
func TestServeCutsOffSlowClients(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		sent string
		// after is when the server hangs up.
		after time.Duration
	}{
		"nothing is sent":             {"", 5 * time.Second},
		"the headers do not end":      {"POST /graphql HTTP/1.1\r\nHost: server\r\n", 5 * time.Second},
		"the body does not come":      {"POST /graphql HTTP/1.1\r\nHost: server\r\nContent-Length: 9\r\n\r\n", 30 * time.Second},
		"no second request is sent":   {"GET /healthz HTTP/1.1\r\nHost: server\r\n\r\n", 120 * time.Second},
		"the headers are far too big": {"GET / HTTP/1.1\r\nHost: server\r\nX: " + strings.Repeat("x", 80<<10), 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				r := routes()
				r.API = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
				stop, outcome := serve(t, network, NewHandler(r), time.Second)
				conn, err := network.Dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				connected := time.Now()
				// A server that hangs up does not read to the end.
				go func() { _, _ = io.WriteString(conn, c.sent) }()
				_, _ = io.Copy(io.Discard, conn)
				took := time.Since(connected)
				// net/http leaves a client that it may have cut off a moment to read the response.
				if took < c.after || took > c.after+time.Second {
					t.Errorf("the server hung up after %v, want %v", took, c.after)
				}
				stop()
				if err := <-outcome; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The response of a slow operation is written all the same; but not for ever.
func TestServeCutsOffClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		cut := make(chan time.Duration, 1)
		stop, outcome := serve(t, network, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			arrived := time.Now()
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, 64<<10))
			}
			cut <- time.Since(arrived)
		}), time.Second)
		conn, err := network.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		select {
		case after := <-cut:
			if after != 90*time.Second { // to read, to handle, to write
				t.Errorf("the server hung up after %v", after)
			}
		case <-time.After(time.Hour):
			t.Error("the server goes on writing after an hour")
			_ = conn.Close()
			<-cut
		}
		stop()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	})
}

// The same once more over TCP, so that nothing rests on the network in memory alone.
func TestServeOverTCP(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	outcome := make(chan error, 1)
	arrived, proceed := make(chan struct{}), make(chan struct{})
	go func() {
		outcome <- server(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-proceed
			_, _ = io.WriteString(w, "done")
		}), time.Minute).Serve(ctx, listener)
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	under := make(chan reply, 1)
	go func() {
		response, err := client.Get("http://" + listener.Addr().String() + "/")
		if err != nil {
			under <- reply{err: err}
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		under <- reply{string(body), err}
	}()
	<-arrived
	stop()
	close(proceed)
	if got := <-under; got.err != nil || got.body != "done" {
		t.Errorf("the request under way got %+v", got)
	}
	if err := <-outcome; err != nil {
		t.Error(err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the address still takes connections: %v", err)
	}
}
