package resolver

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"clientele/graph/model"
	"clientele/internal/domain"
)

// ArchivedCustomers is the field middleware that owns one rule at the edge: an archived customer, and what
// belongs to one, is in no answer. Use cases ask the store for live customers, so that pages and counts are
// right; this makes sure that nothing which slips through is answered. Lists lose what is archived, a nullable
// field becomes null, and a field that cannot be null becomes the error of an unknown customer.
func ArchivedCustomers(ctx context.Context, next graphql.Resolver) (any, error) {
	answer, err := next(ctx)
	if err != nil {
		return answer, err
	}
	switch v := answer.(type) {
	case model.Personal:
		if !v.Archived() || answersArchived(ctx) {
			return answer, nil
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
		// The page, and not its edges, because its cursors name customers too.
		v.Edges = slices.DeleteFunc(v.Edges, (*model.CustomerEdge).Archived)
		model.Enclose(v.PageInfo, v.Edges, func(e *model.CustomerEdge) *string { return &e.Cursor })
	case *model.PromotionalEntitlementConnection:
		v.Edges = slices.DeleteFunc(v.Edges, (*model.PromotionalEntitlementEdge).Archived)
		model.Enclose(v.PageInfo, v.Edges, func(e *model.PromotionalEntitlementEdge) *string { return &e.Cursor })
	}
	return answer, nil
}

// answersArchived reports whether the field is the one that answers the customer that it archived.
func answersArchived(ctx context.Context) bool {
	field := graphql.GetFieldContext(ctx)
	return field.Object == "Mutation" && field.Field.Name == "archiveCustomer"
}
