package bolt

import (
	"context"
	"errors"
	"runtime"

	"go.etcd.io/bbolt"

	"clientele/persistence"
)

// Work is counted here in rows; so many conditions take as long as one. The time of a row is about a microsecond.
const (
	conditionsPerRow = 8
	// freeWork is what a list or a count may do without a governor's leave: a millisecond or two, enough for every page
	// that its index leads to.
	freeWork = 2048
	// freeWorkOfRequest is what all lists and counts of a request may do so, of which it can have many at once.
	freeWorkOfRequest = 4 * freeWork
	// manyConditions are so many that a list does not begin without leave where it may have to read many documents.
	manyConditions = 64
	// pauseEvery is how much is done between two looks at the context.
	pauseEvery = 256
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

func (m *meter) done() int { return m.rows + m.matcher.Conditions()/conditionsPerRow }

func (m *meter) pause() error {
	m.report()
	if m.free && (m.done() > freeWork || m.ofRequest() > freeWorkOfRequest) {
		return errNotFree
	}
	if err := m.ctx.Err(); err != nil {
		return err
	}
	// Short calls run in between; a goroutine is preempted only after 10 ms.
	runtime.Gosched()
	m.nextPause = m.done() + pauseEvery
	return nil
}

// foresee is errNotFree for a list that would do all of its free work in vain, or is likely to: so many documents may
// have to be read.
func (m *meter) foresee(documents int) error {
	leaves := m.matcher.Leaves()
	if m.free && leaves > manyConditions && documents*leaves/conditionsPerRow > freeWork {
		return errNotFree
	}
	return nil
}

// ofRequest is what the whole request did so far.
func (m *meter) ofRequest() int {
	done := m.work.Done()
	return int(done.Rows + done.Conditions/conditionsPerRow)
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
