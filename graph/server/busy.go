package server

import (
	"errors"
	"sync/atomic"
	"time"

	"clientele/internal/domain"
)

// busy records that the store refused work for a request, and when the client may retry.
type busy struct{ retryAfter atomic.Int64 }

// workLimit is the name in refusals of the bound on concurrent work.
const workLimit = "work"

// leastWait is the wait if the store does not give one.
const leastWait = time.Second

// refuse records an error that is persistence.ErrBusy, and returns its refusal.
func (b *busy) refuse(err error) *domain.Error {
	wait := leastWait
	if known, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		wait = max(wait, known.RetryAfter())
	}
	for {
		longest := b.retryAfter.Load()
		if int64(wait) <= longest || b.retryAfter.CompareAndSwap(longest, int64(wait)) {
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

func (b *busy) refusal() *domain.Error { return tooBusy(b.wait()) }
