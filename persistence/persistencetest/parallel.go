package persistencetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"clientele/internal/domain"
	"clientele/persistence"
)

// inParallel calls do with every item, at most limit calls at a time, and ends the case if one fails.
func inParallel[V any](t T, limit int, items []V, do func(V) error) {
	t.Helper()
	var (
		group  sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	slots := make(chan struct{}, limit)
	for _, item := range items {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := do(item); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, err)
			}
		})
	}
	group.Wait()
	if failed != nil {
		t.Fatalf("%v", failed)
	}
}

// race calls do n times at once, with 0 to n-1, and returns the errors.
func race(n int, do func(int) error) []error {
	var group sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	group.Wait()
	return errs
}

// expectOneWinner expects one nil among the errors, and loss for all others. It returns the winner's place.
func expectOneWinner(t T, errs []error, loss error) int {
	t.Helper()
	winner, winners := -1, 0
	for i, err := range errs {
		switch {
		case err == nil:
			winner = i
			winners++
		case !errors.Is(err, loss):
			t.Errorf("writer %d: got %v, want nil or %v", i, err, loss)
		}
	}
	if winners != 1 {
		t.Fatalf("%d of %d writers won, want 1", winners, len(errs))
	}
	return winner
}

// update changes a live customer in a compare-and-swap loop, as use cases do.
func update(
	ctx context.Context, store persistence.Store, ref domain.CustomerRef, change func(*domain.Customer),
) error {
	const attempts = 1000
	for range attempts {
		customer, err := store.LiveCustomer(ctx, ref)
		if err != nil {
			return err
		}
		change(customer)
		customer.Version++
		if err := store.ReplaceCustomer(ctx, customer); !errors.Is(err, persistence.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("lost the race %d times", attempts)
}
