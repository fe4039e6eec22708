package server

import (
	"errors"
	"sync/atomic"
	"time"

	"clientele/internal/domain"
)

// busy notes that the store refused to do more for a request, and after how long it may be tried again.
type busy struct{ retryAfter atomic.Int64 }

// workLimit is how refusals name the bound on the work that the server has under way.
const workLimit = "work"

// leastWait is what a client is asked to wait where the store does not say for how long.
const leastWait = time.Second

// refuse notes an error that is persistence.ErrBusy, and returns it as clients read it.
func (b *busy) refuse(err error) *domain.Error {
	wait := leastWait
	if known, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		wait = max(wait, known.RetryAfter())
	}
	for {
		noted := b.retryAfter.Load()
		if int64(wait) <= noted || b.retryAfter.CompareAndSwap(noted, int64(wait)) {
			return tooBusy(wait)
		}
	}
}

func tooBusy(wait time.Duration) *domain.Error {
	return domain.Errorf(domain.RateLimited, "too much work of this kind is under way; try again in %d s", seconds(wait)).
		With("limit", workLimit).With("retryAfterSeconds", seconds(wait))
}

func (b *busy) refused() bool { return b.retryAfter.Load() > 0 }

func (b *busy) wait() time.Duration { return time.Duration(b.retryAfter.Load()) }

// refusal is the error for the whole request.
func (b *busy) refusal() *domain.Error { return tooBusy(b.wait()) }
