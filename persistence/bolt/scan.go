package bolt

import (
	"context"
	"errors"
	"runtime"

	"go.etcd.io/bbolt"

	"clientele/persistence"
)

const (
	// freeWork is how many rows and conditions a list or a count may evaluate without a governor's leave. That takes
	// about a millisecond, and is enough for every page that its index leads to.
	freeWork = 4096
	// pauseEvery is how many rows and conditions are evaluated between two looks at the context.
	pauseEvery = 512
)

// errNotFree ends an attempt that would do more than freeWork.
var errNotFree = errors.New("the scan needs a governor's leave")

// meter evaluates the filter of a list or a count, and counts what it looks at.
type meter struct {
	ctx     context.Context
	work    *persistence.Work
	matcher *persistence.Matcher
	// free is set while no more than freeWork may be done.
	free bool

	rows      int
	nextPause int
	// reported is what work knows of already.
	reported struct{ rows, conditions int }
}

func newMeter(ctx context.Context, filter persistence.Filter, free bool) *meter {
	return &meter{
		ctx: ctx, work: persistence.WorkOf(ctx), matcher: persistence.NewMatcher(filter), free: free, nextPause: pauseEvery,
	}
}

// row counts an entry or a document that is about to be looked at. Errors: errNotFree, and the context's.
func (m *meter) row() error {
	m.rows++
	if m.done() < m.nextPause {
		return nil
	}
	return m.pause()
}

func (m *meter) done() int { return m.rows + m.matcher.Conditions() }

func (m *meter) pause() error {
	m.report()
	if m.free && m.done() > freeWork {
		return errNotFree
	}
	if err := m.ctx.Err(); err != nil {
		return err
	}
	// Short calls get in between; a goroutine is preempted after 10 ms only.
	runtime.Gosched()
	m.nextPause = m.done() + pauseEvery
	return nil
}

func (m *meter) report() {
	rows, conditions := m.rows, m.matcher.Conditions()
	m.work.Scanned(rows-m.reported.rows, conditions-m.reported.conditions)
	m.reported.rows, m.reported.conditions = rows, conditions
}

// scan runs a list or a count in one read transaction. If that turns out to be long, it begins again once the
// governor admits it; no transaction is open while it waits.
func (s *Store) scan(
	ctx context.Context, what string, filter persistence.Filter, do func(*bbolt.Tx, *meter) error,
) error {
	attempt := func(ctx context.Context, free bool) error {
		m := newMeter(ctx, filter, free)
		defer m.report()
		return s.read(ctx, what, func(tx *bbolt.Tx) error { return do(tx, m) })
	}
	err := attempt(ctx, true)
	if !errors.Is(err, errNotFree) {
		return err
	}
	scanning, release, err := persistence.GovernorOf(ctx).Scan(ctx)
	if err != nil {
		return wrap(what, err)
	}
	defer release()
	return attempt(scanning, false)
}
