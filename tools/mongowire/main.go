// Command mongowire replaces MongoDB in tests on machines where MongoDB is not available. It speaks MongoDB's wire
// protocol, stores its data in a folder that it removes on exit, and needs no installation. It is FerretDB on
// SQLite, behind a gate that makes commands atomic. Never use it for data that must survive; a test that passes
// here may still fail on MongoDB.
//
// Known limits, because of which a test that passes on MongoDB can fail here:
//
//   - No transactions, change streams, client bulk writes, pipeline updates, array filters, positional $,
//     $expr, $jsonSchema or collations. Read concerns, write concerns and hints are accepted and ignored.
//   - $elemMatch matches only scalars, not the fields of an element. On a dotted path into an array, $ne, $nin
//     and null match too much, and a whole document is not found inside an array. Regular expressions are
//     RE2: no look-around, no option x.
//   - A projection can only include and exclude fields; findAndModify has none. $natural is not a sort key.
//   - Indexes can be ascending, descending or unique, and none makes a query faster: only a filter with nothing
//     but a string or ObjectID _id is looked up, any other reads and decodes the whole collection.
//   - A unique index accepts any number of documents without the field. A duplicate is error 11000 on insert
//     but error 1 on update, and neither error names the index.
//   - A field name cannot contain a dot or begin with a dollar sign, and at the top level cannot contain a
//     quotation mark. An array cannot directly contain an array. Infinities are rejected; NaN, decimals, MinKey,
//     MaxKey, JavaScript and symbols close the connection. A document may exceed 16 MiB.
//   - A command on many documents is atomic too, which MongoDB does not guarantee.
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
	"runtime/debug"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27117", "TCP address to serve the MongoDB wire protocol on")
	flag.Parse()
	if os.Getenv("GOGC") == "" {
		// Every query decodes a whole collection into garbage, beside little that stays.
		debug.SetGCPercent(400)
	}

	if err := run(*listen); err != nil {
		fmt.Fprintln(os.Stderr, "mongowire:", err)
		os.Exit(1)
	}
}

func run(listen string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// After the first signal, restore the default handling, so that a second one ends the process at once.
	context.AfterFunc(ctx, stop)

	dir, err := os.MkdirTemp("", "mongowire-")
	if err != nil {
		return fmt.Errorf("make a folder for the data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	// FerretDB listens on a socket in its own folder, not on TCP, so that no client can bypass the gate by accident.
	socket := filepath.Join(dir, "ferretdb.sock")
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{Unix: socket},
		// FerretDB logs every connection at level info, which would hide the output of the tests.
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler: "sqlite",
		// Files, not mode=memory: there FerretDB has one connection per database, and an update waits for it
		// for ever, because the query that found the document still holds it. synchronous(off), because the data
		// is not needed after the process ends.
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

	// Scripts wait for this line: from here on, connections succeed. It has the actual port if port 0 was requested.
	fmt.Printf("listening on mongodb://%s/\n", listener.Addr())

	front := &gate{backend: socket}
	err = front.serve(ctx, listener)
	stop()

	return errors.Join(err, <-stopped)
}
