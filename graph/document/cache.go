package document

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// keptBytes bounds the memory of all cached documents, as documentSize counts it: about a hundred of the widest that
	// generated clients send.
	keptBytes = 64 << 20
	// tokenBytes is the memory of a parsed token, whose text can be one character.
	tokenBytes = 240
	// documentBytes is the memory of a document without its tokens.
	documentBytes = 1 << 10
	// maxKeptText is the longest text, in bytes, of a cached document.
	maxKeptText = 64 << 10
	// maxKeptDocuments bounds their number, because short ones take more than their text.
	maxKeptDocuments = 2_000
)

// documentSize is the memory of a document in bytes.
func documentSize(text string, tokens int) int { return documentBytes + len(text) + tokens*tokenBytes }

// documentCache has the most recently used documents. It is safe for concurrent use.
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

func (c *documentCache) get(text string) *ast.QueryDocument {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, _ := c.kept.Get(text)
	return kept.document
}

// add caches a document and evicts those that were not used for longest.
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
