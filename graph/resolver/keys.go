package resolver

import (
	"time"

	"clientele/graph/model"
	"clientele/internal/auth"
	"clientele/internal/domain"
)

var (
	keyScopes = map[model.APIKeyScope]domain.Scope{
		model.APIKeyScopeRead: domain.ScopeRead, model.APIKeyScopeFull: domain.ScopeFull, model.APIKeyScopeAdmin: domain.ScopeAdmin,
	}
	toKeyScopes = map[domain.Scope]model.APIKeyScope{
		domain.ScopeRead: model.APIKeyScopeRead, domain.ScopeFull: model.APIKeyScopeFull, domain.ScopeAdmin: model.APIKeyScopeAdmin,
	}
	toKeyStates = map[domain.KeyState]model.APIKeyState{
		domain.KeyActive: model.APIKeyStateActive, domain.KeyExpired: model.APIKeyStateExpired, domain.KeyRevoked: model.APIKeyStateRevoked,
	}
)

func toAPIKey(key *domain.APIKey, now time.Time) *model.APIKey {
	out := &model.APIKey{
		ID: key.ID, Name: key.Name, Scope: toKeyScopes[key.Scope], EnvironmentID: key.EnvironmentID, State: toKeyStates[key.State(now)],
		CreatedAt: key.CreatedAt, LastUsedAt: key.LastUsedAt, ExpiresAt: key.ExpiresAt, RevokedAt: key.RevokedAt,
	}
	if key.ReplacedBy != "" {
		out.ReplacedBy = &key.ReplacedBy
	}
	return out
}

func fromCreateAPIKeyInput(input model.CreateAPIKeyInput) auth.NewKey {
	return auth.NewKey{
		EnvironmentID: input.EnvironmentID.Value(), Scope: keyScopes[input.Scope], Name: input.Name, ExpiresAt: input.ExpiresAt.Value(),
	}
}

// fromOverlap is the overlap of a roll. It is kept within what time.Duration holds, which is above what is allowed.
func fromOverlap(seconds *int) time.Duration {
	if seconds == nil {
		return auth.DefaultOverlap
	}
	most := int(auth.MaxOverlap/time.Second) + 1
	return time.Duration(max(-1, min(*seconds, most))) * time.Second
}
