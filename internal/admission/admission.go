// Package admission bounds how many scans run at once, for a key and for the whole server. Scans are lists and
// counts that read much more than they return; point reads are not limited here.
package admission

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	// A first-in, first-out semaphore whose waits end with a context.
	"golang.org/x/sync/semaphore"

	"clientele/persistence"
)

// Limits are what a Gate admits. Zero stands for the default of each.
type Limits struct {
	// Slots are how many operations scan at once. The default leaves one processor for everything else.
	Slots int
	// SlotsPerKey are how many of them one key can have. By default one is left for other keys, if there are several.
	SlotsPerKey int
	// Queue is how many operations wait for a slot.
	Queue int
	// QueuePerKey is how many of them one key can have.
	QueuePerKey int
	// Wait is the longest time in the queue.
	Wait time.Duration
	// Deadline is how long the scans of one operation take altogether.
	Deadline time.Duration
}

// The defaults that do not depend on the machine.
const (
	DefaultQueue       = 16
	DefaultQueuePerKey = 4
	DefaultWait        = 2 * time.Second
	DefaultDeadline    = 10 * time.Second
)

func (l Limits) withDefaults() Limits {
	set := func(limit *int, byDefault int) {
		if *limit <= 0 {
			*limit = byDefault
		}
	}
	set(&l.Slots, max(1, runtime.GOMAXPROCS(0)-1))
	set(&l.SlotsPerKey, max(1, l.Slots-1))
	set(&l.Queue, DefaultQueue)
	set(&l.QueuePerKey, DefaultQueuePerKey)
	if l.Wait <= 0 {
		l.Wait = DefaultWait
	}
	if l.Deadline <= 0 {
		l.Deadline = DefaultDeadline
	}
	return l
}

// BusyError is the error of a scan that is not admitted. It wraps persistence.ErrBusy.
type BusyError struct{ after time.Duration }

// Error implements error.
func (b *BusyError) Error() string {
	return fmt.Sprintf("%v: retry in %v", persistence.ErrBusy, b.after)
}

// RetryAfter is when a slot is likely to be free, in whole seconds; at least one.
func (b *BusyError) RetryAfter() time.Duration { return b.after }

// Unwrap makes it a persistence.ErrBusy.
func (*BusyError) Unwrap() error { return persistence.ErrBusy }

// Metrics counts the operations that request a slot.
type Metrics interface {
	// ScansAdmitted counts an operation that got a slot after a wait.
	ScansAdmitted(waited time.Duration)
	// ScansRefused counts one that got none.
	ScansRefused()
}

// Gate admits scans to the slots of a server. It is safe for concurrent use.
type Gate struct {
	limits  Limits
	metrics Metrics
	slots   *semaphore.Weighted

	mu sync.Mutex
	// keys are those with an operation that waits or scans.
	keys             map[string]*key
	waiting, running int
	// usual is a moving average of how long a slot is held.
	usual time.Duration
}

// key is the share of one API key. An operation takes one of the key's slots before it waits for one of the server, so
// that the server's queue is fair between keys.
type key struct {
	slots   *semaphore.Weighted
	waiting int
	running int
}

// New makes a gate. The metrics may be nil.
func New(limits Limits, metrics Metrics) *Gate {
	limits = limits.withDefaults()
	if metrics == nil {
		metrics = unmeasured{}
	}
	return &Gate{
		limits: limits, metrics: metrics, slots: semaphore.NewWeighted(int64(limits.Slots)),
		keys: map[string]*key{}, usual: time.Second,
	}
}

// Load returns how many operations wait for a slot, and how many have one.
func (g *Gate) Load() (waiting, running int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting, g.running
}

// enter waits for a slot. Errors: BusyError, and the context's.
func (g *Gate) enter(ctx context.Context, keyID string) error {
	began := time.Now()
	k, err := g.queue(keyID)
	if err == nil {
		err = g.acquire(ctx, k)
		g.dequeue(keyID, k, err == nil)
		if err != nil && ctx.Err() == nil {
			err = g.busy() // The wait was too long, not the request.
		}
	} else {
		delayRefusal(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		g.metrics.ScansRefused()
		return err
	}
	g.metrics.ScansAdmitted(time.Since(began))
	return nil
}

// refusalDelay is the least delay of a refusal when the queue is full. Jitter of half as much spreads the retries of
// clients. Without the delay, a client that ignores Retry-After would use up the time that the slots leave for others.
const refusalDelay = time.Second

func delayRefusal(ctx context.Context) {
	timer := time.NewTimer(refusalDelay + rand.N(refusalDelay/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// queue counts an operation as waiting. Errors: BusyError.
func (g *Gate) queue(keyID string) (*key, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := g.keys[keyID]
	// An operation that is admitted at once does not queue, so the length of the queue does not matter to it.
	atOnce := g.running+g.waiting < g.limits.Slots && (k == nil || k.running+k.waiting < g.limits.SlotsPerKey)
	if !atOnce && (g.waiting >= g.limits.Queue || k != nil && k.waiting >= g.limits.QueuePerKey) {
		return nil, &BusyError{after: g.retryAfter()}
	}
	if k == nil {
		k = &key{slots: semaphore.NewWeighted(int64(g.limits.SlotsPerKey))}
		g.keys[keyID] = k
	}
	g.waiting++
	k.waiting++
	return k, nil
}

func (g *Gate) acquire(ctx context.Context, k *key) error {
	ctx, cancel := context.WithTimeout(ctx, g.limits.Wait)
	defer cancel()
	if err := k.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	if err := g.slots.Acquire(ctx, 1); err != nil {
		k.slots.Release(1)
		return err
	}
	return nil
}

func (g *Gate) dequeue(keyID string, k *key, admitted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting--
	k.waiting--
	if admitted {
		g.running++
		k.running++
	}
	g.dropIdle(keyID, k)
}

// leave releases a slot.
func (g *Gate) leave(keyID string, held time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := g.keys[keyID]
	k.running--
	g.running--
	g.usual += (held - g.usual) / 8
	g.slots.Release(1)
	k.slots.Release(1)
	g.dropIdle(keyID, k)
}

func (g *Gate) dropIdle(keyID string, k *key) {
	if k.waiting == 0 && k.running == 0 {
		delete(g.keys, keyID)
	}
}

func (g *Gate) busy() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return &BusyError{after: g.retryAfter()}
}

// retryAfter is when the operations that wait and scan now are likely to be done, in whole seconds.
func (g *Gate) retryAfter() time.Duration {
	after := min(g.usual.Seconds()*float64(1+g.waiting/g.limits.Slots), g.limits.Deadline.Seconds())
	return time.Duration(max(1, math.Ceil(after))) * time.Second
}

// Operation returns the governor of one operation's scans.
func (g *Gate) Operation(keyID string) *Operation {
	return &Operation{gate: g, keyID: keyID, left: g.limits.Deadline, serial: semaphore.NewWeighted(1)}
}

// Operation is one request, whose fields may scan at the same time. It has at most one slot, on which its scans
// run one after the other; it keeps the slot while any of them runs or waits.
type Operation struct {
	gate  *Gate
	keyID string
	// serial is held while a scan runs, or waits for the operation's slot.
	serial *semaphore.Weighted

	mu sync.Mutex
	// scans are those that run or wait, and reservations.
	scans int
	// since is when the operation got its slot; zero without one.
	since time.Time
	// refused is the error of the first scan without a slot: the whole operation fails with it.
	refused error
	left    time.Duration
}

// Scan implements its part of persistence.Governor. The context that it returns ends when the scans of the operation
// have taken too long. Errors: BusyError, context.DeadlineExceeded when that is so already, and the context's.
func (o *Operation) Scan(ctx context.Context) (scanning context.Context, release func(), err error) {
	left, err := o.begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	scanning, cancel := context.WithTimeout(ctx, left)
	return scanning, sync.OnceFunc(func() {
		cancel()
		o.mu.Lock()
		o.left -= time.Since(began)
		o.mu.Unlock()
		o.end()
		o.serial.Release(1)
	}), nil
}

// Reserve acquires the operation's slot before its first scan, until release is called: for an operation that is known
// to scan much, but not at once. Errors: as of Scan.
func (o *Operation) Reserve(ctx context.Context) (release func(), err error) {
	if _, err := o.begin(ctx); err != nil {
		return nil, err
	}
	o.serial.Release(1)
	return sync.OnceFunc(o.end), nil
}

// begin acquires serial and the operation's slot, and returns how long the operation may still scan. Without an error,
// end must be called and serial released.
func (o *Operation) begin(ctx context.Context) (left time.Duration, err error) {
	o.mu.Lock()
	o.scans++
	o.mu.Unlock()
	if err := o.serial.Acquire(ctx, 1); err != nil {
		o.end()
		return 0, err
	}
	if left, err = o.admit(ctx); err != nil {
		o.end()
		o.serial.Release(1)
	}
	return left, err
}

// admit makes sure that the operation has a slot, and returns how long it may still scan.
func (o *Operation) admit(ctx context.Context) (time.Duration, error) {
	o.mu.Lock()
	refused, admitted, left := o.refused, !o.since.IsZero(), o.left
	o.mu.Unlock()
	switch {
	case refused != nil:
		return 0, refused
	case left <= 0:
		return 0, context.DeadlineExceeded
	case admitted:
		return left, nil
	}
	err := o.gate.enter(ctx, o.keyID)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		o.since = time.Now()
	} else if ctx.Err() == nil {
		o.refused = err
	}
	return left, err
}

// end ends one scan or reservation. The last one releases the slot.
func (o *Operation) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.scans--
	if o.scans > 0 || o.since.IsZero() {
		return
	}
	o.gate.leave(o.keyID, time.Since(o.since))
	o.since = time.Time{}
}

type unmeasured struct{}

func (unmeasured) ScansAdmitted(time.Duration) {}
func (unmeasured) ScansRefused()               {}
