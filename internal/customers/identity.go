package customers

import (
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
