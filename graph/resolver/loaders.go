package resolver

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vikstrous/dataloadgen" // batches with generics and without code generation; small and kept up

	"clientele/internal/catalog"
	"clientele/internal/domain"
	"clientele/persistence"
)

// loaders batch the reads of one level of a response into one call to the store. They belong to one request, and so to
// one environment.
type loaders struct {
	products      *loader[domain.Product]
	plans         *loader[domain.Plan]
	planVersions  *loader[domain.Plan]
	addons        *loader[domain.Addon]
	addonVersions *loader[domain.Addon]
	features      *loader[domain.Feature]
	coupons       *loader[domain.Coupon]
	couponUsers   *couponUsers

	// allProducts are the products of the environment, read once.
	allProducts func() ([]*domain.Product, error)
}

type loader[T any] = dataloadgen.Loader[string, *T]

func (r *Resolver) newLoaders(ctx context.Context, actor domain.Actor) *loaders {
	return &loaders{
		products:      newLoader(r, actor, r.UseCases.Products),
		plans:         newLoader(r, actor, r.Plans),
		planVersions:  newVersionLoader(r, actor, r.PlanVersions),
		addons:        newLoader(r, actor, r.Addons),
		addonVersions: newVersionLoader(r, actor, r.AddonVersions),
		features:      newLoader(r, actor, r.Features),
		coupons:       newLoader(r, actor, r.Coupons),
		couponUsers:   &couponUsers{},
		allProducts:   sync.OnceValues(func() ([]*domain.Product, error) { return r.readProducts(ctx, actor) }),
	}
}

func newLoader[T any](r *Resolver, actor domain.Actor, reader catalog.Reader[T]) *loader[T] {
	return newMappedLoader(r, func(ctx context.Context, refIDs []string) (map[string]*T, error) {
		return reader.GetMany(ctx, actor, refIDs)
	})
}

// newVersionLoader loads versions of packages. What it returns has the RefID of the package itself.
func newVersionLoader[T any, P interface {
	*T
	Head() *domain.Record
}](r *Resolver, actor domain.Actor, reader catalog.Reader[T]) *loader[T] {
	return newMappedLoader(r, func(ctx context.Context, versionRefs []string) (map[string]*T, error) {
		found, err := reader.GetMany(ctx, actor, versionRefs)
		for versionRef, version := range found {
			P(version).Head().RefID = domain.PackageOfVersion(versionRef)
		}
		return found, err
	})
}

func newMappedLoader[T any](r *Resolver, fetch func(context.Context, []string) (map[string]*T, error)) *loader[T] {
	recovering := func(ctx context.Context, keys []string) (found map[string]*T, err error) {
		// A batch has its own goroutine. The library would recover a panic too, and lose the stack.
		defer func() {
			if cause := recover(); cause != nil {
				err = graphql.GetOperationContext(ctx).RecoverFunc(ctx, cause)
			}
		}()
		return fetch(ctx, keys)
	}
	return dataloadgen.NewMappedLoader(recovering, dataloadgen.WithWait(r.LoaderWait))
}

// load returns nil for an unknown id.
func load[T any](ctx context.Context, from *loader[T], refID string) (*T, error) {
	found, err := from.Load(ctx, refID)
	if errors.Is(err, dataloadgen.ErrNotFound) {
		return nil, nil
	}
	return found, err
}

// loadAll returns documents in the order of the ids, without those that do not exist.
func loadAll[T any](ctx context.Context, from *loader[T], refIDs []string) ([]*T, error) {
	thunks := make([]func() (*T, error), len(refIDs))
	for i, refID := range refIDs {
		thunks[i] = from.LoadThunk(ctx, refID)
	}
	out := make([]*T, 0, len(refIDs))
	for _, thunk := range thunks {
		found, err := thunk()
		if errors.Is(err, dataloadgen.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found)
	}
	return out, nil
}

// loadVersion returns a version of a package, or the package as it is if that version was never published.
func loadVersion[T any](ctx context.Context, versions, packages *loader[T], refID string, version int) (*T, error) {
	found, err := load(ctx, versions, domain.VersionRef(refID, version))
	if found == nil && err == nil {
		found, err = load(ctx, packages, refID)
	}
	return found, err
}

// readProducts reads every product of the environment.
func (r *Resolver) readProducts(ctx context.Context, actor domain.Actor) ([]*domain.Product, error) {
	var products []*domain.Product
	request := persistence.PageRequest{Limit: 1000}
	for {
		page, err := r.Products.List(ctx, actor, persistence.Query{Page: request})
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			products, request.After = append(products, item.Document), item.Cursor
		}
		if !page.HasNext {
			return products, nil
		}
	}
}
