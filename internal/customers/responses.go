package customers

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

const (
	// clearTimeout bounds how long archiving waits for responses to be cleared.
	clearTimeout = 10 * time.Second
	// clearSize is how many requests are cleared at a time.
	clearSize = 100
)

// newResponseKey makes a customer's ResponseKey.
func newResponseKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// clearResponses drops the stored responses about an archived customer. Without the customer's ResponseKey they are
// unreadable already, and so is one that is stored later. So it does no harm if this fails. All of them expire.
func (s *Service) clearResponses(ctx context.Context, ref domain.CustomerRef) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTimeout)
	defer cancel()
	for ctx.Err() == nil {
		requests, err := s.store.RequestsAbout(ctx, ref.Key(), clearSize)
		if err != nil || len(requests) == 0 {
			return
		}
		for _, request := range requests {
			request.Clear()
			request.Version++
			err := s.store.ReplaceRequest(ctx, request)
			// Another server may have cleared or swept it.
			if err != nil && !errors.Is(err, persistence.ErrConflict) && !errors.Is(err, persistence.ErrNotFound) {
				return
			}
		}
	}
}
