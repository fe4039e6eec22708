package bolt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/internal/bsondoc"
)

// The buckets of keyed requests: the documents by ID, and two indexes. The key of an entry is a value, encoded as
// in the other indexes, and the ID; its own value is empty.
var (
	requestsBucket           = []byte("keyedRequests")
	requestsByExpiryBucket   = []byte("keyedRequests by expiresAt")
	requestsByCustomerBucket = []byte("keyedRequests by customerKeys")

	requestBuckets = [][]byte{requestsBucket, requestsByExpiryBucket, requestsByCustomerBucket}
)

func expiryPrefix(at time.Time) []byte { return appendValue(nil, persistence.Time(at)) }

func aboutPrefix(customerKey string) []byte { return appendValue(nil, persistence.Text(customerKey)) }

// InsertRequest implements persistence.Idempotency.
func (s *Store) InsertRequest(ctx context.Context, request *domain.KeyedRequest) error {
	const what = "insert request"
	raw, err := bson.Marshal(request)
	if err != nil {
		return wrap(what, err)
	}
	id, after := []byte(request.ID), *request
	return s.write(ctx, what, func(tx *bbolt.Tx) error {
		if tx.Bucket(requestsBucket).Get(id) != nil {
			return persistence.ErrExists
		}
		return putRequest(tx, nil, &after, raw)
	})
}

// ReplaceRequest implements persistence.Idempotency.
func (s *Store) ReplaceRequest(ctx context.Context, request *domain.KeyedRequest) error {
	const what = "replace request"
	raw, err := bson.Marshal(request)
	if err != nil {
		return wrap(what, err)
	}
	after := *request
	return s.write(ctx, what, func(tx *bbolt.Tx) error {
		before, err := storedRequest(tx, after.ID, after.Version-1)
		if err != nil {
			return err
		}
		return putRequest(tx, before, &after, raw)
	})
}

// Request implements persistence.Idempotency.
func (s *Store) Request(ctx context.Context, id string) (*domain.KeyedRequest, error) {
	var request *domain.KeyedRequest
	err := s.read(ctx, "read request", func(tx *bbolt.Tx) error {
		var err error
		request, err = decodeRequest(tx, []byte(id))
		return err
	})
	return request, err
}

// RequestsAbout implements persistence.Idempotency.
func (s *Store) RequestsAbout(ctx context.Context, customerKey string, limit int) ([]*domain.KeyedRequest, error) {
	requests := []*domain.KeyedRequest{}
	err := s.read(ctx, "list requests", func(tx *bbolt.Tx) error {
		prefix := aboutPrefix(customerKey)
		cursor := tx.Bucket(requestsByCustomerBucket).Cursor()
		for entry, _ := cursor.Seek(prefix); bytes.HasPrefix(entry, prefix) && len(requests) < limit; entry, _ = cursor.Next() {
			request, err := decodeRequest(tx, skipValue(entry))
			if err != nil {
				return err
			}
			requests = append(requests, request)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return requests, nil
}

// DeleteRequest implements persistence.Idempotency.
func (s *Store) DeleteRequest(ctx context.Context, id string, version int64) error {
	return s.write(ctx, "delete request", func(tx *bbolt.Tx) error {
		request, err := storedRequest(tx, id, version)
		if err != nil {
			return err
		}
		return deleteRequest(tx, request)
	})
}

// DeleteExpiredRequests implements persistence.Idempotency.
func (s *Store) DeleteExpiredRequests(ctx context.Context, at time.Time, limit int) (int, error) {
	const what = "delete expired requests"
	var expired [][]byte
	// A look beforehand, because a commit waits for the disk even when it changes nothing.
	err := s.read(ctx, what, func(tx *bbolt.Tx) error {
		expired = expiredRequests(tx, at, limit)
		return nil
	})
	if err != nil || len(expired) == 0 {
		return 0, err
	}
	err = s.write(ctx, what, func(tx *bbolt.Tx) error {
		expired = expiredRequests(tx, at, limit)
		for _, id := range expired {
			request, err := decodeRequest(tx, id)
			if err != nil {
				// Not a refusal of the change, which has written something by now.
				return fmt.Errorf("an index leads to no request: %v", err) //nolint:errorlint // see above
			}
			if err := deleteRequest(tx, request); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(expired), nil
}

// expiredRequests are the ids of at most limit requests whose time is not after the given one.
func expiredRequests(tx *bbolt.Tx, at time.Time, limit int) [][]byte {
	var ids [][]byte
	last := expiryPrefix(at)
	cursor := tx.Bucket(requestsByExpiryBucket).Cursor()
	for entry, _ := cursor.First(); entry != nil && len(ids) < limit; entry, _ = cursor.Next() {
		if bytes.Compare(entry[:len(last)], last) > 0 {
			break
		}
		ids = append(ids, bytes.Clone(skipValue(entry)))
	}
	return ids
}

// storedRequest is the request if it has that version. Errors: ErrNotFound, ErrConflict.
func storedRequest(tx *bbolt.Tx, id string, version int64) (*domain.KeyedRequest, error) {
	request, err := decodeRequest(tx, []byte(id))
	if err == nil && request.Version != version {
		err = persistence.ErrConflict
	}
	return request, err
}

// decodeRequest reads a request into memory of its own. Errors: ErrNotFound.
func decodeRequest(tx *bbolt.Tx, id []byte) (*domain.KeyedRequest, error) {
	raw := tx.Bucket(requestsBucket).Get(id)
	if raw == nil {
		return nil, persistence.ErrNotFound
	}
	return bsondoc.Decode[domain.KeyedRequest](raw)
}

// putRequest stores a request's next state and its entries; before is nil for a new request.
func putRequest(tx *bbolt.Tx, before, after *domain.KeyedRequest, raw []byte) error {
	if before != nil {
		if err := deleteRequest(tx, before); err != nil {
			return err
		}
	}
	for _, entry := range requestEntries(after) {
		if err := tx.Bucket(entry.bucket).Put(entry.key, nil); err != nil {
			return err
		}
	}
	return tx.Bucket(requestsBucket).Put([]byte(after.ID), raw)
}

func deleteRequest(tx *bbolt.Tx, request *domain.KeyedRequest) error {
	for _, entry := range requestEntries(request) {
		if err := tx.Bucket(entry.bucket).Delete(entry.key); err != nil {
			return err
		}
	}
	return tx.Bucket(requestsBucket).Delete([]byte(request.ID))
}

// indexEntry is an entry with the bucket that it is in.
type indexEntry struct{ bucket, key []byte }

func requestEntries(request *domain.KeyedRequest) []indexEntry {
	id := []byte(request.ID)
	entries := []indexEntry{{requestsByExpiryBucket, append(expiryPrefix(request.ExpiresAt), id...)}}
	for _, key := range request.CustomerKeys {
		entries = append(entries, indexEntry{requestsByCustomerBucket, append(aboutPrefix(key), id...)})
	}
	return entries
}
