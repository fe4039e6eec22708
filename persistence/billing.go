package persistence

import (
	"context"
	"time"

	"clientele/internal/domain"
)

// Billing finds customers for what goes on between this program and the billing provider. It looks through all
// environments, and at archived customers too.
type Billing interface {
	// DueCustomers answers at most limit of the customers whose Sync has a DueAt that is not after the time, the
	// longest due first; none: an empty slice. It sees every write that was acknowledged before the call.
	DueCustomers(ctx context.Context, at time.Time, limit int) ([]domain.CustomerRef, error)

	// LinkedCustomers answers at most limit of the customers with that BillingID, in order of Key; none: an empty
	// slice. It sees what DueCustomers sees.
	LinkedCustomers(ctx context.Context, billingID string, limit int) ([]domain.CustomerRef, error)
}
