package server

import (
	"sync/atomic"
	"time"

	"clientele/graph/document"
	"clientele/persistence"
)

// What was done is charged in the points of the price list of graph/document. How much of each makes a point was measured
// with the benchmarks of persistence/bolt and tests, so that points stay in proportion to the time that they take.
const (
	// So many of these are one point.
	rowsPerPoint         = 2
	conditionsPerPoint   = 8
	answerBytesPerPoint  = 512
	readBytesPerPoint    = 1024
	writtenBytesPerPoint = 128
	bodyBytesPerPoint    = 512
	valuesPerPoint       = 8
	// waitPerPoint is of time that a store in another process took.
	waitPerPoint = 20 * time.Microsecond
)

// unchargedReading are the points for what was read of a request and not charged yet.
type unchargedReading struct{ points atomic.Int64 }

// document notes that so many tokens of a document were read.
func (r *unchargedReading) document(tokens int) {
	r.points.Add(int64(tokens) * document.TokenPoints)
}

// body notes that a body was read. What every request is charged pays for a short one.
func (r *unchargedReading) body(bytes, values int) {
	r.points.Add(int64(max(0, bytes/bodyBytesPerPoint+values/valuesPerPoint-document.ChangePoints)))
}

// charge returns the points for what was read, once.
func (r *unchargedReading) charge() int {
	return int(r.points.Swap(0))
}

// done is what executing an operation took.
type done struct {
	fields, answerBytes int64
	store               persistence.Done
}

// points is what is charged for it.
func (d done) points() int {
	points := d.fields*document.FieldPoints +
		d.store.Documents*document.DocumentPoints +
		d.store.Rows/rowsPerPoint +
		d.store.Conditions/conditionsPerPoint +
		d.answerBytes/answerBytesPerPoint +
		d.store.BytesRead/readBytesPerPoint +
		d.store.BytesWritten/writtenBytesPerPoint +
		int64(d.store.Waited/waitPerPoint)
	return int(points)
}
