package domain

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of a customer's metadata, counted in characters (Unicode code points).
const (
	MaxMetadataKeys        = 50
	MaxMetadataKeyLength   = 40
	MaxMetadataValueLength = 500
)

// MetadataEntry is one key with its value as compact JSON text. Text keeps numbers exactly as they were
// sent, and keeps keys out of the names of document fields, where a dot or a dollar sign means something.
type MetadataEntry struct {
	Key   string `bson:"k"`
	Value string `bson:"v"`
}

// Metadata is a product's own data on a customer, sorted by key without repeats. Nil means none; empty means an empty
// object.
type Metadata []MetadataEntry

// Get returns the JSON text of a key's value.
func (m Metadata) Get(key string) (string, bool) {
	i, found := slices.BinarySearchFunc(m, key, func(e MetadataEntry, k string) int { return strings.Compare(e.Key, k) })
	if !found {
		return "", false
	}
	return m[i].Value, true
}

// JSON is the metadata as one JSON object; nil for nil.
func (m Metadata) JSON() json.RawMessage {
	if m == nil {
		return nil
	}
	var out bytes.Buffer
	out.WriteByte('{')
	for i, entry := range m {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(encodeJSON(entry.Key))
		out.WriteByte(':')
		out.WriteString(entry.Value)
	}
	out.WriteByte('}')
	return out.Bytes()
}

// Merge returns m with the patch applied key by key: a present key is set, a null deletes it, every other
// key stays. The patch is a JSON object; a patch that is JSON null clears everything. m is not changed.
// field names the input in errors. Errors: InvalidMetadata, judged on the merged result.
func (m Metadata) Merge(field string, patch json.RawMessage) (Metadata, error) {
	if len(patch) == 0 || bytes.Equal(bytes.TrimSpace(patch), []byte("null")) {
		return nil, nil
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(patch, &sent); err != nil {
		return nil, FieldErrorf(InvalidMetadata, field, "must be a JSON object")
	}
	values := map[string]string{}
	for _, entry := range m {
		values[entry.Key] = entry.Value
	}
	for key, value := range sent {
		if string(value) == "null" {
			delete(values, key)
			continue
		}
		// Only keys that are set: one that was stored before the rule stays, and null deletes it.
		if CheckLine(InvalidMetadata, field, key) != nil {
			return nil, FieldErrorf(InvalidMetadata, field, "must have keys without control characters")
		}
		values[key] = compactJSON(value)
	}
	merged := make(Metadata, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		merged = append(merged, MetadataEntry{Key: key, Value: values[key]})
	}
	return merged, merged.validate(field)
}

func (m Metadata) validate(field string) error {
	if len(m) > MaxMetadataKeys {
		return FieldErrorf(InvalidMetadata, field, "must have at most %d keys once merged", MaxMetadataKeys)
	}
	for _, entry := range m {
		if n := utf8.RuneCountInString(entry.Key); n < 1 || n > MaxMetadataKeyLength {
			return FieldErrorf(InvalidMetadata, field, "must have keys of 1 to %d characters, one has %d", MaxMetadataKeyLength, n)
		}
		if n := utf8.RuneCountInString(entry.Value); n > MaxMetadataValueLength {
			return FieldErrorf(InvalidMetadata, field, "must have values of at most %d characters as JSON, the value of %s has %d",
				MaxMetadataValueLength, encodeJSON(entry.Key), n)
		}
	}
	return nil
}

func compactJSON(raw json.RawMessage) string {
	var out bytes.Buffer
	// The text came out of a decoder, so it is valid JSON and compacting it cannot fail.
	_ = json.Compact(&out, raw)
	return out.String()
}

func encodeJSON(s string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	// A string always encodes.
	_ = encoder.Encode(s)
	return strings.TrimSuffix(out.String(), "\n")
}

// Equal reports whether both are the same; nil and empty differ.
func (m Metadata) Equal(other Metadata) bool {
	return (m == nil) == (other == nil) && slices.Equal(m, other)
}
