package idempotency

import (
	"context"
	"time"

	"clientele/persistence"
)

const (
	// sweepInterval is how often expired requests are looked for.
	sweepInterval = time.Minute
	// sweepSize is how many are deleted at a time, and sweepPause how long others may write before the next ones.
	sweepSize  = 500
	sweepPause = 50 * time.Millisecond
)

// Run sweeps every minute until the context is done.
func (s *Service) Run(ctx context.Context) {
	for {
		if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "requests with idempotency keys that have expired were not deleted", "error", err.Error())
		}
		if persistence.Pause(ctx, sweepInterval) != nil {
			return
		}
	}
}

// Sweep deletes the requests that have expired, some at a time, and returns how many.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := s.store.DeleteExpiredRequests(ctx, s.now(), sweepSize)
		total += n
		if err != nil || n < sweepSize {
			return total, err
		}
		if err := persistence.Pause(ctx, sweepPause); err != nil {
			return total, err
		}
	}
}
