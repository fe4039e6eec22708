package billingsync

import (
	"context"
	"time"

	"clientele/persistence"
)

const (
	// dueInterval is how often due customers are looked for, and maxDue how many are looked at then.
	dueInterval = time.Second
	maxDue      = 200
)

// Run syncs customers that are due until the context is done. Then it starts nothing more and waits a while for the syncs
// in progress; what is cut off is retried later. The context should outlive all requests, because billing information
// that arrives later is lost.
func (s *Service) Run(ctx context.Context) {
	for persistence.Pause(ctx, dueInterval) == nil {
		if err := s.Due(ctx); err != nil && ctx.Err() == nil {
			s.logThrottled(ctx, "customers that are due to be synced with the billing provider were not found", err)
		}
	}
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	timer := time.AfterFunc(closeTimeout, s.close)
	defer timer.Stop()
	s.tasks.Wait()
	s.close()
}

// Due makes an attempt at each of the customers that are due, and waits for them.
func (s *Service) Due(ctx context.Context) error {
	due, err := s.store.DueCustomers(ctx, time.Now(), maxDue)
	if err != nil {
		return err
	}
	var waits []<-chan struct{}
	for _, ref := range due {
		if s.inProgress(ref) {
			continue // Its task may have billing information, which is not stored.
		}
		done := make(chan struct{})
		s.begin(ctx, &task{ref: ref}, func(error) { close(done) })
		waits = append(waits, done)
	}
	for _, done := range waits {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
