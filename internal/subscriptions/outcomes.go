package subscriptions

import (
	"maps"
	"sync"
)

// outcomes are the finished reservations, by the key of the promotion code, until its document says so. Each change of
// a code stores all of them, not only that of the request that makes it: otherwise, of many requests that want a code,
// the one that releases it would wait for the lock behind all the others, and those would be refused.
type outcomes struct {
	mu    sync.Mutex
	known map[string]map[string]outcome
}

// outcome is how one reservation ended.
type outcome struct {
	// redeemed is whether the customer was written.
	redeemed bool
	// stored is called once the code's document has the outcome.
	stored func()
}

func newOutcomes() *outcomes { return &outcomes{known: map[string]map[string]outcome{}} }

func (o *outcomes) add(code, reservationID string, is outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known[code] == nil {
		o.known[code] = map[string]outcome{}
	}
	o.known[code][reservationID] = is
}

// of returns those of a code, by the reservation's id.
func (o *outcomes) of(code string) map[string]outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.known[code])
}

// remove drops outcomes that the code's document now has.
func (o *outcomes) remove(code string, stored map[string]outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range stored {
		// Another change of the code may have stored it first.
		if is, known := o.known[code][id]; known {
			delete(o.known[code], id)
			is.stored()
		}
	}
	if len(o.known[code]) == 0 {
		delete(o.known, code)
	}
}
