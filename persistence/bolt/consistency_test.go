package bolt

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"clientele/internal/domain"
	"clientele/persistence"
	"clientele/persistence/internal/bsondoc"
)

// checkFile returns an error unless the buckets agree: every live document is in every index of its collection
// once and nothing else is, no document is both live and archived, and the counts are right; and the indexes across
// environments have the customers with a value.
func checkFile(store *Store) error {
	return store.db.View(func(tx *bbolt.Tx) error {
		for _, c := range collections() {
			if err := checkCollection(tx, c); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
		return errors.Join(checkWideIndexes(tx), checkRequests(tx))
	})
}

// checkWideIndexes returns an error unless the indexes across environments hold the customers that have a value, live
// and archived, and nothing else.
func checkWideIndexes(tx *bbolt.Tx) error {
	byDueAt, byBillingID := map[string]bool{}, map[string]bool{}
	for _, home := range customers.homes() {
		err := tx.Bucket(home).ForEach(func(key, raw []byte) error {
			customer, err := bsondoc.Decode[domain.Customer](raw)
			if err != nil {
				return err
			}
			if customer.Sync != nil && customer.Sync.DueAt != nil {
				byDueAt[string(appendValue(nil, persistence.Time(*customer.Sync.DueAt)))+string(key)] = true
			}
			if customer.BillingID != nil {
				byBillingID[string(appendValue(nil, persistence.Text(*customer.BillingID)))+string(key)] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return checkIndexes(tx, map[string]map[string]bool{
		string(customersByDueAt.bucket): byDueAt, string(customersByBillingID.bucket): byBillingID,
	})
}

// checkRequests returns an error unless the indexes of keyed requests hold their entries and nothing else.
func checkRequests(tx *bbolt.Tx) error {
	expected := map[string]map[string]bool{string(requestsByExpiryBucket): {}, string(requestsByCustomerBucket): {}}
	err := tx.Bucket(requestsBucket).ForEach(func(key, _ []byte) error {
		request, err := decodeRequest(tx, key)
		if err != nil || request.ID != string(key) {
			return fmt.Errorf("request %q: %w", key, err)
		}
		for _, entry := range requestEntries(request) {
			expected[string(entry.bucket)][string(entry.key)] = true
		}
		return nil
	})
	return errors.Join(err, checkIndexes(tx, expected))
}

// checkIndexes returns an error unless the buckets hold the keys that are expected.
func checkIndexes(tx *bbolt.Tx, expected map[string]map[string]bool) error {
	for name, want := range expected {
		got := map[string]bool{}
		err := tx.Bucket([]byte(name)).ForEach(func(key, _ []byte) error {
			got[string(key)] = true
			return nil
		})
		if err != nil || !maps.Equal(got, want) {
			return errors.Join(err, fmt.Errorf("bucket %q holds %#v, want %#v", name, got, want))
		}
	}
	return nil
}

func checkCollection(tx *bbolt.Tx, c *collection) error {
	expected := map[string]map[string]bool{}
	for _, field := range c.indexedFields() {
		expected[string(c.indexBucket(field))] = map[string]bool{}
	}
	counts := map[string]int{}
	err := tx.Bucket(c.liveBucket()).ForEach(func(key, raw []byte) error {
		d := document(raw)
		environmentID, id := d.Text(persistence.FieldEnvironmentID), d.Text(c.TieField())
		if d.Archived() || environmentID+"/"+id != string(key) {
			return fmt.Errorf("live document %q holds %v", key, bson.Raw(raw))
		}
		counts[environmentID]++
		for _, field := range c.indexedFields() {
			entry := c.index(environmentID, field).entry(d.Value(field), id)
			expected[string(c.indexBucket(field))][string(entry)] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.Archives {
		err = tx.Bucket(c.archivedBucket()).ForEach(func(key, raw []byte) error {
			d := document(raw)
			name := d.Text(persistence.FieldEnvironmentID) + "/" + d.Text(c.TieField())
			if !d.Archived() || name != string(key) || tx.Bucket(c.liveBucket()).Get(key) != nil {
				return fmt.Errorf("archived document %q holds %v", key, bson.Raw(raw))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := checkIndexes(tx, expected); err != nil {
		return err
	}
	for environmentID, want := range counts {
		if got, err := c.count(tx, environmentID); got != want || err != nil {
			return fmt.Errorf("count of %q is %d, %v, want %d", environmentID, got, err, want)
		}
	}
	return tx.Bucket(c.countsBucket()).ForEach(func(key, raw []byte) error {
		environmentID := string(key[:len(key)-1])
		if want := counts[environmentID]; string(raw) != strconv.Itoa(want) {
			return fmt.Errorf("count of %q is %s, want %d", environmentID, raw, want)
		}
		return nil
	})
}

// scramble draws another state of the customer: other values, archived or not.
func scramble(t *rapid.T, customer *domain.Customer) {
	text := rapid.Ptr(rapid.SampledFrom([]string{"", "a", "b", "a\x00", "a\x00\x01"}), true)
	at := rapid.Custom(func(t *rapid.T) time.Time { return time.UnixMilli(rapid.Int64Range(-2, 2).Draw(t, "ms")).UTC() })
	customer.Name = text.Draw(t, "name")
	customer.Email = text.Draw(t, "email")
	customer.BillingID = text.Draw(t, "billingId")
	customer.CRMID = text.Draw(t, "crmId")
	customer.SalesforceID = text.Draw(t, "salesforceId")
	customer.AWSMarketplaceCustomerID = text.Draw(t, "awsMarketplaceCustomerId")
	customer.CouponID = text.Draw(t, "couponId")
	customer.SubscribedAt = rapid.Ptr(at, true).Draw(t, "subscribedAt")
	customer.PromotedAt = rapid.Ptr(at, true).Draw(t, "promotedAt")
	customer.CreatedAt = at.Draw(t, "createdAt")
	customer.UpdatedAt = at.Draw(t, "updatedAt")
	customer.ArchivedAt = rapid.Ptr(at, true).Draw(t, "archivedAt")
	if rapid.Bool().Draw(t, "synced") {
		customer.Sync = &domain.Sync{DueAt: rapid.Ptr(at, true).Draw(t, "dueAt")}
	}
}

// drawCoupon draws a state of one of a few coupons.
func drawCoupon(t *rapid.T) *domain.Coupon {
	text := rapid.SampledFrom([]string{"", "a", "b", "a\x00", "a\x00\x01"})
	ref := domain.Ref{
		EnvironmentID: rapid.SampledFrom([]string{"a", "ab", ""}).Draw(t, "environment"),
		RefID:         rapid.SampledFrom([]string{"c", "d"}).Draw(t, "coupon"),
	}
	at := time.UnixMilli(rapid.Int64Range(-2, 2).Draw(t, "ms")).UTC()
	return &domain.Coupon{
		Record: domain.NewRecord(ref, ref.Key(), at), Name: text.Draw(t, "name"), Status: text.Draw(t, "status"),
		Description: rapid.Ptr(text, true).Draw(t, "description"), BillingID: rapid.Ptr(text, true).Draw(t, "billingId"),
	}
}

// drawRequest draws a state of one of a few keyed requests.
func drawRequest(t *rapid.T) *domain.KeyedRequest {
	text := rapid.SampledFrom([]string{"", "a", "b", "a\x00", "a\x00\x01"})
	return &domain.KeyedRequest{
		ID: rapid.SampledFrom([]string{"r", "s", "rs"}).Draw(t, "request"), Version: 1, CustomerKeys: rapid.SliceOfN(text, 0, 3).Draw(t, "customers"),
		ExpiresAt: time.UnixMilli(rapid.Int64Range(-2, 2).Draw(t, "ms")).UTC(),
	}
}

func TestIndexesFollowEveryWrite(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		store := open(t, t.TempDir())
		defer closeStore(t, store)
		ctx := t.Context()
		draw := func(t *rapid.T) *domain.Customer {
			environmentID := rapid.SampledFrom([]string{"a", "ab", ""}).Draw(t, "environment")
			customer := sample(environmentID, rapid.IntRange(0, 4).Draw(t, "customer"))
			scramble(t, customer)
			return customer
		}
		rt.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				if err := store.InsertCustomer(ctx, draw(t)); err != nil && !errors.Is(err, persistence.ErrExists) {
					t.Fatal(err)
				}
			},
			"replace": func(t *rapid.T) {
				next := draw(t)
				stored, err := store.AnyCustomer(ctx, next.Ref())
				if errors.Is(err, persistence.ErrNotFound) {
					t.Skip("there is no such customer yet")
				}
				if err != nil {
					t.Fatal(err)
				}
				next.Version = stored.Version + rapid.Int64Range(1, 2).Draw(t, "step")
				if err := store.ReplaceCustomer(ctx, next); err != nil && !errors.Is(err, persistence.ErrConflict) {
					t.Fatal(err)
				}
			},
			"insert or replace a coupon": func(t *rapid.T) {
				coupon := drawCoupon(t)
				stored, err := store.Coupons().Get(ctx, coupon.Ref())
				switch {
				case errors.Is(err, persistence.ErrNotFound):
					err = store.Coupons().Insert(ctx, coupon)
				case err == nil:
					coupon.Version = stored.Version + 1
					err = store.Coupons().Replace(ctx, coupon)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			"insert or replace a request": func(t *rapid.T) {
				request := drawRequest(t)
				err := store.InsertRequest(ctx, request)
				if errors.Is(err, persistence.ErrExists) {
					stored, _ := store.Request(ctx, request.ID)
					request.Version = stored.Version + 1
					err = store.ReplaceRequest(ctx, request)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			"delete a request": func(t *rapid.T) {
				if err := store.DeleteRequest(ctx, drawRequest(t).ID, 1); err != nil && !errors.Is(err, persistence.ErrNotFound) && !errors.Is(err, persistence.ErrConflict) {
					t.Fatal(err)
				}
			},
			"delete expired requests": func(t *rapid.T) {
				if _, err := store.DeleteExpiredRequests(ctx, drawRequest(t).ExpiresAt, rapid.IntRange(1, 2).Draw(t, "limit")); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				if err := checkFile(store); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}

// Writers of the same few customers, with a few keeping what they read.
func TestIndexesFollowConcurrentWrites(t *testing.T) {
	store := open(t, t.TempDir())
	ctx := t.Context()
	const customers, writers, rounds = 8, 16, 40
	for i := range customers {
		insert(t, store, sample("production", i))
	}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for round := range rounds {
				customer, err := store.AnyCustomer(ctx, sample("production", (w+round)%customers).Ref())
				if err != nil {
					t.Error(err)
					return
				}
				customer.Version++
				customer.Name = pointer(fmt.Sprintf("%d by %d", round, w))
				customer.ArchivedAt = nil
				if (w+round)%3 == 0 {
					customer.Archive(customer.UpdatedAt)
				}
				if err := store.ReplaceCustomer(ctx, customer); err != nil && !errors.Is(err, persistence.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := checkFile(store); err != nil {
		t.Fatal(err)
	}
}
