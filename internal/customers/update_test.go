package customers_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clientele/internal/customers"
	"clientele/internal/domain"
)

func (f *fixture) update(t testing.TB, id string, details customers.Details) *domain.Customer {
	t.Helper()
	got, err := f.Update(t.Context(), full, customers.Update{Identity: by(id), Details: details})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestUpdateChangesWhatIsSent(t *testing.T) {
	t.Parallel()
	const value = "eve@example.com" // good for every field
	for field, text := range texts {
		cases := map[string]struct {
			change domain.Change[string]
			want   *string
		}{
			"a value is set": {domain.SetTo(value), new(value)},
			"null clears":    {domain.Cleared[string](), nil},
			"absent stays":   {domain.Change[string]{}, nil},
		}
		for name, c := range cases {
			t.Run(field+", "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t)
				before := f.provision(t, full, "ada")
				f.at = noon.Add(time.Hour)
				got := f.update(t, "ada", detail(field, c.change))

				want := *before
				if c.change.Given {
					*text(&want) = c.want
					want.Version, want.UpdatedAt = 2, f.at
				}
				requireSame(t, got, &want)
				requireSame(t, f.stored(t, "production", "ada"), &want)
			})
		}
	}
}

func TestUpdateOfEverythingAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t)
	before := f.provision(t, full, "ada")
	f.at = noon.Add(1_999_999 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	got := f.update(t, "ada", customers.Details{
		Name: domain.SetTo("Eve"), Email: domain.SetTo("eve@example.com"), BillingID: domain.SetTo("cus_2"),
		CRMID: domain.SetTo("crm-2"), SalesforceID: domain.SetTo("002B"), AWSMarketplaceCustomerID: domain.SetTo("aws-2"),
		Metadata: metadata(`{"plan":null,"colour":"red"}`),
	})
	want := filledCustomer(noon)
	want.ID, want.Version, want.UpdatedAt = before.ID, 2, noon.Add(time.Millisecond)
	want.Name, want.Email, want.BillingID, want.CRMID = new("Eve"), new("eve@example.com"), new("cus_2"), new("crm-2")
	want.SalesforceID, want.AWSMarketplaceCustomerID = new("002B"), new("aws-2")
	want.Metadata = domain.Metadata{{Key: "colour", Value: `"red"`}, {Key: "seats", Value: "12"}}
	requireSame(t, got, want)
	requireSame(t, f.stored(t, "production", "ada"), want)
}

func TestUpdateMergesMetadata(t *testing.T) {
	t.Parallel()
	null := customers.Details{Metadata: domain.Change[raw]{Given: true}}
	cases := map[string]struct {
		details customers.Details
		want    string
	}{
		"a new key is added":            {customers.Details{Metadata: metadata(`{"colour":"red"}`)}, `{"colour":"red","plan":"gold","seats":12}`},
		"a present key is replaced":     {customers.Details{Metadata: metadata(`{"plan":"silver"}`)}, `{"plan":"silver","seats":12}`},
		"a key with null is deleted":    {customers.Details{Metadata: metadata(`{"plan":null}`)}, `{"seats":12}`},
		"null for the whole clears":     {null, ``},
		"the JSON value null clears":    {customers.Details{Metadata: metadata(`null`)}, ``},
		"dots and dollars are plain":    {customers.Details{Metadata: metadata(`{"plan.name":1,"$set":2}`)}, `{"$set":2,"plan":"gold","plan.name":1,"seats":12}`},
		"48 new keys are 50 in the end": {customers.Details{Metadata: metadata(object(48))}, ``},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.provision(t, full, "ada")
			got := f.update(t, "ada", c.details)
			if stored := f.stored(t, "production", "ada"); !stored.Metadata.Equal(got.Metadata) {
				t.Errorf("returned is %s, stored %s", got.Metadata.JSON(), stored.Metadata.JSON())
			}
			if strings.HasPrefix(name, "48") {
				if len(got.Metadata) != 50 {
					t.Errorf("%d keys", len(got.Metadata))
				}
				return
			}
			if string(got.Metadata.JSON()) != c.want {
				t.Errorf("got %s, want %s", got.Metadata.JSON(), c.want)
			}
		})
	}
}

func TestUpdateJudgesTheMergedMetadata(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada") // with 2 keys
	f.requireNothingWritten(t, func() {
		_, err := f.Update(t.Context(), full, customers.Update{
			Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("Eve"), Metadata: metadata(object(49))},
		})
		requireFieldRefusal(t, err, domain.InvalidMetadata, "additionalMetaData")
	})
}

func TestUpdateThatChangesNothing(t *testing.T) {
	t.Parallel()
	cases := map[string]customers.Details{
		"nothing is sent":                  {},
		"everything is sent as it is":      filled(),
		"metadata in another notation":     {Metadata: metadata(`{ "seats" : 12 }`)},
		"an empty patch of metadata":       {Metadata: metadata(`{}`)},
		"null for an unknown metadata key": {Metadata: metadata(`{"colour":null}`)},
	}
	customer := start(t).provision(t, full, "ada")
	for field, text := range texts {
		value := *text(customer)
		if value == nil {
			t.Fatalf("filled gives no %s", field)
		}
		cases[field+" as it is"] = detail(field, domain.SetTo(*value))
	}
	for name, details := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			before := f.provision(t, full, "ada")
			f.at = noon.Add(time.Hour)
			f.requireNothingWritten(t, func() { requireSame(t, f.update(t, "ada", details), before) })
		})
	}
}

func TestUpdateClearsWhatIsClearAlready(t *testing.T) {
	t.Parallel()
	f := start(t)
	before, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")})
	if err != nil {
		t.Fatal(err)
	}
	f.at = noon.Add(time.Hour)
	f.requireNothingWritten(t, func() {
		for field := range setters {
			requireSame(t, f.update(t, "ada", detail(field, domain.Cleared[string]())), before)
		}
		requireSame(t, f.update(t, "ada", customers.Details{Metadata: domain.Change[raw]{Given: true}}), before)
	})
}

// writes are the use cases that name a customer which has to exist, or may not.
var writes = map[string]func(context.Context, *customers.Service, domain.Actor, customers.Identity) (*domain.Customer, error){
	"Update": func(ctx context.Context, s *customers.Service, actor domain.Actor, identity customers.Identity) (*domain.Customer, error) {
		return s.Update(ctx, actor, customers.Update{Identity: identity, Details: customers.Details{Name: domain.SetTo("Eve")}})
	},
	"Archive": func(ctx context.Context, s *customers.Service, actor domain.Actor, identity customers.Identity) (*domain.Customer, error) {
		return s.Archive(ctx, actor, identity, nil)
	},
	"Unarchive": func(ctx context.Context, s *customers.Service, actor domain.Actor, identity customers.Identity) (*domain.Customer, error) {
		return s.Unarchive(ctx, actor, identity)
	},
	"Import": func(ctx context.Context, s *customers.Service, actor domain.Actor, identity customers.Identity) (*domain.Customer, error) {
		return s.Import(ctx, actor, customers.ImportRow{Identity: identity, Details: customers.Details{Name: domain.SetTo("Eve")}})
	},
}

func TestWritesThatNameNoCustomerRightly(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		identity customers.Identity
		kind     domain.Kind
		facts    map[string]any
	}{
		"neither id":                     {customers.Identity{}, domain.MissingID, nil},
		"only an environment":            {customers.Identity{EnvironmentID: new("production")}, domain.MissingID, nil},
		"two ids that differ":            {customers.Identity{CustomerID: new("ada"), RefID: new("eve")}, domain.IDMismatch, nil},
		"an id of no form":               {by("ada\n"), domain.BadUserInput, map[string]any{"field": "customerId"}},
		"an empty id":                    {by(""), domain.BadUserInput, map[string]any{"field": "customerId"}},
		"an empty refId, which is none":  {customers.Identity{RefID: new("")}, domain.MissingID, nil},
		"another environment":            {customers.Identity{CustomerID: new("ada"), EnvironmentID: new("staging")}, domain.IdentityForbidden, nil},
		"an environment in upper case":   {customers.Identity{CustomerID: new("ada"), EnvironmentID: new("Production")}, domain.IdentityForbidden, nil},
		"another environment and no ids": {customers.Identity{EnvironmentID: new("staging")}, domain.IdentityForbidden, nil},
	}
	f := start(t)
	f.provision(t, full, "ada")
	f.provision(t, staging, "ada")
	for use, run := range writes {
		for name, c := range cases {
			t.Run(use+", "+name, func(t *testing.T) {
				f.requireNothingWritten(t, func() {
					_, err := run(t.Context(), f.Service, full, c.identity)
					requireRefusal(t, err, c.kind, c.facts)
				})
			})
		}
	}
}

func TestWritesTakeEitherID(t *testing.T) {
	t.Parallel()
	for use, run := range writes {
		for name, identity := range map[string]customers.Identity{
			"customerId":            {CustomerID: new("ada")},
			"refId":                 {RefID: new("ada")},
			"both":                  {CustomerID: new("ada"), RefID: new("ada")},
			"with its environment":  {CustomerID: new("ada"), EnvironmentID: new("production")},
			"refId and environment": {RefID: new("ada"), EnvironmentID: new("production")},
		} {
			t.Run(use+" by "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t)
				f.provision(t, full, "ada")
				got, err := run(t.Context(), f.Service, full, identity)
				if err != nil {
					t.Fatal(err)
				}
				if got.CustomerID != "ada" {
					t.Errorf("got %s", show(got))
				}
				requireSame(t, f.stored(t, "production", "ada"), got)
			})
		}
	}
}

func TestChangesOfACustomerThatCannotBeChanged(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "archived")
	f.archive(t, full, "archived")
	f.provision(t, staging, "elsewhere")
	for use, ids := range map[string][]string{
		"Update":    {"unknown", "archived", "elsewhere", "Archived", "archived/"},
		"Archive":   {"unknown", "archived", "elsewhere"},
		"Unarchive": {"unknown", "elsewhere"},
	} {
		for _, id := range ids {
			t.Run(use+" "+id, func(t *testing.T) {
				f.requireNothingWritten(t, func() {
					got, err := writes[use](t.Context(), f.Service, full, by(id))
					requireRefusal(t, err, domain.CustomerNotFound, aboutCustomer(id))
					if use == "Unarchive" && got != nil {
						t.Errorf("the refusal came with %s", show(got))
					}
				})
			})
		}
	}
}

// The two refusals must be the same, or they would reveal archived customers.
func TestUnknownAndArchivedCustomersAreRefusedAlike(t *testing.T) {
	t.Parallel()
	for _, use := range []string{"Update", "Archive"} {
		refusals := []string{}
		for _, archived := range []bool{false, true} {
			f := start(t)
			if archived {
				f.provision(t, full, "ada")
				f.archive(t, full, "ada")
			}
			_, err := writes[use](t.Context(), f.Service, full, by("ada"))
			refusals = append(refusals, fmt.Sprintf("%#v", *mustBeRefusal(t, err)))
		}
		if refusals[0] != refusals[1] {
			t.Errorf("%s: %q", use, refusals)
		}
	}
}

func mustBeRefusal(t testing.TB, err error) *domain.Error {
	t.Helper()
	refusal, ok := errors.AsType[*domain.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	return refusal
}

func TestConcurrentUpdatesOfDifferentKeysSurvive(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	const writers = 50
	// Two of the keys are there from the start.
	var group sync.WaitGroup
	for i := range writers - 2 {
		group.Go(func() {
			patch := fmt.Sprintf(`{"key%02d":%d}`, i, i)
			_, err := f.Update(t.Context(), full, customers.Update{
				Identity: by("ada"), Details: customers.Details{Metadata: metadata(patch)},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for field := range setters {
		group.Go(func() {
			_, err := f.Update(t.Context(), full, customers.Update{
				Identity: by("ada"), Details: detail(field, domain.SetTo("new-"+field+"@example.com")),
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()

	got := f.stored(t, "production", "ada")
	if len(got.Metadata) != writers {
		t.Errorf("%d keys survived", len(got.Metadata))
	}
	for i := range writers - 2 {
		if value, _ := got.Metadata.Get(fmt.Sprintf("key%02d", i)); value != fmt.Sprint(i) {
			t.Errorf("key %d is %q", i, value)
		}
	}
	for field, text := range texts {
		if value := *text(got); value == nil || *value != "new-"+field+"@example.com" {
			t.Errorf("%s is lost: %s", field, show(got))
		}
	}
	if want := int64(1 + writers - 2 + len(setters)); got.Version != want {
		t.Errorf("version %d after %d writes", got.Version, want)
	}
}

func TestConcurrentUpdatesOf50Keys(t *testing.T) {
	t.Parallel()
	f := start(t)
	if _, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			_, err := f.Update(t.Context(), full, customers.Update{
				Identity: by("ada"), Details: customers.Details{Metadata: metadata(fmt.Sprintf(`{"key%02d":%d}`, i, i))},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := string(f.stored(t, "production", "ada").Metadata.JSON()); got != object(50) {
		t.Errorf("got %s", got)
	}
}

// Writers of one process share a keyed lock; those of several meet in the store only.
func TestConcurrentUpdatesOfSeveralServersSurvive(t *testing.T) {
	t.Parallel()
	f := start(t)
	if _, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 50 {
		server := f.over(f.store)
		group.Go(func() {
			_, err := server.Update(t.Context(), full, customers.Update{
				Identity: by("ada"), Details: customers.Details{Metadata: metadata(fmt.Sprintf(`{"key%02d":%d}`, i, i))},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := string(f.stored(t, "production", "ada").Metadata.JSON()); got != object(50) {
		t.Errorf("got %s", got)
	}
}

// One server's writers do not get in one another's way, so none of them finds that it lost.
func TestConcurrentUpdatesOfOneServerQueueUp(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	var attempts atomic.Int64
	server := f.over(contended{Store: f.store, losses: 0, writes: &attempts})
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			_, err := server.Update(t.Context(), full, customers.Update{
				Identity: by("ada"), Details: customers.Details{Metadata: metadata(fmt.Sprintf(`{"key%02d":%d}`, i, i))},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := attempts.Load(); n != 40 {
		t.Errorf("%d writes for 40 updates", n)
	}
}

func TestACancelledWriteDoesNotWaitForTheLock(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	held, release := make(chan struct{}), make(chan struct{})
	server := f.over(overtaken{Store: f.store, done: new(atomic.Bool), beforeReplacement: func() {
		close(held)
		<-release
	}})
	first := make(chan error, 1)
	go func() {
		_, err := writes["Update"](t.Context(), server, full, by("ada"))
		first <- err
	}()
	<-held
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	for use, run := range writes {
		if _, err := run(ctx, server, full, by("ada")); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", use, err)
		}
	}
	// Nobody who writes another customer has to wait.
	f.provision(t, full, "eve")
	if _, err := writes["Update"](t.Context(), server, full, by("eve")); err != nil {
		t.Error(err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// During a rolling upgrade, a later program may have stored what this one does not know.
func TestWritesKeepWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	for use, run := range writes {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			before := f.provision(t, full, "ada")
			later := *before
			later.Version++
			later.Unknown = map[string]any{"loyalty": "gold"}
			if use == "Unarchive" {
				later.Archive(noon)
			}
			if err := f.store.ReplaceCustomer(t.Context(), &later); err != nil {
				t.Fatal(err)
			}
			if _, err := run(t.Context(), f.Service, full, by("ada")); err != nil {
				t.Fatal(err)
			}
			got := f.stored(t, "production", "ada")
			if got.Version != 3 || !reflect.DeepEqual(got.Unknown, later.Unknown) {
				t.Errorf("version %d has %v", got.Version, got.Unknown)
			}
		})
	}
}

func TestAWriteThatLosesIsDecidedAgain(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	losing := f.over(overtaken{Store: f.store, done: new(atomic.Bool), beforeReplacement: func() {
		f.update(t, "ada", customers.Details{Email: domain.SetTo("eve@example.com"), Metadata: metadata(`{"colour":"red"}`)})
	}})
	got, err := losing.Update(t.Context(), full, customers.Update{
		Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("Eve"), Metadata: metadata(`{"plan":null}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Name != "Eve" || *got.Email != "eve@example.com" || got.Version != 3 ||
		string(got.Metadata.JSON()) != `{"colour":"red","seats":12}` {
		t.Errorf("got %s", show(got))
	}
	requireSame(t, f.stored(t, "production", "ada"), got)
}

func TestACustomerThatIsArchivedMeanwhileIsNotChanged(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	losing := f.over(overtaken{Store: f.store, done: new(atomic.Bool), beforeReplacement: func() {
		f.archive(t, full, "ada")
	}})
	_, err := losing.Update(t.Context(), full, customers.Update{
		Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("Eve")},
	})
	requireRefusal(t, err, domain.CustomerNotFound, aboutCustomer("ada"))
	if got := f.stored(t, "production", "ada"); !got.Archived() || got.Name != nil {
		t.Errorf("stored is %s", show(got))
	}
}

func TestAWriteThatAlwaysLosesEndsInConflict(t *testing.T) {
	t.Parallel()
	for use, run := range writes {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.provision(t, full, "ada")
			if use == "Unarchive" {
				f.archive(t, full, "ada")
			}
			var attempts atomic.Int64
			losing := f.over(contended{Store: f.store, losses: 1 << 40, writes: &attempts})
			before := f.stored(t, "production", "ada")
			// In the bubble, the pauses between the rounds take no time.
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				_, err := run(t.Context(), losing, full, by("ada"))
				requireRefusal(t, err, domain.Conflict, aboutCustomer("ada"))
				if took := time.Since(started); took > 10*time.Second {
					t.Errorf("the caller waited %v", took)
				}
			})
			if n := attempts.Load(); n < 2 || n > 1000 {
				t.Errorf("it was tried %d times", n)
			}
			requireSame(t, f.stored(t, "production", "ada"), before)
		})
	}
}

func TestAWriteThatLosesALotWinsInTheEnd(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	var attempts atomic.Int64
	losing := f.over(contended{Store: f.store, losses: 50, writes: &attempts})
	synctest.Test(t, func(t *testing.T) {
		if _, err := writes["Update"](t.Context(), losing, full, by("ada")); err != nil {
			t.Error(err)
		}
	})
	if got := f.stored(t, "production", "ada"); *got.Name != "Eve" || got.Version != 2 || attempts.Load() != 51 {
		t.Errorf("after %d attempts: %s", attempts.Load(), show(got))
	}
}

func TestACancelledWriteEnds(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	// In the bubble, a pause that goes on in spite of it would move the clock.
	synctest.Test(t, func(t *testing.T) {
		ctx, hangUp := context.WithCancel(t.Context())
		var attempts atomic.Int64
		var hungUp time.Time
		losing := f.over(contended{Store: f.store, losses: 1 << 40, writes: &attempts, meanwhile: func() {
			if attempts.Load() == 3 {
				hangUp()
				hungUp = time.Now()
			}
		}})
		_, err := writes["Update"](ctx, losing, full, by("ada"))
		if !errors.Is(err, context.Canceled) || attempts.Load() != 3 {
			t.Errorf("after %d attempts: %v", attempts.Load(), err)
		}
		if kept := time.Since(hungUp); kept != 0 {
			t.Errorf("the writer was kept for another %v", kept)
		}
	})
}

func TestWritesReportAStoreThatFails(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "live")
	f.provision(t, full, "archived")
	f.archive(t, full, "archived")
	for use, run := range writes {
		id := "live"
		if use == "Unarchive" {
			id = "archived"
		}
		for _, method := range []string{"AnyCustomer", "ReplaceCustomer"} {
			t.Run(use+", "+method, func(t *testing.T) {
				f.requireNothingWritten(t, func() {
					if _, err := run(t.Context(), f.over(failOn{f.store, method}), full, by(id)); !errors.Is(err, errBroken) {
						t.Errorf("got %v", err)
					}
				})
			})
		}
	}
}
