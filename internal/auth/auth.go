// Package auth makes API keys and recognises them. A key's secret leaves this package once, when it is
// made; the store holds its hash. The package knows the storage contract, but no HTTP.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// DefaultEnvironment is where keys live that were not given an environment.
const DefaultEnvironment = "development"

const (
	secretPrefix = "server-"
	idLength     = 16
)

// Service makes, lists, revokes and recognises API keys.
type Service struct {
	store persistence.Keys
	now   func() time.Time
}

// New makes the service over a store.
func New(store persistence.Keys) *Service { return &Service{store: store, now: time.Now} }

// Request describes a key to make.
type Request struct {
	EnvironmentID string
	Scope         domain.Scope
	// Name is a note for people; at most 255 characters.
	Name string
	// ValidFor is how long the key opens; zero or less is for ever.
	ValidFor time.Duration
}

// Create makes a key with a random secret of 130 bits and answers the secret, which is not kept.
// Errors: BadUserInput.
func (s *Service) Create(ctx context.Context, request Request) (string, *domain.APIKey, error) {
	secret := secretPrefix + strings.ToLower(rand.Text())
	key, err := s.register(ctx, secret, request)
	if err != nil {
		return "", nil, err
	}
	return secret, key, nil
}

// Bootstrap makes sure that the given secret opens everything in the default environment, and does nothing
// if it does already. Errors: BadUserInput for a secret that is too short, or is a key that opens less.
func (s *Service) Bootstrap(ctx context.Context, secret string) error {
	if err := domain.CheckSecret(secret); err != nil {
		return err
	}
	_, err := s.register(ctx, secret, Request{
		EnvironmentID: DefaultEnvironment, Scope: domain.ScopeFull, Name: "given at start",
	})
	if !errors.Is(err, persistence.ErrExists) {
		return err
	}
	key, err := s.store.Key(ctx, idOf(hash(secret)))
	switch {
	case err != nil:
		return err
	case !key.Usable(s.now()):
		return domain.Errorf(domain.BadUserInput, "the API key given at start was revoked or has expired; give another one")
	case key.Scope != domain.ScopeFull || key.EnvironmentID != DefaultEnvironment:
		return domain.Errorf(domain.BadUserInput,
			"the API key given at start exists with scope %s in the environment %s; give another one", key.Scope, key.EnvironmentID)
	}
	return nil
}

func (s *Service) register(ctx context.Context, secret string, request Request) (*domain.APIKey, error) {
	digest := hash(secret)
	now := domain.Timestamp(s.now())
	key := &domain.APIKey{
		ID: idOf(digest), Hash: digest, EnvironmentID: request.EnvironmentID, Scope: request.Scope,
		Name: request.Name, CreatedAt: now,
	}
	if request.ValidFor > 0 {
		expiresAt := domain.Timestamp(now.Add(request.ValidFor))
		key.ExpiresAt = &expiresAt
	}
	if err := key.Validate(); err != nil {
		return nil, err
	}
	return key, s.store.InsertKey(ctx, key)
}

// List answers every key, usable or not, in order of id.
func (s *Service) List(ctx context.Context) ([]*domain.APIKey, error) { return s.store.ListKeys(ctx) }

// Revoke ends a key for good. Errors: persistence.ErrNotFound.
func (s *Service) Revoke(ctx context.Context, id string) error {
	return s.store.RevokeKey(ctx, id, domain.Timestamp(s.now()))
}

// Authenticate answers whom a secret stands for. Errors: Unauthenticated, alike for a secret that is
// missing, unknown, expired or revoked.
func (s *Service) Authenticate(ctx context.Context, secret string) (domain.Actor, error) {
	if domain.CheckSecret(secret) != nil {
		// What can be no key is not worth a look-up.
		return domain.Actor{}, unauthenticated()
	}
	digest := hash(secret)
	key, err := s.store.Key(ctx, idOf(digest))
	switch {
	case errors.Is(err, persistence.ErrNotFound):
		return domain.Actor{}, unauthenticated()
	case err != nil:
		return domain.Actor{}, err
	case subtle.ConstantTimeCompare([]byte(key.Hash), []byte(digest)) != 1, !key.Usable(s.now()):
		return domain.Actor{}, unauthenticated()
	}
	return domain.Actor{KeyID: key.ID, EnvironmentID: key.EnvironmentID, Scope: key.Scope}, nil
}

func unauthenticated() error {
	return domain.Errorf(domain.Unauthenticated, "Unauthenticated: send a valid API key in the header X-API-KEY")
}

// hash needs no salt and no slow function: the secret is long and random.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// idOf names a key in public: enough of its hash to be unique, too little to find a secret by.
func idOf(hash string) string { return hash[:idLength] }
