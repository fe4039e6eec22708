package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"clientele/internal/domain"
	"clientele/persistence"
)

func TestOpenCreatesPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	open(t, dir)
	for path, want := range map[string]os.FileMode{dir: os.ModeDir | 0o700, filepath.Join(dir, fileName): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(t.Context(), dir); !errors.Is(err, persistence.ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
}

// The test starts itself as the second process.
func TestDirectoryInUseByAnotherProcess(t *testing.T) {
	const variable = "CLIENTELE_TEST_BOLT_DIR"
	if dir := os.Getenv(variable); dir != "" {
		_, err := Open(t.Context(), dir)
		fmt.Printf("in use: %t\n", errors.Is(err, persistence.ErrInUse))
		return
	}
	dir := t.TempDir()
	secondProcess := func() string {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
		command.Env = append(os.Environ(), variable+"="+dir)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	store := open(t, dir)
	if out := secondProcess(); !strings.Contains(out, "in use: true") {
		t.Errorf("while this process holds the directory, the other says\n%s", out)
	}
	closeStore(t, store)
	if out := secondProcess(); !strings.Contains(out, "in use: false") {
		t.Errorf("after this process let go of the directory, the other says\n%s", out)
	}
}

func TestOpenRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, change := range map[string]func(*bbolt.Tx) error{
		`older format "4", which this program does not convert`: func(tx *bbolt.Tx) error {
			return tx.Bucket(metaBucket).Put(formatKey, []byte("4"))
		},
		`format "6", this program knows`: func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(formatKey, []byte("6")) },
		`format ""`:                      func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Delete(formatKey) },
		"the file of another program": func(tx *bbolt.Tx) error {
			return tx.DeleteBucket(metaBucket)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			if err := store.db.Update(change); err != nil {
				t.Fatal(err)
			}
			closeStore(t, store)
			before, err := os.ReadFile(filepath.Join(dir, fileName))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want an error about %s", err, name)
			}
			after, err := os.ReadFile(filepath.Join(dir, fileName))
			if err != nil {
				t.Fatal(err)
			}
			if string(before) != string(after) {
				t.Error("the file has changed")
			}
		})
	}
	t.Run("no database", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), []byte(strings.Repeat("text ", 5000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), dir); err == nil {
			t.Error("got no error")
		}
	})
}

func TestReopenedStoreHasEverything(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	store := open(t, dir)
	bare, empty, archived := sample("production", 1), sample("production", 2), sample("production", 3)
	bare.Name, bare.Email, bare.BillingID, bare.Metadata = nil, nil, nil, nil
	empty.Name, empty.Metadata = pointer(""), domain.Metadata{}
	archived.Archive(archived.UpdatedAt)
	customers := []*domain.Customer{sample("production", 0), bare, empty, archived}
	insert(t, store, customers...)
	key := &domain.APIKey{ID: "k", EnvironmentID: "production", Scope: domain.ScopeRead, CreatedAt: bare.CreatedAt}
	if err := store.InsertKey(ctx, key); err != nil {
		t.Fatal(err)
	}
	closeStore(t, store)

	store = open(t, dir)
	for _, want := range customers {
		got, err := store.AnyCustomer(ctx, want.Ref())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if got, err := store.Key(ctx, "k"); err != nil || !reflect.DeepEqual(got, key) {
		t.Errorf("got %+v, %v, want %+v", got, err, key)
	}
	if count, err := store.CountCustomers(ctx, "production", nil); count != 3 || err != nil {
		t.Errorf("count is %d, %v", count, err)
	}
	if err := checkFile(store); err != nil {
		t.Error(err)
	}
}

// calls is every method of the contract but Close.
func calls(store *Store) map[string]func(context.Context) error {
	customer, plan := sample("production", 0), samplePlan("production", 0)
	return map[string]func(context.Context) error{
		"Ping":            store.Ping,
		"InsertCustomer":  func(ctx context.Context) error { return store.InsertCustomer(ctx, customer) },
		"ReplaceCustomer": func(ctx context.Context) error { return store.ReplaceCustomer(ctx, customer) },
		"InsertKey":       func(ctx context.Context) error { return store.InsertKey(ctx, &domain.APIKey{ID: "k"}) },
		"RevokeKey":       func(ctx context.Context) error { return store.RevokeKey(ctx, "k", time.Now()) },
		"RetireKey":       func(ctx context.Context) error { return store.RetireKey(ctx, "k", "l", time.Now()) },
		"UseKeys":         func(ctx context.Context) error { return store.UseKeys(ctx, map[string]time.Time{"k": time.Now()}) },
		"LiveCustomer": func(ctx context.Context) error {
			_, err := store.LiveCustomer(ctx, customer.Ref())
			return err
		},
		"AnyCustomer": func(ctx context.Context) error {
			_, err := store.AnyCustomer(ctx, customer.Ref())
			return err
		},
		"ListCustomers": func(ctx context.Context) error {
			_, err := store.ListCustomers(ctx, persistence.Query{EnvironmentID: "production"})
			return err
		},
		"CountCustomers": func(ctx context.Context) error {
			_, err := store.CountCustomers(ctx, "production", nil)
			return err
		},
		"InsertRequest":  func(ctx context.Context) error { return store.InsertRequest(ctx, &domain.KeyedRequest{ID: "r"}) },
		"ReplaceRequest": func(ctx context.Context) error { return store.ReplaceRequest(ctx, &domain.KeyedRequest{ID: "r"}) },
		"DeleteRequest":  func(ctx context.Context) error { return store.DeleteRequest(ctx, "r", 0) },
		"Request": func(ctx context.Context) error {
			_, err := store.Request(ctx, "r")
			return err
		},
		"RequestsAbout": func(ctx context.Context) error {
			_, err := store.RequestsAbout(ctx, "c", 1)
			return err
		},
		"DeleteExpiredRequests": func(ctx context.Context) error {
			_, err := store.DeleteExpiredRequests(ctx, time.Now(), 1)
			return err
		},
		"DueCustomers": func(ctx context.Context) error {
			_, err := store.DueCustomers(ctx, time.Now(), 1)
			return err
		},
		"LinkedCustomers": func(ctx context.Context) error {
			_, err := store.LinkedCustomers(ctx, "cus_1", 1)
			return err
		},
		"Insert":  func(ctx context.Context) error { return store.Plans().Insert(ctx, plan) },
		"Replace": func(ctx context.Context) error { return store.Plans().Replace(ctx, plan) },
		"Get": func(ctx context.Context) error {
			_, err := store.Plans().Get(ctx, plan.Ref())
			return err
		},
		"GetMany": func(ctx context.Context) error {
			_, err := store.Plans().GetMany(ctx, "production", []string{"plan"})
			return err
		},
		"List": func(ctx context.Context) error {
			_, err := store.Plans().List(ctx, persistence.Query{EnvironmentID: "production"})
			return err
		},
		"Count": func(ctx context.Context) error {
			_, err := store.Plans().Count(ctx, "production", nil)
			return err
		},
		"Key": func(ctx context.Context) error {
			_, err := store.Key(ctx, "k")
			return err
		},
		"ListKeys": func(ctx context.Context) error {
			_, err := store.ListKeys(ctx)
			return err
		},
	}
}

func TestClosedStoreSaysSo(t *testing.T) {
	store := open(t, t.TempDir())
	closeStore(t, store)
	closeStore(t, store)
	for name, call := range calls(store) {
		if err := call(t.Context()); !errors.Is(err, persistence.ErrClosed) {
			t.Errorf("%s answers %v, want ErrClosed", name, err)
		}
	}
}

func TestEndedContextIsReturnedAndNothingWritten(t *testing.T) {
	store := open(t, t.TempDir())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(store) {
		if err := call(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("%s answers %v, want the context's error", name, err)
		}
	}
	if _, err := store.Key(t.Context(), "k"); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("the key was written: %v", err)
	}
	if _, err := Open(ended, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("Open answers %v, want the context's error", err)
	}
}

func TestContextEndsScan(t *testing.T) {
	store := open(t, t.TempDir())
	share(2*pauseEvery, func(i int) { insert(t, store, sample("production", i)) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	filter := matcher(func() bool {
		seen++
		cancel()
		return false
	})
	_, err := store.CountCustomers(ctx, "production", filter)
	if !errors.Is(err, context.Canceled) || seen > pauseEvery {
		t.Errorf("the scan answered %v after %d documents", err, seen)
	}
}

// matcher is a filter that asks a function.
type matcher func() bool

func (m matcher) Matches(persistence.Document) bool { return m() }

func TestCloseWaitsForCallsUnderWay(t *testing.T) {
	store := open(t, t.TempDir())
	insert(t, store, sample("production", 0))
	reading, proceed := make(chan struct{}), make(chan struct{})
	counted := make(chan error, 1)
	go func() {
		_, err := store.CountCustomers(context.Background(), "production", matcher(func() bool {
			close(reading)
			<-proceed
			return true
		}))
		counted <- err
	}()
	<-reading

	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := store.Close(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a call under way Close answers %v, want the context's error", err)
	}
	close(proceed)
	if err := <-counted; err != nil {
		t.Errorf("the call under way answered %v", err)
	}
	closeStore(t, store)
	if err := store.Ping(t.Context()); !errors.Is(err, persistence.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

// Under another key the indexes would lead to nothing.
func TestForeignKeyIsRefused(t *testing.T) {
	store := open(t, t.TempDir())
	customer := sample("production", 0)
	customer.Key = "production/another"
	if err := store.InsertCustomer(t.Context(), customer); err == nil {
		t.Error("got no error")
	}
	plan := samplePlan("production", 0)
	plan.RefID = "another"
	if err := store.Plans().Insert(t.Context(), plan); err == nil {
		t.Error("got no error")
	}
	if err := checkFile(store); err != nil {
		t.Error(err)
	}
}

func TestErrorsHoldNoContent(t *testing.T) {
	store := open(t, t.TempDir())
	customer := sample("production", 0)
	secret := strings.Repeat("secret", bbolt.MaxKeySize)
	customer.Email = &secret
	err := store.InsertCustomer(t.Context(), customer)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %.200v, want an error without the email", err)
	}
	if _, err := store.AnyCustomer(t.Context(), customer.Ref()); !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
