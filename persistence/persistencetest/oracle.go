package persistencetest

import (
	"context"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"clientele/internal/domain"
	"clientele/persistence"
)

// kind is what the suite knows of the documents of one collection. It reads them by itself: an engine that
// maps a field wrongly must not be compared with its own mapping.
type kind[D any] struct {
	persistence.Collection

	// values read the fields that filters can name, and lists the lists.
	values map[persistence.Field]func(*D) persistence.Value
	lists  map[persistence.List]func(*D) []persistence.Document
	shape  shape
	// archived reports which documents are in no list, and hidden is one of them; nil if there are none.
	archived func(*D) bool
	hidden   func(environment string) *D

	// sparse is a new document with nothing but what every one has.
	sparse func(environment, id string) *D
	// vary sets the fields of values that are not fixed by the document's name, each to a result of text or
	// at, or to what stands for nothing if the result is nil and the field cannot be.
	vary func(document *D, text func() *string, at func() *time.Time)
	// draw sets what vary does not; nil if there is nothing else.
	draw func(t *rapid.T, document *D)

	insertOne  func(context.Context, persistence.Store, *D) error
	replaceOne func(context.Context, persistence.Store, *D) error
	listPage   func(context.Context, persistence.Store, persistence.Query) (persistence.Page[D], error)
	countAll   func(context.Context, persistence.Store, string, persistence.Filter) (int, error)
	version    func(*D) *int64
}

// shape is the fields and lists that filters on a document can name.
type shape struct {
	fields []persistence.Field
	lists  map[persistence.List]shape
}

var customerKind = kind[domain.Customer]{
	Collection: persistence.CustomerCollection,
	values: map[persistence.Field]func(*domain.Customer) persistence.Value{
		persistence.FieldID:            func(c *domain.Customer) persistence.Value { return persistence.Text(c.ID) },
		persistence.FieldCustomerID:    func(c *domain.Customer) persistence.Value { return persistence.Text(c.CustomerID) },
		persistence.FieldEnvironmentID: func(c *domain.Customer) persistence.Value { return persistence.Text(c.EnvironmentID) },
		persistence.FieldName:          func(c *domain.Customer) persistence.Value { return persistence.NullableText(c.Name) },
		persistence.FieldEmail:         func(c *domain.Customer) persistence.Value { return persistence.NullableText(c.Email) },
		persistence.FieldBillingID:     func(c *domain.Customer) persistence.Value { return persistence.NullableText(c.BillingID) },
		persistence.FieldCRMID:         func(c *domain.Customer) persistence.Value { return persistence.NullableText(c.CRMID) },
		persistence.FieldSalesforceID:  func(c *domain.Customer) persistence.Value { return persistence.NullableText(c.SalesforceID) },
		persistence.FieldAWSMarketplaceCustomerID: func(c *domain.Customer) persistence.Value {
			return persistence.NullableText(c.AWSMarketplaceCustomerID)
		},
		persistence.FieldCouponID:     func(c *domain.Customer) persistence.Value { return persistence.NullableText(c.CouponID) },
		persistence.FieldSubscribedAt: func(c *domain.Customer) persistence.Value { return nullableTime(c.SubscribedAt) },
		persistence.FieldPromotedAt:   func(c *domain.Customer) persistence.Value { return nullableTime(c.PromotedAt) },
		persistence.FieldCreatedAt:    func(c *domain.Customer) persistence.Value { return persistence.Time(c.CreatedAt) },
		persistence.FieldUpdatedAt:    func(c *domain.Customer) persistence.Value { return persistence.Time(c.UpdatedAt) },
	},
	lists: map[persistence.List]func(*domain.Customer) []persistence.Document{
		persistence.ListSubscriptions: func(c *domain.Customer) []persistence.Document {
			return seeAll(c.Subscriptions, func(s domain.Subscription) persistence.Document { return seenSubscription{s} })
		},
		persistence.ListPromotionalEntitlements: func(c *domain.Customer) []persistence.Document {
			return seeAll(c.PromotionalEntitlements, func(p domain.PromotionalEntitlement) persistence.Document {
				return persistence.Row{
					persistence.FieldEndDate:     nullableTime(p.EndDate),
					persistence.FieldDescription: persistence.NullableText(p.Description),
				}
			})
		},
	},
	shape: shape{
		fields: append(slices.Clone(persistence.CustomerSortFields), persistence.FieldEnvironmentID),
		lists: map[persistence.List]shape{
			persistence.ListSubscriptions: {
				fields: []persistence.Field{persistence.FieldProductID, persistence.FieldBillingID, persistence.FieldCreatedAt},
				lists: map[persistence.List]shape{persistence.ListPhases: {
					fields: []persistence.Field{persistence.FieldStatus, persistence.FieldFrom, persistence.FieldUntil},
				}},
			},
			persistence.ListPromotionalEntitlements: {
				fields: []persistence.Field{persistence.FieldEndDate, persistence.FieldDescription},
			},
		},
	},
	archived: (*domain.Customer).Archived,
	hidden: func(environment string) *domain.Customer {
		c := filled(environment, "archived")
		archived(c)
		return c
	},
	sparse: sparse,
	vary: func(c *domain.Customer, text func() *string, at func() *time.Time) {
		for _, field := range texts(c) {
			*field = text()
		}
		c.CreatedAt, c.UpdatedAt, c.SubscribedAt, c.PromotedAt = orNoon(at()), orNoon(at()), at(), at()
	},
	draw: drawCustomer,
	insertOne: func(ctx context.Context, store persistence.Store, c *domain.Customer) error {
		return store.InsertCustomer(ctx, c)
	},
	replaceOne: func(ctx context.Context, store persistence.Store, c *domain.Customer) error {
		return store.ReplaceCustomer(ctx, c)
	},
	listPage: func(ctx context.Context, store persistence.Store, query persistence.Query) (persistence.Page[domain.Customer], error) {
		return store.ListCustomers(ctx, query)
	},
	countAll: func(ctx context.Context, store persistence.Store, environment string, filter persistence.Filter) (int, error) {
		return store.CountCustomers(ctx, environment, filter)
	},
	version: func(c *domain.Customer) *int64 { return &c.Version },
}

// seenSubscription is a subscription as filters see it.
type seenSubscription struct{ domain.Subscription }

func (s seenSubscription) Value(field persistence.Field) persistence.Value {
	return persistence.Row{
		persistence.FieldProductID: persistence.Text(s.ProductID),
		persistence.FieldBillingID: persistence.NullableText(s.BillingID),
		persistence.FieldCreatedAt: persistence.Time(s.CreatedAt),
	}[field]
}

func (s seenSubscription) Elements(list persistence.List) []persistence.Document {
	if list != persistence.ListPhases {
		return nil
	}
	return seeAll(s.Phases, func(p domain.Phase) persistence.Document {
		return persistence.Row{
			persistence.FieldStatus: persistence.Text(string(p.Status)),
			persistence.FieldFrom:   persistence.Time(p.From),
			persistence.FieldUntil:  nullableTime(p.Until),
		}
	})
}

func seeAll[E any](elements []E, see func(E) persistence.Document) []persistence.Document {
	var out []persistence.Document
	for _, element := range elements {
		out = append(out, see(element))
	}
	return out
}

func nullableTime(at *time.Time) persistence.Value {
	if at == nil {
		return persistence.Value{}
	}
	return persistence.Time(*at)
}

// isTime reports whether the field holds times; the others hold texts.
func isTime(field persistence.Field) bool {
	return slices.Contains([]persistence.Field{
		persistence.FieldCreatedAt, persistence.FieldUpdatedAt, persistence.FieldSubscribedAt, persistence.FieldPromotedAt,
		persistence.FieldFrom, persistence.FieldUntil, persistence.FieldEndDate,
	}, field)
}

// value is what a field of a document holds.
func (k kind[D]) value(d *D, field persistence.Field) persistence.Value {
	read, known := k.values[field]
	if !known {
		panic("the suite does not know the field " + string(field))
	}
	return read(d)
}

func (k kind[D]) text(d *D, field persistence.Field) string {
	text, _ := k.value(d, field).AsText()
	return text
}

func (k kind[D]) id(d *D) string { return k.text(d, k.TieField()) }

func (k kind[D]) ids(documents []*D) []string {
	out := make([]string, len(documents))
	for i, d := range documents {
		out[i] = k.id(d)
	}
	return out
}

func ids(customers []*domain.Customer) []string { return customerKind.ids(customers) }

// seen is a document as filters see it.
type seen[D any] struct {
	kind     kind[D]
	document *D
}

func (s seen[D]) Value(field persistence.Field) persistence.Value {
	return s.kind.value(s.document, field)
}

func (s seen[D]) Elements(list persistence.List) []persistence.Document {
	if read, known := s.kind.lists[list]; known {
		return read(s.document)
	}
	return nil
}

func (k kind[D]) see(documents []*D) []persistence.Document {
	return seeAll(documents, func(d *D) persistence.Document { return seen[D]{k, d} })
}

// answer is what all pages of a query over the documents must hold, in its order.
func (k kind[D]) answer(query persistence.Query, documents []*D) []*D {
	var out []*D
	for _, d := range documents {
		visible := k.text(d, persistence.FieldEnvironmentID) == query.EnvironmentID && (k.archived == nil || !k.archived(d))
		if visible && (query.Filter == nil || query.Filter.Matches(seen[D]{k, d})) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *D) int { return k.compare(query.Order, a, b) })
	return out
}

// compare is the order of two documents, written without what the contract's package offers for it. Ties go
// by id, in the direction of the last field.
func (k kind[D]) compare(order []persistence.Order, a, b *D) int {
	ties := persistence.Order{Field: k.TieField()}
	if len(order) > 0 {
		ties.Descending = order[len(order)-1].Descending
	}
	for _, o := range append(slices.Clone(order), ties) {
		if c := compareBy(o, k.value(a, o.Field), k.value(b, o.Field)); c != 0 {
			return c
		}
	}
	return 0
}

func compareBy(o persistence.Order, a, b persistence.Value) int {
	if a.IsNull() != b.IsNull() {
		if a.IsNull() == o.NullsFirst {
			return -1
		}
		return 1
	}
	if a.IsNull() {
		return 0
	}
	var c int
	if isTime(o.Field) {
		x, _ := a.AsTime()
		y, _ := b.AsTime()
		c = x.Compare(y)
	} else {
		x, _ := a.AsText()
		y, _ := b.AsText()
		c = strings.Compare(x, y)
	}
	if o.Descending {
		return -c
	}
	return c
}

// next is the document as the next write would leave it. The document itself is not changed.
func (k kind[D]) next(d *D, changes ...func(*D)) *D {
	out := clone(d)
	*k.version(out)++
	for _, change := range changes {
		change(out)
	}
	return out
}

func orNoon(at *time.Time) time.Time {
	if at == nil {
		return noon
	}
	return *at
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
