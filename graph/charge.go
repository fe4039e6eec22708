package graph

import (
	"time"

	"clientele/persistence"
)

// What was done is charged in the points of the price list in cost.go. How much of each makes a point was measured
// with the benchmarks of persistence/bolt and tests, so that points stay in proportion to the time that they take.
const (
	// changePoints are charged for a request at least, and for each change: to authenticate, parse and validate it, and
	// to make a write durable, is as much work as some fields of an answer. They are taken before anything is read.
	changePoints = 10
	// So many of these are one point.
	rowsPerPoint         = 2
	conditionsPerPoint   = 8
	answerBytesPerPoint  = 512
	readBytesPerPoint    = 1024
	writtenBytesPerPoint = 128
	// waitPerPoint is of time that a store in another process took.
	waitPerPoint = 20 * time.Microsecond
)

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
