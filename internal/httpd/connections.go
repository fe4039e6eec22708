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
	// silence is how long a new connection may be silent before it has to make room for another.
	silence = time.Second
	// sendBuffer is what the system buffers of a response. Its own choice is up to some megabytes for each client that
	// does not read, and lets so much go at once that a slow client seems to have stalled in between.
	sendBuffer = 256 << 10
	// fullEvery is how often the log says that there are too many connections.
	fullEvery = time.Minute
)

// connections is a listener that bounds how many connections there are. When it is full, a connection that is kept
// alive without a request makes room, the longest idle one first, then a new one on which nothing came for a second;
// without any, nothing is accepted until one is closed.
type connections struct {
	net.Listener

	most int
	// full is called when a connection has to wait.
	full func()

	mu   sync.Mutex
	open int
	// idle and silent are connections in the order in which they became so.
	idle, silent list.List
	// changed has an element once there may be room.
	changed chan struct{}
	closed  chan struct{}
	once    sync.Once
}

// limitConnections bounds the connections of a listener. The server must call ConnState of what it returns.
func limitConnections(ctx context.Context, listener net.Listener, most int, log *slog.Logger) *connections {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
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

// connection is one that counts.
type connection struct {
	net.Conn

	of *connections
	// in is the list that the connection is in, if it is in one.
	in    *list.List
	place *list.Element
	since time.Time
	left  bool
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// Without it only the bound on the system's memory is missing.
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

// makeRoom waits until one more connection may be open, or the listener is closed: what was accepted by then is served.
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

// victim is the connection to close in place of another, or how long until there can be one. The mutex is held.
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

// moveTo puts a connection at the end of a list, or in none. The mutex of the listener is held.
func (c *connection) moveTo(to *list.List) {
	if c.in != nil {
		c.in.Remove(c.place)
	}
	c.in = to
	if c.left {
		c.in = nil
	}
	if c.in != nil {
		c.since = time.Now()
		c.place = c.in.PushBack(c)
	}
}

// notify wakes who waits for room. The mutex is held.
func (l *connections) notify() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	if !c.left {
		c.left = true
		c.moveTo(nil)
		c.of.open--
		c.of.notify()
	}
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite is how net/http ends a connection whose client may still be sending, so that it can read why.
func (c *connection) CloseWrite() error {
	if tcp, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return tcp.CloseWrite()
	}
	return nil
}
