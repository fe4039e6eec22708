package billingsync_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clientele/internal/billing"
	"clientele/internal/billing/simulator"
	"clientele/internal/billing/stripe"
	"clientele/internal/billingsync"
	"clientele/internal/domain"
	"clientele/internal/pipenet"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

const (
	secretKey     = "sk_test_for_tests"
	webhookSecret = "whsec_for_tests"
	// hint is in all billing information of the tests, and must be in nothing that is kept or said.
	hint = "Secret"
)

// world is a store and a provider, and the time that they and all servers share: it stands still while anybody is at
// work, and jumps to where somebody waits for it.
type world struct {
	testing.TB
	store *bolt.Store
	sim   *simulator.Simulator
	wire  *wire
	log   syncBuffer
}

// inWorld runs a test with a world of its own. What is left in it at the end must not have billing information.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t)) })
}

func newWorld(t testing.TB) *world {
	dir := t.TempDir()
	store, err := bolt.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, store: store, sim: simulator.New(simulator.Options{SecretKey: secretKey, WebhookSecret: webhookSecret})}
	w.wire = newWire(w.sim)
	t.Cleanup(func() {
		w.wire.close()
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
		documents, err := os.ReadFile(filepath.Join(dir, "clientele.db"))
		if err != nil {
			t.Fatal(err)
		}
		for what, text := range map[string]string{"store": string(documents), "log": w.log.String()} {
			if i := strings.Index(text, hint); i >= 0 {
				t.Errorf("the %s has billing information: %q", what, text[max(0, i-50):min(len(text), i+50)])
			}
		}
	})
	return w
}

// server is one server's sync, over the world's store and provider.
func (w *world) server(options ...billingsync.Option) *billingsync.Service {
	return w.serverOver(w.store, w.wire, options...)
}

// serverOver is a server whose store or way to the provider is not to be relied on.
func (w *world) serverOver(store billingsync.Store, way http.RoundTripper, options ...billingsync.Option) *billingsync.Service {
	w.Helper()
	return billingsync.New(store, w.provider(way), slog.New(slog.NewTextHandler(&w.log, nil)), options...)
}

func (w *world) provider(way http.RoundTripper) *stripe.Provider {
	w.Helper()
	provider, err := stripe.New(stripe.Config{
		SecretKey: secretKey, WebhookSecrets: []string{webhookSecret}, APIBase: "http://provider", Transport: way,
	})
	if err != nil {
		w.Fatal(err)
	}
	return provider
}

// stranger makes a customer at the provider that none of ours is linked to, and returns its id.
func (w *world) stranger(name string) string {
	w.Helper()
	made, err := w.provider(w.wire).CreateCustomer(w.Context(), billing.NewCustomer{
		Ref: domain.CustomerRef{EnvironmentID: "elsewhere", CustomerID: name}, ID: name,
	})
	if err != nil {
		w.Fatal(err)
	}
	w.wire.sent()
	return made.CustomerID
}

// insert stores a new customer with every part that is pushed, but for a coupon.
func (w *world) insert(id string, change ...func(*domain.Customer)) *domain.Customer {
	w.Helper()
	ref := domain.CustomerRef{EnvironmentID: "production", CustomerID: id}
	now := domain.Timestamp(time.Now())
	customer := &domain.Customer{
		Key: ref.Key(), ID: "uuid of " + id, EnvironmentID: ref.EnvironmentID, CustomerID: id, Version: 1,
		Name: new("Ada of " + id), Email: new(id + "@example.com"), CreatedAt: now, UpdatedAt: now,
	}
	for _, do := range change {
		do(customer)
	}
	if err := w.store.InsertCustomer(w.Context(), customer); err != nil {
		w.Fatal(err)
	}
	return customer
}

// whole makes all of a customer pending, and more parts.
func whole(more ...domain.SyncPart) func(*domain.Customer) {
	return func(c *domain.Customer) { c.EnqueueFullSync(time.Now(), more...) }
}

// want makes parts of a customer pending.
func want(parts ...domain.SyncPart) func(*domain.Customer) {
	return func(c *domain.Customer) { c.EnqueueSync(time.Now(), parts...) }
}

type receiver interface {
	Receive(ctx context.Context, payload []byte, signature string) error
}

// receive has a server take in events.
func (w *world) receive(server receiver, events ...simulator.Event) {
	w.Helper()
	for _, e := range events {
		if err := server.Receive(w.Context(), e.Payload, w.sim.Sign(e.Payload, time.Now())); err != nil {
			w.Error(err)
		}
	}
}

// receiveAll has a server take in all that ever happened.
func (w *world) receiveAll(server receiver) {
	w.Helper()
	w.receive(server, w.sim.Events()...)
}

// change commits a change of a customer, as a use case does.
func (w *world) change(of *domain.Customer, do ...func(*domain.Customer)) *domain.Customer {
	w.Helper()
	customer, err := persistence.ChangeCustomer(w.Context(), w.store, of.Ref(), func(c *domain.Customer) (bool, error) {
		for _, each := range do {
			each(c)
		}
		return true, nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return customer
}

// now is the customer as it is stored.
func (w *world) now(of *domain.Customer) *domain.Customer {
	w.Helper()
	customer, err := w.store.AnyCustomer(w.Context(), of.Ref())
	if err != nil {
		w.Fatal(err)
	}
	return customer
}

// due has a server look after what is due.
func (w *world) due(server *billingsync.Service) {
	w.Helper()
	if err := server.Due(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// drain lets time pass and runs what is due, until nothing is.
func (w *world) drain(of *domain.Customer, server *billingsync.Service) *domain.Customer {
	w.Helper()
	for range 100 {
		customer := w.now(of)
		if customer.Sync == nil || customer.Sync.DueAt == nil {
			return customer
		}
		time.Sleep(max(time.Until(*customer.Sync.DueAt), billingsync.DueEvery))
		w.due(server)
	}
	w.Fatalf("no end: %s", describe(w.now(of)))
	return nil
}

// coupon stores a coupon.
func (w *world) coupon(id string, change func(*domain.Coupon)) string {
	w.Helper()
	coupon := &domain.Coupon{
		Record: domain.NewRecord(domain.Ref{EnvironmentID: "production", RefID: id}, "uuid of "+id, domain.Timestamp(time.Now())),
		Name:   id, Status: domain.CouponActive, Source: domain.CouponSource,
	}
	change(coupon)
	if err := w.store.Coupons().Insert(w.Context(), coupon); err != nil {
		w.Fatal(err)
	}
	return id
}

func percentOff(c *domain.Coupon) {
	c.Type, c.PercentOff = domain.CouponPercentage, new(domain.Decimal("10"))
}

// amountOffForever is a coupon that Stripe has no word for.
func amountOffForever(c *domain.Coupon) {
	c.Type, c.AmountsOff = domain.CouponFixed, []domain.Money{{Amount: "5", Currency: "USD"}}
}

// there is the one customer that the provider has.
func (w *world) there() simulator.Customer {
	w.Helper()
	all := w.sim.Customers()
	if len(all) != 1 {
		w.Fatalf("the provider has %d customers: %+v", len(all), all)
	}
	return all[0]
}

// made are the customers that the provider made for one of ours.
func (w *world) made(of *domain.Customer) []simulator.Customer {
	return slices.DeleteFunc(w.sim.Customers(), func(c simulator.Customer) bool { return c.Metadata["clientele_id"] != of.ID })
}

// describe says how a customer stands with the provider.
func describe(c *domain.Customer) string {
	if c.Sync == nil {
		return "no sync"
	}
	out := fmt.Sprintf("%s, pending %v, attempts %d", c.SyncStatus(), c.Sync.Pending, c.Sync.Attempts)
	if c.BillingID != nil {
		out += ", linked"
	}
	if f := c.Sync.Failure; f != nil {
		out += fmt.Sprintf(", failed: %s %s %s", f.Kind, f.Code, f.Param)
	}
	if c.Sync.DueAt != nil {
		out += fmt.Sprintf(", due in %s", time.Until(*c.Sync.DueAt))
	}
	if c.Sync.CreatingSince != nil {
		out += fmt.Sprintf(", creating since %s ago", time.Since(*c.Sync.CreatingSince))
	}
	return out
}

// stands fails the test unless the customer stands with the provider as wanted: by its status, or the kind of its
// failure.
func (w *world) stands(of *domain.Customer, wanted string) *domain.Customer {
	w.Helper()
	customer := w.now(of)
	is := string(customer.SyncStatus())
	if customer.Sync != nil && customer.Sync.Failure != nil {
		is = string(customer.Sync.Failure.Kind)
	}
	if is != wanted {
		w.Errorf("the customer stands as %s, wanted %s: %s", is, wanted, describe(customer))
	}
	return customer
}

func valueOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// wire is a network with nothing but the provider at its other end. It is HTTP, over pipes.
type wire struct {
	http.RoundTripper
	server *http.Server
	// down is whether no connection can be made.
	down atomic.Bool

	mu sync.Mutex
	// requests are those that were begun, ids left out.
	requests []string
	// before is called with each request, and fails it with an error. It may be nil.
	before func(*http.Request) error
}

func newWire(provider http.Handler) *wire {
	listener := pipenet.New()
	w := &wire{server: &http.Server{Handler: provider, ErrorLog: log.New(io.Discard, "", 0)}}
	w.RoundTripper = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if w.down.Load() {
				return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
			}
			return listener.Dial(ctx, network, address)
		},
	}
	go func() { _ = w.server.Serve(listener) }()
	return w
}

func (w *wire) close() { _ = w.server.Close() }

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.requests = append(w.requests, r.Method+" "+withoutIDs(r.URL.Path))
	before := w.before
	w.mu.Unlock()
	if before != nil {
		if err := before(r); err != nil {
			return nil, err
		}
	}
	return w.RoundTripper.RoundTrip(r)
}

// on sets what happens before each request.
func (w *wire) on(before func(*http.Request) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
}

// sent are the requests since the last call.
func (w *wire) sent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.requests
	w.requests = nil
	return sent
}

// withoutIDs is a path with a star for each id in it.
func withoutIDs(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.Contains(part, "_") && part != "tax_ids" && part != "payment_methods" {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// syncBuffer is a buffer that many may write to.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
