package bolt

import (
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"clientele/persistence"
)

// hold starts a write and returns, while it is being committed, a function that releases it.
func hold(t *testing.T, store *Store) (proceed func()) {
	t.Helper()
	started, released, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- store.write(t.Context(), "hold", func(*bbolt.Tx) error {
			close(started)
			<-released
			return nil
		})
	}()
	<-started
	return func() {
		close(released)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// enqueue hands in changes while another is being committed, and returns a function that waits for their
// outcomes.
func enqueue(t *testing.T, store *Store, changes ...func(*bbolt.Tx) error) (outcomes func() []error) {
	t.Helper()
	out := make([]error, len(changes))
	var group sync.WaitGroup
	for i, change := range changes {
		group.Go(func() { out[i] = store.write(t.Context(), "change", change) })
	}
	for queued := 0; queued < len(changes); runtime.Gosched() {
		store.queue.mu.Lock()
		queued = len(store.queue.waiting)
		store.queue.mu.Unlock()
	}
	return func() []error {
		group.Wait()
		return out
	}
}

func writeKey(name string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error { return tx.Bucket(keysBucket).Put([]byte(name), []byte(name)) }
}

func stores(t *testing.T, store *Store, name string) bool {
	t.Helper()
	var found bool
	err := store.db.View(func(tx *bbolt.Tx) error {
		found = tx.Bucket(keysBucket).Get([]byte(name)) != nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWritesThatWaitShareOneCommit(t *testing.T) {
	store := open(t, t.TempDir())
	proceed := hold(t, store)
	const writers = 20
	transactions := make([]int, writers)
	changes := make([]func(*bbolt.Tx) error, writers)
	for i := range changes {
		changes[i] = func(tx *bbolt.Tx) error {
			transactions[i] = tx.ID()
			return writeKey(strconv.Itoa(i))(tx)
		}
	}
	outcomes := enqueue(t, store, changes...)
	proceed()
	for i, err := range outcomes() {
		if err != nil || transactions[i] != transactions[0] || !stores(t, store, strconv.Itoa(i)) {
			t.Errorf("write %d: outcome %v, transaction %d, the first one's %d", i, err, transactions[i], transactions[0])
		}
	}
}

// A change that fails half way is undone; its companions are not.
func TestBrokenChangeFailsAlone(t *testing.T) {
	store := open(t, t.TempDir())
	proceed := hold(t, store)
	fault := errors.New("fault")
	outcomes := enqueue(t, store,
		writeKey("a"),
		func(tx *bbolt.Tx) error { return errors.Join(writeKey("b")(tx), fault) },
		func(*bbolt.Tx) error { return persistence.ErrConflict },
		writeKey("c"),
	)
	proceed()
	got := outcomes()
	if got[0] != nil || !errors.Is(got[1], fault) || !errors.Is(got[2], persistence.ErrConflict) || got[3] != nil {
		t.Errorf("outcomes are %v", got)
	}
	for name, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if stores(t, store, name) != want {
			t.Errorf("the store holds %s: %t, want %t", name, !want, want)
		}
	}
}

func TestRefusalWritesNothing(t *testing.T) {
	store := open(t, t.TempDir())
	insert(t, store, sample("production", 0))
	transaction := func() (id int) {
		_ = store.db.View(func(tx *bbolt.Tx) error {
			id = tx.ID()
			return nil
		})
		return id
	}
	before := transaction()
	if err := store.InsertCustomer(t.Context(), sample("production", 0)); !errors.Is(err, persistence.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if after := transaction(); after != before {
		t.Error("a refusal was committed")
	}
}

// What a commit fails to write is not acknowledged to any of its group, and a refusal that rested on it is
// none.
func TestFailedCommitFailsTheGroup(t *testing.T) {
	store := open(t, t.TempDir())
	proceed := hold(t, store)
	full := func(tx *bbolt.Tx) error { return tx.Bucket(keysBucket).Put([]byte("a"), make([]byte, 1<<20)) }
	refused := func(*bbolt.Tx) error { return persistence.ErrExists }
	outcomes := enqueue(t, store, full, refused)
	store.db.MaxSize = 1 << 19
	proceed()
	for i, err := range outcomes() {
		if !errors.Is(err, bbolterrors.ErrMaxSizeReached) {
			t.Errorf("write %d answers %v", i, err)
		}
	}
	if stores(t, store, "a") {
		t.Error("the store holds what it did not acknowledge")
	}
}

// Writes that queue are under way, too.
func TestCloseWaitsForWritesThatQueue(t *testing.T) {
	store := open(t, t.TempDir())
	proceed := hold(t, store)
	outcomes := enqueue(t, store, writeKey("a"), writeKey("b"))
	closed := make(chan error, 1)
	go func() { closed <- store.Close(t.Context()) }()
	for store.calls.TryRLock() { // until Close has its turn
		store.calls.RUnlock()
		runtime.Gosched()
	}
	proceed()
	if err := errors.Join(append(outcomes(), <-closed)...); err != nil {
		t.Error(err)
	}
}

// A panic reaches the caller, and the store goes on.
func TestPanicLeavesTheQueueOpen(t *testing.T) {
	store := open(t, t.TempDir())
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = store.write(t.Context(), "panic", func(*bbolt.Tx) error { panic("a bug") })
	}()
	if err := store.write(t.Context(), "go on", writeKey("a")); err != nil || !stores(t, store, "a") {
		t.Errorf("the next write answers %v", err)
	}
}

// TestPingDoesNotHoldUpTheCommitThatItWaitsFor pings while the file grows, which waits for every read
// transaction to end.
func TestPingDoesNotHoldUpTheCommitThatItWaitsFor(t *testing.T) {
	store := open(t, t.TempDir())
	done := make(chan struct{})
	var pings sync.WaitGroup
	for range 4 {
		pings.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := store.Ping(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 300 {
		if err := store.InsertCustomer(t.Context(), sample("production", i)); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	pings.Wait()
}
