package customers_test

import (
	"errors"
	"slices"
	"testing"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// listed are the ids of the first 100 customers of a query.
func (f *fixture) listed(t testing.TB, actor domain.Actor, query persistence.Query) []string {
	t.Helper()
	query.Page.Limit = 100
	page, err := f.List(t.Context(), actor, query)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, item := range page.Items {
		ids = append(ids, item.Document.CustomerID)
	}
	return ids
}

func TestGet(t *testing.T) {
	t.Parallel()
	f := start(t)
	ada := f.provision(t, full, "ada")
	f.provision(t, full, "archived")
	f.archive(t, full, "archived")
	f.provision(t, staging, "elsewhere")
	cases := map[string]struct {
		actor       domain.Actor
		environment *string
		id          string
		want        *domain.Customer
	}{
		"a live customer":                       {full, nil, "ada", ada},
		"with read access":                      {reader, nil, "ada", ada},
		"with its environment":                  {full, new("production"), "ada", ada},
		"unknown is nothing":                    {full, nil, "unknown", nil},
		"archived is nothing":                   {full, nil, "archived", nil},
		"of another environment is nothing":     {full, nil, "elsewhere", nil},
		"the id in another case is nothing":     {full, nil, "Ada", nil},
		"an id that reaches out is nothing":     {full, nil, "../staging/elsewhere", nil},
		"an id of no form is nothing":           {full, nil, "\x00", nil},
		"an empty id is nothing":                {full, nil, "", nil},
		"the key of a customer is not its id":   {full, nil, "production/ada", nil},
		"the UUID of a customer is not its id":  {full, nil, ada.ID, nil},
		"the other environment has its own ids": {staging, nil, "ada", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := f.Get(t.Context(), c.actor, c.environment, c.id)
			if err != nil {
				t.Fatal(err)
			}
			requireSame(t, got, c.want)
		})
	}
}

func TestGetOfAnotherEnvironmentIsForbidden(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, staging, "ada")
	for _, environment := range []string{"staging", " ", "Production"} {
		got, err := f.Get(t.Context(), full, &environment, "ada")
		requireRefusal(t, err, domain.IdentityForbidden, nil)
		if got != nil {
			t.Errorf("the refusal came with %s", show(got))
		}
	}
}

func TestGetReportsAStoreThatFails(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	if _, err := f.over(failOn{f.store, "LiveCustomer"}).Get(t.Context(), full, nil, "ada"); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

func TestListAndCount(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, id := range []string{"b", "a", "c", "d"} {
		f.provision(t, full, id)
	}
	f.provision(t, staging, "s")
	f.archive(t, full, "d")
	named := func(id string) persistence.Filter {
		return persistence.Condition{
			Field: persistence.FieldCustomerID, Op: persistence.Equal, Operands: []persistence.Value{persistence.Text(id)},
		}
	}
	cases := map[string]struct {
		actor  domain.Actor
		filter persistence.Filter
		want   []string
	}{
		"all of the environment":              {full, nil, []string{"a", "b", "c"}},
		"with read access":                    {reader, nil, []string{"a", "b", "c"}},
		"all of another environment":          {staging, nil, []string{"s"}},
		"those that match":                    {full, named("b"), []string{"b"}},
		"none":                                {full, named("x"), []string{}},
		"an archived one does not match":      {full, named("d"), []string{}},
		"one of another environment does not": {full, named("s"), []string{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			// Whatever environment the query names, the caller's own is the one.
			query := persistence.Query{EnvironmentID: "staging", Filter: c.filter}
			if got := f.listed(t, c.actor, query); !slices.Equal(got, c.want) {
				t.Errorf("List returns %q, want %q", got, c.want)
			}
			n, err := f.Count(t.Context(), c.actor, c.filter)
			if err != nil || n != len(c.want) {
				t.Errorf("Count returns %d, %v", n, err)
			}
		})
	}
}

func TestListRefusesCursorsOfOtherLists(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "a")
	f.provision(t, full, "b")
	f.provision(t, staging, "a")
	page, err := f.List(t.Context(), full, persistence.Query{Page: persistence.PageRequest{Limit: 1}})
	if err != nil {
		t.Fatal(err)
	}
	cursor := page.Items[0].Cursor
	cases := map[string]struct {
		actor domain.Actor
		query persistence.Query
		field string
	}{
		"after, damaged":     {full, persistence.Query{Page: persistence.PageRequest{After: "x"}}, "paging.after"},
		"before, damaged":    {full, persistence.Query{Page: persistence.PageRequest{Before: "x"}}, "paging.before"},
		"after, elsewhere":   {staging, persistence.Query{Page: persistence.PageRequest{After: cursor}}, "paging.after"},
		"before, elsewhere":  {staging, persistence.Query{Page: persistence.PageRequest{Before: cursor}}, "paging.before"},
		"after, other order": {full, persistence.Query{Order: []persistence.Order{{Field: persistence.FieldName}}, Page: persistence.PageRequest{After: cursor}}, "paging.after"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.query.Page.Limit = 1
			_, err := f.List(t.Context(), c.actor, c.query)
			requireFieldRefusal(t, err, domain.BadUserInput, c.field)
		})
	}
	page, err = f.List(t.Context(), full, persistence.Query{Page: persistence.PageRequest{Limit: 1, After: cursor}})
	if err != nil || len(page.Items) != 1 || page.Items[0].Document.CustomerID != "b" {
		t.Errorf("the list's own cursor returns %+v, %v", page, err)
	}
}

func TestEnvironmentsDoNotSeeOneAnother(t *testing.T) {
	t.Parallel()
	f := start(t)
	production := f.provision(t, full, "ada")
	other := f.provision(t, staging, "ada")
	if production.ID == other.ID {
		t.Error("two customers have one UUID")
	}
	// Everything that can be done to the one leaves the other as it is.
	for name, do := range map[string]func() error{
		"Update": func() error {
			_, err := f.Update(t.Context(), staging, customers.Update{Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("Eve")}})
			return err
		},
		"Import": func() error {
			_, err := f.Import(t.Context(), staging, customers.ImportRow{Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("Eva")}})
			return err
		},
		"ImportBulk": func() error {
			_, err := f.ImportBulk(t.Context(), staging, nil, nil, []customers.ImportRow{{Identity: by("ada"), Details: customers.Details{Name: domain.SetTo("Evi")}}})
			return err
		},
		"Archive and Unarchive": func() error {
			_, err := f.Archive(t.Context(), staging, by("ada"), nil)
			if err == nil {
				_, err = f.Unarchive(t.Context(), staging, by("ada"))
			}
			return err
		},
	} {
		before := f.stored(t, "staging", "ada").Version
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f.stored(t, "staging", "ada").Version == before {
			t.Errorf("%s did nothing", name)
		}
		requireSame(t, f.stored(t, "production", "ada"), production)
	}
	if f.count(t, full) != 1 || f.count(t, staging) != 1 {
		t.Error("an environment counts the customers of the other")
	}
}

func TestReadAccessWritesNothing(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "live")
	f.provision(t, full, "archived")
	f.archive(t, full, "archived")
	row := customers.ImportRow{Identity: by("new")}
	calls := map[string]func(domain.Actor) error{
		"Provision": func(a domain.Actor) error {
			_, err := f.Provision(t.Context(), a, customers.Provision{Identity: by("new")})
			return err
		},
		"Update": func(a domain.Actor) error {
			_, err := f.Update(t.Context(), a, customers.Update{Identity: by("live"), Details: filled()})
			return err
		},
		"Archive": func(a domain.Actor) error {
			_, err := f.Archive(t.Context(), a, by("live"), nil)
			return err
		},
		"Unarchive": func(a domain.Actor) error {
			_, err := f.Unarchive(t.Context(), a, by("archived"))
			return err
		},
		"Unarchive of a live customer": func(a domain.Actor) error {
			_, err := f.Unarchive(t.Context(), a, by("live"))
			return err
		},
		"Import": func(a domain.Actor) error {
			_, err := f.Import(t.Context(), a, row)
			return err
		},
		"ImportBulk": func(a domain.Actor) error {
			_, err := f.ImportBulk(t.Context(), a, nil, nil, []customers.ImportRow{row})
			return err
		},
		"ImportBulk of nothing": func(a domain.Actor) error {
			_, err := f.ImportBulk(t.Context(), a, nil, nil, nil)
			return err
		},
		// A caller who may not write learns nothing about the input.
		"Update of an unknown customer": func(a domain.Actor) error {
			_, err := f.Update(t.Context(), a, customers.Update{Identity: by("unknown")})
			return err
		},
		"Provision of a wrong id": func(a domain.Actor) error {
			_, err := f.Provision(t.Context(), a, customers.Provision{Identity: by("")})
			return err
		},
		"ImportBulk of too many": func(a domain.Actor) error {
			_, err := f.ImportBulk(t.Context(), a, nil, nil, make([]customers.ImportRow, 1001))
			return err
		},
	}
	for name, call := range calls {
		for scope, actor := range map[string]domain.Actor{
			"read": reader, "none": {EnvironmentID: "production"}, "unknown": {EnvironmentID: "production", Scope: "unheard-of"},
		} {
			t.Run(name+", scope "+scope, func(t *testing.T) {
				f.requireNothingWritten(t, func() { requireRefusal(t, call(actor), domain.IdentityForbidden, nil) })
			})
		}
	}
}
