package app

import (
	"log/slog"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"clientele/internal/config"
)

func TestConnectionsDependOnFilesAndMemory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set   config.Quota
		limit int64
		files uint64
		want  int
	}{
		"a large machine":          {0, 32 << 30, 1 << 20, 10_000},
		"files without a limit":    {0, 32 << 30, math.MaxUint64, 10_000},
		"files are not known":      {0, 32 << 30, 0, 10_000},
		"few files":                {0, 32 << 30, 1024, 768},
		"hardly any files":         {0, 32 << 30, 128, 32},
		"a container of 1 GiB":     {0, 1 << 30, 1 << 20, 2048},
		"a container of 64 MiB":    {0, 64 << 20, 1 << 20, 128},
		"memory without a limit":   {0, math.MaxInt64, 20_000, 10_000},
		"what was set is what was": {5, 1 << 30, 1024, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := connections(config.Memory{Connections: c.set}, c.limit, c.files); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestBytesInFlightDependOnMemory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set         config.Quota
		limit, want int64
	}{
		"a large machine":        {0, 32 << 30, maxInFlight},
		"memory without a limit": {0, math.MaxInt64, maxInFlight},
		"a small container":      {0, 256 << 20, 64 << 20},
		"set":                    {1 << 30, 256 << 20, 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := bytesInFlight(config.Memory{BytesInFlight: c.set}, c.limit); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestMoreBytesInFlightThanMemoryLogAWarning(t *testing.T) { // Not parallel: the process has one limit.
	const limit = 1 << 30
	before := debug.SetMemoryLimit(limit)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for bytes, warned := range map[config.Quota]bool{limit: false, limit + 1: true} {
		var log strings.Builder
		cfg := config.Default()
		cfg.Memory = config.Memory{BytesInFlight: bytes, LimitSet: true, PercentSet: true}
		newMemory(t.Context(), cfg, slog.New(slog.NewTextHandler(&log, nil)))
		if got := strings.Contains(log.String(), "level=WARN"); got != warned {
			t.Errorf("%d bytes of %d: warned %t, want %t: %s", bytes, limit, got, warned, log.String())
		}
	}
}

func TestGarbageIsBounded(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: gcPercent, 10 << 20: gcPercent, 24 << 20: gcPercent, 48 << 20: 200, 96 << 20: 100, 1 << 30: leastPercent, 1 << 40: leastPercent} {
		if got := percentFor(live); got != want {
			t.Errorf("%d live bytes: %d, want %d", live, got, want)
		}
	}
}

// The target follows the heap, up and down, as long as the process runs.
func TestTheTargetFollowsTheHeap(t *testing.T) { // Not parallel: there is one heap, and one target.
	before := debug.SetGCPercent(gcPercent)
	defer debug.SetGCPercent(before)
	boundGarbageOnce()
	target := func() int {
		sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(sample)
		return int(sample[0].Value.Uint64())
	}
	expect := func(when string, within func(int) bool) {
		t.Helper()
		for range 500 {
			runtime.GC()
			if within(target()) {
				return
			}
			<-time.After(10 * time.Millisecond)
		}
		t.Errorf("%s the target is %d", when, target())
	}
	large := make([]byte, 2*maxGarbage)
	expect("with a large heap", func(percent int) bool { return percent <= 50 })
	runtime.KeepAlive(large) // and not from here on
	expect("with a small heap", func(percent int) bool { return percent == gcPercent })
}
