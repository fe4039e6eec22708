package persisted

import (
	"testing"

	"pgregory.net/rapid"
)

// TestCache adds at random, and looks up by the hash.
func TestCache(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most, maxBytes := rapid.IntRange(1, 5).Draw(t, "most"), rapid.IntRange(0, 20).Draw(t, "bytes")
		cache := NewCache(most, maxBytes)
		var added []string
		for _, text := range rapid.SliceOf(rapid.StringN(0, 30, 30)).Draw(t, "texts") {
			cache.Add(text)
			if len(text) <= maxBytes {
				added = append(added, text)
			}
			if kept := cache.texts.Len(); kept > most {
				t.Fatalf("%d are kept", kept)
			}
			// What was added last is there, and whatever is there is what its hash says.
			if len(added) > 0 {
				if last := added[len(added)-1]; !holds(cache, last) {
					t.Fatalf("%q is gone", last)
				}
			}
			if got, ok := cache.Text(Hash(text)); ok && (got != text || len(text) > maxBytes) {
				t.Fatalf("%q is there for %q", got, text)
			}
		}
	})
}

func holds(cache *Cache, text string) bool {
	got, ok := cache.Text(Hash(text))
	return ok && got == text
}

func TestTheLeastRecentlyUsedTextIsDropped(t *testing.T) {
	t.Parallel()
	cache := NewCache(2, 10)
	cache.Add("a")
	for _, text := range []string{"b", "c", "d"} {
		if !holds(cache, "a") {
			t.Fatalf("it was gone before %s", text)
		}
		cache.Add(text)
	}
	if !holds(cache, "a") || holds(cache, "b") || !holds(cache, "d") {
		t.Error("another was dropped")
	}
}
