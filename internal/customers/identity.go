package customers

import (
	"crypto/rand"
	"crypto/sha256"
	chance "math/rand/v2"

	"clientele/internal/domain"
	"clientele/internal/validate"
)

// Identity is how an input names its customer: by CustomerID or by its deprecated twin RefID.
type Identity struct {
	CustomerID    *string
	RefID         *string
	EnvironmentID *string
}

// resolve is the customer that the identity names, as far as it names one: CustomerID is empty otherwise.
// Errors: IdentityForbidden, IDMismatch, BadUserInput.
func (i Identity) resolve(actor domain.Actor) (domain.CustomerRef, error) {
	environment, err := actor.Environment(i.EnvironmentID)
	if err != nil {
		return domain.CustomerRef{}, err
	}
	ref := domain.CustomerRef{EnvironmentID: environment}
	refID := i.RefID
	if refID != nil && *refID == "" {
		refID = nil // Generated clients send it for a field that is not set.
	}
	field, id := "customerId", i.CustomerID
	if id == nil {
		field, id = "refId", refID
	} else if refID != nil && *refID != *id {
		return ref, domain.Errorf(domain.IDMismatch, "customerId and refId differ; give one of them, or both alike")
	}
	if id == nil {
		return ref, nil
	}
	ref.CustomerID = *id
	return ref, validate.ID(field, *id)
}

// required is resolve for an input that has to name a customer. Errors: MissingID and those of resolve.
func (i Identity) required(actor domain.Actor) (domain.CustomerRef, error) {
	ref, err := i.resolve(actor)
	if err == nil && ref.CustomerID == "" {
		err = domain.Errorf(domain.MissingID, "customerId or refId must be given")
	}
	return ref, err
}

const (
	generatedIDLength  = 12
	generatedIDLetters = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// newCustomerID makes an id for a customer whose product gave none.
func newCustomerID() string { return newReadableID("customer-", rand.Read) }

// customerIDFrom makes the id that belongs to a seed.
func customerIDFrom(seed string) string {
	return newReadableID("customer-", chance.NewChaCha8(sha256.Sum256([]byte(seed))).Read)
}

// newSubscriptionID makes an id for a subscription whose product gave none.
func newSubscriptionID() string { return newReadableID("subscription-", rand.Read) }

func newReadableID(prefix string, read func([]byte) (int, error)) string {
	// The largest multiple of the number of letters that fits a byte; what is above would favour the first
	// letters.
	const fair = 256 - 256%len(generatedIDLetters)
	id := []byte(prefix)
	for len(id) < len(prefix)+generatedIDLength {
		var random [2 * generatedIDLength]byte
		_, _ = read(random[:]) // never fails
		for _, b := range random {
			if int(b) < fair && len(id) < len(prefix)+generatedIDLength {
				id = append(id, generatedIDLetters[int(b)%len(generatedIDLetters)])
			}
		}
	}
	return string(id)
}
