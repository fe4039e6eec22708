package logging

import (
	"sync"
	"time"
)

// maxSubjects is how many subjects a Throttle distinguishes. Further ones share one.
const maxSubjects = 100

// Throttle bounds how often the log repeats a line: for each subject it passes a few, and counts the rest. Create it
// with NewThrottle.
type Throttle struct {
	every time.Duration
	burst int
	now   func() time.Time

	mu       sync.Mutex
	subjects map[string]*subject
}

type subject struct {
	// next is when a line would pass with a burst of 1.
	next time.Time
	// held is how many lines were suppressed since the last one.
	held int
}

// NewThrottle passes a line for each subject at the interval every, and bursts of burst lines after silence.
func NewThrottle(every time.Duration, burst int) *Throttle {
	return &Throttle{every: every, burst: burst, now: time.Now, subjects: map[string]*subject{}}
}

// Pass reports whether a line about a subject may be written now, and how many it stands for: itself, and those
// suppressed since the last one.
func (t *Throttle) Pass(about string) (times int, pass bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	s := t.subject(about, now)
	s.held++
	next := s.next
	if next.Before(now) {
		next = now
	}
	if next.Sub(now) > time.Duration(t.burst-1)*t.every {
		return 0, false
	}
	times = s.held
	s.next, s.held = next.Add(t.every), 0
	return times, true
}

func (t *Throttle) subject(about string, now time.Time) *subject {
	if s := t.subjects[about]; s != nil {
		return s
	}
	if len(t.subjects) >= maxSubjects {
		for name, s := range t.subjects {
			if !now.Before(s.next) {
				delete(t.subjects, name) // It would pass like a new one.
			}
		}
	}
	if len(t.subjects) >= maxSubjects {
		about = ""
	}
	if t.subjects[about] == nil {
		t.subjects[about] = &subject{}
	}
	return t.subjects[about]
}
