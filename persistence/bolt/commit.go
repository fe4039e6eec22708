package bolt

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"clientele/persistence"
)

// writeQueue groups writes that come in at the same time into one commit, because a commit waits for
// the disk twice, however much it writes. A writer that finds no commit under way commits at once;
// writers that come in meanwhile queue up, and one of them commits for all.
//
// bbolt's own DB.Batch waits a fixed time for company instead, which is wrong for the lone writer or for
// the crowd. Measured on an empty store, time for each insert by 1 and by 32 writers: this queue 0.6 and
// 0.14 ms; DB.Batch 11 and 0.45 ms with its default of 10 ms, 2.0 and 0.22 ms with 1 ms, 0.9 and 0.72 ms
// with none.
type writeQueue struct {
	// committing holds one element while a commit is under way.
	committing chan struct{}
	mu         sync.Mutex
	waiting    []*pendingWrite
}

type pendingWrite struct {
	change func(*bbolt.Tx) error
	err    error
	done   chan struct{}
}

// errUnfinished is the outcome of a write whose commit ended in a panic.
var errUnfinished = errors.New("the commit was not finished")

func newWriteQueue() writeQueue { return writeQueue{committing: make(chan struct{}, 1)} }

// commit runs the change in a transaction and returns when it is durable, or when the context ends while the write is
// queued. A change may run more than once. It returns a refusal (see isRefusal) only while it has written nothing.
func (q *writeQueue) commit(ctx context.Context, db *bbolt.DB, change func(*bbolt.Tx) error) error {
	write := &pendingWrite{change: change, err: errUnfinished, done: make(chan struct{})}
	q.mu.Lock()
	q.waiting = append(q.waiting, write)
	q.mu.Unlock()
	select {
	case <-ctx.Done():
		// The change checks the context too, and writes nothing.
		return ctx.Err()
	case <-write.done:
	case q.committing <- struct{}{}:
		q.commitWaiting(db)
		// If this write was not among the waiting ones any more, it is done.
		<-write.done
	}
	return write.err
}

// idle waits until no commit is under way, or the context ends.
func (q *writeQueue) idle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case q.committing <- struct{}{}:
		<-q.committing
		return nil
	}
}

func (q *writeQueue) commitWaiting(db *bbolt.DB) {
	defer func() { <-q.committing }()
	q.mu.Lock()
	group := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	defer func() {
		for _, write := range group {
			close(write.done)
		}
	}()
	commitGroup(db, group)
}

// commitGroup runs the changes of a group in one transaction and sets the outcome of each.
func commitGroup(db *bbolt.DB, group []*pendingWrite) {
	broken, err := tryGroup(db, group)
	if broken && len(group) > 1 {
		// One change failed half way, so all were rolled back. Alone, each gets its own outcome.
		for i := range group {
			commitGroup(db, group[i:i+1])
		}
		return
	}
	if err != nil {
		// A refusal falls with the rest: it may have rested on a write that is undone now.
		for _, write := range group {
			write.err = err
		}
	}
}

// tryGroup returns an error if nothing of the group was written, and broken if a change failed and not the commit.
func tryGroup(db *bbolt.DB, group []*pendingWrite) (broken bool, err error) {
	tx, err := db.Begin(true)
	if err != nil {
		return false, err
	}
	// After a commit this does nothing.
	defer func() { _ = tx.Rollback() }()
	changed := false
	for _, write := range group {
		outcome := write.change(tx)
		switch {
		case outcome == nil:
			changed = true
		case !isRefusal(outcome):
			return true, outcome
		}
		write.err = outcome
	}
	if !changed {
		return false, nil
	}
	return false, tx.Commit()
}

// isRefusal reports whether the error is one that a change returns before it has written anything.
func isRefusal(err error) bool {
	refusals := []error{
		persistence.ErrNotFound, persistence.ErrExists, persistence.ErrConflict,
		context.Canceled, context.DeadlineExceeded,
	}
	return slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) })
}
