// Package persistence is the contract between the product and whatever keeps its documents: what a store
// must do, the errors it answers, the filters and pages it serves. Engines live in sub-packages and pass
// the one suite in persistencetest. The package knows no database driver and no GraphQL.
package persistence

import (
	"context"
	"errors"
	"time"

	"clientele/internal/domain"
)

// The errors of a store. Engines wrap them (errors.Is finds them); whatever else an engine answers is a
// fault of the engine or of the machine. Every method also answers the context's error, promptly, once the
// context is done, and ErrClosed after Close.
var (
	// ErrNotFound: no document has that key.
	ErrNotFound = errors.New("not found")
	// ErrExists: a document has that key already, live or archived.
	ErrExists = errors.New("already exists")
	// ErrConflict: the stored version is not the one that the write names.
	ErrConflict = errors.New("version conflict")
	// ErrInvalidCursor: the cursor is damaged, or was made for another collection, environment, filter or order.
	ErrInvalidCursor = errors.New("invalid cursor")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrInUse: another process holds the data directory.
	ErrInUse = errors.New("data directory is in use by another process")
	// ErrUnavailable: the store did not answer; whether a write was made is not known.
	ErrUnavailable = errors.New("store is unavailable")
)

// Store keeps every document of the product. It is safe for concurrent use. What it is given it copies,
// and what it answers is the caller's own: changing either never changes the store.
type Store interface {
	Customers
	Catalog
	Keys
	Idempotency
	Billing

	// Ping answers nil while the store can serve.
	Ping(ctx context.Context) error
	// Close releases the store after the calls under way have ended; it answers the context's error if that
	// ends first. A second Close does nothing.
	Close(ctx context.Context) error
}

// Customers keeps customers, one document each. Each write is atomic and durable when it returns nil; a
// write that answers one of the errors above has changed nothing, but for ErrUnavailable, and for the
// context's error where the context ended while the write was under way: then it may stand. Texts are valid
// UTF-8 and kept to the letter, case included; times are kept to the millisecond, in UTC.
type Customers interface {
	// InsertCustomer stores a new customer under its Key, with the Version it carries.
	// Errors: ErrExists, whether the holder of the key is live or archived.
	InsertCustomer(ctx context.Context, customer *domain.Customer) error

	// ReplaceCustomer stores the customer in place of the document with its Key if that document's version
	// is customer.Version-1. Of several writers that name one version exactly one wins. Live and archived
	// documents are replaced alike; ID, EnvironmentID and CustomerID must be the stored ones.
	// Errors: ErrNotFound, ErrConflict.
	ReplaceCustomer(ctx context.Context, customer *domain.Customer) error

	// LiveCustomer answers a customer that is not archived. It sees every write that was acknowledged
	// before the call. Errors: ErrNotFound, for an archived customer as for one that never was.
	LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error)

	// AnyCustomer answers a customer whether it is live or archived, for the few decisions that depend on
	// ids that were used. Errors: ErrNotFound.
	AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error)

	// ListCustomers answers one page of the live customers of query.EnvironmentID that match its filter,
	// in its order. A walk along the cursors meets every customer that matches throughout the walk, with
	// its sort values unchanged, exactly once, whatever is inserted or removed meanwhile. No match: an empty
	// page. Errors: ErrInvalidCursor.
	ListCustomers(ctx context.Context, query Query) (Page[domain.Customer], error)

	// CountCustomers counts the live customers of the environment that match the filter; a nil filter
	// matches all.
	CountCustomers(ctx context.Context, environmentID string, filter Filter) (int, error)
}

// Keys keeps API keys of all environments.
type Keys interface {
	// InsertKey stores a new key. Errors: ErrExists.
	InsertKey(ctx context.Context, key *domain.APIKey) error
	// Key answers a key, revoked and expired ones too. Errors: ErrNotFound.
	Key(ctx context.Context, id string) (*domain.APIKey, error)
	// ListKeys answers every key in order of id; none: an empty slice.
	ListKeys(ctx context.Context) ([]*domain.APIKey, error)
	// RevokeKey marks a key as revoked at the given time; the first revocation stands.
	// Errors: ErrNotFound.
	RevokeKey(ctx context.Context, id string, at time.Time) error
	// RetireKey gives a key that has no successor one, and sets its end, in one write. Of several calls for one key
	// exactly one wins. Errors: ErrNotFound, ErrConflict for a key that has a successor.
	RetireKey(ctx context.Context, id, replacedBy string, expiresAt time.Time) error
	// UseKeys records when keys were used, by id. A later time stands, and keys that do not exist are left out.
	UseKeys(ctx context.Context, uses map[string]time.Time) error
}

// Query asks for one page of an environment's documents: of its live customers, or of a Collection.
type Query struct {
	EnvironmentID string
	// Filter is nil to match every document.
	Filter Filter
	// Order is the sort, by CustomerSortFields or those of the Collection, most significant first. Ties go by
	// customer id or RefID, in the direction of the last field; so does an empty order, ascending.
	Order []Order
	Page  PageRequest
}

// Page is one page, in the order that was asked for.
type Page[T any] struct {
	Items []Item[T]
	// HasNext and HasPrevious say whether there is more behind the last and before the first item. On the
	// side that the page was reached from, they say that it was reached through a cursor.
	HasNext     bool
	HasPrevious bool
}

// Item is a document with the cursor that names its place.
type Item[T any] struct {
	Document *T
	Cursor   string
}
