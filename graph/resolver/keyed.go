package resolver

import (
	"bytes"
	"context"
	"crypto/rand"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/domain"
)

// WithKey begins a mutation with an idempotency key. The seed is a text of the request's own, the same whenever it is
// executed.
func WithKey(ctx context.Context, seed string) (context.Context, *KeyedResponse) {
	c := callOf(ctx)
	c.seed, c.keyed = seed, &KeyedResponse{}
	return withCall(ctx, c), c.keyed
}

// KeyedResponse collects what the server has to know to store the response to a mutation with an idempotency key: the
// live customers that it is about, so that it can be dropped with them, and the secrets in it.
type KeyedResponse struct {
	mu        sync.Mutex
	customers []*domain.Customer
	// secrets are the secrets by the placeholders that stand for them while the response is made.
	secrets map[string]string
}

// Customers are the live customers that the response is about.
func (a *KeyedResponse) Customers() []*domain.Customer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.customers
}

// hide returns a placeholder for a secret, a text that is nowhere else.
func (a *KeyedResponse) hide(secret string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.secrets == nil {
		a.secrets = map[string]string{}
	}
	placeholder := "secret-" + rand.Text()
	a.secrets[placeholder] = secret
	return placeholder
}

// Reveal returns a response with its secrets, and with nulls in their place, which is what may be stored; nil
// for the response itself.
func (a *KeyedResponse) Reveal(text []byte) (response, stored []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.secrets) == 0 {
		return text, nil
	}
	response, stored = text, text
	for placeholder, secret := range a.secrets {
		quoted := []byte(strconv.Quote(placeholder))
		response = bytes.ReplaceAll(response, quoted, []byte(strconv.Quote(secret)))
		stored = bytes.ReplaceAll(stored, quoted, []byte("null"))
	}
	return response, stored
}

// CollectCustomers is the field middleware that collects the customers of a response that is going to be stored. It
// comes before ArchivedCustomers, and so sees what that leaves.
func CollectCustomers(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	found := customersIn(value)
	if len(found) == 0 {
		return value, err
	}
	if a := callOf(ctx).keyed; a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, customer := range found {
			if customer != nil && !customer.Archived() {
				a.customers = append(a.customers, customer)
			}
		}
	}
	return value, err
}

// customersIn are the customers whose own, or whose belongings, a value is.
func customersIn(value any) []*domain.Customer {
	switch v := value.(type) {
	case *model.Customer:
		return each([]*model.Customer{v}, customerSource)
	case *model.CustomerSubscription:
		return each([]*model.CustomerSubscription{v}, subscriptionOwner)
	case *model.PromotionalEntitlement:
		return each([]*model.PromotionalEntitlement{v}, promotionalOwner)
	case []*model.Customer:
		return each(v, customerSource)
	case []*model.CustomerSubscription:
		return each(v, subscriptionOwner)
	case []*model.PromotionalEntitlement:
		return each(v, promotionalOwner)
	default:
		// What else leads to them, pages for one, has them in fields of its own.
		return nil
	}
}

func customerSource(c *model.Customer) *domain.Customer {
	if c == nil {
		return nil
	}
	return c.Source
}

func subscriptionOwner(s *model.CustomerSubscription) *domain.Customer {
	if s == nil {
		return nil
	}
	return s.Of
}

func promotionalOwner(p *model.PromotionalEntitlement) *domain.Customer {
	if p == nil {
		return nil
	}
	return p.Of
}

// seedOf is a text of the field's own, the same whenever its request is executed; empty without an idempotency key.
func seedOf(ctx context.Context) string {
	seed := callOf(ctx).seed
	if seed == "" {
		return ""
	}
	return seed + " " + graphql.GetFieldContext(ctx).Field.Alias
}

// shownOnce is a secret for the response to the first of several requests with one idempotency key. What is stored for the
// others has null in its place.
func shownOnce(ctx context.Context, secret string) *string {
	if a := callOf(ctx).keyed; a != nil {
		secret = a.hide(secret)
	}
	return &secret
}
