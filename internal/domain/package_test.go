package domain

import "testing"

func TestPriceTotal(t *testing.T) {
	t.Parallel()
	amount := func(d Decimal) *Decimal { return &d }
	tiers := []PriceTier{
		{UpTo: new(int64(10)), UnitAmount: amount("5")},
		{UpTo: new(int64(20)), UnitAmount: amount("4"), FlatAmount: amount("1.5")},
		{UnitAmount: amount("3")},
	}
	volume, graduated := TiersVolume, TiersGraduated
	for name, c := range map[string]struct {
		price    Price
		quantity int64
		want     Decimal
	}{
		"a flat fee, whatever the quantity":             {Price{Model: FlatFee, Amount: amount("29.90")}, 7, "29.90"},
		"so many units":                                 {Price{Model: PerUnit, Amount: amount("0.1")}, 3, "0.3"},
		"no units":                                      {Price{Model: PerUnit, Amount: amount("5")}, 0, "0"},
		"blocks: one that was begun is paid":            {Price{Model: PerUnit, Amount: amount("5"), BlockSize: new(int64(10))}, 11, "10"},
		"blocks: a full one":                            {Price{Model: PerUnit, Amount: amount("5"), BlockSize: new(int64(10))}, 10, "5"},
		"use is not paid beforehand":                    {Price{Model: UsageBased, Amount: amount("5")}, 11, "0"},
		"a minimum is no charge of its own":             {Price{Model: MinimumSpend, Amount: amount("5")}, 1, "0"},
		"volume: in the first tier":                     {Price{Model: PerUnit, TiersMode: &volume, Tiers: tiers}, 10, "50"},
		"volume: all units at the second tier's price":  {Price{Model: PerUnit, TiersMode: &volume, Tiers: tiers}, 11, "45.5"},
		"volume: in the open tier":                      {Price{Model: PerUnit, TiersMode: &volume, Tiers: tiers}, 100, "300"},
		"graduated: in the first tier":                  {Price{Model: PerUnit, TiersMode: &graduated, Tiers: tiers}, 10, "50"},
		"graduated: each unit at the price of its tier": {Price{Model: PerUnit, TiersMode: &graduated, Tiers: tiers}, 11, "55.5"},
		"graduated: up to the open tier":                {Price{Model: PerUnit, TiersMode: &graduated, Tiers: tiers}, 25, "106.5"},
		"graduated: no units":                           {Price{Model: PerUnit, TiersMode: &graduated, Tiers: tiers}, 0, "0"},
		"graduated: exactly to the end of the second":   {Price{Model: PerUnit, TiersMode: &graduated, Tiers: tiers}, 20, "91.5"},
		"blocks of one are units":                       {Price{Model: PerUnit, Amount: amount("5"), BlockSize: new(int64(1))}, 3, "15"},
		"volume: beyond the last tier":                  {Price{Model: PerUnit, TiersMode: &volume, Tiers: tiers[:2]}, 21, "0"},
		"a price without an amount costs nothing":       {Price{Model: FlatFee}, 1, "0"},
	} {
		if got := c.price.Total(c.quantity); got.Compare(c.want) != 0 {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	charge := Charge{Price: Price{Model: FlatFee, Amount: amount("9")}, Quantity: 1, Times: 3}
	if got := charge.Total(); got != "27" {
		t.Errorf("three of an add-on of 9 cost %s", got)
	}
}

func TestPricesOfOneChargeAreAlternatives(t *testing.T) {
	t.Parallel()
	of := func(model BillingModel, feature *string) *Price { return &Price{Model: model, FeatureID: feature} }
	monthly, annually := of(PerUnit, new("seats")), of(PerUnit, new("seats"))
	monthly.Period, annually.Period = Monthly, Annually
	if monthly.Charge() != annually.Charge() {
		t.Error("two periods of one price are two charges")
	}
	charges := map[string]bool{}
	different := []*Price{of(FlatFee, nil), of(PerUnit, new("seats")), of(PerUnit, new("disks")), of(UsageBased, new("seats"))}
	for _, price := range different {
		charges[price.Charge()] = true
	}
	if len(charges) != len(different) {
		t.Errorf("%d prices for different things are %d charges", len(different), len(charges))
	}
}

func TestThePackageOfAVersion(t *testing.T) {
	t.Parallel()
	if got := PackageOfVersion(VersionRef("plan-a", 3)); got != "plan-a" {
		t.Errorf("got %q", got)
	}
	if VersionRef("plan-a", 3) == VersionRef("plan-a", 4) {
		t.Error("two versions have one ref")
	}
}
