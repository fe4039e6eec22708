// Package keylock has mutexes by key, within one process.
package keylock

import (
	"context"
	"sync"
)

// Locks lets one caller at a time hold a key, in no particular order. Writers of one document need no lock to be
// correct, for the store compares and swaps; without one, all but one of them would read and write in vain. Create it
// with New.
type Locks struct {
	mu    sync.Mutex
	locks map[string]*lock
}

type lock struct {
	// free holds one element while the lock is not held.
	free chan struct{}
	// users counts the holder and those who wait.
	users int
}

// New returns locks of which none is held.
func New() *Locks { return &Locks{locks: map[string]*lock{}} }

// Lock waits for the lock of a key; unlock must be called when err is nil. Errors: the context's.
func (l *Locks) Lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	wanted := l.locks[key]
	if wanted == nil {
		wanted = &lock{free: make(chan struct{}, 1)}
		wanted.free <- struct{}{}
		l.locks[key] = wanted
	}
	wanted.users++
	l.mu.Unlock()

	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if wanted.users--; wanted.users == 0 {
			delete(l.locks, key)
		}
	}
	select {
	case <-wanted.free:
		return func() {
			wanted.free <- struct{}{}
			leave()
		}, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
