package document

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// keptBytes bounds the memory of the documents that are kept together, as documentSize counts it: a hundred or so of
	// the widest that generated clients send.
	keptBytes = 64 << 20
	// tokenBytes are what a token takes once it is parsed, whose text can be that of one character.
	tokenBytes = 240
	// documentBytes are what a document takes besides.
	documentBytes = 1 << 10
	// maxKeptText is the longest text of a document that is kept.
	maxKeptText = 64 << 10
	// maxKeptDocuments bounds how many are kept, because short ones take more than their text.
	maxKeptDocuments = 2_000
)

// documentSize is how much memory a document takes.
func documentSize(text string, tokens int) int { return documentBytes + len(text) + tokens*tokenBytes }

// documentCache keeps the documents that were used last. It is safe for concurrent use.
type documentCache struct {
	mu    sync.Mutex
	kept  *simplelru.LRU[string, keptDocument]
	bytes int
}

type keptDocument struct {
	document *ast.QueryDocument
	size     int
}

func newDocumentCache() *documentCache {
	c := &documentCache{}
	var err error
	c.kept, err = simplelru.NewLRU(maxKeptDocuments, func(_ string, kept keptDocument) { c.bytes -= kept.size })
	if err != nil { // only for a size below 1
		panic(err)
	}
	return c
}

// get returns the document of a text; nil if it is not kept.
func (c *documentCache) get(text string) *ast.QueryDocument {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, _ := c.kept.Get(text)
	return kept.document
}

// add keeps a document of so many tokens in place of those that were not used for longest.
func (c *documentCache) add(text string, document *ast.QueryDocument, tokens int) {
	if len(text) > maxKeptText {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept.Contains(text) {
		return
	}
	size := documentSize(text, tokens)
	c.kept.Add(text, keptDocument{document, size})
	for c.bytes += size; c.bytes > keptBytes; {
		c.kept.RemoveOldest()
	}
}
