package httpd

import (
	"net/http"
	"sync/atomic"
)

// Drain is shared by the parts of a server that behave differently once it is stopping. The zero value is ready to use;
// a nil *Drain never begins.
type Drain struct{ begun atomic.Bool }

// Begin is called once, when the server starts to stop.
func (d *Drain) Begin() { d.begun.Store(true) }

// Begun reports whether the server is stopping.
func (d *Drain) Begun() bool { return d != nil && d.begun.Load() }

// announce has clients make their next request on a new connection, which another server accepts. Over HTTP/2, net/http
// turns it into a GOAWAY.
func (d *Drain) announce(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.Begun() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
