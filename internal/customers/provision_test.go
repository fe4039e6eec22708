package customers_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/internal/customers"
	"clientele/internal/domain"
)

func TestProvisionStoresTheCustomer(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.at = noon.Add(1_999_999 * time.Nanosecond).In(time.FixedZone("CET", 3600))
	now := noon.Add(time.Millisecond)
	got, err := f.Provision(t.Context(), full, customers.Provision{
		Identity: by("ada"), Details: filled(), ExcludeFromExperiment: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := filledCustomer(now)
	want.ExcludeFromExperiment = true
	requireSame(t, got, want)
	requireSame(t, f.stored(t, "production", "ada"), want)
}

func TestProvisionOfAnIDAlone(t *testing.T) {
	t.Parallel()
	f := start(t)
	got, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")})
	if err != nil {
		t.Fatal(err)
	}
	want := &domain.Customer{
		Key: "production/ada", ID: "uuid-1", EnvironmentID: "production", CustomerID: "ada", Version: 1,
		CreatedAt: noon, UpdatedAt: noon,
	}
	requireSame(t, got, want)
	requireSame(t, f.stored(t, "production", "ada"), want)
}

func TestProvisionNamesTheCustomer(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		identity customers.Identity
		// want is the customer's id; with a kind, the use case refuses instead.
		want  string
		kind  domain.Kind
		facts map[string]any
	}{
		"by customerId":                    {identity: customers.Identity{CustomerID: new("ada")}, want: "ada"},
		"by refId":                         {identity: customers.Identity{RefID: new("ada")}, want: "ada"},
		"by both alike":                    {identity: customers.Identity{CustomerID: new("ada"), RefID: new("ada")}, want: "ada"},
		"by both, different":               {identity: customers.Identity{CustomerID: new("ada"), RefID: new("Ada")}, kind: domain.IDMismatch},
		"by both, refId empty":             {identity: customers.Identity{CustomerID: new("ada"), RefID: new("")}, want: "ada"},
		"by an empty refId alone":          {identity: customers.Identity{RefID: new("")}, want: "generated-1"},
		"by an empty customerId":           {identity: customers.Identity{CustomerID: new("")}, kind: domain.BadUserInput, facts: map[string]any{"field": "customerId"}},
		"by neither, an id is generated":   {want: "generated-1"},
		"in the caller's own environment":  {identity: customers.Identity{CustomerID: new("ada"), EnvironmentID: new("production")}, want: "ada"},
		"in another environment":           {identity: customers.Identity{CustomerID: new("ada"), EnvironmentID: new("staging")}, kind: domain.IdentityForbidden},
		"in an empty environment":          {identity: customers.Identity{CustomerID: new("ada"), EnvironmentID: new("")}, want: "ada"},
		"a wrong refId is called by name":  {identity: customers.Identity{RefID: new(" ")}, kind: domain.BadUserInput, facts: map[string]any{"field": "refId"}},
		"a forbidden environment is first": {identity: customers.Identity{CustomerID: new(""), EnvironmentID: new("staging")}, kind: domain.IdentityForbidden},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			before := f.bytes(t)
			got, err := f.Provision(t.Context(), full, customers.Provision{Identity: c.identity})
			if c.kind != "" {
				requireRefusal(t, err, c.kind, c.facts)
				if got != nil || f.bytes(t) != before {
					t.Error("the refusal changed something")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.CustomerID != c.want || got.Key != "production/"+c.want {
				t.Errorf("got %s", show(got))
			}
			requireSame(t, f.stored(t, "production", c.want), got)
		})
	}
}

// idForms are some ids. Package validate tests all their rules.
var idForms = map[string]struct {
	id      string
	refused bool
}{
	"1 character":              {"a", false},
	"255 wide characters":      {strings.Repeat("🔑", 255), false},
	"slashes":                  {"/production/ada/", false},
	"dots and dollars":         {"$set.ada.", false},
	"wildcards and quotes":     {`%_*\"'`, false},
	"letters beyond the Latin": {"Ада-爱达", false},
	"empty":                    {"", true},
	"256 characters":           {strings.Repeat("a", 256), true},
	"a space in front":         {" ada", true},
	"a newline inside":         {"ada\nlovelace", true},
}

func TestProvisionChecksTheID(t *testing.T) {
	t.Parallel()
	f := start(t)
	for name, c := range idForms {
		t.Run(name, func(t *testing.T) {
			if c.refused {
				f.requireNothingWritten(t, func() {
					_, err := f.Provision(t.Context(), full, customers.Provision{Identity: by(c.id)})
					requireFieldRefusal(t, err, domain.BadUserInput, "customerId")
				})
				return
			}
			got, err := f.Provision(t.Context(), full, customers.Provision{Identity: by(c.id)})
			if err != nil {
				t.Fatal(err)
			}
			if got.CustomerID != c.id {
				t.Errorf("got %q", got.CustomerID)
			}
			found, err := f.Get(t.Context(), full, nil, c.id)
			if err != nil {
				t.Fatal(err)
			}
			requireSame(t, found, got)
		})
	}
}

func TestTwoCustomersMayShareAnEmail(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	f.provision(t, full, "eve")
	if n := f.count(t, full); n != 2 {
		t.Errorf("%d customers", n)
	}
}

func TestIDsThatLookAlikeAreDifferent(t *testing.T) {
	t.Parallel()
	f := start(t)
	ids := []string{"ada", "Ada", "ada.", "adá", "ada\u0301", "a/da", "production/ada"}
	for _, id := range ids {
		f.provision(t, full, id)
	}
	if n := f.count(t, full); n != len(ids) {
		t.Errorf("%d customers for %d ids", n, len(ids))
	}
}

func TestGeneratedIDs(t *testing.T) {
	t.Parallel()
	f := start(t)
	service := customers.New(f.store, checkBilling)
	form := regexp.MustCompile(`^customer-([a-z0-9]{12})$`)
	ids, uuids, letters := map[string]bool{}, map[string]bool{}, map[rune]bool{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			provisioned, err := service.Provision(t.Context(), full, customers.Provision{})
			got := provisioned.Customer
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[got.CustomerID], uuids[got.ID] = true, true
			match := form.FindStringSubmatch(got.CustomerID)
			if match == nil {
				t.Errorf("the id %q has not the form of one", got.CustomerID)
				return
			}
			for _, letter := range match[1] {
				letters[letter] = true
			}
			if id, err := uuid.Parse(got.ID); err != nil || id.String() != got.ID || id.Variant() != uuid.RFC4122 {
				t.Errorf("%q is not a UUID: %v", got.ID, err)
			}
		})
	}
	group.Wait()
	if len(ids) != 200 || len(uuids) != 200 {
		t.Errorf("%d ids and %d UUIDs for 200 customers", len(ids), len(uuids))
	}
	// 2,400 draws miss one of 36 letters once in 10^28 runs.
	if len(letters) != 36 {
		t.Errorf("only %d letters and digits are in use", len(letters))
	}
}

func TestWithoutAClockTheTimeIsNow(t *testing.T) {
	t.Parallel()
	f := start(t)
	before := domain.Timestamp(time.Now())
	provisioned, err := customers.New(f.store, checkBilling).Provision(t.Context(), full, customers.Provision{})
	got := provisioned.Customer
	if err != nil {
		t.Fatal(err)
	}
	if got.CreatedAt.Before(before) || got.CreatedAt.After(time.Now()) || got.UpdatedAt != got.CreatedAt {
		t.Errorf("created %v, updated %v", got.CreatedAt, got.UpdatedAt)
	}
}

func TestProvisionOfAnIDThatExists(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		prepare func(testing.TB, *fixture)
		kind    domain.Kind
	}{
		"live":     {func(testing.TB, *fixture) {}, domain.Duplicate},
		"archived": {func(t testing.TB, f *fixture) { f.archive(t, full, "ada") }, domain.Archived},
		"brought back": {func(t testing.TB, f *fixture) {
			f.archive(t, full, "ada")
			if _, err := f.Unarchive(t.Context(), full, by("ada")); err != nil {
				t.Fatal(err)
			}
		}, domain.Duplicate},
		"archived again": {func(t testing.TB, f *fixture) {
			f.archive(t, full, "ada")
			if _, err := f.Unarchive(t.Context(), full, by("ada")); err != nil {
				t.Fatal(err)
			}
			f.archive(t, full, "ada")
		}, domain.Archived},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.provision(t, full, "ada")
			c.prepare(t, f)
			f.requireNothingWritten(t, func() {
				for _, identity := range []customers.Identity{by("ada"), {RefID: new("ada")}} {
					got, err := f.Provision(t.Context(), full, customers.Provision{
						Identity: identity, Details: customers.Details{Name: domain.SetTo("Eve")},
					})
					requireRefusal(t, err, c.kind, aboutCustomer("ada"))
					if got != nil {
						t.Errorf("the refusal came with %s", show(got))
					}
				}
			})
		})
	}
}

func TestProvisionAfterAnArchivedCustomerOfAnotherEnvironment(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	f.archive(t, full, "ada")
	if got := f.provision(t, staging, "ada"); got.EnvironmentID != "staging" {
		t.Errorf("got %s", show(got))
	}
}

func TestProvisionCreatedAt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		createdAt *time.Time
		want      time.Time
		refused   bool
	}{
		"none is now":                     {nil, noon, false},
		"now":                             {new(noon), noon, false},
		"the past":                        {new(time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)), time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), false},
		"an offset becomes UTC":           {new(noon.Add(-time.Hour).In(time.FixedZone("CET", 3600))), noon.Add(-time.Hour), false},
		"less than a millisecond is cut":  {new(noon.Add(-time.Nanosecond)), noon.Add(-time.Millisecond), false},
		"a millisecond in the future":     {new(noon.Add(time.Millisecond)), time.Time{}, true},
		"a year in the future":            {new(noon.AddDate(1, 0, 0)), time.Time{}, true},
		"the future in another time zone": {new(noon.Add(time.Minute).In(time.FixedZone("far west", -11*3600))), time.Time{}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			input := customers.Provision{Identity: by("ada"), CreatedAt: c.createdAt}
			if c.refused {
				f.requireNothingWritten(t, func() {
					_, err := f.Provision(t.Context(), full, input)
					requireFieldRefusal(t, err, domain.BadUserInput, "createdAt")
				})
				return
			}
			got, err := f.Provision(t.Context(), full, input)
			if err != nil {
				t.Fatal(err)
			}
			if got.CreatedAt != c.want || got.UpdatedAt != noon {
				t.Errorf("created %v, updated %v", got.CreatedAt, got.UpdatedAt)
			}
			requireSame(t, f.stored(t, "production", "ada"), got)
		})
	}
}

func TestProvisionMetadata(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change customers.Details
		want   domain.Metadata
	}{
		"left out is none":            {customers.Details{}, nil},
		"null is none":                {customers.Details{Metadata: domain.Change[raw]{Given: true}}, nil},
		"an empty object is empty":    {customers.Details{Metadata: metadata(`{}`)}, domain.Metadata{}},
		"a key with null is left out": {customers.Details{Metadata: metadata(`{"a":null,"b":1}`)}, domain.Metadata{{Key: "b", Value: "1"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			got, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada"), Details: c.change})
			if err != nil {
				t.Fatal(err)
			}
			if !got.Metadata.Equal(c.want) || !f.stored(t, "production", "ada").Metadata.Equal(c.want) {
				t.Errorf("got %s, want %s", got.Metadata.JSON(), c.want.JSON())
			}
		})
	}
}

func TestProvisionInARace(t *testing.T) {
	t.Parallel()
	f := start(t)
	const rivals = 50
	errs := make([]error, rivals)
	winners := make([]*domain.Customer, rivals)
	var group sync.WaitGroup
	for i := range rivals {
		group.Go(func() {
			winners[i], errs[i] = f.Provision(t.Context(), full, customers.Provision{Identity: by("ada")})
		})
	}
	group.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			requireSame(t, f.stored(t, "production", "ada"), winners[i])
			continue
		}
		requireRefusal(t, err, domain.Duplicate, aboutCustomer("ada"))
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, rivals)
	}
	if n := f.count(t, full); n != 1 {
		t.Errorf("%d customers", n)
	}
}

// After an election, a store may refuse what it does not show yet. The id is taken all the same.
func TestProvisionOfAnIDThatCannotBeSeenYet(t *testing.T) {
	t.Parallel()
	f := start(t)
	service := f.over(disagreeing{f.store, func() {}})
	f.requireNothingWritten(t, func() {
		_, err := service.Provision(t.Context(), full, customers.Provision{Identity: by("ada")})
		requireRefusal(t, err, domain.Duplicate, aboutCustomer("ada"))
	})
}

func TestProvisionReportsAStoreThatFails(t *testing.T) {
	t.Parallel()
	f := start(t)
	failing := f.over(failOn{f.store, "InsertCustomer"})
	if _, err := failing.Provision(t.Context(), full, customers.Provision{Identity: by("ada")}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	f.provision(t, full, "ada")
	failing = f.over(failOn{f.store, "AnyCustomer"})
	if _, err := failing.Provision(t.Context(), full, customers.Provision{Identity: by("ada")}); !errors.Is(err, errBroken) {
		t.Errorf("while it looks for the holder of the id: got %v", err)
	}
}
