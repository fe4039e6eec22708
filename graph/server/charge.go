package server

import (
	"sync/atomic"
	"time"

	"clientele/graph/document"
	"clientele/persistence"
)

// Work is charged in the points of the price list of graph/document. These rates were measured with the benchmarks of
// persistence/bolt and tests, so that points are in proportion to time.
const (
	rowsPerPoint          = 2
	conditionsPerPoint    = 8
	responseBytesPerPoint = 512
	readBytesPerPoint     = 1024
	writtenBytesPerPoint  = 128
	bodyBytesPerPoint     = 512
	valuesPerPoint        = 8
	// waitPerPoint is for time spent waiting for a store in another process.
	waitPerPoint = 20 * time.Microsecond
)

// unchargedReading has the points for reading a request that were not charged yet.
type unchargedReading struct{ points atomic.Int64 }

func (r *unchargedReading) document(tokens int) {
	r.points.Add(int64(tokens) * document.TokenPoints)
}

// body adds a body. Short ones are included in the minimum charge of a request.
func (r *unchargedReading) body(bytes, values int) {
	r.points.Add(int64(max(0, bytes/bodyBytesPerPoint+values/valuesPerPoint-document.ChangePoints)))
}

// charge returns the points once.
func (r *unchargedReading) charge() int { return int(r.points.Swap(0)) }

// done is the work of executing an operation.
type done struct {
	fields, responseBytes int64
	store                 persistence.Done
}

func (d done) points() int {
	points := d.fields*document.FieldPoints +
		d.store.Documents*document.DocumentPoints +
		d.store.Rows/rowsPerPoint +
		d.store.Conditions/conditionsPerPoint +
		d.responseBytes/responseBytesPerPoint +
		d.store.BytesRead/readBytesPerPoint +
		d.store.BytesWritten/writtenBytesPerPoint +
		int64(d.store.Waited/waitPerPoint)
	return int(points)
}
