package graph

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/internal/domain"
	"clientele/internal/ratelimit"
)

// The policies that the handler charges, if the limiter has them.
const (
	// KeyPolicy counts cost points by API key.
	KeyPolicy = "key"
	// CustomerPolicy counts changes by customer.
	CustomerPolicy = "customer"
)

// quotaUnits are what policies count, where that is not requests.
var quotaUnits = map[string]string{KeyPolicy: `;qu="points"`}

// changeCharge is what a request is charged at least, and what it is charged for each change: to authenticate, parse
// and validate it, and to make a write durable, is as much work as some fields of an answer. It is taken before
// anything of the request is read.
const changeCharge = 10

// customerIn says where a mutation's input names the customer that it changes: the fields to look into, the first that
// is given counts, and the list that they are in if it names several.
type customerIn struct {
	list   string
	fields []string
}

// customersChanged are the mutations that change customers. Other mutations name none.
var customersChanged = map[string]customerIn{
	"provisionCustomer":            {fields: []string{"customerId", "refId"}},
	"createOneCustomer":            {fields: []string{"customerId", "refId"}},
	"updateOneCustomer":            {fields: []string{"customerId", "refId"}},
	"archiveCustomer":              {fields: []string{"customerId"}},
	"unarchiveCustomer":            {fields: []string{"customerId"}},
	"importOneCustomer":            {fields: []string{"customerId", "refId"}},
	"importCustomersBulk":          {list: "customers", fields: []string{"customerId", "refId"}},
	"setCouponOnCustomer":          {fields: []string{"id"}},
	"removeCouponFromCustomer":     {fields: []string{"id"}},
	"grantPromotionalEntitlements": {fields: []string{"customerId"}},
	"revokePromotionalEntitlement": {fields: []string{"customerId"}},
	"attachCustomerPaymentMethod":  {fields: []string{"customerId", "refId"}},
	"detachCustomerPaymentMethod":  {fields: []string{"customerId"}},
	"resyncCustomer":               {fields: []string{"customerId"}},
}

// changes are the changes that an operation asks for.
type changes struct {
	// all is how many they are.
	all int
	// of is how many each customer has of them, by the id that the input gives.
	of map[string]int
}

// changesIn finds the changes that an operation would make.
func changesIn(operation *graphql.OperationContext) changes {
	found := changes{of: map[string]int{}}
	if operation.Operation.Operation != ast.Mutation {
		return found
	}
	for _, field := range graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Mutation"}) {
		in := customersChanged[field.Name]
		input, _ := field.ArgumentMap(operation.Variables)["input"].(map[string]any)
		if in.list == "" {
			found.add(in, input)
			continue
		}
		switch rows := input[in.list].(type) {
		case []any:
			for _, row := range rows {
				input, _ := row.(map[string]any)
				found.add(in, input)
			}
		case map[string]any:
			// One value stands for a list of one.
			found.add(in, rows)
		case []map[string]any:
			// The same, as the coercion of variables makes it.
			for _, row := range rows {
				found.add(in, row)
			}
		}
	}
	return found
}

func (c *changes) add(in customerIn, input map[string]any) {
	c.all++
	for _, name := range in.fields {
		if value := input[name]; value != nil {
			c.of[fmt.Sprint(value)]++
			return
		}
	}
}

// operationCost is what an operation costs, shown in the extensions of its answer.
type operationCost struct {
	// Requested is the cost of the operation; Max is what it may be.
	Requested int `json:"requested"`
	Max       int `json:"max"`
	// Charged is what the API key is charged for it.
	Charged int `json:"charged"`
}

func newOperationCost(cost, most int, found changes) operationCost {
	return operationCost{Requested: cost, Max: most, Charged: max(cost, changeCharge*max(found.all, 1))}
}

// rateLimits charges requests. Without a limiter everything is free.
type rateLimits struct {
	limiter *ratelimit.Limiter
}

// admit charges what every request costs, before anything of it is read. Errors: RateLimited.
func (l rateLimits) admit(w http.ResponseWriter, actor domain.Actor) error {
	return l.charge(w, ratelimit.Charge{Policy: KeyPolicy, Who: actor.KeyID, Tokens: changeCharge})
}

// spend charges the rest of what an operation costs, and the changes of customers. Errors: RateLimited.
func (l rateLimits) spend(w http.ResponseWriter, actor domain.Actor, cost operationCost, found changes) error {
	all := []ratelimit.Charge{{Policy: KeyPolicy, Who: actor.KeyID, Tokens: cost.Charged - changeCharge, Paid: changeCharge}}
	for customerID, times := range found.of {
		who := domain.CustomerRef{EnvironmentID: actor.EnvironmentID, CustomerID: customerID}.Key()
		all = append(all, ratelimit.Charge{Policy: CustomerPolicy, Who: who, Tokens: times})
	}
	return l.charge(w, all...)
}

// charge tells the client what is left, in the header fields of draft-ietf-httpapi-ratelimit-headers. A policy is
// named by what it counts for, never by an id.
func (l rateLimits) charge(w http.ResponseWriter, all ...ratelimit.Charge) error {
	if l.limiter == nil {
		return nil
	}
	outcome := l.limiter.Take(all...)
	retryAfter := seconds(outcome.Wait)
	var policies, states []string
	for _, name := range []string{KeyPolicy, CustomerPolicy} {
		policy, exists := l.limiter.Policy(name)
		if !exists {
			continue
		}
		policies = append(policies, fmt.Sprintf("%q;q=%d;w=%d%s", name, policy.Burst, seconds(policy.Window()), quotaUnits[name]))
		left, charged := outcome.Left[name]
		if !charged {
			continue
		}
		reset := seconds(left.FullIn)
		if name == outcome.Refused {
			// So that it says the same as Retry-After.
			reset = retryAfter
		}
		states = append(states, fmt.Sprintf("%q;r=%d;t=%d", name, left.Tokens, reset))
	}
	header := w.Header()
	for name, values := range map[string][]string{"RateLimit-Policy": policies, "RateLimit": states} {
		if values != nil {
			header.Set(name, strings.Join(values, ", "))
		}
	}
	if outcome.Refused == "" {
		return nil
	}
	header.Set("Retry-After", fmt.Sprint(retryAfter))
	return domain.Errorf(domain.RateLimited, "the rate limit %q is used up; try again in %d s", outcome.Refused, retryAfter).
		With("limit", outcome.Refused).With("retryAfterSeconds", retryAfter)
}

// seconds are whole ones, of which none is too few.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
