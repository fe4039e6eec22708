package graph

import (
	"context"
	"math"

	"clientele/internal/domain"
	"clientele/internal/limits"
)

// Limits bound one request. The configuration has no limit of zero; here zero is no limit.
type Limits limits.Limits

// timed is a context for one request.
func (l Limits) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.OperationTimeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, l.OperationTimeout)
}

// over reports whether there is more than a limit allows.
func over(n, limit int) bool { return limit > 0 && n > limit }

// limited marks a refusal with the limit that it is about, for programs.
func limited(name string, limit any, err *domain.Error) *domain.Error {
	return err.With("limit", name).With("max", limit)
}

// plus and times are what they say, but stay at the largest number instead of leaving it. Neither takes what is
// negative.
func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func times(a, b int) int {
	if b != 0 && a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}
