package turns

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// left is how many keys somebody has the turn at or waits for.
func (t *Turns) left() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.taken)
}

func TestTurnsLetOneThroughAtATime(t *testing.T) {
	t.Parallel()
	queue := New()
	// Without turns, the race detector and the sum would both tell.
	sum := 0
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			release, err := queue.Take(t.Context(), "ada")
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			sum++
		})
	}
	group.Wait()
	if sum != 100 {
		t.Errorf("%d of 100 had their turn", sum)
	}
	if n := queue.left(); n != 0 {
		t.Errorf("%d keys are kept for nobody", n)
	}
}

func TestTurnsOfDifferentKeysAreIndependent(t *testing.T) {
	t.Parallel()
	queue := New()
	releaseAda, err := queue.Take(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	releaseEve, err := queue.Take(t.Context(), "eve")
	if err != nil {
		t.Fatal(err)
	}
	if n := queue.left(); n != 2 {
		t.Errorf("%d keys are in use", n)
	}
	releaseAda()
	releaseEve()
	if n := queue.left(); n != 0 {
		t.Errorf("%d keys are kept for nobody", n)
	}
}

func TestATurnIsPassedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := New()
		release, err := queue.Take(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		taken := make(chan func(), 1)
		go func() {
			next, err := queue.Take(t.Context(), "ada")
			if err != nil {
				t.Error(err)
			}
			taken <- next
		}()
		synctest.Wait()
		if len(taken) != 0 {
			t.Error("two have the turn")
		}
		release()
		(<-taken)()
		if n := queue.left(); n != 0 {
			t.Errorf("%d keys are kept for nobody", n)
		}
	})
}

func TestWhoHangsUpLosesNobodyElseTheTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := New()
		release, err := queue.Take(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		told, taken := make(chan error, 1), make(chan func(), 1)
		go func() {
			_, err := queue.Take(ctx, "ada")
			told <- err
		}()
		go func() {
			next, err := queue.Take(t.Context(), "ada")
			if err != nil {
				t.Error(err)
			}
			taken <- next
		}()
		synctest.Wait()

		hangUp()
		if err := <-told; !errors.Is(err, context.Canceled) {
			t.Errorf("who hangs up is told %v", err)
		}
		if n := queue.left(); n != 1 {
			t.Errorf("%d keys are in use", n)
		}
		release()
		(<-taken)()
		if n := queue.left(); n != 0 {
			t.Errorf("%d keys are kept for nobody", n)
		}
	})
}
