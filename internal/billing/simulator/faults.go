package simulator

import (
	"net/http"
	"path"
	"strconv"
	"time"
)

// FaultKind is a way to fail.
type FaultKind string

// The ways to fail.
const (
	// TimeOut carries the request out and never responds.
	TimeOut FaultKind = "time-out"
	// AnswerLost carries the request out and closes the connection.
	AnswerLost FaultKind = "answer-lost"
	// Dropped closes the connection and does nothing.
	Dropped FaultKind = "dropped"
	// Conflict is 409, as for a key whose first request is still at work.
	Conflict FaultKind = "conflict"
	// RateLimited is 429 with the fault's RetryAfter.
	RateLimited FaultKind = "rate-limited"
	// Unavailable is 503 before anything began, so that no key remembers it.
	Unavailable FaultKind = "unavailable"
	// ServerError is 500 after the request began and changed nothing. Its key remembers the failure.
	ServerError FaultKind = "server-error"
	// ServerErrorAfter is 500 though the request was carried out. Its key remembers the failure.
	ServerErrorAfter FaultKind = "server-error-after"
	// Slow waits for the fault's Delay, then responds.
	Slow FaultKind = "slow"
)

var faultKinds = []FaultKind{
	TimeOut, AnswerLost, Dropped, Conflict, RateLimited, Unavailable, ServerError, ServerErrorAfter, Slow,
}

// Fault makes requests fail.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Method and Path choose the requests; "" is all. Path is a pattern of package path, as in
	// /v1/customers/*/tax_ids.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Times is how many requests fail, 0 for all until the faults are cleared.
	Times int `json:"times"`
	// RetryAfter and Delay are nanoseconds in JSON.
	RetryAfter time.Duration `json:"retryAfter"`
	Delay      time.Duration `json:"delay"`

	used int
}

// Fail makes the requests to come fail as described. Of several faults that match the first is taken.
func (s *Simulator) Fail(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault)
}

// Recover ends all faults.
func (s *Simulator) Recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault is the fault that this request gets, nil if none.
func (s *Simulator) takeFault(method, requestPath string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		matches, _ := path.Match(f.Path, requestPath)
		if (f.Method == "" || f.Method == method) && (f.Path == "" || matches) && (f.Times == 0 || f.used < f.Times) {
			f.used++
			return f
		}
	}
	return nil
}

func (f *Fault) is(kind FaultKind) bool { return f != nil && f.Kind == kind }

// before reports whether the request ends here.
func (f *Fault) before(w http.ResponseWriter, r *http.Request) bool {
	if f == nil {
		return false
	}
	switch f.Kind {
	case Dropped:
		panic(http.ErrAbortHandler)
	case Conflict:
		write(w, refuse(http.StatusConflict, "idempotency_key_in_use", "",
			"There is currently another in-progress request using this Idempotent Key."))
	case RateLimited:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
		}
		write(w, refuse(http.StatusTooManyRequests, "rate_limit", "", "Request rate limit exceeded."))
	case Unavailable:
		write(w, response{http.StatusServiceUnavailable, serverError().body})
	case Slow:
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			return false
		case <-r.Context().Done():
			return true
		}
	default:
		return false
	}
	return true
}

// after keeps the response from the client.
func (f *Fault) after(_ http.ResponseWriter, r *http.Request) {
	if f.is(TimeOut) {
		<-r.Context().Done()
	}
	if f.is(TimeOut) || f.is(AnswerLost) {
		panic(http.ErrAbortHandler)
	}
}

// isFailure reports whether the request is not carried out though it began.
func (f *Fault) isFailure() bool { return f.is(ServerError) }

// replace puts a failure in the place of a success.
func (f *Fault) replace(a *response) {
	if f.is(ServerErrorAfter) || f.is(ServerError) {
		*a = serverError()
	}
}

func serverError() response {
	return refuse(http.StatusInternalServerError, "", "", "An unknown error occurred")
}
