package persistence

import (
	"context"
	"time"

	"clientele/internal/domain"
)

// Billing finds customers for billing sync, in all environments, live and archived.
type Billing interface {
	// DueCustomers returns at most limit customers whose Sync.DueAt is not after the given time, in order of DueAt, and
	// an empty slice if there are none. It sees every write that was acknowledged before the call.
	DueCustomers(ctx context.Context, at time.Time, limit int) ([]domain.CustomerRef, error)

	// LinkedCustomers returns at most limit customers with that BillingID, in order of Key, and an empty slice if there
	// are none. It sees what DueCustomers sees.
	LinkedCustomers(ctx context.Context, billingID string, limit int) ([]domain.CustomerRef, error)
}
