package graph

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// keptTexts bounds the texts of the documents that are kept together, in bytes. A document takes some fifteen times
	// its text once it is parsed. A generated client has some dozens of documents, of 14 kB where they select everything.
	keptTexts = 4 << 20
	// maxKeptText is the longest text of a document that is kept.
	maxKeptText = 64 << 10
	// maxKeptDocuments bounds how many are kept, because short ones take more than their text.
	maxKeptDocuments = 2_000
)

// documentCache keeps the documents that were used last. It is safe for concurrent use.
type documentCache struct {
	mu    sync.Mutex
	kept  *simplelru.LRU[string, *ast.QueryDocument]
	bytes int
}

func newDocumentCache() *documentCache {
	c := &documentCache{}
	var err error
	c.kept, err = simplelru.NewLRU(maxKeptDocuments, func(text string, _ *ast.QueryDocument) { c.bytes -= len(text) })
	if err != nil { // only for a size below 1
		panic(err)
	}
	return c
}

// get returns the document of a text; nil if it is not kept.
func (c *documentCache) get(text string) *ast.QueryDocument {
	c.mu.Lock()
	defer c.mu.Unlock()
	document, _ := c.kept.Get(text)
	return document
}

// add keeps a document in place of those that were not used for longest.
func (c *documentCache) add(text string, document *ast.QueryDocument) {
	if len(text) > maxKeptText {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept.Contains(text) {
		return
	}
	c.kept.Add(text, document)
	for c.bytes += len(text); c.bytes > keptTexts; {
		c.kept.RemoveOldest()
	}
}
