package catalog

import (
	"context"
	"time"

	"github.com/google/uuid" // the field's standard for UUIDs, small and without dependencies

	"clientele/internal/domain"
	"clientele/persistence"
)

// Service applies and exports catalogues. Create it with New.
type Service struct {
	store persistence.Catalog
	now   func() time.Time
}

// Option changes a Service for tests.
type Option func(*Service)

// WithClock sets where the time comes from.
func WithClock(now func() time.Time) Option { return func(s *Service) { s.now = now } }

// New makes the service over a store.
func New(store persistence.Catalog, options ...Option) *Service {
	service := &Service{store: store, now: time.Now}
	for _, option := range options {
		option(service)
	}
	return service
}

// newID is the UUID of a new item, or of a part of one. It follows from what it names, so that an apply that is
// repeated after it was cut off, or runs on two servers at once, makes the same item and not its twin.
func newID(parts ...string) string {
	id := catalogID
	for _, part := range parts {
		id = uuid.NewSHA1(id, []byte(part))
	}
	return id.String()
}

// catalogID is where the ids of this package begin; any UUID would do, as long as it stays.
var catalogID = uuid.MustParse("6f0f1d6e-6a0c-4c8e-9d0b-2f6f5a3f7c11")

// loadPage is how many documents are loaded at once.
const loadPage = 500

// load answers the stored catalogue of an environment, in order of RefID.
func (s *Service) load(ctx context.Context, environmentID string) (items, error) {
	var stored items
	for _, load := range []func() error{
		func() error { return loadAll(ctx, environmentID, s.store.Features(), &stored.features) },
		func() error { return loadAll(ctx, environmentID, s.store.Products(), &stored.products) },
		func() error { return loadAll(ctx, environmentID, s.store.Addons(), &stored.addons) },
		func() error { return loadAll(ctx, environmentID, s.store.Plans(), &stored.plans) },
		func() error { return loadAll(ctx, environmentID, s.store.Coupons(), &stored.coupons) },
		func() error { return loadAll(ctx, environmentID, s.store.PromotionCodes(), &stored.codes) },
	} {
		if err := load(); err != nil {
			return items{}, err
		}
	}
	return stored, nil
}

func loadAll[T any](ctx context.Context, environmentID string, from persistence.Documents[T], into *[]*T) error {
	query := persistence.Query{EnvironmentID: environmentID, Page: persistence.PageRequest{Limit: loadPage}}
	for {
		page, err := from.List(ctx, query)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			*into = append(*into, item.Document)
			query.Page.After = item.Cursor
		}
		if !page.HasNext || len(page.Items) == 0 {
			return nil
		}
	}
}

// timestamp is the time that a write carries.
func (s *Service) timestamp() time.Time { return domain.Timestamp(s.now()) }

// nowhere is a store that a dry run never asks, because nothing is in it.
type nowhere struct{}

func (nowhere) Products() persistence.Documents[domain.Product]                     { return nil }
func (nowhere) Plans() persistence.Documents[domain.Plan]                           { return nil }
func (nowhere) PlanVersions() persistence.Documents[domain.Plan]                    { return nil }
func (nowhere) Addons() persistence.Documents[domain.Addon]                         { return nil }
func (nowhere) AddonVersions() persistence.Documents[domain.Addon]                  { return nil }
func (nowhere) Features() persistence.Documents[domain.Feature]                     { return nil }
func (nowhere) Coupons() persistence.Documents[domain.Coupon]                       { return nil }
func (nowhere) PromotionCodes() persistence.Documents[domain.PromotionCode]         { return nil }
func (nowhere) SubscriptionClaims() persistence.Documents[domain.SubscriptionClaim] { return nil }
