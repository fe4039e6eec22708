package ratelimit

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is a time that tests move.
type clock struct{ time.Time }

func newClock() *clock { return &clock{time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.Time }
func (c *clock) advance(d time.Duration) { c.Time = c.Add(d) }

// twoAMinute lets through 3 at once and 2 a minute.
var twoAMinute = Policy{Name: "two", PerMinute: 2, Burst: 3}

func one(who string) Charge { return Charge{Policy: "two", Subject: who, Tokens: 1} }

func TestTake(t *testing.T) {
	t.Parallel()
	type step struct {
		after   time.Duration
		charge  Charge
		refused bool
		wait    time.Duration
		left    int
	}
	a, b := one("a"), one("b")
	all := Charge{Policy: "two", Subject: "a", Tokens: 3}
	tooMany := Charge{Policy: "two", Subject: "a", Tokens: 1000}
	for name, steps := range map[string][]step{
		"a full bucket, then none": {{charge: a, left: 2}, {charge: a, left: 1}, {charge: a, left: 0}, {charge: a, refused: true, wait: 30 * time.Second}},
		"everybody has one":        {{charge: all, left: 0}, {charge: b, left: 2}, {charge: a, refused: true, wait: 30 * time.Second}},
		"it fills in time":         {{charge: all}, {after: 30 * time.Second, charge: a, left: 0}, {charge: a, refused: true, wait: 30 * time.Second}},
		"a part has flowed in":     {{charge: all}, {after: 20 * time.Second, charge: a, refused: true, wait: 10 * time.Second}},
		"not above what it holds":  {{charge: all}, {after: time.Hour, charge: a, left: 2}},
		"a refusal takes nothing":  {{charge: a, left: 2}, {charge: all, refused: true, wait: 30 * time.Second, left: 2}, {charge: a, left: 1}},
		"more than it holds":       {{charge: tooMany, left: 0}, {charge: tooMany, refused: true, wait: 90 * time.Second}, {after: 90 * time.Second, charge: tooMany, left: 0}},
		"nothing is free":          {{charge: all}, {charge: Charge{Policy: "two", Subject: "a"}, left: 0}},
		"what was paid counts":     {{charge: a, left: 2}, {charge: Charge{Policy: "two", Subject: "a", Tokens: 1000, Paid: 1}, left: 0}},
		"the whole is waited for":  {{charge: all}, {charge: Charge{Policy: "two", Subject: "a", Tokens: 1, Paid: 1}, refused: true, wait: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			limiter := New(clock.now, 10, twoAMinute)
			for i, s := range steps {
				clock.advance(s.after)
				got := limiter.Take(s.charge)
				if (got.Refused == "two") != s.refused || got.Wait != s.wait || got.Left["two"].Tokens != s.left {
					t.Fatalf("step %d: got %+v, want %+v", i, got, s)
				}
			}
		})
	}
}

func TestSeveralChargesAreTakenTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	clock := newClock()
	limiter := New(clock.now, 10, twoAMinute, Policy{Name: "six", PerMinute: 6, Burst: 2})
	six := Charge{Policy: "six", Subject: "a", Tokens: 1}
	for i, want := range []Outcome{
		{Left: map[string]Left{"two": {2, 30 * time.Second}, "six": {1, 10 * time.Second}}},
		{Left: map[string]Left{"two": {1, time.Minute}, "six": {0, 20 * time.Second}}},
		{Refused: "six", Wait: 10 * time.Second, Left: map[string]Left{"two": {1, time.Minute}, "six": {0, 20 * time.Second}}},
	} {
		if got := limiter.Take(one("a"), six); !reflect.DeepEqual(got, want) {
			t.Fatalf("%d: got %+v, want %+v", i, got, want)
		}
	}
	// The longer of two waits is returned, and of several buckets of a policy the least.
	limiter.Take(one("a"))
	if got := limiter.Take(one("a"), six, one("b")); got.Refused != "two" || got.Wait != 30*time.Second || got.Left["two"].Tokens != 0 {
		t.Errorf("got %+v", got)
	}
	if got := limiter.Take(one("b")); got.Refused != "" || got.Left["two"].Tokens != 2 {
		t.Errorf("the refusal before took of another: %+v", got)
	}
}

func TestAPolicyThatIsNotThereIsFree(t *testing.T) {
	t.Parallel()
	limiter := New(time.Now, 1)
	if got := limiter.Take(one("a"), one("b")); got.Refused != "" || len(got.Left) > 0 {
		t.Errorf("got %+v", got)
	}
	if _, ok := limiter.Policy("two"); ok {
		t.Error("it is there")
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	for want, policy := range map[time.Duration]Policy{
		time.Minute:      {PerMinute: 6, Burst: 6},
		90 * time.Second: {PerMinute: 2, Burst: 3},
		time.Second:      {PerMinute: 60, Burst: 1},
	} {
		if got := policy.Window(); got != want {
			t.Errorf("%+v: got %s, want %s", policy, got, want)
		}
	}
}

// drawPolicy is any policy that is sensible.
func drawPolicy(t *rapid.T) Policy {
	perMinute := rapid.IntRange(1, MaxPerMinute).Draw(t, "per minute")
	return Policy{Name: "two", PerMinute: perMinute, Burst: rapid.IntRange(1, perMinute*int(MaxWindow/time.Minute)).Draw(t, "burst")}
}

// TestNobodyGetsMore takes at random, and compares with what a bucket can have given.
func TestNobodyGetsMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		clock, policy := newClock(), drawPolicy(t)
		limiter := New(clock.now, 10, policy)
		start, taken := clock.Time, map[string]int{}
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				clock.advance(time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "for")))
			},
			"take": func(t *rapid.T) {
				charge := one(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "who"))
				charge.Tokens = rapid.IntRange(0, 2*policy.Burst).Draw(t, "tokens")
				got := limiter.Take(charge)
				if got.Refused != "" {
					if got.Wait <= 0 || got.Wait > policy.Window() {
						t.Fatalf("wait for %s of %s", got.Wait, policy.Window())
					}
					return
				}
				taken[charge.Subject] += min(charge.Tokens, policy.Burst)
				most := float64(policy.Burst) + clock.Sub(start).Minutes()*float64(policy.PerMinute)
				if float64(taken[charge.Subject]) > most*1.001 {
					t.Fatalf("%s took %d, there were %f", charge.Subject, taken[charge.Subject], most)
				}
			},
		})
	})
}

// TestWaitIsLongEnough empties a bucket in any way, and retries after Wait.
func TestWaitIsLongEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		clock, policy := newClock(), drawPolicy(t)
		limiter := New(clock.now, 10, policy)
		for range rapid.IntRange(0, 5).Draw(t, "before") {
			limiter.Take(Charge{Policy: "two", Subject: "a", Tokens: rapid.IntRange(0, policy.Burst).Draw(t, "of it")})
			clock.advance(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "pause")))
		}
		first := Charge{Policy: "two", Subject: "a", Tokens: min(10, policy.Burst)}
		rest := Charge{Policy: "two", Subject: "a", Tokens: rapid.IntRange(0, 2*policy.Burst).Draw(t, "rest"), Paid: first.Tokens}
		if got := limiter.Take(first); got.Refused != "" {
			clock.advance(got.Wait)
			if got := limiter.Take(first); got.Refused != "" {
				t.Fatalf("refused again, for %s", got.Wait)
			}
		}
		if got := limiter.Take(rest); got.Refused != "" {
			clock.advance(got.Wait)
			if got := limiter.Take(first); got.Refused != "" {
				t.Fatalf("refused at the door, for %s", got.Wait)
			}
			if got := limiter.Take(rest); got.Refused != "" {
				t.Fatalf("refused again, for %s", got.Wait)
			}
		}
	})
}

// TestBucketsAreBounded takes for any number of subjects.
func TestBucketsAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 20).Draw(t, "most")
		limiter := New(newClock().now, most, twoAMinute)
		for _, who := range rapid.SliceOfN(rapid.String(), 0, 200).Draw(t, "all") {
			limiter.Take(one(who), one(who+"'s"))
			if kept := limiter.policies["two"].fullAt.Len(); kept > most {
				t.Fatalf("%d buckets are kept", kept)
			}
		}
	})
}

// Whoever was seen last is remembered while others come and go.
func TestTheLongestUnusedBucketGoesFirst(t *testing.T) {
	t.Parallel()
	limiter := New(newClock().now, 2, twoAMinute)
	for i := range 3 {
		limiter.Take(one("a"))
		limiter.Take(one(fmt.Sprint("other ", i)))
	}
	if got := limiter.Take(one("a")); got.Refused == "" {
		t.Errorf("the bucket was forgotten: %+v", got)
	}
}

func TestTakingAtTheSameTime(t *testing.T) {
	t.Parallel()
	limiter := New(newClock().now, 10, Policy{Name: "two", PerMinute: 1, Burst: 50})
	var all sync.WaitGroup
	taken := make(chan bool, 200)
	for range 200 {
		all.Go(func() { taken <- limiter.Take(one("a")).Refused == "" })
	}
	all.Wait()
	close(taken)
	count := 0
	for ok := range taken {
		if ok {
			count++
		}
	}
	if count != 50 {
		t.Errorf("%d of 50 were taken", count)
	}
}

// TestReconcile charges for what was done, and so may take more than there is.
func TestReconcile(t *testing.T) {
	t.Parallel()
	take := func(tokens int) Charge { return Charge{Policy: "two", Subject: "a", Tokens: tokens} }
	for name, c := range map[string]struct {
		charged int
		left    Left
		// wait is how long the next token has to be waited for; 0 for not at all.
		wait time.Duration
	}{
		"nothing":                  {0, Left{3, 0}, 0},
		"a part":                   {2, Left{1, time.Minute}, 0},
		"all of it":                {3, Left{0, 90 * time.Second}, 30 * time.Second},
		"a debt":                   {5, Left{0, 150 * time.Second}, 90 * time.Second},
		"a debt is a bucket's":     {1000, Left{0, 180 * time.Second}, 2 * time.Minute},
		"beyond what a number has": {1 << 62, Left{0, 180 * time.Second}, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			limiter := New(clock.now, 10, twoAMinute)
			if left, exists := limiter.Reconcile(take(c.charged)); !exists || left != c.left {
				t.Errorf("it holds %+v, want %+v", left, c.left)
			}
			got := limiter.Take(take(1))
			if (got.Refused != "") != (c.wait > 0) || got.Wait != c.wait {
				t.Fatalf("got %+v, want to wait for %s", got, c.wait)
			}
			if c.wait > 0 {
				clock.advance(c.wait)
				if got := limiter.Take(take(1)); got.Refused != "" {
					t.Errorf("refused after the wait: %+v", got)
				}
			}
			if got := limiter.Take(one("b")); got.Refused != "" || got.Left["two"].Tokens != 2 {
				t.Errorf("another pays for it: %+v", got)
			}
		})
	}
	if _, exists := New(time.Now, 1).Reconcile(take(1)); exists {
		t.Error("a policy that is not there exists")
	}
}

// TestReserve bounds the charges in progress.
func TestReserve(t *testing.T) {
	t.Parallel()
	tokens := func(n int) Charge { return Charge{Policy: "two", Subject: "a", Tokens: n} }
	limiter := New(newClock().now, 10, twoAMinute)
	if !limiter.Reserve(tokens(1000)) {
		t.Fatal("the first one is refused")
	}
	if limiter.Reserve(tokens(1)) {
		t.Error("more than the bucket holds is under way")
	}
	if !limiter.Reserve(one("b")) {
		t.Error("another is refused")
	}
	limiter.Release(tokens(1000))
	if !limiter.Reserve(tokens(2)) || !limiter.Reserve(tokens(1)) || limiter.Reserve(tokens(1)) {
		t.Error("the bucket holds three")
	}
	if got := limiter.Take(tokens(3)); got.Refused != "" {
		t.Errorf("what is reserved was taken: %+v", got)
	}
	if other := New(time.Now, 1); !other.Reserve(tokens(1)) {
		t.Error("a policy that is not there refuses")
	}
}

// TestReservationsAreReleased: after any sequence nothing stays reserved, and never more is in progress than a bucket
// holds.
func TestReservationsAreReleased(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := drawPolicy(t)
		limiter := New(newClock().now, 10, policy)
		var inProgress []Charge
		sum := map[string]int{}
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			if len(inProgress) > 0 && rapid.Bool().Draw(t, "one ends") {
				i := rapid.IntRange(0, len(inProgress)-1).Draw(t, "which")
				limiter.Release(inProgress[i])
				sum[inProgress[i].Subject] -= max(inProgress[i].Tokens, 1)
				inProgress = append(inProgress[:i], inProgress[i+1:]...)
				continue
			}
			charge := one(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "who"))
			charge.Tokens = rapid.IntRange(0, 2*policy.Burst).Draw(t, "tokens")
			before := sum[charge.Subject]
			if limiter.Reserve(charge) {
				inProgress, sum[charge.Subject] = append(inProgress, charge), before+max(charge.Tokens, 1)
				if before > 0 && before+charge.Tokens > policy.Burst {
					t.Fatalf("%d of %d are under way", before+charge.Tokens, policy.Burst)
				}
			} else if before == 0 {
				t.Fatal("the first one is refused")
			}
		}
		for _, charge := range inProgress {
			limiter.Release(charge)
		}
		if kept := len(limiter.policies["two"].reserved); kept > 0 {
			t.Fatalf("%d reservations are kept", kept)
		}
	})
}
