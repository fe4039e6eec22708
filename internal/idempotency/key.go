package idempotency

import (
	"strings"

	"clientele/internal/domain"
)

// maxKeyLength bounds an idempotency key, in characters.
const maxKeyLength = 255

// ParseKey reads an idempotency key as it is sent: printable ASCII without quotes and spaces, or the string of a
// structured field (RFC 8941) with them, in quotes, as draft-ietf-httpapi-idempotency-key-header has it. Both ways
// of writing one key mean the same. Errors: BadUserInput.
func ParseKey(text string) (string, error) {
	key, ok := text, !strings.ContainsAny(text, `" `)
	if strings.HasPrefix(text, `"`) {
		key, ok = unquote(text)
	}
	printable := func(r rune) bool { return r >= ' ' && r <= '~' }
	if !ok || len(key) < 1 || len(key) > maxKeyLength || strings.ContainsFunc(key, func(r rune) bool { return !printable(r) }) {
		return "", domain.Errorf(domain.BadUserInput,
			"the header Idempotency-Key must hold one key: 1 to %d printable ASCII characters, in double quotes if spaces or double quotes are among them",
			maxKeyLength)
	}
	return key, nil
}

// unquote reads a string in quotes, in which a backslash stands before each quote and backslash.
func unquote(text string) (string, bool) {
	var key strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return key.String(), i == len(text)-1
		case '\\':
			if i++; i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
		}
		key.WriteByte(text[i])
	}
	return "", false
}
