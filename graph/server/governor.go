package server

import (
	"context"

	"clientele/internal/membudget"
)

// Scans bounds the scans of one request. It is safe for concurrent use.
type Scans interface {
	// Scan is that of persistence.Governor.
	Scan(ctx context.Context) (scanning context.Context, release func(), err error)
	// Reserve takes a scan slot before the first scan, until release is called. Errors: persistence.ErrBusy, and the
	// context's.
	Reserve(ctx context.Context) (release func(), err error)
}

// governor bounds the scans and the memory of one request.
type governor struct {
	Scans

	memory *membudget.Share
}

// Hold implements persistence.Governor.
func (g governor) Hold(bytes int) error { return g.memory.Hold(bytes) }

// unbounded lets every scan run.
type unbounded struct{}

func (unbounded) Scan(ctx context.Context) (context.Context, func(), error) {
	return ctx, func() {}, nil
}

func (unbounded) Reserve(context.Context) (func(), error) { return func() {}, nil }
