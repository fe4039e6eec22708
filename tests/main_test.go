// Package tests looks at the product from outside: it starts the server, in this process or as a process
// of its own, and speaks HTTP to it. It knows of no package but the one that builds the server.
package tests

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"clientele/persistence/mongo/mongotest"
)

func TestMain(m *testing.M) {
	stop, err := everySignal.collect()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	if err := everySignal.check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := errors.Join(checkCodes(), checkDocs()); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if binaryFolder != "" {
		_ = os.RemoveAll(binaryFolder)
	}
	mongotest.Report("embedded engine ran; " + mongotest.Finish() + "; " + everySignal.summary())
	os.Exit(code)
}

var binaryFolder string

// builtVersion is the version that the program under test was built as.
const builtVersion = "v1.2.3-test"

// buildBinary builds the program once for all tests that need it as a process.
var buildBinary = sync.OnceValues(func() (string, error) {
	var err error
	if binaryFolder, err = os.MkdirTemp("", "clientele"); err != nil {
		return "", err
	}
	path := filepath.Join(binaryFolder, "clientele")
	command := exec.Command("go", "build", "-trimpath", "-ldflags", "-X clientele/internal/app.version="+builtVersion, "-o", path, "clientele")
	// As make build does, so that nothing is compiled for the tests alone.
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return path, nil
})
