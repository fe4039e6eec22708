package persistence

import (
	"context"

	"clientele/internal/domain"
)

// Collection is a kind of document that a store keeps: one document for each Ref, or CustomerRef.
type Collection struct {
	// Name is that of the collection or bucket.
	Name string
	// SortFields are the fields that the documents can be ordered by, each served from an index of its own on
	// every engine. The first one is unique in an environment and breaks ties: FieldRefID, or FieldCustomerID.
	SortFields []Field
	// Archives is whether documents can be archived. An archived document is in no list and no count.
	Archives bool
}

// TieField is the field that breaks ties.
func (c Collection) TieField() Field { return c.SortFields[0] }

// CustomerCollection is the customers.
var CustomerCollection = Collection{Name: "customers", SortFields: CustomerSortFields, Archives: true}

// The collections of the catalogue. Versions are the published packages as they once were, under the RefID
// that domain.VersionRef makes. They are looked up and never listed.
var (
	Products           = Collection{Name: "products", SortFields: []Field{FieldRefID, FieldID, FieldDisplayName, FieldCreatedAt, FieldUpdatedAt}}
	Plans              = Collection{Name: "plans", SortFields: packageSortFields}
	Addons             = Collection{Name: "addons", SortFields: packageSortFields}
	Features           = Collection{Name: "features", SortFields: []Field{FieldRefID, FieldID, FieldDisplayName, FieldCreatedAt, FieldUpdatedAt}}
	PlanVersions       = Collection{Name: "planVersions", SortFields: []Field{FieldRefID}}
	AddonVersions      = Collection{Name: "addonVersions", SortFields: []Field{FieldRefID}}
	PromotionCodes     = Collection{Name: "promotionCodes", SortFields: []Field{FieldRefID}}
	SubscriptionClaims = Collection{Name: "subscriptionClaims", SortFields: []Field{FieldRefID}}
	Coupons            = Collection{Name: "coupons", SortFields: []Field{
		FieldRefID, FieldID, FieldName, FieldDescription, FieldType, FieldStatus, FieldSource, FieldBillingID,
		FieldCreatedAt, FieldUpdatedAt,
	}}
)

var packageSortFields = []Field{FieldRefID, FieldID, FieldDisplayName, FieldProductID, FieldCreatedAt, FieldUpdatedAt}

// Collections are all that a Documents keeps.
var Collections = []Collection{
	Products, Plans, Addons, Features, PlanVersions, AddonVersions, PromotionCodes, SubscriptionClaims, Coupons,
}

// Catalog keeps products, their packages, coupons and promotion codes.
type Catalog interface {
	Products() Documents[domain.Product]
	Plans() Documents[domain.Plan]
	PlanVersions() Documents[domain.Plan]
	Addons() Documents[domain.Addon]
	AddonVersions() Documents[domain.Addon]
	Features() Documents[domain.Feature]
	Coupons() Documents[domain.Coupon]
	PromotionCodes() Documents[domain.PromotionCode]
	SubscriptionClaims() Documents[domain.SubscriptionClaim]
}

// Documents keeps the documents of one Collection. The rules of Customers for writes, texts and times apply. No document
// is ever deleted.
type Documents[T any] interface {
	// Insert stores a new document under its Key, with its Version. Errors: ErrExists.
	Insert(ctx context.Context, document *T) error

	// Replace replaces the document with the same Key if the stored version is Version-1. Of several writers that
	// expect the same version exactly one succeeds. ID, EnvironmentID and RefID must be the stored ones.
	// Errors: ErrNotFound, ErrConflict.
	Replace(ctx context.Context, document *T) error

	// Get returns a document, live or archived. It sees every write that was acknowledged before the call.
	// Errors: ErrNotFound.
	Get(ctx context.Context, ref domain.Ref) (*T, error)

	// GetMany returns the documents of the environment with these RefIDs, by RefID, in one call to the engine. An id
	// that no document has is not in the map. An id may be given twice. It sees what Get sees.
	GetMany(ctx context.Context, environmentID string, refIDs []string) (map[string]*T, error)

	// List returns one page of the environment's live documents that match the query's filter, in its order. Ties are
	// broken by RefID. The rules of ListCustomers for paging apply.
	// Errors: ErrInvalidCursor.
	List(ctx context.Context, query Query) (Page[T], error)

	// Count counts the environment's live documents that match the filter. A nil filter matches all.
	Count(ctx context.Context, environmentID string, filter Filter) (int, error)
}
