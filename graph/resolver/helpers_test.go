package resolver

import (
	"clientele/graph/model"
)

// personalTypes are a model of each kind that belongs to a customer.
var personalTypes = []model.Personal{(*model.Customer)(nil), (*model.CustomerSubscription)(nil), (*model.PromotionalEntitlement)(nil)}
