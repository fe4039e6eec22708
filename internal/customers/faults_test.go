package customers_test

import (
	"context"
	"errors"
	"sync/atomic"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// errBroken is a fault of the engine, which no error of the contract stands for.
var errBroken = errors.New("disk on fire")

// failOn is a store that fails in one method.
type failOn struct {
	customers.Store
	method string
}

func (s failOn) InsertCustomer(ctx context.Context, c *domain.Customer) error {
	if s.method == "InsertCustomer" {
		return errBroken
	}
	return s.Store.InsertCustomer(ctx, c)
}

func (s failOn) ReplaceCustomer(ctx context.Context, c *domain.Customer) error {
	if s.method == "ReplaceCustomer" {
		return errBroken
	}
	return s.Store.ReplaceCustomer(ctx, c)
}

func (s failOn) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	if s.method == "AnyCustomer" {
		return nil, errBroken
	}
	return s.Store.AnyCustomer(ctx, ref)
}

func (s failOn) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	if s.method == "LiveCustomer" {
		return nil, errBroken
	}
	return s.Store.LiveCustomer(ctx, ref)
}

// contended is a store in which somebody else always writes first, for as many writes as there are losses.
type contended struct {
	customers.Store
	losses int64
	writes *atomic.Int64
	// meanwhile is what happens at each lost write; nil is nothing.
	meanwhile func()
}

func (s contended) ReplaceCustomer(ctx context.Context, c *domain.Customer) error {
	if s.writes.Add(1) > s.losses {
		return s.Store.ReplaceCustomer(ctx, c)
	}
	if s.meanwhile != nil {
		s.meanwhile()
	}
	return persistence.ErrConflict
}

// overtaken is a store in which somebody does something between a look and the write that follows it,
// once.
type overtaken struct {
	customers.Store
	done                            *atomic.Bool
	beforeInsert, beforeReplacement func()
	// of names the customer whose insert is overtaken; empty is any.
	of string
}

func (s overtaken) InsertCustomer(ctx context.Context, c *domain.Customer) error {
	if s.beforeInsert != nil && (s.of == "" || s.of == c.CustomerID) && s.done.CompareAndSwap(false, true) {
		s.beforeInsert()
	}
	return s.Store.InsertCustomer(ctx, c)
}

func (s overtaken) ReplaceCustomer(ctx context.Context, c *domain.Customer) error {
	if s.beforeReplacement != nil && s.done.CompareAndSwap(false, true) {
		s.beforeReplacement()
	}
	return s.Store.ReplaceCustomer(ctx, c)
}

// panicking is a store with a bug that the first change of one customer brings out.
type panicking struct {
	customers.Store
	customerID string
	done       *atomic.Bool
}

func (s panicking) ReplaceCustomer(ctx context.Context, c *domain.Customer) error {
	if c.CustomerID == s.customerID && s.done.CompareAndSwap(false, true) {
		panic("a bug")
	}
	return s.Store.ReplaceCustomer(ctx, c)
}

// disagreeing is a store that finds no customer and takes none either.
type disagreeing struct {
	customers.Store
	atInsert func()
}

func (s disagreeing) InsertCustomer(ctx context.Context, _ *domain.Customer) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.atInsert()
	return persistence.ErrExists
}
