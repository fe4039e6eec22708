package domain

import (
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// Scope is what an API key may do.
type Scope string

// The scopes, each of which includes the ones before it: ScopeRead only reads, ScopeFull writes too, ScopeAdmin also
// manages the API keys of its environment.
const (
	ScopeRead  Scope = "read"
	ScopeFull  Scope = "full"
	ScopeAdmin Scope = "admin"
)

// scopes are all scopes in ascending order.
var scopes = []Scope{ScopeRead, ScopeFull, ScopeAdmin}

// Includes reports whether a key of this scope may do what needs the other one. An unknown scope includes nothing.
func (s Scope) Includes(needed Scope) bool {
	at := slices.Index(scopes, needed)
	return at >= 0 && slices.Index(scopes, s) >= at
}

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
	// LastUsedAt is nil until the key was used. It is written with a delay, see auth.Service.
	LastUsedAt *time.Time `bson:"lastUsedAt,omitempty"`
	// ReplacedBy is the ID of the key that was made in place of this one; empty without one. ExpiresAt is then the
	// end of the overlap.
	ReplacedBy string `bson:"replacedBy,omitempty"`
}

// KeyState is what has become of a key.
type KeyState string

// The states: a key opens only while it is active.
const (
	KeyActive  KeyState = "active"
	KeyExpired KeyState = "expired"
	KeyRevoked KeyState = "revoked"
)

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
	if !slices.Contains(scopes, k.Scope) {
		return FieldErrorf(BadUserInput, "scope", "must be %q, %q or %q", ScopeRead, ScopeFull, ScopeAdmin)
	}
	if utf8.RuneCountInString(k.Name) > maxKeyNameLength {
		return FieldErrorf(BadUserInput, "name", "must have at most %d characters", maxKeyNameLength)
	}
	return CheckLine(BadUserInput, "name", k.Name)
}

// State is the key's state at the given time.
func (k *APIKey) State(at time.Time) KeyState {
	switch {
	case k.RevokedAt != nil:
		return KeyRevoked
	case k.ExpiresAt != nil && !at.Before(*k.ExpiresAt):
		return KeyExpired
	default:
		return KeyActive
	}
}

// Usable reports whether the key opens anything at the given time.
func (k *APIKey) Usable(at time.Time) bool { return k.State(at) == KeyActive }

// Actor is the caller of a use case: the key that it showed, reduced to what decisions need.
type Actor struct {
	KeyID         string
	EnvironmentID string
	Scope         Scope
}

// AuthorizeWrite refuses a caller that may only read. Errors: IdentityForbidden.
func (a Actor) AuthorizeWrite() error {
	if a.Scope.Includes(ScopeFull) {
		return nil
	}
	return Errorf(IdentityForbidden, "this API key may only read")
}

// AuthorizeAdmin refuses a caller that may not manage API keys. Errors: IdentityForbidden.
func (a Actor) AuthorizeAdmin() error {
	if a.Scope.Includes(ScopeAdmin) {
		return nil
	}
	return Errorf(IdentityForbidden, "this needs an API key of scope admin")
}

// Environment is the environment that the caller acts on. An input may name it, but only its own; the empty text, which
// generated clients send for a field that is not set, names none.
// Errors: IdentityForbidden.
func (a Actor) Environment(requested *string) (string, error) {
	if requested != nil && *requested != "" && *requested != a.EnvironmentID {
		return "", Errorf(IdentityForbidden, "environmentId is not the environment of this API key")
	}
	return a.EnvironmentID, nil
}
