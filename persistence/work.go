package persistence

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// ErrBusy is the error of a request that may not do more work now, because too much of its kind is under way. Nothing was
// written. The same call can succeed later.
var ErrBusy = errors.New("too much work is under way")

// ErrTooLarge is the error of a request that would need more memory than it could ever get. The same call fails again.
var ErrTooLarge = errors.New("the request needs more memory than there is")

// Governor decides whether a request may go on with work whose size only shows in the store. Engines find it in
// the context; without one, nothing is refused. It is safe for concurrent use.
type Governor interface {
	// Scan waits until the caller may read rows that no index leads to. The returned context ends when the scan has
	// taken too long, and with it the scan. release must be called once. A list or a count calls Scan at most once. An
	// engine in this process calls it after a few milliseconds of work, and holds no lock while it waits. An engine in
	// another process calls it beforehand, unless an index bounds what is read. Reading documents by their ids, or a
	// page along an index, does not call it. Errors: ErrBusy, and the context's.
	Scan(ctx context.Context) (scanning context.Context, release func(), err error)
	// Hold reserves memory for documents of so many stored bytes, before they are decoded. A refused call decodes
	// nothing. The memory is released when the request ends. Errors: ErrBusy, ErrTooLarge.
	Hold(bytes int) error
}

// Work counts what the store did for one request: customers and catalogue, but not the keys and the keyed requests
// that the server reads and writes for itself. It is safe for concurrent use; the methods of a nil *Work do nothing.
type Work struct {
	documents, rows, conditions, bytesRead, bytesWritten, waited atomic.Int64
}

// Done is a snapshot of a Work.
type Done struct {
	// Documents were decoded, and BytesRead is their stored size.
	Documents, BytesRead int64
	// Rows are index entries and documents that a list or a count looked at; Conditions is the sum over these
	// rows of the conditions that were evaluated. Of a store in another process they are what it returned and what was
	// evaluated here; what it did itself is in Waited.
	Rows, Conditions int64
	// BytesWritten is the stored size of the documents that were written.
	BytesWritten int64
	// Waited is how long commands of a store in another process took, one after the other.
	Waited time.Duration
}

// Read counts one document that was decoded.
func (w *Work) Read(bytes int) {
	if w != nil {
		w.documents.Add(1)
		w.bytesRead.Add(int64(bytes))
	}
}

// Scanned counts rows that were looked at, and the conditions that were evaluated on them.
func (w *Work) Scanned(rows, conditions int) {
	if w != nil {
		w.rows.Add(int64(rows))
		w.conditions.Add(int64(conditions))
	}
}

// Wrote counts one document that was written.
func (w *Work) Wrote(bytes int) {
	if w != nil {
		w.bytesWritten.Add(int64(bytes))
	}
}

// Waited counts the time of a command of a store in another process.
func (w *Work) Waited(took time.Duration) {
	if w != nil {
		w.waited.Add(int64(took))
	}
}

// Done returns what was counted so far.
func (w *Work) Done() Done {
	if w == nil {
		return Done{}
	}
	return Done{
		Documents: w.documents.Load(), BytesRead: w.bytesRead.Load(),
		Rows: w.rows.Load(), Conditions: w.conditions.Load(),
		BytesWritten: w.bytesWritten.Load(), Waited: time.Duration(w.waited.Load()),
	}
}

type workKey struct{}

type governed struct {
	work     *Work
	governor Governor
}

// WithWork returns a context whose calls of a store count in work and obey the governor; either may be nil.
func WithWork(ctx context.Context, work *Work, governor Governor) context.Context {
	return context.WithValue(ctx, workKey{}, governed{work, governor})
}

// WorkOf returns where the context's work is counted; nil if nowhere.
func WorkOf(ctx context.Context) *Work {
	g, _ := ctx.Value(workKey{}).(governed)
	return g.work
}

// GovernorOf returns the context's governor, never nil.
func GovernorOf(ctx context.Context) Governor {
	if g, _ := ctx.Value(workKey{}).(governed); g.governor != nil {
		return g.governor
	}
	return ungoverned{}
}

// ungoverned refuses nothing.
type ungoverned struct{}

func (ungoverned) Scan(ctx context.Context) (context.Context, func(), error) {
	return ctx, func() {}, nil
}

func (ungoverned) Hold(int) error { return nil }
