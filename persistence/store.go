// Package persistence is the storage contract: what a store must do, the errors it returns, and the filters and pages
// that it serves. The engines are in sub-packages and pass the suite in persistencetest. The package knows no database
// driver and no GraphQL.
package persistence

import (
	"context"
	"errors"
	"time"

	"clientele/internal/domain"
)

// The errors of a store. Engines wrap them, so use errors.Is. Any other error is a fault of the engine or of the machine.
// Once the context is done, every method promptly returns the context's error. After Close, every method returns
// ErrClosed.
var (
	// ErrNotFound: no document has that key.
	ErrNotFound = errors.New("not found")
	// ErrExists: a document has that key already, live or archived.
	ErrExists = errors.New("already exists")
	// ErrConflict: the stored version is not the one that the write expects.
	ErrConflict = errors.New("version conflict")
	// ErrInvalidCursor: the cursor is damaged, or was made for another collection, environment, filter or order.
	ErrInvalidCursor = errors.New("invalid cursor")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrInUse: another process holds the data directory.
	ErrInUse = errors.New("data directory is in use by another process")
	// ErrUnavailable: the store did not respond. It is not known whether a write was made.
	ErrUnavailable = errors.New("store is unavailable")
)

// Store keeps every document of the product. It is safe for concurrent use. It copies its arguments, and the caller owns
// what it returns: changing either does not change the store.
type Store interface {
	Customers
	Catalog
	Keys
	Idempotency
	Billing

	// AllDocuments returns the Documents that Customers and Catalog are views of, for decorators.
	AllDocuments() AllDocuments
	// Ping returns nil while the store can serve.
	Ping(ctx context.Context) error
	// Close waits for the calls under way and releases the store. If the context ends first, it returns the context's
	// error. A second Close does nothing.
	Close(ctx context.Context) error
}

// Customers keeps customers, one document each.
//
// A write is atomic, and durable when it returns nil. A write that returns one of the errors above has changed nothing,
// with two exceptions: after ErrUnavailable, and after the context's error when the context ended during the write, the
// write may have been made. Texts are valid UTF-8 and are kept exactly as stored, case included. Times are kept to the
// millisecond, in UTC.
type Customers interface {
	// InsertCustomer stores a new customer under its Key, with its Version.
	// Errors: ErrExists if a live or archived customer has the key.
	InsertCustomer(ctx context.Context, customer *domain.Customer) error

	// ReplaceCustomer replaces the document with the customer's Key if the stored version is customer.Version-1.
	// Of several writers that expect the same version exactly one succeeds. Live and archived documents can be
	// replaced. ID, EnvironmentID and CustomerID must be the stored ones.
	// Errors: ErrNotFound, ErrConflict.
	ReplaceCustomer(ctx context.Context, customer *domain.Customer) error

	// LiveCustomer returns a customer that is not archived. It sees every write that was acknowledged before the
	// call. Errors: ErrNotFound, also for an archived customer.
	LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error)

	// AnyCustomer returns a live or archived customer, for the few decisions that depend on ids that were used. It
	// sees what LiveCustomer sees. Errors: ErrNotFound.
	AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error)

	// ListCustomers returns one page of the live customers of query.EnvironmentID that match its filter, in its
	// order. If none matches, the page is empty. Paging along the cursors returns every customer exactly once that
	// matches, with unchanged sort values, from the first page to the last, whatever is inserted or removed
	// meanwhile. Errors: ErrInvalidCursor.
	ListCustomers(ctx context.Context, query Query) (Page[domain.Customer], error)

	// CountCustomers counts the live customers of the environment that match the filter. A nil filter matches all.
	CountCustomers(ctx context.Context, environmentID string, filter Filter) (int, error)
}

// Keys keeps API keys of all environments.
type Keys interface {
	// InsertKey stores a new key. Errors: ErrExists.
	InsertKey(ctx context.Context, key *domain.APIKey) error
	// Key returns a key, also a revoked or expired one. Errors: ErrNotFound.
	Key(ctx context.Context, id string) (*domain.APIKey, error)
	// ListKeys returns every key in order of id, and an empty slice if there are none.
	ListKeys(ctx context.Context) ([]*domain.APIKey, error)
	// RevokeKey marks a key as revoked at the given time. A key that is revoked already keeps its first time.
	// Errors: ErrNotFound.
	RevokeKey(ctx context.Context, id string, at time.Time) error
	// RetireKey sets the successor and the end of a key that has no successor, in one write. Of several calls for one
	// key exactly one succeeds. Errors: ErrNotFound, ErrConflict for a key that has a successor.
	RetireKey(ctx context.Context, id, replacedBy string, expiresAt time.Time) error
	// UseKeys records when keys were used, by id. A later stored time is kept. Keys that do not exist are ignored.
	UseKeys(ctx context.Context, uses map[string]time.Time) error
}

// Query selects one page of an environment's documents: of its live customers, or of a Collection.
type Query struct {
	EnvironmentID string
	// Filter selects documents; nil matches all.
	Filter Filter
	// Order is the sort, by SortFields of the Collection, most significant first. Ties are broken by customer id or
	// RefID, in the direction of the last field. An empty order is by customer id or RefID, ascending.
	Order []Order
	Page  PageRequest
}

// Page is one page, in the order of the query.
type Page[T any] struct {
	Items []Item[T]
	// HasNext and HasPrevious say whether there is more after the last and before the first item. On the side that
	// the page was reached from, they only say that the request had a cursor.
	HasNext     bool
	HasPrevious bool
}

// Item is a document with the cursor of its position.
type Item[T any] struct {
	Document *T
	Cursor   string
}
