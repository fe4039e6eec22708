package control

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"clientele/internal/auth"
	"clientele/internal/domain"
	"clientele/persistence"
)

const (
	socketMode = 0o600
	// maxBody bounds a request, in bytes.
	maxBody = 64 << 10
	// callTimeout bounds a command; headerTimeout how long its request may take to begin.
	callTimeout, headerTimeout = 20 * time.Second, 5 * time.Second
	// grace is how long a command may take once the server is stopping.
	grace = 2 * time.Second
)

// Listen creates the socket in the folder of a store that the caller holds open. Errors: ErrPathTooLong.
func Listen(ctx context.Context, dir string) (net.Listener, error) {
	path, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// The listener removes the socket when it is closed.
	listener, err := (&net.ListenConfig{Control: privately}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// Serve serves commands on the listener, which it closes, until the context is done.
func Serve(ctx context.Context, listener net.Listener, keys Keys, log *slog.Logger) {
	lasting := context.WithoutCancel(ctx)
	server := http.Server{
		Handler: newHandler(keys), ReadHeaderTimeout: headerTimeout,
		BaseContext: func(net.Listener) context.Context { return lasting },
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.ErrorContext(ctx, "commands cannot reach this server any more", "error", err.Error())
		}
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		closing, cancel := context.WithTimeout(lasting, grace)
		defer cancel()
		if server.Shutdown(closing) != nil {
			_ = server.Close()
		}
		<-ended
	}
}

// newHandler serves the commands, one route each.
func newHandler(keys Keys) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+routeKeys, command(func(ctx context.Context, _ struct{}) (listReply, error) {
		all, err := keys.List(ctx)
		reply := listReply{Keys: []keyMessage{}}
		for _, key := range all {
			reply.Keys = append(reply.Keys, keyMessage(*key))
		}
		return reply, err
	}))
	mux.Handle("POST "+routeKeys, command(func(ctx context.Context, r createRequest) (createReply, error) {
		secret, key, err := keys.Create(ctx, auth.Request{
			EnvironmentID: r.EnvironmentID, Scope: r.Scope, Name: r.Name, ValidFor: time.Duration(r.ValidFor),
		})
		if err != nil {
			return createReply{}, err
		}
		return createReply{Secret: secret, Key: keyMessage(*key)}, nil
	}))
	mux.Handle("POST "+routeRoll, command(func(ctx context.Context, r rollRequest) (rollReply, error) {
		rolled, err := keys.Roll(ctx, r.ID, time.Duration(r.Overlap))
		if err != nil {
			return rollReply{}, err
		}
		return rollReply{Secret: rolled.Secret, Key: keyMessage(*rolled.Key), Replaced: keyMessage(*rolled.Replaced)}, nil
	}))
	mux.Handle("POST "+routeRevoke, command(func(ctx context.Context, r revokeRequest) (struct{}, error) {
		return struct{}{}, keys.Revoke(ctx, r.ID)
	}))
	return mux
}

// command is a route that calls do with a JSON object, and responds with another one.
func command[Request, Reply any](do func(context.Context, Request) (Reply, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
		defer cancel()
		var request Request
		if r.Method != http.MethodGet {
			decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
			decoder.DisallowUnknownFields()
			if decoder.Decode(&request) != nil {
				// Without the decoder's error, which can quote the request.
				write(w, http.StatusBadRequest, errorReply{Message: "the running server does not understand this command; use the program of its version"})
				return
			}
		}
		reply, err := do(ctx, request)
		if err != nil {
			writeError(w, err)
			return
		}
		write(w, http.StatusOK, reply)
	})
}

func writeError(w http.ResponseWriter, err error) {
	reply, status := errorReply{Message: err.Error()}, http.StatusInternalServerError
	if errors.Is(err, persistence.ErrNotFound) {
		status = http.StatusNotFound
	}
	if refusal, ok := errors.AsType[*domain.Error](err); ok {
		reply, status = errorReply{Message: refusal.Message, Kind: refusal.Kind}, http.StatusUnprocessableEntity
	}
	write(w, status, reply)
}

func write(w http.ResponseWriter, status int, reply any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	// An error means that the command has ended.
	_ = json.NewEncoder(w).Encode(reply)
}
