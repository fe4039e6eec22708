package customers_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

func TestArchive(t *testing.T) {
	t.Parallel()
	f := start(t)
	before := f.provision(t, full, "ada")
	f.at = noon.Add(1_999_999 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	got := f.archive(t, full, "ada")

	now := noon.Add(time.Millisecond)
	want := *before
	want.Name, want.Email = nil, nil
	want.Version, want.UpdatedAt, want.ArchivedAt = 2, now, &now
	requireSame(t, got, &want)
	requireSame(t, f.stored(t, "production", "ada"), &want)
}

func TestAnArchivedCustomerIsReturnedNowhere(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	f.provision(t, full, "eve")
	f.archive(t, full, "ada")

	if got, err := f.Get(t.Context(), full, nil, "ada"); got != nil || err != nil {
		t.Errorf("Get returns %s, %v", show(got), err)
	}
	if n := f.count(t, full); n != 1 {
		t.Errorf("Count returns %d", n)
	}
	if got := f.listed(t, full, persistence.Query{}); len(got) != 1 || got[0] != "eve" {
		t.Errorf("List returns %q", got)
	}
}

func TestUnarchive(t *testing.T) {
	t.Parallel()
	f := start(t)
	before := f.provision(t, full, "ada")
	f.at = noon.Add(time.Hour)
	f.archive(t, full, "ada")
	f.at = noon.Add(2 * time.Hour)
	got, err := f.Unarchive(t.Context(), full, by("ada"))
	if err != nil {
		t.Fatal(err)
	}

	want := *before
	want.Name, want.Email = nil, nil
	want.Version, want.UpdatedAt = 3, noon.Add(2*time.Hour)
	requireSame(t, got, &want)
	requireSame(t, f.stored(t, "production", "ada"), &want)

	found, err := f.Get(t.Context(), full, nil, "ada")
	if err != nil {
		t.Fatal(err)
	}
	requireSame(t, found, &want)
	if n := f.count(t, full); n != 1 {
		t.Errorf("Count returns %d", n)
	}
	if got := f.listed(t, full, persistence.Query{}); len(got) != 1 || got[0] != "ada" {
		t.Errorf("List returns %q", got)
	}
}

func TestUnarchiveOfALiveCustomer(t *testing.T) {
	t.Parallel()
	f := start(t)
	before := f.provision(t, full, "ada")
	f.at = noon.Add(time.Hour)
	f.requireNothingWritten(t, func() {
		got, err := f.Unarchive(t.Context(), full, by("ada"))
		if err != nil {
			t.Fatal(err)
		}
		requireSame(t, got, before)
	})
}

func TestACustomerThatWasBroughtBackIsLikeOthers(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	f.archive(t, full, "ada")
	if _, err := f.Unarchive(t.Context(), full, by("ada")); err != nil {
		t.Fatal(err)
	}
	got := f.update(t, "ada", customers.Details{Name: domain.SetTo("Ada again")})
	if *got.Name != "Ada again" || got.Version != 4 {
		t.Errorf("got %s", show(got))
	}
	if got := f.archive(t, full, "ada"); got.Name != nil || got.Version != 5 {
		t.Errorf("archived again: %s", show(got))
	}
}

func TestArchiveInARace(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	var group sync.WaitGroup
	var won atomic.Int64
	for range 20 {
		group.Go(func() {
			_, err := f.Archive(t.Context(), full, by("ada"), nil)
			if err == nil {
				won.Add(1)
			} else if !domain.IsKind(err, domain.CustomerNotFound) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 archived the customer", won.Load())
	}
}

// Whoever archives a customer while others change it must not leave their personal data behind.
func TestAnArchiveThatLosesIsDecidedAgain(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	losing := f.over(overtaken{Store: f.store, done: new(atomic.Bool), beforeReplacement: func() {
		f.update(t, "ada", customers.Details{Name: domain.SetTo("Eve"), CRMID: domain.SetTo("crm-2")})
	}})
	got, err := losing.Archive(t.Context(), full, by("ada"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != nil || *got.CRMID != "crm-2" || got.Version != 3 || !got.Archived() {
		t.Errorf("got %s", show(got))
	}
	requireSame(t, f.stored(t, "production", "ada"), got)
}
