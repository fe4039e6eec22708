package idempotency

import (
	"context"
	"errors"
	"sync"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// keepAlive writes heartbeats of a claimed request, which are new versions, until stop is called. lost is called when
// another server may have taken the request over: then it must not be carried out any further.
func (s *Service) keepAlive(ctx context.Context, claim *domain.KeyedRequest, lost func()) (stop func()) {
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		interval := lease / 3
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		alive := time.Now()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			began := time.Now()
			next := *claim
			next.Version++
			err := s.heartbeat(ctx, &next, interval)
			switch {
			case err == nil:
				alive, claim.Version = began, next.Version
			case errors.Is(err, persistence.ErrConflict), errors.Is(err, persistence.ErrNotFound), time.Since(alive)+interval >= lease:
				lost()
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		group.Wait()
	})
}

func (s *Service) heartbeat(ctx context.Context, next *domain.KeyedRequest, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return s.store.ReplaceRequest(ctx, next)
}
