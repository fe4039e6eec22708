package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid" // the field's standard for UUIDs, small and without dependencies

	"clientele/persistence"
)

// Service applies and exports catalogues. Create it with New.
type Service struct {
	store persistence.Catalog
	now   func() time.Time
}

// Option changes a Service for tests.
type Option func(*Service)

// WithClock replaces time.Now.
func WithClock(now func() time.Time) Option { return func(s *Service) { s.now = now } }

// New returns a service that uses the store.
func New(store persistence.Catalog, options ...Option) *Service {
	service := &Service{store: store, now: time.Now}
	for _, option := range options {
		option(service)
	}
	return service
}

// newID returns the UUID of a new item, or of a part of one. It is derived from the parts, so that a repeated or
// concurrent apply creates the same item and not a duplicate.
func newID(parts ...string) string {
	id := catalogID
	for _, part := range parts {
		id = uuid.NewSHA1(id, []byte(part))
	}
	return id.String()
}

// catalogID is the namespace of this package's ids. It must never change.
var catalogID = uuid.MustParse("6f0f1d6e-6a0c-4c8e-9d0b-2f6f5a3f7c11")

// loadPage is how many documents are loaded at once.
const loadPage = 500

// load returns the stored catalogue of an environment, each list in order of RefID.
func (s *Service) load(ctx context.Context, environmentID string) (items, error) {
	l := loader{store: s.store, environmentID: environmentID}
	stored := items{
		features: loadList(ctx, &l, featureList),
		products: loadList(ctx, &l, productList),
		addons:   loadList(ctx, &l, addonList),
		plans:    loadList(ctx, &l, planList),
		coupons:  loadList(ctx, &l, couponList),
		codes:    loadList(ctx, &l, codeList),
	}
	if l.err != nil {
		return items{}, fmt.Errorf("load the catalogue: %w", l.err)
	}
	return stored, nil
}

type loader struct {
	store         persistence.Catalog
	environmentID string
	err           error
}

// loadList does nothing after an error in an earlier list.
func loadList[F, T any, D pointer[T]](ctx context.Context, from *loader, l list[F, T, D]) (stored []D) {
	query := persistence.Query{EnvironmentID: from.environmentID, Page: persistence.PageRequest{Limit: loadPage}}
	for more := true; more && from.err == nil; {
		var page persistence.Page[T]
		page, from.err = l.documents(from.store).List(ctx, query)
		for _, item := range page.Items {
			stored = append(stored, item.Document)
			query.Page.After = item.Cursor
		}
		more = page.HasNext && len(page.Items) > 0
	}
	return stored
}
