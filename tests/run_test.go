package tests

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// makeRun is a server started by `make run` or a variant of it, on ports and with a data folder of the test's own.
type makeRun struct {
	command *exec.Cmd
	// printed is what it had printed when it began to serve.
	printed        string
	url, simulator string
}

var (
	printedGraphQL   = regexp.MustCompile(`(?m)^  GraphQL +(http://\S+)/graphql$`)
	printedSimulator = regexp.MustCompile(`(?m)^  Billing +simulator at (http://\S+)$`)
)

func startMake(t *testing.T, target, dataDir string) *makeRun {
	t.Helper()
	for _, tool := range []string{"make", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("make run needs " + tool + ", which is not installed")
		}
	}
	// The same program from the same source, so that it is not linked again.
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	run := &makeRun{command: exec.Command("make", "--no-print-directory", target, "BIN="+filepath.Dir(binary))}
	run.command.Dir = ".."
	// Nothing of a make that runs the tests.
	environment := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS=")
	})
	run.command.Env = append(environment, "CLIENTELE_LISTEN=127.0.0.1:0", "CLIENTELE_SIMULATOR_LISTEN=127.0.0.1:0", "CLIENTELE_DATA_DIR="+dataDir)
	// A group of its own, as a shell gives each job, so that Ctrl+C reaches all of it and nothing else.
	run.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.command.Stderr = everySignal
	run.start(t)
	return run
}

// start starts the command and waits until it serves.
func (r *makeRun) start(t *testing.T) {
	t.Helper()
	stdout, err := r.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.interrupt(t) })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		r.printed += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "  Data ") {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			if address := printedGraphQL.FindStringSubmatch(r.printed); address != nil {
				r.url = address[1]
			}
			if address := printedSimulator.FindStringSubmatch(r.printed); address != nil {
				r.simulator = address[1]
			}
			return
		}
	}
	t.Fatalf("%q ended without serving: %v\n%s", r.command.Args, r.command.Wait(), r.printed)
}

// interrupt is Ctrl+C.
func (r *makeRun) interrupt(t *testing.T) {
	t.Helper()
	if r.command.ProcessState != nil {
		return
	}
	httpClient.CloseIdleConnections()
	if err := syscall.Kill(-r.command.Process.Pid, syscall.SIGINT); err != nil {
		t.Error(err)
	}
	_ = r.command.Wait()
}

func TestMakeRunSaysWhatItDoes(t *testing.T) {
	dataDir := filepath.Join(t.TempDir(), "data")
	run := startMake(t, "run", dataDir)
	order := []string{"Building bin/clientele. The first build", "Built. Starting the server on ", "paste the requests of README.md", "  GraphQL ", "  Catalogue ", "  Data "}
	at := 0
	for _, part := range order {
		found := strings.Index(run.printed[at:], part)
		if found < 0 {
			t.Fatalf("%q is not there, or too early:\n%s", part, run.printed)
		}
		at += found
	}
	if !strings.HasPrefix(run.printed, order[0]) {
		t.Errorf("it begins with\n%s", run.printed)
	}
	caller := &client{url: run.url, key: "server-for-this-machine-only"}
	caller.must(t, `{ plans { totalCount } }`, nil)
	run.interrupt(t)
	if _, err := os.Stat(filepath.Join(dataDir, "clientele.db")); err != nil {
		t.Error(err)
	}
}

func TestMakeRunSimulatorLeavesNothing(t *testing.T) {
	dataDir := filepath.Join(t.TempDir(), "data")
	run := startMake(t, "run-simulator", dataDir)
	folder := regexp.MustCompile(`(?m)^  Data +embedded engine in (\S+)$`).FindStringSubmatch(run.printed)
	if run.simulator == "" || folder == nil || !strings.Contains(run.printed, "docs/simulator.md") {
		t.Fatalf("it printed\n%s", run.printed)
	}
	if _, err := os.Stat(folder[1]); err != nil {
		t.Error(err)
	}
	run.interrupt(t)
	for _, gone := range []string{folder[1], dataDir} {
		if _, err := os.Stat(gone); err == nil {
			t.Errorf("%s is there", gone)
		}
	}
}

// fakeGo is a program that stands in for the go command.
func fakeGo(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "go")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// What keeps make run from starting is one sentence, before anything is compiled.
func TestMakeRunThatCannotStart(t *testing.T) {
	server := startProcess(t, t.TempDir())
	for name, c := range map[string]struct{ env, says string }{
		"a port that is taken": {"CLIENTELE_LISTEN=" + strings.TrimPrefix(server.url, "http://"), "another program already listens on"},
		"no Go":                {"GO=go-that-is-not-installed", "there is no `go-that-is-not-installed` on the PATH"},
		"an old Go":            {"GO=" + fakeGo(t, `echo "go version go1.19.3 linux/amd64"`), "or newer is needed, and this is Go 1.19.3"},
		"a Go that stays old": {"GO=" + fakeGo(t, `[ "$1" = version ] && echo "go version go1.25.1 linux/amd64" || echo local`),
			"or newer is needed, and this is Go 1.25.1"},
	} {
		command := exec.CommandContext(t.Context(), "../tools/run.sh")
		command.Env = append(os.Environ(), "BIN="+t.TempDir(), c.env)
		output, err := command.CombinedOutput()
		if err == nil || command.ProcessState.ExitCode() != 1 || strings.Count(string(output), "\n") != 1 ||
			!strings.HasPrefix(string(output), "make run: ") || !strings.Contains(string(output), c.says) {
			t.Errorf("%s: %v: %s", name, err, output)
		}
	}
}

// A build that fails ends with the compiler's words and a sentence.
func TestMakeRunThatDoesNotCompile(t *testing.T) {
	compiler := fakeGo(t, `case "$1" in
version) echo "go version go1.99.0 linux/amd64" ;;
list) echo clientele ;;
build) echo clientele/graph; echo "graph/x.go:1:1: syntax error in it"; exit 1 ;;
esac`)
	command := exec.CommandContext(t.Context(), "../tools/run.sh")
	command.Env = append(os.Environ(), "GO="+compiler, "BIN="+t.TempDir(), "CLIENTELE_LISTEN=127.0.0.1:0")
	output, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "syntax error in it") || !strings.Contains(string(output), "make run: the build failed") {
		t.Errorf("%v: %s", err, output)
	}
}
