package mongo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	// The driver names the types of its connection errors nowhere else.
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"clientele/persistence"
)

// headStart is how long before a deadline a timeout may come and still be that deadline's: the driver and
// the server give up when what is left would not do for a round trip.
const headStart = time.Second

// translate makes an error of the contract out of an error of the driver; ctx is the caller's. Nothing of
// the driver's error is wrapped, and a server's text is not even quoted: it may hold a document's content,
// a duplicate key for one.
func (s *Store) translate(ctx context.Context, err error) error {
	switch {
	case slices.ContainsFunc(ownErrors, func(own error) bool { return errors.Is(err, own) }):
		return err
	case errors.Is(err, driver.ErrNoDocuments):
		return persistence.ErrNotFound
	case driver.IsDuplicateKeyError(err):
		return persistence.ErrExists
	case ctx.Err() != nil:
		return ctx.Err()
	case driver.IsTimeout(err) && endsWithin(ctx, headStart):
		return context.DeadlineExceeded
	case errors.Is(err, driver.ErrClientDisconnected), s.gate.isShut():
		// A call that Close had no time to wait for fails in one of many ways.
		return persistence.ErrClosed
	case isUnavailable(err):
		return fmt.Errorf("%w: %s", persistence.ErrUnavailable, cause(err))
	default:
		return errors.New(cause(err))
	}
}

// ownErrors are those that the methods of this package decide on themselves.
var ownErrors = []error{persistence.ErrNotFound, persistence.ErrConflict, persistence.ErrInvalidCursor, persistence.ErrBusy, persistence.ErrTooLarge}

func endsWithin(ctx context.Context, d time.Duration) bool {
	deadline, set := ctx.Deadline()
	return set && time.Until(deadline) < d
}

// unavailableCodes are the server's codes for states that pass: the ones that the drivers' specification
// retries, and those of a read or write that was given up midway.
var unavailableCodes = []int{
	6,     // HostUnreachable
	7,     // HostNotFound
	43,    // CursorNotFound: it went with its server
	64,    // WriteConcernTimeout
	89,    // NetworkTimeout
	91,    // ShutdownInProgress
	133,   // FailedToSatisfyReadPreference: mongos finds no primary
	134,   // ReadConcernMajorityNotAvailableYet
	175,   // QueryPlanKilled
	189,   // PrimarySteppedDown
	202,   // NetworkInterfaceExceededTimeLimit
	237,   // CursorKilled
	262,   // ExceededTimeLimit
	9001,  // SocketException
	10107, // NotWritablePrimary
	11600, // InterruptedAtShutdown
	11601, // Interrupted
	11602, // InterruptedDueToReplStateChange
	13388, // StaleConfig: the shards moved faster than mongos could follow
	13435, // NotPrimaryNoSecondaryOk
	13436, // NotPrimaryOrSecondary
}

// unavailableLabels are what the driver and newer servers put on such errors, whatever the code.
var unavailableLabels = []string{
	"NetworkError", "RetryableWriteError", "RetryableError", "SystemOverloadedError",
	// No transaction is ever begun; the driver puts this one on a connection pool that a failure emptied.
	"TransientTransactionError",
}

func isUnavailable(err error) bool {
	if driver.IsTimeout(err) {
		return true
	}
	labeled, ok := errors.AsType[driver.LabeledError](err)
	if ok && slices.ContainsFunc(unavailableLabels, labeled.HasErrorLabel) {
		return true
	}
	if codes := serverCodes(err); len(codes) > 0 {
		return slices.ContainsFunc(codes, func(code int) bool { return slices.Contains(unavailableCodes, code) })
	}
	_, noServer := errors.AsType[topology.ServerSelectionError](err)
	_, noConnection := errors.AsType[topology.ConnectionError](err)
	_, noNetwork := errors.AsType[net.Error](err)
	_, lostPool := errors.AsType[poolError](err)
	return noServer || noConnection || noNetwork || lostPool
}

// poolError is all that is known of the error of a call that waited for a connection while the driver
// gave up the whole pool.
type poolError interface {
	error
	Retryable() bool
}

// serverCodes are the codes that a server returned. The driver gives its own errors the code 0.
func serverCodes(err error) []int {
	return slices.DeleteFunc(driver.ErrorCodes(err), func(code int) bool { return code == 0 })
}

// cause is what an operator needs of an error, in words that hold no document: the codes of a server, or
// the innermost error of what failed before a server could respond.
func cause(err error) string {
	if codes := serverCodes(err); len(codes) > 0 {
		name := "no name"
		if command, ok := errors.AsType[driver.CommandError](err); ok && command.Name != "" {
			name = command.Name
		}
		return fmt.Sprintf("the server returned code %d (%s)", codes[0], name)
	}
	selection, _ := errors.AsType[topology.ServerSelectionError](err)
	for _, server := range selection.Desc.Servers {
		if server.LastError != nil {
			return fmt.Sprintf("no server is ready, %s: %v", server.Addr, innermost(server.LastError))
		}
	}
	if driver.IsTimeout(err) {
		return "no response in time"
	}
	return innermost(err).Error()
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
