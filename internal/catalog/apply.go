package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup" // the Go team's own; bounded goroutines with one error

	"clientele/internal/domain"
	"clientele/persistence"
)

// applyWorkers is how many writes of one list are under way at once: enough for an engine to commit them in
// groups.
const applyWorkers = 32

// Apply makes the items that a file names what the file says, and leaves the others. The whole is checked
// before the first write; with dryRun nothing is written. Each item is one write, features first and promotion
// codes last: an apply that was cut off has written some of them whole, and repeating it writes the rest.
// Nothing that the file does not own is changed: ids, times of creation, redemptions, whatever came of a sync.
// Errors: InvalidError, Conflict.
func (s *Service) Apply(ctx context.Context, environmentID string, file File, dryRun bool) (Changes, error) {
	stored, err := s.load(ctx, environmentID)
	if err != nil {
		return Changes{}, fmt.Errorf("load the catalogue: %w", err)
	}
	return s.apply(ctx, environmentID, file, dryRun, stored)
}

// DryRun is what applying a file would do where nothing is stored. Errors: InvalidError.
func DryRun(ctx context.Context, environmentID string, file File) (Changes, error) {
	return New(nowhere{}).apply(ctx, environmentID, file, true, items{})
}

func (s *Service) apply(ctx context.Context, environmentID string, file File, dryRun bool, stored items) (Changes, error) {
	found := &problems{file: file.name, root: file.root}
	wanted := build(file, found)
	check(wanted, stored, found)
	if err := found.err(); err != nil {
		return Changes{}, err
	}
	run := &run{service: s, environmentID: environmentID, dryRun: dryRun, now: s.timestamp()}
	changes := Changes{DryRun: dryRun}
	for _, apply := range []func() ([]Change, error){
		func() ([]Change, error) {
			return applyList(ctx, run, s.featureList(), wanted.features, stored.features)
		},
		func() ([]Change, error) { return applyList(ctx, run, s.addonList(), wanted.addons, stored.addons) },
		func() ([]Change, error) { return applyList(ctx, run, s.planList(), wanted.plans, stored.plans) },
		func() ([]Change, error) {
			return applyList(ctx, run, s.productList(), wanted.products, stored.products)
		},
		func() ([]Change, error) { return applyList(ctx, run, s.couponList(), wanted.coupons, stored.coupons) },
		func() ([]Change, error) { return applyList(ctx, run, s.codeList(), wanted.codes, stored.codes) },
	} {
		list, err := apply()
		if err != nil {
			return Changes{}, err
		}
		changes.Items = append(changes.Items, list...)
	}
	return changes, nil
}

// run is one apply.
type run struct {
	service       *Service
	environmentID string
	dryRun        bool
	now           time.Time
}

// pointer is a pointer to a noun.
type pointer[T any] interface {
	*T
	document
}

// list is what applying has to know of one of the catalogue's lists.
type list[T any, D pointer[T]] struct {
	name      string
	documents persistence.Documents[T]
	// show is the document as a file has it.
	show func(D) any
	// complete fills in what a file does not own, from what is stored (nil if nothing is).
	complete func(next, stored D)
	// keep stores the version of a package, before the package itself; nil where there are none.
	keep func(ctx context.Context, next D) error
}

func applyList[T any, D pointer[T]](ctx context.Context, run *run, l list[T, D], wanted, stored []D) ([]Change, error) {
	before := make(map[string]D, len(stored))
	for _, d := range stored {
		before[d.Head().RefID] = d
	}
	changes := make([]Change, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(applyWorkers)
	for i, want := range wanted {
		group.Go(func() (err error) {
			id := want.Head().RefID
			if changes[i], err = applyOne(ctx, run, l, want, before[id]); err != nil {
				err = fmt.Errorf("%s %s: %w", l.name, id, err)
			}
			return err
		})
	}
	return changes, group.Wait()
}

// applyOne writes one item, again and again until nobody else wrote it in between.
func applyOne[T any, D pointer[T]](ctx context.Context, run *run, l list[T, D], want, stored D) (Change, error) {
	for range persistence.MaxRounds {
		next := l.next(run, want, stored)
		change, err := compare(l, next, stored)
		if err != nil || change.Action == Unchanged || run.dryRun {
			return change, err
		}
		if l.keep != nil {
			if err := l.keep(ctx, next); err != nil {
				return change, err
			}
		}
		if stored == nil {
			err = l.documents.Insert(ctx, next)
		} else {
			err = l.documents.Replace(ctx, next)
		}
		if !errors.Is(err, persistence.ErrExists) && !errors.Is(err, persistence.ErrConflict) {
			return change, err
		}
		if err := persistence.Pause(ctx, rand.N(persistence.MaxPause)); err != nil {
			return change, err
		}
		if stored, err = l.documents.Get(ctx, domain.Ref{EnvironmentID: run.environmentID, RefID: want.Head().RefID}); err != nil {
			return change, err
		}
	}
	return Change{}, domain.Errorf(domain.Conflict, "is being changed by too many others at once; apply the file again")
}

// next is the document to store for what a file wants.
func (l list[T, D]) next(run *run, want, stored D) D {
	next := D(new(*want))
	head := next.Head()
	if stored == nil {
		ref := domain.Ref{EnvironmentID: run.environmentID, RefID: head.RefID}
		*head = domain.NewRecord(ref, newID(l.name, ref.Key()), run.now)
	} else {
		*head = *stored.Head()
		head.Version++
		head.UpdatedAt = run.now
	}
	if l.complete != nil {
		l.complete(next, stored)
	}
	return next
}

func (s *Service) featureList() list[domain.Feature, *domain.Feature] {
	return list[domain.Feature, *domain.Feature]{
		name: features, documents: s.store.Features(), show: func(f *domain.Feature) any { return showFeature(f) },
	}
}

func (s *Service) productList() list[domain.Product, *domain.Product] {
	return list[domain.Product, *domain.Product]{
		name: products, documents: s.store.Products(), show: func(p *domain.Product) any { return showProduct(p) },
	}
}

func (s *Service) couponList() list[domain.Coupon, *domain.Coupon] {
	return list[domain.Coupon, *domain.Coupon]{
		name: coupons, documents: s.store.Coupons(), show: func(c *domain.Coupon) any { return showCoupon(c) },
		complete: func(next, stored *domain.Coupon) {
			if stored != nil {
				next.BillingID, next.Source = stored.BillingID, stored.Source
			}
			// A file that does not say whether a coupon is archived does not bring back one that was archived since.
			switch {
			case next.Status == "" && stored != nil:
				next.Status = stored.Status
			case next.Status == "":
				next.Status = domain.CouponActive
			}
		},
	}
}

func (s *Service) codeList() list[domain.PromotionCode, *domain.PromotionCode] {
	return list[domain.PromotionCode, *domain.PromotionCode]{
		name: promotionCodes, documents: s.store.PromotionCodes(), show: func(c *domain.PromotionCode) any { return showPromotionCode(c) },
		complete: func(next, stored *domain.PromotionCode) {
			if stored != nil {
				next.Redeemed, next.Reserved = stored.Redeemed, stored.Reserved
			}
		},
	}
}

func (s *Service) planList() list[domain.Plan, *domain.Plan] {
	l := list[domain.Plan, *domain.Plan]{
		name: plans, documents: s.store.Plans(), show: func(p *domain.Plan) any { return showPlan(p) },
		complete: func(next, stored *domain.Plan) {
			if stored == nil {
				completePackage(&next.Package, nil)
			} else {
				completePackage(&next.Package, &stored.Package)
			}
		},
	}
	l.keep = func(ctx context.Context, next *domain.Plan) error {
		return keepVersion(ctx, s.store.PlanVersions(), next, &next.Package, l.show)
	}
	return l
}

func (s *Service) addonList() list[domain.Addon, *domain.Addon] {
	l := list[domain.Addon, *domain.Addon]{
		name: addons, documents: s.store.Addons(), show: func(a *domain.Addon) any { return showAddon(a) },
		complete: func(next, stored *domain.Addon) {
			if stored == nil {
				completePackage(&next.Package, nil)
			} else {
				completePackage(&next.Package, &stored.Package)
			}
		},
	}
	l.keep = func(ctx context.Context, next *domain.Addon) error {
		return keepVersion(ctx, s.store.AddonVersions(), next, &next.Package, l.show)
	}
	return l
}

// completePackage gives a package its version and its parts their ids. A draft has the number that it will be
// published with, so the number goes up with each change of what is published.
func completePackage(next, stored *domain.Package) {
	next.VersionNumber = 1
	if stored != nil {
		next.BillingID, next.VersionNumber = stored.BillingID, stored.VersionNumber
		if stored.Published {
			next.VersionNumber++
		}
	}
	next.Entitlements, next.Prices = slices.Clone(next.Entitlements), slices.Clone(next.Prices)
	for i := range next.Entitlements {
		e := &next.Entitlements[i]
		e.ID = newID(next.ID, "entitlement", e.FeatureID)
	}
	for i := range next.Prices {
		p := &next.Prices[i]
		p.ID = newID(next.ID, "price", p.Charge(), groupOf(*p).String())
	}
}

// keepVersion stores a published package under its version, for those who will have subscribed to it. It comes
// before the package, so that no version is ever missing. A version that is there already is of an apply that
// was cut off, or that runs elsewhere: with the same content it serves, and otherwise it is left alone, for the
// other apply may yet point at it, and the package takes the next number.
func keepVersion[T any, D pointer[T]](
	ctx context.Context, versions persistence.Documents[T], next D, pack *domain.Package, show func(D) any,
) error {
	for pack.Published {
		version := D(new(*next))
		ref := domain.Ref{EnvironmentID: pack.EnvironmentID, RefID: domain.VersionRef(pack.RefID, pack.VersionNumber)}
		*version.Head() = domain.NewRecord(ref, pack.ID, pack.UpdatedAt)
		version.Head().CreatedAt = pack.CreatedAt
		err := versions.Insert(ctx, version)
		if !errors.Is(err, persistence.ErrExists) {
			return err
		}
		kept, err := versions.Get(ctx, ref)
		if err != nil {
			return err
		}
		if same, err := showsSame(show, version, D(kept)); err != nil || same && D(kept).Head().ID == pack.ID {
			return err
		}
		pack.VersionNumber++
	}
	return nil
}

func showsSame[D any](show func(D) any, a, b D) (bool, error) {
	one, err := encodeJSON(show(a))
	if err != nil {
		return false, err
	}
	other, err := encodeJSON(show(b))
	return bytes.Equal(one, other), err
}
