package domain

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Scope is what an API key may do.
type Scope string

// The scopes: ScopeFull reads and writes, ScopeRead only reads.
const (
	ScopeFull Scope = "full"
	ScopeRead Scope = "read"
)

// APIKey is a stored credential. The secret itself is never kept: Hash is its SHA-256, which is enough
// because secrets are long and random.
type APIKey struct {
	// ID is public, names the key in lists and logs, and is derived from the secret's hash.
	ID            string    `bson:"_id"`
	Hash          string    `bson:"hash"`
	EnvironmentID string    `bson:"environmentId"`
	Scope         Scope     `bson:"scope"`
	Name          string    `bson:"name"`
	CreatedAt     time.Time `bson:"createdAt"`
	// ExpiresAt and RevokedAt are nil for a key without an end.
	ExpiresAt *time.Time `bson:"expiresAt"`
	RevokedAt *time.Time `bson:"revokedAt"`
}

// MinSecretLength and MaxSecretLength bound the secret of a key. A plain hash protects a secret only as
// far as the secret cannot be guessed.
const (
	MinSecretLength = 24
	MaxSecretLength = 255
)

const maxKeyNameLength = 255

var (
	printableASCII  = regexp.MustCompile(`^[!-~]*$`)
	environmentForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$`)
)

// CheckSecret refuses a secret that is too weak to be hashed plainly. Errors: BadUserInput.
func CheckSecret(secret string) error {
	if n := utf8.RuneCountInString(secret); n < MinSecretLength || n > MaxSecretLength {
		return Errorf(BadUserInput, "an API key must have %d to %d characters", MinSecretLength, MaxSecretLength)
	}
	if !printableASCII.MatchString(secret) {
		return Errorf(BadUserInput, "an API key must be printable ASCII without spaces, so that it fits a header")
	}
	return nil
}

// Validate checks what a new key is given. Errors: BadUserInput.
func (k *APIKey) Validate() error {
	if !environmentForm.MatchString(k.EnvironmentID) {
		return FieldErrorf(BadUserInput, "environment", "must be 1 to 64 lower-case letters, digits and inner hyphens")
	}
	if k.Scope != ScopeFull && k.Scope != ScopeRead {
		return FieldErrorf(BadUserInput, "scope", "must be %q or %q", ScopeFull, ScopeRead)
	}
	if utf8.RuneCountInString(k.Name) > maxKeyNameLength {
		return FieldErrorf(BadUserInput, "name", "must have at most %d characters", maxKeyNameLength)
	}
	if strings.ContainsFunc(k.Name, unicode.IsControl) {
		return FieldErrorf(BadUserInput, "name", "must not contain control characters")
	}
	return nil
}

// Usable reports whether the key opens anything at the given time.
func (k *APIKey) Usable(at time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || at.Before(*k.ExpiresAt))
}

// Actor is the caller of a use case: the key that it showed, reduced to what decisions need.
type Actor struct {
	KeyID         string
	EnvironmentID string
	Scope         Scope
}

// AuthorizeWrite refuses a caller that may only read. Errors: IdentityForbidden.
func (a Actor) AuthorizeWrite() error {
	if a.Scope == ScopeFull {
		return nil
	}
	return Errorf(IdentityForbidden, "this API key may only read")
}

// Environment is the environment that the caller acts on. An input may name it, but only its own.
// Errors: IdentityForbidden.
func (a Actor) Environment(requested *string) (string, error) {
	if requested != nil && *requested != a.EnvironmentID {
		return "", Errorf(IdentityForbidden, "environmentId is not the environment of this API key")
	}
	return a.EnvironmentID, nil
}
