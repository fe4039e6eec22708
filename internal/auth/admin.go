package auth

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// maxEnded is how many ended keys Admin.List returns.
const maxEnded = 100

// Admin manages the keys of one environment for the holder of an admin key. Keys of other environments do not exist for
// it. Each method fails with IdentityForbidden for a key of less scope.
type Admin struct {
	service *Service
	actor   domain.Actor
}

// For returns what the actor may do with keys.
func (s *Service) For(actor domain.Actor) Admin { return Admin{service: s, actor: actor} }

// KeyRef names a key to an admin.
type KeyRef struct {
	// EnvironmentID may name the admin's environment, and no other.
	EnvironmentID *string
	ID            string
}

// NewKey describes a key that an admin makes in its own environment.
type NewKey struct {
	// EnvironmentID may name the admin's environment, and no other.
	EnvironmentID *string
	Scope         domain.Scope
	Name          string
	// ExpiresAt is nil for a key without an end.
	ExpiresAt *time.Time
}

// Create makes a key and returns its secret, which is not kept. Errors: IdentityForbidden, BadUserInput,
// TooManyAPIKeys.
func (a Admin) Create(ctx context.Context, request NewKey) (string, *domain.APIKey, error) {
	environmentID, err := a.environment(request.EnvironmentID)
	if err != nil {
		return "", nil, err
	}
	expiresAt := request.ExpiresAt
	if expiresAt != nil {
		if !expiresAt.After(a.service.now()) {
			return "", nil, domain.FieldErrorf(domain.BadUserInput, "expiresAt", "must be in the future")
		}
		expiresAt = new(domain.Timestamp(*expiresAt))
	}
	return a.service.create(ctx, Request{EnvironmentID: environmentID, Scope: request.Scope, Name: request.Name}, expiresAt, a.actor.KeyID)
}

// List returns all usable keys of the environment and the 100 others that were made last, the newest first.
func (a Admin) List(ctx context.Context) ([]*domain.APIKey, error) {
	environmentID, err := a.environment(nil)
	if err != nil {
		return nil, err
	}
	keys, err := a.service.store.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key *domain.APIKey) bool { return key.EnvironmentID != environmentID })
	slices.SortStableFunc(keys, func(x, y *domain.APIKey) int {
		return cmp.Or(y.CreatedAt.Compare(x.CreatedAt), cmp.Compare(x.ID, y.ID))
	})
	ended, now := 0, a.service.now()
	return slices.DeleteFunc(keys, func(key *domain.APIKey) bool {
		if key.Usable(now) {
			return false
		}
		ended++
		return ended > maxEnded
	}), nil
}

// Revoke ends a key permanently and returns it. Revoking the actor's own key is refused unless ownKey is set.
// Errors: IdentityForbidden, APIKeyNotFound, BadUserInput.
func (a Admin) Revoke(ctx context.Context, ref KeyRef, ownKey bool) (*domain.APIKey, error) {
	key, err := a.key(ctx, ref)
	if err != nil {
		return nil, err
	}
	if key.ID == a.actor.KeyID && !ownKey {
		return nil, domain.FieldErrorf(domain.BadUserInput, "id",
			"is of the key that sends this request, which would not be taken any more; set ownKey to revoke it all the same")
	}
	if err := a.service.revoke(ctx, key, a.actor.KeyID); err != nil {
		return nil, notFound(err)
	}
	// Read again, because an earlier revocation counts.
	return a.key(ctx, ref)
}

// Roll is Service.Roll within the environment. Errors: IdentityForbidden, APIKeyNotFound, BadUserInput,
// TooManyAPIKeys, Conflict.
func (a Admin) Roll(ctx context.Context, ref KeyRef, overlap time.Duration) (Rolled, error) {
	key, err := a.key(ctx, ref)
	if err != nil {
		return Rolled{}, err
	}
	rolled, err := a.service.roll(ctx, key, overlap, a.actor.KeyID)
	return rolled, notFound(err)
}

// key returns a key of the actor's environment.
func (a Admin) key(ctx context.Context, ref KeyRef) (*domain.APIKey, error) {
	environmentID, err := a.environment(ref.EnvironmentID)
	if err != nil {
		return nil, err
	}
	key, err := a.service.store.Key(ctx, ref.ID)
	if err == nil && key.EnvironmentID != environmentID {
		err = persistence.ErrNotFound
	}
	if err != nil {
		return nil, notFound(err)
	}
	return key, nil
}

func (a Admin) environment(requested *string) (string, error) {
	if err := a.actor.AuthorizeAdmin(); err != nil {
		return "", err
	}
	return a.actor.Environment(requested)
}

// notFound replaces the store's error by one without the id, which may be a secret given by mistake.
func notFound(err error) error {
	if errors.Is(err, persistence.ErrNotFound) {
		return domain.Errorf(domain.APIKeyNotFound, "API key not found").With("entityName", "ApiKey")
	}
	return err
}
