package mongotest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// envReport names a file that collects the lines of all test binaries of a run.
const envReport = "CLIENTELE_TEST_REPORT"

// Report prints which storage engines a test binary ran on. `go test` hides what a passing binary of several
// prints, so the line also goes into the file that CLIENTELE_TEST_REPORT names. Without one, a line that
// reports of an engine that did not run goes past `go test`, to where its own errors go.
func Report(line string) {
	line = filepath.Base(strings.TrimSuffix(os.Args[0], ".test")) + ": " + line
	fmt.Println(line)
	if path := os.Getenv(envReport); path != "" {
		appendLine(path, line)
	} else if strings.Contains(line, notRun) {
		// Only Linux has this file; elsewhere the line is seen with -v.
		appendLine(fmt.Sprintf("/proc/%d/fd/2", os.Getppid()), line)
	}
}

// appendLine does what it can: a report must not fail a run.
func appendLine(path, line string) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	_, _ = fmt.Fprintln(file, line)
}
