// Package ratelimit bounds how much each subject, such as an API key, takes over time, with token buckets. It knows
// nothing of HTTP and GraphQL, and keeps no more than a hash of a subject.
package ratelimit

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru" // bounds the buckets; it is what gqlgen's caches are made of
)

// Policy is the limit of each subject: a bucket of Burst tokens, full at first, refilled with PerMinute tokens a minute.
// Both are at least 1, PerMinute is at most MaxPerMinute, and Window is at most MaxWindow.
type Policy struct {
	Name      string
	PerMinute int
	Burst     int
}

// The bounds of a policy, so that times are exact to a hundredth of a token and do not overflow.
const (
	MaxPerMinute = 600_000_000
	MaxWindow    = 24 * time.Hour
)

// Window is how long an empty bucket takes to become full.
func (p Policy) Window() time.Duration { return time.Duration(p.Burst) * p.interval() }

// interval is the time between two tokens.
func (p Policy) interval() time.Duration { return time.Minute / time.Duration(p.PerMinute) }

// Limiter keeps the buckets of some policies. It is safe for concurrent use.
type Limiter struct {
	now      func() time.Time
	seed     maphash.Seed
	mutex    sync.Mutex
	policies map[string]*buckets
}

// buckets are those of one policy. GCRA: each is stored as the time at which it is full again. A full one need not be
// stored, so the least recently used one is dropped when there are too many. The key is a hash with a secret seed, so
// that no client can choose whose bucket it shares.
type buckets struct {
	Policy
	fullAt *simplelru.LRU[uint64, time.Time]
	// reserved are the tokens of charges in progress.
	reserved map[uint64]int
}

// left returns what a bucket holds that is full after missing; 0 tokens if it is in debt.
func (b *buckets) left(missing time.Duration) Left {
	return Left{Tokens: max(0, int((b.Window()-missing)/b.interval())), FullIn: missing}
}

// New makes a limiter that keeps at most so many buckets for each policy. The clock must be monotonic, as time.Now is.
func New(now func() time.Time, most int, policies ...Policy) *Limiter {
	limiter := &Limiter{now: now, seed: maphash.MakeSeed(), policies: map[string]*buckets{}}
	for _, policy := range policies {
		fullAt, err := simplelru.NewLRU[uint64, time.Time](most, nil)
		if err != nil { // only for a size below 1
			panic(err)
		}
		limiter.policies[policy.Name] = &buckets{Policy: policy, fullAt: fullAt, reserved: map[uint64]int{}}
	}
	return limiter
}

// Reconcile takes a charge for what was done already. The bucket may go into debt, of at most Burst, and then refuses
// until it is refilled. It returns what the bucket holds; exists is false without such a policy.
func (l *Limiter) Reconcile(charge Charge) (left Left, exists bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	from := l.policies[charge.Policy]
	if from == nil {
		return Left{}, false
	}
	now, hash := l.now(), maphash.String(l.seed, charge.Subject)
	var missing time.Duration
	if fullAt, ok := from.fullAt.Get(hash); ok {
		missing = max(fullAt.Sub(now), 0)
	}
	price := time.Duration(min(charge.Tokens, 2*from.Burst)) * from.interval()
	missing = min(missing+price, max(2*from.Window(), missing))
	from.fullAt.Add(hash, now.Add(missing))
	return from.left(missing), true
}

// Reserve bounds the charges that a subject has in progress at the same time by Burst, without taking tokens: they are
// reconciled later. The first one is always let through. If Reserve returns true, Release must be called with the same
// charge.
func (l *Limiter) Reserve(charge Charge) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	from := l.policies[charge.Policy]
	if from == nil {
		return true
	}
	hash := maphash.String(l.seed, charge.Subject)
	reserved := from.reserved[hash]
	if reserved > 0 && charge.Tokens > from.Burst-reserved {
		return false
	}
	from.reserved[hash] = reserved + max(charge.Tokens, 1)
	return true
}

// Release ends what Reserve began.
func (l *Limiter) Release(charge Charge) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	from := l.policies[charge.Policy]
	if from == nil {
		return
	}
	hash := maphash.String(l.seed, charge.Subject)
	if from.reserved[hash] -= max(charge.Tokens, 1); from.reserved[hash] <= 0 {
		delete(from.reserved, hash)
	}
}

// Policy returns the policy of a name, if the limiter has it.
func (l *Limiter) Policy(name string) (Policy, bool) {
	all, ok := l.policies[name]
	if !ok {
		return Policy{}, false
	}
	return all.Policy, true
}

// Charge is what a subject takes of a policy.
type Charge struct {
	// Policy is the policy's name; a charge to one that the limiter does not have is free.
	Policy string
	// Subject identifies the bucket, such as the id of an API key. It is not kept.
	Subject string
	// Tokens are taken; at most Burst.
	Tokens int
	// Paid is what the same request took before, and has to take again when it is retried.
	Paid int
}

// Outcome is the outcome of Take.
type Outcome struct {
	// Refused is the policy that has too little left; empty if everything was taken.
	Refused string
	// Wait is how long until a refused request can be paid for, without others in between.
	Wait time.Duration
	// Left is what the bucket of each charged policy holds now; of several, the least.
	Left map[string]Left
}

// Left is what a bucket holds.
type Left struct {
	Tokens int
	// FullIn is how long the bucket takes to be full.
	FullIn time.Duration
}

// Take takes all charges, or none of them. No two may have the same policy and subject.
func (l *Limiter) Take(charges ...Charge) Outcome {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	outcome := Outcome{Left: map[string]Left{}}
	type taking struct {
		from           *buckets
		hash           uint64
		missing, price time.Duration
	}
	takings := make([]taking, 0, len(charges))
	for _, charge := range charges {
		from := l.policies[charge.Policy]
		if from == nil {
			continue
		}
		whole := min(charge.Paid+charge.Tokens, from.Burst)
		t := taking{from: from, hash: maphash.String(l.seed, charge.Subject)}
		t.price = time.Duration(max(whole-charge.Paid, 0)) * from.interval()
		if fullAt, ok := from.fullAt.Get(t.hash); ok {
			t.missing = max(fullAt.Sub(now), 0)
		}
		if t.missing+t.price > from.Window() {
			wait := t.missing + time.Duration(whole)*from.interval() - from.Window()
			if wait > outcome.Wait {
				outcome.Refused, outcome.Wait = charge.Policy, wait
			}
		}
		takings = append(takings, t)
	}
	for _, t := range takings {
		if outcome.Refused == "" {
			t.missing += t.price
			t.from.fullAt.Add(t.hash, now.Add(t.missing))
		}
		left := t.from.left(t.missing)
		if least, ok := outcome.Left[t.from.Name]; !ok || left.FullIn > least.FullIn {
			outcome.Left[t.from.Name] = left
		}
	}
	return outcome
}
