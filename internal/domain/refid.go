package domain

import (
	"crypto/rand"
	"crypto/sha256"
	seeded "math/rand/v2"
)

const (
	refLength  = 12
	refLetters = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// RandomRef makes an id for something whose owner gave it none: the prefix and twelve letters and digits.
func RandomRef(prefix string) string { return makeRef(prefix, rand.Read) }

// SeededRef is RandomRef with the same id for the same seed.
func SeededRef(prefix, seed string) string {
	return makeRef(prefix, seeded.NewChaCha8(sha256.Sum256([]byte(seed))).Read)
}

func makeRef(prefix string, read func([]byte) (int, error)) string {
	// The largest multiple of the number of letters that fits a byte; values above it would favour the first letters.
	const fair = 256 - 256%len(refLetters)
	id := []byte(prefix)
	for len(id) < len(prefix)+refLength {
		var random [refLength]byte
		_, _ = read(random[:]) // never fails
		for _, b := range random {
			if int(b) < fair && len(id) < len(prefix)+refLength {
				id = append(id, refLetters[int(b)%len(refLetters)])
			}
		}
	}
	return string(id)
}
