package resolver

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/domain"
)

// ArchivedCustomers is the field middleware that keeps archived customers, and what belongs to them, out of responses.
// Use cases read live customers from the store, so pages and counts are right without it; it is the safety net. Archived
// elements are removed from lists, a nullable field becomes null, and a non-null field becomes CustomerNotFound.
func ArchivedCustomers(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return value, err
	}
	switch v := value.(type) {
	case model.Personal:
		if !v.Archived() || returnsArchived(ctx) {
			return value, nil
		}
		if graphql.GetFieldContext(ctx).Field.Definition.Type.NonNull {
			return nil, domain.Errorf(domain.CustomerNotFound, "Customer not found")
		}
		return nil, nil
	case []*model.Customer:
		return slices.DeleteFunc(v, (*model.Customer).Archived), nil
	case []*model.CustomerSubscription:
		return slices.DeleteFunc(v, (*model.CustomerSubscription).Archived), nil
	case []*model.PromotionalEntitlement:
		return slices.DeleteFunc(v, (*model.PromotionalEntitlement).Archived), nil
	case *model.CustomerConnection:
		// At the page, because its cursors name customers too.
		v.Edges = slices.DeleteFunc(v.Edges, (*model.CustomerEdge).Archived)
		model.Enclose(v.PageInfo, v.Edges, func(e *model.CustomerEdge) *string { return &e.Cursor })
	case *model.PromotionalEntitlementConnection:
		v.Edges = slices.DeleteFunc(v.Edges, (*model.PromotionalEntitlementEdge).Archived)
		model.Enclose(v.PageInfo, v.Edges, func(e *model.PromotionalEntitlementEdge) *string { return &e.Cursor })
	}
	return value, nil
}

// returnsArchived reports whether the field is the mutation that returns the customer that it archived.
func returnsArchived(ctx context.Context) bool {
	field := graphql.GetFieldContext(ctx)
	return field.Object == "Mutation" && field.Field.Name == "archiveCustomer"
}
