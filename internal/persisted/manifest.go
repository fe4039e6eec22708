// Package persisted keeps the texts of operation documents that clients name instead of sending them: those of a
// manifest, which the operator trusts, and those that clients sent before. It parses none of them, and knows neither
// GraphQL nor HTTP.
package persisted

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"clientele/internal/domain"
)

// Document is one of a manifest.
type Document struct {
	// ID is the generator's id for the document, usually a hash of the text by some algorithm.
	ID string
	// Name is that of its operation; empty if the manifest has none.
	Name string
	Text string
}

// Manifest holds the documents that the operator trusts. Create it with ParseManifest.
type Manifest struct {
	byID map[string]Document
	// byHash are the ids by the hash of the text.
	byHash map[string]string
}

// apolloFormat marks the manifests of Apollo's generators.
const apolloFormat = "apollo-persisted-query-manifest"

// maxManifest is in bytes, far above what the documents of a product's clients need.
const maxManifest = 64 << 20

// ReadManifest reads a manifest from a file. Errors: BadUserInput, without any text of the file.
func ReadManifest(path string) (*Manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, domain.Errorf(domain.BadUserInput, "the manifest of trusted documents cannot be read: %s", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	switch {
	case err != nil:
		return nil, domain.Errorf(domain.BadUserInput, "the manifest of trusted documents cannot be read: %s", err)
	case len(text) > maxManifest:
		return nil, domain.Errorf(domain.BadUserInput, "the manifest of trusted documents must have at most %d bytes", maxManifest)
	}
	return ParseManifest(text)
}

// ParseManifest reads a manifest in one of the forms that generators write: an object of texts by id, as
// graphql-codegen and Relay do, or Apollo's persisted-query-manifest. Errors: BadUserInput, without any text.
func ParseManifest(text []byte) (*Manifest, error) {
	manifest := &Manifest{byID: map[string]Document{}, byHash: map[string]string{}}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil || members == nil || !utf8.Valid(text) {
		return nil, domain.Errorf(domain.BadUserInput, "the manifest of trusted documents must be a JSON object in UTF-8")
	}
	var format string
	_ = json.Unmarshal(members["format"], &format) // a value of another type is no format
	documents, err := []Document(nil), error(nil)
	if format == "" {
		documents, err = textsByID(members)
	} else {
		documents, err = apolloOperations(format, text)
	}
	if err != nil {
		return nil, err
	}
	for _, document := range documents {
		if err := manifest.add(document); err != nil {
			return nil, err
		}
	}
	if len(manifest.byID) == 0 {
		return nil, domain.Errorf(domain.BadUserInput, "the manifest of trusted documents has no document in it")
	}
	return manifest, nil
}

func textsByID(members map[string]json.RawMessage) ([]Document, error) {
	var documents []Document
	for _, id := range slices.Sorted(maps.Keys(members)) {
		var text string
		if json.Unmarshal(members[id], &text) != nil || bytes.Equal(members[id], []byte("null")) {
			return nil, domain.Errorf(domain.BadUserInput, "the manifest of trusted documents has %q, which is no text", id)
		}
		documents = append(documents, Document{ID: id, Text: text})
	}
	return documents, nil
}

func apolloOperations(format string, text []byte) ([]Document, error) {
	var manifest struct {
		Version    int
		Operations []struct{ ID, Name, Body string }
	}
	if err := json.Unmarshal(text, &manifest); err != nil || format != apolloFormat || manifest.Version != 1 {
		return nil, domain.Errorf(domain.BadUserInput,
			"the manifest of trusted documents must be an object of texts by id, or of the format %q in version 1", apolloFormat)
	}
	documents := make([]Document, len(manifest.Operations))
	for i, operation := range manifest.Operations {
		documents[i] = Document{ID: operation.ID, Name: operation.Name, Text: operation.Body}
	}
	return documents, nil
}

func (m *Manifest) add(document Document) error {
	document.ID = CanonicalID(document.ID)
	if document.ID == "" || document.Text == "" {
		return domain.Errorf(domain.BadUserInput, "the manifest of trusted documents has a document without id or text: %s", document)
	}
	if other, exists := m.byID[document.ID]; exists && other.Text != document.Text {
		return domain.Errorf(domain.BadUserInput, "the manifest of trusted documents has two texts for %s", document)
	}
	m.byID[document.ID] = document
	m.byHash[Hash(document.Text)] = document.ID
	return nil
}

// String names the document without its text.
func (d Document) String() string {
	if d.Name == "" {
		return d.ID
	}
	return d.Name + " (" + d.ID + ")"
}

// Documents returns all documents, in order of id.
func (m *Manifest) Documents() []Document {
	return slices.SortedFunc(maps.Values(m.byID), func(a, b Document) int { return strings.Compare(a.ID, b.ID) })
}

// Text returns the text of a document, by its id or the SHA-256 hash of the text.
func (m *Manifest) Text(id string) (string, bool) {
	if document, ok := m.byID[id]; ok {
		return document.Text, true
	}
	document, ok := m.byID[m.byHash[id]]
	return document.Text, ok
}

// Holds reports whether a text is that of a document, byte for byte.
func (m *Manifest) Holds(text string) bool {
	_, ok := m.byHash[Hash(text)]
	return ok
}

// hashPrefix may precede an id that is the SHA-256 hash of the text: the appendix on persisted documents of GraphQL over
// HTTP requires it, other clients omit it.
const hashPrefix = "sha256:"

// CanonicalID returns an id without the prefix for hashes.
func CanonicalID(id string) string { return strings.TrimPrefix(id, hashPrefix) }

// Hash returns the SHA-256 hash of a text in lower-case hexadecimal digits.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
