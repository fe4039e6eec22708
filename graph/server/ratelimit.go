package server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clientele/graph/document"
	"clientele/internal/domain"
	"clientele/internal/ratelimit"
)

// The policies that the handler charges, if the limiter has them.
const (
	// KeyPolicy counts cost points by API key.
	KeyPolicy = "key"
	// CustomerPolicy counts changes by customer.
	CustomerPolicy = "customer"
	// inFlightLimit is not a policy, but the bound on the prices of a key's running operations.
	inFlightLimit = "inFlight"
)

// quotaUnits are the units of policies that do not count requests.
var quotaUnits = map[string]string{KeyPolicy: `;qu="points"`}

// operationCost is in the extensions of a response, in points.
type operationCost struct {
	// Requested is the price of the operation. Max is the limit on it.
	Requested int `json:"requested"`
	Max       int `json:"max"`
	// Charged is what the API key was charged for the work that was done.
	Charged int `json:"charged"`
}

// rateLimits charges requests; without a limiter, nothing.
type rateLimits struct {
	limiter *ratelimit.Limiter
}

// admit charges the minimum of a request, before it is read. Errors: RateLimited.
func (l rateLimits) admit(w http.ResponseWriter, actor domain.Actor) error {
	return l.charge(w, ratelimit.Charge{Policy: KeyPolicy, Subject: actor.KeyID, Tokens: document.ChangePoints})
}

// begin charges the changes of an operation and reserves its price, so that the running operations of a key are bounded
// before their cost is known. end must be called when the operation has ended. Errors: RateLimited.
func (l rateLimits) begin(w http.ResponseWriter, actor domain.Actor, price int, found document.Changes) (end func(), _ error) {
	reserved := ratelimit.Charge{Policy: KeyPolicy, Subject: actor.KeyID, Tokens: price}
	if l.limiter != nil && !l.limiter.Reserve(reserved) {
		w.Header().Set("Retry-After", "1")
		return nil, domain.Errorf(domain.RateLimited, "too many operations of this API key are under way; wait for some to end").
			With("limit", inFlightLimit).With("retryAfterSeconds", 1)
	}
	all := []ratelimit.Charge{{
		Policy: KeyPolicy, Subject: actor.KeyID, Tokens: document.ChangePoints * (max(found.All, 1) - 1), Paid: document.ChangePoints,
	}}
	for customerID, times := range found.Of {
		who := domain.CustomerRef{EnvironmentID: actor.EnvironmentID, CustomerID: customerID}.Key()
		all = append(all, ratelimit.Charge{Policy: CustomerPolicy, Subject: who, Tokens: times})
	}
	if err := l.charge(w, all...); err != nil {
		l.limiter.Release(reserved)
		return nil, err
	}
	return func() {
		if l.limiter != nil {
			l.limiter.Release(reserved)
		}
	}, nil
}

// reconcile charges the work of an operation beyond what was charged before, plus the points for reading it. It returns
// the total charge. The key's bucket may go into debt.
func (l rateLimits) reconcile(w http.ResponseWriter, actor domain.Actor, found document.Changes, reading int, took done) int {
	before := document.ChangePoints * max(found.All, 1)
	work := max(before, took.points())
	l.take(w, actor, work-before+reading)
	return work + reading
}

// take charges a key for work and updates the header RateLimit.
func (l rateLimits) take(w http.ResponseWriter, actor domain.Actor, points int) {
	if l.limiter == nil || points <= 0 {
		return
	}
	if left, exists := l.limiter.Reconcile(ratelimit.Charge{Policy: KeyPolicy, Subject: actor.KeyID, Tokens: points}); exists {
		states := w.Header()
		states.Set("RateLimit", replaceState(states.Get("RateLimit"), KeyPolicy, left))
	}
}

// replaceState replaces the state of a policy in the header RateLimit.
func replaceState(header, policy string, left ratelimit.Left) string {
	states := strings.Split(header, ", ")
	for i, state := range states {
		if name, _, _ := strings.Cut(state, ";"); name == strconv.Quote(policy) {
			states[i] = stateOf(policy, left.Tokens, seconds(left.FullIn))
		}
	}
	return strings.Join(states, ", ")
}

func stateOf(policy string, tokens, reset int) string {
	return fmt.Sprintf("%q;r=%d;t=%d", policy, tokens, reset)
}

// charge takes charges and sets the headers of draft-ietf-httpapi-ratelimit-headers. Policies are named by what they count,
// never by an id.
func (l rateLimits) charge(w http.ResponseWriter, all ...ratelimit.Charge) error {
	if l.limiter == nil {
		return nil
	}
	outcome := l.limiter.Take(all...)
	retryAfter := seconds(outcome.Wait)
	var policies, states []string
	for _, name := range []string{KeyPolicy, CustomerPolicy} {
		policy, exists := l.limiter.Policy(name)
		if !exists {
			continue
		}
		policies = append(policies, fmt.Sprintf("%q;q=%d;w=%d%s", name, policy.Burst, seconds(policy.Window()), quotaUnits[name]))
		left, charged := outcome.Left[name]
		if !charged {
			continue
		}
		reset := seconds(left.FullIn)
		if name == outcome.Refused {
			// The same as Retry-After.
			reset = retryAfter
		}
		states = append(states, stateOf(name, left.Tokens, reset))
	}
	header := w.Header()
	for name, values := range map[string][]string{"RateLimit-Policy": policies, "RateLimit": states} {
		if values != nil {
			header.Set(name, strings.Join(values, ", "))
		}
	}
	if outcome.Refused == "" {
		return nil
	}
	header.Set("Retry-After", fmt.Sprint(retryAfter))
	return domain.Errorf(domain.RateLimited, "the rate limit %q is used up; try again in %d s", outcome.Refused, retryAfter).
		With("limit", outcome.Refused).With("retryAfterSeconds", retryAfter)
}

// seconds are whole ones, of which none is too few.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
