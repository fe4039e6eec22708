package membudget

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"clientele/persistence"
)

const (
	total = 64 << 20
	alone = 16 << 20
	mb    = 1 << 20
)

func newBudget() *Budget { return NewBudget(total, alone, nil) }

func heldBy(b *Budget) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// hold holds in the background and returns the outcome.
func hold(s *Share, bytes int) <-chan error {
	out := make(chan error, 1)
	go func() { out <- s.HoldBytes(bytes) }()
	return out
}

func mustHold(t *testing.T, s *Share, bytes int) {
	t.Helper()
	if err := s.HoldBytes(bytes); err != nil {
		t.Fatalf("holding %d: %v", bytes, err)
	}
}

func isWaiting(out <-chan error) bool {
	synctest.Wait()
	select {
	case <-out:
		return false
	default:
		return true
	}
}

func TestOneRequestAloneGetsWhatItsResponseNeeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ total, alone int64 }{
		"a large budget":                {1 << 30, Alone(16 << 20)},
		"a budget below one response":   {1 << 20, Alone(16 << 20)},
		"a budget of just one response": {Alone(16 << 20), Alone(16 << 20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewBudget(c.total, c.alone, nil).Share(t.Context())
			for range 16 {
				if err := errors.Join(s.Hold(mb), s.HoldResponse(mb)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestHeldMemoryIsReleased(t *testing.T) {
	t.Parallel()
	b := newBudget()
	s := b.Share(t.Context())
	mustHold(t, s, 10*mb)
	if got := heldBy(b); got != 10*mb {
		t.Errorf("%d are held", got)
	}
	s.Keep(3 * mb)
	if got := heldBy(b); got != 3*mb {
		t.Errorf("%d are held after Keep", got)
	}
	s.Keep(5 * mb)
	if got := heldBy(b); got != 3*mb {
		t.Errorf("%d are held after Keep of more than there was", got)
	}
	s.Release()
	s.Release()
	s.Keep(mb)
	if got := heldBy(b); got != 0 {
		t.Errorf("%d are held after the end", got)
	}
	if err := s.HoldBytes(mb); !errors.Is(err, persistence.ErrBusy) || heldBy(b) != 0 {
		t.Errorf("a request that has ended got more: %v", err)
	}
}

func TestSmallAmountsTakeOneStep(t *testing.T) {
	t.Parallel()
	b := newBudget()
	s := b.Share(t.Context())
	for range 100 {
		mustHold(t, s, 10)
	}
	if got := heldBy(b); got != step {
		t.Errorf("%d are held", got)
	}
}

func TestARequestIsRefusedAfterAShortWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		first, second, third := b.Share(t.Context()), b.Share(t.Context()), b.Share(t.Context())
		mustHold(t, first, 16*mb)
		mustHold(t, second, 30*mb)
		began := time.Now()
		if err := third.HoldBytes(20 * mb); !errors.Is(err, persistence.ErrBusy) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(began); waited != maxWait {
			t.Errorf("it waited %v", waited)
		}
		// What it did is lost, so nothing more is held for it, however little.
		if err := third.HoldBytes(1); !errors.Is(err, persistence.ErrBusy) || third.Refused() == nil {
			t.Errorf("it got more: %v", err)
		}
	})
}

func TestARequestGetsWhatOthersRelease(t *testing.T) {
	t.Parallel()
	for name, giveBack := range map[string]func(*Share){
		"by ending": (*Share).Release, "by writing its answer": func(s *Share) { s.Keep(mb) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBudget()
				first, second, third := b.Share(t.Context()), b.Share(t.Context()), b.Share(t.Context())
				mustHold(t, first, 16*mb)
				mustHold(t, second, 30*mb)
				waiting := hold(third, 20*mb)
				if !isWaiting(waiting) {
					t.Fatal("it did not wait")
				}
				giveBack(second)
				if err := <-waiting; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAWaitEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(cancel func(), s *Share)
		want error
	}{
		"cancelled": {func(cancel func(), _ *Share) { cancel() }, context.Canceled},
		"released":  {func(_ func(), s *Share) { s.Release() }, persistence.ErrBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBudget()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				first, second, third := b.Share(t.Context()), b.Share(t.Context()), b.Share(ctx)
				mustHold(t, first, 16*mb)
				mustHold(t, second, 30*mb)
				waiting := hold(third, 20*mb)
				if !isWaiting(waiting) {
					t.Fatal("it did not wait")
				}
				began := time.Now()
				c.end(cancel, third)
				if err := <-waiting; !errors.Is(err, c.want) || time.Since(began) != 0 {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
				first.Release()
				second.Release()
				if heldBy(b) != 0 || len(b.queue) != 0 {
					t.Errorf("%d are held, %d wait", heldBy(b), len(b.queue))
				}
			})
		})
	}
}

// Requests that each hold a part and wait for more would all be refused without it.
func TestTheOldestLargeRequestHasTheReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		var shares []*Share
		for range 32 {
			s := b.Share(t.Context())
			if s.HoldBytes(mb) == nil {
				shares = append(shares, s)
			}
		}
		var others []<-chan error
		for _, s := range shares[1:] {
			others = append(others, hold(s, 15*mb))
		}
		synctest.Wait()
		began := time.Now()
		for range 15 {
			mustHold(t, shares[0], mb)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("it waited %v", waited)
		}
		// The next one inherits the reserve.
		shares[0].Release()
		if err := <-others[0]; err != nil {
			t.Errorf("the second got %v", err)
		}
		for _, out := range others[1:] {
			<-out
		}
	})
}

func TestSmallRequestsOvertakeLargeOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		first, second, third := b.Share(t.Context()), b.Share(t.Context()), b.Share(t.Context())
		mustHold(t, first, 16*mb)
		mustHold(t, second, 40*mb)
		waiting := hold(third, 10*mb)
		if !isWaiting(waiting) {
			t.Fatal("it did not wait")
		}
		began := time.Now()
		for range 10 {
			mustHold(t, b.Share(t.Context()), small)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("small requests waited %v", waited)
		}
		<-waiting
	})
}

func TestLargeRequestsAreServedInTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		holders := []*Share{b.Share(t.Context()), b.Share(t.Context()), b.Share(t.Context())}
		mustHold(t, holders[0], 16*mb)
		mustHold(t, holders[1], 20*mb)
		mustHold(t, holders[2], 20*mb)
		first := hold(b.Share(t.Context()), 30*mb)
		if !isWaiting(first) {
			t.Fatal("the first did not wait")
		}
		// There is room for the second, but it came later.
		second := hold(b.Share(t.Context()), 5*mb)
		holders[1].Release()
		if !isWaiting(second) {
			t.Error("the second passed the first")
		}
		holders[2].Release()
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
	})
}

func TestALargeRequestBeginsWithRoomToGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		first, second := b.Share(t.Context()), b.Share(t.Context())
		mustHold(t, first, 16*mb)
		mustHold(t, second, 37*mb)
		// There are 3 MB, which it would fill and then wait for more.
		third := hold(b.Share(t.Context()), mb)
		if !isWaiting(third) {
			t.Error("the third began")
		}
		// Whoever has begun passes it.
		began := time.Now()
		mustHold(t, second, 2*mb)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the second waited %v", waited)
		}
		first.Release()
		if err := <-third; err != nil {
			t.Error(err)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		first, second := b.Share(t.Context()), b.Share(t.Context())
		mustHold(t, first, 16*mb)
		mustHold(t, second, 40*mb)
		for range maxWaiting {
			_ = hold(b.Share(t.Context()), 20*mb)
		}
		synctest.Wait()
		began := time.Now()
		if err := b.Share(t.Context()).HoldBytes(20 * mb); !errors.Is(err, persistence.ErrBusy) || time.Since(began) != 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		<-time.After(maxWait)
	})
}

func TestAnImpossibleRequestDoesNotWait(t *testing.T) {
	t.Parallel()
	b := newBudget()
	err := b.Share(t.Context()).HoldBytes(total)
	if _, tooLarge := errors.AsType[*TooLargeError](err); !tooLarge || errors.Is(err, persistence.ErrBusy) {
		t.Errorf("got %v", err)
	}
}

func TestQuietIsCalledOnceAfterABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var times atomic.Int32
		b := NewBudget(4*burst, burst, func() { times.Add(1) })
		expect := func(when string, want int32) {
			t.Helper()
			synctest.Wait()
			if got := times.Load(); got != want {
				t.Errorf("%s: called %d times, want %d", when, got, want)
			}
		}
		little := b.Share(t.Context())
		mustHold(t, little, burst/2)
		little.Release()
		expect("after little", 0)
		first, second := b.Share(t.Context()), b.Share(t.Context())
		mustHold(t, first, burst)
		mustHold(t, second, burst)
		first.Release()
		expect("while much is held", 0)
		second.Release()
		expect("after the burst", 1)
		again := b.Share(t.Context())
		mustHold(t, again, burst/2)
		again.Release()
		expect("after little again", 1)
	})
}

func TestANilBudgetRefusesNothing(t *testing.T) {
	t.Parallel()
	var b *Budget
	s := b.Share(t.Context())
	if err := errors.Join(s.Hold(1<<40), s.HoldResponse(1<<40), s.Refused()); err != nil {
		t.Error(err)
	}
	s.Keep(1)
	s.Release()
}

type operation struct {
	who   int
	what  string
	bytes int
}

// Whatever requests do, and in whatever order, no more is held than there is, the reserve included; what is counted is
// the sum of the shares; and in the end nothing is held and no share waits.
func TestNoMoreIsHeldThanTheTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		// Sampled, because generated numbers are small most of the time.
		operation := rapid.Custom(func(rt *rapid.T) operation {
			return operation{
				who:   rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5}).Draw(rt, "who"),
				what:  rapid.SampledFrom([]string{"hold", "hold", "hold", "hold", "hold little", "keep", "wait", "end"}).Draw(rt, "what"),
				bytes: rapid.SampledFrom([]int{1, step, mb, 5 * mb, 12 * mb, alone, 24 * mb}).Draw(rt, "bytes"),
			}
		})
		plan := rapid.SliceOfN(operation, 20, 80).Draw(rt, "plan")
		synctest.Test(t, func(t *testing.T) {
			b := newBudget()
			shares, ends := make([]*Share, 6), make([]func(), 6)
			begin := func(who int) {
				ctx, cancel := context.WithCancel(t.Context())
				shares[who], ends[who] = b.Share(ctx), cancel
			}
			for who := range shares {
				begin(who)
			}
			// One goroutine of a share waits at a time, and no time passes for those that wait for its mutex.
			busy := make([]<-chan error, len(shares))
			for _, op := range plan {
				switch {
				case busy[op.who] == nil || op.what == "end":
				case isWaiting(busy[op.who]):
					op.what = "wait"
				default:
					busy[op.who] = nil
				}
				switch op.what {
				case "hold":
					busy[op.who] = hold(shares[op.who], op.bytes)
				case "hold little":
					busy[op.who] = hold(shares[op.who], op.bytes/100)
				case "keep":
					shares[op.who].Keep(op.bytes)
				case "wait":
					<-time.After(maxWait / 2)
				case "end":
					ends[op.who]()
					shares[op.who].Release()
					begin(op.who)
					busy[op.who] = nil
				}
				synctest.Wait()
				b.mu.Lock()
				if b.held > b.total || b.held < 0 {
					rt.Errorf("%d of %d are held", b.held, b.total)
				}
				var sum int64
				for _, s := range shares {
					sum += s.held
				}
				if sum != b.held {
					rt.Errorf("the shares hold %d, and %d is counted", sum, b.held)
				}
				for i, w := range b.queue {
					if b.fits(w.share, w.bytes) && (i == 0 || b.passes(w.share, w.bytes)) {
						rt.Errorf("number %d of the queue waits for what it could have", i)
					}
				}
				b.mu.Unlock()
			}
			for who, s := range shares {
				ends[who]()
				s.Release()
			}
			synctest.Wait()
			if b.held != 0 || len(b.queue) != 0 || len(b.large) != 0 {
				rt.Errorf("in the end %d are held, %d wait, %d are large", b.held, len(b.queue), len(b.large))
			}
		})
	})
}
