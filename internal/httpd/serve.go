package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// lastRequestTimeout is how long idle connections stay open once the server stops. A client learns of the end only with
// its next response, so one more request is served, which says Connection: close. Clients under load send it at once.
const lastRequestTimeout = 2 * time.Second

// Server is how to serve and how to stop.
type Server struct {
	Handler http.Handler
	// TLS is nil for plain HTTP.
	TLS *tls.Config
	// Drain begins when the context of Serve is done.
	Drain *Drain
	// DrainDelay is how long connections are accepted from then on, so that load balancers notice.
	DrainDelay time.Duration
	Timeouts   Timeouts
	// Grace is how long requests may take once no more connections are accepted.
	Grace time.Duration
	// MaxConnections is how many connections there may be at once; 0 is no bound.
	MaxConnections int
	// Log gets what is wrong with connections.
	Log *slog.Logger
}

// Timeouts bound how long a request may keep a connection.
type Timeouts struct {
	// ReadHeader and Read are how long its header, and all of it, may take to arrive.
	ReadHeader, Read time.Duration
	// Handle is how long the handler may take from then on.
	Handle time.Duration
}

// write is the time from the request's header to the end of the response.
func (t Timeouts) write() time.Duration {
	return t.Read + t.Handle + writeAllowance
}

// Serve serves on the listener until the context is done, and then finishes every request on the connections that it
// accepted. It returns nil when all of them finished.
//
// http.Server.Shutdown would drop the first request of a connection whose header has not arrived, and close idle
// connections on which the next request may be on its way.
func (s Server) Serve(ctx context.Context, listener net.Listener) error {
	limited := func(net.Conn, http.ConnState) {}
	if s.MaxConnections > 0 {
		bounded := limitConnections(ctx, listener, s.MaxConnections, s.Log)
		listener, limited = bounded, bounded.ConnState
	}
	var open sync.WaitGroup
	server := &http.Server{
		Handler:           s.Drain.announce(s.Handler),
		TLSConfig:         s.TLS,
		ReadHeaderTimeout: s.Timeouts.ReadHeader,
		ReadTimeout:       s.Timeouts.Read,
		WriteTimeout:      s.Timeouts.write(),
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          errorLog(s.Log),
		ConnState: func(conn net.Conn, state http.ConnState) {
			limited(conn, state)
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			case http.StateActive, http.StateIdle:
			}
		},
	}
	var serveErr error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if s.TLS != nil {
			serveErr = server.ServeTLS(listener, "", "")
		} else {
			serveErr = server.Serve(listener)
		}
	}()
	select {
	case <-ended:
		return serveErr
	case <-ctx.Done():
	}
	s.Drain.Begin()
	select {
	case <-ended:
		return serveErr
	case <-time.After(s.DrainDelay):
	}
	if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return errors.Join(err, server.Close())
	}
	// Now no connection can be added.
	<-ended
	drained := make(chan struct{})
	go func() {
		open.Wait()
		close(drained)
	}()
	grace := time.After(s.Grace)
	select {
	case <-drained:
		return nil
	case <-time.After(min(lastRequestTimeout-s.DrainDelay, s.Grace)):
	}
	// Idle connections are closed at once, the others after their request.
	server.SetKeepAlivesEnabled(false)
	select {
	case <-drained:
		return nil
	case <-grace:
		return errors.Join(errors.New("requests were cut off at the end of --shutdown-grace"), server.Close())
	}
}
