// Package persistencetest is the conformance suite of the storage contract. Every engine and every
// decorator runs the same cases, each over a store that is empty at its start, and each named after the
// rule that it proves. The package knows the contract and the domain, and no engine: what an engine cannot
// do, its own test declares in Engine.Lacks.
package persistencetest

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"clientele/persistence"
)

// Engine has what the suite needs to open a store, and the cases that the engine is known to fail.
type Engine struct {
	// Open returns an empty store that shares nothing with the store of any other case. The suite closes it.
	Open func(t *testing.T) persistence.Store
	// Reopen opens the data of a store that Open returned and the suite closed. An engine that has no data
	// to open again leaves it out, and says so in Lacks.
	Reopen func(closed persistence.Store) (persistence.Store, error)
	// Lacks names the cases that the engine is known to fail, with the reason. They run all the same, and
	// the day one of them passes it fails the run, so that the list stays true.
	Lacks map[string]string
}

// T is the part of *testing.T that a case may use. It is an interface because a *testing.T that has failed
// stays failed, and some failures are expected.
type T interface {
	rapid.TB
	Context() context.Context
}

// Run proves every rule of the contract on the engine.
func Run(t *testing.T, engine Engine) {
	t.Helper()
	rules := rules(engine)
	for _, name := range unknown(engine.Lacks, rules) {
		t.Errorf("Lacks names %q, and no case has that name", name)
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			prove := func(v T) {
				store := engine.Open(t)
				defer closeStore(v, store)
				rule.prove(v, store)
			}
			if reason, lacking := engine.Lacks[rule.name]; lacking {
				expectFailure(t, reason, prove)
			} else {
				prove(t)
			}
		})
	}
}

func closeStore(t T, store persistence.Store) {
	// A case may have ended because its context did; the store is closed all the same.
	if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("close: %v", err)
	}
}
