package logging

import (
	"sync"
	"time"
)

// maxSubjects is how many subjects a Throttle tells apart. Beyond that they share the turns of one.
const maxSubjects = 100

// Throttle keeps the log from repeating itself: of many lines about one subject it lets a few through, and counts the
// rest. Subjects do not take each other's turns. Create it with NewThrottle.
type Throttle struct {
	every time.Duration
	burst int
	now   func() time.Time

	mu       sync.Mutex
	subjects map[string]*subject
}

type subject struct {
	// next is when a line would be let through if there was no burst.
	next time.Time
	// held is how many lines were held back since the last one.
	held int
}

// NewThrottle lets a line about each subject through every so often, and at first, or after a while of silence, as many
// as a burst has.
func NewThrottle(every time.Duration, burst int) *Throttle {
	return &Throttle{every: every, burst: burst, now: time.Now, subjects: map[string]*subject{}}
}

// Pass reports whether a line about a subject may be written now, and how many lines about it there would have been
// since the last one, this one included.
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
				delete(t.subjects, name) // It would be let through like one that is new.
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
