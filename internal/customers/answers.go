package customers

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// forgetTimeout bounds how long a request waits for that.
const forgetTimeout = 10 * time.Second

// forgetSize is how many requests are forgotten at a time.
const forgetSize = 100

// newAnswerKey makes a customer's AnswerKey.
func newAnswerKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// forgetAnswers drops what was answered about an archived customer to requests that might be sent again. None of it
// can be read any more since the customer has no AnswerKey; so nothing is lost if this fails, or never happens
// because the process ends, and an answer that is stored later is as unreadable. All of it expires.
func (s *Service) forgetAnswers(ctx context.Context, ref domain.CustomerRef) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetTimeout)
	defer cancel()
	for ctx.Err() == nil {
		requests, err := s.store.RequestsAbout(ctx, ref.Key(), forgetSize)
		if err != nil || len(requests) == 0 {
			return
		}
		for _, request := range requests {
			request.Forget()
			request.Version++
			err := s.store.ReplaceRequest(ctx, request)
			// Of one that somebody else forgot or swept nothing is left to do.
			if err != nil && !errors.Is(err, persistence.ErrConflict) && !errors.Is(err, persistence.ErrNotFound) {
				return
			}
		}
	}
}
