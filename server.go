// Command clientele serves a customer-management API over GraphQL.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"clientele/internal/app"
	"clientele/internal/config"
)

//go:generate go run github.com/99designs/gqlgen generate

func main() { os.Exit(run()) }

// run returns the exit code: 2 for a usage error, 1 for any other.
func run() int {
	cfg, err := config.Load(os.Args[1:], os.Getenv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "clientele: %v\n", err)
		return 2
	}
	cfg.Misspelled = config.Misspelled(os.Environ())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		// Before the server stops, so that a second signal ends it at once.
		signal.Stop(signals)
		cancel()
	}()
	if err := app.Run(ctx, cfg, os.Stdout, app.NewLogger(os.Stderr, cfg)); err != nil {
		fmt.Fprintf(os.Stderr, "clientele: %v\n", err)
		if app.IsUsageError(err) {
			return 2
		}
		return 1
	}
	return 0
}
