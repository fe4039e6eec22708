// Package admission bounds how many scans run at once, for a key and for the whole server. Scans are lists and
// counts that read much more than they return; point reads never ask here.
package admission

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	// A semaphore that serves its waiters in the order in which they came, and gives up with a context.
	"golang.org/x/sync/semaphore"

	"clientele/persistence"
)

// Limits are what a Gate admits. Zero stands for the default of each.
type Limits struct {
	// Places are how many operations scan at once. The default leaves one processor to everything else.
	Places int
	// PlacesPerKey are how many of them one key can have. By default one is left to other keys, if there are several.
	PlacesPerKey int
	// Queue is how many operations wait for a place.
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
	set(&l.Places, max(1, runtime.GOMAXPROCS(0)-1))
	set(&l.PlacesPerKey, max(1, l.Places-1))
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

// RetryAfter is when a place is likely to be free, in whole seconds; at least one.
func (b *BusyError) RetryAfter() time.Duration { return b.after }

// Unwrap makes it a persistence.ErrBusy.
func (*BusyError) Unwrap() error { return persistence.ErrBusy }

// Metrics is notified of every operation that asks for a place.
type Metrics interface {
	// ScansAdmitted: an operation got a place after so long.
	ScansAdmitted(waited time.Duration)
	// ScansRefused: an operation got none.
	ScansRefused()
}

// Gate hands out the places of a server. It is safe for concurrent use.
type Gate struct {
	limits  Limits
	metrics Metrics
	places  *semaphore.Weighted

	mu sync.Mutex
	// keys are those with an operation that waits or scans.
	keys             map[string]*key
	waiting, running int
	// usual is a moving average of how long a place is held.
	usual time.Duration
}

// key is what one key has. An operation takes one of the key's places before it waits for one of the server, so
// that the queue in front of the server's places goes round the keys.
type key struct {
	places  *semaphore.Weighted
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
		limits: limits, metrics: metrics, places: semaphore.NewWeighted(int64(limits.Places)),
		keys: map[string]*key{}, usual: time.Second,
	}
}

// Load is how many operations wait for a place, and how many have one.
func (g *Gate) Load() (waiting, running int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting, g.running
}

// enter waits for a place. Errors: BusyError, and the context's.
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
		holdBack(ctx)
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

// heldBack is how long a refusal takes at least when the queue is full, and half of it more by chance, so that clients that
// came at the same time do not come back at the same time. A client that sends the same request again and again,
// without regard to Retry-After, would otherwise take the time that the places keep free for others.
const heldBack = time.Second

func holdBack(ctx context.Context) {
	timer := time.NewTimer(heldBack + rand.N(heldBack/2))
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
	// Who is served at once waits for no time, and is not refused for the length of a queue.
	atOnce := g.running+g.waiting < g.limits.Places && (k == nil || k.running+k.waiting < g.limits.PlacesPerKey)
	if !atOnce && (g.waiting >= g.limits.Queue || k != nil && k.waiting >= g.limits.QueuePerKey) {
		return nil, &BusyError{after: g.retryAfter()}
	}
	if k == nil {
		k = &key{places: semaphore.NewWeighted(int64(g.limits.PlacesPerKey))}
		g.keys[keyID] = k
	}
	g.waiting++
	k.waiting++
	return k, nil
}

func (g *Gate) acquire(ctx context.Context, k *key) error {
	ctx, cancel := context.WithTimeout(ctx, g.limits.Wait)
	defer cancel()
	if err := k.places.Acquire(ctx, 1); err != nil {
		return err
	}
	if err := g.places.Acquire(ctx, 1); err != nil {
		k.places.Release(1)
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
	g.forgetIdle(keyID, k)
}

// leave gives a place back.
func (g *Gate) leave(keyID string, held time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k := g.keys[keyID]
	k.running--
	g.running--
	g.usual += (held - g.usual) / 8
	g.places.Release(1)
	k.places.Release(1)
	g.forgetIdle(keyID, k)
}

func (g *Gate) forgetIdle(keyID string, k *key) {
	if k.waiting == 0 && k.running == 0 {
		delete(g.keys, keyID)
	}
}

func (g *Gate) busy() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return &BusyError{after: g.retryAfter()}
}

// retryAfter is when those that wait and scan now are likely to be done, in whole seconds.
func (g *Gate) retryAfter() time.Duration {
	after := min(g.usual.Seconds()*float64(1+g.waiting/g.limits.Places), g.limits.Deadline.Seconds())
	return time.Duration(max(1, math.Ceil(after))) * time.Second
}

// Operation makes the governor of one operation's scans, for a key.
func (g *Gate) Operation(keyID string) *Operation {
	return &Operation{gate: g, keyID: keyID, left: g.limits.Deadline, turn: make(chan struct{}, 1)}
}

// Operation is one request, whose fields may scan at the same time. It has at most one place, on which its scans
// run one after the other; it keeps the place while any of them runs or waits.
type Operation struct {
	gate  *Gate
	keyID string
	// turn holds an element while a scan runs, or waits for the operation's place.
	turn chan struct{}

	mu sync.Mutex
	// scans are those that run or wait, and reservations.
	scans int
	// since is when the operation got its place; zero while it has none.
	since time.Time
	// refused is set once there was no place: the whole operation fails then.
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
		<-o.turn
	}), nil
}

// Reserve takes the operation's place before its first scan, and keeps it until release is called: for an operation
// that is known to scan much, and would take time before it asks. Errors: as of Scan.
func (o *Operation) Reserve(ctx context.Context) (release func(), err error) {
	if _, err := o.begin(ctx); err != nil {
		return nil, err
	}
	<-o.turn
	return sync.OnceFunc(o.end), nil
}

// begin takes the turn and the operation's place, and returns how long the operation may still scan. Without an error,
// end has to be called, and the turn given back.
func (o *Operation) begin(ctx context.Context) (left time.Duration, err error) {
	o.mu.Lock()
	o.scans++
	o.mu.Unlock()
	select {
	case o.turn <- struct{}{}:
	case <-ctx.Done():
		o.end()
		return 0, ctx.Err()
	}
	if left, err = o.admit(ctx); err != nil {
		o.end()
		<-o.turn
	}
	return left, err
}

// admit makes sure that the operation has a place, and returns how long it may still scan.
func (o *Operation) admit(ctx context.Context) (time.Duration, error) {
	o.mu.Lock()
	refused, placed, left := o.refused, !o.since.IsZero(), o.left
	o.mu.Unlock()
	switch {
	case refused != nil:
		return 0, refused
	case left <= 0:
		return 0, context.DeadlineExceeded
	case placed:
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

// end is the end of one scan or reservation. The last one gives the place back.
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
