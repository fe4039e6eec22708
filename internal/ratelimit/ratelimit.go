// Package ratelimit bounds how much is taken over time, with a token bucket for each of those who take. It knows
// nothing of HTTP and GraphQL, and of those who take no more than a number.
package ratelimit

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru" // bounds the buckets; it is what gqlgen's caches are made of
)

// Policy is a limit that everybody has for himself: a bucket of Burst tokens, full at first, which PerMinute tokens a
// minute flow into. Both are at least 1, PerMinute is at most MaxPerMinute, and no bucket takes longer than MaxWindow
// to become full.
type Policy struct {
	Name      string
	PerMinute int
	Burst     int
}

// What a policy may be, so that times are exact to a token's hundredth and do not overflow.
const (
	MaxPerMinute = 600_000_000
	MaxWindow    = 24 * time.Hour
)

// Window is how long an empty bucket takes to become full.
func (p Policy) Window() time.Duration { return time.Duration(p.Burst) * p.interval() }

// interval is how long a token takes to flow in.
func (p Policy) interval() time.Duration { return time.Minute / time.Duration(p.PerMinute) }

// Limiter keeps the buckets of some policies. Its methods may be called at the same time.
type Limiter struct {
	now      func() time.Time
	seed     maphash.Seed
	mutex    sync.Mutex
	policies map[string]*buckets
}

// buckets are those of one policy, each as the time at which it will be full: so many tokens are missing as flow in
// until then. One that is full is as good as none, so with too many the one that was used longest ago is dropped.
// They are kept by a hash with a secret seed, so that nobody can choose whose bucket he shares.
type buckets struct {
	Policy
	fullAt *simplelru.LRU[uint64, time.Time]
	// reserved are the tokens of charges that are under way, and has an entry for these only.
	reserved map[uint64]int
}

// left is what a bucket holds while so much time is missing until it is full; a debt is shown as an empty bucket.
func (b *buckets) left(missing time.Duration) Left {
	return Left{Tokens: max(0, int((b.Window()-missing)/b.interval())), FullIn: missing}
}

// New makes a limiter that keeps at most so many buckets for each policy, whoever takes. The clock has to be one that
// is not set back, as time.Now is.
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

// Settle takes a charge for what was done already. The bucket may go into debt, of at most what it holds when it is
// full: then it refuses until that has flowed in. It returns what the bucket holds; nothing of a policy that the
// limiter does not have.
func (l *Limiter) Settle(charge Charge) (left Left, exists bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	from := l.policies[charge.Policy]
	if from == nil {
		return Left{}, false
	}
	now, hash := l.now(), maphash.String(l.seed, charge.Who)
	var missing time.Duration
	if fullAt, ok := from.fullAt.Get(hash); ok {
		missing = max(fullAt.Sub(now), 0)
	}
	price := time.Duration(min(charge.Tokens, 2*from.Burst)) * from.interval()
	missing = min(missing+price, max(2*from.Window(), missing))
	from.fullAt.Add(hash, now.Add(missing))
	return from.left(missing), true
}

// Reserve keeps tokens for a charge that is to be settled later, without taking them: it bounds what one may have
// under way at the same time by what a bucket holds. The first of those under way is always let through. Release must
// be called with the same charge if Reserve returns true.
func (l *Limiter) Reserve(charge Charge) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	from := l.policies[charge.Policy]
	if from == nil {
		return true
	}
	hash := maphash.String(l.seed, charge.Who)
	reserved := from.reserved[hash]
	if reserved > 0 && charge.Tokens > from.Burst-reserved {
		return false
	}
	from.reserved[hash] = reserved + max(charge.Tokens, 1)
	return true
}

// Release gives back what Reserve kept.
func (l *Limiter) Release(charge Charge) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	from := l.policies[charge.Policy]
	if from == nil {
		return
	}
	hash := maphash.String(l.seed, charge.Who)
	if from.reserved[hash] -= max(charge.Tokens, 1); from.reserved[hash] <= 0 {
		delete(from.reserved, hash)
	}
}

// Policy is the one of the name, if the limiter has it.
func (l *Limiter) Policy(name string) (Policy, bool) {
	all, ok := l.policies[name]
	if !ok {
		return Policy{}, false
	}
	return all.Policy, true
}

// Charge is what somebody wants of a policy.
type Charge struct {
	// Policy is the policy's name; a charge to one that the limiter does not have is free.
	Policy string
	// Who takes. It is not kept.
	Who string
	// Tokens are taken; of more than the bucket can hold, all that it can hold.
	Tokens int
	// Paid is what the same request took before, and would have to take again.
	Paid int
}

// Outcome is what became of charges.
type Outcome struct {
	// Refused is the policy that has too little left; empty if everything was taken.
	Refused string
	// Wait is after how long a refused request can be paid for, if nobody takes in between.
	Wait time.Duration
	// Left is what the bucket of each policy that was charged holds now; of several buckets, that with the least.
	Left map[string]Left
}

// Left is what a bucket holds.
type Left struct {
	Tokens int
	// FullIn is how long it takes to become full.
	FullIn time.Duration
}

// Take takes all charges, or none of them. No two may be of the same policy by the same.
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
		t := taking{from: from, hash: maphash.String(l.seed, charge.Who)}
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
