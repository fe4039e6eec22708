package app

import (
	"context"
	"log/slog"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit" // finds the limit of a container, of either version of cgroups

	"clientele/internal/config"
	"clientele/internal/membudget"
)

const (
	// gcPercent is how much the heap may grow until it is collected. Go's default of 100 costs half of the throughput
	// with a heap of ten megabytes.
	gcPercent = 400
	// maxGarbage bounds that growth for a large heap.
	maxGarbage = 96 << 20
	// leastPercent keeps a still larger heap from being collected all the time.
	leastPercent = 25

	// maxInFlight bounds documents and responses, so that the server stays small on a large machine.
	maxInFlight = 192 << 20
	// freeAfter is how long it must be quiet before memory is returned to the system.
	freeAfter = 5 * time.Second

	// maxConnections bounds connections where neither files nor memory do.
	maxConnections = 10_000
	// connectionBytes is the memory of one connection, with TLS and a short request.
	connectionBytes = 64 << 10
	// ownFiles are the files that the server opens besides the connections of the API.
	ownFiles = 256
)

// memory bounds what the requests of a server hold.
type memory struct {
	budget      *membudget.Budget
	connections int
}

// newMemory configures the garbage collection, and derives the bounds on requests.
func newMemory(ctx context.Context, cfg config.Config, log *slog.Logger) memory {
	limit, source := memoryLimit(cfg.Memory)
	if !cfg.Memory.PercentSet {
		debug.SetGCPercent(gcPercent)
		boundGarbageOnce()
	}
	m := memory{
		budget: membudget.NewBudget(
			bytesInFlight(cfg.Memory, limit), membudget.Alone(cfg.Limits.AnswerBytes), freeMemory()),
		connections: connections(cfg.Memory, limit, openFiles()),
	}
	log.InfoContext(ctx, "memory is bounded", "softLimitBytes", limit, "from", source,
		"bytesInFlight", m.budget.Total(), "connections", m.connections)
	if m.budget.Total() > limit {
		log.WarnContext(ctx, "requests may take more than the soft limit of memory; lower --max-answer-bytes, or --max-bytes-in-flight if it is set",
			"softLimitBytes", limit, "bytesInFlight", m.budget.Total())
	}
	return m
}

// memoryLimit returns the soft limit of the process and its source. It sets the limit unless GOMEMLIMIT has.
func memoryLimit(cfg config.Memory) (int64, string) {
	if cfg.LimitSet {
		return debug.SetMemoryLimit(-1), "GOMEMLIMIT"
	}
	limit, source := uint64(math.MaxInt64), "nothing"
	for _, provider := range []struct {
		name  string
		limit memlimit.Provider
	}{{"the machine", memlimit.FromSystem}, {"the container", memlimit.FromCgroup}} {
		if found, err := provider.limit(); err == nil && found > 0 && found < limit {
			limit, source = found, provider.name
		}
	}
	if source == "nothing" {
		return math.MaxInt64, source
	}
	// The runtime does not count stacks of threads and pages of the embedded engine's file.
	soft := int64(limit / 10 * 9)
	debug.SetMemoryLimit(soft)
	return soft, source
}

// bytesInFlight is the configured value, or a quarter of the memory. Garbage comes on top.
func bytesInFlight(cfg config.Memory, limit int64) int64 {
	if cfg.BytesInFlight > 0 {
		return int64(cfg.BytesInFlight)
	}
	return min(limit/4, maxInFlight)
}

// connections is the configured value, or derived from memory and from how many files may be open; 0 files is unknown.
func connections(cfg config.Memory, limit int64, files uint64) int {
	if cfg.Connections > 0 {
		return int(cfg.Connections)
	}
	byFiles := int64(maxConnections)
	if files > 0 && files < math.MaxInt32 {
		byFiles = int64(max(files/4, files-min(files, ownFiles)))
	}
	return int(max(1, min(maxConnections, byFiles, limit/8/connectionBytes)))
}

// boundGarbageOnce is for tests, which have several servers in a process.
var boundGarbageOnce = sync.OnceFunc(func() { boundGarbage(gcPercent) })

// boundGarbage adjusts the target of the garbage collection to the size of the heap, after each collection.
func boundGarbage(percent int) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() == metrics.KindUint64 {
		want := percentFor(live[0].Value.Uint64())
		if want != percent {
			debug.SetGCPercent(want)
		}
		percent = want
	}
	// Unreachable at once, so that the next collection finds it; too large for the allocator to batch it with others.
	runtime.AddCleanup(new([64]byte), func(percent int) { boundGarbage(percent) }, percent)
}

// percentFor returns the target for a heap with so many live bytes.
func percentFor(live uint64) int {
	percent := gcPercent
	if live > 0 {
		percent = int(min(gcPercent, max(leastPercent, maxGarbage*100/live)))
	}
	// In steps, because each change stops the world.
	return percent / leastPercent * leastPercent
}

// freeMemory returns a function that returns memory to the system after a delay. By itself the runtime does so after its
// next collection, which may be minutes later.
func freeMemory() func() {
	var pending atomic.Bool
	return func() {
		if pending.CompareAndSwap(false, true) {
			time.AfterFunc(freeAfter, func() {
				pending.Store(false)
				debug.FreeOSMemory()
			})
		}
	}
}
