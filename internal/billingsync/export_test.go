package billingsync

// The bounds that tests wait for.
const (
	LeaseLasts    = lease
	EntersWithin  = enterTimeout
	ClosesWithin  = closeTimeout
	RecordsWithin = recordTimeout
	DueEvery      = dueInterval
)

// WithSlots sets how many tasks may wait and run, and how many may run.
func WithSlots(waiting, running int) Option {
	return func(s *Service) {
		s.waiting, s.running = make(chan struct{}, waiting), make(chan struct{}, running)
	}
}
