package mongo

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"clientele/persistence"
)

func TestParseURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"mongodb://h":                              "clientele",
		"mongodb://h/":                             "clientele",
		"mongodb://h/?w=1":                         "clientele",
		"mongodb://h/crm":                          "crm",
		"mongodb://u:p%40ss%2F@h:1,i:2/crm?w=1":    "crm",
		"mongodb://u:p@h/a%2Db?authSource=admin":   "a-b",
		"mongodb://%2Ftmp%2Fmongodb-27017.sock/db": "db",
	} {
		if _, database, err := parseURI(uri); err != nil || database != want {
			t.Errorf("%s: got %q, %v, want %q", uri, database, err, want)
		}
	}
}

func TestURIsDefaults(t *testing.T) {
	t.Parallel()
	opts, _, err := parseURI("mongodb://h/?w=1&journal=false&readConcernLevel=local&readPreference=nearest")
	if err != nil {
		t.Fatal(err)
	}
	if *opts.Timeout != operationTimeout || *opts.ServerSelectionTimeout != serverSelectionTimeout || *opts.AppName != appName {
		t.Errorf("got %v, %v, %q", *opts.Timeout, *opts.ServerSelectionTimeout, *opts.AppName)
	}
	if opts.WriteConcern.W != "majority" || !*opts.WriteConcern.Journal ||
		opts.ReadConcern.Level != "majority" || opts.ReadPreference.Mode().String() != "primary" {
		t.Errorf("the URI weakened %+v, %+v, %v", opts.WriteConcern, opts.ReadConcern, opts.ReadPreference)
	}
	opts, _, err = parseURI("mongodb://h/?timeoutMS=1&serverSelectionTimeoutMS=2&appName=a&retryWrites=false")
	if err != nil {
		t.Fatal(err)
	}
	if *opts.Timeout != time.Millisecond || *opts.ServerSelectionTimeout != 2*time.Millisecond || *opts.AppName != "a" ||
		*opts.RetryWrites {
		t.Errorf("the URI did not set %v, %v, %q, %t", *opts.Timeout, *opts.ServerSelectionTimeout, *opts.AppName, *opts.RetryWrites)
	}
}

// The password is "hunter2", or what is left of it when the driver misreads the URI.
func TestURIsAreNeverQuoted(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"", "hunter2", "postgres://u:hunter2@h/db", "mongodb://u:hunter2@", "mongodb://u:hunter2/@h", "mongodb://u:hun:ter2@h",
		"mongodb://u:%hunter2@h", "mongodb://u:@hunter2@h", "mongodb://u:p@hunter2/x@h/db", "mongodb://u:p@hunter2:x/db",
		"mongodb://u:hunter2@h:99999/db", "mongodb://u:hunter2@h/%zz", "mongodb://u:hunter2@h/admin", "mongodb://u:hunter2@h/a.b",
		"mongodb://u:hunter2@h/" + strings.Repeat("x", 64), "mongodb://u:hunter2@h/db?authMechanism=hunter2",
		"mongodb://u:hunter2@h/db?timeoutMS=hunter2", "mongodb://u:hunter2@h/db?hunter2", "mongodb://u:hunter2@h/db?x=%zzhunter2",
		"mongodb://u:hunter2@h/db?tlsCAFile=/hunter2", "mongodb+srv://u:hunter2@h:1/db", "mongodb+srv://u:hunter2@a,b/db",
	} {
		store, err := Open(t.Context(), uri)
		if err == nil {
			t.Errorf("%q opens", uri)
			_ = store.Close(t.Context())
			continue
		}
		if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "u:") {
			t.Errorf("%q is quoted: %s", uri, text)
		}
	}
}

func TestOpenWithoutAServer(t *testing.T) {
	t.Parallel()
	// A port that was free a moment ago and that nobody listens on.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	uri := "mongodb://somebody:hunter2@" + address + "/db"

	t.Run("is unavailable", func(t *testing.T) {
		t.Parallel()
		_, err := Open(t.Context(), uri+"?serverSelectionTimeoutMS=50")
		if !errors.Is(err, persistence.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		// It is the caller's context that did not end.
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got a deadline: %v", err)
		}
		if text := err.Error(); strings.Contains(text, "hunter2") || !strings.Contains(text, address) ||
			!strings.Contains(text, "connection refused") {
			t.Errorf("the error should name the address and the reason, and no password: %s", text)
		}
	})
	t.Run("ends with the context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := Open(ctx, uri); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		cancel()
		if _, err := Open(ctx, uri); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ends when it is cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err := Open(ctx, uri); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
