package customers_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"clientele/internal/customers"
	"clientele/internal/domain"
	"clientele/persistence"
)

// withKeys is the fixture with ResponseKeys that are all different.
func withKeys(f *fixture) *customers.Service {
	n := 0
	return customers.New(f.store, checkBilling, append(f.options(), customers.WithResponseKeys(func() []byte {
		n++
		return fmt.Append(nil, "key ", n)
	}))...)
}

func TestResponseKeys(t *testing.T) {
	t.Parallel()
	f := start(t)
	// There were customers when there were no such keys.
	f.provision(t, full, "old")
	s := withKeys(f)
	expect := func(what, id, want string) {
		t.Helper()
		if got := f.stored(t, full.EnvironmentID, id).ResponseKey; string(got) != want || want == "" && got != nil {
			t.Errorf("%s: the key is %q, want %q", what, got, want)
		}
	}
	if _, err := s.Provision(t.Context(), full, customers.Provision{Identity: by("ada"), Details: filled()}); err != nil {
		t.Fatal(err)
	}
	expect("provisioning", "ada", "key 1")
	update := func(id, name string) {
		t.Helper()
		if _, err := s.Update(t.Context(), full, customers.Update{Identity: by(id), Details: customers.Details{Name: domain.SetTo(name)}}); err != nil {
			t.Fatal(err)
		}
	}
	update("ada", "Eve")
	expect("an update", "ada", "key 1")
	update("old", "Ada Lovelace")
	expect("an update of an old customer that changes nothing", "old", "")
	update("old", "Eve")
	expect("an update of an old customer", "old", "key 2")
	if _, err := s.Import(t.Context(), full, customers.ImportRow{Identity: by("imported")}); err != nil {
		t.Fatal(err)
	}
	expect("an import", "imported", "key 3")
	if _, err := s.Archive(t.Context(), full, by("ada"), nil); err != nil {
		t.Fatal(err)
	}
	expect("archiving", "ada", "")
	if _, err := s.Unarchive(t.Context(), full, by("ada")); err != nil {
		t.Fatal(err)
	}
	expect("bringing back", "ada", "key 4")
}

func TestResponseKeysAreRandom(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := customers.New(f.store, checkBilling)
	keys := map[string]bool{}
	for i := range 10 {
		got, err := s.Provision(t.Context(), full, customers.Provision{Identity: by(fmt.Sprint(i))})
		if err != nil {
			t.Fatal(err)
		}
		keys[string(got.Customer.ResponseKey)] = true
		if len(got.Customer.ResponseKey) != 32 || bytes.Equal(got.Customer.ResponseKey, make([]byte, 32)) {
			t.Errorf("the key is %x", got.Customer.ResponseKey)
		}
	}
	if len(keys) != 10 {
		t.Errorf("10 customers have %d keys", len(keys))
	}
}

// TestArchivingClearsRequests: those about the customer, and no others.
func TestArchivingClearsRequests(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	f.provision(t, full, "eve")
	ada, eve := full.EnvironmentID+"/ada", full.EnvironmentID+"/eve"
	const hers = 230
	add := func(id string, keys ...string) {
		t.Helper()
		r := &domain.KeyedRequest{ID: id, Version: 1, State: domain.RequestCompleted, Fingerprint: "print", Response: []byte("x"), CustomerKeys: keys, ExpiresAt: noon}
		if err := f.store.InsertRequest(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i := range hers {
		add(fmt.Sprint("hers ", i), ada)
	}
	add("both", eve, ada)
	add("eve's", eve)
	add("nobody's")
	f.archive(t, full, "ada")
	for _, id := range []string{"hers 0", fmt.Sprint("hers ", hers-1), "both"} {
		r, err := f.store.Request(t.Context(), id)
		if err != nil || r.State != domain.RequestCleared || r.Response != nil || r.Fingerprint != "" || r.CustomerKeys != nil || !r.ExpiresAt.Equal(noon) {
			t.Errorf("%s is %+v, %v", id, r, err)
		}
	}
	for _, id := range []string{"eve's", "nobody's"} {
		if r, err := f.store.Request(t.Context(), id); err != nil || r.Version != 1 {
			t.Errorf("%s is %+v, %v", id, r, err)
		}
	}
	if left, err := f.store.RequestsAbout(t.Context(), ada, 10); len(left) > 0 || err != nil {
		t.Errorf("%d requests are about the archived customer, %v", len(left), err)
	}
}

// keepsRequests is a store that clears no requests.
type keepsRequests struct{ persistence.Store }

func (keepsRequests) RequestsAbout(context.Context, string, int) ([]*domain.KeyedRequest, error) {
	return nil, persistence.ErrUnavailable
}

// TestArchivingStands although requests cannot be cleared: their responses are unreadable by then.
func TestArchivingStands(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.provision(t, full, "ada")
	if got, err := f.over(keepsRequests{f.store}).Archive(t.Context(), full, by("ada"), nil); err != nil || !got.Archived() {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestGeneratedIDsOfOneSeed are one id, of the same form as others.
func TestGeneratedIDsOfOneSeed(t *testing.T) {
	t.Parallel()
	f := start(t)
	provision := func(seed string) (*domain.Customer, error) {
		return f.Provision(t.Context(), full, customers.Provision{Seed: seed})
	}
	first, err := provision("seed")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.CustomerID, "customer-") || len(first.CustomerID) != len("customer-")+12 || strings.Trim(first.CustomerID[9:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		t.Errorf("the id is %q", first.CustomerID)
	}
	if _, err := provision("seed"); !domain.IsKind(err, domain.Duplicate) {
		t.Errorf("the second time: %v", err)
	}
	if other, err := provision("seed 2"); err != nil || other.CustomerID == first.CustomerID {
		t.Errorf("another seed makes %v, %v", other, err)
	}
	// An id that is given is not made up.
	if got, err := f.Provision(t.Context(), full, customers.Provision{Identity: by("ada"), Seed: "seed"}); err != nil || got.CustomerID != "ada" {
		t.Errorf("got %v, %v", got, err)
	}
}
