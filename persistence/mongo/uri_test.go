package mongo

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"clientele/persistence"
)

func TestParseURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"mongodb://h":             "clientele",
		"mongodb://h/":            "clientele",
		"mongodb://h/?w=majority": "clientele",
		"mongodb://h/crm":         "crm",
		"mongodb://u:p%40ss%2F@h:1,i:2/crm?tls=true": "crm",
		"mongodb://u:p@h/a%2Db?authSource=admin":     "a-b",
		"mongodb://%2Ftmp%2Fmongodb-27017.sock/db":   "db",
	} {
		if _, database, err := parseURI(uri); err != nil || database != want {
			t.Errorf("%s: got %q, %v, want %q", uri, database, err, want)
		}
	}
}

func TestURIsDefaults(t *testing.T) {
	t.Parallel()
	opts, _, err := parseURI("mongodb://h/")
	if err != nil {
		t.Fatal(err)
	}
	if *opts.Timeout != operationTimeout || *opts.ServerSelectionTimeout != serverSelectionTimeout || *opts.AppName != appName {
		t.Errorf("got %v, %v, %q", *opts.Timeout, *opts.ServerSelectionTimeout, *opts.AppName)
	}
	if opts.WriteConcern.W != "majority" || !*opts.WriteConcern.Journal ||
		opts.ReadConcern.Level != "majority" || opts.ReadPreference.Mode().String() != "primary" {
		t.Errorf("got %+v, %+v, %v", opts.WriteConcern, opts.ReadConcern, opts.ReadPreference)
	}
}

// What the documentation for operators says can be set.
func TestURIsOptions(t *testing.T) {
	t.Parallel()
	certFile, caFile := writePEM(t)
	cases := map[string]struct {
		options string
		read    func(*options.ClientOptions) any
		want    any
	}{
		"time of an operation":     {"timeoutMS=1500", func(o *options.ClientOptions) any { return *o.Timeout }, 1500 * time.Millisecond},
		"time to find a server":    {"serverSelectionTimeoutMS=2", func(o *options.ClientOptions) any { return *o.ServerSelectionTimeout }, 2 * time.Millisecond},
		"time to connect":          {"connectTimeoutMS=3", func(o *options.ClientOptions) any { return *o.ConnectTimeout }, 3 * time.Millisecond},
		"time between heartbeats":  {"heartbeatFrequencyMS=500", func(o *options.ClientOptions) any { return *o.HeartbeatInterval }, 500 * time.Millisecond},
		"largest pool":             {"maxPoolSize=7", func(o *options.ClientOptions) any { return *o.MaxPoolSize }, uint64(7)},
		"smallest pool":            {"minPoolSize=3", func(o *options.ClientOptions) any { return *o.MinPoolSize }, uint64(3)},
		"connections made at once": {"maxConnecting=4", func(o *options.ClientOptions) any { return *o.MaxConnecting }, uint64(4)},
		"idle connections":         {"maxIdleTimeMS=60000", func(o *options.ClientOptions) any { return *o.MaxConnIdleTime }, time.Minute},
		"name":                     {"appName=a", func(o *options.ClientOptions) any { return *o.AppName }, "a"},
		"replica set":              {"replicaSet=rs0", func(o *options.ClientOptions) any { return *o.ReplicaSet }, "rs0"},
		"one server of a set":      {"directConnection=true", func(o *options.ClientOptions) any { return *o.Direct }, true},
		"behind a load balancer":   {"loadBalanced=true", func(o *options.ClientOptions) any { return *o.LoadBalanced }, true},
		"compression":              {"compressors=zstd,snappy", func(o *options.ClientOptions) any { return strings.Join(o.Compressors, " ") }, "zstd snappy"},
		"writes are not repeated":  {"retryWrites=false", func(o *options.ClientOptions) any { return *o.RetryWrites }, false},
		"reads are not repeated":   {"retryReads=false", func(o *options.ClientOptions) any { return *o.RetryReads }, false},
		"TLS":                      {"tls=true", func(o *options.ClientOptions) any { return o.TLSConfig != nil }, true},
		"TLS, an authority":        {"tls=true&tlsCAFile=" + caFile, func(o *options.ClientOptions) any { return o.TLSConfig.RootCAs != nil }, true},
		"TLS, a client's own":      {"tls=true&tlsCertificateKeyFile=" + certFile, func(o *options.ClientOptions) any { return len(o.TLSConfig.Certificates) }, 1},
		"SCRAM":                    {"authMechanism=SCRAM-SHA-256", func(o *options.ClientOptions) any { return o.Auth.AuthMechanism + " " + o.Auth.AuthSource }, "SCRAM-SHA-256 d"},
		"SCRAM, users elsewhere":   {"authSource=admin", func(o *options.ClientOptions) any { return o.Auth.AuthSource + " " + o.Auth.Username }, "admin u"},
		"what is so anyway": {"w=majority&journal=true&readConcernLevel=majority&readPreference=primary&retryWrites=true",
			func(o *options.ClientOptions) any { return o.WriteConcern.W }, "majority"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts, database, err := parseURI("mongodb://u:p@h/d?" + c.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.read(opts); got != c.want || database != "d" {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	t.Run("X.509", func(t *testing.T) {
		t.Parallel()
		opts, _, err := parseURI("mongodb://h/d?authMechanism=MONGODB-X509&tls=true&tlsCertificateKeyFile=" + certFile)
		if err != nil {
			t.Fatal(err)
		}
		if opts.Auth.AuthMechanism != "MONGODB-X509" || opts.Auth.AuthSource != "$external" || len(opts.TLSConfig.Certificates) != 1 {
			t.Errorf("got %+v", opts.Auth)
		}
	})
}

// writePEM writes a certificate with its key in one file, as the driver wants them, and the certificate alone.
func writePEM(t *testing.T) (withKey, alone string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	withKey, alone = filepath.Join(t.TempDir(), "client.pem"), filepath.Join(t.TempDir(), "ca.pem")
	if err := errors.Join(os.WriteFile(withKey, append(key, cert...), 0o600), os.WriteFile(alone, cert, 0o600)); err != nil {
		t.Fatal(err)
	}
	return withKey, alone
}

func TestURIsCannotWeakenReadsAndWrites(t *testing.T) {
	t.Parallel()
	for _, option := range []string{
		"w=0", "w=1", "w=2", "w=tagged", "journal=false", "w=majority&journal=false", "w=1&journal=true",
		"readConcernLevel=local", "readConcernLevel=available", "readConcernLevel=snapshot", "readConcernLevel=linearizable",
		"readPreference=secondary", "readPreference=secondaryPreferred", "readPreference=primaryPreferred", "readPreference=nearest",
		"readPreference=nearest&readPreferenceTags=dc:ny", "READPREFERENCE=nearest",
	} {
		_, _, err := parseURI("mongodb://u:hunter2@h/d?" + option)
		if !errors.Is(err, ErrURI) || !strings.Contains(err.Error(), "leave them out") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", option, err)
		}
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
		"mongodb://u:hunter2@h/db?tlsCAFile=/hunter2",
		"mongodb://h/db?tls=true&tlsCertificateKeyFile=/hunter2&tlsCertificateKeyFilePassword=hunter2",
		"mongodb://u:hunter2@h/db?authMechanism=MONGODB-AWS&authMechanismProperties=hunter2", "mongodb://u:hunter2@h/db?w=1",
		"mongodb://u:hunter2@h/db?authMechanism=SCRAM-SHA-256&authSource=hunter2&readPreference=hunter2", "mongodb+srv://u:hunter2@h:1/db", "mongodb+srv://u:hunter2@a,b/db",
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
