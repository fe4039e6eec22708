// Package mongotest gives tests a MongoDB server: the one that CLIENTELE_TEST_MONGODB_URI names, else a
// container, started once for all tests of a binary. Every test gets a database of its own. The package
// knows servers, and nothing of the store that is tested on them.
//
// A binary whose tests use it says at its end which server they ran on, because a test that was skipped is
// easily taken for one that passed:
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		mongotest.Report(mongotest.Finish())
//		os.Exit(code)
//	}
package mongotest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// The environment that the package reads. Without an address and without a container tests are skipped, or
// fail if the third is "1". The image replaces MongoDB's own and is run as it is.
const (
	envURI      = "CLIENTELE_TEST_MONGODB_URI"
	envImage    = "CLIENTELE_TEST_MONGO_IMAGE"
	envRequired = "CLIENTELE_TEST_MONGODB_REQUIRED"
)

const (
	// startTimeout leaves time to pull an image.
	startTimeout = 5 * time.Minute
	dropTimeout  = 30 * time.Second
)

// Server is what a server says of itself.
type Server struct {
	// Name is its product, version and kind, and where it is; no credentials.
	Name string
	// IsFerretDB is for tests of what the stand-in, FerretDB 1, cannot do.
	IsFerretDB bool
}

// instance is a server in use.
type instance struct {
	Server

	uri    string
	client *mongo.Client
	// container is nil for a server that was there before.
	container testcontainers.Container
}

// shared is the server of all tests of the binary, once one needs it.
var shared struct {
	sync.Mutex

	asked   bool
	server  *instance
	failure error
}

// errNotAnswering says no more, because the driver's error could quote the address, password included.
var errNotAnswering = errors.New("the server that " + envURI + " names does not answer")

// URI returns the address of an empty database of the test's own, which is dropped at the test's end. The
// test is skipped if there is no server, or fails if the environment demands one.
func URI(tb testing.TB) string {
	tb.Helper()
	return withDatabase(serverFor(tb).uri, newDatabase(tb))
}

// Documents returns every document of every collection of a database that URI gave, as BSON.
func Documents(tb testing.TB, uri string) [][]byte {
	tb.Helper()
	var documents [][]byte
	for _, name := range Collections(tb, uri) {
		cursor, err := databaseOf(tb, uri).Collection(name).Find(tb.Context(), bson.D{})
		if err != nil {
			tb.Fatal(err)
		}
		var found []bson.Raw
		if err := cursor.All(tb.Context(), &found); err != nil {
			tb.Fatal(err)
		}
		for _, document := range found {
			documents = append(documents, document)
		}
	}
	return documents
}

// Collections are the names of the collections of a database that URI gave.
func Collections(tb testing.TB, uri string) []string {
	tb.Helper()
	names, err := databaseOf(tb, uri).ListCollectionNames(tb.Context(), bson.D{})
	if err != nil {
		tb.Fatal(err)
	}
	return names
}

func databaseOf(tb testing.TB, uri string) *mongo.Database {
	tb.Helper()
	address, _, _ := strings.Cut(uri, "?")
	return serverFor(tb).client.Database(address[strings.LastIndexByte(address, '/')+1:])
}

// newDatabase names a database that nobody else uses, and drops it at the test's end.
func newDatabase(tb testing.TB) string {
	tb.Helper()
	client := serverFor(tb).client
	name := "clientele_test_" + strings.ToLower(rand.Text())
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := client.Database(name).Drop(ctx); err != nil {
			tb.Errorf("drop the test's database: %v", err)
		}
	})
	return name
}

// Running returns which server URI's databases are on. It skips and fails as URI does.
func Running(tb testing.TB) Server {
	tb.Helper()
	return serverFor(tb).Server
}

const notRun = "MongoDB did not run"

// Finish ends what the tests started, after the last of them, and returns which server ran them, or that
// none did and why.
func Finish() string {
	shared.Lock()
	defer shared.Unlock()
	switch {
	case !shared.asked:
		return notRun + ": no test asked for it"
	case shared.failure != nil:
		return fmt.Sprintf("%s: %v", notRun, shared.failure)
	}
	name := shared.server.Name
	if err := shared.server.stop(); err != nil {
		name += fmt.Sprintf(" (and could not be stopped: %v)", err)
	}
	return "MongoDB tests ran on " + name
}

func serverFor(tb testing.TB) *instance {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.asked {
		shared.asked = true
		shared.server, shared.failure = start()
	}
	switch {
	case shared.failure == nil:
	case os.Getenv(envRequired) == "1", os.Getenv(envURI) != "":
		tb.Fatalf("MongoDB: %v", shared.failure)
	default:
		tb.Skipf("MongoDB: %v", shared.failure)
	}
	return shared.server
}

func start() (*instance, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if uri := os.Getenv(envURI); uri != "" {
		server := &instance{uri: uri}
		if server.connect(ctx) != nil {
			return nil, errNotAnswering
		}
		return server, nil
	}
	return startContainer(ctx)
}

// connect fills in the client and what the server says of itself.
func (i *instance) connect(ctx context.Context) error {
	opts := options.Client().ApplyURI(i.uri)
	client, err := mongo.Connect(opts)
	if err != nil {
		return err
	}
	if i.Server, err = identify(ctx, client, strings.Join(opts.Hosts, ",")); err != nil {
		return errors.Join(err, client.Disconnect(ctx))
	}
	i.client = client
	return nil
}

func (i *instance) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	return errors.Join(i.client.Disconnect(ctx), testcontainers.TerminateContainer(i.container))
}

// withDatabase puts a database into the path of a URI. The path may have named the one that keeps the
// user; it still authenticates the user then.
func withDatabase(uri, database string) string {
	address, query, _ := strings.Cut(uri, "?")
	scheme, rest, _ := strings.Cut(address, "://")
	authority, path, _ := strings.Cut(rest, "/")
	if strings.Contains(authority, "@") && !strings.Contains(strings.ToLower(query), "authsource=") {
		if path == "" {
			path = "admin"
		}
		query = strings.TrimPrefix(query+"&authSource="+path, "&")
	}
	if query != "" {
		query = "?" + query
	}
	return scheme + "://" + authority + "/" + database + query
}
