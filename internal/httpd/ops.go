package httpd

import (
	"context"
	"net/http"

	// It also registers itself on the default mux, which is never served.
	"net/http/pprof"
)

// OpsRoutes are what the server serves to operators, on a listener of its own.
type OpsRoutes struct {
	// Metrics serves /metrics.
	Metrics http.Handler
	// Ready and Drain are those of Routes.
	Ready func(context.Context) error
	Drain *Drain
	// Profiling serves Go's profiles at /debug/pprof/.
	Profiling bool
}

// NewOpsHandler serves metrics and health checks, and profiles if enabled. Its requests are not counted, because scrapes
// would hide those of the API.
func NewOpsHandler(routes OpsRoutes) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", routes.Metrics)
	handleHealth(mux, routes.Ready, routes.Drain)
	if routes.Profiling {
		// Without cmdline: there can be an API key in the arguments.
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}
