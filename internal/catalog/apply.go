package catalog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup" // the Go team's own; bounded goroutines with one error

	"clientele/internal/domain"
	"clientele/persistence"
)

// applyWorkers is how many items of one list are written concurrently: enough for an engine to commit in groups.
const applyWorkers = 32

// Apply adds and changes the items of a file and leaves all others as they are. The whole file is checked before
// the first write; with dryRun nothing is written. Each item is one write, features first and promotion codes
// last. After an interrupted apply, applying the file again writes the rest. What the file does not own is kept:
// ids, creation times, redemptions, results of a sync. Errors: InvalidError, Conflict.
func (s *Service) Apply(ctx context.Context, environmentID string, file File, dryRun bool) (Changes, error) {
	stored, err := s.load(ctx, environmentID)
	if err != nil {
		return Changes{}, err
	}
	run := &run{store: s.store, environmentID: environmentID, dryRun: dryRun, now: domain.Timestamp(s.now())}
	return run.apply(ctx, file, stored)
}

// DryRun returns what Apply would do in an empty environment. Errors: InvalidError.
func DryRun(ctx context.Context, file File) (Changes, error) {
	return (&run{dryRun: true}).apply(ctx, file, items{})
}

// run is one apply. store is not used in a dry run.
type run struct {
	store         persistence.Catalog
	environmentID string
	dryRun        bool
	now           time.Time
	changes       []Change
	err           error
}

func (r *run) apply(ctx context.Context, file File, stored items) (Changes, error) {
	problems := &problemList{file: file.name, root: file.root}
	wanted := build(file, problems)
	check(wanted, stored, problems)
	if err := problems.err(); err != nil {
		return Changes{}, err
	}
	applyList(ctx, r, featureList, wanted.features, stored.features)
	applyList(ctx, r, addonList, wanted.addons, stored.addons)
	applyList(ctx, r, planList, wanted.plans, stored.plans)
	applyList(ctx, r, productList, wanted.products, stored.products)
	applyList(ctx, r, couponList, wanted.coupons, stored.coupons)
	applyList(ctx, r, codeList, wanted.codes, stored.codes)
	if r.err != nil {
		return Changes{}, r.err
	}
	return Changes{DryRun: r.dryRun, Items: r.changes}, nil
}

// applyList does nothing after an error in an earlier list.
func applyList[F, T any, D pointer[T]](ctx context.Context, r *run, l list[F, T, D], wanted, stored []D) {
	if r.err != nil {
		return
	}
	storedByID := make(map[string]D, len(stored))
	for _, d := range stored {
		storedByID[d.Head().RefID] = d
	}
	changes := make([]Change, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(applyWorkers)
	for i, want := range wanted {
		group.Go(func() (err error) {
			id := want.Head().RefID
			if changes[i], err = l.applyOne(ctx, r, want, storedByID[id]); err != nil {
				err = fmt.Errorf("%s %s: %w", l.name, id, err)
			}
			return err
		})
	}
	r.err = group.Wait()
	r.changes = append(r.changes, changes...)
}

// applyOne writes one item and retries when a concurrent writer was faster.
func (l list[F, T, D]) applyOne(ctx context.Context, r *run, want, stored D) (Change, error) {
	for range persistence.MaxRounds {
		next := l.next(r, want, stored)
		change, err := l.compare(next, stored)
		if err != nil || change.Action == Unchanged || r.dryRun {
			return change, err
		}
		if l.pack != nil {
			if err := l.storeVersion(ctx, r.store, next); err != nil {
				return change, err
			}
		}
		documents := l.documents(r.store)
		if stored == nil {
			err = documents.Insert(ctx, next)
		} else {
			err = documents.Replace(ctx, next)
		}
		if !errors.Is(err, persistence.ErrExists) && !errors.Is(err, persistence.ErrConflict) {
			return change, err
		}
		if err := persistence.Pause(ctx, rand.N(persistence.MaxPause)); err != nil {
			return change, err
		}
		if stored, err = documents.Get(ctx, domain.Ref{EnvironmentID: r.environmentID, RefID: want.Head().RefID}); err != nil {
			return change, err
		}
	}
	return Change{}, domain.Errorf(domain.Conflict, "too many concurrent changes; apply the file again")
}

// next returns the document to store for an item of the file.
func (l list[F, T, D]) next(r *run, want, stored D) D {
	next := D(new(*want))
	head := next.Head()
	if stored == nil {
		ref := domain.Ref{EnvironmentID: r.environmentID, RefID: head.RefID}
		*head = domain.NewRecord(ref, newID(l.name, ref.Key()), r.now)
	} else {
		*head = *stored.Head()
		head.Version++
		head.UpdatedAt = r.now
	}
	if l.merge != nil {
		l.merge(next, stored)
	}
	if l.pack != nil {
		var storedPackage *domain.Package
		if stored != nil {
			storedPackage = l.pack(stored)
		}
		mergePackage(l.pack(next), storedPackage)
	}
	return next
}

// storeVersion stores a published package under its version number, for the customers who will subscribe to it.
// It is written before the package, so that no version is ever missing. If the number is taken, by an interrupted
// apply or by one on another server, the stored version is used when its content is the same. Otherwise the
// package takes the next number: the other apply may still refer to that version.
func (l list[F, T, D]) storeVersion(ctx context.Context, store persistence.Catalog, next D) error {
	versions, pack := l.versions(store), l.pack(next)
	for pack.Published {
		version := D(new(*next))
		ref := domain.Ref{EnvironmentID: pack.EnvironmentID, RefID: domain.VersionRef(pack.RefID, pack.VersionNumber)}
		*version.Head() = domain.NewRecord(ref, pack.ID, pack.UpdatedAt)
		version.Head().CreatedAt = pack.CreatedAt
		err := versions.Insert(ctx, version)
		if !errors.Is(err, persistence.ErrExists) {
			return err
		}
		stored, err := versions.Get(ctx, ref)
		if err != nil {
			return err
		}
		change, err := l.compare(version, stored)
		if err != nil || change.Action == Unchanged && D(stored).Head().ID == pack.ID {
			return err
		}
		pack.VersionNumber++
	}
	return nil
}
