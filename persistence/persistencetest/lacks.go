package persistencetest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// unknown is the names in lacks that no rule has.
func unknown(lacks map[string]string, rules []rule) []string {
	var names []string
	for name := range lacks {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.name == name }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// expectFailure proves a rule that is known not to hold. t fails if it holds.
func expectFailure(t T, reason string, prove func(T)) {
	t.Helper()
	attempt := &attempt{T: t}
	ended := make(chan struct{})
	// FailNow ends the goroutine that calls it, so an attempt needs one of its own.
	go func() {
		defer close(ended)
		prove(attempt)
	}()
	<-ended
	if attempt.Failed() {
		t.Logf("expected failure (%s):\n%s", reason, strings.Join(attempt.failures, "\n"))
		return
	}
	t.Errorf("the case passes: remove it from Lacks (%s)", reason)
}

// attempt is a T that keeps its failures to itself. Everything else goes to the T beneath.
type attempt struct {
	T

	mu       sync.Mutex
	failed   bool
	failures []string
}

// Fail marks the attempt as failed.
func (a *attempt) Fail() { a.fail("") }

// Failed reports whether the attempt failed.
func (a *attempt) Failed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// FailNow fails the attempt and ends it.
func (a *attempt) FailNow() {
	a.Fail()
	runtime.Goexit()
}

// Error fails the attempt with a message.
func (a *attempt) Error(args ...any) { a.fail(fmt.Sprintln(args...)) }

// Errorf fails the attempt with a message.
func (a *attempt) Errorf(format string, args ...any) { a.fail(fmt.Sprintf(format, args...)) }

// Fatal fails the attempt with a message and ends it.
func (a *attempt) Fatal(args ...any) {
	a.Error(args...)
	runtime.Goexit()
}

// Fatalf fails the attempt with a message and ends it.
func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	runtime.Goexit()
}

func (a *attempt) fail(message string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = true
	if message != "" {
		a.failures = append(a.failures, message)
	}
}
