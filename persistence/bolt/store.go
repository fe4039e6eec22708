package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"clientele/persistence"
)

const (
	fileName = "clientele.db"
	// format names the layout of the file: the buckets, the encoding of the keys, the set of indexes. It
	// changes whenever a program that knows the old layout would misread the new one.
	format       = "5"
	formatNumber = 5
	// lockTimeout lets a predecessor that is just shutting down release the file.
	lockTimeout = time.Second
)

// The buckets, beside those of each collection.
var (
	metaBucket = []byte("meta")
	keysBucket = []byte("keys") // API keys by id

	formatKey = []byte("format")
)

// Store is the embedded engine. Open makes one.
type Store struct {
	persistence.Views

	db *bbolt.DB
	// calls is held shared by every call under way, and exclusively to close.
	calls sync.RWMutex
	// closing keeps calls that come during a close from waiting for its end.
	closing atomic.Bool
	queue   writeQueue
}

var _ persistence.Store = (*Store)(nil)

// Open opens the store in a directory, and creates both where there are none. A directory serves one
// open store at a time. Errors: ErrInUse.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db, err := openFile(dir)
	if err != nil {
		return nil, fmt.Errorf("open store in %s: %w", dir, unusable(dir, err))
	}
	return newStore(db), nil
}

func newStore(db *bbolt.DB) *Store {
	s := &Store{db: db, queue: newWriteQueue()}
	s.Views = s.views()
	return s
}

func openFile(dir string) (*bbolt.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := openBolt(filepath.Join(dir, fileName), &bbolt.Options{
		Timeout: lockTimeout,
		// The default, an array, slows down with every free page of a large file.
		FreelistType: bbolt.FreelistMapType,
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, persistence.ErrInUse
	}
	if err != nil {
		return nil, err
	}
	if err = errors.Join(db.Update(prepare), syncDirectory(dir)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openBolt opens a file with bbolt, which trusts it: of a file that was cut off it reads memory that is not
// there.
func openBolt(path string, options *bbolt.Options) (db *bbolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			db, err = nil, fmt.Errorf("%s is damaged; restore a backup of it", fileName)
		}
	}()
	return bbolt.Open(path, 0o600, options)
}

// prepare creates the buckets of an empty file, and checks the format of any other.
func prepare(tx *bbolt.Tx) error {
	if bucket, _ := tx.Cursor().First(); bucket != nil {
		return checkFormat(tx)
	}
	buckets := append([][]byte{metaBucket, keysBucket}, requestBuckets...)
	for _, c := range collections() {
		buckets = append(buckets, c.buckets()...)
	}
	for _, bucket := range buckets {
		if _, err := tx.CreateBucket(bucket); err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(formatKey, []byte(format))
}

// checkFormat refuses a file of any other format, older or newer. There is no conversion.
func checkFormat(tx *bbolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return fmt.Errorf("%s is the file of another program", fileName)
	}
	found := string(meta.Get(formatKey))
	switch foundNumber, err := strconv.Atoi(found); {
	case found == format:
		return nil
	case err == nil && foundNumber > 0 && foundNumber < formatNumber:
		return fmt.Errorf("%s has the older format %q, which this program does not convert: it reads format %q only. "+
			"Move the file away to start with an empty store, or run the version that wrote it", fileName, found, format)
	default:
		return fmt.Errorf("%s has format %q, this program knows format %q only", fileName, found, format)
	}
}

// syncDirectory makes a file that was just created in the directory survive a crash of the machine.
func syncDirectory(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows keeps directories by itself and cannot sync them.
	}
	directory, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// Ping implements persistence.Store. A disk on which no commit comes to its end does not serve.
func (s *Store) Ping(ctx context.Context) error {
	const what = "ping"
	if err := s.refusal(ctx); err != nil {
		return wrap(what, err)
	}
	s.calls.RLock()
	defer s.calls.RUnlock()
	// Not within a read transaction: a commit that makes the file larger waits for those to end.
	if err := s.queue.idle(ctx); err != nil {
		return wrap(what, err)
	}
	return wrap(what, s.db.View(func(*bbolt.Tx) error { return nil }))
}

// Close implements persistence.Store. If the context ends before the calls under way do, the file is
// released when they have ended.
func (s *Store) Close(ctx context.Context) error {
	s.closing.Store(true)
	closed := make(chan error, 1)
	go func() {
		s.calls.Lock()
		defer s.calls.Unlock()
		closed <- s.db.Close()
	}()
	select {
	case err := <-closed:
		return wrap("close", err)
	case <-ctx.Done():
		return wrap("close", ctx.Err())
	}
}

// read runs a call's one read transaction. What the transaction reads is memory of the file: nothing of
// it may be kept when read returns. what names the call in errors.
func (s *Store) read(ctx context.Context, what string, do func(*bbolt.Tx) error) error {
	if err := s.refusal(ctx); err != nil {
		return wrap(what, err)
	}
	s.calls.RLock()
	defer s.calls.RUnlock()
	return wrap(what, s.db.View(do))
}

// write commits a call's one change, see writeQueue. what names the call in errors.
func (s *Store) write(ctx context.Context, what string, change func(*bbolt.Tx) error) error {
	if err := s.refusal(ctx); err != nil {
		return wrap(what, err)
	}
	s.calls.RLock()
	defer s.calls.RUnlock()
	return wrap(what, s.queue.commit(ctx, s.db, func(tx *bbolt.Tx) error {
		// The context may have ended while other writes were being committed.
		if err := ctx.Err(); err != nil {
			return err
		}
		return change(tx)
	}))
}

// refusal is the error of a call on a store that is closing, or whose context is done.
func (s *Store) refusal(ctx context.Context) error {
	if s.closing.Load() {
		return persistence.ErrClosed
	}
	return ctx.Err()
}

// wrap translates bbolt's errors and says what was attempted.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		err = persistence.ErrClosed
	}
	return fmt.Errorf("%s: %w", what, err)
}
