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

// WithKey begins a mutation with an idempotency key. The seed is unique to the request, and the same in each execution.
func WithKey(ctx context.Context, seed string) (context.Context, *KeyedResponse) {
	c := callOf(ctx)
	c.seed, c.keyed = seed, &KeyedResponse{}
	return withCall(ctx, c), c.keyed
}

// KeyedResponse collects what the server has to know to store the response to a mutation with an idempotency key: the
// live customers in it, so that it can be dropped with them, and the secrets in it.
type KeyedResponse struct {
	mu        sync.Mutex
	customers []*domain.Customer
	// secrets are keyed by the placeholders that stand for them while the response is built.
	secrets map[string]string
}

// Customers are the live customers in the response.
func (k *KeyedResponse) Customers() []*domain.Customer {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.customers
}

// hide returns a unique placeholder for a secret.
func (k *KeyedResponse) hide(secret string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.secrets == nil {
		k.secrets = map[string]string{}
	}
	placeholder := "secret-" + rand.Text()
	k.secrets[placeholder] = secret
	return placeholder
}

// Reveal returns the response with its secrets, and the one to store, with nulls instead of secrets; stored is nil if
// they are the same.
func (k *KeyedResponse) Reveal(text []byte) (response, stored []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.secrets) == 0 {
		return text, nil
	}
	response, stored = text, text
	for placeholder, secret := range k.secrets {
		quoted := []byte(strconv.Quote(placeholder))
		response = bytes.ReplaceAll(response, quoted, []byte(strconv.Quote(secret)))
		stored = bytes.ReplaceAll(stored, quoted, []byte("null"))
	}
	return response, stored
}

// CollectCustomers is the field middleware that collects the customers of a response that will be stored. It wraps
// ArchivedCustomers, so it sees what that leaves.
func CollectCustomers(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	found := customersIn(value)
	if len(found) == 0 {
		return value, err
	}
	if k := callOf(ctx).keyed; k != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		for _, customer := range found {
			if customer != nil && !customer.Archived() {
				k.customers = append(k.customers, customer)
			}
		}
	}
	return value, err
}

// customersIn returns the customers that a value is, or belongs to.
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
		// Other values, such as pages, contain them in fields of their own.
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

// seedOf is unique to the field and the same in each execution of its request; empty without an idempotency key.
func seedOf(ctx context.Context) string {
	seed := callOf(ctx).seed
	if seed == "" {
		return ""
	}
	return seed + " " + graphql.GetFieldContext(ctx).Field.Alias
}

// shownOnce is a secret that only the first response to an idempotency key shows. The stored response has null instead.
func shownOnce(ctx context.Context, secret string) *string {
	if k := callOf(ctx).keyed; k != nil {
		secret = k.hide(secret)
	}
	return &secret
}
