// Package pipenet is a network in memory for tests. In a synctest bubble, unlike a real one, it lets the clock move
// while everybody waits for it. It knows nothing of what goes over it.
package pipenet

import (
	"context"
	"net"
	"sync"
)

// Network is a listener that is dialled from within the program. Create it with New.
type Network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// New makes a network that nobody has dialled.
func New() *Network { return &Network{conns: make(chan net.Conn), closed: make(chan struct{})} }

// Dial waits until the connection is accepted; whatever address is asked for, it is the network's one. Errors: a
// *net.OpError of a dial once the network is closed or the context done.
func (n *Network) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case n.conns <- far:
		return near, nil
	case <-n.closed:
	case <-ctx.Done():
	}
	return nil, &net.OpError{Op: "dial", Net: network, Err: net.ErrClosed}
}

// Accept implements net.Listener.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements net.Listener.
func (n *Network) Addr() net.Addr { return &net.TCPAddr{} }
