package main

import (
	"context"
	"encoding/binary"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestGateForwardsOneCommandAtATime(t *testing.T) {
	var running, most atomic.Int32
	address := startGate(t, func() {
		most.Store(max(most.Load(), running.Add(1)))
		time.Sleep(time.Millisecond) // long enough for a second command to arrive
		running.Add(-1)
	})

	var clients sync.WaitGroup
	for range 4 {
		client := dial(t, address)
		clients.Go(func() {
			for id := range uint32(10) {
				if got, err := exchange(client, id); err != nil || got != id {
					t.Errorf("request %d: response to %d, %v", id, got, err)
				}
			}
		})
	}
	clients.Wait()

	if most.Load() != 1 {
		t.Errorf("%d commands at the same time, want 1", most.Load())
	}
}

func TestGateDropsTheReplyToAnUnacknowledgedWrite(t *testing.T) {
	client := dial(t, startGate(t, func() {}))

	if _, err := client.Write(message(1, flagMoreToCome)); err != nil {
		t.Fatal(err)
	}
	if got, err := exchange(client, 2); err != nil || got != 2 {
		t.Fatalf("the reply belongs to request %d, want 2; %v", got, err)
	}
}

func TestGateClosesConnectionsOnAnInvalidLength(t *testing.T) {
	client := dial(t, startGate(t, func() {}))

	if _, err := client.Write([]byte{1, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := readMessage(client); err == nil {
		t.Fatal("the connection is still open")
	}
}

// startGate returns the address of a gate whose backend, like FerretDB, replies to every request.
func startGate(t *testing.T, work func()) string {
	t.Helper()

	socket := filepath.Join(t.TempDir(), "s")
	backend, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = backend.Close() })

	go func() {
		for {
			conn, err := backend.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for {
					request, err := readMessage(conn)
					if err != nil {
						return
					}
					work()
					copy(request[8:12], request[4:8]) // responseTo is the id of the request
					if _, err := conn.Write(request); err != nil {
						return
					}
				}
			}()
		}
	}()

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- (&gate{backend: socket}).serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})

	return listener.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()

	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}

	return conn
}

func exchange(conn net.Conn, id uint32) (responseTo uint32, err error) {
	if _, err := conn.Write(message(id, 0)); err != nil {
		return 0, err
	}
	reply, err := readMessage(conn)
	if err != nil {
		return 0, err
	}

	return binary.LittleEndian.Uint32(reply[8:]), nil
}

func message(id, flags uint32) []byte {
	m := binary.LittleEndian.AppendUint32(nil, headerLength+4)
	m = binary.LittleEndian.AppendUint32(m, id)
	m = binary.LittleEndian.AppendUint32(m, 0)
	m = binary.LittleEndian.AppendUint32(m, operationMsg)

	return binary.LittleEndian.AppendUint32(m, flags)
}
