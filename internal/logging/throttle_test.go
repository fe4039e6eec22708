package logging

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	const every = time.Minute
	type line struct {
		at    time.Duration
		about string
		// times is 0 for a line that is held back.
		times int
	}
	for name, c := range map[string]struct {
		burst int
		lines []line
	}{
		"one in a while": {1, []line{
			{0, "a", 1}, {1, "a", 0}, {every - 1, "a", 0}, {every, "a", 3}, {every + 1, "a", 0}, {9 * every, "a", 2}, {9*every + 1, "a", 0},
		}},
		"some at first": {3, []line{
			{0, "a", 1}, {0, "a", 1}, {0, "a", 1}, {0, "a", 0}, {every, "a", 2}, {every, "a", 0},
		}},
		"some after a silence": {2, []line{
			{0, "a", 1}, {0, "a", 1}, {0, "a", 0}, {2 * every, "a", 2}, {2 * every, "a", 1}, {2 * every, "a", 0},
		}},
		"of each subject": {1, []line{
			{0, "a", 1}, {0, "b", 1}, {1, "a", 0}, {1, "b", 0}, {1, "c", 1}, {every, "b", 2}, {every, "a", 2},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			throttle := NewThrottle(every, c.burst)
			begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for i, l := range c.lines {
				throttle.now = func() time.Time { return begin.Add(l.at) }
				if times, pass := throttle.Pass(l.about); times != l.times || pass != (l.times > 0) {
					t.Errorf("line %d about %s: %d, %t, want %d", i, l.about, times, pass, l.times)
				}
			}
		})
	}
}

// TestThrottleIsBounded: invented subjects get no more lines and no memory, and take no lines of real ones.
func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	throttle := NewThrottle(time.Minute, 1)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	throttle.now = func() time.Time { return now }
	invent := func(from int) (lines int) {
		for i := range 10 * maxSubjects {
			if _, pass := throttle.Pass(fmt.Sprint(from + i)); pass {
				lines++
			}
		}
		if len(throttle.subjects) > maxSubjects+1 {
			t.Fatalf("there are %d subjects", len(throttle.subjects))
		}
		return lines
	}
	if lines := invent(0); lines != maxSubjects+1 {
		t.Errorf("%d lines", lines)
	}
	if _, pass := throttle.Pass("0"); pass {
		t.Error("one that is there had a turn too many")
	}
	now = now.Add(time.Minute)
	if lines := invent(1_000_000); lines != maxSubjects+1 {
		t.Errorf("%d lines after a silence", lines)
	}
}

func TestThrottleOfMany(t *testing.T) {
	t.Parallel()
	throttle := NewThrottle(time.Hour, 5)
	var mutex sync.Mutex
	var group sync.WaitGroup
	passed := 0
	for range 8 {
		group.Go(func() {
			for range 100 {
				if _, pass := throttle.Pass(""); pass {
					mutex.Lock()
					passed++
					mutex.Unlock()
				}
			}
		})
	}
	group.Wait()
	if passed != 5 {
		t.Errorf("%d lines passed", passed)
	}
}
