package httpd

import (
	"container/list"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"clientele/internal/logging"
)

const (
	// silence is how long a new connection may send nothing before it can be closed for another.
	silence = time.Second
	// sendBuffer is what the system buffers of a response. By default that is some megabytes for each client that does
	// not read, so that a slow client looks as if it had stalled.
	sendBuffer = 256 << 10
	// fullEvery is how often the log reports that there are too many connections.
	fullEvery = time.Minute
)

// connections is a listener that bounds how many connections are open. When it is full, it closes the connection that
// has been idle between requests the longest, or else one that has sent nothing in its first second; if there is
// neither, it accepts nothing until a connection is closed.
type connections struct {
	net.Listener

	most int
	// full is called when a connection must wait.
	full func()

	mu   sync.Mutex
	open int
	// idle and silent are ordered by when the connections became so.
	idle, silent list.List
	// changed is signalled when there may be room.
	changed chan struct{}
	closed  chan struct{}
	once    sync.Once
}

// limitConnections bounds the connections of a listener. The server must call ConnState of what it returns.
func limitConnections(ctx context.Context, listener net.Listener, most int, log *slog.Logger) *connections {
	throttle := logging.NewThrottle(fullEvery, 1)
	full := func() {
		if times, pass := throttle.Pass("full"); pass {
			log.WarnContext(ctx, "all connections are in use; others wait to be accepted", "max", most, "times", times)
		}
	}
	return &connections{
		Listener: listener, most: most, full: full,
		changed: make(chan struct{}, 1), closed: make(chan struct{}),
	}
}

// connection is a counted connection.
type connection struct {
	net.Conn

	of *connections
	// in is the list that the connection is in, if any, and element its entry there since then.
	in      *list.List
	element *list.Element
	since   time.Time
	closed  bool
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// If it fails, only the system's memory is unbounded.
		_ = tcp.SetWriteBuffer(sendBuffer)
	}
	l.makeRoom()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open++
	c := &connection{Conn: conn, of: l}
	c.moveTo(&l.silent)
	return c, nil
}

// makeRoom waits until one more connection may be open, or until the listener is closed: what was accepted by then is
// still served.
func (l *connections) makeRoom() {
	for warned := false; ; warned = true {
		l.mu.Lock()
		if l.open < l.most {
			l.mu.Unlock()
			return
		}
		victim, wait := l.victim(time.Now())
		l.mu.Unlock()
		if victim != nil {
			_ = victim.Close()
			continue
		}
		if !warned {
			l.full()
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.changed:
		case <-timer.C:
		case <-l.closed:
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// victim returns the connection to close for another, or how long until there can be one. The mutex is held.
func (l *connections) victim(now time.Time) (*connection, time.Duration) {
	if first := l.idle.Front(); first != nil {
		return first.Value.(*connection), 0 //nolint:forcetypeassert // the list has no others
	}
	if first := l.silent.Front(); first != nil {
		c := first.Value.(*connection) //nolint:forcetypeassert // as above
		if quiet := now.Sub(c.since); quiet < silence {
			return nil, silence - quiet
		}
		return c, 0
	}
	return nil, time.Minute
}

// Close implements net.Listener.
func (l *connections) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// ConnState is for http.Server.
func (l *connections) ConnState(conn net.Conn, state http.ConnState) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	c, ok := conn.(*connection)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateIdle:
		c.moveTo(&l.idle)
		l.notify()
	case http.StateActive:
		c.moveTo(nil)
	case http.StateNew, http.StateClosed, http.StateHijacked:
	}
}

// moveTo moves a connection to the end of a list, or out of all. The mutex of the listener is held.
func (c *connection) moveTo(to *list.List) {
	if c.in != nil {
		c.in.Remove(c.element)
	}
	c.in = to
	if c.closed {
		c.in = nil
	}
	if c.in != nil {
		c.since = time.Now()
		c.element = c.in.PushBack(c)
	}
}

// notify wakes makeRoom. The mutex is held.
func (l *connections) notify() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	if !c.closed {
		c.closed = true
		c.moveTo(nil)
		c.of.open--
		c.of.notify()
	}
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite is called by net/http to end a connection whose client may still be sending, so that it can read the
// response.
func (c *connection) CloseWrite() error {
	if tcp, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return tcp.CloseWrite()
	}
	return nil
}
