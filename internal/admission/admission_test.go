package admission

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clientele/persistence"
)

// counts is Metrics that counts.
type counts struct {
	admitted, refused atomic.Int64
	longest           atomic.Int64
}

func (c *counts) ScansAdmitted(waited time.Duration) {
	c.admitted.Add(1)
	c.longest.Store(max(c.longest.Load(), int64(waited)))
}

func (c *counts) ScansRefused() { c.refused.Add(1) }

// hold has an operation of the key scan until the test releases it.
func hold(t *testing.T, g *Gate, key string) (release func()) {
	t.Helper()
	_, release, err := g.Operation(key).Scan(t.Context())
	if err != nil {
		t.Fatalf("the first scan of %s: %v", key, err)
	}
	return release
}

// attempt is a scan whose outcome is known later.
type attempt struct {
	err     error
	release func()
	ended   bool
}

// try waits for a slot in a goroutine, and returns once it waits or has ended.
func try(ctx context.Context, o *Operation) *attempt {
	a := &attempt{}
	go func() {
		_, a.release, a.err = o.Scan(ctx)
		a.ended = true
	}()
	synctest.Wait()
	return a
}

func expectLoad(t *testing.T, g *Gate, waiting, running int) {
	t.Helper()
	if w, r := g.Load(); w != waiting || r != running {
		t.Errorf("%d wait and %d run, want %d and %d", w, r, waiting, running)
	}
}

func expectIdle(t *testing.T, g *Gate) {
	t.Helper()
	expectLoad(t, g, 0, 0)
	if len(g.keys) > 0 {
		t.Errorf("%d keys are kept although they are idle", len(g.keys))
	}
	if !g.slots.TryAcquire(int64(g.limits.Slots)) {
		t.Error("a slot was not released")
	}
}

func TestTheServerHasAFixedNumberOfSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Limits{Slots: 2, SlotsPerKey: 2}, nil)
		first, second := hold(t, g, "a"), hold(t, g, "b")
		third := try(t.Context(), g.Operation("c"))
		expectLoad(t, g, 1, 2)
		first()
		synctest.Wait()
		if !third.ended || third.err != nil {
			t.Fatalf("a slot became free, and the waiting operation has %v", third.err)
		}
		second()
		third.release()
		expectIdle(t, g)
	})
}

func TestAKeyHasAFixedNumberOfSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Limits{Slots: 3, SlotsPerKey: 1}, nil)
		first := hold(t, g, "a")
		second := try(t.Context(), g.Operation("a"))
		hold(t, g, "b")()
		if second.ended {
			t.Fatal("a key has more slots than it can have")
		}
		first()
		synctest.Wait()
		second.release()
		expectIdle(t, g)
	})
}

func TestTheWaitIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &counts{}
		g := New(Limits{Slots: 1, Wait: 2 * time.Second}, seen)
		release := hold(t, g, "a")
		began := time.Now()
		_, _, err := g.Operation("b").Scan(t.Context())
		if !errors.Is(err, persistence.ErrBusy) || time.Since(began) != 2*time.Second {
			t.Errorf("after %v the scan has %v", time.Since(began), err)
		}
		if seen.admitted.Load() != 1 || seen.refused.Load() != 1 {
			t.Errorf("%d admitted and %d refused, want one of each", seen.admitted.Load(), seen.refused.Load())
		}
		release()
		expectIdle(t, g)
	})
}

func TestAFullQueueRefusesAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Limits{Slots: 1, Queue: 2, QueuePerKey: 2}, nil)
		release := hold(t, g, "a")
		b, c := try(t.Context(), g.Operation("b")), try(t.Context(), g.Operation("c"))
		began := time.Now()
		_, _, err := g.Operation("d").Scan(t.Context())
		if took := time.Since(began); !errors.Is(err, persistence.ErrBusy) || took < refusalDelay || took > refusalDelay*3/2 {
			t.Errorf("after %v the scan has %v", time.Since(began), err)
		}
		for _, next := range []func(){release, func() { b.release() }, func() { c.release() }} {
			next()
			synctest.Wait()
		}
		expectIdle(t, g)
	})
}

func TestOneKeyDoesNotFillTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Limits{Slots: 1, Queue: 8, QueuePerKey: 3}, nil)
		release := hold(t, g, "greedy")
		var greedy []*attempt
		for range 20 {
			greedy = append(greedy, try(t.Context(), g.Operation("greedy")))
		}
		time.Sleep(refusalDelay * 3 / 2)
		expectLoad(t, g, 3, 1)
		modest := try(t.Context(), g.Operation("modest"))
		expectLoad(t, g, 4, 1)
		// The greedy key's first in line came before the modest one, its others behind it.
		release()
		synctest.Wait()
		if modest.ended {
			modest.release()
		} else {
			for _, a := range greedy {
				if a.ended && a.err == nil {
					a.release()
				}
			}
			synctest.Wait()
		}
		if !modest.ended || modest.err != nil {
			t.Error("more than one scan of the greedy key went first")
		}
		refused := 0
		for _, a := range greedy {
			if errors.Is(a.err, persistence.ErrBusy) {
				refused++
			}
		}
		if refused != 17 {
			t.Errorf("%d were refused, want 17", refused)
		}
	})
}

func TestRetryAfterIsSensible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Limits{Slots: 1, Queue: 1, Deadline: 10 * time.Second}, nil)
		for range 100 {
			_, release, err := g.Operation("a").Scan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(3500 * time.Millisecond)
			release()
		}
		defer hold(t, g, "a")()
		waiting := try(t.Context(), g.Operation("b"))
		_, _, err := g.Operation("c").Scan(t.Context())
		busy, ok := errors.AsType[*BusyError](err)
		if !ok || busy.RetryAfter() != 7*time.Second {
			t.Errorf("two scans of 3.5 s are before it, and it has %v", err)
		}
		time.Sleep(DefaultWait)
		synctest.Wait()
		if busy, ok = errors.AsType[*BusyError](waiting.err); !ok || busy.RetryAfter() != 4*time.Second {
			t.Errorf("one scan of 3.5 s is before it, and it has %v", waiting.err)
		}
	})
}

func TestAnOperationHasOneSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &counts{}
		g := New(Limits{Slots: 2, SlotsPerKey: 2, Queue: 1, QueuePerKey: 1}, seen)
		o := g.Operation("a")
		var running, most atomic.Int64
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				_, release, err := o.Scan(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(10 * time.Millisecond)
				running.Add(-1)
				expectLoad(t, g, 0, 1)
			})
		}
		group.Wait()
		if most.Load() != 1 || seen.admitted.Load() != 1 {
			t.Errorf("%d scans ran at once, on %d slots", most.Load(), seen.admitted.Load())
		}
		expectIdle(t, g)
	})
}

func TestAScanHasADeadlineThatTheOperationShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Limits{Slots: 1, Deadline: 10 * time.Second}, nil)
		o := g.Operation("a")
		began := time.Now()
		for i := range 2 {
			scanning, release, err := o.Scan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				time.Sleep(4 * time.Second)
			} else {
				<-scanning.Done()
			}
			release()
			release() // A second call does nothing.
		}
		if time.Since(began) != 10*time.Second {
			t.Errorf("the scans ended after %v", time.Since(began))
		}
		if _, _, err := o.Scan(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third scan has %v", err)
		}
		expectIdle(t, g)
	})
}

func TestARefusedOperationIsNotQueuedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Limits{Slots: 1, Wait: time.Second}, nil)
		defer hold(t, g, "a")()
		o, began := g.Operation("b"), time.Now()
		for range 20 {
			if _, _, err := o.Scan(t.Context()); !errors.Is(err, persistence.ErrBusy) {
				t.Error(err)
			}
		}
		if time.Since(began) != time.Second {
			t.Errorf("the operation waited for %v", time.Since(began))
		}
	})
}

func TestACancelledWaitIsTheContextsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &counts{}
		g := New(Limits{Slots: 1}, seen)
		release := hold(t, g, "a")
		ctx, cancel := context.WithCancel(t.Context())
		o := g.Operation("b")
		queued, behind := try(ctx, o), try(ctx, o)
		cancel()
		synctest.Wait()
		for _, a := range []*attempt{queued, behind} {
			if !errors.Is(a.err, context.Canceled) {
				t.Errorf("the scan has %v", a.err)
			}
		}
		if seen.refused.Load() != 0 {
			t.Error("a request that nobody waits for counts as refused")
		}
		release()
		expectIdle(t, g)
	})
}

// TestSlotsAreNeverExceededNorLost has many operations of a few keys come, scan and be cancelled at random moments.
func TestSlotsAreNeverExceededNorLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			limits := Limits{
				Slots: 1 + random.IntN(3), Queue: 1 + random.IntN(12), QueuePerKey: 1 + random.IntN(6),
				Wait: time.Duration(1+random.IntN(5)) * time.Millisecond, Deadline: time.Duration(1+random.IntN(5)) * time.Millisecond,
			}
			limits.SlotsPerKey = 1 + random.IntN(limits.Slots)
			g := New(limits, nil)
			var ofServer atomic.Int64
			ofKey := make([]atomic.Int64, 3)
			operation := func(k int, random *rand.Rand) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(4000))*time.Microsecond)
				defer cancel()
				o := g.Operation(fmt.Sprint(k))
				var scans sync.WaitGroup
				for range 1 + random.IntN(4) {
					pause := time.Duration(random.IntN(1500)) * time.Microsecond
					scans.Go(func() {
						scanning, release, err := o.Scan(ctx)
						if err != nil {
							return
						}
						defer release()
						if n := ofServer.Add(1); n > int64(limits.Slots) {
							t.Errorf("%d scans at once, on %d slots", n, limits.Slots)
						}
						if n := ofKey[k].Add(1); n > int64(limits.SlotsPerKey) {
							t.Errorf("%d scans of a key at once, on %d slots", n, limits.SlotsPerKey)
						}
						if waiting, running := g.Load(); waiting > limits.Queue+limits.Slots || running > limits.Slots {
							t.Errorf("%d wait and %d run", waiting, running)
						}
						select {
						case <-scanning.Done():
						case <-time.After(pause):
						}
						ofKey[k].Add(-1)
						ofServer.Add(-1)
					})
				}
				scans.Wait()
			}
			var all sync.WaitGroup
			for worker := range 24 {
				random := rand.New(rand.NewPCG(seed, uint64(worker)+1))
				all.Go(func() {
					for range 60 {
						operation(random.IntN(len(ofKey)), random)
					}
				})
			}
			all.Wait()
			expectIdle(t, g)
		})
	}
}

// TestAReservationIsTheSlotOfItsOperation: an operation that has reserved scans without waiting, others wait until the
// reservation is released, and nothing is kept.
func TestAReservationIsTheSlotOfItsOperation(t *testing.T) {
	t.Parallel()
	gate := New(Limits{Slots: 1, Queue: 1, QueuePerKey: 1, Wait: 10 * time.Millisecond}, nil)
	first, second := gate.Operation("a"), gate.Operation("b")
	release, err := first.Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, done, err := first.Scan(t.Context())
		if err != nil {
			t.Fatalf("its own scan: %v", err)
		}
		done()
	}
	if _, running := gate.Load(); running != 1 {
		t.Errorf("%d slots are taken after its scans", running)
	}
	if _, err := second.Reserve(t.Context()); !errors.Is(err, persistence.ErrBusy) {
		t.Errorf("another operation got the slot: %v", err)
	}
	release()
	release()
	if waiting, running := gate.Load(); waiting != 0 || running != 0 || len(gate.keys) != 0 {
		t.Errorf("%d wait and %d run, of %d keys", waiting, running, len(gate.keys))
	}
	again, err := gate.Operation("b").Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// TestAReservationEndsWithItsContext while it waits for a scan of its own operation.
func TestAReservationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	gate := New(Limits{Slots: 1}, nil)
	operation := gate.Operation("a")
	_, done, err := operation.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := operation.Reserve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	done()
	if waiting, running := gate.Load(); waiting != 0 || running != 0 {
		t.Errorf("%d wait and %d run", waiting, running)
	}
}
