// Command dev rebuilds bin/clientele whenever a source file changes, and restarts the server with the new program.
// While a build fails, its errors are shown and the last server that was built goes on. Settings come from the
// environment, as for any server.
package main

import (
	"context"
	"errors"
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
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var built string
	end := func() {}
	for ctx.Err() == nil {
		if found := fingerprint("."); found != built {
			built = found
			if build(ctx) {
				end()
				end = serve(ctx)
			}
		}
		select {
		case <-ctx.Done():
		case <-poll.C:
		}
	}
	end()
}

// fingerprint changes when a source file is written, added or removed.
func fingerprint(root string) string {
	var newest time.Time
	files := 0
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it was removed meanwhile
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

// serve starts the server and returns what stops it.
func serve(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	server := exec.CommandContext(ctx, binary, "serve", "--catalog", "examples/catalog.yaml")
	server.Stdout, server.Stderr = os.Stdout, os.Stderr
	// A process group of its own, so that Ctrl+C does not reach it a second time.
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.WaitDelay = stopAfter
	err := server.Start()
	return func() {
		cancel()
		if err == nil {
			err = server.Wait()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "dev: the server ended:", err)
		}
	}
}
