package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"clientele/persistence"
)

// arrivals bounds the bytes of incomplete request bodies. A slow client occupies what it has sent until the read timeout,
// so without a bound a key could fill the memory by opening connections. One key can have half of it. A nil *arrivals
// bounds nothing.
type arrivals struct {
	most int

	mu   sync.Mutex
	all  int
	keys map[string]int
}

var errArrivals = fmt.Errorf("too much is being sent at once: %w", persistence.ErrBusy)

// newArrivals bounds bodies to a third of the memory for all requests, but a key can always send two of maximum length.
func newArrivals(memory int64, bodyBytes int) *arrivals {
	if memory <= 0 {
		return nil
	}
	return &arrivals{most: max(int(memory/3), 4*bodyBytes), keys: map[string]int{}}
}

// hold reserves bytes for a key, and reports whether there was room.
func (a *arrivals) hold(keyID string, bytes int) bool {
	if a == nil {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all+bytes > a.most || a.keys[keyID]+bytes > a.most/2 {
		return false
	}
	a.all += bytes
	a.keys[keyID] += bytes
	return true
}

func (a *arrivals) release(keyID string, bytes int) {
	if a == nil || bytes == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all -= bytes
	if a.keys[keyID] -= bytes; a.keys[keyID] == 0 {
		delete(a.keys, keyID)
	}
}

// read reads a body of the given Content-Length, or -1. done must be called once the bytes are counted elsewhere, or not
// needed any more. Errors: persistence.ErrBusy, and those of the body.
func (a *arrivals) read(keyID string, body io.Reader, length int64) (text []byte, done func(), _ error) {
	held := 0
	done = sync.OnceFunc(func() { a.release(keyID, held) })
	size := bytes.MinRead
	if length >= 0 {
		// One more byte, to read the end.
		size = int(min(length, holdStep)) + 1
	}
	for text = make([]byte, 0, size); ; {
		if len(text) == cap(text) {
			size = 2 * cap(text)
			if length > int64(len(text)) && length < int64(size) {
				size = int(length) + 1
			}
			// Short bodies take no reservation.
			if more := size - holdStep - held; more > 0 {
				if !a.hold(keyID, more) {
					return text, done, errArrivals
				}
				held += more
			}
			text = append(make([]byte, 0, size), text...)
		}
		n, err := body.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if errors.Is(err, io.EOF) {
			return text, done, nil
		}
		if err != nil {
			return text, done, err
		}
	}
}
