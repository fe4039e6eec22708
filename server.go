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

// run answers the exit code: 2 for what was asked wrongly, 1 for what went wrong.
func run() int {
	cfg, err := config.Load(os.Args[1:], os.Getenv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "clientele: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Once the first signal has told the server to stop, a second one ends it at once.
	context.AfterFunc(ctx, stop)
	defer stop()
	if err := app.Run(ctx, cfg, os.Stdout, app.NewLogger(os.Stderr, cfg)); err != nil {
		fmt.Fprintf(os.Stderr, "clientele: %v\n", err)
		if app.WronglyAsked(err) {
			return 2
		}
		return 1
	}
	return 0
}
