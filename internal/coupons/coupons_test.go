package coupons_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/internal/coupons"
	"clientele/internal/domain"
	"clientele/persistence/bolt"
)

var (
	noon   = time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	full   = domain.Actor{KeyID: "k1", EnvironmentID: "production", Scope: domain.ScopeFull}
	reader = domain.Actor{KeyID: "k2", EnvironmentID: "production", Scope: domain.ScopeRead}
	other  = domain.Actor{KeyID: "k3", EnvironmentID: "staging", Scope: domain.ScopeFull}
)

func start(t *testing.T) *coupons.Service {
	t.Helper()
	store, err := bolt.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return coupons.New(store.Coupons(), coupons.WithClock(func() time.Time { return noon }))
}

func decimal(d domain.Decimal) *domain.Decimal { return &d }

func TestCreate(t *testing.T) {
	t.Parallel()
	fixed, percentage := domain.CouponFixed, domain.CouponPercentage
	amounts := []coupons.Amount{{Amount: "5"}, {Amount: "30.50", Currency: new("DKK")}}
	for name, c := range map[string]struct {
		input coupons.Create
		// want is the kind of refusal; "" is none.
		want  domain.Kind
		field string
		check func(*domain.Coupon) bool
	}{
		"a percentage": {input: coupons.Create{PercentOff: decimal("12.5")}, check: func(c *domain.Coupon) bool {
			return c.Type == domain.CouponPercentage && *c.PercentOff == "12.5" && c.AmountsOff == nil && c.Status == domain.CouponActive
		}},
		"a percentage as older clients give it": {input: coupons.Create{DiscountValue: decimal("20")}, check: func(c *domain.Coupon) bool {
			return c.Type == domain.CouponPercentage && *c.PercentOff == "20"
		}},
		"amounts, in dollars without a currency": {input: coupons.Create{AmountsOff: amounts, Type: &fixed}, check: func(c *domain.Coupon) bool {
			return c.Type == domain.CouponFixed && len(c.AmountsOff) == 2 && c.AmountsOff[0].Currency == "USD" && c.AmountsOff[1] == domain.Money{Amount: "30.50", Currency: "DKK"}
		}},
		"for a year": {input: coupons.Create{PercentOff: decimal("100"), DurationInMonths: new(12.0)}, check: func(c *domain.Coupon) bool { return *c.DurationInMonths == 12 }},
		"metadata": {input: coupons.Create{PercentOff: decimal("1"), Metadata: json.RawMessage(`{"a":1}`)}, check: func(c *domain.Coupon) bool {
			return string(c.Metadata.JSON()) == `{"a":1}`
		}},
		"no discount":                       {input: coupons.Create{}, want: domain.BadUserInput, field: "percentOff"},
		"two discounts":                     {input: coupons.Create{PercentOff: decimal("1"), AmountsOff: amounts}, want: domain.BadUserInput, field: "percentOff"},
		"an older and a newer percentage":   {input: coupons.Create{PercentOff: decimal("1"), DiscountValue: decimal("1")}, want: domain.BadUserInput, field: "discountValue"},
		"zero per cent":                     {input: coupons.Create{PercentOff: decimal("0")}, want: domain.BadUserInput, field: "percentOff"},
		"more than a hundred per cent":      {input: coupons.Create{PercentOff: decimal("100.1")}, want: domain.BadUserInput, field: "percentOff"},
		"an amount of nothing":              {input: coupons.Create{AmountsOff: []coupons.Amount{{Amount: "0"}}}, want: domain.BadUserInput, field: "amountsOff"},
		"an amount too large":               {input: coupons.Create{AmountsOff: []coupons.Amount{{Amount: "1000000000001"}}}, want: domain.AmountTooLarge, field: "amountsOff"},
		"two amounts in one currency":       {input: coupons.Create{AmountsOff: []coupons.Amount{{Amount: "1"}, {Amount: "2", Currency: new("USD")}}}, want: domain.BadUserInput, field: "amountsOff"},
		"a type that is not the discount's": {input: coupons.Create{AmountsOff: amounts, Type: &percentage}, want: domain.BadUserInput, field: "type"},
		"no whole number of months":         {input: coupons.Create{PercentOff: decimal("1"), DurationInMonths: new(1.5)}, want: domain.BadUserInput, field: "durationInMonths"},
		"no months":                         {input: coupons.Create{PercentOff: decimal("1"), DurationInMonths: new(0.0)}, want: domain.BadUserInput, field: "durationInMonths"},
		"an empty id":                       {input: coupons.Create{RefID: " ", PercentOff: decimal("1")}, want: domain.BadUserInput, field: "refId"},
		"an id that a file cannot have":     {input: coupons.Create{RefID: "a/b", PercentOff: decimal("1")}, want: domain.BadUserInput, field: "refId"},
		"a name too long":                   {input: coupons.Create{Name: strings.Repeat("é", 256), PercentOff: decimal("1")}, want: domain.BadUserInput, field: "name"},
		"a description too long":            {input: coupons.Create{Description: new(strings.Repeat("é", 1001)), PercentOff: decimal("1")}, want: domain.BadUserInput, field: "description"},
		"metadata that is no object":        {input: coupons.Create{PercentOff: decimal("1"), Metadata: json.RawMessage(`[]`)}, want: domain.InvalidMetadata, field: "additionalMetaData"},
		"another environment":               {input: coupons.Create{EnvironmentID: new("staging"), PercentOff: decimal("1")}, want: domain.IdentityForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			if c.input.RefID == "" {
				c.input.RefID = "coupon"
			}
			if c.input.Name == "" {
				c.input.Name = "Coupon"
			}
			got, err := s.Create(t.Context(), full, c.input)
			found, findErr := s.Find(t.Context(), full, c.input.RefID)
			if findErr != nil {
				t.Fatal(findErr)
			}
			if c.want == "" {
				if err != nil || found == nil || !c.check(got) || !c.check(found) {
					t.Errorf("got %+v, %v; found %+v", got, err, found)
				}
				return
			}
			if !domain.IsKind(err, c.want) || !strings.HasPrefix(err.Error(), c.field) || found != nil {
				t.Errorf("got %v, want %s about %s; found %v", err, c.want, c.field, found)
			}
		})
	}
}

func TestACouponIsOnlyMadeOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	input := coupons.Create{RefID: "coupon", Name: "Coupon", PercentOff: decimal("10")}
	if _, err := s.Create(t.Context(), full, input); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), full, input); !domain.IsKind(err, domain.Duplicate) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := s.Create(t.Context(), other, input); err != nil {
		t.Errorf("in another environment: %v", err)
	}
	if _, err := s.Create(t.Context(), reader, coupons.Create{RefID: "c", Name: "C", PercentOff: decimal("10")}); !domain.IsKind(err, domain.IdentityForbidden) {
		t.Errorf("with a key that may only read: %v", err)
	}
}

func TestUpdateAndArchive(t *testing.T) {
	t.Parallel()
	s := start(t)
	made, err := s.Create(t.Context(), full, coupons.Create{
		RefID: "coupon", Name: "Coupon", Description: new("what it is"), PercentOff: decimal("10"), Metadata: json.RawMessage(`{"a":1,"b":2}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	byUUID, err := s.Find(t.Context(), full, made.ID)
	if err != nil || byUUID == nil || byUUID.RefID != "coupon" {
		t.Errorf("by its UUID: %v, %v", byUUID, err)
	}
	got, err := s.Update(t.Context(), full, coupons.Update{RefID: "coupon", Metadata: domain.SetTo(json.RawMessage(`{"a":null,"c":3}`))})
	if err != nil || got.Name != "Coupon" || *got.Description != "what it is" || string(got.Metadata.JSON()) != `{"b":2,"c":3}` {
		t.Errorf("only the metadata: %+v, %v", got, err)
	}
	got, err = s.Update(t.Context(), full, coupons.Update{RefID: "coupon", Name: domain.SetTo("New"), Description: domain.Cleared[string]()})
	if err != nil || got.Name != "New" || got.Description != nil || *got.PercentOff != "10" {
		t.Errorf("the texts: %+v, %v", got, err)
	}
	if same, err := s.Update(t.Context(), full, coupons.Update{RefID: "coupon", Name: domain.SetTo("New")}); err != nil || same.Version != got.Version {
		t.Errorf("the same name again: version %d after %d, %v", same.Version, got.Version, err)
	}
	if _, err := s.Update(t.Context(), full, coupons.Update{RefID: "coupon", Name: domain.Cleared[string]()}); !domain.IsKind(err, domain.BadUserInput) {
		t.Errorf("no name: %v", err)
	}
	for _, id := range []string{"unknown", made.ID} {
		if _, err := s.Update(t.Context(), full, coupons.Update{RefID: id}); !domain.IsKind(err, domain.CouponNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := s.Archive(t.Context(), other, nil, "coupon", nil); !domain.IsKind(err, domain.CouponNotFound) {
		t.Errorf("from another environment: %v", err)
	}
	if got, err = s.Archive(t.Context(), full, nil, "coupon", nil); err != nil || !got.Archived() {
		t.Errorf("archive: %+v, %v", got, err)
	}
	if _, err := s.Archive(t.Context(), full, nil, "coupon", nil); !domain.IsKind(err, domain.Archived) {
		t.Errorf("archive again: %v", err)
	}
	if _, err := s.Update(t.Context(), full, coupons.Update{RefID: "coupon", Name: domain.SetTo("Newer")}); !domain.IsKind(err, domain.Archived) {
		t.Errorf("update the archived: %v", err)
	}
	if found, err := s.Find(t.Context(), full, "coupon"); err != nil || found == nil || found.Name != "New" {
		t.Errorf("the archived is %v, %v", found, err)
	}
}

// TestUpdatesOfOneCouponAllSurvive lets two services, which do not know of each other, change different keys.
func TestUpdatesOfOneCouponAllSurvive(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := s.Create(t.Context(), full, coupons.Create{RefID: "coupon", Name: "Coupon", PercentOff: decimal("10")}); err != nil {
		t.Fatal(err)
	}
	var done atomic.Int64
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			key, err := json.Marshal(map[string]int{string(rune('a' + i)): i})
			if err == nil {
				_, err = s.Update(t.Context(), full, coupons.Update{RefID: "coupon", Metadata: domain.SetTo(json.RawMessage(key))})
			}
			if err != nil {
				t.Error(err)
				return
			}
			done.Add(1)
		})
	}
	group.Wait()
	if found, err := s.Find(t.Context(), full, "coupon"); err != nil || len(found.Metadata) != 20 || done.Load() != 20 {
		t.Errorf("%d of %d keys are there, %v", len(found.Metadata), done.Load(), err)
	}
}
