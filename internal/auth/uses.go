package auth

import (
	"context"
	"sync"
	"time"

	"clientele/internal/domain"
)

const (
	// usePrecision is how much later than the recorded use a use must be to be recorded: at most one write a minute for
	// each key.
	usePrecision = time.Minute
	// flushEvery is how long a use may stay unrecorded.
	flushEvery = time.Second
	// flushTimeout bounds the last flush, which delays the end of the program.
	flushTimeout = 2 * time.Second
	// maxPending bounds the uses that wait to be recorded while the store does not respond. Further keys are recorded at
	// a later use.
	maxPending = 10_000
)

// uses are the last uses of keys that are not recorded yet.
type uses struct {
	mu      sync.Mutex
	pending map[string]time.Time
}

// record adds a use of a key as it was just read, if the recorded use is too old.
func (u *uses) record(key *domain.APIKey, at time.Time) {
	if key.LastUsedAt != nil && at.Sub(*key.LastUsedAt) < usePrecision {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.add(key.ID, domain.Timestamp(at))
}

func (u *uses) add(id string, at time.Time) {
	last, waits := u.pending[id]
	if !waits && len(u.pending) >= maxPending || waits && !at.After(last) {
		return
	}
	if u.pending == nil {
		u.pending = map[string]time.Time{}
	}
	u.pending[id] = at
}

// take returns the uses and clears them.
func (u *uses) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.pending
	u.pending = nil
	return taken
}

// putBack adds uses that could not be recorded.
func (u *uses) putBack(taken map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, at := range taken {
		u.add(id, at)
	}
}

// Run stores the last uses of keys until the context is done, and then those that are left. Requests neither wait for it
// nor fail with it.
func (s *Service) Run(ctx context.Context) {
	ticks := time.NewTicker(flushEvery)
	defer ticks.Stop()
	failing := false
	for {
		select {
		case <-ticks.C:
			err := s.flush(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				s.log.WarnContext(ctx, "the last uses of API keys cannot be recorded for now", "error", err.Error())
			}
			failing = err != nil
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
			defer cancel()
			if err := s.flush(last); err != nil {
				s.log.WarnContext(last, "the last uses of some API keys were not recorded", "error", err.Error())
			}
			return
		}
	}
}

// flush stores what is pending.
func (s *Service) flush(ctx context.Context) error {
	taken := s.uses.take()
	if len(taken) == 0 {
		return nil
	}
	err := s.store.UseKeys(ctx, taken)
	if err != nil {
		s.uses.putBack(taken)
	}
	return err
}
