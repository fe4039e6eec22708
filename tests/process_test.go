package tests

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// process is the program, running.
type process struct {
	*client
	command *exec.Cmd
	// greeting is what it printed up to the line with the data's place.
	greeting string
	// log is complete once the process has ended.
	log strings.Builder
}

// startProcess starts the program with the embedded engine in a folder and waits until it serves.
func startProcess(t testing.TB, dataDir string, arguments ...string) *process {
	t.Helper()
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	arguments = append([]string{"--data-dir", dataDir, "--listen", "127.0.0.1:0", "--api-key", fullKey}, arguments...)
	p := &process{client: &client{key: fullKey}, command: exec.Command(binary, arguments...)}
	p.command.Stderr = io.MultiWriter(&p.log, everySignal)
	if _, measured := t.(*testing.B); measured {
		// Measurements have no traces.
		p.command.Env = append(os.Environ(), "OTEL_SDK_DISABLED=true")
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.command.ProcessState == nil {
			_ = p.command.Process.Kill()
			_ = p.command.Wait()
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		p.greeting += lines.Text() + "\n"
		if _, address, found := strings.Cut(lines.Text(), "GraphQL"); found {
			p.url = strings.TrimSuffix(strings.TrimSpace(address), "/graphql")
		}
		if strings.Contains(lines.Text(), "Data ") {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return p
		}
	}
	t.Fatalf("the program ended without serving: %v\n%s", p.command.Wait(), p.log.String())
	return nil
}

// stop sends a signal and returns how the process ended.
func (p *process) stop(t testing.TB, signal syscall.Signal) error {
	t.Helper()
	// The server would wait for what may be on its way on these.
	httpClient.CloseIdleConnections()
	if err := p.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	return p.command.Wait()
}

// kill ends the process as a crash of the machine would.
func (p *process) kill(t testing.TB) {
	t.Helper()
	if p.stop(t, syscall.SIGKILL) == nil {
		t.Error("the server ended by itself before it was killed")
	}
}

// runProgram runs the program to its end and returns its output and exit code.
func runProgram(t *testing.T, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, arguments...)
	var out, errs strings.Builder
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); command.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}
