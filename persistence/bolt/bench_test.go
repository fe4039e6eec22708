package bolt

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"clientele/internal/domain"
	"clientele/persistence"
)

const (
	benchmarkCustomers = 100_000
	benchmarkWriters   = 32
)

// BenchmarkCustomers measures one store of 100,000 customers. The inserts come last, because they add to it.
func BenchmarkCustomers(b *testing.B) {
	store := open(b, b.TempDir())
	seed(b, store)
	newestFirst := persistence.Query{
		EnvironmentID: "production",
		Order:         []persistence.Order{{Field: persistence.FieldCreatedAt, Descending: true}},
		Page:          persistence.PageRequest{Limit: 50},
	}
	list := func(b *testing.B, query persistence.Query, want int) {
		b.Helper()
		b.ReportAllocs()
		for b.Loop() {
			page, err := store.ListCustomers(b.Context(), query)
			if err != nil || len(page.Items) != want {
				b.Fatalf("%d customers, %v", len(page.Items), err)
			}
		}
	}
	filtered := func(filter persistence.Filter) persistence.Query {
		query := newestFirst
		query.Filter = filter
		return query
	}
	oneEmail := text(persistence.FieldEmail, persistence.Equal, *sample("production", 4711).Email)
	farEnd := newestFirst
	farEnd.Page.After = farCursor(b, store, newestFirst)

	b.Run("point read", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			ref := sample("production", i*7919%benchmarkCustomers).Ref()
			if _, err := store.LiveCustomer(b.Context(), ref); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("first page", func(b *testing.B) { list(b, newestFirst, 50) })
	b.Run("page at the far end", func(b *testing.B) { list(b, farEnd, 50) })
	b.Run("page by email", func(b *testing.B) { list(b, filtered(oneEmail), 1) })
	b.Run("page by prefix of 1,111 emails", func(b *testing.B) {
		list(b, filtered(text(persistence.FieldEmail, persistence.Like, "customer42%")), 50)
	})
	b.Run("page by no index, no match", func(b *testing.B) {
		list(b, filtered(text(persistence.FieldEmail, persistence.Like, "%nobody%")), 0)
	})
	b.Run("count all", func(b *testing.B) {
		for b.Loop() {
			if n, err := store.CountCustomers(b.Context(), "production", nil); n != benchmarkCustomers || err != nil {
				b.Fatal(n, err)
			}
		}
	})

	var next atomic.Int64
	next.Store(benchmarkCustomers)
	insertNext := func(b *testing.B) {
		b.Helper()
		if err := store.InsertCustomer(context.Background(), sample("production", int(next.Add(1)))); err != nil {
			b.Error(err)
		}
	}
	b.Run("lone insert", func(b *testing.B) {
		for b.Loop() {
			insertNext(b)
		}
	})
	b.Run("insert by one of 32 writers", func(b *testing.B) {
		share(b.N, func(int) { insertNext(b) })
	})
	b.Run("replace", func(b *testing.B) {
		customer, err := store.AnyCustomer(b.Context(), sample("production", 1).Ref())
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			customer.Version++
			customer.UpdatedAt = customer.UpdatedAt.Add(1e9)
			if err := store.ReplaceCustomer(b.Context(), customer); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func seed(b *testing.B, store *Store) {
	b.Helper()
	customers := make([]*domain.Customer, benchmarkCustomers)
	for i := range customers {
		customers[i] = sample("production", i)
	}
	// Many more writers than the benchmark has, so that many customers share a commit.
	var group sync.WaitGroup
	for chunk := 0; chunk < len(customers); chunk += 100 {
		group.Go(func() { insert(b, store, customers[chunk:chunk+100]...) })
	}
	group.Wait()
}

// share spreads n calls over the benchmark's writers.
func share(n int, call func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range benchmarkWriters {
		group.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				call(int(i))
			}
		})
	}
	group.Wait()
}

// farCursor pages to the last page but one and returns the cursor at its end.
func farCursor(b *testing.B, store *Store, query persistence.Query) string {
	b.Helper()
	for seen := query.Page.Limit; seen < benchmarkCustomers; seen += query.Page.Limit {
		page, err := store.ListCustomers(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		query.Page.After = page.Items[len(page.Items)-1].Cursor
	}
	return query.Page.After
}
