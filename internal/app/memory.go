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
	// gcPercent is how much the heap may grow until it is collected. Go's own 100 costs half of the throughput with a
	// heap of ten megabytes: it is collected over and over.
	gcPercent = 400
	// maxGarbage bounds what that lets a large heap grow by.
	maxGarbage = 96 << 20
	// leastPercent keeps a heap that is far larger from being collected all the time.
	leastPercent = 25

	// maxInFlight is the bound on documents and responses where memory is not short. With it a server stays small
	// however large the machine is.
	maxInFlight = 192 << 20
	// freeAfter is how long it must have been quiet before memory goes back to the system.
	freeAfter = 5 * time.Second

	// maxConnections is the bound on connections where neither files nor memory are short.
	maxConnections = 10_000
	// connectionBytes are what one takes, with TLS and a short request.
	connectionBytes = 64 << 10
	// ownFiles are the files that the server opens beside the connections of the API.
	ownFiles = 256
)

// memory is what the requests of a server may hold.
type memory struct {
	budget      *membudget.Budget
	connections int
}

// newMemory sets the limit and the target of the garbage collection, and makes the bounds that go by them.
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

// memoryLimit is the soft limit of the process, and where it is from. It is set unless the environment has set one.
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
	// The rest is for what the runtime does not count: stacks of threads, pages of the embedded engine's file.
	soft := int64(limit / 10 * 9)
	debug.SetMemoryLimit(soft)
	return soft, source
}

// bytesInFlight is a quarter of the memory, or what was set. Garbage comes on top.
func bytesInFlight(cfg config.Memory, limit int64) int64 {
	if cfg.BytesInFlight > 0 {
		return int64(cfg.BytesInFlight)
	}
	return min(limit/4, maxInFlight)
}

// connections go by how many files the process may have open; 0 if that is unknown.
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

// boundGarbageOnce is for a process with several servers, as tests have.
var boundGarbageOnce = sync.OnceFunc(func() { boundGarbage(gcPercent) })

// boundGarbage lowers the target of the garbage collection while the heap is large, after each collection.
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
	// Unreachable at once, so that the next collection finds it; large enough not to share its place with others.
	runtime.AddCleanup(new([64]byte), func(percent int) { boundGarbage(percent) }, percent)
}

// percentFor is the target for a heap of which so much is in use.
func percentFor(live uint64) int {
	percent := gcPercent
	if live > 0 {
		percent = int(min(gcPercent, max(leastPercent, maxGarbage*100/live)))
	}
	// In steps: each change stops the world for a moment.
	return percent / leastPercent * leastPercent
}

// freeMemory returns what gives memory back to the system some time after it is called. By itself the runtime does so
// after its next collection, which comes minutes later if nothing happens.
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
