package bolt

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"clientele/persistence"
)

// An index holds the live documents of a collection, of all environments, in the order of one field. The key
// of an entry is
//
//	environment "/" tag value id
//
// The id is the value of the field that breaks ties.
//
// The value is empty. The tag keeps nulls, texts and times apart, in that order. The value is encoded
// so that the order of the bytes is the order of the values and so that its end can be found: a time is
// its milliseconds since 1970 in eight bytes, the highest first, moved so that times before 1970 come
// first; a text ends with textEnd, and a zero byte in it is followed by a byte higher than any that ends
// it.
//
// The bucket of the documents is the index of the id. Its keys, environment "/" id, are in that order
// already. No environment id holds a slash.
const (
	tagNull byte = iota
	tagText
	tagTime
	tagEnd
)

const (
	textEnd     = "\x00\x01"
	escapedZero = "\x00\xff"
)

func environmentPrefix(environmentID string) []byte { return []byte(environmentID + "/") }

// appendTextStart appends what the encodings of all texts that start with the given one start with.
func appendTextStart(key []byte, text string) []byte {
	return append(append(key, tagText), strings.ReplaceAll(text, "\x00", escapedZero)...)
}

func appendValue(key []byte, value persistence.Value) []byte {
	if text, ok := value.AsText(); ok {
		return append(appendTextStart(key, text), textEnd...)
	}
	if at, ok := value.AsTime(); ok {
		return binary.BigEndian.AppendUint64(append(key, tagTime), uint64(at.UnixMilli())^(1<<63))
	}
	return append(key, tagNull)
}

// skipValue is the rest of the key behind its value.
func skipValue(key []byte) []byte {
	switch tag, rest := key[0], key[1:]; tag {
	case tagText:
		_, rest, _ = bytes.Cut(rest, []byte(textEnd))
		return rest
	case tagTime:
		return rest[8:]
	default:
		return rest
	}
}

// keyRange is the keys from low up to, and without, high.
type keyRange struct{ low, high []byte }

func (r keyRange) holds(key []byte) bool {
	return bytes.Compare(r.low, key) <= 0 && bytes.Compare(key, r.high) < 0
}

// startingWith is the range of the keys that start with the prefix, which holds a byte other than 0xff.
func startingWith(prefix []byte) keyRange {
	last := len(prefix) - 1
	for prefix[last] == 0xff {
		last--
	}
	high := bytes.Clone(prefix[:last+1])
	high[last]++
	return keyRange{low: prefix, high: high}
}

// justAfter is the first key behind the given one.
func justAfter(key []byte) []byte { return append(bytes.Clone(key), 0) }

// intersect returns the parts that two lists of ranges share. The ranges of each list, and of the result, are in order
// and do not overlap.
func intersect(a, b []keyRange) []keyRange {
	var out []keyRange
	for _, x := range a {
		for _, y := range b {
			common := keyRange{low: x.low, high: x.high}
			if bytes.Compare(y.low, common.low) > 0 {
				common.low = y.low
			}
			if bytes.Compare(y.high, common.high) < 0 {
				common.high = y.high
			}
			if bytes.Compare(common.low, common.high) < 0 {
				out = append(out, common)
			}
		}
	}
	return out
}

// index is one environment's part of the index of a field.
type index struct {
	collection *collection
	field      persistence.Field
	// prefix starts every key of the environment.
	prefix []byte
}

func (c *collection) index(environmentID string, field persistence.Field) index {
	return index{collection: c, field: field, prefix: environmentPrefix(environmentID)}
}

// primary reports whether the bucket of the documents itself is the index.
func (x index) primary() bool { return x.field == x.collection.TieField() }

func (x index) bucket(tx *bbolt.Tx) *bbolt.Bucket {
	if x.primary() {
		return tx.Bucket(x.collection.liveBucket())
	}
	return tx.Bucket(x.collection.indexBucket(x.field))
}

// extend appends to a copy of the prefix.
func (x index) extend(rest ...byte) []byte { return append(slices.Clip(x.prefix), rest...) }

// entry is the key of the entry of a document, given its value of the field and its id.
func (x index) entry(value persistence.Value, id string) []byte {
	if x.primary() {
		return x.extend([]byte(id)...)
	}
	return append(appendValue(x.extend(), value), id...)
}

// primaryKey is the Key of the document that an entry stands for.
func (x index) primaryKey(entry []byte) []byte {
	if x.primary() {
		return entry
	}
	return x.extend(skipValue(entry[len(x.prefix):])...)
}

// all is the range of every entry.
func (x index) all() keyRange { return startingWith(x.prefix) }

// notNull is the range of the entries that have a value.
func (x index) notNull() keyRange {
	if x.primary() {
		return x.all()
	}
	return keyRange{low: x.extend(tagText), high: x.extend(tagEnd)}
}

// only is the range of the entries with the given value.
func (x index) only(value persistence.Value) keyRange {
	if !x.primary() {
		return startingWith(appendValue(x.extend(), value))
	}
	text, ok := value.AsText()
	if !ok {
		return keyRange{} // Every id is a text.
	}
	key := x.extend([]byte(text)...)
	return keyRange{low: key, high: justAfter(key)}
}

// textsFrom is the range of the entries whose value is a text that starts with the given one.
func (x index) textsFrom(start string) keyRange {
	if x.primary() {
		return startingWith(x.extend([]byte(start)...))
	}
	return startingWith(appendTextStart(x.extend(), start))
}

// segment is the range of the entries that a segment wants.
func (x index) segment(segment persistence.Segment) keyRange {
	wanted := x.notNull()
	if segment.Null {
		wanted = x.only(persistence.Value{})
	}
	from := segment.From
	if from == nil {
		return wanted
	}
	// A walk up starts at place.low; a walk down comes from place.high.
	place := x.only(from.Value)
	if !from.WholeValue {
		key := x.entry(from.Value, from.TieBreaker)
		place = keyRange{low: justAfter(key), high: key}
	}
	if segment.Descending {
		wanted.high = place.high
	} else {
		wanted.low = place.low
	}
	return wanted
}

// reindex turns the entries of one state of a document into those of the next; a document that is not live
// has none but in the wide indexes. Entries that stay are not touched.
func (c *collection) reindex(tx *bbolt.Tx, key []byte, before, after document) error {
	for _, x := range c.wide {
		was, is := x.entry(key, before), x.entry(key, after)
		if bytes.Equal(was, is) {
			continue
		}
		if err := moveEntry(tx.Bucket(x.bucket), was, is); err != nil {
			return err
		}
	}
	before, after = c.ifLive(before), c.ifLive(after)
	for _, field := range c.indexedFields() {
		was, is := entryAt(key, before, field), entryAt(key, after, field)
		if bytes.Equal(was, is) {
			continue
		}
		if err := moveEntry(tx.Bucket(c.indexBucket(field)), was, is); err != nil {
			return err
		}
	}
	return nil
}

// moveEntry puts one entry into the place of another; nil stands for none.
func moveEntry(bucket *bbolt.Bucket, was, is []byte) error {
	if was != nil {
		if err := bucket.Delete(was); err != nil {
			return err
		}
	}
	if is != nil {
		return bucket.Put(is, nil)
	}
	return nil
}

func (c *collection) ifLive(d document) document {
	if !c.live(d) {
		return nil
	}
	return d
}

// entryAt is the entry in the index of a field of the document with that Key, which begins and ends as the entry does;
// nil for none. A write asks for many.
func entryAt(key []byte, d document, field persistence.Field) []byte {
	if d == nil {
		return nil
	}
	prefix := bytes.IndexByte(key, '/') + 1
	return append(appendValue(slices.Clip(key[:prefix]), d.Value(field)), key[prefix:]...)
}

// entryOf is the key of the document's entry.
func (x index) entryOf(d document) []byte {
	return x.entry(d.Value(x.field), d.Text(x.collection.TieField()))
}
