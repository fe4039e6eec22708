//go:build unix

package control

import "syscall"

// privately gives a socket its mode before it gets its name, so that on Linux it is never there with another one.
// Elsewhere this may fail; Listen sets the mode again.
func privately(_, _ string, connection syscall.RawConn) error {
	return connection.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), socketMode) })
}
