package mongo

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/mongo/mongotest"
)

// line is a connection to the server that a test can cut or clog.
type line struct {
	listener net.Listener
	server   string

	mu      sync.Mutex
	open    []net.Conn
	clogged bool
}

// openThroughLine opens a store over a line of its own. more are options for the URI.
func openThroughLine(t *testing.T, more string) (*Store, *line) {
	t.Helper()
	uri := mongotest.URI(t)
	opts := options.Client().ApplyURI(uri)
	hosts := opts.Hosts
	if len(hosts) != 1 || strings.Contains(uri, "+srv") || opts.TLSConfig != nil {
		t.Skip("a line leads to one server, whose certificate would name another address")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{listener: listener, server: hosts[0]}
	go l.serve()
	t.Cleanup(l.cut)

	uri = strings.Replace(uri, hosts[0], listener.Addr().String(), 1)
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	if !strings.Contains(uri, "directConnection") {
		// A replica set would give the driver its own address, which is not the line's.
		more += "&directConnection=true"
	}
	store, err := Open(t.Context(), uri+separator+more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// There is nothing to wait for at the end of a line that is cut or clogged.
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = store.Close(ctx)
	})
	return store, l
}

func (l *line) serve() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			_ = client.Close()
			return
		}
		l.mu.Lock()
		l.open = append(l.open, client, server)
		l.mu.Unlock()
		go l.carry(server, client)
		go l.carry(client, server)
	}
}

// carry drops what comes while the line is clogged.
func (l *line) carry(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		l.mu.Lock()
		clogged := l.clogged
		l.mu.Unlock()
		if clogged {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut ends all connections and takes no more.
func (l *line) cut() {
	_ = l.listener.Close()
	l.hangUp()
}

// hangUp ends all connections.
func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, connection := range l.open {
		_ = connection.Close()
	}
	l.open = nil
}

func (l *line) clog() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clogged = true
}

// calls are all methods that need the server.
func calls(store persistence.Store) map[string]func(context.Context) error {
	ref := domain.CustomerRef{EnvironmentID: "production", CustomerID: "c"}
	customer := &domain.Customer{Key: ref.Key(), EnvironmentID: ref.EnvironmentID, CustomerID: ref.CustomerID, Version: 1}
	plan := &domain.Plan{}
	plan.Record = domain.NewRecord(domain.Ref{EnvironmentID: ref.EnvironmentID, RefID: "p"}, "id", noon)
	query := persistence.Query{EnvironmentID: ref.EnvironmentID, Page: persistence.PageRequest{Limit: 1}}
	return map[string]func(context.Context) error{
		"Ping":            store.Ping,
		"InsertCustomer":  func(ctx context.Context) error { return store.InsertCustomer(ctx, customer) },
		"ReplaceCustomer": func(ctx context.Context) error { return store.ReplaceCustomer(ctx, customer) },
		"LiveCustomer":    func(ctx context.Context) error { _, err := store.LiveCustomer(ctx, ref); return err },
		"AnyCustomer":     func(ctx context.Context) error { _, err := store.AnyCustomer(ctx, ref); return err },
		"ListCustomers":   func(ctx context.Context) error { _, err := store.ListCustomers(ctx, query); return err },
		"CountCustomers": func(ctx context.Context) error {
			_, err := store.CountCustomers(ctx, ref.EnvironmentID, nil)
			return err
		},
		"Insert":  func(ctx context.Context) error { return store.Plans().Insert(ctx, plan) },
		"Replace": func(ctx context.Context) error { return store.Plans().Replace(ctx, plan) },
		"Get":     func(ctx context.Context) error { _, err := store.Plans().Get(ctx, plan.Ref()); return err },
		"GetMany": func(ctx context.Context) error {
			_, err := store.Plans().GetMany(ctx, ref.EnvironmentID, []string{"p"})
			return err
		},
		"List": func(ctx context.Context) error { _, err := store.Plans().List(ctx, query); return err },
		"Count": func(ctx context.Context) error {
			_, err := store.Plans().Count(ctx, ref.EnvironmentID, nil)
			return err
		},
		"CountCustomers, looking into lists": func(ctx context.Context) error {
			filter := persistence.Any{List: persistence.ListSubscriptions, Filter: persistence.And{}}
			_, err := store.CountCustomers(ctx, ref.EnvironmentID, filter)
			return err
		},
		"InsertKey": func(ctx context.Context) error { return store.InsertKey(ctx, &domain.APIKey{ID: "k"}) },
		"Key":       func(ctx context.Context) error { _, err := store.Key(ctx, "k"); return err },
		"ListKeys":  func(ctx context.Context) error { _, err := store.ListKeys(ctx); return err },
		"RevokeKey": func(ctx context.Context) error { return store.RevokeKey(ctx, "k", time.Now()) },
		"RetireKey": func(ctx context.Context) error { return store.RetireKey(ctx, "k", "l", time.Now()) },
		"UseKeys":   func(ctx context.Context) error { return store.UseKeys(ctx, map[string]time.Time{"k": time.Now()}) },
	}
}

func underWay(store *Store) bool {
	store.gate.mu.Lock()
	defer store.gate.mu.Unlock()
	return store.gate.inside > 0
}

// expectAll expects every method to return the error within a second.
func expectAll(t *testing.T, store persistence.Store, newContext func() (context.Context, context.CancelFunc), want error) {
	t.Helper()
	var group sync.WaitGroup
	for name, call := range calls(store) {
		group.Go(func() {
			ctx, cancel := newContext()
			defer cancel()
			start := time.Now()
			err := call(ctx)
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("%s took %v", name, took)
			}
		})
	}
	group.Wait()
}

func TestWithoutItsServerAStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	store, line := openThroughLine(t, "serverSelectionTimeoutMS=100")
	line.cut()
	expectAll(t, store, func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) }, persistence.ErrUnavailable)
}

func TestAServerThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	store, line := openThroughLine(t, "timeoutMS=300")
	line.clog()
	expectAll(t, store, func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) }, persistence.ErrUnavailable)
}

func TestACallEndsWithItsDeadline(t *testing.T) {
	t.Parallel()
	store, line := openThroughLine(t, "")
	line.clog()
	expectAll(t, store, func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(t.Context(), 100*time.Millisecond)
	}, context.DeadlineExceeded)
}

func TestACallEndsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	store, line := openThroughLine(t, "")
	line.clog()
	expectAll(t, store, func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		return ctx, cancel
	}, context.Canceled)
}

func TestAStoreOutlivesItsConnections(t *testing.T) {
	t.Parallel()
	store, line := openThroughLine(t, "")
	if err := store.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	line.hangUp()
	// A read is sent again by the driver, over a new connection.
	if _, err := store.ListKeys(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestCloseDoesNotWaitLongerThanItsContext(t *testing.T) {
	t.Parallel()
	store, line := openThroughLine(t, "")
	line.clog()
	stuck := make(chan error, 1)
	go func() {
		_, err := store.ListKeys(t.Context())
		stuck <- err
	}()
	for !underWay(store) {
		runtime.Gosched()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := store.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("closing took %v", took)
	}
	if err := <-stuck; !errors.Is(err, persistence.ErrClosed) {
		t.Errorf("the call that was cut off: got %v, want %v", err, persistence.ErrClosed)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Errorf("second close: got %v", err)
	}
}
