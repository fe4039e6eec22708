package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/persistence"
)

const keysCollection = "keys"

// Store is a persistence.Store in one database of a MongoDB deployment.
type Store struct {
	persistence.Views

	client   *driver.Client
	database *driver.Database
	keys     *driver.Collection
	requests *driver.Collection
	// timeout bounds a call whose context has no deadline; zero leaves it unbounded.
	timeout time.Duration
	gate    *gate
}

var _ persistence.Store = (*Store)(nil)

// Open connects to the deployment that the URI names, and creates the indexes that are missing. The
// database is the one in the URI's path, else "clientele". The URI holds a password, so no error quotes it.
// Errors: persistence.ErrUnavailable, the context's error, a sentence about the URI.
func Open(ctx context.Context, uri string) (*Store, error) {
	return open(ctx, uri, (*Store).createIndexes)
}

// OpenReadOnly is Open for methods that read. It creates nothing, so lists and counts may lack their index.
func OpenReadOnly(ctx context.Context, uri string) (*Store, error) {
	return open(ctx, uri, func(*Store, context.Context) error { return nil })
}

func open(ctx context.Context, uri string, prepare func(*Store, context.Context) error) (*Store, error) {
	opts, database, err := parseURI(uri)
	if err != nil {
		return nil, err
	}
	return connect(ctx, opts, database, prepare)
}

func connect(ctx context.Context, opts *options.ClientOptions, database string, prepare func(*Store, context.Context) error) (*Store, error) {
	opts.SetMonitor(timed(opts.Monitor))
	client, err := driver.Connect(opts)
	if err != nil {
		// Connecting only checks the options; the network comes later.
		return nil, errInvalidURI
	}
	s := &Store{
		client:   client,
		database: client.Database(database),
		keys:     client.Database(database).Collection(keysCollection),
		requests: client.Database(database).Collection(requestsCollection),
		timeout:  *opts.Timeout,
		gate:     newGate(),
	}
	s.Views = s.views()
	// Ping first: a deployment that is out of reach shows within seconds, while an index may take minutes.
	err = s.Ping(ctx)
	if err == nil {
		err = prepare(s, ctx)
	}
	if err != nil {
		// The first error is the one to return.
		_ = s.Close(ctx)
		return nil, err
	}
	return s, nil
}

// timed is a monitor that counts the time of each command as work of the request that sent it, before it calls the
// given one.
func timed(next *event.CommandMonitor) *event.CommandMonitor {
	if next == nil {
		next = &event.CommandMonitor{}
	}
	return &event.CommandMonitor{
		Started: next.Started,
		Succeeded: func(ctx context.Context, e *event.CommandSucceededEvent) {
			persistence.WorkOf(ctx).Waited(e.Duration)
			if next.Succeeded != nil {
				next.Succeeded(ctx, e)
			}
		},
		Failed: func(ctx context.Context, e *event.CommandFailedEvent) {
			persistence.WorkOf(ctx).Waited(e.Duration)
			if next.Failed != nil {
				next.Failed(ctx, e)
			}
		},
	}
}

// Ping implements persistence.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.call(ctx, "ping", func(ctx context.Context) error {
		// The client's read preference is the primary: the one server that can do everything.
		return s.client.Ping(ctx, nil)
	})
}

// Close implements persistence.Store. When the context ends before the calls under way do, it cuts them
// off and returns the context's error.
func (s *Store) Close(ctx context.Context) error {
	if !s.gate.shut() {
		return nil
	}
	var err error
	select {
	case <-s.gate.empty:
	case <-ctx.Done():
		err = ctx.Err()
	}
	// It closes the connections in use only once the context is done. Its own error says no more than that.
	_ = s.client.Disconnect(ctx)
	if err != nil {
		return fmt.Errorf("mongodb: close: %w", err)
	}
	return nil
}

// call runs one method of the store: the gate, the time limit and the translation of errors are here and
// nowhere else. The operation names the method in errors.
func (s *Store) call(ctx context.Context, operation string, do func(context.Context) error) error {
	return s.callWithin(ctx, s.timeout, operation, do)
}

// callWithin is call with a time limit of its own. The limit covers the whole method, all its commands
// and batches, while the driver's would start anew with each; a deadline that the caller set stands
// instead of it.
func (s *Store) callWithin(
	ctx context.Context, limit time.Duration, operation string, do func(context.Context) error,
) error {
	err := ctx.Err()
	if err == nil && !s.gate.enter() {
		err = persistence.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("mongodb: %s: %w", operation, err)
	}
	defer s.gate.leave()
	limited := ctx
	if _, set := ctx.Deadline(); !set && limit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	if err := do(limited); err != nil {
		return fmt.Errorf("mongodb: %s: %w", operation, s.translate(ctx, err))
	}
	return nil
}
