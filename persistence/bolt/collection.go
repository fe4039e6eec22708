package bolt

import (
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"

	"clientele/persistence"
	"clientele/persistence/internal/bsondoc"
)

// document is a stored document; nil stands for none. Read from a bucket, it is memory of the file.
type document = bsondoc.Document

// collection is how the file keeps a collection: a bucket of the documents by Key, one for each index, and
// one for the number of documents of each environment. All of them but the wide indexes hold live documents only.
type collection struct {
	persistence.Collection

	// wide are the indexes across environments, which hold archived documents too.
	wide []wideIndex
}

var customers = &collection{
	Collection: persistence.CustomerCollection, wide: []wideIndex{customersByDueAt, customersByBillingID},
}

func newCollection(c persistence.Collection) *collection { return &collection{Collection: c} }

// collections are all that a file keeps.
func collections() []*collection {
	all := []*collection{customers}
	for _, c := range persistence.Collections {
		all = append(all, newCollection(c))
	}
	return all
}

// buckets are all buckets of the collection.
func (c *collection) buckets() [][]byte {
	all := append(c.homes(), c.countsBucket())
	for _, field := range c.indexedFields() {
		all = append(all, c.indexBucket(field))
	}
	for _, x := range c.wide {
		all = append(all, x.bucket)
	}
	return all
}

// homes are the buckets of the documents.
func (c *collection) homes() [][]byte {
	if !c.Archives {
		return [][]byte{c.liveBucket()}
	}
	return [][]byte{c.liveBucket(), c.archivedBucket()}
}

// liveBucket is also the index of the field that breaks ties.
func (c *collection) liveBucket() []byte { return []byte(c.Name) }

func (c *collection) archivedBucket() []byte { return []byte(c.Name + " archived") }

func (c *collection) countsBucket() []byte { return []byte(c.Name + " counts") }

func (c *collection) indexBucket(field persistence.Field) []byte {
	return []byte(c.Name + " by " + string(field))
}

// indexedFields are the fields with an index bucket.
func (c *collection) indexedFields() []persistence.Field { return c.SortFields[1:] }

// live reports whether there is a document and it is not archived.
func (c *collection) live(d document) bool { return d != nil && (!c.Archives || !d.Archived()) }

// stored is the document with that key, live or archived.
func (c *collection) stored(tx *bbolt.Tx, key []byte) document {
	if live := tx.Bucket(c.liveBucket()).Get(key); live != nil || !c.Archives {
		return live
	}
	return tx.Bucket(c.archivedBucket()).Get(key)
}

// put stores a document's next state, with all that follows from it: which bucket has the document, the
// indexes, the count. before is nil for a new document.
func (c *collection) put(tx *bbolt.Tx, key []byte, before, after document) error {
	if err := c.reindex(tx, key, before, after); err != nil {
		return err
	}
	if c.live(before) != c.live(after) {
		if err := c.recount(tx, after); err != nil {
			return err
		}
		if before != nil {
			if err := c.home(tx, before).Delete(key); err != nil {
				return err
			}
		}
	}
	return c.home(tx, after).Put(key, after)
}

func (c *collection) home(tx *bbolt.Tx, d document) *bbolt.Bucket {
	if c.live(d) {
		return tx.Bucket(c.liveBucket())
	}
	return tx.Bucket(c.archivedBucket())
}

// recount adds the document to its environment's count if it is live, and takes it out if it is not.
func (c *collection) recount(tx *bbolt.Tx, d document) error {
	environmentID := d.Text(persistence.FieldEnvironmentID)
	count, err := c.count(tx, environmentID)
	if err != nil {
		return err
	}
	if c.live(d) {
		count++
	} else {
		count--
	}
	return tx.Bucket(c.countsBucket()).Put(environmentPrefix(environmentID), []byte(strconv.Itoa(count)))
}

// count is the number of the environment's live documents.
func (c *collection) count(tx *bbolt.Tx, environmentID string) (int, error) {
	stored := tx.Bucket(c.countsBucket()).Get(environmentPrefix(environmentID))
	if stored == nil {
		return 0, nil
	}
	count, err := strconv.Atoi(string(stored))
	if err != nil {
		return 0, fmt.Errorf("read count: %w", err)
	}
	return count, nil
}
