// Command dev rebuilds bin/clientele whenever a source file changes, and restarts the server with the new program.
// While a build fails, its errors are shown and the last server that was built goes on.
//
//	go run ./tools/dev [flags of clientele serve]
package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	binary    = "bin/clientele"
	pollEvery = 500 * time.Millisecond
	// stopAfter is how long a server may take to stop before it is killed.
	stopAfter = 10 * time.Second
)

// sources are the endings of the files that the server is built from or reads at its start.
var sources = []string{".go", ".graphqls", ".yaml", "go.mod", "go.sum"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	arguments := os.Args[1:]
	if len(arguments) == 0 {
		arguments = []string{"--catalog", "examples/catalog.yaml"}
	}
	if os.Getenv("CLIENTELE_API_KEY") == "" {
		_ = os.Setenv("CLIENTELE_API_KEY", "server-for-this-machine-only")
	}
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var built string
	var server *exec.Cmd
	for ctx.Err() == nil {
		if found := fingerprint("."); found != built {
			built = found
			if build(ctx) {
				end(server)
				server = serve(arguments)
			}
		}
		select {
		case <-ctx.Done():
		case <-poll.C:
		}
	}
	end(server)
}

// fingerprint changes when a source file is written, added or removed.
func fingerprint(root string) string {
	var newest time.Time
	files := 0
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // It was removed meanwhile.
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || slices.Contains([]string{"bin", "data", "node_modules", "testdata"}, name)) {
			return fs.SkipDir
		}
		isSource := func(ending string) bool { return strings.HasSuffix(name, ending) }
		if entry.IsDir() || strings.HasSuffix(name, "_test.go") || !slices.ContainsFunc(sources, isSource) {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			files++
			if info.ModTime().After(newest) {
				newest = info.ModTime()
			}
		}
		return nil
	})
	return fmt.Sprint(files, " ", newest.UnixNano())
}

// build reports whether the program compiles.
func build(ctx context.Context) bool {
	began := time.Now()
	command := exec.CommandContext(ctx, "make", "--no-print-directory", "--silent", "build")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		if ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "dev: the build failed; the lines above say why. It is repeated at the next change.")
		}
		return false
	}
	fmt.Printf("dev: built in %s\n", time.Since(began).Round(time.Millisecond))
	return true
}

// serve starts the server in a process group of its own, so that Ctrl+C reaches it through end alone.
func serve(arguments []string) *exec.Cmd {
	server := exec.Command(binary, append([]string{"serve"}, arguments...)...) //nolint:noctx // end stops it with SIGTERM
	server.Stdout, server.Stderr = os.Stdout, os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := server.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "dev:", err)
		return nil
	}
	return server
}

// end stops a server that may have ended by itself.
func end(server *exec.Cmd) {
	if server == nil {
		return
	}
	kill := time.AfterFunc(stopAfter, func() { _ = server.Process.Kill() })
	defer kill.Stop()
	_ = server.Process.Signal(syscall.SIGTERM)
	if err := server.Wait(); err != nil {
		fmt.Fprintln(os.Stderr, "dev: the server ended:", err)
	}
}
