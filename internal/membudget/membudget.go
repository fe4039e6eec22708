// Package membudget bounds the memory that all requests hold at once: the documents that were decoded for them and
// the responses that are built and written.
//
// It counts estimates, not allocations. One request, the oldest of those that hold much, has a reserve of its own, so
// that requests that wait for each other's memory cannot all fail.
package membudget

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"clientele/persistence"
)

const (
	// documentFactor is how many bytes a decoded document takes for each byte that is stored, with the model that the
	// response is made from. TestDecodedDocumentsTakeWhatIsCounted measures it.
	documentFactor = 3
	// responseFactor is how many bytes a response takes for each of its own until it is written: the values of its
	// fields, and a buffer that doubles as it grows.
	responseFactor = 4

	// step is the least that a share takes from the budget, so that a field of a few bytes takes no lock.
	step = 64 << 10
	// small is how much a share may hold and still overtake those that wait for more.
	small = 512 << 10
	// One byte in smallPart is kept for small shares.
	smallPart = 8

	// A share that becomes large has to find room for one byte in beginPart of the reserve.
	beginPart = 4

	// maxWait is how long a request waits for memory before it is refused.
	maxWait = 5 * time.Second
	// maxWaiting is how many requests may wait.
	maxWaiting = 256

	// burst is how much must have been held at once for quiet to be called.
	burst = 64 << 20
)

// RetryAfter is when a refused request should be retried: about the time that a response takes to be written.
const RetryAfter = time.Second

// Alone is how many bytes one request needs whose response has responseBytes.
func Alone(responseBytes int) int64 {
	return int64(responseBytes) * (documentFactor + responseFactor)
}

// Budget is the memory that requests share. It is safe for concurrent use; create it with NewBudget. A nil *Budget
// refuses nothing.
type Budget struct {
	total, alone int64
	// quiet is called when nothing is held after much was; may be nil.
	quiet func()

	mu   sync.Mutex
	held int64
	// large are the shares that hold more than small, the oldest first. The first one has the reserve.
	large []*Share
	queue []*waiter
	peak  int64
}

type waiter struct {
	share *Share
	bytes int64
	// done is closed once the bytes are granted, or refused with err.
	done chan struct{}
	err  error
}

var (
	errFull  = fmt.Errorf("the memory for documents and responses is in use: %w", persistence.ErrBusy)
	errEnded = fmt.Errorf("the request has ended: %w", persistence.ErrBusy)
)

// NewBudget makes a budget of total bytes. Of these, alone bytes are the reserve of one request: see Alone. The total
// is raised to what the reserve needs if it is less. quiet, if it is not nil, is called in a goroutine of its own
// when nothing is held after much was: the time to return memory to the system.
func NewBudget(total, alone int64, quiet func()) *Budget {
	return &Budget{total: max(total, alone+alone/4), alone: alone, quiet: quiet}
}

// Total is how many bytes may be held at once.
func (b *Budget) Total() int64 {
	if b == nil {
		return 0
	}
	return b.total
}

// Share is one request's part of the budget. The context ends its waiting. Release must be called once.
func (b *Budget) Share(ctx context.Context) *Share {
	if b == nil {
		return nil
	}
	return &Share{budget: b, ctx: ctx}
}

// Share is the memory of one request. It is safe for concurrent use; the methods of a nil *Share do nothing. Its
// fields are guarded by the mutex of the budget, but for those of counting.
type Share struct {
	budget *Budget
	// ctx is the request's, because Hold of the storage contract takes none.
	ctx context.Context

	counting sync.Mutex
	// used is what the request needs; granted is at least as much, in steps.
	used, granted int64
	refused       error

	held     int64
	isLarge  bool
	released bool
}

// Hold implements the part of persistence.Governor about memory: it reserves what documents of so many stored bytes
// take once they are decoded. Errors: persistence.ErrBusy, a *TooLargeError, and the context's.
func (s *Share) Hold(stored int) error {
	return s.need(documentBytes(stored))
}

func documentBytes(stored int) int64 { return int64(stored) * documentFactor }

// HoldResponse reserves what so many more bytes of the response take until they are written. Errors: as of Hold.
func (s *Share) HoldResponse(bytes int) error {
	return s.need(int64(bytes) * responseFactor)
}

// HoldBytes reserves bytes as they are. Errors: as of Hold.
func (s *Share) HoldBytes(bytes int) error { return s.need(int64(bytes)) }

// Refused returns the error that the share was refused with, or nil. A refused share is granted nothing more: its
// request fails in any case, and others wait for the memory.
func (s *Share) Refused() error {
	if s == nil {
		return nil
	}
	s.counting.Lock()
	defer s.counting.Unlock()
	return s.refused
}

// need takes from what was granted in advance, and takes more from the budget when that is used up. Only one goroutine
// of a request does so at a time; the others wait for it.
func (s *Share) need(bytes int64) error {
	if s == nil {
		return nil
	}
	s.counting.Lock()
	defer s.counting.Unlock()
	if s.refused != nil {
		return s.refused
	}
	if s.used+bytes > s.granted {
		more := max(s.used+bytes-s.granted, step)
		if err := s.budget.take(s, more); err != nil {
			s.refused = err
			return err
		}
		s.granted += more
	}
	s.used += bytes
	return nil
}

// Keep releases all but so many bytes: a request that only has its response to write no longer needs its documents.
func (s *Share) Keep(bytes int) {
	if s == nil {
		return
	}
	s.counting.Lock()
	defer s.counting.Unlock()
	s.used = min(s.used, int64(bytes))
	s.granted = s.used
	s.budget.shrink(s, s.granted)
}

// Release releases everything. The share is granted nothing afterwards. It may be called more than once.
func (s *Share) Release() {
	if s == nil {
		return
	}
	// Not under counting: a goroutine of the request may still wait for memory.
	s.budget.release(s)
}

// TooLargeError refuses a request that would need more than there is if it were the only one.
type TooLargeError struct {
	// Total is how many bytes there are.
	Total int64
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the request would need more than the %d bytes of memory that all requests have together", e.Total)
}

// Unwrap makes it a persistence.ErrTooLarge.
func (*TooLargeError) Unwrap() error { return persistence.ErrTooLarge }

// take grants a share bytes, now or after a wait.
func (b *Budget) take(s *Share, bytes int64) error {
	b.mu.Lock()
	switch {
	case s.released:
		b.mu.Unlock()
		return errEnded
	case s.held+bytes > b.forLarge():
		b.mu.Unlock()
		return &TooLargeError{Total: b.forLarge()}
	case b.fits(s, bytes) && (len(b.queue) == 0 || b.passes(s, bytes)):
		b.grant(s, bytes)
		b.mu.Unlock()
		return nil
	case len(b.queue) >= maxWaiting:
		b.mu.Unlock()
		return errFull
	}
	w := &waiter{share: s, bytes: bytes, done: make(chan struct{})}
	b.queue = append(b.queue, w)
	b.mu.Unlock()

	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-w.done:
		return w.err
	case <-timer.C:
		return b.leave(w, errFull)
	case <-s.ctx.Done():
		return b.leave(w, s.ctx.Err())
	}
}

// leave ends a wait with an error, unless it has ended already.
func (b *Budget) leave(w *waiter, err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.Index(b.queue, w)
	if at < 0 {
		return w.err
	}
	b.queue = slices.Delete(b.queue, at, at+1)
	b.serve()
	return err
}

// forLarge is what all shares that are not small may hold together.
func (b *Budget) forLarge() int64 { return b.total - b.total/smallPart }

// leads reports whether a share has the reserve, or would get it by becoming large now.
func (b *Budget) leads(s *Share) bool { return len(b.large) == 0 || b.large[0] == s }

// fits reports whether there are so many more bytes for a share. The mutex is held.
func (b *Budget) fits(s *Share, bytes int64) bool {
	switch {
	case s.held+bytes <= small:
		return b.held+bytes <= b.total
	case b.leads(s):
		return b.held+bytes <= b.forLarge()
	default:
		if !s.isLarge {
			// It will need more, and should rather wait now than while it holds a part.
			bytes = max(bytes, b.alone/beginPart)
		}
		leader := min(b.large[0].held, b.alone)
		return b.held-leader+bytes <= b.forLarge()-b.alone
	}
}

// passes reports whether a share may overtake the queue: it is small, or has begun. The mutex is held.
func (b *Budget) passes(s *Share, bytes int64) bool {
	return s.held+bytes <= small || s.isLarge || b.leads(s)
}

// grant adds bytes that fit to a share. The mutex is held.
func (b *Budget) grant(s *Share, bytes int64) {
	s.held += bytes
	b.held += bytes
	b.peak = max(b.peak, b.held)
	if s.held > small && !s.isLarge {
		s.isLarge = true
		b.large = append(b.large, s)
	}
}

// serve grants what waiters may have now, in their order. The mutex is held.
func (b *Budget) serve() {
	blocked := false
	b.queue = slices.DeleteFunc(b.queue, func(w *waiter) bool {
		if (blocked && !b.passes(w.share, w.bytes)) || !b.fits(w.share, w.bytes) {
			blocked = true
			return false
		}
		b.grant(w.share, w.bytes)
		close(w.done)
		return true
	})
}

// shrink leaves a share so many bytes, and passes the reserve on: from now on the share is written, and does not grow.
func (b *Budget) shrink(s *Share, held int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !s.released {
		b.lower(s, held)
	}
}

// release ends a share and its waits.
func (b *Budget) release(s *Share) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.released = true
	b.queue = slices.DeleteFunc(b.queue, func(w *waiter) bool {
		if w.share != s {
			return false
		}
		w.err = errEnded
		close(w.done)
		return true
	})
	b.lower(s, 0)
}

func (b *Budget) lower(s *Share, held int64) {
	b.held -= s.held - held
	s.held = held
	if s.isLarge {
		s.isLarge = false
		b.large = slices.DeleteFunc(b.large, func(other *Share) bool { return other == s })
	}
	b.serve()
	if b.peak >= burst && b.held <= burst/8 {
		b.peak = b.held
		if b.quiet != nil {
			go b.quiet()
		}
	}
}
