package graph

import (
	"sync/atomic"
	"time"

	"clientele/persistence"
)

// What was done is charged in the points of the price list in cost.go. How much of each makes a point was measured
// with the benchmarks of persistence/bolt and tests, so that points stay in proportion to the time that they take.
const (
	// changePoints are charged for a request at least, and for each change: to take a request in, authenticate it and
	// log it, and to make a write durable, is as much work as a hundred fields. They are taken before anything is read.
	changePoints = 100
	// tokenPoints are for a token of a document that is read: to parse it and hold it against the schema. A document
	// that was sent before is not read again.
	tokenPoints = 3
	// comparisonsPerToken is how many fields of a document are compared in the time that reading a token takes.
	comparisonsPerToken = 30
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
	if r != nil {
		r.points.Add(int64(tokens) * tokenPoints)
	}
}

// body notes that a body was read. What every request is charged pays for a short one.
func (r *unchargedReading) body(bytes, values int) {
	if r != nil {
		r.points.Add(int64(max(0, bytes/bodyBytesPerPoint+values/valuesPerPoint-changePoints)))
	}
}

// charge returns the points for what was read, once.
func (r *unchargedReading) charge() int {
	if r == nil {
		return 0
	}
	return int(r.points.Swap(0))
}

// done is what executing an operation took.
type done struct {
	fields, answerBytes int64
	store               persistence.Done
}

// points is what is charged for it.
func (d done) points() int {
	points := d.fields*fieldPoints +
		d.store.Documents*documentPoints +
		d.store.Rows/rowsPerPoint +
		d.store.Conditions/conditionsPerPoint +
		d.answerBytes/answerBytesPerPoint +
		d.store.BytesRead/readBytesPerPoint +
		d.store.BytesWritten/writtenBytesPerPoint +
		int64(d.store.Waited/waitPerPoint)
	return int(points)
}
