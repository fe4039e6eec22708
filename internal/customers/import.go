package customers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup" // the Go team's own; bounded goroutines with one error

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// MaxImportRows bounds one bulk import.
const MaxImportRows = 1000

// importWorkers is how many rows are under way at once: enough for an engine to commit them in groups.
const importWorkers = 32

// ImportRow is a customer as another system knows it.
type ImportRow struct {
	Identity
	Details
	// UpdatedAt is when the other system last changed the customer; nil when it does not say.
	UpdatedAt *time.Time
	// PaymentMethodID is the payment method that the customer is charged with at the billing provider; nil leaves it.
	PaymentMethodID *string
}

// Import creates the customer, or changes what the row gives if it exists. A row that is older than the
// stored customer changes nothing.
// Errors: those of Update except CustomerNotFound, Archived for the id of an archived customer, and
// IntegrationNotFound for a payment method without a provider.
func (s *Service) Import(ctx context.Context, actor domain.Actor, row ImportRow) (*domain.Customer, error) {
	if err := actor.AuthorizeWrite(); err != nil {
		return nil, err
	}
	ref, err := s.checkRow(actor, row)
	if err != nil {
		return nil, err
	}
	return s.importRow(ctx, ref, row)
}

// ImportBulk imports rows, each with the rules of Import, and returns an id for the import. All rows are
// checked against the stored customers before the first is written. A write that fails after that, because
// others changed customers meanwhile or the store failed, leaves the other rows written; sending the same
// rows again is safe.
// integrationID names whose ids the billing and payment method ids are; nil is those of the one that there is.
// Errors: IdentityForbidden, IntegrationNotFound, BadUserInput for too many rows, ImportFailed with the fact failedCustomerIds.
func (s *Service) ImportBulk(
	ctx context.Context, actor domain.Actor, environmentID, integrationID *string, rows []ImportRow,
) (string, error) {
	if err := actor.AuthorizeWrite(); err != nil {
		return "", err
	}
	if integrationID != nil && s.sync == nil {
		return "", noIntegration("integrationId")
	}
	if err := s.checkIntegration("integrationId", integrationID); err != nil {
		return "", err
	}
	if _, err := actor.Environment(environmentID); err != nil {
		return "", err
	}
	if len(rows) > MaxImportRows {
		return "", domain.FieldErrorf(domain.BadUserInput, "customers", "must have at most %d rows, it has %d", MaxImportRows, len(rows))
	}
	refs := make([]domain.CustomerRef, len(rows))
	seen := map[string]bool{}
	checked := newOutcomes(rows)
	for i, row := range rows {
		ref, err := s.checkRow(actor, row)
		if err == nil && seen[ref.CustomerID] {
			err = domain.FieldErrorf(domain.BadUserInput, "customerId", "must not be in the import twice")
		}
		seen[ref.CustomerID] = true
		refs[i] = ref
		checked.errs[i] = err
	}
	if err := checked.run(ctx, func(i int) error { return s.checkImport(ctx, refs[i], rows[i]) }); err != nil {
		return "", err
	}
	if err := checked.failure("nothing was imported"); err != nil {
		return "", err
	}
	written := newOutcomes(rows)
	if err := written.run(ctx, func(i int) error {
		_, err := s.importRow(ctx, refs[i], rows[i])
		return err
	}); err != nil {
		return "", err
	}
	if err := written.failure("the other rows were imported"); err != nil {
		return "", err
	}
	return s.newID(), nil
}

// checkRow validates a row by itself.
func (s *Service) checkRow(actor domain.Actor, row ImportRow) (domain.CustomerRef, error) {
	ref, err := row.required(actor)
	if err != nil {
		return ref, err
	}
	if row.UpdatedAt != nil && row.UpdatedAt.After(s.now()) {
		return ref, domain.FieldErrorf(domain.BadUserInput, "updatedAt", "must not be in the future")
	}
	if row.PaymentMethodID != nil {
		if s.sync == nil {
			return ref, noIntegration("paymentMethodId")
		}
		if err := validate.ID("paymentMethodId", *row.PaymentMethodID); err != nil {
			return ref, err
		}
	}
	return ref, s.check(&row.Details)
}

// checkImport is importRow without the write.
func (s *Service) checkImport(ctx context.Context, ref domain.CustomerRef, row ImportRow) error {
	customer, err := s.store.AnyCustomer(ctx, ref)
	if errors.Is(err, persistence.ErrNotFound) {
		customer, err = s.newCustomer(ref, s.Now(), s.Now()), nil
	}
	if err == nil {
		_, err = s.applyRow(customer, row)
	}
	return err
}

func (s *Service) importRow(ctx context.Context, ref domain.CustomerRef, row ImportRow) (*domain.Customer, error) {
	// Another request can create the customer between the read and the insert; then the next round finds it.
	for range persistence.MaxRounds {
		customer, err := s.change(ctx, ref, func(customer *domain.Customer) (bool, error) {
			return s.applyRow(customer, row)
		})
		if !domain.IsKind(err, domain.CustomerNotFound) {
			return customer, err
		}
		now := s.Now()
		customer = s.newCustomer(ref, now, now)
		if row.UpdatedAt != nil {
			customer.CreatedAt, customer.UpdatedAt = domain.Timestamp(*row.UpdatedAt), domain.Timestamp(*row.UpdatedAt)
		}
		if _, err := row.apply(customer, s.Now()); err != nil {
			return nil, err
		}
		s.enqueueNew(customer, syncRequest{}, false)
		s.enqueuePaymentMethod(customer, row)
		err = s.store.InsertCustomer(ctx, customer)
		if err == nil && customer.Sync != nil {
			return s.push(ctx, customer, syncRequest{})
		}
		if !errors.Is(err, persistence.ErrExists) {
			return customer, err
		}
		if err := persistence.Pause(ctx, rand.N(persistence.MaxPause)); err != nil {
			return nil, err
		}
	}
	return nil, conflict(ref.CustomerID)
}

// applyRow applies a row to a stored customer and reports whether it changed. The customer gets the row's own time, so
// that rows of one source are compared by that source's clock.
func (s *Service) applyRow(customer *domain.Customer, row ImportRow) (bool, error) {
	if customer.Archived() {
		return false, archived(customer.CustomerID)
	}
	updatedAt := s.Now()
	if row.UpdatedAt != nil {
		updatedAt = domain.Timestamp(*row.UpdatedAt)
		if updatedAt.Before(customer.UpdatedAt) {
			return false, nil
		}
	}
	changed, err := row.apply(customer, s.Now())
	if changed || row.UpdatedAt != nil && updatedAt.After(customer.UpdatedAt) {
		customer.UpdatedAt, changed = updatedAt, true
	}
	return s.enqueuePaymentMethod(customer, row) || changed, err
}

// enqueuePaymentMethod enqueues the payment method of a row, unless it is the expected one already, and reports whether
// it did. The current one may be about to be replaced or detached; the row is newer than that.
func (s *Service) enqueuePaymentMethod(customer *domain.Customer, row ImportRow) bool {
	if row.PaymentMethodID == nil || customer.ExpectedPaymentMethodID() == *row.PaymentMethodID {
		return false
	}
	s.enqueueAttachment(customer, *row.PaymentMethodID, "")
	return true
}

// outcomes are the errors of the rows of an import; nil for a success.
type outcomes struct {
	rows []ImportRow
	errs []error
}

func newOutcomes(rows []ImportRow) outcomes {
	return outcomes{rows: rows, errs: make([]error, len(rows))}
}

// run calls do for each row that has not failed yet. A refusal is the row's own outcome; any other error ends the import.
func (o outcomes) run(ctx context.Context, do func(i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(importWorkers)
	for i := range o.rows {
		if o.errs[i] != nil {
			continue
		}
		group.Go(func() (err error) {
			// A panic in this goroutine would end the process.
			defer func() {
				if cause := recover(); cause != nil {
					err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
				}
			}()
			if err := ctx.Err(); err != nil {
				return err
			}
			err = do(i)
			if refusal, ok := errors.AsType[*domain.Error](err); ok {
				o.errs[i] = refusal
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// failure is the error that names every failed row; nil without any.
func (o outcomes) failure(consequence string) error {
	ids := []string{}
	var first string
	for i, err := range o.errs {
		if err == nil {
			continue
		}
		if first == "" {
			first = fmt.Sprintf("customers[%d]: %s", i, err)
		}
		ids = append(ids, o.rows[i].name())
	}
	if len(ids) == 0 {
		return nil
	}
	return domain.Errorf(domain.ImportFailed, "Failed to import %d of %d customers, %s; the first failure is %s",
		len(ids), len(o.rows), consequence, first).With("failedCustomerIds", ids)
}

// name is the id that a row gives, right or wrong; empty for none.
func (i Identity) name() string {
	for _, id := range []*string{i.CustomerID, i.RefID} {
		if id != nil {
			return *id
		}
	}
	return ""
}
