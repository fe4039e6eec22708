package customers

import (
	"context"
	"errors"
	"time"

	"clientele/internal/domain"
	"clientele/persistence"
)

// Provision is the input of Service.Provision.
type Provision struct {
	Identity
	Details
	ExcludeFromExperiment bool
	// CreatedAt back-dates the customer; nil is now.
	CreatedAt *time.Time
}

// Provision creates a customer; without an id in the input it makes one up. Nothing is written on an
// error. Errors: IdentityForbidden, IDMismatch, BadUserInput, InvalidMetadata, InvalidAddress,
// InvalidTaxID, Duplicate for the id of a live customer, Archived for that of an archived one.
func (s *Service) Provision(ctx context.Context, actor domain.Actor, input Provision) (*domain.Customer, error) {
	if err := actor.AuthorizeWrite(); err != nil {
		return nil, err
	}
	ref, err := input.resolve(actor)
	if err != nil {
		return nil, err
	}
	now := s.timestamp()
	createdAt := now
	if input.CreatedAt != nil {
		createdAt = domain.Timestamp(*input.CreatedAt)
		if createdAt.After(now) {
			return nil, domain.FieldErrorf(domain.BadUserInput, "createdAt", "must not be in the future")
		}
	}
	if err := input.check(s.checkBilling); err != nil {
		return nil, err
	}
	if ref.CustomerID == "" {
		ref.CustomerID = s.newRef()
	}
	customer := s.newCustomer(ref, createdAt, now)
	customer.ExcludeFromExperiment = input.ExcludeFromExperiment
	if _, err := input.apply(customer); err != nil {
		return nil, err
	}
	err = s.store.InsertCustomer(ctx, customer)
	if errors.Is(err, persistence.ErrExists) {
		return nil, s.taken(ctx, ref)
	}
	return customer, err
}

// newCustomer is a customer at its first version.
func (s *Service) newCustomer(ref domain.CustomerRef, createdAt, updatedAt time.Time) *domain.Customer {
	return &domain.Customer{
		Key: ref.Key(), ID: s.newID(), EnvironmentID: ref.EnvironmentID, CustomerID: ref.CustomerID,
		Version: 1, CreatedAt: createdAt, UpdatedAt: updatedAt,
	}
}

// taken says why an id cannot be given out.
func (s *Service) taken(ctx context.Context, ref domain.CustomerRef) error {
	holder, err := s.store.AnyCustomer(ctx, ref)
	// A store may take a moment to show what it refused to insert again, after an election for one.
	if err != nil && !errors.Is(err, persistence.ErrNotFound) {
		return err
	}
	if err == nil && holder.Archived() {
		return archived(ref.CustomerID)
	}
	return domain.Errorf(domain.Duplicate, "Duplicated entity not allowed: a Customer has this id").
		With("entityName", "Customer").With("identifier", ref.CustomerID)
}

func archived(customerID string) error {
	return domain.Errorf(domain.Archived, "Entity is archived: an archived Customer had this id, which cannot be used again").
		With("entityName", "Customer").With("identifier", customerID)
}
