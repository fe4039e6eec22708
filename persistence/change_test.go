package persistence_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"clientele/internal/domain"
	"clientele/persistence"
)

// racedCustomers keeps one customer, which another writer replaces first, so many times.
type racedCustomers struct {
	persistence.Customers

	customer domain.Customer
	races    int
	err      error
	replaced int
}

func (r *racedCustomers) AnyCustomer(_ context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	if ref != r.customer.Ref() {
		return nil, persistence.ErrNotFound
	}
	found := r.customer
	return &found, nil
}

func (r *racedCustomers) ReplaceCustomer(_ context.Context, customer *domain.Customer) error {
	r.replaced++
	if r.err != nil {
		return r.err
	}
	if r.races != 0 {
		r.races--
		r.customer.Version++
	}
	if customer.Version != r.customer.Version+1 {
		return persistence.ErrConflict
	}
	r.customer = *customer
	return nil
}

func newRacedCustomers() *racedCustomers {
	return &racedCustomers{customer: domain.Customer{EnvironmentID: "production", CustomerID: "c", Version: 1}}
}

func TestChangeCustomerStartsOverAfterAConflict(t *testing.T) {
	t.Parallel()
	for _, races := range []int{0, 1, 7, persistence.MaxRounds - 1} {
		synctest.Test(t, func(t *testing.T) {
			customers := newRacedCustomers()
			customers.races = races
			var decided []int64
			customer, err := persistence.ChangeCustomer(t.Context(), customers, customers.customer.Ref(), func(c *domain.Customer) (bool, error) {
				decided = append(decided, c.Version)
				c.Name = new("Ada")
				return true, nil
			})
			if err != nil || customer.Version != int64(races)+2 || *customers.customer.Name != "Ada" || customers.customer.Version != customer.Version {
				t.Fatalf("got %+v, %v, the store has %+v", customer, err, customers.customer)
			}
			// Each round decides on what the other writer left.
			if len(decided) != races+1 || decided[races] != int64(races)+1 {
				t.Errorf("decided on the versions %v", decided)
			}
		})
	}
}

func TestChangeCustomerGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		customers := newRacedCustomers()
		customers.races = -1
		_, err := persistence.ChangeCustomer(t.Context(), customers, customers.customer.Ref(), always)
		if !errors.Is(err, persistence.ErrConflict) || customers.replaced != persistence.MaxRounds {
			t.Errorf("got %v after %d rounds", err, customers.replaced)
		}
	})
}

func always(*domain.Customer) (bool, error) { return true, nil }

func TestChangeCustomerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	customers := newRacedCustomers()
	customers.races = -1
	_, err := persistence.ChangeCustomer(ctx, customers, customers.customer.Ref(), func(*domain.Customer) (bool, error) {
		cancel()
		return true, nil
	})
	if !errors.Is(err, context.Canceled) || customers.replaced != 1 {
		t.Errorf("got %v after %d rounds", err, customers.replaced)
	}
}

// An error of decide is returned, and nothing is written.
func TestChangeCustomerWritesNothingThatIsRefused(t *testing.T) {
	t.Parallel()
	refusal := domain.Errorf(domain.Conflict, "refused")
	for name, refused := range map[string]error{"an error": refusal, "nothing to do": nil} {
		customers := newRacedCustomers()
		customer, err := persistence.ChangeCustomer(t.Context(), customers, customers.customer.Ref(), func(c *domain.Customer) (bool, error) {
			c.Name = new("Ada")
			// An error counts, whatever else is said.
			return refused != nil, refused
		})
		if !errors.Is(err, refused) || customer.Version != 1 || customers.replaced != 0 || customers.customer.Name != nil {
			t.Errorf("%s: got %+v, %v, the store has %+v", name, customer, err, customers.customer)
		}
	}
}

func TestChangeCustomerAnswersErrorsOfTheStore(t *testing.T) {
	t.Parallel()
	customers := newRacedCustomers()
	unknown := domain.CustomerRef{EnvironmentID: "production", CustomerID: "unknown"}
	_, err := persistence.ChangeCustomer(t.Context(), customers, unknown, func(*domain.Customer) (bool, error) {
		t.Error("there is nothing to decide on")
		return true, nil
	})
	if !errors.Is(err, persistence.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	// Whether the write was made is not known, so it is not made again.
	customers.err = persistence.ErrUnavailable
	if _, err := persistence.ChangeCustomer(t.Context(), customers, customers.customer.Ref(), always); !errors.Is(err, persistence.ErrUnavailable) || customers.replaced != 1 {
		t.Errorf("got %v after %d rounds, want ErrUnavailable after one", err, customers.replaced)
	}
}
