// Command scans shows that point reads do not wait behind scans: it fills a data folder with customers, starts the
// server on it, and reads single customers at an even pace, first alone and then while twenty requests at once, sent
// again and again, each select twenty counts of an or of 100 patterns. It prints what came of that, and fails if a
// bound was missed.
//
//	scans [-scale 0.1] PROGRAM
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"clientele/tests/served"
)

const (
	allCustomers = 200_000
	// phase is how long reads are measured, alone and beside the scans; readEvery is their pace.
	phase     = 20 * time.Second
	readEvery = 5 * time.Millisecond

	senders  = 20
	fields   = 20
	patterns = 100

	// What the reads may take beside the scans.
	maxSlowdown  = 5
	maxRead      = 50 * time.Millisecond
	maxReadiness = time.Second
)

func main() {
	log.SetFlags(0)
	scale := flag.Float64("scale", 1, "how much of the customers; the time is the same")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: scans [-scale 0.1] PROGRAM")
	}
	held, err := prove(context.Background(), flag.Arg(0), *scale)
	if err != nil {
		log.Fatal(err)
	}
	if !held {
		log.Fatal("scans: a bound was missed")
	}
	fmt.Println("scans: every bound held")
}

func prove(ctx context.Context, program string, scale float64) (held bool, err error) {
	folder, err := os.MkdirTemp("", "clientele-proof-")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	count := max(1000, int(allCustomers*scale))
	began := time.Now()
	keys, err := fill(ctx, folder, count)
	if err != nil {
		return false, err
	}
	fmt.Printf("%d customers stored in %v\n", count, time.Since(began).Round(time.Second))
	// With the limits that it has where other machines reach it.
	server, err := served.Start(ctx, program, "--data-dir="+folder, "--log-level=error", "--rate-limit-key=30000000")
	if err != nil {
		return false, err
	}
	defer server.Stop()
	s := load{server: server, customers: count}
	if s.scan, err = scanBody(); err != nil {
		return false, err
	}
	// Once unmeasured, so that both phases find a warm server.
	s.read(ctx, keys.reader, phase/4)
	alone := s.read(ctx, keys.reader, phase)
	beside, readiness, sent := s.besideScans(ctx, keys, phase)
	// The process of this program needs a processor too, so a quiet machine is needed for the figures to mean something.
	fmt.Printf("point reads alone:        %v\n", alone)
	fmt.Printf("point reads beside scans: %v\n", beside)
	fmt.Printf("readiness beside scans:   %v\n", readiness)
	fmt.Printf("scanning requests:        %v\n", sent)

	held = true
	check := func(holds bool, format string, args ...any) {
		mark := "ok    "
		if !holds {
			mark, held = "MISSED", false
		}
		fmt.Printf("%s %s\n", mark, fmt.Sprintf(format, args...))
	}
	check(alone.failed == 0 && beside.failed == 0, "every point read is answered")
	check(beside.at(.99) <= maxSlowdown*alone.at(.99), "p99 of point reads is within %d times of %v", maxSlowdown, alone.at(.99))
	check(beside.at(.99) <= maxRead, "p99 of point reads is under %v", maxRead)
	check(readiness.failed == 0 && readiness.at(1) <= maxReadiness, "/readyz answers within %v", maxReadiness)
	check(sent.byStatus[http.StatusTooManyRequests] > 0 && sent.retryAfter == sent.byStatus[http.StatusTooManyRequests],
		"the sender is throttled, with a Retry-After")
	return held, nil
}

// times are how long requests took.
type times struct {
	took   []time.Duration
	failed int
}

// at is a quantile.
func (t times) at(quantile float64) time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[min(len(t.took)-1, int(quantile*float64(len(t.took))))].Round(10 * time.Microsecond)
}

// String implements fmt.Stringer.
func (t times) String() string {
	return fmt.Sprintf("%d, p50 %v, p99 %v, longest %v, %d failed", len(t.took), t.at(.5), t.at(.99), t.at(1), t.failed)
}

// paced sends requests at an even pace, each in a goroutine of its own. What a request takes is counted from when it
// was due.
func paced(every, lasts time.Duration, send func() error) times {
	var mu sync.Mutex
	var seen times
	var group sync.WaitGroup
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for end := time.Now().Add(lasts); ; {
		due := <-ticker.C
		if due.After(end) {
			break
		}
		group.Go(func() {
			err := send()
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			seen.took = append(seen.took, took)
			if err != nil {
				seen.failed++
			}
		})
	}
	group.Wait()
	return seen
}

// load is what is sent to a server.
type load struct {
	server    *served.Server
	customers int
	scan      []byte
}

func (s load) read(ctx context.Context, key string, lasts time.Duration) times {
	return paced(readEvery, lasts, func() error {
		return readCustomer(ctx, s.server, key, customerID(rand.IntN(s.customers)))
	})
}

// outcomes are how the scanning requests ended.
type outcomes struct {
	byStatus   map[int]int
	broken     int
	retryAfter int
}

// String implements fmt.Stringer.
func (o outcomes) String() string {
	return fmt.Sprintf("by status %v, %d of them with a Retry-After, %d without a response", o.byStatus, o.retryAfter, o.broken)
}

func (s load) besideScans(ctx context.Context, keys keys, lasts time.Duration) (reads, readiness times, sent outcomes) {
	scanning, stop := context.WithCancel(ctx)
	sent.byStatus = map[int]int{}
	var mu sync.Mutex
	var group, watched sync.WaitGroup
	for range senders {
		group.Go(func() {
			for scanning.Err() == nil {
				response, err := s.server.PostBody(scanning, keys.sender, s.scan)
				if scanning.Err() != nil {
					return
				}
				mu.Lock()
				switch {
				case err != nil:
					sent.broken++
				default:
					sent.byStatus[response.Status]++
					if response.Header.Get("Retry-After") != "" {
						sent.retryAfter++
					}
				}
				mu.Unlock()
			}
		})
	}
	watched.Go(func() {
		readiness = paced(100*time.Millisecond, lasts, func() error {
			_, err := s.server.Get(ctx, s.server.Address, "/readyz")
			return err
		})
	})
	reads = s.read(ctx, keys.reader, lasts)
	watched.Wait()
	stop()
	group.Wait()
	return reads, readiness, sent
}
