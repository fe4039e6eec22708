// Package turns lets those in this process who want one thing have it one after the other. It knows nothing of what
// is wanted; it names it by a text.
package turns

import (
	"context"
	"sync"
)

// Turns lets callers with one key through one at a time, in no particular order. For writers of one document the
// store's compare-and-swap alone would be right, but of many writers all but one would have read and written in
// vain, again and again. Create it with New.
type Turns struct {
	mu    sync.Mutex
	taken map[string]*turn
}

type turn struct {
	// free holds one element while nobody has the turn.
	free chan struct{}
	// wanted counts who has the turn and who waits for it.
	wanted int
}

// New makes turns that nobody has.
func New() *Turns { return &Turns{taken: map[string]*turn{}} }

// Take waits for the turn at a key; release must be called when err is nil. Errors: the context's.
func (t *Turns) Take(ctx context.Context, key string) (release func(), err error) {
	t.mu.Lock()
	mine := t.taken[key]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		t.taken[key] = mine
	}
	mine.wanted++
	t.mu.Unlock()

	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.wanted--; mine.wanted == 0 {
			delete(t.taken, key)
		}
	}
	select {
	case <-mine.free:
		return func() {
			mine.free <- struct{}{}
			leave()
		}, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
