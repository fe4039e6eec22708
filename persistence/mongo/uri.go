package mongo

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"clientele/persistence"
)

// What the URI can set otherwise, by appName, timeoutMS and serverSelectionTimeoutMS.
const (
	defaultDatabase        = "clientele"
	appName                = "clientele"
	operationTimeout       = 10 * time.Second
	serverSelectionTimeout = 5 * time.Second
)

// The driver's errors about a URI quote parts of it, and what was misread may be the password. So these
// sentences are all that is said.
var (
	// ErrURI is what every error wraps that is the URI's own fault.
	ErrURI = errors.New("the MongoDB URI is not valid")

	errInvalidURI = fmt.Errorf("%w: it must read "+
		"mongodb://user:password@host:port/database?options or mongodb+srv://..., with every special character "+
		"of the user and the password percent-encoded, known options only, and TLS files that can be read", ErrURI)
	errInvalidDatabase = fmt.Errorf("%w: its path is no name for the product's database: "+
		`1 to 63 bytes without / \ . " $ * < > : | ? @ and space, and not admin, config or local (a user that is `+
		"kept in admin is found with the option authSource=admin)", ErrURI)
	errWeakens = fmt.Errorf("%w: every acknowledged write has to survive and to be read, so readPreference can only be "+
		"primary, readConcernLevel and w only majority, and journal only true; leave them out", ErrURI)
	errNoDNS = fmt.Errorf("%w: the DNS records of the MongoDB URI's host cannot be read", persistence.ErrUnavailable)
)

// parseURI returns the options of the client and the name of the database.
//
// Reads and writes are not the URI's to weaken, and what would not count is refused. A write is acknowledged when a majority of the replica set
// has it in its journal, so it survives any failover; on a standalone server the journal is what is left
// of that. Reads go to the primary with majority concern. That is enough to see every write acknowledged
// before: the primary moves its majority point before it acknowledges, and reads at that point. What
// remains is a primary that lost its office behind a network partition and will not know for some seconds;
// a client that cannot see the new one either may read old state from it. Linearizable concern would close
// that gap with a round of the whole replica set for every read; here it cannot do lasting harm, because
// every decision is written with the version it was based on, and the old primary cannot acknowledge.
//
// Retryable writes are on by default, and stay the URI's choice.
func parseURI(uri string) (*options.ClientOptions, string, error) {
	opts := options.Client().ApplyURI(uri)
	if err := opts.Validate(); err != nil {
		if _, ok := errors.AsType[*net.DNSError](err); ok {
			return nil, "", errNoDNS
		}
		return nil, "", errInvalidURI
	}
	if weakens(opts) {
		return nil, "", errWeakens
	}
	database, err := databaseName(uri)
	if err != nil {
		return nil, "", err
	}
	if opts.AppName == nil {
		opts.SetAppName(appName)
	}
	if opts.Timeout == nil {
		opts.SetTimeout(operationTimeout)
	}
	if opts.ServerSelectionTimeout == nil {
		opts.SetServerSelectionTimeout(serverSelectionTimeout)
	}
	journal := true
	opts.SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal})
	opts.SetReadConcern(readconcern.Majority())
	opts.SetReadPreference(readpref.Primary())
	return opts, database, nil
}

// weakens reports whether the URI sets reads or writes that are not the ones that parseURI sets.
func weakens(opts *options.ClientOptions) bool {
	if r := opts.ReadPreference; r != nil && r.Mode() != readpref.PrimaryMode {
		return true
	}
	if r := opts.ReadConcern; r != nil && r.Level != readconcern.Majority().Level {
		return true
	}
	w := opts.WriteConcern
	return w != nil && ((w.W != nil && w.W != writeconcern.WCMajority) || (w.Journal != nil && !*w.Journal))
}

// databaseName is the path of a URI that the driver accepted; the driver does not expose it.
func databaseName(uri string) (string, error) {
	_, rest, _ := strings.Cut(uri, "://")
	if _, hosts, found := strings.Cut(rest, "@"); found {
		rest = hosts
	}
	_, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	name, err := url.QueryUnescape(path)
	if name == "" && err == nil {
		return defaultDatabase, nil
	}
	// MongoDB would allow an @, but it is the trace of a password that was not encoded, cut at its own @.
	if err != nil || len(name) > 63 || strings.ContainsAny(name, "/\\. \"$*<>:|?@\x00") ||
		slices.Contains([]string{"admin", "config", "local"}, strings.ToLower(name)) {
		return "", errInvalidDatabase
	}
	return name, nil
}
