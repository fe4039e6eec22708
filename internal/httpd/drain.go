package httpd

import (
	"net/http"
	"sync/atomic"
)

// Drain tells the parts of a server that it is about to stop. The zero value is ready to use, and a nil pointer is a
// drain that never begins.
type Drain struct{ begun atomic.Bool }

// Begin is called once, when the server is told to stop.
func (d *Drain) Begin() { d.begun.Store(true) }

// Begun reports whether the server was told to stop.
func (d *Drain) Begun() bool { return d != nil && d.begun.Load() }

// announce asks clients to make their next request on another connection, which another server will take. Over
// HTTP/2 the library turns it into a GOAWAY.
func (d *Drain) announce(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.Begun() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
