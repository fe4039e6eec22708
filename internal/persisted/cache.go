package persisted

import lru "github.com/hashicorp/golang-lru/v2" // bounds the cache; it is what gqlgen's caches are made of

// Cache keeps texts that clients sent, by their hash. Whoever adds a text adds it under its own hash, so that nobody
// can put a text in another's place, and clients can share one cache. Of too many texts, the one that was used longest
// ago is dropped. Its methods may be called at the same time.
type Cache struct {
	texts    *lru.Cache[string, string]
	maxBytes int
}

// NewCache makes a cache of at most so many texts of at most so many bytes each; of at least one.
func NewCache(most, maxBytes int) *Cache {
	texts, err := lru.New[string, string](most)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return &Cache{texts: texts, maxBytes: maxBytes}
}

// Text is the text of a hash.
func (c *Cache) Text(hash string) (string, bool) { return c.texts.Get(hash) }

// Add keeps a text, if it is not too long.
func (c *Cache) Add(text string) {
	if len(text) <= c.maxBytes {
		c.texts.Add(Hash(text), text)
	}
}
