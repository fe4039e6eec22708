package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"clientele/internal/auth"
	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/bolt"
)

// folder is a data folder with a path that is short on every system.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl") //nolint:usetesting // t.TempDir puts the name of the test into the path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// serve serves keys in a folder until the test or end ends it.
func serve(t *testing.T, dir string, keys Keys) (end func()) {
	t.Helper()
	listener, err := Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Serve(ctx, listener, keys, slog.New(slog.NewTextHandler(t.Output(), nil)))
	}()
	end = func() {
		cancel()
		<-ended
	}
	t.Cleanup(end)
	return end
}

func connect(t *testing.T, dir string) *Client {
	t.Helper()
	client, err := Connect(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newService is the service of keys over a store of its own.
func newService(t *testing.T) *auth.Service {
	t.Helper()
	store, err := bolt.Open(t.Context(), folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	return auth.New(store)
}

func TestCommandsReachTheService(t *testing.T) {
	t.Parallel()
	dir, service := folder(t), newService(t)
	serve(t, dir, service)
	client := connect(t, dir)
	request := auth.Request{EnvironmentID: "production", Scope: domain.ScopeAdmin, Name: "Ада's \"key\"", ValidFor: 90 * time.Minute}
	secret, key, err := client.Create(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if actor, err := service.Authenticate(t.Context(), secret); err != nil || actor.KeyID != key.ID || actor.Scope != domain.ScopeAdmin {
		t.Errorf("the new key is %+v, %v", actor, err)
	}
	rolled, err := client.Roll(t.Context(), key.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Authenticate(t.Context(), rolled.Secret); err != nil {
		t.Errorf("the rolled key: %v", err)
	}
	if err := client.Revoke(t.Context(), rolled.Key.ID); err != nil {
		t.Fatal(err)
	}
	want, err := service.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range want {
		key.Hash = "" // It has no business on the wire.
		if key.ID == rolled.Replaced.ID && !reflect.DeepEqual(key, rolled.Replaced) {
			t.Errorf("the replaced key is %+v, not %+v", rolled.Replaced, key)
		}
	}
	if !reflect.DeepEqual(got, want) || len(got) != 2 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// failing is a service that fails with one error.
type failing struct{ err error }

func (f failing) Create(context.Context, auth.Request) (string, *domain.APIKey, error) {
	return "", nil, f.err
}
func (f failing) List(context.Context) ([]*domain.APIKey, error) { return nil, f.err }
func (f failing) Roll(context.Context, string, time.Duration) (auth.Rolled, error) {
	return auth.Rolled{}, f.err
}
func (f failing) Revoke(context.Context, string) error { return f.err }

func TestErrorsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err error
		is  func(error) bool
	}{
		"a refusal": {domain.FieldErrorf(domain.BadUserInput, "name", "is wrong"), func(err error) bool {
			return domain.IsKind(err, domain.BadUserInput) && err.Error() == "name is wrong"
		}},
		"not found": {persistence.ErrNotFound, func(err error) bool { return errors.Is(err, persistence.ErrNotFound) }},
		"anything":  {errors.New("disk on fire"), func(err error) bool { return strings.Contains(err.Error(), "disk on fire") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			serve(t, dir, failing{c.err})
			client := connect(t, dir)
			_, _, createErr := client.Create(t.Context(), auth.Request{})
			_, listErr := client.List(t.Context())
			_, rollErr := client.Roll(t.Context(), "a", 0)
			for what, err := range map[string]error{
				"create": createErr, "list": listErr, "roll": rollErr, "revoke": client.Revoke(t.Context(), "a"),
			} {
				if err == nil || !c.is(err) {
					t.Errorf("%s: got %v", what, err)
				}
			}
		})
	}
}

func TestOnlyTheOwnerMayUseTheSocket(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	serve(t, dir, failing{})
	info, err := os.Stat(filepath.Join(dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket has mode %v", info.Mode())
	}
}

func TestTheSocketEndsWithTheServer(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	serve(t, dir, failing{})()
	if _, err := os.Lstat(filepath.Join(dir, SocketName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := Connect(t.Context(), dir); !errors.Is(err, ErrNoServer) {
		t.Errorf("got %v", err)
	}
}

// leaveSocket leaves the socket of a server that was killed.
func leaveSocket(t *testing.T, dir string) {
	t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	_ = listener.Close()
}

func TestAStaleSocketIsNoServerAndIsReplaced(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	leaveSocket(t, dir)
	if _, err := Connect(t.Context(), dir); !errors.Is(err, ErrNoServer) {
		t.Errorf("got %v", err)
	}
	serve(t, dir, newService(t))
	if _, err := connect(t, dir).List(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsNoSocketStays(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"a file":   func(path string) error { return os.WriteFile(path, []byte("precious"), 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		dir := folder(t)
		path := filepath.Join(dir, SocketName)
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Listen(t.Context(), dir); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPathThatIsTooLongIsASentence(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("x", maxPathLength))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, listenErr := Listen(t.Context(), dir)
	_, connectErr := Connect(t.Context(), dir)
	for what, err := range map[string]error{"listen": listenErr, "connect": connectErr} {
		if !errors.Is(err, ErrPathTooLong) || !strings.Contains(err.Error(), "--data-dir") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestTheLongestPathWorks(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	dir = filepath.Join(dir, strings.Repeat("x", maxPathLength-len(filepath.Join(dir, "", SocketName))-1))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if path := filepath.Join(dir, SocketName); len(path) != maxPathLength {
		t.Fatalf("the path has %d bytes", len(path))
	}
	serve(t, dir, newService(t))
	if _, err := connect(t, dir).List(t.Context()); err != nil {
		t.Error(err)
	}
}

// raw sends a request as no command of this version does.
func raw(t *testing.T, dir, method, route, body string) (int, string) {
	t.Helper()
	client := connect(t, dir)
	request, err := http.NewRequestWithContext(t.Context(), method, "http://control"+route, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestRequestsOfOtherVersionsAreRefused(t *testing.T) {
	t.Parallel()
	dir, service := folder(t), newService(t)
	serve(t, dir, service)
	for name, c := range map[string]struct {
		method, route, body string
		status              int
	}{
		"an unknown route":    {"POST", "/v1/backup", "{}", http.StatusNotFound},
		"an unknown method":   {"DELETE", routeKeys, "", http.StatusMethodNotAllowed},
		"an unknown field":    {"POST", routeKeys, `{"environmentId":"a","scope":"full","secret":"server-own-own-own-own-own"}`, http.StatusBadRequest},
		"no JSON":             {"POST", routeKeys, `server-own-own-own-own-own`, http.StatusBadRequest},
		"no body":             {"POST", routeRevoke, ``, http.StatusBadRequest},
		"a body of megabytes": {"POST", routeRevoke, `{"id":"` + strings.Repeat("x", 2<<20) + `"}`, http.StatusBadRequest},
		"a duration that ...": {"POST", routeRoll, `{"id":"a","overlap":"soon"}`, http.StatusBadRequest},
	} {
		status, text := raw(t, dir, c.method, c.route, c.body)
		if status != c.status || strings.Contains(text, "own-own") {
			t.Errorf("%s: status %d: %.200s", name, status, text)
		}
		if status == http.StatusBadRequest && !json.Valid([]byte(text)) {
			t.Errorf("%s: no JSON: %.200s", name, text)
		}
	}
	if keys, err := service.List(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("got %+v, %v", keys, err)
	}
}

// TestAnOlderServerIsASentence has a server that knows no route.
func TestAnOlderServerIsASentence(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	listener, err := Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	older := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { _ = older.Serve(listener) }()
	t.Cleanup(func() { _ = older.Close() })
	if err := connect(t, dir).Revoke(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "version") || errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
