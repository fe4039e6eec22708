//go:build unix

package control

import "syscall"

// privately sets the mode of a socket before it is bound, so that on Linux it never exists with another one. Elsewhere
// this may fail; Listen sets the mode again.
func privately(_, _ string, connection syscall.RawConn) error {
	return connection.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), socketMode) })
}
