package persistencetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// recorder is an attempt that also keeps what is logged.
type recorder struct {
	attempt

	logs []string
}

// Logf keeps the message.
func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func TestExpectedFailureIsReportedWithItsReason(t *testing.T) {
	for name, fail := range map[string]func(T){
		"Error":   func(t T) { t.Error("broken") },
		"Errorf":  func(t T) { t.Errorf("%s", "broken") },
		"Fatal":   func(t T) { t.Fatal("broken") },
		"Fatalf":  func(t T) { t.Fatalf("%s", "broken") },
		"Fail":    func(t T) { t.Fail() },
		"FailNow": func(t T) { t.FailNow() },
	} {
		t.Run(name, func(t *testing.T) {
			run := &recorder{attempt: attempt{T: t}}
			goneOn := false
			expectFailure(run, "the engine is young", func(t T) {
				fail(t)
				goneOn = true
			})
			if run.Failed() {
				t.Errorf("the expected failure failed the run: %q", run.failures)
			}
			if stops := strings.HasPrefix(name, "Fatal") || name == "FailNow"; goneOn == stops {
				t.Errorf("the case went on: %t, want %t", goneOn, !stops)
			}
			if logs := strings.Join(run.logs, "\n"); !strings.Contains(logs, "the engine is young") {
				t.Errorf("the reason is not in %q", logs)
			}
		})
	}
}

func TestExpectedFailureThatPassesFailsTheRun(t *testing.T) {
	run := &recorder{attempt: attempt{T: t}}
	expectFailure(run, "the engine is young", func(T) {})
	if !run.Failed() || !strings.Contains(strings.Join(run.failures, "\n"), "remove it from Lacks") {
		t.Errorf("got %q, want to be told to remove it from Lacks", run.failures)
	}
}

func TestLackThatNamesNoCaseIsFound(t *testing.T) {
	rules := rules(Engine{})
	lacks := map[string]string{rules[0].name: "young", "no such case": "young", "another": "young"}
	if got := unknown(lacks, rules); !slices.Equal(got, []string{"another", "no such case"}) {
		t.Errorf("got %q", got)
	}
}

func TestEveryCaseHasANameOfItsOwn(t *testing.T) {
	names := map[string]bool{}
	for _, rule := range rules(Engine{}) {
		if names[rule.name] {
			t.Errorf("two cases are called %q", rule.name)
		}
		names[rule.name] = true
	}
}
