package customers

import (
	"maps"
	"sync"
)

// settlements are what became of redemptions, by the key of the code, until the code's document tells it. Each
// change of a code writes down all of them, not only that of whoever makes it: of many who want a code, the one
// that gives it back would otherwise wait for its turn behind all of those who want it, and they would not get it.
type settlements struct {
	mu    sync.Mutex
	known map[string]map[string]settlement
}

// settlement is what became of one reservation.
type settlement struct {
	// written is whether the customer was.
	written bool
	// done is called once the code's document tells it.
	done func()
}

func newSettlements() *settlements { return &settlements{known: map[string]map[string]settlement{}} }

func (s *settlements) add(code, reservationID string, became settlement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[code] == nil {
		s.known[code] = map[string]settlement{}
	}
	s.known[code][reservationID] = became
}

// of answers those of a code, by the reservation's id.
func (s *settlements) of(code string) map[string]settlement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.known[code])
}

// done forgets settlements of a code that its document tells now.
func (s *settlements) done(code string, settled map[string]settlement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range settled {
		// Another change of the code may have told it first.
		if became, there := s.known[code][id]; there {
			delete(s.known[code], id)
			became.done()
		}
	}
	if len(s.known[code]) == 0 {
		delete(s.known, code)
	}
}
