package document

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clientele/graph/model"
	"clientele/internal/config"
	"clientele/tests/clientops"
)

// TestGeneratedClientsAreWithinTheDefaultLimits: what a generated client asks for is let through by every limit of a
// document, with room for a schema that grows by half.
func TestGeneratedClientsAreWithinTheDefaultLimits(t *testing.T) {
	schema, bounds := Schema(), config.Default().Limits
	bounds.Tokens, bounds.QueryBytes, bounds.Cost = bounds.Tokens*2/3, bounds.QueryBytes*2/3, bounds.Cost*2/3
	documents := NewReader(schema, bounds, true)
	page := func(first int) map[string]any { return map[string]any{"paging": map[string]any{"first": first}} }
	// A coupon leads to the customers that have it, so everything around one is a long list of everything around a
	// customer; a page of documents with everything around them is as many. They are asked for with less.
	lists := []string{"Coupon", "Coupons", "CreateOneCoupon", "UpdateOneCoupon", "ArchiveOneCoupon"}
	check := func(t *testing.T, o clientops.Operation, variables map[string]any) {
		t.Helper()
		if len(o.Query) > bounds.QueryBytes {
			t.Errorf("%s has %d bytes", o.Name, len(o.Query))
		}
		document, _, errs := documents.Read(o.Query)
		if len(errs) > 0 {
			t.Fatalf("%s: %v\n%s", o.Name, errs, o.Query)
		}
		price, err := documents.price(&graphql.OperationContext{Operation: document.Operations[0], Variables: variables}, Changes{})
		if err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
		t.Logf("%s costs %d at most, and has %d bytes", o.Name, price.Points, len(o.Query))
	}
	for kind, root := range map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation} {
		for _, field := range root.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			t.Run(field.Name, func(t *testing.T) {
				check(t, clientops.Flat(schema, kind, field.Name), page(model.MaxPageSize))
				widest := clientops.Widest(schema, kind, field.Name)
				for _, list := range lists {
					if widest.Name == list {
						return
					}
				}
				check(t, widest, page(model.DefaultPageSize))
			})
		}
	}
}
