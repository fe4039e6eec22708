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

// bulk imports rows of the caller's environment.
func (f *fixture) bulk(t testing.TB, rows ...customers.ImportRow) (string, error) {
	t.Helper()
	return f.ImportBulk(t.Context(), full, nil, nil, rows)
}

// importers are the two ways to import one row.
var importers = map[string]func(testing.TB, *fixture, customers.ImportRow) error{
	"Import": func(t testing.TB, f *fixture, row customers.ImportRow) error {
		got, err := f.Import(t.Context(), full, row)
		if err == nil {
			requireSame(t, got, f.stored(t, "production", got.CustomerID))
		}
		return err
	},
	"ImportBulk": func(t testing.TB, f *fixture, row customers.ImportRow) error {
		_, err := f.bulk(t, row)
		return err
	},
}

func named(id, name string) customers.ImportRow {
	return customers.ImportRow{Identity: by(id), Details: customers.Details{Name: domain.SetTo(name)}}
}

func (f *fixture) requireNames(t testing.TB, want map[string]string) {
	t.Helper()
	for id, name := range want {
		got := f.stored(t, "production", id)
		if got == nil || got.Name == nil || *got.Name != name {
			t.Errorf("%s is %s, want the name %q", id, show(got), name)
		}
	}
}

func TestImportOfANewCustomer(t *testing.T) {
	t.Parallel()
	earlier := noon.Add(-24 * time.Hour)
	cases := map[string]struct {
		updatedAt *time.Time
		want      time.Time
	}{
		"without a time, it is new":      {nil, noon},
		"with a time, that is its own":   {&earlier, earlier},
		"an offset becomes UTC":          {new(earlier.In(time.FixedZone("CET", 3600))), earlier},
		"less than a millisecond is cut": {new(earlier.Add(999_999)), earlier},
		"now is not the future":          {&noon, noon},
	}
	for how, run := range importers {
		for name, c := range cases {
			t.Run(how+", "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t)
				if err := run(t, f, customers.ImportRow{Identity: by("ada"), Details: filled(), UpdatedAt: c.updatedAt}); err != nil {
					t.Fatal(err)
				}
				got := f.stored(t, "production", "ada")
				want := filledCustomer(c.want)
				want.ID = got.ID
				requireSame(t, got, want)
				if !strings.HasPrefix(got.ID, "uuid-") {
					t.Errorf("the UUID is %s", got.ID)
				}
			})
		}
	}
}

func TestImportOfAKnownCustomer(t *testing.T) {
	t.Parallel()
	// The customer was last changed at noon; the import comes an hour later.
	const later = time.Minute
	cases := map[string]struct {
		details   customers.Details
		updatedAt *time.Time
		// change is what differs afterwards; nil is nothing.
		change func(*domain.Customer)
	}{
		"without a time, the row counts": {
			customers.Details{Name: domain.SetTo("Eve")}, nil,
			func(c *domain.Customer) { c.Name, c.UpdatedAt = new("Eve"), noon.Add(time.Hour) },
		},
		"a newer row counts and brings its time": {
			customers.Details{Name: domain.SetTo("Eve")}, new(noon.Add(later)),
			func(c *domain.Customer) { c.Name, c.UpdatedAt = new("Eve"), noon.Add(later) },
		},
		"a row of the same time counts": {
			customers.Details{Name: domain.SetTo("Eve")}, &noon,
			func(c *domain.Customer) { c.Name = new("Eve") },
		},
		"a row of the same millisecond counts": {
			customers.Details{Name: domain.SetTo("Eve")}, new(noon.Add(999_999)),
			func(c *domain.Customer) { c.Name = new("Eve") },
		},
		"an older row is skipped": {
			customers.Details{Name: domain.SetTo("Eve")}, new(noon.Add(-time.Millisecond)), nil,
		},
		"a much older row is skipped": {
			customers.Details{Name: domain.SetTo("Eve")}, new(noon.AddDate(-10, 0, 0)), nil,
		},
		"an older row is skipped even if it is too big": {
			customers.Details{Metadata: metadata(object(49))}, new(noon.Add(-time.Millisecond)), nil,
		},
		"what is left out stays": {
			customers.Details{Email: domain.SetTo("eve@example.com")}, nil,
			func(c *domain.Customer) { c.Email, c.UpdatedAt = new("eve@example.com"), noon.Add(time.Hour) },
		},
		"null clears": {
			customers.Details{Name: domain.Cleared[string](), Metadata: domain.Cleared[raw]()}, nil,
			func(c *domain.Customer) { c.Name, c.Metadata, c.UpdatedAt = nil, nil, noon.Add(time.Hour) },
		},
		"metadata is merged": {
			customers.Details{Metadata: metadata(`{"plan":null,"colour":"red"}`)}, nil,
			func(c *domain.Customer) {
				c.Metadata = domain.Metadata{{Key: "colour", Value: `"red"`}, {Key: "seats", Value: "12"}}
				c.UpdatedAt = noon.Add(time.Hour)
			},
		},
		"a row that says nothing new, without a time":   {filled(), nil, nil},
		"a row that says nothing new, of the same time": {filled(), &noon, nil},
		"a row that says nothing, without a time":       {customers.Details{}, nil, nil},
		"a row that says nothing new brings its time": {
			filled(), new(noon.Add(later)), func(c *domain.Customer) { c.UpdatedAt = noon.Add(later) },
		},
		"the time of the row may be now": {
			customers.Details{}, new(noon.Add(time.Hour)), func(c *domain.Customer) { c.UpdatedAt = noon.Add(time.Hour) },
		},
	}
	for how, run := range importers {
		for name, c := range cases {
			t.Run(how+", "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t)
				before := f.provision(t, full, "ada")
				f.at = noon.Add(time.Hour)
				row := customers.ImportRow{Identity: by("ada"), Details: c.details, UpdatedAt: c.updatedAt}
				do := func() {
					if err := run(t, f, row); err != nil {
						t.Fatal(err)
					}
				}
				want := *before
				if c.change == nil {
					f.requireNothingWritten(t, do)
				} else {
					do()
					c.change(&want)
					want.Version = 2
				}
				requireSame(t, f.stored(t, "production", "ada"), &want)
			})
		}
	}
}

func TestImportRefusesARow(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		row  customers.ImportRow
		kind domain.Kind
		// facts are those of Import; failed is what ImportBulk names.
		facts  map[string]any
		failed string
	}{
		"an archived id":                   {named("archived", "Eve"), domain.Archived, aboutCustomer("archived"), "archived"},
		"an archived id in an old row":     {customers.ImportRow{Identity: by("archived"), UpdatedAt: new(noon.AddDate(-1, 0, 0))}, domain.Archived, aboutCustomer("archived"), "archived"},
		"an archived id in a new row":      {customers.ImportRow{Identity: by("archived"), UpdatedAt: &noon}, domain.Archived, aboutCustomer("archived"), "archived"},
		"an archived id that says nothing": {customers.ImportRow{Identity: by("archived")}, domain.Archived, aboutCustomer("archived"), "archived"},
		"a time in the future": {
			customers.ImportRow{Identity: by("new"), UpdatedAt: new(noon.Add(time.Millisecond))}, domain.BadUserInput,
			map[string]any{"field": "updatedAt"}, "new",
		},
		"a time in the future of a known one": {
			customers.ImportRow{Identity: by("live"), UpdatedAt: new(noon.AddDate(1, 0, 0))}, domain.BadUserInput,
			map[string]any{"field": "updatedAt"}, "live",
		},
		"neither id": {customers.ImportRow{}, domain.MissingID, nil, ""},
		"two ids that differ": {
			customers.ImportRow{Identity: customers.Identity{CustomerID: new("a"), RefID: new("b")}}, domain.IDMismatch, nil, "a",
		},
		"an id of no form": {named("a\n", "Eve"), domain.BadUserInput, map[string]any{"field": "customerId"}, "a\n"},
		"a refId of no form": {
			customers.ImportRow{Identity: customers.Identity{RefID: new(" a")}}, domain.BadUserInput, map[string]any{"field": "refId"}, " a",
		},
		"another environment": {
			customers.ImportRow{Identity: customers.Identity{CustomerID: new("new"), EnvironmentID: new("staging")}},
			domain.IdentityForbidden, nil, "new",
		},
		"an email of no form": {
			customers.ImportRow{Identity: by("new"), Details: detail("email", domain.SetTo("ada"))}, domain.BadUserInput,
			map[string]any{"field": "email"}, "new",
		},
		"metadata of no form": {
			customers.ImportRow{Identity: by("new"), Details: customers.Details{Metadata: metadata(`[]`)}}, domain.InvalidMetadata,
			map[string]any{"field": "additionalMetaData"}, "new",
		},
		"metadata too big when merged": {
			customers.ImportRow{Identity: by("live"), Details: customers.Details{Metadata: metadata(object(49))}}, domain.InvalidMetadata,
			map[string]any{"field": "additionalMetaData"}, "live",
		},
	}
	f := start(t)
	f.provision(t, full, "live")
	f.provision(t, full, "archived")
	f.archive(t, full, "archived")
	for name, c := range cases {
		t.Run("Import, "+name, func(t *testing.T) {
			f.requireNothingWritten(t, func() {
				_, err := f.Import(t.Context(), full, c.row)
				requireRefusal(t, err, c.kind, c.facts)
			})
		})
		t.Run("ImportBulk, "+name, func(t *testing.T) {
			f.requireNothingWritten(t, func() {
				rows := []customers.ImportRow{named("right-1", "a"), c.row, named("right-2", "b")}
				id, err := f.bulk(t, rows...)
				requireRefusal(t, err, domain.ImportFailed, map[string]any{"failedCustomerIds": []string{c.failed}})
				if id != "" {
					t.Errorf("the refusal comes with the id %s", id)
				}
				single, _ := importError(t, f, c.row)
				for _, part := range []string{"1 of 3", "nothing was imported", "customers[1]: " + single} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q does not say %q", err, part)
					}
				}
			})
		})
	}
}

// importError is what Import says of a row.
func importError(t testing.TB, f *fixture, row customers.ImportRow) (string, error) {
	t.Helper()
	_, err := f.Import(t.Context(), full, row)
	return fmt.Sprint(err), err
}

func TestBulkImportsEveryRow(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "known")
	f.provision(t, full, "skipped")
	f.at = noon.Add(time.Hour)
	id, err := f.bulk(t,
		named("new", "New"), named("known", "Known"),
		customers.ImportRow{Identity: by("skipped"), Details: customers.Details{Name: domain.SetTo("Skipped")}, UpdatedAt: new(noon.Add(-1))},
		customers.ImportRow{Identity: customers.Identity{RefID: new("by refId")}, Details: customers.Details{Name: domain.SetTo("Ref")}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(id, "uuid-") {
		t.Errorf("the import has the id %q", id)
	}
	f.requireNames(t, map[string]string{"new": "New", "known": "Known", "skipped": "Ada Lovelace", "by refId": "Ref"})
	if n := f.count(t, full); n != 4 {
		t.Errorf("%d customers", n)
	}
}

func TestBulkOfNothing(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.requireNothingWritten(t, func() {
		if id, err := f.bulk(t); err != nil || id == "" {
			t.Errorf("got %q, %v", id, err)
		}
	})
}

func TestBulkIDsDiffer(t *testing.T) {
	t.Parallel()
	f := start(t)
	first, _ := f.bulk(t, named("a", "a"))
	second, _ := f.bulk(t, named("a", "a"))
	if first == "" || first == second {
		t.Errorf("got %q and %q", first, second)
	}
}

func rows(n int) []customers.ImportRow {
	out := make([]customers.ImportRow, n)
	for i := range out {
		id := fmt.Sprintf("customer-%04d", i)
		out[i] = named(id, "Name of "+id)
	}
	return out
}

func TestBulkOf1000(t *testing.T) {
	t.Parallel()
	f := start(t)
	if _, err := f.bulk(t, rows(1000)...); err != nil {
		t.Fatal(err)
	}
	if n := f.count(t, full); n != 1000 {
		t.Fatalf("%d customers", n)
	}
	uuids := map[string]bool{}
	for _, row := range rows(1000) {
		got := f.stored(t, "production", *row.CustomerID)
		if got == nil || *got.Name != *row.Name.Value {
			t.Errorf("%s is %s", *row.CustomerID, show(got))
			continue
		}
		uuids[got.ID] = true
	}
	if len(uuids) != 1000 {
		t.Errorf("%d UUIDs", len(uuids))
	}
	// Sending the same rows again is safe, and here it is free.
	f.at = noon.Add(time.Hour)
	f.requireNothingWritten(t, func() {
		if _, err := f.bulk(t, rows(1000)...); err != nil {
			t.Error(err)
		}
	})
}

func TestBulkOf1001IsRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.requireNothingWritten(t, func() {
		_, err := f.bulk(t, rows(1001)...)
		requireFieldRefusal(t, err, domain.BadUserInput, "customers")
	})
}

func TestBulkEnvironment(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.requireNothingWritten(t, func() {
		_, err := f.ImportBulk(t.Context(), full, new("staging"), nil, rows(1))
		requireRefusal(t, err, domain.IdentityForbidden, nil)
	})
	if _, err := f.ImportBulk(t.Context(), full, new(""), nil, rows(1)); err != nil {
		t.Errorf("the empty environment, which is none: %v", err)
	}
	if _, err := f.ImportBulk(t.Context(), full, new("production"), nil, []customers.ImportRow{{
		Identity: customers.Identity{CustomerID: new("ada"), EnvironmentID: new("production")},
	}}); err != nil {
		t.Errorf("its own environment: %v", err)
	}
}

func TestBulkNamesEveryRowThatFails(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "archived")
	f.archive(t, full, "archived")
	f.requireNothingWritten(t, func() {
		_, err := f.bulk(t,
			named("right", "a"), named("archived", "b"),
			customers.ImportRow{Identity: by("wrong"), Details: detail("email", domain.SetTo("ada"))},
			customers.ImportRow{}, customers.ImportRow{Identity: by("future"), UpdatedAt: new(noon.Add(time.Hour))},
		)
		requireRefusal(t, err, domain.ImportFailed, map[string]any{
			"failedCustomerIds": []string{"archived", "wrong", "", "future"},
		})
		if !strings.Contains(err.Error(), "4 of 5") || !strings.Contains(err.Error(), "customers[1]: ") {
			t.Errorf("got %q", err)
		}
	})
}

func TestBulkWithOneWrongRowOf1000ImportsNothing(t *testing.T) {
	t.Parallel()
	for _, place := range []int{0, 500, 999} {
		t.Run(fmt.Sprint("row ", place), func(t *testing.T) {
			t.Parallel()
			f := start(t)
			all := rows(1000)
			all[place].Email = domain.SetTo("ada")
			f.requireNothingWritten(t, func() {
				_, err := f.bulk(t, all...)
				requireRefusal(t, err, domain.ImportFailed, map[string]any{
					"failedCustomerIds": []string{*all[place].CustomerID},
				})
			})
		})
	}
}

func TestBulkWithAnIDTwice(t *testing.T) {
	t.Parallel()
	byRef := func(id string) customers.ImportRow {
		return customers.ImportRow{Identity: customers.Identity{RefID: &id}}
	}
	cases := map[string]struct {
		rows   []customers.ImportRow
		failed []string
	}{
		"twice":                {[]customers.ImportRow{named("a", "1"), named("b", "2"), named("a", "3")}, []string{"a"}},
		"twice, word for word": {[]customers.ImportRow{named("a", "1"), named("a", "1")}, []string{"a"}},
		"three times":          {[]customers.ImportRow{named("a", "1"), named("a", "2"), named("a", "3")}, []string{"a", "a"}},
		"once by its refId":    {[]customers.ImportRow{named("a", "1"), byRef("a")}, []string{"a"}},
		"of a known customer":  {[]customers.ImportRow{named("known", "1"), named("known", "2")}, []string{"known"}},
		"two ids twice":        {[]customers.ImportRow{named("a", "1"), named("b", "1"), named("b", "2"), named("a", "2")}, []string{"b", "a"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.provision(t, full, "known")
			f.requireNothingWritten(t, func() {
				_, err := f.bulk(t, c.rows...)
				requireRefusal(t, err, domain.ImportFailed, map[string]any{"failedCustomerIds": c.failed})
				if !strings.Contains(err.Error(), "twice") {
					t.Errorf("%q does not say why", err)
				}
			})
		})
	}
	t.Run("in another case it is another", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		if _, err := f.bulk(t, named("a", "1"), named("A", "2")); err != nil {
			t.Error(err)
		}
	})
}

func TestImportIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "known")
	f.at = noon.Add(time.Hour)
	all := []customers.ImportRow{
		named("new", "New"), named("known", "Known"),
		{Identity: by("timed"), Details: filled(), UpdatedAt: new(noon.Add(time.Minute))},
		{Identity: by("merged"), Details: customers.Details{Metadata: metadata(`{"a":1,"b":null}`)}},
	}
	if _, err := f.bulk(t, all...); err != nil {
		t.Fatal(err)
	}
	f.at = noon.Add(2 * time.Hour)
	f.requireNothingWritten(t, func() {
		if _, err := f.bulk(t, all...); err != nil {
			t.Error(err)
		}
		for _, row := range all {
			if _, err := f.Import(t.Context(), full, row); err != nil {
				t.Error(err)
			}
		}
	})
}

// Sent again, a row must not undo what was changed since.
func TestARowThatIsSentLateDoesNotUndoAChange(t *testing.T) {
	t.Parallel()
	f := start(t)
	row := customers.ImportRow{Identity: by("ada"), Details: filled(), UpdatedAt: new(noon.Add(-time.Hour))}
	if _, err := f.Import(t.Context(), full, row); err != nil {
		t.Fatal(err)
	}
	want := f.update(t, "ada", customers.Details{Name: domain.SetTo("Countess")})
	f.requireNothingWritten(t, func() {
		got, err := f.Import(t.Context(), full, row)
		if err != nil {
			t.Fatal(err)
		}
		requireSame(t, got, want)
	})
}

func TestAnImportedIDIsTaken(t *testing.T) {
	t.Parallel()
	f := start(t)
	if _, err := f.bulk(t, named("ada", "Ada")); err != nil {
		t.Fatal(err)
	}
	_, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")})
	requireRefusal(t, err, domain.Duplicate, aboutCustomer("ada"))
}

func TestImportOfACustomerThatComesUpMeanwhile(t *testing.T) {
	t.Parallel()
	rival := func(f *fixture) func() {
		return func() {
			if _, err := f.Provision(context.Background(), full, customers.Provision{Identity: by("ada"), Details: filled()}); err != nil {
				panic(err)
			}
		}
	}
	cases := map[string]struct {
		row       customers.ImportRow
		meanwhile func(*fixture) func()
		// want is the name in the end, version the number of writes; with a kind, the row fails.
		want    string
		version int64
		kind    domain.Kind
	}{
		"the row is applied to it": {named("ada", "Eve"), rival, "Eve", 2, ""},
		"an older row is skipped": {
			customers.ImportRow{Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("Eve")}, UpdatedAt: new(noon.Add(-time.Hour))},
			rival, "Ada Lovelace", 1, "",
		},
		"a row that says nothing new": {customers.ImportRow{Identity: by("ada"), Details: filled()}, rival, "Ada Lovelace", 1, ""},
		"if it is archived, the row fails": {named("ada", "Eve"), func(f *fixture) func() {
			return func() {
				rival(f)()
				if _, err := f.Archive(context.Background(), full, by("ada"), nil); err != nil {
					panic(err)
				}
			}
		}, "", 2, domain.Archived},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			raced := f.over(overtaken{Store: f.store, done: new(atomic.Bool), beforeInsert: c.meanwhile(f)})
			got, err := raced.Import(t.Context(), full, c.row)
			stored := f.stored(t, "production", "ada")
			if stored.Version != c.version {
				t.Errorf("stored is %s", show(stored))
			}
			if c.kind != "" {
				requireRefusal(t, err, c.kind, aboutCustomer("ada"))
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			requireSame(t, got, stored)
			if *got.Name != c.want || *got.BillingID != "cus_1" {
				t.Errorf("got %s", show(got))
			}
			if n := f.count(t, full); n != 1 {
				t.Errorf("%d customers", n)
			}
		})
	}
}

func TestBulkWhenOthersWriteMeanwhile(t *testing.T) {
	t.Parallel()
	t.Run("a customer that comes up is changed", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		raced := f.over(overtaken{Store: f.store, done: new(atomic.Bool), of: "b", beforeInsert: func() { f.provision(t, full, "b") }})
		if _, err := raced.ImportBulk(t.Context(), full, nil, nil, []customers.ImportRow{named("a", "A"), named("b", "B"), named("c", "C")}); err != nil {
			t.Fatal(err)
		}
		f.requireNames(t, map[string]string{"a": "A", "b": "B", "c": "C"})
	})
	t.Run("a customer that is archived fails, the others are written", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.provision(t, full, "b")
		raced := f.over(overtaken{Store: f.store, done: new(atomic.Bool), beforeReplacement: func() { f.archive(t, full, "b") }})
		id, err := raced.ImportBulk(t.Context(), full, nil, nil, []customers.ImportRow{named("a", "A"), named("b", "B"), named("c", "C")})
		requireRefusal(t, err, domain.ImportFailed, map[string]any{"failedCustomerIds": []string{"b"}})
		if !strings.Contains(err.Error(), "the other rows were imported") || strings.Contains(err.Error(), "nothing was imported") {
			t.Errorf("got %q", err)
		}
		if id != "" {
			t.Errorf("the failure comes with the id %s", id)
		}
		f.requireNames(t, map[string]string{"a": "A", "c": "C"})
		if got := f.stored(t, "production", "b"); !got.Archived() || got.Name != nil {
			t.Errorf("b is %s", show(got))
		}
	})
	t.Run("a customer that others never leave alone fails", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.provision(t, full, "b")
		losing := f.over(contended{Store: f.store, losses: 1 << 40, writes: new(atomic.Int64)})
		// One row alone, so that nobody but the one that loses is in the bubble with the store.
		synctest.Test(t, func(t *testing.T) {
			_, err := losing.ImportBulk(t.Context(), full, nil, nil, []customers.ImportRow{named("b", "B")})
			requireRefusal(t, err, domain.ImportFailed, map[string]any{"failedCustomerIds": []string{"b"}})
		})
	})
}

func TestConcurrentImportsOfTheSameRows(t *testing.T) {
	t.Parallel()
	f := start(t)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if _, err := f.bulk(t, rows(100)...); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := f.count(t, full); n != 100 {
		t.Errorf("%d customers", n)
	}
	for _, row := range rows(100) {
		if got := f.stored(t, "production", *row.CustomerID); got.Version != 1 || *got.Name != *row.Name.Value {
			t.Errorf("stored is %s", show(got))
		}
	}
}

func TestImportReportsAStoreThatFails(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "known")
	for _, c := range []struct{ method, id string }{
		{"AnyCustomer", "known"}, {"AnyCustomer", "new"}, {"InsertCustomer", "new"}, {"ReplaceCustomer", "known"},
	} {
		t.Run(c.method+" of a "+c.id+" customer", func(t *testing.T) {
			failing := f.over(failOn{f.store, c.method})
			f.requireNothingWritten(t, func() {
				if _, err := failing.Import(t.Context(), full, named(c.id, "Eve")); !errors.Is(err, errBroken) {
					t.Errorf("Import: got %v", err)
				}
				// A fault is not the row's: no id is reported as failed.
				_, err := failing.ImportBulk(t.Context(), full, nil, nil, []customers.ImportRow{named(c.id, "Eve")})
				if !errors.Is(err, errBroken) || domain.IsKind(err, domain.ImportFailed) {
					t.Errorf("ImportBulk: got %v", err)
				}
			})
		})
	}
}

func TestImportEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	f := start(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	f.requireNothingWritten(t, func() {
		if _, err := f.ImportBulk(ctx, full, nil, nil, rows(100)); !errors.Is(err, context.Canceled) {
			t.Errorf("ImportBulk: got %v", err)
		}
		if _, err := f.Import(ctx, full, named("ada", "Ada")); !errors.Is(err, context.Canceled) {
			t.Errorf("Import: got %v", err)
		}
	})
}

func TestImportLeavesItsRowsAlone(t *testing.T) {
	t.Parallel()
	f := start(t)
	all, want := rows(10), rows(10)
	if _, err := f.bulk(t, all...); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(all, want) {
		t.Error("the rows changed")
	}
}

// A store whose look and whose insert never agree must not keep the caller for ever.
func TestImportThatNeverGetsThroughEndsInConflict(t *testing.T) {
	t.Parallel()
	f := start(t)
	var attempts atomic.Int64
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		service := f.over(disagreeing{f.store, func() { attempts.Add(1) }})
		_, err := service.Import(t.Context(), full, named("ada", "Ada"))
		requireRefusal(t, err, domain.Conflict, aboutCustomer("ada"))
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("the caller waited %v", took)
		}
	})
	if n := attempts.Load(); n < 2 || n > 1000 {
		t.Errorf("it was tried %d times", n)
	}
}

func TestACancelledImportEnds(t *testing.T) {
	t.Parallel()
	f := start(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, hangUp := context.WithCancel(t.Context())
		var attempts atomic.Int64
		var hungUp time.Time
		service := f.over(disagreeing{f.store, func() {
			if attempts.Add(1) == 3 {
				defer hangUp()
				hungUp = time.Now()
			}
		}})
		_, err := service.Import(ctx, full, named("ada", "Ada"))
		if !errors.Is(err, context.Canceled) || attempts.Load() != 3 {
			t.Errorf("after %d attempts: %v", attempts.Load(), err)
		}
		if kept := time.Since(hungUp); kept != 0 {
			t.Errorf("the importer was kept for another %v", kept)
		}
	})
}

// A panic in a goroutine of the import would end the process and everybody's requests with it.
func TestBulkSurvivesAPanic(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, row := range rows(10) {
		f.provision(t, full, *row.CustomerID)
	}
	broken := f.over(panicking{f.store, "customer-0007", new(atomic.Bool)})
	id, err := broken.ImportBulk(t.Context(), full, nil, nil, rows(10))
	if err == nil || !strings.Contains(err.Error(), "panic: a bug") {
		t.Errorf("got %v", err)
	}
	if domain.IsKind(err, domain.ImportFailed) || id != "" {
		t.Errorf("the row is blamed: %q, %v", id, err)
	}
	// The turn at the customer is free again, and sending the same rows is safe.
	if _, err := broken.ImportBulk(t.Context(), full, nil, nil, rows(10)); err != nil {
		t.Error(err)
	}
	f.requireNames(t, map[string]string{"customer-0000": "Name of customer-0000", "customer-0007": "Name of customer-0007"})
}
