package mongo

import (
	"sync"
	"testing"
)

func TestGate(t *testing.T) {
	t.Parallel()
	g := newGate()
	for range 2 {
		if !g.enter() {
			t.Fatal("an open gate refuses somebody")
		}
	}
	if !g.shut() || !g.isShut() {
		t.Fatal("the gate does not shut")
	}
	if g.shut() {
		t.Error("the gate shuts twice")
	}
	if g.enter() {
		t.Error("a shut gate lets somebody in")
	}
	g.leave()
	select {
	case <-g.empty:
		t.Fatal("the gate counts nobody while one is inside")
	default:
	}
	g.leave()
	<-g.empty
}

func TestGateWithNobodyInside(t *testing.T) {
	t.Parallel()
	g := newGate()
	g.shut()
	<-g.empty
}

func TestGateInARace(t *testing.T) {
	t.Parallel()
	g := newGate()
	var visitors sync.WaitGroup
	for range 100 {
		visitors.Go(func() {
			if g.enter() {
				g.leave()
			}
		})
	}
	g.shut()
	<-g.empty
	visitors.Wait()
}
