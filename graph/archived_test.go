package graph

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/generated"
	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/persistence"
)

// leakingStore has forgotten that archived customers are not to be answered: where it was asked for live
// customers it answers archived ones too, and a customer that it has written comes back archived, as if
// somebody had archived it meanwhile.
type leakingStore struct{ persistence.Store }

func (s leakingStore) LiveCustomer(ctx context.Context, ref domain.CustomerRef) (*domain.Customer, error) {
	return s.AnyCustomer(ctx, ref)
}

func (s leakingStore) ListCustomers(ctx context.Context, query persistence.CustomerQuery) (persistence.CustomerPage, error) {
	page, err := s.Store.ListCustomers(ctx, query)
	if err != nil {
		return page, err
	}
	leaked, err := s.AnyCustomer(ctx, domain.CustomerRef{EnvironmentID: query.EnvironmentID, CustomerID: "archived"})
	if err != nil {
		return page, err
	}
	item := persistence.CustomerItem{Customer: leaked, Cursor: "opaque"}
	with := []persistence.CustomerItem{item, item}
	for _, live := range page.Items {
		with = append(with, live, item)
	}
	page.Items = with
	return page, nil
}

func (s leakingStore) InsertCustomer(ctx context.Context, customer *domain.Customer) error {
	return archiveAfter(customer, s.Store.InsertCustomer(ctx, customer))
}

func (s leakingStore) ReplaceCustomer(ctx context.Context, customer *domain.Customer) error {
	return archiveAfter(customer, s.Store.ReplaceCustomer(ctx, customer))
}

func archiveAfter(customer *domain.Customer, err error) error {
	if err == nil && !customer.Archived() {
		customer.Archive(domain.Timestamp(time.Now()))
	}
	return err
}

// customerPaths are the ways from Query and Mutation to a customer, each a chain of fields in which no type
// comes twice.
func customerPaths(schema *ast.Schema) []string {
	var paths []string
	var walk func(from *ast.Definition, path []string, seen []string)
	walk = func(from *ast.Definition, path []string, seen []string) {
		for _, field := range from.Fields {
			to := field.Type.Name()
			here := append(slices.Clone(path), from.Name+"."+field.Name)
			if to == "Customer" {
				paths = append(paths, strings.Join(here, " > "))
				continue
			}
			if strings.HasPrefix(field.Name, "__") || slices.Contains(seen, to) {
				continue
			}
			// An interface or a union leads to each of its types, an object to itself, a scalar nowhere.
			for _, possible := range schema.GetPossibleTypes(schema.Types[to]) {
				if possible.Name == "Customer" {
					paths = append(paths, strings.Join(here, " > "))
				} else {
					walk(possible, here, append(slices.Clone(seen), to, possible.Name))
				}
			}
		}
	}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		walk(root, nil, []string{root.Name})
	}
	return paths
}

// TestNoPathLeadsToAnArchivedCustomer runs an operation along each path of the schema over a store that
// leaks. A path without a case fails, so whoever adds one has to say what it answers.
func TestNoPathLeadsToAnArchivedCustomer(t *testing.T) {
	type before int
	const (
		absent before = iota
		live
		archived
	)
	cases := map[string]struct {
		// before is what the customer "archived" is when the operation comes. Where it is absent, the
		// operation makes it.
		before    before
		operation string
		// want is the whole data; code is that of the error, if there is to be one.
		want string
		code string
		// shown is true where the customer is answered as archived.
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
		"Mutation.provisionCustomer > ProvisionedCustomer.customer": {
			before:    absent,
			operation: `mutation { provisionCustomer(input: { customerId: "archived" }) { customer { customerId } } }`,
			want:      `"data":null`, code: "CustomerNotFound",
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
	}
	paths := customerPaths(generated.NewExecutableSchema(generated.Config{}).Schema())
	for _, path := range paths {
		if _, ok := cases[path]; !ok {
			t.Errorf("the schema leads to customers along %s; say here what it answers for an archived one", path)
		}
	}
	for path, c := range cases {
		t.Run(path, func(t *testing.T) {
			if !slices.Contains(paths, path) {
				t.Fatal("the schema has no such path")
			}
			// With nothing leaked the operation does answer the customer, so it would show a leak.
			honest := newStore(t)
			if c.before != absent {
				insert(t, honest, "archived", false)
			}
			if got := ask(t.Context(), t, serving(honest, io.Discard), c.operation); !strings.Contains(got.body, `"archived"`) || len(got.Errors) > 0 {
				t.Fatalf("a live customer is not answered: %s", got.body)
			}

			leaking := leakingStore{newStore(t)}
			insert(t, leaking.Store, "other", false)
			if c.before != absent {
				insert(t, leaking.Store, "archived", c.before == archived)
			}
			got := ask(t.Context(), t, serving(leaking, io.Discard), c.operation)
			if strings.Contains(got.body, `"archived"`) != c.shown || strings.Contains(got.body, "uuid-of-archived") {
				t.Errorf("the archived customer is in the answer: %s", got.body)
			}
			if !strings.Contains(got.body, c.want) || got.code() != c.code || got.status != 200 {
				t.Errorf("status %d: want %s and the code %q: %s", got.status, c.want, c.code, got.body)
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
type Customer { id: String box: Box }`})
	if err != nil {
		t.Fatal(err)
	}
	got := customerPaths(schema)
	slices.Sort(got)
	want := []string{
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

func TestArchivedCustomersMiddleware(t *testing.T) {
	at := time.Now()
	archived, live := &model.Customer{CustomerID: "archived", DeletedAt: &at}, &model.Customer{CustomerID: "live"}
	failure := errors.New("failure")
	page := &model.CustomerConnection{PageInfo: &model.PageInfo{}}
	page.SetEdges([]*model.CustomerEdge{{Node: archived, Cursor: "first"}, {Node: live, Cursor: "only"}, {Node: archived, Cursor: "last"}})
	one, required, many := "Customer", "Customer!", "[Customer!]!"

	for name, c := range map[string]struct {
		object, field, kind string
		answer              any
		err                 error
		want                any
		notFound            bool
	}{
		"a field that may be null becomes null":            {"Query", "getCustomerByRefId", one, archived, nil, nil, false},
		"a field that may not be null becomes an error":    {"ProvisionedCustomer", "customer", required, archived, nil, nil, true},
		"a list loses the archived only":                   {"Coupon", "customers", many, []*model.Customer{archived, live, archived}, nil, []*model.Customer{live}, false},
		"a list of archived becomes empty":                 {"Coupon", "customers", many, []*model.Customer{archived}, nil, []*model.Customer{}, false},
		"a page loses the archived and their cursors":      {"Query", "customers", "CustomerConnection!", page, nil, "one edge", false},
		"a live customer is answered":                      {"Query", "getCustomerByRefId", one, live, nil, live, false},
		"a live customer that may not be null is answered": {"Mutation", "updateOneCustomer", required, live, nil, live, false},
		"no customer stays none":                           {"Query", "getCustomerByRefId", one, (*model.Customer)(nil), nil, (*model.Customer)(nil), false},
		"nothing stays nothing":                            {"Query", "getCustomerByRefId", one, nil, nil, nil, false},
		"archiving answers what it archived":               {"Mutation", "archiveCustomer", required, archived, nil, archived, false},
		"no other mutation does":                           {"Mutation", "unarchiveCustomer", required, archived, nil, nil, true},
		"a field of that name elsewhere does not":          {"Query", "archiveCustomer", required, archived, nil, nil, true},
		"an error stays as it is":                          {"Query", "getCustomerByRefId", one, nil, failure, nil, false},
		"what is no customer stays as it is":               {"Customer", "name", "String", "archived", nil, "archived", false},
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
			got, err := archivedCustomers(ctx, func(context.Context) (any, error) { return c.answer, c.err })
			if c.notFound != domain.IsKind(err, domain.CustomerNotFound) || c.err != nil && !errors.Is(err, c.err) || c.err == nil && !c.notFound && err != nil {
				t.Errorf("the error is %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "archived") {
				t.Errorf("the error names the customer: %v", err)
			}
			switch list := got.(type) {
			case []*model.Customer:
				if want, ok := c.want.([]*model.Customer); !ok || !slices.Equal(list, want) {
					t.Errorf("got %v", list)
				}
			case *model.CustomerConnection:
				if len(list.Edges) != 1 || list.Edges[0].Node != live || *list.PageInfo.StartCursor != "only" || *list.PageInfo.EndCursor != "only" {
					t.Errorf("got %v, %v", list.Edges, list.PageInfo)
				}
			default:
				if got != c.want {
					t.Errorf("got %v, want %v", got, c.want)
				}
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
