package bolt

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"

	"clientele/internal/domain"
	"clientele/persistence"
)

// wideIndex holds the documents of a collection that have a value, of all environments, live and archived. The key
// of an entry is the value, encoded as in the other indexes, and the document's Key; its own value is empty. So
// documents that share a value are in order of Key.
type wideIndex struct {
	bucket []byte
	value  func(document) persistence.Value
}

var (
	customersByDueAt     = wideIndex{bucket: []byte("billing by dueAt"), value: document.DueAt}
	customersByBillingID = wideIndex{bucket: []byte("billing by billingId"), value: func(d document) persistence.Value {
		return d.Value(persistence.FieldBillingID)
	}}
)

// entry is nil for a document without the value, and for none.
func (x wideIndex) entry(key []byte, d document) []byte {
	if d == nil {
		return nil
	}
	value := x.value(d)
	if value.IsNull() {
		return nil
	}
	return append(appendValue(nil, value), key...)
}

// DueCustomers implements persistence.Billing.
func (s *Store) DueCustomers(ctx context.Context, at time.Time, limit int) ([]domain.CustomerRef, error) {
	// All values are times, and their encodings have one length.
	last := appendValue(nil, persistence.Time(at))
	return s.customersAlong(ctx, "list due customers", customersByDueAt, nil, limit, func(entry []byte) bool {
		return bytes.Compare(entry[:len(last)], last) <= 0
	})
}

// LinkedCustomers implements persistence.Billing.
func (s *Store) LinkedCustomers(ctx context.Context, billingID string, limit int) ([]domain.CustomerRef, error) {
	prefix := appendValue(nil, persistence.Text(billingID))
	return s.customersAlong(ctx, "list linked customers", customersByBillingID, prefix, limit, func(entry []byte) bool {
		return bytes.HasPrefix(entry, prefix)
	})
}

// customersAlong are at most limit customers along the index from a place on, as long as their entries are wanted.
func (s *Store) customersAlong(
	ctx context.Context, what string, x wideIndex, from []byte, limit int, wanted func(entry []byte) bool,
) ([]domain.CustomerRef, error) {
	refs := []domain.CustomerRef{}
	err := s.read(ctx, what, func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(x.bucket).Cursor()
		for entry, _ := cursor.Seek(from); entry != nil && len(refs) < limit && wanted(entry); entry, _ = cursor.Next() {
			environmentID, customerID, _ := bytes.Cut(skipValue(entry), []byte("/"))
			refs = append(refs, domain.CustomerRef{EnvironmentID: string(environmentID), CustomerID: string(customerID)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return refs, nil
}
