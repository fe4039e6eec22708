package keylock

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// inUse is how many keys are held or waited for.
func (l *Locks) inUse() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.locks)
}

func mustLock(t *testing.T, locks *Locks, key string) (unlock func()) {
	t.Helper()
	unlock, err := locks.Lock(t.Context(), key)
	if err != nil {
		t.Error(err)
	}
	return unlock
}

func requireInUse(t *testing.T, locks *Locks, want int) {
	t.Helper()
	if got := locks.inUse(); got != want {
		t.Errorf("%d keys are in use, want %d", got, want)
	}
}

func TestOneCallerHoldsAKeyAtATime(t *testing.T) {
	t.Parallel()
	locks := New()
	// Without the lock, the race detector would report this and the sum could be wrong.
	sum := 0
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			defer mustLock(t, locks, "ada")()
			sum++
		})
	}
	group.Wait()
	if sum != 100 {
		t.Errorf("%d of 100 held the lock", sum)
	}
	requireInUse(t, locks, 0)
}

func TestKeysAreIndependent(t *testing.T) {
	t.Parallel()
	locks := New()
	unlockAda := mustLock(t, locks, "ada")
	unlockEve := mustLock(t, locks, "eve")
	requireInUse(t, locks, 2)
	unlockAda()
	unlockEve()
	requireInUse(t, locks, 0)
}

func TestTheNextCallerWaitsForUnlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locks := New()
		unlock := mustLock(t, locks, "ada")
		held := make(chan func(), 1)
		go func() { held <- mustLock(t, locks, "ada") }()
		synctest.Wait()
		if len(held) != 0 {
			t.Error("two callers hold the lock")
		}
		unlock()
		(<-held)()
		requireInUse(t, locks, 0)
	})
}

func TestACancelledCallerDoesNotBlockTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locks := New()
		unlock := mustLock(t, locks, "ada")
		ctx, cancel := context.WithCancel(t.Context())
		cancelled, held := make(chan error, 1), make(chan func(), 1)
		go func() {
			_, err := locks.Lock(ctx, "ada")
			cancelled <- err
		}()
		go func() { held <- mustLock(t, locks, "ada") }()
		synctest.Wait()

		cancel()
		if err := <-cancelled; !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled caller got %v", err)
		}
		requireInUse(t, locks, 1)
		unlock()
		(<-held)()
		requireInUse(t, locks, 0)
	})
}
