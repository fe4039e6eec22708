// Command mongowire is a stand-in for MongoDB, for tests on machines where the real one cannot be had: it
// speaks MongoDB's wire protocol, keeps its data in a folder that it removes on exit, and needs nothing
// installed. It is FerretDB on SQLite, with a gate in front that makes commands atomic. It must never hold
// data that anyone wants back, and a test that passes here has not yet passed on MongoDB.
//
// Known limits, which are expected failures of a suite that is right on MongoDB:
//
//   - No transactions, change streams, client bulk writes, pipeline updates, array filters, positional $,
//     $expr, $jsonSchema or collations. Any read or write concern is accepted and means nothing, and so does
//     a hint.
//   - $elemMatch matches scalars only, not the fields of an element. On a dotted path into an array, $ne, $nin
//     and null match too much, and a whole document is not found inside an array. Regular expressions are
//     RE2: no look-around, no option x.
//   - A projection can include and exclude, no more, and findAndModify takes none. $natural is no sort key.
//   - Indexes are ascending, descending or unique, and none makes a query faster: only a filter of one string
//     or ObjectID _id and nothing else is looked up, any other reads and decodes the whole collection.
//   - A unique index lets any number of documents lack the field. Breaking it is error 11000 on insert but
//     error 1 on update, and neither says which index it was.
//   - A field name holds no dot and begins with no dollar sign; a top-level one holds no quotation mark either.
//     An array holds no array directly. Infinities are refused; NaN, decimals, MinKey, MaxKey, JavaScript and
//     symbols close the connection. A document may exceed 16 MiB.
//   - A command on many documents is atomic too, which MongoDB does not promise.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27117", "TCP address to serve the MongoDB wire protocol on")
	flag.Parse()

	if err := run(*listen); err != nil {
		fmt.Fprintln(os.Stderr, "mongowire:", err)
		os.Exit(1)
	}
}

func run(listen string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// Once the first signal has been taken, the default disposition is back, so that a second one ends the
	// process at once, whatever is still in the way.
	context.AfterFunc(ctx, stop)

	dir, err := os.MkdirTemp("", "mongowire-")
	if err != nil {
		return fmt.Errorf("make a folder for the data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	// FerretDB is reached through a socket in its own folder, not over TCP, so that no client can get past
	// the gate by accident.
	socket := filepath.Join(dir, "ferretdb.sock")
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{Unix: socket},
		// The server reports every connection at level info, which would bury the output of the tests.
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler: "sqlite",
		// Files, and not mode=memory: there FerretDB has a single connection per database, and an update
		// waits on it for ever, because the query that found the document still holds it. Nothing outlives
		// the process, so waiting for the disk would buy nothing.
		SQLiteURL: "file:" + dir + "/?_pragma=synchronous(off)",
	})
	if err != nil {
		return fmt.Errorf("start FerretDB: %w", err)
	}

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}

	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()

	// The socket is open by now, and connections queue until they are accepted, so this line is a promise
	// that a script may wait for. It names the port really taken, for those who ask for port 0.
	fmt.Printf("listening on mongodb://%s/\n", listener.Addr())

	front := &gate{backend: socket}
	err = front.serve(ctx, listener)
	stop()

	return errors.Join(err, <-stopped)
}
