package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	goast "go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/document"
	"clientele/graph/model"
	"clientele/graph/resolver"
	"clientele/internal/domain"
	"clientele/persistence"
)

// leakingStore returns archived customers where live ones are requested, and archives a customer after each write, as a
// concurrent request could.
type leakingStore struct{ persistence.Store }

func (s leakingStore) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.AnyCustomer(ctx, ref)
}

func (s leakingStore) ListCustomers(ctx context.Context, query persistence.Query) (persistence.Page[domain.Customer], error) {
	page, err := s.Store.ListCustomers(ctx, query)
	if err != nil {
		return page, err
	}
	leaked, err := s.AnyCustomer(ctx, domain.CustomerRef{EnvironmentID: query.EnvironmentID, CustomerID: "archived"})
	if err != nil {
		return page, err
	}
	item := persistence.Item[domain.Customer]{Document: leaked, Cursor: "opaque"}
	with := []persistence.Item[domain.Customer]{item, item}
	for _, live := range page.Items {
		with = append(with, live, item)
	}
	page.Items = with
	return page, nil
}

func (s leakingStore) InsertCustomer(ctx context.Context, customer *domain.Customer) error {
	return s.archiveAfter(ctx, customer, s.Store.InsertCustomer(ctx, customer))
}

func (s leakingStore) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	return s.archiveAfter(ctx, customer, s.Store.ReplaceCustomer(ctx, customer))
}

func (s leakingStore) archiveAfter(ctx context.Context, customer *domain.Customer, err error) error {
	if err != nil || customer.Archived() {
		return err
	}
	customer.Archive(domain.Timestamp(time.Now()))
	archived := *customer
	archived.Version++
	return s.Store.ReplaceCustomer(ctx, &archived)
}

// TestTypesThatBelongToCustomersAreComplete reads the models: what holds a customer's document knows whether it is
// archived, and is marked with @belongsToCustomer in the schema.
func TestTypesThatBelongToCustomersAreComplete(t *testing.T) {
	files, err := filepath.Glob("../model/*.go")
	if err != nil {
		t.Fatal(err)
	}
	holders, knowers := map[string]bool{}, map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		goast.Inspect(file, func(node goast.Node) bool {
			switch n := node.(type) {
			case *goast.TypeSpec:
				if fields, ok := n.Type.(*goast.StructType); ok && holdsCustomer(fields) {
					holders[n.Name.Name] = true
				}
			case *goast.FuncDecl:
				if n.Name.Name == "Archived" && n.Recv != nil {
					knowers[strings.TrimPrefix(types.ExprString(n.Recv.List[0].Type), "*")] = true
				}
			}
			return true
		})
	}
	schema := schemaOf(t)
	for name, definition := range schema.Types {
		if document.BelongsToCustomer(definition) != holders[name] {
			t.Errorf("%s: its model holds a customer's document: %t; it has @belongsToCustomer: %t", name, holders[name], !holders[name])
		}
		// An edge of a page knows what its node knows.
		of := definition
		if node := definition.Fields.ForName("node"); node != nil {
			of = schema.Types[node.Type.Name()]
		}
		if document.BelongsToCustomer(of) != knowers[name] {
			t.Errorf("%s: its model knows whether it is archived: %t; it should: %t", name, knowers[name], !knowers[name])
		}
	}
}

func holdsCustomer(fields *goast.StructType) bool {
	return slices.ContainsFunc(fields.Fields.List, func(f *goast.Field) bool {
		kind := types.ExprString(f.Type)
		return strings.Contains(kind, "domain.Customer") || strings.HasSuffix(kind, "domain.Subscription") || strings.HasSuffix(kind, "domain.PromotionalEntitlement")
	})
}

// personalPaths are the ways to a personal type, from Query and Mutation, and from each personal type on to the
// next. Each is a chain of fields in which no type comes twice. Every way through the schema to something
// personal is made of them.
func personalPaths(schema *ast.Schema, isPersonal func(name string) bool) []string {
	var paths []string
	var walk func(from *ast.Definition, path []string, seen []string)
	walk = func(from *ast.Definition, path []string, seen []string) {
		for _, field := range from.Fields {
			to := field.Type.Name()
			here := append(slices.Clone(path), from.Name+"."+field.Name)
			if isPersonal(to) {
				paths = append(paths, strings.Join(here, " > "))
				continue
			}
			if strings.HasPrefix(field.Name, "__") || slices.Contains(seen, to) {
				continue
			}
			// An interface or a union leads to each of its types, an object to itself, a scalar nowhere.
			for _, possible := range schema.GetPossibleTypes(schema.Types[to]) {
				if isPersonal(possible.Name) {
					paths = append(paths, strings.Join(here, " > "))
				} else {
					walk(possible, here, append(slices.Clone(seen), to, possible.Name))
				}
			}
		}
	}
	for _, from := range schema.Types {
		if from == schema.Query || from == schema.Mutation || isPersonal(from.Name) {
			walk(from, nil, []string{from.Name})
		}
	}
	return paths
}

// whole is a customer with all that can be a customer's: a coupon, a subscription and a promotional entitlement,
// which are named after it.
func whole(customerID string) *domain.Customer {
	at := domain.Timestamp(time.Now())
	customer := bare(customerID, at)
	customer.CouponID, customer.CouponAppliedAt, customer.SubscribedAt, customer.PromotedAt = new("coupon"), &at, &at, &at
	customer.BillingID = new("cus_" + customerID)
	customer.BillingFacts = &domain.BillingFacts{
		DefaultPaymentMethodID: "pm", PaymentMethods: []domain.PaymentMethodFacts{{ID: "pm"}},
	}
	customer.Subscriptions = []domain.Subscription{{
		ID: "uuid-of-sub-of-" + customerID, SubscriptionID: "sub-of-" + customerID, ProductID: "product", PlanID: "plan", PlanUUID: "uuid-of-plan",
		PlanVersion: 1, PricingType: domain.PricingFree, PaymentCollectionMethod: "CHARGE",
		Phases: []domain.Phase{{Status: domain.Active, From: at}}, StartDate: at, BillingCycleAnchor: at, CreatedAt: at,
	}}
	customer.PromotionalEntitlements = []domain.PromotionalEntitlement{{
		ID: "uuid-of-grant-of-" + customerID, FeatureID: "feature", Period: domain.PeriodLifetime, StartDate: at, CreatedAt: at, UpdatedAt: at,
	}}
	return customer
}

// archivedWhole is an archived customer whose subscription still runs, so that nothing but the archiving keeps it
// out of responses.
func archivedWhole(customerID string) *domain.Customer {
	customer := whole(customerID)
	customer.ArchivedAt = &customer.UpdatedAt
	return customer
}

// populated is a store with a small catalogue, coupons, and the given customers.
func populated(t *testing.T, customers ...*domain.Customer) persistence.Store {
	t.Helper()
	store := newStore(t)
	at := domain.Timestamp(time.Now())
	put(t, store.Products(), &domain.Product{Record: record("product", at), Journey: domain.Journey{Start: domain.StartPlanSelection}})
	put(t, store.Plans(), &domain.Plan{Package: domain.Package{
		Record: record("plan", at), ProductID: "product", PricingType: domain.PricingFree, Published: true, VersionNumber: 1,
	}})
	for _, refID := range []string{"feature", "feature 2"} {
		put(t, store.Features(), &domain.Feature{Record: record(refID, at), Type: domain.FeatureBoolean, Status: "ACTIVE"})
	}
	for _, refID := range []string{"coupon", "spare"} {
		put(t, store.Coupons(), &domain.Coupon{
			Record: record(refID, at), Name: refID, Type: domain.CouponPercentage, PercentOff: new(domain.Decimal("5")),
			Status: domain.CouponActive, Source: domain.CouponSource,
		})
	}
	for _, customer := range customers {
		insertCustomers(t, store, customer)
		for _, s := range customer.Subscriptions {
			put(t, store.SubscriptionClaims(), &domain.SubscriptionClaim{Record: record(s.SubscriptionID, at), CustomerID: customer.CustomerID})
		}
	}
	return store
}

// TestNoPathLeadsToAnArchivedCustomer runs an operation along each path of the schema over a store that
// leaks. A path without a case fails.
func TestNoPathLeadsToAnArchivedCustomer(t *testing.T) {
	type before int
	const (
		absent before = iota
		live
		archived
	)
	const onlyOther = `[{"customerId":"other","id":"uuid-of-other"}]`
	cases := map[string]struct {
		// before is what the customer "archived" is when the operation comes. Where it is absent, the
		// operation makes it.
		before    before
		operation string
		// live is the operation that returns a live customer along the path; empty is operation.
		live string
		// want is the whole data; code is that of the error, if there is to be one.
		want string
		code string
		// shown is true where the customer is returned as archived.
		shown bool
	}{
		"Query.getCustomerByRefId": {
			before:    archived,
			operation: `{ getCustomerByRefId(input: { customerId: "archived" }) { id customerId refId } }`,
			want:      `"data":{"getCustomerByRefId":null}`,
		},
		"Query.customers > CustomerConnection.edges > CustomerEdge.node": {
			before:    archived,
			operation: `{ customers { edges { node { customerId id } } } }`,
			want:      `"data":{"customers":{"edges":[{"node":{"customerId":"other","id":"uuid-of-other"}}]}}`,
		},
		"Query.coupon > Coupon.customers": {
			before:    archived,
			operation: `{ coupon(id: "coupon") { customers { customerId id } } }`,
			want:      `"data":{"coupon":{"customers":` + onlyOther + `}}`,
		},
		"Query.coupons > CouponConnection.edges > CouponEdge.node > Coupon.customers": {
			before:    archived,
			operation: `{ coupons(filter: { refId: { eq: "coupon" } }) { edges { node { customers(filter: { couponId: { eq: "coupon" } }) { customerId id } } } } }`,
			want:      `"data":{"coupons":{"edges":[{"node":{"customers":` + onlyOther + `}}]}}`,
		},
		"Query.promotionalEntitlements > PromotionalEntitlementConnection.edges > PromotionalEntitlementEdge.node": {
			before:    archived,
			operation: `{ promotionalEntitlements { edges { node { id customer { customerId } } } } }`,
			want:      `"data":{"promotionalEntitlements":{"edges":[{"node":{"id":"uuid-of-grant-of-other","customer":{"customerId":"other"}}}]}}`,
		},
		"Query.getActiveSubscriptions": {
			before:    archived,
			operation: `{ getActiveSubscriptions(input: { customerId: "archived" }) { subscriptionId id } }`,
			live:      `{ getActiveSubscriptions(input: { customerId: "archived" }) { customerId } }`,
			want:      `"data":{"getActiveSubscriptions":[]}`,
		},
		"Query.getSubscription": {
			before:    archived,
			operation: `{ getSubscription(input: { subscriptionId: "sub-of-archived" }) { customerId } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.provisionCustomer > ProvisionedCustomer.customer": {
			before:    absent,
			operation: `mutation { provisionCustomer(input: { customerId: "archived" }) { customer { customerId } } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.provisionCustomer > ProvisionedCustomer.subscription": {
			before:    absent,
			operation: `mutation { provisionCustomer(input: { customerId: "archived", subscriptionParams: { planId: "plan" } }) { subscription { customerId } } }`,
			want:      `"data":{"provisionCustomer":{"subscription":null}}`,
		},
		"Mutation.createOneCustomer": {
			before:    absent,
			operation: `mutation { createOneCustomer(input: { customerId: "archived" }) { customerId } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.updateOneCustomer": {
			before:    live,
			operation: `mutation { updateOneCustomer(input: { customerId: "archived", name: "New" }) { customerId id } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.unarchiveCustomer": {
			before:    archived,
			operation: `mutation { unarchiveCustomer(input: { customerId: "archived" }) { customerId id } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.importOneCustomer": {
			before:    live,
			operation: `mutation { importOneCustomer(input: { customerId: "archived", name: "New" }) { customerId id } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.archiveCustomer": {
			before:    live,
			operation: `mutation { archiveCustomer(input: { customerId: "archived" }) { customerId name } }`,
			want:      `"data":{"archiveCustomer":{"customerId":"archived","name":null}}`, shown: true,
		},
		"Mutation.createOneCoupon > Coupon.customers": {
			before: archived,
			// The customers of this case have the coupon before it is made.
			operation: `mutation { createOneCoupon(input: { refId: "late", name: "Late", percentOff: 5 }) { customers { customerId id } } }`,
			want:      `"data":{"createOneCoupon":{"customers":` + onlyOther + `}}`,
		},
		"Mutation.updateOneCoupon > Coupon.customers": {
			before:    archived,
			operation: `mutation { updateOneCoupon(input: { refId: "coupon", name: "New" }) { customers { customerId id } } }`,
			want:      `"data":{"updateOneCoupon":{"customers":` + onlyOther + `}}`,
		},
		"Mutation.archiveOneCoupon > Coupon.customers": {
			before:    archived,
			operation: `mutation { archiveOneCoupon(input: { refId: "coupon" }) { customers { customerId id } } }`,
			want:      `"data":{"archiveOneCoupon":{"customers":` + onlyOther + `}}`,
		},
		"Mutation.setCouponOnCustomer": {
			before:    live,
			operation: `mutation { setCouponOnCustomer(input: { id: "archived", relationId: "spare" }) { customerId id } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.removeCouponFromCustomer": {
			before:    live,
			operation: `mutation { removeCouponFromCustomer(input: { id: "archived", relationId: "coupon" }) { customerId id } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.grantPromotionalEntitlements": {
			before: live,
			operation: `mutation { grantPromotionalEntitlements(input: { customerId: "archived", promotionalEntitlements: [{ featureId: "feature 2", period: LIFETIME }] })
				{ id customer { customerId } } }`,
			want: `"data":{"grantPromotionalEntitlements":[]}`,
		},
		"Mutation.revokePromotionalEntitlement": {
			before:    live,
			operation: `mutation { revokePromotionalEntitlement(input: { customerId: "archived", featureId: "feature" }) { id customer { customerId } } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.attachCustomerPaymentMethod": {
			before:    live,
			operation: `mutation { attachCustomerPaymentMethod(input: { customerId: "archived", vendorIdentifier: STRIPE, paymentMethodId: "pm" }) { customerId } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.resyncCustomer": {
			before:    live,
			operation: `mutation { resyncCustomer(input: { customerId: "archived" }) { customerId } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"Mutation.detachCustomerPaymentMethod": {
			before:    live,
			operation: `mutation { detachCustomerPaymentMethod(input: { customerId: "archived" }) { customerId } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		// The one customer that is returned as archived shows nothing else that is.
		"Customer.subscriptions": {
			before:    live,
			operation: `mutation { archiveCustomer(input: { customerId: "archived" }) { subscriptions(filter: {}) { customerId subscriptionId } } }`,
			live:      `{ getCustomerByRefId(input: { customerId: "archived" }) { subscriptions(filter: {}) { customerId subscriptionId } } }`,
			want:      `"data":{"archiveCustomer":{"subscriptions":[]}}`,
		},
		"Customer.promotionalEntitlements": {
			before:    live,
			operation: `mutation { archiveCustomer(input: { customerId: "archived" }) { promotionalEntitlements { id customer { customerId } } } }`,
			live:      `{ getCustomerByRefId(input: { customerId: "archived" }) { promotionalEntitlements { id customer { customerId } } } }`,
			want:      `"data":{"archiveCustomer":{"promotionalEntitlements":[]}}`,
		},
		"Customer.coupon > Coupon.customers": {
			before:    live,
			operation: `mutation { archiveCustomer(input: { customerId: "archived" }) { coupon { customers { customerId id } } } }`,
			live:      `{ getCustomerByRefId(input: { customerId: "archived" }) { coupon { customers { customerId id } } } }`,
			want:      `"data":{"archiveCustomer":{"coupon":{"customers":` + onlyOther + `}}}`,
		},
		// What belongs to a customer does not go further than the customer.
		"CustomerSubscription.customer": {
			before:    archived,
			operation: `{ getSubscription(input: { subscriptionId: "sub-of-archived" }) { customer { customerId } } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"CustomerSubscription.payingCustomer": {
			before:    archived,
			operation: `{ getSubscription(input: { subscriptionId: "sub-of-archived" }) { payingCustomer { customerId } } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
		"PromotionalEntitlement.customer": {
			before:    live,
			operation: `mutation { revokePromotionalEntitlement(input: { customerId: "archived", featureId: "feature" }) { customer { customerId } } }`,
			want:      `"data":null`, code: "CustomerNotFound",
		},
	}
	schema := schemaOf(t)
	paths := personalPaths(schema, func(name string) bool { return document.BelongsToCustomer(schema.Types[name]) })
	for _, path := range paths {
		if _, ok := cases[path]; !ok {
			t.Errorf("the schema leads to what is a customer's along %s; say here what it answers for an archived one", path)
		}
	}
	for path, c := range cases {
		t.Run(path, func(t *testing.T) {
			t.Parallel() // Each case waits for the disk most of the time.
			if !slices.Contains(paths, path) {
				t.Fatal("the schema has no such path")
			}
			of := func(customer *domain.Customer) *domain.Customer {
				if strings.Contains(c.operation, `"late"`) {
					customer.CouponID = new("late")
				}
				return customer
			}
			// Without a leak the operation returns the customer, so it would show one.
			honest := populated(t)
			if c.before != absent {
				honest = populated(t, of(whole("archived")))
			}
			got := ask(t.Context(), t, serving(honest, io.Discard), cmp.Or(c.live, c.operation))
			if !strings.Contains(got.body, `"archived"`) || len(got.Errors) > 0 {
				t.Fatalf("a live customer: %s", got.body)
			}

			before := []*domain.Customer{of(whole("other"))}
			switch c.before {
			case live:
				before = append(before, of(whole("archived")))
			case archived:
				before = append(before, of(archivedWhole("archived")))
			case absent:
			}
			got = ask(t.Context(), t, serving(leakingStore{populated(t, before...)}, io.Discard), c.operation)
			if strings.Contains(got.body, `"archived"`) != c.shown || strings.Contains(got.body, "-of-archived") {
				t.Errorf("the archived customer is in the response: %s", got.body)
			}
			if !strings.Contains(got.body, c.want) || got.code() != c.code || got.status != 200 {
				t.Errorf("status %d: want %s and the code %q: %s", got.status, c.want, c.code, got.body)
			}
		})
	}
}

// TestNothingCountsAnArchivedCustomer asks a store that leaks for what is drawn from customers without being one.
// How many customers there are is the store's own to count, so the store is asked to count honestly.
func TestNothingCountsAnArchivedCustomer(t *testing.T) {
	leaking := leakingStore{populated(t, whole("other"), archivedWhole("archived"))}
	handler := serving(leaking, io.Discard)
	for name, c := range map[string]struct{ operation, want string }{
		"customers":                      {`{ customers { totalCount } }`, `{"customers":{"totalCount":1}}`},
		"customers of a coupon":          {`{ customers(filter: { couponId: { eq: "coupon" } }) { totalCount edges { node { id } } } }`, `{"customers":{"totalCount":1,"edges":[{"node":{"id":"uuid-of-other"}}]}}`},
		"customers with a subscription":  {`{ customers(filter: { subscriptions: { status: { eq: ACTIVE } } }) { totalCount edges { node { id } } } }`, `{"customers":{"totalCount":1,"edges":[{"node":{"id":"uuid-of-other"}}]}}`},
		"customers with a promotion":     {`{ customers(filter: { promotionalEntitlements: { status: { eq: Active } } }) { totalCount edges { node { id } } } }`, `{"customers":{"totalCount":1,"edges":[{"node":{"id":"uuid-of-other"}}]}}`},
		"promotional entitlements":       {`{ promotionalEntitlements { totalCount pageInfo { hasNextPage } } }`, `{"promotionalEntitlements":{"totalCount":1,"pageInfo":{"hasNextPage":false}}}`},
		"those that match":               {`{ promotionalEntitlements(filter: { status: { eq: Active } }) { totalCount } }`, `{"promotionalEntitlements":{"totalCount":1}}`},
		"statistics":                     {`{ getCustomerByRefId(input: { customerId: "archived" }) { totalActiveSubscription statistics { activeSubscriptionsByPricingType { totalCount } } } }`, `{"getCustomerByRefId":null}`},
		"statistics of a live customer":  {`{ getCustomerByRefId(input: { customerId: "other" }) { totalActiveSubscription statistics { activeSubscriptionsByPricingType { totalCount } } } }`, `{"getCustomerByRefId":{"totalActiveSubscription":1,"statistics":{"activeSubscriptionsByPricingType":[{"totalCount":1}]}}}`},
		"entitlements":                   {`{ entitlements(query: { customerId: "archived" }) { feature { refId } } }`, `null`},
		"entitlements of a live one":     {`{ entitlements(query: { customerId: "other" }) { feature { refId } } }`, `{"entitlements":[{"feature":{"refId":"feature"}}]}`},
		"cached entitlements":            {`{ cachedEntitlements(query: { customerId: "archived" }) { isGranted accessDeniedReason feature { refId } } }`, `{"cachedEntitlements":[{"isGranted":false,"accessDeniedReason":"CustomerIsArchived","feature":null}]}`},
		"cached entitlements, live":      {`{ cachedEntitlements(query: { customerId: "other" }) { isGranted accessDeniedReason feature { refId } } }`, `{"cachedEntitlements":[{"isGranted":true,"accessDeniedReason":null,"feature":{"refId":"feature"}}]}`},
		"cached entitlements of nobody":  {`{ cachedEntitlements(query: { customerId: "nobody" }) { isGranted accessDeniedReason } }`, `{"cachedEntitlements":[{"isGranted":false,"accessDeniedReason":"CustomerNotFound"}]}`},
		"the cursors of a page of all":   {`{ customers { pageInfo { hasNextPage hasPreviousPage } edges { node { id } } } }`, `{"customers":{"pageInfo":{"hasNextPage":false,"hasPreviousPage":false},"edges":[{"node":{"id":"uuid-of-other"}}]}}`},
		"customers of a coupon, counted": {`{ coupon(id: "coupon") { customers { totalActivePromotionalEntitlements } } }`, `{"coupon":{"customers":[{"totalActivePromotionalEntitlements":1}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t.Context(), t, handler, c.operation)
			if !strings.Contains(got.body, `"data":`+c.want) || c.want == "null" && got.code() != "CustomerNotFound" {
				t.Errorf("want %s: %s", c.want, got.body)
			}
		})
	}
}

func TestPathsAreFoundBehindInterfacesAndUnions(t *testing.T) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: `
type Query { a: Node b: Either c: [Box!]! d: String loop: Loop }
type Mutation { customer: Customer }
interface Node { id: String }
type Box implements Node { id: String inside: Customer! }
type Bag { inside: [Customer!] }
union Either = Bag | Customer
type Loop { loop: Loop box: Box }
type Customer { id: String box: Box grants: [Grant!] bag: Bag }
type Grant { of: Customer! }`})
	if err != nil {
		t.Fatal(err)
	}
	got := personalPaths(schema, func(name string) bool { return name == "Customer" || name == "Grant" })
	slices.Sort(got)
	want := []string{
		"Customer.bag > Bag.inside",
		"Customer.box > Box.inside",
		"Customer.grants",
		"Grant.of",
		"Mutation.customer",
		"Query.a > Box.inside",
		"Query.b",
		"Query.b > Bag.inside",
		"Query.c > Box.inside",
		"Query.loop > Loop.box > Box.inside",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// pageOf is a page whose edges have the places in the page as their cursors.
func pageOf[Node, Edge any](nodes []Node, edge func(Node, string) *Edge) model.Page[Edge] {
	page := model.Page[Edge]{PageInfo: &model.PageInfo{}}
	for i, node := range nodes {
		page.Edges = append(page.Edges, edge(node, fmt.Sprint(i)))
	}
	return page
}

// shown is a result in short: who is in it, and for a page between which cursors.
func shown(answer any) string {
	page := func(info *model.PageInfo, nodes any) string {
		if info.StartCursor == nil || info.EndCursor == nil {
			return fmt.Sprintf("page %s", shown(nodes))
		}
		return fmt.Sprintf("page %s %s to %s", shown(nodes), *info.StartCursor, *info.EndCursor)
	}
	switch a := answer.(type) {
	case nil:
		return "null"
	case *model.Customer:
		if a == nil {
			return "nobody"
		}
		return a.CustomerID
	case *model.CustomerSubscription:
		return "subscription of " + a.Of.CustomerID
	case *model.PromotionalEntitlement:
		return "grant to " + a.Of.CustomerID
	case []*model.Customer:
		return fmt.Sprint(mapped(a, func(c *model.Customer) string { return shown(c) }))
	case []*model.CustomerSubscription:
		return fmt.Sprint(mapped(a, func(s *model.CustomerSubscription) string { return shown(s) }))
	case []*model.PromotionalEntitlement:
		return fmt.Sprint(mapped(a, func(p *model.PromotionalEntitlement) string { return shown(p) }))
	case *model.CustomerConnection:
		return page(a.PageInfo, mapped(a.Edges, func(e *model.CustomerEdge) *model.Customer { return e.Node }))
	case *model.PromotionalEntitlementConnection:
		return page(a.PageInfo, mapped(a.Edges, func(e *model.PromotionalEntitlementEdge) *model.PromotionalEntitlement { return e.Node }))
	default:
		return fmt.Sprintf("%q", a)
	}
}

func TestArchivedCustomersMiddleware(t *testing.T) {
	at := time.Now()
	who := map[string]*domain.Customer{
		"archived": {CustomerID: "archived", ArchivedAt: &at}, "live": {CustomerID: "live"},
	}
	archived, live := &model.Customer{CustomerID: "archived", DeletedAt: &at, Source: who["archived"]}, &model.Customer{CustomerID: "live", Source: who["live"]}
	sub := func(of string) *model.CustomerSubscription { return &model.CustomerSubscription{Of: who[of]} }
	grant := func(to string) *model.PromotionalEntitlement { return &model.PromotionalEntitlement{Of: who[to]} }
	failure := errors.New("failure")
	customers := func(nodes ...*model.Customer) *model.CustomerConnection {
		return &model.CustomerConnection{Page: pageOf(nodes, func(n *model.Customer, cursor string) *model.CustomerEdge {
			return &model.CustomerEdge{Node: n, Cursor: cursor}
		})}
	}
	grants := func(to ...string) *model.PromotionalEntitlementConnection {
		return &model.PromotionalEntitlementConnection{Page: pageOf(mapped(to, grant), func(n *model.PromotionalEntitlement, cursor string) *model.PromotionalEntitlementEdge {
			return &model.PromotionalEntitlementEdge{Node: n, Cursor: cursor}
		})}
	}

	for name, c := range map[string]struct {
		object, field, kind string
		answer              any
		err                 error
		// want is the result in short; empty for the error of an unknown customer.
		want string
	}{
		"a field that may be null becomes null":            {"Query", "getCustomerByRefId", "Customer", archived, nil, "null"},
		"a field that may not be null becomes an error":    {"ProvisionedCustomer", "customer", "Customer!", archived, nil, ""},
		"a list loses the archived only":                   {"Coupon", "customers", "[Customer!]", []*model.Customer{archived, live, archived}, nil, "[live]"},
		"a list of archived becomes empty":                 {"Coupon", "customers", "[Customer!]", []*model.Customer{archived}, nil, "[]"},
		"a page loses the archived and their cursors":      {"Query", "customers", "CustomerConnection!", customers(archived, live, archived), nil, "page [live] 1 to 1"},
		"a page of archived becomes empty":                 {"Query", "customers", "CustomerConnection!", customers(archived), nil, "page []"},
		"a live customer is returned":                      {"Query", "getCustomerByRefId", "Customer", live, nil, "live"},
		"a live customer that may not be null is returned": {"Mutation", "updateOneCustomer", "Customer!", live, nil, "live"},
		"no customer stays none":                           {"Query", "getCustomerByRefId", "Customer", (*model.Customer)(nil), nil, "nobody"},
		"nothing stays nothing":                            {"Query", "getCustomerByRefId", "Customer", nil, nil, "null"},
		"archiving returns what it archived":               {"Mutation", "archiveCustomer", "Customer!", archived, nil, "archived"},
		"no other mutation does":                           {"Mutation", "unarchiveCustomer", "Customer!", archived, nil, ""},
		"a field of that name elsewhere does not":          {"Query", "archiveCustomer", "Customer!", archived, nil, ""},
		"an error stays as it is":                          {"Query", "getCustomerByRefId", "Customer", nil, failure, "null"},
		"what is no customer stays as it is":               {"Customer", "name", "String", "archived", nil, `"archived"`},

		"a subscription that may be null becomes null":   {"ProvisionedCustomer", "subscription", "CustomerSubscription", sub("archived"), nil, "null"},
		"a subscription that may not becomes an error":   {"Query", "getSubscription", "CustomerSubscription!", sub("archived"), nil, ""},
		"a live customer's subscription is returned":     {"Query", "getSubscription", "CustomerSubscription!", sub("live"), nil, "subscription of live"},
		"a list loses the subscriptions of archived":     {"Customer", "subscriptions", "[CustomerSubscription!]", []*model.CustomerSubscription{sub("archived"), sub("live")}, nil, "[subscription of live]"},
		"a promotional entitlement becomes an error":     {"Mutation", "revokePromotionalEntitlement", "PromotionalEntitlement!", grant("archived"), nil, ""},
		"a promotional entitlement becomes null":         {"Some", "later", "PromotionalEntitlement", grant("archived"), nil, "null"},
		"a live customer's promotion is returned":        {"Mutation", "revokePromotionalEntitlement", "PromotionalEntitlement!", grant("live"), nil, "grant to live"},
		"a list loses the promotions of archived":        {"Customer", "promotionalEntitlements", "[PromotionalEntitlement!]!", []*model.PromotionalEntitlement{grant("live"), grant("archived")}, nil, "[grant to live]"},
		"a page loses the promotions, and their cursors": {"Query", "promotionalEntitlements", "PromotionalEntitlementConnection!", grants("archived", "live", "live", "archived"), nil, "page [grant to live grant to live] 1 to 2"},
		"a page of promotions becomes empty":             {"Query", "promotionalEntitlements", "PromotionalEntitlementConnection!", grants("archived"), nil, "page []"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{
				Object: c.object,
				Field: graphql.CollectedField{Field: &ast.Field{
					// The alias is the client's own and must decide nothing.
					Name: c.field, Alias: "archiveCustomer",
					Definition: &ast.FieldDefinition{Name: c.field, Type: typeOf(c.kind)},
				}},
			})
			got, err := resolver.ArchivedCustomers(ctx, func(context.Context) (any, error) { return c.answer, c.err })
			notFound := c.want == ""
			if notFound != domain.IsKind(err, domain.CustomerNotFound) || !notFound && !errors.Is(err, c.err) {
				t.Errorf("the error is %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "archived") {
				t.Errorf("the error names the customer: %v", err)
			}
			if notFound {
				c.want = "null"
			}
			if shown(got) != c.want {
				t.Errorf("got %s, want %s", shown(got), c.want)
			}
		})
	}
}

// typeOf reads a type as the schema writes it, of lists at most one deep.
func typeOf(text string) *ast.Type {
	required := strings.HasSuffix(text, "!")
	text = strings.TrimSuffix(text, "!")
	kind := ast.NamedType(text, nil)
	if strings.HasPrefix(text, "[") {
		kind = ast.ListType(typeOf(strings.Trim(text, "[]")), nil)
	}
	kind.NonNull = required
	return kind
}
