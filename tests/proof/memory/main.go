// Command memory shows that the server's memory is bounded: it sends bursts of long responses to a server on a machine
// with much memory, and to one in a cgroup of 1 GiB, prints what came of them, and fails if a bound was missed.
//
//	memory [-scale 0.1] PROGRAM
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"clientele/tests/served"
)

const (
	customers     = 100
	senders       = 32
	pages         = 20
	fittingPages  = 7
	silentClients = 30

	// mostAtOnce is what a server may take on a machine with much memory.
	mostAtOnce = 600 << 20
	// container is the size of the cgroup.
	container = 1 << 30
	// maxGrowth is how much more than before a server may take once it is quiet: the runtime keeps a part for later.
	maxGrowth = 32 << 20
	// recoverWithin is when it must.
	recoverWithin = time.Minute
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	log.SetFlags(0)
	scale := flag.Float64("scale", 1, "below 1, only the server in the cgroup is tried")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: memory [-scale 0.1] PROGRAM")
	}
	held, places := true, []bool{true}
	if *scale >= 1 {
		places = []bool{false, true}
	}
	for _, confined := range places {
		p := &proof{held: true}
		if err := p.run(ctx, flag.Arg(0), confined); err != nil {
			p.check(false, "%v", err)
		}
		held = held && p.held
	}
	if !held {
		log.Fatal("memory: a bound was missed")
	}
	fmt.Println("memory: every bound held")
}

type proof struct {
	server *server
	held   bool
}

// check prints a figure and whether it is as it must be.
func (p *proof) check(ok bool, format string, args ...any) {
	verdict := "ok    "
	if !ok {
		verdict, p.held = "MISSED", false
	}
	fmt.Printf("  %s %s\n", verdict, fmt.Sprintf(format, args...))
}

func (p *proof) run(ctx context.Context, program string, confined bool) (err error) {
	s, err := start(ctx, program, confined)
	if err != nil {
		return err
	}
	defer s.stop()
	p.server = s
	fmt.Printf("%s\n", s.where)
	if err := s.seed(ctx); err != nil {
		return err
	}
	before := s.memory("RssAnon")
	fmt.Printf("  before: %d MB, of it %d MB without the file of the store\n", s.memory("VmRSS")>>20, before>>20)

	for _, n := range []int{pages, fittingPages} {
		p.burst(ctx, n)
	}
	if confined {
		peak, kills := s.group.peak(), s.group.kills()
		p.check(kills == 0, "the cgroup of %d MB had %d MB at most, its files included, and the system killed %d processes in it", container>>20, peak>>20, kills)
	}
	p.check(s.memory("VmHWM") < mostAtOnce, "the peak was %d MB (VmHWM), want less than %d MB", s.memory("VmHWM")>>20, mostAtOnce>>20)
	p.mustRecover(ctx, before)
	if err := p.silent(ctx); err != nil {
		return err
	}
	p.mustRecover(ctx, before)
	p.check(s.memory("VmHWM") < mostAtOnce, "the peak of everything was %d MB (VmHWM), want less than %d MB", s.memory("VmHWM")>>20, mostAtOnce>>20)
	return nil
}

// burst sends the same long request from many clients at once.
func (p *proof) burst(ctx context.Context, n int) {
	points := p.server.pointReads(ctx)
	query := longQuery(n)
	var mu sync.Mutex
	outcomes := map[string]int{}
	var group sync.WaitGroup
	began := time.Now()
	for range senders {
		group.Go(func() {
			outcome := p.server.outcome(ctx, query)
			mu.Lock()
			defer mu.Unlock()
			outcomes[outcome]++
		})
	}
	group.Wait()
	took := time.Since(began)
	served, slowest, err := points()
	p.check(p.server.Alive(), "%d x %d pages of %d customers in %.1f s: %v", senders, n, customers, took.Seconds(), outcomes)
	// On a quick machine the shorter ones may all find room one after the other.
	succeeded := outcomes["answered"]
	if n == fittingPages {
		p.check(succeeded > 0, "%d of %d were answered", succeeded, senders)
	} else {
		p.check(succeeded < senders, "%d of %d were refused", senders-succeeded, senders)
	}
	p.check(err == nil && served > 0, "meanwhile %d point reads, the slowest in %d ms: %v", served, slowest.Milliseconds(), faultOr(err, "none failed"))
}

func faultOr(err error, otherwise string) string {
	if err != nil {
		return err.Error()
	}
	return otherwise
}

// silent sends long requests on connections that it does not read.
func (p *proof) silent(ctx context.Context) error {
	var all []net.Conn
	defer func() {
		for _, conn := range all {
			_ = conn.Close()
		}
	}()
	body, err := served.Body(longQuery(fittingPages), nil)
	if err != nil {
		return err
	}
	began := time.Now()
	for range silentClients {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.server.Address)
		if err != nil {
			return err
		}
		all = append(all, conn)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		if _, err := fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: server\r\nContent-Type: application/json\r\nX-API-KEY: %s\r\nContent-Length: %d\r\n\r\n%s",
			apiKey, len(body), body); err != nil {
			return err
		}
	}
	points := p.server.pointReads(ctx)
	most := 0
	for time.Since(began) < 10*time.Second {
		most = max(most, p.server.memory("RssAnon"))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	served, slowest, err := points()
	p.check(p.server.Alive(), "%d clients that do not read: %d MB at most without the file of the store", silentClients, most>>20)
	p.check(err == nil && served > 0, "meanwhile %d point reads, the slowest in %d ms: %v", served, slowest.Milliseconds(), faultOr(err, "none failed"))
	_, err = p.server.Get(ctx, p.server.Ops, "/readyz")
	p.check(err == nil, "the operations listener says that the server is ready")
	if p.server.group != nil {
		p.check(p.server.group.kills() == 0, "the cgroup had %d MB at most", p.server.group.peak()>>20)
	}
	// The connections stay open: the server has to get rid of them.
	p.mustRecoverFrom(ctx, began, p.server.before)
	return nil
}

func (p *proof) mustRecover(ctx context.Context, before int) {
	p.server.before = before
	p.mustRecoverFrom(ctx, time.Now(), before)
}

// mustRecoverFrom waits until the server has its old size again.
func (p *proof) mustRecoverFrom(ctx context.Context, began time.Time, before int) {
	now := p.server.memory("RssAnon")
	for now > before+maxGrowth && time.Since(began) < recoverWithin && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
		now = p.server.memory("RssAnon")
	}
	p.check(now > 0 && now <= before+maxGrowth, "%d MB after %.0f s, %d MB before, want at most %d MB more within %.0f s",
		now>>20, time.Since(began).Seconds(), before>>20, maxGrowth>>20, recoverWithin.Seconds())
}

// longQuery selects pages of customers with their metadata.
func longQuery(n int) string {
	var query strings.Builder
	query.WriteString("{")
	for i := range n {
		fmt.Fprintf(&query, " p%d: customers(paging: {first: %d}) { edges { node { customerId additionalMetaData } } }", i, customers)
	}
	query.WriteString(" }")
	return query.String()
}

// seed makes the customers, with 21 kB of metadata each.
func (s *server) seed(ctx context.Context) error {
	metadata := map[string]string{}
	for i := range 44 {
		metadata[fmt.Sprintf("key%02d", i)] = strings.Repeat(string(rune('a'+i%26)), 470)
	}
	for i := range customers {
		err := s.Must(ctx, apiKey, `mutation($input: ProvisionCustomerInput!) { provisionCustomer(input: $input) { customer { id } } }`,
			map[string]any{"input": map[string]any{"customerId": fmt.Sprintf("c%03d", i), "additionalMetaData": metadata}})
		if err != nil {
			return err
		}
	}
	return nil
}

// outcome sends a query and says in a word or two what came of it.
func (s *server) outcome(ctx context.Context, query string) string {
	response, err := s.Post(ctx, apiKey, query, nil)
	if err != nil {
		return "failed: " + err.Error()
	}
	var read struct {
		Errors []struct {
			Extensions struct{ Code, Limit string }
		}
	}
	switch {
	case json.Unmarshal(response.Text, &read) != nil:
		return "no JSON"
	case len(read.Errors) == 0:
		return "answered"
	default:
		return fmt.Sprintf("%d %s %s", response.Status, read.Errors[0].Extensions.Code, read.Errors[0].Extensions.Limit)
	}
}

// pointReads reads one customer over and over until the function that it returns is called, which says how often, the
// longest time it took, and whether one failed.
func (s *server) pointReads(ctx context.Context) func() (int, time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	var times int
	var slowest time.Duration
	var fault error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			began := time.Now()
			response, err := s.Post(ctx, apiKey, `{ getCustomerByRefId(input: {customerId: "c001"}) { customerId } }`, nil)
			if ctx.Err() != nil {
				return
			}
			if err == nil && !bytes.Contains(response.Text, []byte("c001")) {
				err = fmt.Errorf("a point read failed with status %d: %.200s", response.Status, response.Text)
			}
			times, slowest, fault = times+1, max(slowest, time.Since(began)), errors.Join(fault, err)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() (int, time.Duration, error) {
		cancel()
		<-ended
		return times, slowest, fault
	}
}
