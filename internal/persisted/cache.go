package persisted

import lru "github.com/hashicorp/golang-lru/v2" // bounds the cache; gqlgen's caches use it too

// Cache is an LRU cache of texts that clients sent, by their hash. A text is only ever stored under its own hash, so
// that clients can share the cache. It is safe for concurrent use.
type Cache struct {
	texts    *lru.Cache[string, string]
	maxBytes int
}

// NewCache makes a cache of at most so many texts, at least 1, of at most so many bytes each.
func NewCache(most, maxBytes int) *Cache {
	texts, err := lru.New[string, string](most)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return &Cache{texts: texts, maxBytes: maxBytes}
}

// Text returns the text of a hash.
func (c *Cache) Text(hash string) (string, bool) { return c.texts.Get(hash) }

// Add stores a text, unless it is too long.
func (c *Cache) Add(text string) {
	if len(text) <= c.maxBytes {
		c.texts.Add(Hash(text), text)
	}
}
