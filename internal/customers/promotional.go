package customers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clientele/internal/domain"
	"clientele/internal/validate"
	"clientele/persistence"
)

// maxPromotionalEntitlements bounds how many one call gives, and how many features one customer has them for.
const maxPromotionalEntitlements = 100

// PromotionalEntitlement is one to give.
type PromotionalEntitlement struct {
	FeatureID string
	Period    domain.PromotionalEntitlementPeriod
	// EndDate is for the period CUSTOM only.
	EndDate    *time.Time
	Hidden     bool
	UsageLimit *float64
	Unlimited  bool
	SoftLimit  bool
	Reset      *domain.ResetPeriod
	EnumValues []string
}

// Promote gives a customer promotional entitlements, all or none, and returns the customer and the new ones in the order
// of the input. One that has ended is replaced.
// Errors: IdentityForbidden, BadUserInput, CustomerNotFound, FeatureNotFound, InvalidResetPeriod, Duplicate for
// a feature with an entitlement that has not ended, Conflict.
func (s *Service) Promote(
	ctx context.Context, actor domain.Actor, identity Identity, inputs []PromotionalEntitlement,
) (*domain.Customer, []domain.PromotionalEntitlement, error) {
	ref, err := writable(actor, identity)
	if err != nil {
		return nil, nil, err
	}
	now := s.Now()
	given, err := s.checkPromotional(ctx, ref.EnvironmentID, inputs, now)
	if err != nil {
		return nil, nil, err
	}
	customer, err := s.changeLive(ctx, ref, func(customer *domain.Customer) (bool, error) {
		for i, p := range given {
			at := promotionalFor(customer, p.FeatureID)
			switch {
			case at >= 0 && customer.PromotionalEntitlements[at].Grants(now):
				return false, domain.FieldErrorf(domain.Duplicate, fmt.Sprintf("promotionalEntitlements[%d].featureId", i),
					"is of a feature that the customer was given already: Duplicated entity not allowed").
					About("PromotionalEntitlement", p.FeatureID)
			case at >= 0:
				customer.PromotionalEntitlements[at] = p
			default:
				customer.PromotionalEntitlements = append(customer.PromotionalEntitlements, p)
			}
		}
		if len(customer.PromotionalEntitlements) > maxPromotionalEntitlements {
			return false, domain.FieldErrorf(domain.BadUserInput, "promotionalEntitlements",
				"must leave the customer with at most %d features", maxPromotionalEntitlements)
		}
		if len(given) == 0 {
			return false, nil
		}
		customer.PromotedAt, customer.UpdatedAt = &now, now
		return true, nil
	})
	return customer, given, err
}

// checkPromotional validates what does not depend on the customer.
func (s *Service) checkPromotional(
	ctx context.Context, environmentID string, inputs []PromotionalEntitlement, now time.Time,
) ([]domain.PromotionalEntitlement, error) {
	if len(inputs) > maxPromotionalEntitlements {
		return nil, domain.FieldErrorf(domain.BadUserInput, "promotionalEntitlements", "must have at most %d entries, it has %d", maxPromotionalEntitlements, len(inputs))
	}
	given := make([]domain.PromotionalEntitlement, len(inputs))
	ids := make([]string, len(inputs))
	for i, input := range inputs {
		ids[i] = input.FeatureID
	}
	found, err := s.store.Features().GetMany(ctx, environmentID, ids)
	if err != nil {
		return nil, err
	}
	for i, input := range inputs {
		field := fmt.Sprintf("promotionalEntitlements[%d]", i)
		feature := found[input.FeatureID]
		end := input.Period.EndAfter(now)
		switch {
		case feature == nil:
			return nil, domain.NotFound(domain.FeatureNotFound, field+".featureId", "Feature", input.FeatureID)
		case slices.Index(ids, input.FeatureID) != i:
			return nil, domain.FieldErrorf(domain.BadUserInput, field+".featureId", "must not be there twice")
		case input.Period != domain.PeriodCustom && input.EndDate != nil:
			return nil, domain.FieldErrorf(domain.BadUserInput, field+".customEndDate", "must be given for the period CUSTOM only")
		case input.Period == domain.PeriodCustom && (input.EndDate == nil || !input.EndDate.After(now) || input.EndDate.Year() > validate.LatestYear):
			return nil, domain.FieldErrorf(domain.BadUserInput, field+".customEndDate", "must be in the future, up to the year %d, for the period CUSTOM", validate.LatestYear)
		case input.Period == domain.PeriodCustom:
			custom := domain.Timestamp(*input.EndDate)
			end = &custom
		}
		if err := validate.Entitlement(field, feature, input.UsageLimit, input.Unlimited, input.EnumValues); err != nil {
			return nil, err
		}
		given[i] = domain.PromotionalEntitlement{
			ID: s.newID(), FeatureID: input.FeatureID, Period: input.Period, StartDate: now, EndDate: end,
			Visible: !input.Hidden, UsageLimit: input.UsageLimit, Unlimited: input.Unlimited, SoftLimit: input.SoftLimit,
			Reset: input.Reset, EnumValues: input.EnumValues, CreatedAt: now, UpdatedAt: now,
		}
	}
	return given, nil
}

// Revoke removes a promotional entitlement, ended or not, and returns the customer and what was removed.
// Errors: IdentityForbidden, BadUserInput, CustomerNotFound, PromotionalEntitlementNotFound, Conflict.
func (s *Service) Revoke(
	ctx context.Context, actor domain.Actor, identity Identity, featureID string,
) (*domain.Customer, *domain.PromotionalEntitlement, error) {
	ref, err := writable(actor, identity)
	if err != nil {
		return nil, nil, err
	}
	var taken domain.PromotionalEntitlement
	customer, err := s.changeLive(ctx, ref, func(customer *domain.Customer) (bool, error) {
		at := promotionalFor(customer, featureID)
		if at < 0 {
			return false, domain.FieldErrorf(domain.PromotionalEntitlementNotFound, "featureId",
				"is of no promotional entitlement of the customer: Promotional entitlement not found").
				About("PromotionalEntitlement", featureID)
		}
		taken = customer.PromotionalEntitlements[at]
		customer.PromotionalEntitlements = slices.Delete(customer.PromotionalEntitlements, at, at+1)
		if len(customer.PromotionalEntitlements) == 0 {
			customer.PromotionalEntitlements, customer.PromotedAt = nil, nil
		}
		customer.UpdatedAt = s.Now()
		return true, nil
	})
	return customer, &taken, err
}

func promotionalFor(customer *domain.Customer, featureID string) int {
	return slices.IndexFunc(customer.PromotionalEntitlements, func(p domain.PromotionalEntitlement) bool { return p.FeatureID == featureID })
}

// Promotional is a promotional entitlement with its customer.
type Promotional struct {
	Customer    *domain.Customer
	Entitlement *domain.PromotionalEntitlement
}

// PromotionalPage is a page of promotional entitlements of all customers, and how many there are in all.
type PromotionalPage struct {
	persistence.Page[Promotional]
	Total int
}

// promotionalRow is what filters and orders see of a promotional entitlement.
type promotionalRow struct {
	persistence.Row
	customerID string
}

// walkSize is how many customers are read at a time.
const walkSize = 500

// ListPromotional returns a page of the promotional entitlements of live customers. They are stored in their customers'
// documents, so a page costs a walk over all customers that have any, bounded by the operation's deadline. Filters and
// orders see the fields of PromotionalRow. Errors: BadUserInput.
func (s *Service) ListPromotional(ctx context.Context, actor domain.Actor, query persistence.Query) (PromotionalPage, error) {
	query.EnvironmentID = actor.EnvironmentID
	filter := persistence.Compiled(query.Filter)
	now := s.Now()
	var rows []promotionalRow
	err := s.walk(ctx, query.EnvironmentID, persistence.FieldPromotedAt, func(customer *domain.Customer) {
		for i := range customer.PromotionalEntitlements {
			row := PromotionalRow(customer, &customer.PromotionalEntitlements[i], now)
			if filter.Matches(row) {
				rows = append(rows, promotionalRow{row, customer.CustomerID})
			}
		}
	})
	if err != nil {
		return PromotionalPage{}, err
	}
	scope := persistence.Scope{EnvironmentID: query.EnvironmentID, Collection: "promotionalEntitlements", Filter: query.Filter}
	slice, err := persistence.Paginate(ctx, scope, query.Order, query.Page, persistence.FieldID, persistence.InMemory(rows, persistence.FieldID))
	if err != nil {
		return PromotionalPage{}, persistence.RefuseCursor(err, query.Page)
	}
	page := PromotionalPage{Total: len(rows)}
	page.HasNext, page.HasPrevious = slice.HasNext, slice.HasPrevious
	ids := make([]string, len(slice.Documents))
	for i, row := range slice.Documents {
		ids[i] = row.customerID
	}
	customers, err := s.GetMany(ctx, query.EnvironmentID, ids)
	if err != nil {
		return PromotionalPage{}, err
	}
	for i, row := range slice.Documents {
		id, _ := row.Value(persistence.FieldID).AsText()
		// The customer may have been archived or changed since the walk.
		customer := customers[row.customerID]
		if customer == nil {
			continue
		}
		if at := slices.IndexFunc(customer.PromotionalEntitlements, func(p domain.PromotionalEntitlement) bool { return p.ID == id }); at >= 0 {
			page.Items = append(page.Items, persistence.Item[Promotional]{
				Document: &Promotional{customer, &customer.PromotionalEntitlements[at]}, Cursor: slice.Cursors[i],
			})
		}
	}
	return page, nil
}

// PromotionalRow is a promotional entitlement as filters and orders see it at a time.
func PromotionalRow(customer *domain.Customer, p *domain.PromotionalEntitlement, at time.Time) persistence.Row {
	return persistence.Row{
		persistence.FieldID:            persistence.Text(p.ID),
		persistence.FieldCreatedAt:     persistence.Time(p.CreatedAt),
		persistence.FieldUpdatedAt:     persistence.Time(p.UpdatedAt),
		persistence.FieldEnvironmentID: persistence.Text(customer.EnvironmentID),
		persistence.FieldStatus:        persistence.Text(string(PromotionalStatus(p, at))),
	}
}

// PromotionalEntitlementStatus is whether a promotional entitlement has ended.
type PromotionalEntitlementStatus string

// The statuses. None is ever paused.
const (
	PromotionalActive  PromotionalEntitlementStatus = "Active"
	PromotionalExpired PromotionalEntitlementStatus = "Expired"
)

// PromotionalStatus is the status at a time.
func PromotionalStatus(p *domain.PromotionalEntitlement, at time.Time) PromotionalEntitlementStatus {
	if p.Grants(at) {
		return PromotionalActive
	}
	return PromotionalExpired
}

// walk reads all live customers of an environment that have a value in an indexed field.
func (s *Service) walk(ctx context.Context, environmentID string, field persistence.Field, see func(*domain.Customer)) error {
	query := persistence.Query{
		EnvironmentID: environmentID,
		Filter:        persistence.Condition{Field: field, Op: persistence.NotNull},
		Order:         []persistence.Order{{Field: field}},
		Page:          persistence.PageRequest{Limit: walkSize},
	}
	seen := map[string]bool{}
	for {
		page, err := s.store.ListCustomers(ctx, query)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			// The store returns no archived customers. If it did, the count would reveal them.
			// A customer whose value grew during the walk comes again.
			if !item.Document.Archived() && !seen[item.Document.ID] {
				seen[item.Document.ID] = true
				see(item.Document)
			}
		}
		if !page.HasNext || len(page.Items) == 0 {
			return nil
		}
		query.Page.After = page.Items[len(page.Items)-1].Cursor
	}
}

// GetMany returns live customers by their ids, in one call to the store. Unknown ids are missing from the map.
func (s *Service) GetMany(ctx context.Context, environmentID string, customerIDs []string) (map[string]*domain.Customer, error) {
	out := map[string]*domain.Customer{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	operands := make([]persistence.Value, len(customerIDs))
	for i, id := range customerIDs {
		operands[i] = persistence.Text(id)
	}
	page, err := s.store.ListCustomers(ctx, persistence.Query{
		EnvironmentID: environmentID,
		Filter:        persistence.Condition{Field: persistence.FieldCustomerID, Op: persistence.In, Operands: operands},
		Page:          persistence.PageRequest{Limit: len(customerIDs)},
	})
	if err != nil {
		return nil, err
	}
	for _, item := range page.Items {
		out[item.Document.CustomerID] = item.Document
	}
	return out, nil
}
