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

// lastRequestTimeout is how long a connection that is kept alive may stay without a request once the server stops.
// Nobody can tell a client that waits of the end of a connection before its request is on the way, so the server
// answers that request and says it then. Clients under load send it at once.
const lastRequestTimeout = 2 * time.Second

// Server is how to serve and how to stop.
type Server struct {
	Handler http.Handler
	// TLS is nil for plain HTTP.
	TLS *tls.Config
	// Drain begins when the server is told to stop.
	Drain *Drain
	// DrainDelay is how long connections are accepted from then on, so that who sends requests here can find out
	// and send them elsewhere.
	DrainDelay time.Duration
	Timeouts   Timeouts
	// Grace is how long requests may take once no more connections are accepted.
	Grace time.Duration
	// MaxConnections is how many connections there may be at once; 0 is no bound.
	MaxConnections int
	// Log hears what is wrong with connections; nil for net/http's own way.
	Log *slog.Logger
}

// Timeouts bound how long a request may keep a connection.
type Timeouts struct {
	// ReadHeader and Read are how long its header, and all of it, may take to arrive.
	ReadHeader, Read time.Duration
	// Handle is how long the handler may take from then on.
	Handle time.Duration
}

// write is from when the header has arrived until the answer is written. It leaves time for that.
func (t Timeouts) write() time.Duration {
	return t.Read + t.Handle + writeAllowance
}

// Serve serves on the listener until the context is done, and then lets every request on a connection that it
// accepted come to its end. It answers nil when all of them did.
//
// It does not leave that to http.Server.Shutdown, which drops the first request of a connection if its header is
// still on its way, and closes kept-alive connections while the next request may be.
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
	if s.Log != nil {
		server.ErrorLog = errorLog(s.Log)
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
	// Idle connections are closed, the others after the request that is on them.
	server.SetKeepAlivesEnabled(false)
	select {
	case <-drained:
		return nil
	case <-grace:
		return errors.Join(errors.New("requests were cut off when the grace was over"), server.Close())
	}
}
