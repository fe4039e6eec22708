package control

import (
	"time"

	"clientele/internal/domain"
)

const (
	mediaType = "application/json"

	routeKeys   = "/v1/keys"
	routeRoll   = "/v1/keys/roll"
	routeRevoke = "/v1/keys/revoke"
)

// duration is a time.Duration as Go writes it, 24h0m0s.
type duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

type createRequest struct {
	EnvironmentID string       `json:"environmentId"`
	Scope         domain.Scope `json:"scope"`
	Name          string       `json:"name"`
	ValidFor      duration     `json:"validFor"`
}

type createReply struct {
	Secret string     `json:"secret"`
	Key    keyMessage `json:"key"`
}

type rollRequest struct {
	ID      string   `json:"id"`
	Overlap duration `json:"overlap"`
}

type rollReply struct {
	Secret   string     `json:"secret"`
	Key      keyMessage `json:"key"`
	Replaced keyMessage `json:"replaced"`
}

type revokeRequest struct {
	ID string `json:"id"`
}

type listReply struct {
	Keys []keyMessage `json:"keys"`
}

// errorReply has a kind if the error is a domain.Error.
type errorReply struct {
	Message string      `json:"message"`
	Kind    domain.Kind `json:"kind,omitempty"`
}

// keyMessage is a key without its hash. Its fields are those of domain.APIKey.
type keyMessage struct {
	ID            string       `json:"id"`
	Hash          string       `json:"-"`
	EnvironmentID string       `json:"environmentId"`
	Scope         domain.Scope `json:"scope"`
	Name          string       `json:"name"`
	CreatedAt     time.Time    `json:"createdAt"`
	ExpiresAt     *time.Time   `json:"expiresAt,omitempty"`
	RevokedAt     *time.Time   `json:"revokedAt,omitempty"`
	LastUsedAt    *time.Time   `json:"lastUsedAt,omitempty"`
	ReplacedBy    string       `json:"replacedBy,omitempty"`
}

func (m keyMessage) key() *domain.APIKey {
	key := domain.APIKey(m)
	return &key
}
