package tests

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"clientele/internal/domain"
	"clientele/persistence/bolt"
)

// BenchmarkServer measures the program, as a process over HTTP, with 100,000 customers in the embedded
// engine.
func BenchmarkServer(b *testing.B) {
	const customers = 100_000
	dataDir := b.TempDir()
	fill(b, dataDir, customers)

	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			server := startProcess(b, dataDir)
			server.must(b, getOperation, object{"input": object{"customerId": "customer-1"}})
			b.StopTimer()
			if err := server.stop(b, syscall.SIGTERM); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})

	server := startProcess(b, dataDir)
	first := object{"paging": object{"first": 50}}
	b.Run("get", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			id := fmt.Sprintf("customer-%d", i*7919%customers)
			server.must(b, getOperation, object{"input": object{"customerId": id}})
		}
	})
	b.Run("first page of 50", func(b *testing.B) {
		for b.Loop() {
			server.must(b, pageOperation, first)
		}
	})
	b.Run("page of 50 at the far end", func(b *testing.B) {
		// Nine hundred and some pages of 100 lead there.
		far := object{"paging": object{"first": 50, "after": walkTo(b, server, customers-100)}}
		for b.Loop() {
			server.must(b, pageOperation, far)
		}
	})
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			server.must(b, pageOperation, first)
		}
		b.ReportMetric(rssAnon(b, server.command.Process.Pid), "RssAnon-MB")
	})
}

const pageOperation = `query($paging: CursorPaging) {
  customers(paging: $paging) { edges { node { customerId name email additionalMetaData } } pageInfo { endCursor } }
}`

// walkTo returns the cursor behind the given number of customers.
func walkTo(b *testing.B, server *process, customers int) any {
	b.Helper()
	var after any
	for range customers / 100 {
		data := server.must(b, pageOperation, object{"paging": object{"first": 100, "after": after}})
		after = data["customers"].(object)["pageInfo"].(object)["endCursor"]
	}
	return after
}

// rssAnon is the memory of a process, without what it maps from files, in megabytes.
func rssAnon(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skipf("memory is read from /proc: %v", err)
	}
	found := regexp.MustCompile(`RssAnon:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		b.Fatalf("no RssAnon in:\n%s", status)
	}
	kilobytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kilobytes) / 1024
}

// fill writes customers straight into the engine, many at once so that they share commits.
func fill(b *testing.B, dataDir string, customers int) {
	b.Helper()
	store, err := bolt.Open(b.Context(), dataDir)
	if err != nil {
		b.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var next atomic.Int64
	var group sync.WaitGroup
	for range 512 {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= customers {
					return
				}
				ref := domain.CustomerRef{EnvironmentID: "development", CustomerID: fmt.Sprintf("customer-%d", i)}
				name, email := fmt.Sprintf("Customer %d", i), fmt.Sprintf("customer-%d@example.com", i)
				at := start.Add(time.Duration(i) * time.Second)
				if err := store.InsertCustomer(b.Context(), &domain.Customer{
					Key: ref.Key(), ID: fmt.Sprintf("00000000-0000-7000-8000-%012d", i), EnvironmentID: ref.EnvironmentID,
					CustomerID: ref.CustomerID, Version: 1, Name: &name, Email: &email, CreatedAt: at, UpdatedAt: at,
					Metadata: domain.Metadata{{Key: "number", Value: strconv.Itoa(i)}},
				}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if err := store.Close(context.WithoutCancel(b.Context())); err != nil {
		b.Fatal(err)
	}
}
