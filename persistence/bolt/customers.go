package bolt

import (
	"context"
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"

	"clientele/internal/domain"
	"clientele/persistence"
)

// InsertCustomer implements persistence.Customers.
func (s *Store) InsertCustomer(ctx context.Context, customer *domain.Customer) error {
	const what = "insert customer"
	after, err := encodeCustomer(customer)
	if err != nil {
		return wrap(what, err)
	}
	key := []byte(customer.Key)
	return s.write(ctx, what, func(tx *bbolt.Tx) error {
		if stored(tx, key) != nil {
			return persistence.ErrExists
		}
		return put(tx, key, nil, after)
	})
}

// ReplaceCustomer implements persistence.Customers.
func (s *Store) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	const what = "replace customer"
	after, err := encodeCustomer(customer)
	if err != nil {
		return wrap(what, err)
	}
	key := []byte(customer.Key)
	return s.write(ctx, what, func(tx *bbolt.Tx) error {
		before := stored(tx, key)
		if before == nil {
			return persistence.ErrNotFound
		}
		if before.version() != customer.Version-1 {
			return persistence.ErrConflict
		}
		return put(tx, key, before, after)
	})
}

// LiveCustomer implements persistence.Customers.
func (s *Store) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.customer(ctx, "read live customer", func(tx *bbolt.Tx) document {
		return tx.Bucket(liveBucket).Get([]byte(ref.Key()))
	})
}

// AnyCustomer implements persistence.Customers.
func (s *Store) AnyCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.customer(ctx, "read customer", func(tx *bbolt.Tx) document {
		return stored(tx, []byte(ref.Key()))
	})
}

func (s *Store) customer(ctx context.Context, what string, find func(*bbolt.Tx) document) (*domain.Customer, error) {
	var customer *domain.Customer
	err := s.read(ctx, what, func(tx *bbolt.Tx) error {
		found := find(tx)
		if found == nil {
			return persistence.ErrNotFound
		}
		var err error
		customer, err = found.customer()
		return err
	})
	return customer, err
}

// stored is the document with that key, live or archived.
func stored(tx *bbolt.Tx, key []byte) document {
	if live := tx.Bucket(liveBucket).Get(key); live != nil {
		return live
	}
	return tx.Bucket(archivedBucket).Get(key)
}

// put stores a customer's next state, with all that follows from it: which bucket has the document, the
// indexes, the count. before is nil for a new customer.
func put(tx *bbolt.Tx, key []byte, before, after document) error {
	if err := reindex(tx, before, after); err != nil {
		return err
	}
	if before.live() != after.live() {
		if err := recount(tx, after); err != nil {
			return err
		}
		if before != nil {
			if err := home(tx, before).Delete(key); err != nil {
				return err
			}
		}
	}
	return home(tx, after).Put(key, after)
}

func home(tx *bbolt.Tx, d document) *bbolt.Bucket {
	if d.live() {
		return tx.Bucket(liveBucket)
	}
	return tx.Bucket(archivedBucket)
}

// recount adds the document to its environment's count if it is live, and takes it out if it is not.
func recount(tx *bbolt.Tx, d document) error {
	environmentID := d.text(persistence.FieldEnvironmentID)
	count, err := liveCount(tx, environmentID)
	if err != nil {
		return err
	}
	if d.live() {
		count++
	} else {
		count--
	}
	return tx.Bucket(countsBucket).Put(environmentPrefix(environmentID), []byte(strconv.Itoa(count)))
}

func liveCount(tx *bbolt.Tx, environmentID string) (int, error) {
	stored := tx.Bucket(countsBucket).Get(environmentPrefix(environmentID))
	if stored == nil {
		return 0, nil
	}
	count, err := strconv.Atoi(string(stored))
	if err != nil {
		return 0, fmt.Errorf("read count: %w", err)
	}
	return count, nil
}
