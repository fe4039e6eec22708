package resolver

import (
	"strings"
	"time"

	"clientele/graph/model"
	"clientele/internal/auth"
	"clientele/internal/domain"
)

// toAPIKey converts a key. The schema spells scopes and states in upper case.
func toAPIKey(key *domain.APIKey, now time.Time) *model.APIKey {
	out := &model.APIKey{
		ID: key.ID, Name: key.Name, Scope: model.APIKeyScope(strings.ToUpper(string(key.Scope))), EnvironmentID: key.EnvironmentID,
		State:     model.APIKeyState(strings.ToUpper(string(key.State(now)))),
		CreatedAt: key.CreatedAt, LastUsedAt: key.LastUsedAt, ExpiresAt: key.ExpiresAt, RevokedAt: key.RevokedAt,
	}
	if key.ReplacedBy != "" {
		out.ReplacedBy = &key.ReplacedBy
	}
	return out
}

func fromCreateAPIKeyInput(input model.CreateAPIKeyInput) auth.NewKey {
	return auth.NewKey{
		EnvironmentID: input.EnvironmentID.Value(), Scope: domain.Scope(strings.ToLower(input.Scope.String())), Name: input.Name, ExpiresAt: input.ExpiresAt.Value(),
	}
}

// fromOverlap is the overlap of a roll. It is clamped, so that it does not overflow, to values that are refused.
func fromOverlap(seconds *int) time.Duration {
	if seconds == nil {
		return auth.DefaultOverlap
	}
	most := int(auth.MaxOverlap/time.Second) + 1
	return time.Duration(max(-1, min(*seconds, most))) * time.Second
}
