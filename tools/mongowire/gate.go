package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// commandLimit is far more than the slowest command of a test needs.
const commandLimit = 30 * time.Second

// gate is a proxy in front of FerretDB that adds two guarantees of MongoDB that FerretDB does not give.
//
// A command on one document is atomic. FerretDB reads a document and writes it by its _id in a separate
// statement, so concurrent updates overwrite each other and a filter on a version protects nothing. The gate
// forwards one command at a time.
//
// A request that wants no reply gets none. FerretDB replies anyway, and then every reply on that connection
// belongs to the request before. The gate drops that reply.
type gate struct {
	backend string // path of FerretDB's socket

	commands sync.Mutex
}

// serve relays connections until ctx is done, and returns once all of them are closed.
func (g *gate) serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)

	var open sync.WaitGroup
	defer open.Wait()
	defer cancel() // before open.Wait, which would otherwise wait for ever after an error of the listener

	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()

	for {
		client, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}

		open.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = client.Close() })()

			// The client notices an error by the closed connection.
			_ = g.relay(ctx, client)
			_ = client.Close()
		})
	}
}

// relay forwards requests and replies until either side closes.
func (g *gate) relay(ctx context.Context, client net.Conn) error {
	server, err := new(net.Dialer).DialContext(ctx, "unix", g.backend)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()

	for {
		request, err := readMessage(client)
		if err != nil {
			return err
		}

		reply, err := g.exchange(server, request)
		if err != nil {
			return err
		}
		if wantsNoReply(request) {
			continue
		}

		if _, err := client.Write(reply); err != nil {
			return err
		}
	}
}

// exchange holds the lock until FerretDB has replied, because only then is the command complete, but not while a
// client, which may be slow, sends or receives. The deadline turns a command that never ends, and would block all
// clients, into a broken connection, which is easier to find than a hang.
func (g *gate) exchange(server net.Conn, request []byte) ([]byte, error) {
	g.commands.Lock()
	defer g.commands.Unlock()

	if err := server.SetDeadline(time.Now().Add(commandLimit)); err != nil {
		return nil, err
	}
	if _, err := server.Write(request); err != nil {
		return nil, err
	}

	return readMessage(server)
}

// Every message of the wire protocol begins with four little-endian int32: its length, its id, the id it
// responds to, and its operation. There are no compressed messages: FerretDB does not support compression.
const (
	headerLength   = 16
	lengthLimit    = 48_000_000 // what MongoDB announces as maxMessageSizeBytes
	operationMsg   = 2013
	flagMoreToCome = 1 << 1
)

func readMessage(from io.Reader) ([]byte, error) {
	var prefix [4]byte
	if _, err := io.ReadFull(from, prefix[:]); err != nil {
		return nil, err
	}

	length := binary.LittleEndian.Uint32(prefix[:])
	if length < headerLength || length > lengthLimit {
		return nil, fmt.Errorf("message of %d bytes", length)
	}

	message := make([]byte, length)
	copy(message, prefix[:])
	if _, err := io.ReadFull(from, message[len(prefix):]); err != nil {
		return nil, err
	}

	return message, nil
}

// wantsNoReply reports whether a request is an unacknowledged write: the driver sets moreToCome in the flags, which
// follow the header.
func wantsNoReply(request []byte) bool {
	if len(request) < headerLength+4 || binary.LittleEndian.Uint32(request[12:]) != operationMsg {
		return false
	}

	return binary.LittleEndian.Uint32(request[headerLength:])&flagMoreToCome != 0
}
