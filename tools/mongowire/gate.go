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

// commandLimit is far above what the slowest command of a test takes.
const commandLimit = 30 * time.Second

// gate stands between the clients and FerretDB, and gives back two promises of MongoDB's that FerretDB does
// not keep.
//
// A command on one document is atomic. FerretDB reads the document, decides, and writes it by its _id in a
// separate statement, so concurrent updates overwrite each other and a filter on a version guards nothing.
// The gate lets one command through at a time.
//
// A request that asks for no reply gets none. FerretDB answers it all the same, and from then on every
// answer on that connection belongs to the question before. The gate drops that reply.
type gate struct {
	backend string // path of FerretDB's socket

	turn sync.Mutex
}

// serve relays connections until ctx is done, and returns once all of them are closed.
func (g *gate) serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)

	var open sync.WaitGroup
	defer open.Wait()
	defer cancel() // before the wait, which would otherwise outlast an error of the listener for ever

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

			// How a connection ends is the client's business: it learns of it by the connection's end.
			_ = g.relay(ctx, client)
			_ = client.Close()
		})
	}
}

// relay carries requests and replies until either side closes.
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

// exchange holds the turn until FerretDB has answered, since that is when the command's effect is complete.
// It does not hold it while the client, which may be slow, sends or receives. The limit is there because a
// command that never ends would hold up every client: a broken connection is easier to find than a hang.
func (g *gate) exchange(server net.Conn, request []byte) ([]byte, error) {
	g.turn.Lock()
	defer g.turn.Unlock()

	if err := server.SetDeadline(time.Now().Add(commandLimit)); err != nil {
		return nil, err
	}
	if _, err := server.Write(request); err != nil {
		return nil, err
	}

	return readMessage(server)
}

// Every message of the wire protocol begins with four little-endian int32: its length, its id, the id it
// responds to, and its operation. Compressed messages need no thought: FerretDB never agrees to compression.
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

// wantsNoReply tells an unacknowledged write: the driver sets moreToCome in the flags, which follow the
// header.
func wantsNoReply(request []byte) bool {
	if len(request) < headerLength+4 || binary.LittleEndian.Uint32(request[12:]) != operationMsg {
		return false
	}

	return binary.LittleEndian.Uint32(request[headerLength:])&flagMoreToCome != 0
}
