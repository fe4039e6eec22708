package graph

import (
	"context"

	"clientele/graph/model"
	"clientele/internal/domain"
	"clientele/persistence"
)

// customerOrError shapes the answer of a use case; no customer is null.
func customerOrError(customer *domain.Customer, err error) (*model.Customer, error) {
	if customer == nil || err != nil {
		return nil, err
	}
	return toCustomer(customer), nil
}

func toCustomer(c *domain.Customer) *model.Customer {
	return &model.Customer{
		ID:                       c.ID,
		CustomerID:               c.CustomerID,
		RefID:                    c.CustomerID,
		Name:                     c.Name,
		Email:                    c.Email,
		EnvironmentID:            c.EnvironmentID,
		CreatedAt:                &c.CreatedAt,
		UpdatedAt:                c.UpdatedAt,
		DeletedAt:                c.ArchivedAt,
		AdditionalMetaData:       c.Metadata.JSON(),
		BillingID:                c.BillingID,
		CrmID:                    c.CRMID,
		SalesforceID:             c.SalesforceID,
		AWSMarketplaceCustomerID: c.AWSMarketplaceCustomerID,
		ExcludeFromExperiment:    &c.ExcludeFromExperiment,
		SyncStates:               []*model.SyncState{unsynced},
		Environment: &model.Environment{
			ID: c.EnvironmentID, Slug: c.EnvironmentID, DisplayName: c.EnvironmentID,
		},
	}
}

// unsynced is the state of every customer while there is no billing provider to sync with.
var unsynced = &model.SyncState{
	VendorIdentifier: model.VendorIdentifierStripe,
	Status:           model.SyncStatusNoSyncRequired,
	Integration:      &model.Integration{ID: "billing"},
}

func toCustomerConnection(page persistence.CustomerPage, count func(context.Context) (int, error)) *model.CustomerConnection {
	connection := &model.CustomerConnection{
		PageInfo: &model.PageInfo{HasNextPage: &page.HasNext, HasPreviousPage: &page.HasPrevious},
		Count:    count,
	}
	edges := make([]*model.CustomerEdge, len(page.Items))
	for i, item := range page.Items {
		edges[i] = &model.CustomerEdge{Node: toCustomer(item.Customer), Cursor: item.Cursor}
	}
	connection.SetEdges(edges)
	return connection
}
