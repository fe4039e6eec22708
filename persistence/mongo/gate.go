package mongo

import "sync"

// gate counts calls until it is shut, and closes empty when the last of them has ended. The driver waits for connections
// in use, but a call that is between two commands holds none.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside int
	// empty is closed once the gate is shut and no call is inside.
	empty chan struct{}
}

func newGate() *gate { return &gate{empty: make(chan struct{})} }

// enter reports whether the call may go in; if so, it must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.closeEmpty()
}

// shut reports whether it was this call that shut the gate.
func (g *gate) shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.closed = true
	g.closeEmpty()
	return true
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

func (g *gate) closeEmpty() {
	if g.closed && g.inside == 0 {
		close(g.empty)
	}
}
