package server

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/document"
	"clientele/tests/clientops"
)

// selector writes selections as generated clients do: every scalar and enum of a type.
type selector struct{ schema *ast.Schema }

// all selects every field of a type that is a scalar or an enum, and those of the objects below it, so many levels
// deep. Fields with a selection of their own have it instead, and what is named in without is left out.
func (s selector) all(name string, deep int, own map[string]string, without ...string) string {
	var fields []string
	for _, field := range s.schema.Types[name].Fields {
		to := s.schema.Types[field.Type.Name()]
		selection, isOwn := own[field.Name]
		switch {
		case strings.HasPrefix(field.Name, "__"), slices.Contains(without, field.Name):
		case isOwn:
			fields = append(fields, field.Name+" "+selection)
		case to.Kind == ast.Scalar, to.Kind == ast.Enum:
			fields = append(fields, field.Name)
		case to.Kind == ast.Object && deep > 0:
			fields = append(fields, field.Name+" "+s.all(to.Name, deep-1, nil))
		}
	}
	if fields == nil {
		fields = []string{"__typename"}
	}
	return "{ " + strings.Join(fields, " ") + " }"
}

// introspection is what tools ask for, with types as deep as they go.
const introspection = `{ __schema { types { name fields { type { ...T } args { type { ...T } } } inputFields { type { ...T } } } } }
	fragment T on __Type { name ofType { name ofType { name ofType { name ofType { name ofType { name ofType { name ofType { name } } } } } } } }`

// TestCost sends what is at the edge of what an operation may cost.
func TestCost(t *testing.T) {
	s := selector{schemaOf(t)}
	entitlement := map[string]string{"feature": s.all("Feature", 0, nil)}
	price := s.all("Price", 0, map[string]string{"price": "{ amount currency }", "feature": "{ refId displayName }"})
	plan := s.all("Plan", 0, map[string]string{
		"prices": price, "entitlements": s.all("PackageEntitlement", 0, entitlement), "product": "{ refId displayName }",
	})
	subscription := s.all("CustomerSubscription", 1, map[string]string{
		"plan": plan, "prices": s.all("SubscriptionPrice", 0, map[string]string{"price": price}), "addons": s.all("SubscriptionAddon", 1, nil),
		"coupon": s.all("SubscriptionCoupon", 1, nil), "customer": "{ customerId }", "payingCustomer": "{ customerId }",
	})
	whole := s.all("Customer", 1, map[string]string{
		"subscriptions": subscription, "coupon": s.all("Coupon", 0, map[string]string{"amountsOff": "{ amount currency }", "syncStates": s.all("SyncState", 0, nil)}),
		"promotionalEntitlements": s.all("PromotionalEntitlement", 0, entitlement),
	})
	scalars := s.all("Customer", 0, map[string]string{"subscriptions": s.all("CustomerSubscription", 0, map[string]string{"plan": "{ refId }"})})
	page := func(size int, of string) string {
		return fmt.Sprintf(`{ customers(paging: { first: %d }) { totalCount pageInfo { endCursor hasNextPage } edges { cursor node %s } } }`, size, of)
	}
	deep := func(fields string, times int, leaf string) string {
		opened := strings.Repeat(fields+" { ", times) + leaf
		return opened + strings.Repeat(" }", strings.Count(opened, "{"))
	}
	for name, c := range map[string]struct{ operation, refused string }{
		"one customer with all":                    {`{ getCustomerByRefId(input: { customerId: "one" }) ` + whole + ` }`, ""},
		"a page of customers, subscriptions flat":  {page(10, scalars), ""},
		"a full page of customers, flat":           {page(100, s.all("Customer", 0, nil)), ""},
		"a page of coupons with their customers":   {`{ coupons { edges { node { refId customers { customerId name } } } } }`, ""},
		"a full page of plans with all":            {`{ plans(paging: { first: 50 }) { edges { node ` + plan + ` } } }`, ""},
		"the schema":                               {introspection, ""},
		"a full page of customers with much":       {page(100, whole), ""},
		"a full page of customers with all":        {clientops.Widest(s.schema, ast.Query, "customers").Query, "costs too much"},
		"the customers of customers' coupons":      {page(100, `{ coupon { customers { coupon { customers { id } } } } }`), "costs too much"},
		"customers of a full page of coupons":      {`{ coupons(paging: { first: 100 }) { edges { node { customers ` + s.all("Customer", 0, map[string]string{"coupon": s.all("Coupon", 0, nil)}) + ` } } } }`, "costs too much"},
		"add-ons that need add-ons, in every plan": {`{ plans(paging: { first: 100 }) { edges { node { compatibleAddons { dependencies { dependencies ` + s.all("Addon", 1, nil) + ` } } } } } }`, "costs too much"},

		"a plan in a plan in a plan":     {`{ plans { edges { node { ` + deep("basePlan", document.MaxNesting-1, "id") + ` } } } }`, ""},
		"a plan once more":               {`{ plans { edges { node { ` + deep("basePlan", document.MaxNesting, "id") + ` } } } }`, "the type Plan"},
		"a plan by other fields":         {`{ products(paging: { first: 1 }) { edges { node { downgradePlan { product { productSettings { subscriptionStartPlan { basePlan { product { downgradePlan { id } } } } } } } } } } }`, "the type Plan"},
		"a plan in fragments":            {`{ plans { edges { node { ...A } } } } fragment A on Plan { basePlan { ...B } } fragment B on Plan { basePlan { ... on Plan { basePlan { id } } } }`, "the type Plan"},
		"under an alias":                 {`{ plans { edges { node { a: basePlan { b: basePlan { c: basePlan { id } } } } } } }`, "the type Plan"},
		"an add-on, through two fields":  {`{ plans(paging: { first: 1 }) { edges { node { compatibleAddons { dependencies { dependencies { dependencies { id } } } } } } } }`, "the type Addon"},
		"a customer and a subscription":  {`{ getCustomerByRefId(input: { customerId: "one" }) { ` + deep("subscriptions { customer", 3, "id") + ` } }`, "the type Customer"},
		"a customer and a promotion":     {`{ getCustomerByRefId(input: { customerId: "one" }) { ` + deep("promotionalEntitlements { customer", 3, "id") + ` } }`, "the type Customer"},
		"what a mutation returns":        {`mutation { archiveCustomer(input: { customerId: "one" }) { ` + deep("subscriptions { customer", 3, "id") + ` } }`, "the type Customer"},
		"side by side is no nesting":     {`{ plans { edges { node { ` + strings.Repeat("basePlan { id } ", 10) + ` a: basePlan { b: basePlan { id } } c: basePlan { d: basePlan { id } } } } } }`, ""},
		"a leaf too deep hides no other": {`{ a: plans { edges { node { id } } } b: plans { edges { node { ` + deep("basePlan", document.MaxNesting, "id") + ` } } } }`, "the type Plan"},
	} {
		t.Run(name, func(t *testing.T) {
			got := askWith(t.Context(), t, serving(newStore(t), io.Discard), c.operation, map[string]any{"paging": map[string]any{"first": 100}})
			if c.refused != "" {
				if got.code() != "BadUserInput" || !strings.Contains(got.Errors[0].Message, c.refused) || got.Data != nil {
					t.Errorf("want %q: %s", c.refused, got.body)
				}
				return
			}
			if len(got.Errors) > 0 {
				t.Errorf("%d bytes: %s", len(c.operation), got.body)
			}
		})
	}
}
