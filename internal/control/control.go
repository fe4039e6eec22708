// Package control is how commands on one machine reach a running server: HTTP with JSON on a Unix socket in the data
// folder. Whoever may write to the socket, mode 0600, may do everything that the commands can, so it asks for no key.
// The package knows the commands, and neither GraphQL nor the storage engines.
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

// maxPathLength is what the system allows in the address of a Unix socket, without the zero byte behind it.
const maxPathLength = len(syscall.RawSockaddrUnix{}.Path) - 1

// The reasons why there is no socket to use.
var (
	// ErrNoServer says that no server listens on the socket.
	ErrNoServer = errors.New("no server listens on the control socket")
	// ErrPathTooLong says that the socket cannot be in this folder.
	ErrPathTooLong = errors.New("the path of the control socket is too long")
)

// Keys is what can be done with API keys, as auth.Service does it.
type Keys interface {
	Create(ctx context.Context, request auth.Request) (string, *domain.APIKey, error)
	List(ctx context.Context) ([]*domain.APIKey, error)
	Roll(ctx context.Context, id string, overlap time.Duration) (auth.Rolled, error)
	Revoke(ctx context.Context, id string) error
}

// socketPath is where a folder's socket is. Errors: ErrPathTooLong.
func socketPath(dir string) (string, error) {
	path := filepath.Join(dir, SocketName)
	if len(path) > maxPathLength {
		return "", fmt.Errorf("%w: %s has %d bytes and this system allows %d; give a shorter --data-dir, for which a relative one counts as it is written",
			ErrPathTooLong, path, len(path), maxPathLength)
	}
	return path, nil
}

// removeStale removes the socket that a server left behind when it was killed. The caller holds the folder's store, so
// no other server listens on it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().IsRegular() || info.IsDir():
		return fmt.Errorf("%s is in the place of the control socket", path)
	}
	return os.Remove(path)
}
