// Package auth creates and authenticates API keys. A key's secret leaves this package once, when the key is created; the
// store holds its hash. The package knows the storage contract, but no HTTP.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// DefaultEnvironment is that of keys that were created without one.
const DefaultEnvironment = "development"

// The limits of API keys.
const (
	// MaxKeys is how many usable keys an environment can have.
	MaxKeys = 100
	// DefaultOverlap and MaxOverlap are how long a rolled key stays usable.
	DefaultOverlap = 24 * time.Hour
	MaxOverlap     = 30 * 24 * time.Hour
)

const (
	secretPrefix = "server-"
	idLength     = 16
	// givenAtStart is the name of keys that Bootstrap makes.
	givenAtStart = "given at start"
)

// Service creates, lists, rolls, revokes and authenticates API keys. Its own methods are for the operator, who manages
// the keys of all environments; For is for the holder of an admin key.
type Service struct {
	store persistence.Keys
	now   func() time.Time
	log   *slog.Logger
	// creating is held between counting an environment's keys and adding one.
	creating sync.Mutex
	uses     uses
}

// Option changes a Service.
type Option func(*Service)

// WithLog sets where changes of keys are logged, by id; by default they are not.
func WithLog(log *slog.Logger) Option { return func(s *Service) { s.log = log } }

// New makes the service over a store.
func New(store persistence.Keys, options ...Option) *Service {
	service := &Service{store: store, now: time.Now, log: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(service)
	}
	return service
}

// Request describes a key to make.
type Request struct {
	EnvironmentID string
	Scope         domain.Scope
	// Name is for people; at most 255 characters.
	Name string
	// ValidFor is how long the key is valid; zero or less is for ever.
	ValidFor time.Duration
}

// Create makes a key with a random secret of 130 bits and returns the secret, which is not kept.
// Errors: BadUserInput, TooManyAPIKeys.
func (s *Service) Create(ctx context.Context, request Request) (string, *domain.APIKey, error) {
	return s.create(ctx, request, s.endOf(request.ValidFor), "")
}

// endOf returns when a key that is made now ends; nil for never.
func (s *Service) endOf(validFor time.Duration) *time.Time {
	if validFor <= 0 {
		return nil
	}
	end := domain.Timestamp(domain.Timestamp(s.now()).Add(validFor))
	return &end
}

func (s *Service) create(ctx context.Context, request Request, expiresAt *time.Time, by string) (string, *domain.APIKey, error) {
	secret, key := s.newKey(request, expiresAt)
	if err := key.Validate(); err != nil {
		return "", nil, err
	}
	s.creating.Lock()
	defer s.creating.Unlock()
	if err := s.requireRoom(ctx, key.EnvironmentID); err != nil {
		return "", nil, err
	}
	if err := s.store.InsertKey(ctx, key); err != nil {
		return "", nil, err
	}
	s.logChange(ctx, "an API key was created", key, by)
	return secret, key, nil
}

// requireRoom refuses another key in an environment that has MaxKeys. Several servers may together exceed that by one
// key each. Errors: TooManyAPIKeys.
func (s *Service) requireRoom(ctx context.Context, environmentID string) error {
	keys, err := s.store.ListKeys(ctx)
	if err != nil {
		return err
	}
	usable, now := 0, s.now()
	for _, key := range keys {
		if key.EnvironmentID == environmentID && key.Usable(now) {
			usable++
		}
	}
	if usable < MaxKeys {
		return nil
	}
	return domain.Errorf(domain.TooManyAPIKeys,
		"the environment has %d usable API keys, and %d is the most: revoke one that is not needed", usable, MaxKeys)
}

func (s *Service) newKey(request Request, expiresAt *time.Time) (string, *domain.APIKey) {
	secret := secretPrefix + strings.ToLower(rand.Text())
	return secret, s.keyOf(secret, request, expiresAt)
}

func (s *Service) keyOf(secret string, request Request, expiresAt *time.Time) *domain.APIKey {
	digest := hash(secret)
	return &domain.APIKey{
		ID: idOf(digest), Hash: digest, EnvironmentID: request.EnvironmentID, Scope: request.Scope,
		Name: request.Name, CreatedAt: domain.Timestamp(s.now()), ExpiresAt: expiresAt,
	}
}

// Bootstrap makes sure that the secret has full access to the default environment. It is idempotent. Errors:
// BadUserInput for a secret that is too short, or belongs to a key of less access.
func (s *Service) Bootstrap(ctx context.Context, secret string) error {
	if err := domain.CheckSecret(secret); err != nil {
		return err
	}
	request := Request{EnvironmentID: DefaultEnvironment, Scope: domain.ScopeFull, Name: givenAtStart}
	err := s.store.InsertKey(ctx, s.keyOf(secret, request, nil))
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

// GivenEarlier lists the usable keys that were given at earlier starts, except that of the secret.
func (s *Service) GivenEarlier(ctx context.Context, secret string) ([]*domain.APIKey, error) {
	keys, err := s.store.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	given, now := idOf(hash(secret)), s.now()
	var earlier []*domain.APIKey
	for _, key := range keys {
		if key.Name == givenAtStart && key.EnvironmentID == DefaultEnvironment && key.ID != given && key.Usable(now) {
			earlier = append(earlier, key)
		}
	}
	return earlier, nil
}

// List returns every key, usable or not, in order of id.
func (s *Service) List(ctx context.Context) ([]*domain.APIKey, error) { return s.store.ListKeys(ctx) }

// Revoke ends a key permanently. Errors: persistence.ErrNotFound.
func (s *Service) Revoke(ctx context.Context, id string) error {
	key, err := s.store.Key(ctx, id)
	if err != nil {
		return err
	}
	return s.revoke(ctx, key, "")
}

func (s *Service) revoke(ctx context.Context, key *domain.APIKey, by string) error {
	if err := s.store.RevokeKey(ctx, key.ID, domain.Timestamp(s.now())); err != nil {
		return err
	}
	s.logChange(ctx, "an API key was revoked", key, by)
	return nil
}

// Rolled is a key that was replaced, with its successor.
type Rolled struct {
	// Secret is the new key's, which is not kept.
	Secret   string
	Key      *domain.APIKey
	Replaced *domain.APIKey
}

// Roll replaces a key by one of the same environment, scope, name and lifetime. The old one stays usable for the
// overlap, but not beyond its own end; with an overlap of 0 it is revoked at once.
// Errors: persistence.ErrNotFound, BadUserInput, TooManyAPIKeys, Conflict.
func (s *Service) Roll(ctx context.Context, id string, overlap time.Duration) (Rolled, error) {
	old, err := s.store.Key(ctx, id)
	if err != nil {
		return Rolled{}, err
	}
	return s.roll(ctx, old, overlap, "")
}

func (s *Service) roll(ctx context.Context, old *domain.APIKey, overlap time.Duration, by string) (Rolled, error) {
	now := domain.Timestamp(s.now())
	switch {
	case overlap < 0 || overlap > MaxOverlap:
		return Rolled{}, domain.FieldErrorf(domain.BadUserInput, "overlap", "must be from 0 to %d days", MaxOverlap/(24*time.Hour))
	case !old.Usable(now):
		return Rolled{}, domain.FieldErrorf(domain.BadUserInput, "id", "is of a key that was revoked or has expired; create a new one")
	case old.ReplacedBy != "":
		return Rolled{}, domain.FieldErrorf(domain.BadUserInput, "id",
			"is of a key that was replaced by the key %s; roll or revoke that one", old.ReplacedBy)
	}
	overlap = overlap.Truncate(time.Millisecond) // the precision of stored times
	var lifetime time.Duration
	if old.ExpiresAt != nil {
		lifetime = old.ExpiresAt.Sub(old.CreatedAt)
	}
	end := domain.Timestamp(now.Add(overlap))
	if old.ExpiresAt != nil && old.ExpiresAt.Before(end) {
		end = *old.ExpiresAt
	}
	request := Request{EnvironmentID: old.EnvironmentID, Scope: old.Scope, Name: old.Name}
	secret, key := s.newKey(request, s.endOf(lifetime))
	if err := s.insertSuccessor(ctx, key, overlap); err != nil {
		return Rolled{}, err
	}
	// The new key is stored first: a failure in between leaves a key whose secret is unknown, but locks no client out.
	if err := s.store.RetireKey(ctx, old.ID, key.ID, end); err != nil {
		if errors.Is(err, persistence.ErrConflict) {
			err = domain.Errorf(domain.Conflict, "another request replaced this API key; read the keys again")
			return Rolled{}, errors.Join(err, s.store.RevokeKey(ctx, key.ID, now))
		}
		return Rolled{}, err
	}
	replaced := *old
	replaced.ReplacedBy, replaced.ExpiresAt = key.ID, &end
	s.logChange(ctx, "an API key was rolled", key, by, slog.String("replaced", old.ID))
	if overlap == 0 {
		// Unlike an end, a revocation does not depend on the clocks of other servers.
		if err := s.store.RevokeKey(ctx, old.ID, now); err != nil {
			return Rolled{}, err
		}
		replaced.RevokedAt = &now
	}
	return Rolled{Secret: secret, Key: key, Replaced: &replaced}, nil
}

// insertSuccessor stores the new key of a roll. Without an overlap, the number of usable keys stays the same.
func (s *Service) insertSuccessor(ctx context.Context, key *domain.APIKey, overlap time.Duration) error {
	s.creating.Lock()
	defer s.creating.Unlock()
	if overlap > 0 {
		if err := s.requireRoom(ctx, key.EnvironmentID); err != nil {
			return err
		}
	}
	return s.store.InsertKey(ctx, key)
}

// logChange logs a change of a key, by ids. by is the id of the admin's key; empty for the operator.
func (s *Service) logChange(ctx context.Context, message string, key *domain.APIKey, by string, more ...any) {
	if by == "" {
		by = "operator"
	}
	more = append(more, slog.String("changedKeyId", key.ID), slog.String("keyEnvironment", key.EnvironmentID),
		slog.String("scope", string(key.Scope)), slog.String("by", by))
	s.log.InfoContext(ctx, message, more...)
}

// Authenticate returns the actor of a secret, and records that its key was used. Errors: Unauthenticated, the same for
// a secret that is missing, unknown, expired or revoked.
func (s *Service) Authenticate(ctx context.Context, secret string) (domain.Actor, error) {
	key, err := s.find(ctx, secret)
	if err != nil {
		return domain.Actor{}, err
	}
	s.uses.record(key, s.now())
	return actorOf(key), nil
}

// Identify is Authenticate without recording a use. Errors: Unauthenticated.
func (s *Service) Identify(ctx context.Context, secret string) (domain.Actor, error) {
	key, err := s.find(ctx, secret)
	if err != nil {
		return domain.Actor{}, err
	}
	return actorOf(key), nil
}

func actorOf(key *domain.APIKey) domain.Actor {
	return domain.Actor{KeyID: key.ID, EnvironmentID: key.EnvironmentID, Scope: key.Scope}
}

// find returns the usable key of a secret. Errors: Unauthenticated.
func (s *Service) find(ctx context.Context, secret string) (*domain.APIKey, error) {
	if domain.CheckSecret(secret) != nil {
		// It cannot be a key, so it needs no look-up.
		return nil, unauthenticated()
	}
	digest := hash(secret)
	key, err := s.store.Key(ctx, idOf(digest))
	switch {
	case errors.Is(err, persistence.ErrNotFound):
		return nil, unauthenticated()
	case err != nil:
		return nil, err
	case subtle.ConstantTimeCompare([]byte(key.Hash), []byte(digest)) != 1, !key.Usable(s.now()):
		return nil, unauthenticated()
	}
	return key, nil
}

func unauthenticated() error {
	return domain.Errorf(domain.Unauthenticated, "Unauthenticated: send a valid API key in the header X-API-KEY")
}

// hash needs no salt and no slow function: the secret is long and random.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// idOf is a key's public id: enough of its hash to be unique, too little to find the secret.
func idOf(hash string) string { return hash[:idLength] }
