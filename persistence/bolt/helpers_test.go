package bolt

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clientele/internal/domain"
)

// open opens a store that is closed when the test ends.
func open(tb testing.TB, dir string) *Store {
	tb.Helper()
	store, err := Open(tb.Context(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { closeStore(tb, store) })
	return store
}

func closeStore(tb testing.TB, store *Store) {
	tb.Helper()
	if err := store.Close(context.Background()); err != nil {
		tb.Error(err)
	}
}

// sample is customer number i of the environment, complete and live.
func sample(environmentID string, i int) *domain.Customer {
	at := time.UnixMilli(1_700_000_000_000 + int64(i)*1000).UTC()
	customer := &domain.Customer{
		// A multiplication by an odd number scatters ids over the index, as random ones do.
		ID:            fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i),
		EnvironmentID: environmentID,
		CustomerID:    fmt.Sprintf("customer-%08x", uint32(i)*2654435769),
		Version:       1,
		Name:          pointer(fmt.Sprintf("Customer %d", i)),
		Email:         pointer(fmt.Sprintf("customer%d@example.com", i)),
		BillingID:     pointer(fmt.Sprintf("cus_%x", i)),
		Metadata:      domain.Metadata{{Key: "plan", Value: `"pro"`}},
		CreatedAt:     at,
		UpdatedAt:     at,
	}
	customer.Key = customer.Ref().Key()
	return customer
}

// samplePlan is plan number i of the environment.
func samplePlan(environmentID string, i int) *domain.Plan {
	ref := domain.Ref{EnvironmentID: environmentID, RefID: fmt.Sprintf("plan-%d", i)}
	plan := &domain.Plan{}
	plan.Record = domain.NewRecord(ref, fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i), time.UnixMilli(int64(i)).UTC())
	return plan
}

func pointer[T any](v T) *T { return &v }

func insert(t rapid.TB, store *Store, customers ...*domain.Customer) {
	t.Helper()
	for _, customer := range customers {
		if err := store.InsertCustomer(context.Background(), customer); err != nil {
			t.Fatal(err)
		}
	}
}
