// Package control connects commands on one machine to a running server: HTTP with JSON on a Unix socket in the data
// folder. The socket has mode 0600 and checks no key. The package knows the commands, and neither GraphQL nor the
// storage engines.
package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"clientele/internal/auth"
	"clientele/internal/domain"
)

// SocketName is the socket's name in the data folder.
const SocketName = "control.sock"

// maxPathLength is what the system allows in the address of a Unix socket, without the terminating zero byte.
const maxPathLength = len(syscall.RawSockaddrUnix{}.Path) - 1

// The reasons why there is no socket to use.
var (
	// ErrNoServer: no server listens on the socket.
	ErrNoServer = errors.New("no server listens on the control socket")
	// ErrPathTooLong: the socket cannot be in this folder.
	ErrPathTooLong = errors.New("the path of the control socket is too long")
)

// Keys is the part of auth.Service that commands use.
type Keys interface {
	Create(ctx context.Context, request auth.Request) (string, *domain.APIKey, error)
	List(ctx context.Context) ([]*domain.APIKey, error)
	Roll(ctx context.Context, id string, overlap time.Duration) (auth.Rolled, error)
	Revoke(ctx context.Context, id string) error
}

// socketPath returns the path of a folder's socket. Errors: ErrPathTooLong.
func socketPath(dir string) (string, error) {
	path := filepath.Join(dir, SocketName)
	if len(path) > maxPathLength {
		return "", fmt.Errorf("%w: %s has %d bytes and this system allows %d; give a shorter --data-dir, for which a relative one counts as it is written",
			ErrPathTooLong, path, len(path), maxPathLength)
	}
	return path, nil
}

// removeStale removes the socket of a server that was killed. The caller holds the folder's store, so no other server
// listens on it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().IsRegular() || info.IsDir():
		return fmt.Errorf("%s is in the way of the control socket", path)
	}
	return os.Remove(path)
}
